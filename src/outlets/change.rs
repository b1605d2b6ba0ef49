//! Writes outlets.

use super::directory::lock_names;
use super::input::{AdminOutlet, OutletInput};
use super::query::admin_find;
use crate::db::DbErrorKind;
use crate::error::{Code, Error, FieldError, Result};
use crate::response::IfMatch;
use crate::schema::{link_credits, outlet_aliases, outlet_hosts, outlet_slugs, outlets};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::names::fold_outlet_name;
use safe_html::slug::{number_slug, slugify};
use std::collections::HashMap;

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = outlets, treat_none_as_null = true)]
struct Row<'a> {
    slug: &'a str,
    name: &'a str,
    homepage: Option<&'a str>,
    country: Option<&'a str>,
    lang: Option<&'a str>,
    kind: Option<&'a str>,
    updated_at: DateTime<Utc>,
    /// An editor who writes an outlet vouches for it.
    confirmed: bool,
}

impl<'a> Row<'a> {
    fn of(input: &'a OutletInput, slug: &'a str, now: DateTime<Utc>) -> Self {
        Self {
            slug,
            name: &input.name,
            homepage: input.homepage.as_deref(),
            country: input.country.as_deref(),
            lang: input.lang.as_deref(),
            kind: input.kind.map(super::input::OutletKind::as_str),
            updated_at: now,
            confirmed: true,
        }
    }
}

fn check(input: &OutletInput) -> Result<()> {
    let errors = input.errors();
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(Code::Invalid, errors)) }
}

/// Stores a new outlet.
///
/// # Errors
/// 422; 409 for a slug, a name or a host of another outlet.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    input: &OutletInput,
    now: DateTime<Utc>,
) -> Result<AdminOutlet> {
    check(input)?;
    lock_names(conn).await?;
    let slug = match &input.slug {
        Some(slug) => slug.clone(),
        None => free_slug(conn, &slugify(&input.name)).await?,
    };
    check_slug_is_free(conn, &slug, 0).await?;
    let id: i64 = diesel::insert_into(outlets::table)
        .values((Row::of(input, &slug, now), outlets::created_at.eq(now)))
        .returning(outlets::id)
        .get_result(conn)
        .await?;
    set_names(conn, id, input.names()).await?;
    set_hosts(conn, id, input).await?;
    admin_find(conn, id).await
}

/// Locks an outlet until the transaction ends and returns it, if `If-Match` allows its version.
///
/// # Errors
/// 404, 412.
pub(super) async fn locked(
    conn: &mut AsyncPgConnection,
    id: i64,
    if_match: &IfMatch,
) -> Result<AdminOutlet> {
    // Names are always locked before rows, which prevents deadlocks.
    lock_names(conn).await?;
    let row = outlets::table.find(id).select(outlets::version).for_no_key_update();
    let version: Option<i32> = row.first(conn).await.optional()?;
    let version = version.ok_or_else(|| Error::not_found("outlet"))?;
    if if_match.allows(version) {
        return admin_find(conn, id).await;
    }
    Err(Error::version_mismatch(version, Vec::new()))
}

/// Replaces an outlet.
///
/// # Errors
/// As [`create`].
pub(super) async fn update(
    conn: &mut AsyncPgConnection,
    current: &AdminOutlet,
    input: &OutletInput,
    now: DateTime<Utc>,
) -> Result<AdminOutlet> {
    check(input)?;
    let (id, former) = (current.outlet.id, current.outlet.slug.as_str());
    let slug = input.slug.as_deref().unwrap_or(former);
    if slug != former {
        check_slug_is_free(conn, slug, id).await?;
        retire(conn, former, id).await?;
        diesel::delete(outlet_slugs::table.find(slug)).execute(conn).await?;
    }
    diesel::update(outlets::table.find(id))
        .set((Row::of(input, slug, now), outlets::version.eq(outlets::version + 1)))
        .execute(conn)
        .await?;
    let mut names = input.names();
    if input.name != current.outlet.name {
        names.push(("/name".to_owned(), current.outlet.name.as_str()));
    }
    set_names(conn, id, names).await?;
    set_hosts(conn, id, input).await?;
    admin_find(conn, id).await
}

/// Stores a former slug, so that it redirects.
async fn retire(conn: &mut AsyncPgConnection, slug: &str, id: i64) -> Result<()> {
    diesel::insert_into(outlet_slugs::table)
        .values((outlet_slugs::slug.eq(slug), outlet_slugs::outlet_id.eq(id)))
        .on_conflict(outlet_slugs::slug)
        .do_update()
        .set(outlet_slugs::outlet_id.eq(id))
        .execute(conn)
        .await?;
    Ok(())
}

async fn taken(conn: &mut AsyncPgConnection, slug: &str, own: i64) -> Result<bool> {
    let has = outlets::table.filter(outlets::slug.eq(slug)).filter(outlets::id.ne(own));
    let had = outlet_slugs::table.find(slug).filter(outlet_slugs::outlet_id.ne(own));
    Ok(diesel::select(exists(has).or(exists(had))).get_result(conn).await?)
}

async fn check_slug_is_free(conn: &mut AsyncPgConnection, slug: &str, own: i64) -> Result<()> {
    if !taken(conn, slug, own).await? {
        return Ok(());
    }
    let message = format!("another outlet has, or had, the slug `{slug}`");
    Err(Error::fields(Code::SlugTaken, vec![FieldError::field("/slug", "slug_taken", message)]))
}

/// Returns the slug, with the first free number appended if an outlet has or had it.
pub(super) async fn free_slug(conn: &mut AsyncPgConnection, base: &str) -> Result<String> {
    let mut slug = base.to_owned();
    let mut number = 1;
    while taken(conn, &slug, 0).await? {
        number += 1;
        slug = number_slug(base, number);
    }
    Ok(slug)
}

/// Replaces the names of an outlet.
async fn set_names(
    conn: &mut AsyncPgConnection,
    id: i64,
    names: Vec<(String, &str)>,
) -> Result<()> {
    let mut wanted: HashMap<String, (String, &str)> = HashMap::new();
    for (at, name) in names {
        wanted.entry(fold_outlet_name(name)).or_insert((at, name));
    }
    let keys: Vec<&String> = wanted.keys().collect();
    let own = outlet_aliases::table.filter(outlet_aliases::outlet_id.eq(id));
    diesel::delete(own.filter(outlet_aliases::key.ne_all(&keys))).execute(conn).await?;
    let others: Vec<String> = outlet_aliases::table
        .filter(outlet_aliases::key.eq_any(&keys))
        .filter(outlet_aliases::outlet_id.ne(id))
        .select(outlet_aliases::key)
        .load(conn)
        .await?;
    reject_taken(others.iter().filter_map(|key| wanted.get(key)), "has the name")?;
    let row = |(key, (_, name)): (&String, &(String, &str))| {
        (
            outlet_aliases::key.eq(key.clone()),
            outlet_aliases::outlet_id.eq(id),
            outlet_aliases::name.eq((*name).to_owned()),
        )
    };
    let rows: Vec<_> = wanted.iter().map(row).collect();
    diesel::insert_into(outlet_aliases::table)
        .values(rows)
        .on_conflict(outlet_aliases::key)
        .do_update()
        .set(outlet_aliases::name.eq(excluded(outlet_aliases::name)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Replaces the hosts of an outlet.
async fn set_hosts(conn: &mut AsyncPgConnection, id: i64, input: &OutletInput) -> Result<()> {
    let mut wanted: HashMap<String, (String, &str)> = HashMap::new();
    for (n, host) in input.hosts.iter().enumerate() {
        if let Some(stored) = host.stored() {
            wanted.entry(stored).or_insert((format!("/hosts/{n}"), host.0.as_str()));
        }
    }
    let hosts: Vec<&String> = wanted.keys().collect();
    let own = outlet_hosts::table.filter(outlet_hosts::outlet_id.eq(id));
    diesel::delete(own).execute(conn).await?;
    let others: Vec<String> = outlet_hosts::table
        .filter(outlet_hosts::host.eq_any(&hosts))
        .select(outlet_hosts::host)
        .load(conn)
        .await?;
    reject_taken(others.iter().filter_map(|host| wanted.get(host)), "has the host")?;
    let rows: Vec<_> = hosts
        .iter()
        .map(|host| (outlet_hosts::host.eq(*host), outlet_hosts::outlet_id.eq(id)))
        .collect();
    diesel::insert_into(outlet_hosts::table).values(rows).execute(conn).await?;
    Ok(())
}

fn reject_taken<'a>(others: impl Iterator<Item = &'a (String, &'a str)>, how: &str) -> Result<()> {
    let error = |(at, written): &(String, &str)| {
        FieldError::field(at, "name_taken", format!("another outlet {how} `{written}`"))
    };
    let errors: Vec<FieldError> = others.map(error).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(Code::NameTaken, errors)) }
}

/// Deletes an outlet that no link credits.
///
/// # Errors
/// 409 when a link credits it.
pub(super) async fn delete(conn: &mut AsyncPgConnection, id: i64) -> Result<()> {
    let used = link_credits::table.filter(link_credits::outlet_id.eq(id));
    if diesel::select(exists(used)).get_result(conn).await? {
        let detail = "links are credited to this outlet: merge it into another, or change those";
        return Err(Error::new(Code::InUse, detail));
    }
    let done = diesel::delete(outlets::table.find(id)).execute(conn).await;
    done.map(drop).map_err(or_in_use)
}

/// Converts a foreign key violation, for an outlet that a link credits meanwhile.
fn or_in_use(error: diesel::result::Error) -> Error {
    match DbErrorKind::of(&error) {
        DbErrorKind::ForeignKeyViolation { .. } => {
            Error::new(Code::InUse, "a link has just been credited to this outlet")
        }
        _ => error.into(),
    }
}
