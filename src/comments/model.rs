//! The database rows and JSON types of comments.

use super::path::Path;
use crate::extract::deserialize_id;
use crate::links::CitingArticle;
use crate::page::Page;
use crate::schema::comments;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The author of a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommentAuthor {
    /// The name they gave; null where the source did not say.
    #[schema(max_length = 100, example = "James")]
    pub name: Option<String>,
    /// The page they gave.
    #[schema(max_length = 2000, example = "https://example.org/")]
    pub url: Option<String>,
    /// Whether the author is one of the site's editors.
    pub is_editor: bool,
}

/// A comment of a reader or an editor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Comment {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 17)]
    pub id: i64,
    /// The article it answers.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub article_id: i64,
    /// The comment it answers; null at the top of a thread.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 16)]
    pub parent_id: Option<i64>,
    /// The depth in the thread, from 0.
    #[schema(minimum = 0, maximum = 330, example = 1)]
    pub depth: i16,
    /// `approved`, or `deleted` for what stays of a removed comment that has replies; `pending` in
    /// the response to its author while it is held.
    #[schema(max_length = 20, example = "approved")]
    pub status: &'static str,
    /// The author; null if it is removed.
    pub author: Option<CommentAuthor>,
    /// The text as written, in Markdown; null if it is removed.
    #[schema(max_length = 200_000, example = "I concur.")]
    pub text: Option<String>,
    /// The text as sanitised HTML; null if it is removed.
    #[schema(max_length = 2_000_000, example = "<p>I concur.</p>")]
    pub html: Option<String>,
    /// The time it was written; null if the source did not say.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub created_at: Option<DateTime<Utc>>,
    /// The time its author last edited it.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub edited_at: Option<DateTime<Utc>>,
    /// The number of published direct replies.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 0)]
    pub reply_count: i32,
    /// The importer was not sure where it begins or ends.
    pub uncertain: bool,
}

/// A comment by an editor, for the OpenAPI schema only.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct EditorComment {
    /// The comment.
    #[serde(flatten)]
    comment: Comment,
}

/// A comment in its thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ThreadComment {
    /// The comment.
    #[serde(flatten)]
    pub comment: Comment,
    /// The replies on this page, with `view=tree`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, no_recursion, max_items = 100)]
    pub replies: Option<Vec<ThreadComment>>,
}

/// A comment with its article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CommentWithArticle {
    /// The comment.
    #[serde(flatten)]
    pub comment: Comment,
    /// The article it answers.
    pub article: CitingArticle,
}

/// A comment with its ancestors and replies.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommentWithContext {
    /// The comment and its article.
    #[serde(flatten)]
    pub listed: CommentWithArticle,
    /// The comments it replies to, the top of the thread first.
    #[schema(max_items = 330)]
    pub ancestors: Vec<Comment>,
    /// All replies below it, in reading order.
    pub replies: Page<Comment>,
}

impl Comment {
    /// Returns a comment with every field present, for the documentation and for `fields`.
    pub fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0);
        Self {
            id: 17,
            article_id: 42,
            parent_id: Some(16),
            depth: 1,
            status: "approved",
            author: Some(CommentAuthor {
                name: Some("James".into()),
                url: Some("https://example.org/".into()),
                is_editor: false,
            }),
            text: Some("I concur.".into()),
            html: Some("<p>I concur.</p>".into()),
            created_at: at,
            edited_at: at,
            reply_count: 0,
            uncertain: false,
        }
    }
}

impl ThreadComment {
    /// Wraps a comment without replies, as in `view=flat`.
    pub fn flat(comment: Comment) -> Self {
        Self { comment, replies: None }
    }

    /// Returns a comment with every field present.
    pub fn sample() -> Self {
        let reply = Comment { id: 18, parent_id: Some(17), depth: 2, ..Comment::sample() };
        let comment = Comment { reply_count: 1, ..Comment::sample() };
        Self { comment, replies: Some(vec![Self { comment: reply, replies: Some(Vec::new()) }]) }
    }
}

impl CommentWithArticle {
    /// Returns a comment with every field present.
    pub fn sample() -> Self {
        Self {
            comment: Comment::sample(),
            article: crate::links::LinkWithArticle::sample().article,
        }
    }
}

impl CommentWithContext {
    /// Returns a comment with its ancestors and replies.
    pub fn sample() -> Self {
        let above =
            Comment { id: 16, parent_id: None, depth: 0, reply_count: 1, ..Comment::sample() };
        let below = Comment { id: 18, parent_id: Some(17), depth: 2, ..Comment::sample() };
        Self {
            listed: CommentWithArticle::sample(),
            ancestors: vec![above],
            replies: Page::sample(below),
        }
    }
}

/// The columns that a public comment needs, and the path.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = comments)]
pub(super) struct CommentRow {
    pub(super) id: i64,
    pub(super) article_id: i64,
    parent_id: Option<i64>,
    depth: i16,
    pub(super) path: Vec<u8>,
    status: String,
    author_name: Option<String>,
    author_url: Option<String>,
    is_editor: bool,
    text: String,
    html: String,
    created_at: Option<DateTime<Utc>>,
    pub(super) listed_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    reply_count: i32,
    uncertain: bool,
}

impl CommentRow {
    /// Returns its path in the thread.
    pub(super) fn path(&self) -> Path {
        Path::from_bytes(&self.path)
    }

    /// Returns the comment for its author; an unpublished one is `pending`, whatever the reason.
    pub(super) fn for_author(self) -> Comment {
        let is_public = self.status == "approved";
        let comment = Self { status: "approved".to_owned(), ..self }.public();
        Comment { status: if is_public { "approved" } else { "pending" }, ..comment }
    }

    /// Returns the comment for the public: of one that is not approved, only its position.
    pub(super) fn public(self) -> Comment {
        let shown = self.status == "approved";
        let author = CommentAuthor {
            name: self.author_name,
            url: self.author_url,
            is_editor: self.is_editor,
        };
        Comment {
            id: self.id,
            article_id: self.article_id,
            parent_id: self.parent_id,
            depth: self.depth,
            status: if shown { "approved" } else { "deleted" },
            author: shown.then_some(author),
            text: shown.then_some(self.text),
            html: shown.then_some(self.html),
            created_at: self.created_at,
            edited_at: self.edited_at.filter(|_| shown),
            reply_count: self.reply_count,
            uncertain: self.uncertain,
        }
    }
}

/// The query parameters of a thread.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ThreadQuery {
    /// `flat`: in reading order, each with its depth. `tree`: the same comments, nested.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(super) view: View,
    /// The order of the threads; within a thread, comments are in reading order.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(super) sort: ThreadSort,
    /// The page with this comment in its middle; `page.next` and `page.prev` lead on from there.
    #[serde(default, deserialize_with = "deserialize_id")]
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub(super) around: Option<i64>,
    /// Only these fields of each item: `fields=id,depth,text`.
    #[param(max_length = 1000)]
    pub(super) fields: Option<String>,
}

/// The shapes of a page of comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "flat")]
pub(super) enum View {
    /// A list in reading order.
    #[default]
    Flat,
    /// Replies nested in the comments they reply to.
    Tree,
}

/// The orders of a thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(default = "oldest")]
pub(super) enum ThreadSort {
    /// The first comment's thread first.
    #[default]
    Oldest,
    /// The latest comment's thread first.
    Newest,
}
