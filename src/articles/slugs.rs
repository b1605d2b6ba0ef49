//! The slugs of articles: unique, former ones included.

use crate::db::DbErrorKind;
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{article_slugs as former, articles};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::number_slug;

/// Returns the slug, with a free number appended if an article has or had it: usually the lowest one.
///
/// The number is found with few statements, however many articles have the same headline: by doubling it
/// until one is free, then by halving the range between a taken and a free one.
pub(crate) async fn free(conn: &mut AsyncPgConnection, base: &str) -> Result<String> {
    if !is_taken(conn, base).await? {
        return Ok(base.to_owned());
    }
    let (mut taken, mut free) = (1, 2);
    while is_taken(conn, &number_slug(base, free)).await? {
        (taken, free) = (free, free * 2);
    }
    while free - taken > 1 {
        let middle = taken.midpoint(free);
        if is_taken(conn, &number_slug(base, middle)).await? {
            taken = middle;
        } else {
            free = middle;
        }
    }
    Ok(number_slug(base, free))
}

/// Returns whether an article has or had the slug.
async fn is_taken(conn: &mut AsyncPgConnection, slug: &str) -> Result<bool> {
    let has = articles::table.filter(articles::slug.eq(slug));
    let had = former::table.find(slug);
    Ok(diesel::select(exists(has).or(exists(had))).get_result(conn).await?)
}

/// Rejects a slug that an article other than `own` has or had.
pub(crate) async fn claim(
    conn: &mut AsyncPgConnection,
    slug: &str,
    own: Option<i64>,
) -> Result<()> {
    let own = own.unwrap_or(0);
    let has = articles::table.filter(articles::slug.eq(slug)).filter(articles::id.ne(own));
    let had = former::table.filter(former::slug.eq(slug)).filter(former::article_id.ne(own));
    let others: bool = diesel::select(exists(has).or(exists(had))).get_result(conn).await?;
    if others { Err(taken(slug)) } else { Ok(()) }
}

/// Stores a former slug, so that it redirects, and removes `new` from the former slugs.
pub(crate) async fn retire(
    conn: &mut AsyncPgConnection,
    slug: &str,
    new: &str,
    article: i64,
) -> Result<()> {
    diesel::insert_into(former::table)
        .values((former::slug.eq(slug), former::article_id.eq(article)))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    diesel::delete(former::table.find(new)).execute(conn).await?;
    Ok(())
}

/// Returns the error for a slug that is taken.
pub(crate) fn taken(slug: &str) -> Error {
    let message = format!("another article has, or had, the slug `{slug}`");
    Error::fields(Code::SlugTaken, vec![FieldError::field("/slug", "slug_taken", message)])
}

/// Converts a unique violation, for a slug that another transaction took meanwhile.
pub(crate) fn or_taken(error: diesel::result::Error, slug: &str) -> Error {
    match DbErrorKind::of(&error) {
        DbErrorKind::UniqueViolation { constraint } if constraint == "articles_slug_key" => {
            taken(slug)
        }
        _ => error.into(),
    }
}
