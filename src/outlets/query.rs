//! The statements that read outlets.

use super::confirmation::proposed_hosts;
use super::input::{AdminOutlet, ProposedHost};
use super::model::{AliasRow, HostRow, Outlet, OutletRow, OutletSort};
use crate::db::{SqlText, StaticSql, keyset};
use crate::error::{Error, Result};
use crate::extract::{Lookup, Ref};
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::{outlet_aliases, outlet_hosts, outlet_slugs, outlets};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use safe_html::names::fold_outlet_name;
use serde_json::Value;
use std::collections::HashMap;

/// The key of a list's cursor: the sort value as JSON, and the id.
pub(super) type Key = (Value, i64);

/// Returns the condition that a published article credits it, in the statement's text for partial indexes.
fn credited() -> StaticSql<impl SqlText> {
    StaticSql(|| "outlets.link_count > 0")
}

/// Returns the condition that an outlet may be shown: a published article credits it, or it is described. One
/// that has a name only may have been created by a draft.
fn is_public() -> StaticSql<impl SqlText> {
    StaticSql(|| {
        "(outlets.link_count > 0 or num_nonnulls(outlets.homepage, outlets.country, outlets.lang, \
         outlets.kind) > 0 or exists (select from outlet_hosts h where h.outlet_id = outlets.id))"
    })
}

/// Returns a page of the outlets that published articles credit.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    sort: OutletSort,
    scan: &Scan<Key>,
) -> Result<Page<Outlet>> {
    let rows = OutletRow::query().filter(credited()).into_boxed::<Pg>();
    let query = match sort {
        OutletSort::Name => {
            let scan = scan.typed::<String>()?;
            keyset!(rows, scan, false, Text, outlets::name, outlets::id)
        }
        OutletSort::LinkCount => {
            let scan = scan.typed::<i64>()?;
            keyset!(rows, scan, true, BigInt, outlets::link_count, outlets::id)
        }
        OutletSort::LastSeenAt => {
            let scan = scan.typed::<DateTime<Utc>>()?;
            let seen = outlets::last_seen_at.assume_not_null();
            keyset!(rows, scan, true, Timestamptz, seen, outlets::id)
        }
    };
    let rows: Vec<OutletRow> = query.load(&mut &*conn).await?;
    let cut = scan.page(rows, |row| (sort_value(sort, row), row.id));
    let ids: Vec<i64> = cut.items.iter().map(|row| row.id).collect();
    let (aliases, hosts) = names(conn, &ids).await?;
    let all = || outlets::table.filter(credited()).into_boxed::<Pg>();
    let total = total(conn, scan.count, all).await?;
    Ok(cut.map(|row| row.with(&aliases, &hosts)).with_total(total))
}

fn sort_value(sort: OutletSort, row: &OutletRow) -> Value {
    match sort {
        OutletSort::Name => row.name.clone().into(),
        OutletSort::LinkCount => row.link_count.into(),
        OutletSort::LastSeenAt => {
            serde_json::json!(row.last_seen_at.unwrap_or(DateTime::UNIX_EPOCH))
        }
    }
}

async fn names(conn: &AsyncPgConnection, ids: &[i64]) -> Result<(Vec<AliasRow>, Vec<HostRow>)> {
    let aliases =
        AliasRow::query().filter(outlet_aliases::outlet_id.eq_any(ids)).order(outlet_aliases::key);
    let hosts =
        HostRow::query().filter(outlet_hosts::outlet_id.eq_any(ids)).order(outlet_hosts::host);
    let (mut a, mut b) = (conn, conn);
    Ok(try_join(aliases.load(&mut a), hosts.load(&mut b)).await?)
}

/// Returns the public ones of these outlets.
///
/// # Errors
/// When the database does not respond.
pub async fn by_ids(conn: &AsyncPgConnection, ids: &[i64]) -> Result<Vec<Outlet>> {
    let rows = OutletRow::query().filter(is_public()).filter(outlets::id.eq_any(ids));
    let rows: Vec<OutletRow> = rows.load(&mut &*conn).await?;
    let (aliases, hosts) = names(conn, ids).await?;
    Ok(rows.into_iter().map(|row| row.with(&aliases, &hosts)).collect())
}

/// Resolves a reference to a public outlet; a former slug or an alias redirects.
pub async fn find(conn: &AsyncPgConnection, which: &Ref) -> Result<Option<Lookup<Outlet>>> {
    let query = OutletRow::query().filter(is_public()).into_boxed::<Pg>();
    let query = match which {
        Ref::Id(id) => query.filter(outlets::id.eq(*id)),
        Ref::Slug(slug) => query.filter(outlets::slug.eq(slug.clone())),
    };
    if let Some(row) = query.first(&mut &*conn).await.optional()? {
        let (aliases, hosts) = names(conn, &[row.id]).await?;
        return Ok(Some(Lookup::Found(row.with(&aliases, &hosts))));
    }
    let Ref::Slug(_) = which else { return Ok(None) };
    let ids = ids(conn, std::slice::from_ref(which)).await?;
    let named = outlets::table.filter(outlets::id.eq_any(ids)).filter(is_public());
    let now = named.select(outlets::slug);
    Ok(now.first(&mut &*conn).await.optional()?.map(Lookup::Moved))
}

/// Returns the ids of the outlets with these ids, slugs, former slugs or names; a slug takes precedence
/// over an alias of another outlet.
pub async fn ids(conn: &AsyncPgConnection, refs: &[Ref]) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    let mut slugs = Vec::new();
    for one in refs {
        match one {
            Ref::Id(id) => ids.push(*id),
            Ref::Slug(slug) => slugs.push(slug.as_str()),
        }
    }
    if slugs.is_empty() {
        return Ok(sorted_unique(ids));
    }
    let found = named(conn, &slugs).await?;
    ids.extend(slugs.iter().filter_map(|slug| {
        let key = fold_outlet_name(slug);
        let own = found.iter().filter(|(rank, name, _)| match *rank {
            ALIAS => *name == key,
            _ => name == slug,
        });
        own.map(|(rank, _, id)| (rank, *id)).min().map(|(_, id)| id)
    }));
    Ok(sorted_unique(ids))
}

/// The rank of an alias in the result of [`named`].
const ALIAS: i32 = 3;

/// Returns the outlets with these slugs, former slugs or names: the rank of the match, the name, and
/// the id. Each kind uses its own index; one condition with `or` would read
/// the whole table.
async fn named(conn: &AsyncPgConnection, slugs: &[&str]) -> Result<Vec<(i32, String, i64)>> {
    let keys: Vec<String> = slugs.iter().map(|slug| fold_outlet_name(slug)).collect();
    let by_slug = outlets::table.filter(outlets::slug.eq_any(slugs.to_vec())).select((
        1.into_sql::<Integer>(),
        outlets::slug,
        outlets::id,
    ));
    let by_former = outlet_slugs::table.filter(outlet_slugs::slug.eq_any(slugs.to_vec())).select((
        2.into_sql::<Integer>(),
        outlet_slugs::slug,
        outlet_slugs::outlet_id,
    ));
    let by_alias = outlet_aliases::table.filter(outlet_aliases::key.eq_any(keys)).select((
        ALIAS.into_sql::<Integer>(),
        outlet_aliases::key,
        outlet_aliases::outlet_id,
    ));
    Ok(by_slug.union_all(by_former).union_all(by_alias).load(&mut &*conn).await?)
}

/// Sorts and deduplicates ids, since cursors are bound to the filters of a list.
fn sorted_unique(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Returns the id of the public outlet at this reference.
///
/// # Errors
/// 404 when there is none.
pub async fn id_of(conn: &AsyncPgConnection, which: &Ref) -> Result<i64> {
    let named = ids(conn, std::slice::from_ref(which)).await?;
    let named = outlets::table.filter(outlets::id.eq_any(named)).filter(is_public());
    let found = named.select(outlets::id);
    found.first(&mut &*conn).await.optional()?.ok_or_else(|| Error::not_found("outlet"))
}

/// The time of the last credit; 1970 for an outlet without one, so that it comes last.
fn last_seen() -> SqlLiteral<Timestamptz> {
    sql("coalesce(outlets.last_seen_at, 'epoch')")
}

/// Returns a page of all outlets for editors.
pub(super) async fn admin_page(
    conn: &AsyncPgConnection,
    sort: OutletSort,
    confirmed: Option<bool>,
    scan: &Scan<Key>,
) -> Result<Page<AdminOutlet>> {
    let matching = || {
        let all = outlets::table.into_boxed::<Pg>();
        match confirmed {
            Some(true) => all.filter(outlets::confirmed),
            // In the statement's text for the partial index.
            Some(false) => all.filter(StaticSql(|| "not outlets.confirmed")),
            None => all,
        }
    };
    let rows = matching().select(AdminRow::as_select());
    let query = match sort {
        OutletSort::LinkCount => {
            let scan = scan.typed::<i64>()?;
            keyset!(rows, scan, true, BigInt, outlets::link_count, outlets::id)
        }
        OutletSort::Name => {
            let scan = scan.typed::<String>()?;
            keyset!(rows, scan, false, Text, outlets::name, outlets::id)
        }
        OutletSort::LastSeenAt => {
            let scan = scan.typed::<DateTime<Utc>>()?;
            keyset!(rows, scan, true, Timestamptz, last_seen(), outlets::id)
        }
    };
    let rows: Vec<AdminRow> = query.load(&mut &*conn).await?;
    let cut = scan.page(rows, |row| (sort_value(sort, &row.row), row.row.id));
    let ids: Vec<i64> = cut.items.iter().map(|row| row.row.id).collect();
    let (aliases, hosts) = names(conn, &ids).await?;
    let mut proposed = proposed_hosts(conn, &ids).await?;
    let total = total(conn, scan.count, matching).await?;
    Ok(cut.map(|row| row.with(&aliases, &hosts, &mut proposed)).with_total(total))
}

/// Returns the outlet with this id for editors.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn admin_find(conn: &AsyncPgConnection, id: i64) -> Result<AdminOutlet> {
    let row = AdminRow::query().filter(outlets::id.eq(id)).first(&mut &*conn).await.optional()?;
    let row: AdminRow = row.ok_or_else(|| Error::not_found("outlet"))?;
    let (aliases, hosts) = names(conn, &[id]).await?;
    let mut proposed = proposed_hosts(conn, &[id]).await?;
    Ok(row.with(&aliases, &hosts, &mut proposed))
}

/// The columns of the table, including those for editors.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = outlets)]
struct AdminRow {
    #[diesel(embed)]
    row: OutletRow,
    confirmed: bool,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl AdminRow {
    fn with(
        self,
        aliases: &[AliasRow],
        hosts: &[HostRow],
        proposed: &mut HashMap<i64, Vec<ProposedHost>>,
    ) -> AdminOutlet {
        AdminOutlet {
            confirmed: self.confirmed,
            proposed_hosts: proposed.remove(&self.row.id).unwrap_or_default(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            outlet: self.row.with(aliases, hosts),
        }
    }
}
