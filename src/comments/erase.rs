//! Erases the content and author of comments permanently. A comment with replies leaves an empty
//! tombstone, which keeps their position in the thread.

use crate::audit;
use crate::error::Result;
use crate::idempotency;
use crate::schema::{comment_reports, comments};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// How many comments were erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Erased {
    /// The number of comments deleted.
    pub(super) removed: usize,
    /// The number of comments that left a tombstone.
    pub(super) emptied: usize,
}

/// Erases these comments, and what the audit and stored responses say of them. The caller must have locked
/// their articles.
///
/// # Errors
/// When the database fails.
pub(super) async fn erase(conn: &mut AsyncPgConnection, ids: &[i64]) -> Result<Erased> {
    let mut erased = Erased::default();
    if ids.is_empty() {
        return Ok(erased);
    }
    // From the leaves up, because deleting a parent deletes its replies too.
    loop {
        let leaves = "delete from comments c where c.id = any ($1) \
                      and not exists (select from comments r where r.parent_id = c.id)";
        let query = diesel::sql_query(leaves).bind::<Array<BigInt>, _>(ids);
        match query.execute(conn).await? {
            0 => break,
            n => erased.removed += n,
        }
    }
    audit::erase_details(conn, "comment", ids).await?;
    let paths: Vec<String> = ids.iter().map(|id| format!("/api/v1/comments/{id}")).collect();
    idempotency::erase_responses(conn, &paths).await?;
    let reports = comment_reports::table.filter(comment_reports::comment_id.eq_any(ids));
    diesel::delete(reports).execute(conn).await?;
    erased.emptied = diesel::update(comments::table.filter(comments::id.eq_any(ids)))
        .set((
            (
                comments::status.eq("deleted"),
                comments::former_status.eq(None::<String>),
                comments::author_name.eq(None::<String>),
                comments::author_url.eq(None::<String>),
                comments::author_email.eq(None::<String>),
                comments::author_hash.eq(None::<Vec<u8>>),
                comments::author_token_hash.eq(None::<Vec<u8>>),
                comments::client_hash.eq(None::<Vec<u8>>),
            ),
            (
                comments::text.eq(""),
                comments::html.eq(""),
                comments::text_hash.eq(None::<Vec<u8>>),
                comments::held_because.eq(Vec::<String>::new()),
                comments::edit_token_hash.eq(None::<Vec<u8>>),
                comments::edit_until.eq(None::<chrono::DateTime<chrono::Utc>>),
                comments::report_count.eq(0),
                comments::version.eq(comments::version + 1),
            ),
        ))
        .execute(conn)
        .await?;
    Ok(erased)
}
