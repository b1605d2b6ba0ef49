//! Comments as editors see them, and what editors send.

use crate::comments::model::CommentAuthor;
use crate::error::{Code, Error, Result};
use crate::links::CitingArticle;
use crate::openapi::ShortText;
use crate::schema::comments;
use crate::validation::check_web_url;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Where a comment stands with the editors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CommentStatus {
    /// It waits for a decision.
    Pending,
    /// It shows.
    Approved,
    /// An editor turned it down.
    Rejected,
    /// It is spam.
    Spam,
    /// It was removed.
    Deleted,
}

impl CommentStatus {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Pending, "pending"),
        (Self::Approved, "approved"),
        (Self::Rejected, "rejected"),
        (Self::Spam, "spam"),
        (Self::Deleted, "deleted"),
    ];

    pub(super) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(status, _)| *status)
    }
}

/// A comment with all that editors need to decide on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ModeratedComment {
    /// Its id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 17)]
    pub(super) id: i64,
    /// Counts edits and decisions; its `ETag` says the same.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub(super) version: i32,
    /// The article it answers.
    pub(super) article: CitingArticle,
    /// The comment it answers.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 16)]
    pub(super) parent_id: Option<i64>,
    /// How deep in its thread it stands, from 0.
    #[schema(minimum = 0, maximum = 330, example = 1)]
    pub(super) depth: i16,
    /// Where it stands.
    pub(super) status: CommentStatus,
    /// Why it was held when it came: kinds of rules, and the policy.
    #[schema(max_items = 300, value_type = Vec<ShortText>, example = json!(["first_comment"]))]
    pub(super) held_because: Vec<String>,
    /// How many readers reported it since it was last approved.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 0)]
    pub(super) report_count: i32,
    /// Who wrote it.
    #[serde(flatten)]
    pub(super) by: By,
    /// As written, in Markdown.
    #[schema(max_length = 200_000, example = "I concur.")]
    pub(super) text: String,
    /// Sanitised HTML.
    #[schema(max_length = 2_000_000, example = "<p>I concur.</p>")]
    pub(super) html: String,
    /// When it was written; null where the source did not say.
    pub(super) created_at: Option<DateTime<Utc>>,
    /// When its author last changed it.
    pub(super) edited_at: Option<DateTime<Utc>>,
    /// How many direct replies show.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 0)]
    pub(super) reply_count: i32,
    /// What it said is gone for good: it cannot come back.
    pub(super) erased: bool,
}

/// Who wrote a comment, for editors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct By {
    /// As the public sees them.
    pub(super) author: CommentAuthor,
    /// Their e-mail address.
    #[schema(max_length = 254, example = "james@example.org")]
    pub(super) author_email: Option<String>,
}

/// A comment with the reports about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ReportedComment {
    /// The comment.
    #[serde(flatten)]
    pub(super) comment: ModeratedComment,
    /// The latest reports.
    #[schema(max_items = 100)]
    pub(super) reports: Vec<Report>,
}

impl ReportedComment {
    /// A comment with every field filled.
    pub(super) fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        let reports = vec![Report { reason: "It is an advertisement.".into(), at }];
        Self { comment: ModeratedComment::sample(), reports }
    }
}

/// What a reader reported.
#[derive(Debug, Clone, Serialize, ToSchema, Queryable)]
pub(super) struct Report {
    /// What they say is wrong.
    #[schema(max_length = 500, example = "It is an advertisement.")]
    pub(super) reason: String,
    /// When.
    pub(super) at: DateTime<Utc>,
}

/// The table's columns that editors see.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = comments)]
pub(super) struct QueueRow {
    pub(super) id: i64,
    pub(super) article_id: i64,
    pub(super) version: i32,
    parent_id: Option<i64>,
    depth: i16,
    pub(super) status: String,
    pub(super) former_status: Option<String>,
    held_because: Vec<String>,
    report_count: i32,
    pub(super) author_name: Option<String>,
    pub(super) author_url: Option<String>,
    pub(super) author_email: Option<String>,
    pub(super) is_editor: bool,
    pub(super) text: String,
    html: String,
    created_at: Option<DateTime<Utc>>,
    edited_at: Option<DateTime<Utc>>,
    reply_count: i32,
}

impl QueueRow {
    /// Whether it was erased.
    pub(super) fn erased(&self) -> bool {
        self.status == "deleted" && self.former_status.is_none()
    }

    /// With the article it answers.
    pub(super) fn on(self, article: CitingArticle) -> ModeratedComment {
        let (erased, name, url) = (self.erased(), self.author_name, self.author_url);
        let author = CommentAuthor { name, url, is_editor: self.is_editor };
        ModeratedComment {
            id: self.id,
            version: self.version,
            article,
            parent_id: self.parent_id,
            depth: self.depth,
            status: CommentStatus::named(&self.status).unwrap_or(CommentStatus::Pending),
            held_because: self.held_because,
            report_count: self.report_count,
            by: By { author, author_email: self.author_email },
            text: self.text,
            html: self.html,
            created_at: self.created_at,
            edited_at: self.edited_at,
            reply_count: self.reply_count,
            erased,
        }
    }

    /// What of it can be changed, as it is now.
    pub(super) fn form(&self) -> Result<CommentForm> {
        let status = CommentStatus::named(&self.status);
        let status = status.ok_or_else(|| Error::internal(anyhow::anyhow!("a bad status")))?;
        let author = AuthorForm {
            name: self.author_name.clone(),
            email: self.author_email.clone(),
            url: self.author_url.clone(),
            is_editor: self.is_editor,
        };
        Ok(CommentForm { status, text: self.text.clone(), author })
    }
}

impl ModeratedComment {
    /// A comment with every field filled.
    pub(super) fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0);
        let author = CommentAuthor {
            name: Some("James".into()),
            url: Some("https://example.org/".into()),
            is_editor: false,
        };
        Self {
            id: 17,
            version: 1,
            article: crate::links::ListedLink::sample().article,
            parent_id: Some(16),
            depth: 1,
            status: CommentStatus::Pending,
            held_because: vec!["first_comment".into()],
            report_count: 0,
            by: By { author, author_email: Some("james@example.org".into()) },
            text: "I concur.".into(),
            html: "<p>I concur.</p>".into(),
            created_at: at,
            edited_at: at,
            reply_count: 0,
            erased: false,
        }
    }
}

/// What an editor can change of a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentForm {
    /// Where it is to stand.
    pub(super) status: CommentStatus,
    /// Its text, in Markdown.
    #[schema(min_length = 1, max_length = 200_000, example = "I concur.")]
    pub(super) text: String,
    /// Who wrote it; each member may be null.
    pub(super) author: AuthorForm,
}

/// The author of a comment, as an editor writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthorForm {
    /// The name that is shown.
    #[serde(default)]
    #[schema(max_length = 100, example = "James")]
    pub(super) name: Option<String>,
    /// The e-mail address, never shown.
    #[serde(default)]
    #[schema(max_length = 254, example = "james@example.org")]
    pub(super) email: Option<String>,
    /// A page, http or https.
    #[serde(default)]
    #[schema(max_length = 2000, format = Uri, example = "https://example.org/")]
    pub(super) url: Option<String>,
    /// It is one of the site's editors.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) is_editor: bool,
}

/// An editor's answer.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditorsAnswer {
    /// What they say, in Markdown.
    #[schema(min_length = 1, max_length = 20_000, example = "Thank you; it is mended.")]
    pub(super) text: String,
    /// The name that is shown; left out, that of the key.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "The editor")]
    pub(super) author_name: Option<String>,
    /// A page, http or https.
    #[serde(default)]
    #[schema(max_length = 2000, format = Uri, example = "https://example.org/")]
    pub(super) author_url: Option<String>,
}

/// Refuses a page that is no web address.
pub(super) fn check_url(pointer: &str, url: Option<&str>) -> Result<()> {
    let error = url.and_then(|url| check_web_url(pointer, url));
    error.map_or(Ok(()), |error| Err(Error::fields(Code::Invalid, vec![error])))
}

/// What a batch does to each of its comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum BatchAction {
    /// It shows from now on; reports about it are settled.
    Approve,
    /// It does not show.
    Reject,
    /// It is spam.
    Spam,
    /// It is removed, and can be restored.
    Delete,
    /// It is again what it was before it was rejected, marked as spam or removed.
    Restore,
    /// It is erased for good; where replies hang on it, a tombstone stays.
    Purge,
}

impl BatchAction {
    /// As the audit names it.
    pub(super) fn deed(self) -> &'static str {
        match self {
            Self::Approve => "comment.approve",
            Self::Reject => "comment.reject",
            Self::Spam => "comment.spam",
            Self::Delete => "comment.delete",
            Self::Restore => "comment.restore",
            Self::Purge => "comment.purge",
        }
    }
}

/// The id of a comment in a list, for the OpenAPI schema only.
#[derive(Debug, ToSchema)]
#[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
pub(super) struct CommentId(#[expect(dead_code, reason = "only its schema is used")] i64);

/// Comments, and what is to be done with each.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    /// The comments.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<CommentId>, example = json!([17, 18]))]
    pub(super) ids: Vec<i64>,
    /// What is done with each.
    pub(super) action: BatchAction,
}

impl BatchResult {
    /// A result with every field filled.
    pub(super) fn sample() -> Self {
        let done = Decided { id: 17, status: Some("approved".into()), changed: true, error: None };
        let error = Some("not_found");
        Self { results: vec![done, Decided { id: 18, status: None, changed: false, error }] }
    }
}

/// What became of each comment of a batch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct BatchResult {
    /// One for each id, in the order in which they were given; an id given twice stands once.
    #[schema(max_items = 500)]
    pub(super) results: Vec<Decided>,
}

/// What became of one comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Decided {
    /// Its id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 17)]
    pub(super) id: i64,
    /// Where it stands now; null when there is none, or it is purged.
    #[schema(max_length = 20, example = "approved")]
    pub(super) status: Option<String>,
    /// Whether it was changed: not when it stood so before.
    pub(super) changed: bool,
    /// Why it was not done: `not_found`, `erased`, `nothing_to_restore`; null when it was.
    #[schema(max_length = 60, example = "not_found")]
    pub(super) error: Option<&'static str>,
}

/// Whose comments are to be erased.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EraseReader {
    /// The reader's e-mail address.
    #[schema(min_length = 1, max_length = 254, example = "james@example.org")]
    pub(super) email: String,
}

/// How many comments were erased.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ErasedReader {
    /// Those that are gone altogether.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub(super) removed: usize,
    /// Those of which a tombstone keeps the place, for replies hang on it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub(super) emptied: usize,
}

/// Which comments are listed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct QueueQuery {
    /// Only with these statuses; a comma is "or": `status=pending,spam`.
    #[param(
        max_length = 100,
        pattern = "^((pending|approved|rejected|spam|deleted)(,(pending|approved|rejected|spam|deleted))*)?$",
        example = "pending"
    )]
    pub(super) status: Option<String>,
    /// Only of this article: its id or slug.
    #[param(
        max_length = 200,
        pattern = "^([1-9][0-9]{0,14}|[a-z0-9-]*[a-z-][a-z0-9-]*)$",
        example = "42"
    )]
    pub(super) article: Option<String>,
    /// Only those with this text in them, in the author's name or in the e-mail address.
    #[param(max_length = 200, example = "concur")]
    pub(super) q: Option<String>,
    /// Only those that readers reported, or only those that they did not.
    pub(super) reported: Option<bool>,
}
