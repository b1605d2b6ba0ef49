//! Writing the tags of an article.

use crate::error::Result;
use crate::schema::{article_tags, tags};
use crate::text::slug::slugify;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Gives an article that has no tags these, in this order; a tag that does not exist is made.
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

/// Takes all tags from an article, to give it others.
///
/// # Errors
/// When the database fails.
pub async fn delete_of(conn: &mut AsyncPgConnection, article: i64) -> Result<()> {
    let own = article_tags::table.filter(article_tags::article_id.eq(article));
    diesel::delete(own).execute(conn).await?;
    Ok(())
}
