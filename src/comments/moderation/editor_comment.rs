//! Comments by editors: published at once and marked as an editor's.

use super::model::{EditorCommentInput, check_author};
use crate::audit::{self, Actor};
use crate::comments::model::Comment;
use crate::comments::posting::{NewRow, find_parent, insert};
use crate::comments::rules::Content;
use crate::comments::store::new_id;
use crate::error::{Error, Result};
use crate::schema::{articles, comments};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::join;
use safe_html::{AuthorRole, Markup, render};
use serde_json::json;

/// Stores an editor's comment on an article, below `parent` or at the top level, even if comments are
/// closed.
///
/// # Errors
/// 404 when there is no such article, 422 when the parent is not published.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    article: i64,
    parent: Option<i64>,
    given: EditorCommentInput,
    who: (&Actor, String),
    now: DateTime<Utc>,
) -> Result<Comment> {
    let (name, url) = (given.author_name.as_deref(), given.author_url.as_deref());
    check_author(("/author_name", name), ("/author_url", url))?;
    let lock = articles::table.find(article).select(articles::id).for_no_key_update();
    let locked = lock.first::<i64>(conn).await.optional()?;
    locked.ok_or_else(|| Error::not_found("article"))?;
    let (parent, id) = join(find_parent(conn, article, parent), new_id(conn)).await;
    let (parent, id) = (parent?, id?);
    let html = render(&given.text, Markup::Markdown, AuthorRole::Editor);
    let text_hash = Content::of(&given.text, &html).hash;
    let row = NewRow {
        article,
        status: "approved",
        author_name: given.author_name.unwrap_or(who.1),
        author_url: given.author_url,
        is_editor: true,
        text: given.text,
        html,
        text_hash,
        ..NewRow::default()
    };
    let row = insert(conn, (id, &parent), row, now).await?;
    let object = ("comment", Some(row.id));
    audit::record(conn, who.0, now, "comment.answer", object, json!({})).await?;
    Ok(row.for_author())
}

/// Returns the article of a published comment.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn article_of(conn: &mut AsyncPgConnection, id: i64) -> Result<i64> {
    let shown = comments::table.find(id).filter(comments::status.eq("approved"));
    let article = shown.select(comments::article_id).first(conn).await.optional()?;
    article.ok_or_else(|| Error::not_found("comment"))
}
