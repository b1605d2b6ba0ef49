//! Writes the tags of an article.

use super::input::TagName;
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{article_tags, tag_slugs, tags};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::slugify;

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
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let mut list: Vec<(usize, &TagName)> = names.iter().enumerate().collect();
    // Tags are always created in the same order, which prevents deadlocks.
    list.sort_by_key(|(_, name)| slugify(name.name().unwrap_or_default()));
    for (at, name) in list {
        match (id_of(conn, name).await?, name.name()) {
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
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

/// Finds a tag by its current or former slug, then by the slug made from its name, then by its name.
async fn id_of(conn: &mut AsyncPgConnection, name: &TagName) -> Result<Option<i64>> {
    let made = slugify(name.name().unwrap_or_default());
    let slugs: Vec<&str> =
        [name.slug(), name.name().map(|_| made.as_str())].into_iter().flatten().collect();
    for slug in slugs {
        let has = tags::table.filter(tags::slug.eq(slug)).select(tags::id);
        let had = tag_slugs::table.filter(tag_slugs::slug.eq(slug)).select(tag_slugs::tag_id);
        if let Some(id) = has.first(conn).await.optional()? {
            return Ok(Some(id));
        }
        if let Some(id) = had.first(conn).await.optional()? {
            return Ok(Some(id));
        }
    }
    let Some(name) = name.name() else { return Ok(None) };
    let same = tags::table.filter(tags::name.eq(name)).order(tags::id).select(tags::id);
    Ok(same.first(conn).await.optional()?)
}

/// Creates a tag, unless one has the slug of this name.
async fn create(conn: &mut AsyncPgConnection, name: &str, now: DateTime<Utc>) -> Result<i64> {
    let slug = slugify(name);
    diesel::insert_into(tags::table)
        .values((tags::slug.eq(&slug), tags::name.eq(name), tags::created_at.eq(now)))
        .on_conflict(tags::slug)
        .do_nothing()
        .execute(conn)
        .await?;
    Ok(tags::table.filter(tags::slug.eq(&slug)).select(tags::id).first(conn).await?)
}

async fn unknown(conn: &mut AsyncPgConnection, at: usize, name: &TagName) -> Result<FieldError> {
    let slug = name.slug().unwrap_or_default();
    let known: Vec<String> = tags::table.select(tags::slug).load(conn).await?;
    let message = format!("there is no tag `{slug}`");
    Ok(FieldError::field(format!("/tags/{at}/slug"), "unknown_tag", message)
        .suggest(slug, known.iter().map(String::as_str)))
}

/// Replaces the tags of an article, in this order.
///
/// # Errors
/// When the database fails.
pub async fn replace(conn: &mut AsyncPgConnection, article: i64, ids: &[i64]) -> Result<()> {
    let own = article_tags::table.filter(article_tags::article_id.eq(article));
    // Those that the article has and those that it gets, in the order of their ids: their counters change
    // in two statements, and writers that lock them in another order would deadlock.
    let former = own.select(article_tags::tag_id);
    tags::table
        .filter(tags::id.eq_any(ids).or(tags::id.eq_any(former)))
        .order(tags::id)
        .select(tags::id)
        .for_no_key_update()
        .load::<i64>(conn)
        .await?;
    diesel::delete(own.filter(article_tags::tag_id.ne_all(ids))).execute(conn).await?;
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
        .execute(conn)
        .await?;
    Ok(())
}
