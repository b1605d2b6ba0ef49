//! The slugs of articles: unique, former ones included.

use crate::db::DbErrorKind;
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{article_slugs as former, articles};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::{MAX_SLUG, number_slug};
use std::collections::HashSet;

/// The room that is left for "-" and a number behind a slug, in characters.
const MAX_NUMBER: usize = 10;

/// Returns the slug, with the first free number appended if an article has or had it.
pub(crate) async fn free(conn: &mut AsyncPgConnection, base: &str) -> Result<String> {
    // A long slug is cut before it is numbered.
    let stem: String = base.chars().take(MAX_SLUG - MAX_NUMBER).collect();
    let like = if stem == base { format!("{stem}-%") } else { format!("{stem}%") };
    let current = articles::table.filter(articles::slug.eq(base).or(articles::slug.like(&like)));
    let earlier = former::table.filter(former::slug.eq(base).or(former::slug.like(&like)));
    let mut taken: HashSet<String> = HashSet::new();
    taken.extend(current.select(articles::slug).load::<String>(conn).await?);
    taken.extend(earlier.select(former::slug).load::<String>(conn).await?);
    let free = |slug: &String| !taken.contains(slug);
    let numbered = (2..).map(|number| number_slug(base, number));
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
