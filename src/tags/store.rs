//! Writes the tags of an article.

use super::input::TagName;
use super::names::{claim, claim_unnamed, free_slug, name_key};
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{article_tags, tag_names, tags};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::slugify;
use std::collections::{HashMap, HashSet};

/// Returns the ids of the tags with these names, in order and without duplicates. Creates tags that do
/// not exist.
///
/// # Errors
/// 422 for a slug that no tag has or had, with the nearest one.
pub async fn named(
    conn: &mut AsyncPgConnection,
    names: &[TagName],
    now: DateTime<Utc>,
) -> Result<Vec<i64>> {
    let mut known = Known::load(conn, names).await?;
    let new: Vec<&str> =
        names.iter().filter(|name| known.id_of(name).is_none()).filter_map(TagName::name).collect();
    if !new.is_empty() && claim_unnamed(conn, &new).await? {
        known = Known::load(conn, names).await?;
    }
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let mut list: Vec<(usize, &TagName)> = names.iter().enumerate().collect();
    // Tags are always created in the same order, which prevents deadlocks.
    list.sort_by_key(|(_, name)| name_key(name.name().unwrap_or_default()));
    for (at, name) in list {
        match (known.id_of(name), name.name()) {
            (Some(id), _) => found.push((at, id)),
            (None, Some(name)) => found.push((at, create(conn, name, now).await?)),
            (None, None) => errors.push(unknown(conn, at, name).await?),
        }
    }
    if !errors.is_empty() {
        return Err(Error::fields(Code::Invalid, errors));
    }
    found.sort_unstable();
    let mut ids: Vec<i64> = found.into_iter().map(|(_, id)| id).collect();
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

/// The tags by their current slugs, former slugs and names.
#[derive(Debug, Default)]
struct Known {
    slugs: HashMap<String, i64>,
    former: HashMap<String, i64>,
    /// By the key of the name.
    names: HashMap<String, i64>,
}

/// A tag by one of its slugs or its name.
#[derive(QueryableByName)]
struct FoundTag {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Finds tags by slugs and by names.
const FIND: &str = "
    select 'slug' as kind, slug as text, id from tags where slug = any ($1)
    union all select 'former', slug, tag_id from tag_slugs where slug = any ($1)
    union all select 'name', name_key, tag_id from tag_names where name_key = any ($2)";

impl Known {
    async fn load(conn: &AsyncPgConnection, names: &[TagName]) -> Result<Self> {
        if names.is_empty() {
            return Ok(Self::default());
        }
        let slugs: Vec<&str> = names.iter().filter_map(TagName::slug).collect();
        let keys: Vec<String> = names.iter().filter_map(TagName::name).map(name_key).collect();
        let query =
            diesel::sql_query(FIND).bind::<Array<Text>, _>(slugs).bind::<Array<Text>, _>(keys);
        let mut known = Self::default();
        for FoundTag { kind, text, id } in query.load(&mut &*conn).await? {
            let map = match kind.as_str() {
                "slug" => &mut known.slugs,
                "former" => &mut known.former,
                _ => &mut known.names,
            };
            map.insert(text, id);
        }
        Ok(known)
    }

    /// Finds a tag by its current or former slug, then by a current or former name.
    fn id_of(&self, name: &TagName) -> Option<i64> {
        let by_slug = name.slug().and_then(|slug| self.slugs.get(slug).or(self.former.get(slug)));
        let by_name = || self.names.get(&name_key(name.name()?));
        by_slug.or_else(by_name).copied()
    }
}

/// Creates a tag, unless one has got this name meanwhile.
async fn create(conn: &mut AsyncPgConnection, name: &str, now: DateTime<Utc>) -> Result<i64> {
    let base = slugify(name);
    loop {
        let slug = free_slug(conn, &base).await?;
        let new: Option<i64> = diesel::insert_into(tags::table)
            .values((tags::slug.eq(&slug), tags::name.eq(name), tags::created_at.eq(now)))
            .on_conflict(tags::slug)
            .do_nothing()
            .returning(tags::id)
            .get_result(conn)
            .await
            .optional()?;
        let Some(new) = new else {
            // Another transaction took the slug, perhaps for the same name.
            let known = tag_names::table.find(name_key(name)).select(tag_names::tag_id);
            match known.first(conn).await.optional()? {
                Some(id) => return Ok(id),
                None => continue,
            }
        };
        let id = claim(conn, name, new).await?;
        if id != new {
            diesel::delete(tags::table.find(new)).execute(conn).await?;
        }
        return Ok(id);
    }
}

async fn unknown(conn: &mut AsyncPgConnection, at: usize, name: &TagName) -> Result<FieldError> {
    let slug = name.slug().unwrap_or_default();
    let known: Vec<String> = tags::table.select(tags::slug).load(conn).await?;
    let message = format!("there is no tag `{slug}`");
    Ok(FieldError::field(format!("/tags/{at}/slug"), "unknown_tag", message)
        .suggest(slug, known.iter().map(String::as_str)))
}

/// Returns the ids of an article's tags, in order.
///
/// # Errors
/// When the database fails.
pub async fn ids_of(conn: &AsyncPgConnection, article: i64) -> Result<Vec<i64>> {
    let own = article_tags::table.filter(article_tags::article_id.eq(article));
    let ids = own.order(article_tags::position).select(article_tags::tag_id);
    Ok(ids.load(&mut &*conn).await?)
}

/// Replaces the tags of an article, in this order; returns whether any changed.
/// The caller must then call `refresh_articles`, if the article is public: it counts the tags.
///
/// # Errors
/// When the database fails.
pub async fn replace(conn: &mut AsyncPgConnection, article: i64, ids: &[i64]) -> Result<bool> {
    let own = article_tags::table.filter(article_tags::article_id.eq(article));
    let former = ids_of(conn, article).await?;
    if former == ids {
        return Ok(false);
    }
    // Those that the article has and those that it gets, in the order of their ids: their counters change
    // in two statements, and writers that lock them in another order would deadlock.
    tags::table
        .filter(tags::id.eq_any(former.iter().chain(ids)))
        .order(tags::id)
        .select(tags::id)
        .for_no_key_update()
        .load::<i64>(conn)
        .await?;
    diesel::delete(own.filter(article_tags::tag_id.ne_all(ids))).execute(conn).await?;
    insert(conn, article, ids).await?;
    Ok(true)
}

/// Stores the tags of an article; those that it has get a new position. The caller must then call
/// `refresh_articles`, if the article is public: it counts the tags.
///
/// # Errors
/// When the database fails.
pub async fn insert(conn: &AsyncPgConnection, article: i64, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let row = |(tag, position): (&i64, i16)| {
        (
            article_tags::article_id.eq(article),
            article_tags::tag_id.eq(*tag),
            article_tags::position.eq(position),
        )
    };
    let rows: Vec<_> = ids.iter().zip(0_i16..).map(row).collect();
    diesel::insert_into(article_tags::table)
        .values(rows)
        .on_conflict((article_tags::article_id, article_tags::tag_id))
        .do_update()
        .set(article_tags::position.eq(excluded(article_tags::position)))
        .execute(&mut &*conn)
        .await?;
    Ok(())
}
