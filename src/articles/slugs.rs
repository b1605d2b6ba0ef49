//! The slugs of articles: unique, former ones included.

use crate::db::DbErrorKind;
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{article_slugs as former, articles};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Returns the slug, with the first free number appended if an article has or had it.
pub(crate) async fn free(conn: &mut AsyncPgConnection, base: &str) -> Result<String> {
    let like = format!("{base}%");
    let mut taken: Vec<String> = articles::table
        .filter(articles::slug.like(&like))
        .select(articles::slug)
        .load(conn)
        .await?;
    let earlier = former::table.filter(former::slug.like(&like));
    taken.extend(earlier.select(former::slug).load::<String>(conn).await?);
    let free = |slug: &String| !taken.contains(slug);
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    Ok(std::iter::once(base.to_owned()).chain(numbered).find(free).unwrap_or_default())
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

/// Stores a former slug, so that it redirects; a slug in use again is no former one.
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

/// Converts the unique violation of a slug that was taken meanwhile.
pub(crate) fn or_taken(error: diesel::result::Error, slug: &str) -> Error {
    match DbErrorKind::of(&error) {
        DbErrorKind::UniqueViolation { constraint } if constraint == "articles_slug_key" => {
            taken(slug)
        }
        _ => error.into(),
    }
}
