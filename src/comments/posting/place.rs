//! The parent of a new comment: an article that accepts comments, or a published comment.

use crate::articles::published;
use crate::comments::path::Path;
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{articles, comments};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The deepest that a reply stands; one that would be deeper goes to the deepest allowed ancestor.
const DEEPEST: usize = 64;

/// The place of a comment in its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::comments) struct CommentParent {
    /// The ids from the root down to the comment's parent; empty at the top.
    above: Vec<i64>,
}

impl CommentParent {
    /// The comment's parent.
    pub(in crate::comments) fn parent(&self) -> Option<i64> {
        self.above.last().copied()
    }

    /// The path of the comment with this id here.
    pub(in crate::comments) fn path(&self, id: i64) -> Result<Path> {
        let ids = self.above.iter().copied().chain([id]).collect();
        Path::of(ids).ok_or_else(|| Error::internal(anyhow::anyhow!("a comment without an id")))
    }

    /// Returns the depth of a comment with this parent.
    pub(in crate::comments) fn depth(&self) -> i16 {
        i16::try_from(self.above.len()).unwrap_or(i16::MAX)
    }
}

/// Locks a published article until the transaction ends and checks that it accepts comments.
///
/// Every write to comments locks its article first: the counters are on that row anyway, and
/// one order of locks prevents deadlocks.
///
/// # Errors
/// 404, or 409 when its comments are closed, by an editor or because of its age.
pub(in crate::comments) async fn open_article(
    conn: &mut AsyncPgConnection,
    article: i64,
    days: u32,
    now: DateTime<Utc>,
) -> Result<()> {
    let found: Option<(bool, Option<DateTime<Utc>>)> = articles::table
        .find(article)
        .filter(published())
        .select((articles::comments_open, articles::published_at))
        .for_no_key_update()
        .first(conn)
        .await
        .optional()?;
    let (open, published_at) = found.ok_or_else(|| Error::not_found("article"))?;
    let closed = |detail| Err(Error::new(Code::CommentsClosed, detail));
    if !open {
        return closed("the article takes no comments".to_owned());
    }
    let over = |at: DateTime<Utc>| now >= at + TimeDelta::days(days.into());
    if days > 0 && published_at.is_some_and(over) {
        return closed(format!("articles take comments for {days} days"));
    }
    Ok(())
}

/// The place of an answer to `parent`, which must show and belong to the article.
///
/// # Errors
/// 422 when it does not.
pub(in crate::comments) async fn place(
    conn: &mut AsyncPgConnection,
    article: i64,
    parent: Option<i64>,
) -> Result<CommentParent> {
    let Some(parent) = parent else { return Ok(CommentParent { above: Vec::new() }) };
    let found: Option<Vec<u8>> = comments::table
        .find(parent)
        .filter(comments::article_id.eq(article))
        .filter(comments::status.eq("approved"))
        .select(comments::path)
        .first(conn)
        .await
        .optional()?;
    let Some(path) = found else {
        let message = "there is no such comment on this article";
        let field = FieldError::field("/parent_id", "not_found", message);
        return Err(Error::fields(Code::Invalid, vec![field]));
    };
    let above = Path::from_bytes(&path).ids().iter().copied().take(DEEPEST).collect();
    Ok(CommentParent { above })
}
