//! Writes the tags of an article.

use super::input::TagName;
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{article_tags, tag_slugs, tags};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::slugify;

/// Stores the tags of a new article in this order; creates tags that do not exist.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    conn: &mut AsyncPgConnection,
    article: i64,
    names: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    for (name, position) in names.iter().zip(0_i16..) {
        let slug = slugify(name);
        diesel::insert_into(tags::table)
            .values((tags::slug.eq(&slug), tags::name.eq(name), tags::created_at.eq(now)))
            .on_conflict(tags::slug)
            .do_nothing()
            .execute(conn)
            .await?;
        let tag: i64 =
            tags::table.filter(tags::slug.eq(&slug)).select(tags::id).first(conn).await?;
        diesel::insert_into(article_tags::table)
            .values((
                article_tags::article_id.eq(article),
                article_tags::tag_id.eq(tag),
                article_tags::position.eq(position),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Deletes the tags of an article.
///
/// # Errors
/// When the database fails.
pub async fn delete_of(conn: &mut AsyncPgConnection, article: i64) -> Result<()> {
    let own = article_tags::table.filter(article_tags::article_id.eq(article));
    diesel::delete(own).execute(conn).await?;
    Ok(())
}

/// The ids of the tags that these name, in their order and each once; a name that no tag has is
/// given to a new one.
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
    // Tags are made in one order, whatever order they stand in: so no two writers wait in a circle.
    list.sort_by_key(|(_, name)| slugify(name.name().unwrap_or_default()));
    for (at, name) in list {
        match (id_of(conn, name).await?, name.name()) {
            (Some(id), _) => found.push((at, id)),
            (None, Some(name)) => found.push((at, make(conn, name, now).await?)),
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

/// The tag by its slug or a former one; without a slug by the one that its name gives, or by a
/// tag's own name.
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

async fn make(conn: &mut AsyncPgConnection, name: &str, now: DateTime<Utc>) -> Result<i64> {
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
