//! Finds the parent of a new comment: an article that accepts comments, or a published comment.

use crate::articles::{CommentPeriod, published};
use crate::comments::path::Path;
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{articles, comments};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The maximum depth of a reply. A deeper one becomes a reply to its deepest ancestor within this limit.
const MAX_DEPTH: usize = 64;

/// The parent of a comment in its thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::comments) struct CommentParent {
    /// The ids from the root down to the parent; empty at the top level.
    ancestors: Vec<i64>,
}

impl CommentParent {
    /// Returns the id of the parent; `None` at the top level.
    pub(in crate::comments) fn id(&self) -> Option<i64> {
        self.ancestors.last().copied()
    }

    /// Returns the path of a comment with this id and this parent.
    pub(in crate::comments) fn path(&self, id: i64) -> Result<Path> {
        let ids = self.ancestors.iter().copied().chain([id]).collect();
        Path::of(ids).ok_or_else(|| Error::internal(anyhow::anyhow!("a comment without an id")))
    }

    /// Returns the depth of a comment with this parent.
    pub(in crate::comments) fn depth(&self) -> i16 {
        i16::try_from(self.ancestors.len()).unwrap_or(i16::MAX)
    }
}

/// Checks that a published article accepts comments.
///
/// # Errors
/// 404, or 409 when its comments are closed, by an editor or because of its age.
pub(in crate::comments) async fn open_article(
    conn: &AsyncPgConnection,
    article: i64,
    period: CommentPeriod,
) -> Result<()> {
    let found: Option<(bool, Option<DateTime<Utc>>)> = articles::table
        .find(article)
        .filter(published())
        .select((articles::comments_open, articles::published_at))
        .first(&mut &*conn)
        .await
        .optional()?;
    let (open, published_at) = found.ok_or_else(|| Error::not_found("article"))?;
    let closed = |detail| Err(Error::new(Code::CommentsClosed, detail));
    if !open {
        return closed("comments on this article are closed".to_owned());
    }
    if period.is_over(published_at) {
        return closed("the time for comments on this article is over".to_owned());
    }
    Ok(())
}

/// Returns the parent of a reply to `parent`, which must be a published comment on the article.
///
/// # Errors
/// 422 when it does not.
pub(in crate::comments) async fn find_parent(
    conn: &AsyncPgConnection,
    article: i64,
    parent: Option<i64>,
) -> Result<CommentParent> {
    let Some(parent) = parent else { return Ok(CommentParent { ancestors: Vec::new() }) };
    let found: Option<Vec<u8>> = comments::table
        .find(parent)
        .filter(comments::article_id.eq(article))
        .filter(comments::status.eq("approved"))
        .select(comments::path)
        .first(&mut &*conn)
        .await
        .optional()?;
    let Some(path) = found else {
        let message = "there is no such comment on this article";
        let field = FieldError::field("/parent_id", "not_found", message);
        return Err(Error::fields(Code::Invalid, vec![field]));
    };
    let ancestors = Path::from_bytes(&path).ids().iter().copied().take(MAX_DEPTH).collect();
    Ok(CommentParent { ancestors })
}
