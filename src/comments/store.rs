//! Writes comments that come with an article.

use crate::error::Result;
use crate::schema::comments;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::{AuthorRole, Markup, render};

#[derive(QueryableByName)]
struct NewId {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Returns the next number of a sequence.
    fn nextval(sequence: Text) -> BigInt;
}

/// Reserves new ids. They must be known before the rows are inserted, because a path contains the id of
/// its own comment.
///
/// # Errors
/// When the database fails.
pub async fn new_ids(conn: &AsyncPgConnection, n: i32) -> Result<Vec<i64>> {
    let query = "select nextval('comments_id_seq') as id from generate_series(1, $1)";
    let query = diesel::sql_query(query).bind::<Integer, _>(n);
    let rows: Vec<NewId> = query.load(&mut &*conn).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Reserves one new id.
///
/// # Errors
/// When the database fails.
pub async fn new_id(conn: &AsyncPgConnection) -> Result<i64> {
    Ok(diesel::select(nextval("comments_id_seq")).get_result(&mut &*conn).await?)
}

/// A comment in a pasted roundup. Its time is unknown: pages print it without a time zone.
#[derive(Debug, Clone)]
pub struct PastedComment {
    /// The text as written, in Markdown.
    pub text: String,
    /// The name of the author, if the page gives it.
    pub author: Option<String>,
    /// Whether it is uncertain where the comment begins and ends.
    pub uncertain: bool,
}

/// Stores comments under an article, each at the top of a thread of its own.
///
/// # Errors
/// When the database fails.
pub async fn add_roots(
    conn: &mut AsyncPgConnection,
    article: i64,
    list: &[PastedComment],
    now: DateTime<Utc>,
) -> Result<()> {
    let ids = new_ids(conn, i32::try_from(list.len()).unwrap_or(i32::MAX)).await?;
    let rows: Vec<_> = ids
        .iter()
        .zip(list)
        .map(|(id, found)| {
            (
                comments::id.eq(*id),
                comments::article_id.eq(article),
                comments::root_id.eq(*id),
                comments::depth.eq(0),
                comments::path.eq(id.to_be_bytes().to_vec()),
                comments::status.eq("approved"),
                comments::author_name.eq(&found.author),
                comments::text.eq(&found.text),
                comments::html.eq(render(&found.text, Markup::Markdown, AuthorRole::Reader)),
                comments::listed_at.eq(now),
                comments::uncertain.eq(found.uncertain),
            )
        })
        .collect();
    diesel::insert_into(comments::table).values(rows).execute(conn).await?;
    Ok(())
}
