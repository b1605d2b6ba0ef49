//! Writing imported comments.

use super::path::Path;
use crate::error::Result;
use crate::schema::comments;
use crate::text::rich::{Markup, Voice, render};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;

/// A comment as a source has it.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What the source calls it.
    pub source_id: String,
    /// As written, in Markdown.
    pub text: String,
    /// Where it begins and ends is a guess.
    pub uncertain: bool,
}

/// How many comments an import changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changed {
    /// New ones.
    pub created: usize,
    /// Those that read otherwise now.
    pub updated: usize,
    /// Those that were there already.
    pub unchanged: usize,
}

#[derive(QueryableByName)]
struct NewId {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Stores the comments of a source under an article, each at the top of a thread of its own. One
/// that is known already is brought up to date.
///
/// # Errors
/// When the database fails.
pub async fn import(
    conn: &mut AsyncPgConnection,
    article: i64,
    source: &str,
    list: &[Imported],
    now: DateTime<Utc>,
) -> Result<Changed> {
    let known: HashMap<String, (i64, String)> = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::source.eq(source))
        .select((comments::source_id.assume_not_null(), comments::id, comments::text))
        .load::<(String, i64, String)>(conn)
        .await?
        .into_iter()
        .map(|(source_id, id, text)| (source_id, (id, text)))
        .collect();
    let mut changed = Changed::default();
    for comment in list {
        match known.get(&comment.source_id) {
            Some((_, text)) if *text == comment.text => changed.unchanged += 1,
            Some((id, _)) => {
                diesel::update(comments::table.find(id))
                    .set((
                        comments::text.eq(&comment.text),
                        comments::html.eq(html(&comment.text)),
                        comments::uncertain.eq(comment.uncertain),
                    ))
                    .execute(conn)
                    .await?;
                changed.updated += 1;
            }
            None => {
                insert(conn, article, source, comment, now).await?;
                changed.created += 1;
            }
        }
    }
    Ok(changed)
}

fn html(text: &str) -> String {
    render(text, Markup::Markdown, Voice::Reader)
}

async fn insert(
    conn: &mut AsyncPgConnection,
    article: i64,
    source: &str,
    comment: &Imported,
    now: DateTime<Utc>,
) -> Result<()> {
    let id = ids(conn, 1).await?.into_iter().next().unwrap_or_default();
    let path = Path::of(vec![id]).map(|path| path.to_bytes()).unwrap_or_default();
    diesel::insert_into(comments::table)
        .values((
            comments::id.eq(id),
            comments::article_id.eq(article),
            comments::root_id.eq(id),
            comments::depth.eq(0),
            comments::path.eq(path),
            comments::status.eq("approved"),
            comments::text.eq(&comment.text),
            comments::html.eq(html(&comment.text)),
            comments::listed_at.eq(now),
            comments::uncertain.eq(comment.uncertain),
            comments::source.eq(source),
            comments::source_id.eq(&comment.source_id),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// New ids, which must be known before the rows are made: a path holds its own comment's.
async fn ids(conn: &mut AsyncPgConnection, n: i32) -> Result<Vec<i64>> {
    let query = "select nextval(pg_get_serial_sequence('comments', 'id')) as id \
                 from generate_series(1, $1)";
    let rows: Vec<NewId> = diesel::sql_query(query).bind::<Integer, _>(n).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
