//! Comments as editors see them, and the input of editors.

use crate::comments::model::CommentAuthor;
use crate::error::{Code, Error, FieldError, Result};
use crate::links::CitingArticle;
use crate::openapi::ShortText;
use crate::schema::comments;
use crate::validation::{check_not_blank, check_web_url};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The status of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum CommentStatus {
    /// It waits for moderation.
    Pending,
    /// It is published.
    Approved,
    /// An editor rejected it.
    Rejected,
    /// It was marked as spam.
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

/// A comment as editors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct AdminComment {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 17)]
    pub(super) id: i64,
    /// The version, which counts edits and decisions; also the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub(super) version: i32,
    /// The article it answers.
    pub(super) article: CitingArticle,
    /// The comment it answers.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 16)]
    pub(super) parent_id: Option<i64>,
    /// The depth in the thread, from 0.
    #[schema(minimum = 0, maximum = 330, example = 1)]
    pub(super) depth: i16,
    /// The status.
    pub(super) status: CommentStatus,
    /// Why it was held: kinds of rules, and the policy.
    #[schema(max_items = 300, value_type = Vec<ShortText>, example = json!(["first_comment"]))]
    pub(super) held_because: Vec<String>,
    /// The number of reports since it was last approved.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 0)]
    pub(super) report_count: i32,
    /// The author.
    #[serde(flatten)]
    pub(super) by: AdminCommentAuthor,
    /// The text as written, in Markdown.
    #[schema(max_length = 200_000, example = "I concur.")]
    pub(super) text: String,
    /// Sanitised HTML.
    #[schema(max_length = 2_000_000, example = "<p>I concur.</p>")]
    pub(super) html: String,
    /// The time it was written; null if the source did not say.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub(super) created_at: Option<DateTime<Utc>>,
    /// The time its author last edited it.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub(super) edited_at: Option<DateTime<Utc>>,
    /// The number of published direct replies.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 0)]
    pub(super) reply_count: i32,
    /// Whether its content was erased; it cannot be restored.
    pub(super) erased: bool,
}

/// The author of a comment, for editors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct AdminCommentAuthor {
    /// The public fields.
    pub(super) author: CommentAuthor,
    /// Their e-mail address.
    #[schema(max_length = 254, example = "james@example.org")]
    pub(super) author_email: Option<String>,
}

/// A comment with its reports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdminCommentWithReports {
    /// The comment.
    #[serde(flatten)]
    pub(super) comment: AdminComment,
    /// The latest reports.
    #[schema(max_items = 100)]
    pub(super) reports: Vec<CommentReport>,
}

impl AdminCommentWithReports {
    /// Returns a comment with every field present.
    pub(super) fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        let reports = vec![CommentReport { reason: "It is an advertisement.".into(), at }];
        Self { comment: AdminComment::sample(), reports }
    }
}

/// A report of a reader.
#[derive(Debug, Clone, Serialize, ToSchema, Queryable)]
pub(super) struct CommentReport {
    /// The reason that the reader gave.
    #[schema(max_length = 500, example = "It is an advertisement.")]
    pub(super) reason: String,
    /// When it happened.
    #[serde(serialize_with = "crate::timestamps::serialize")]
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

/// Returns whether a comment with this status and former status was erased.
pub(super) fn is_erased(status: &str, former_status: Option<&str>) -> bool {
    status == "deleted" && former_status.is_none()
}

impl QueueRow {
    /// Returns whether it was erased.
    pub(super) fn is_erased(&self) -> bool {
        is_erased(&self.status, self.former_status.as_deref())
    }

    /// Returns the comment with its article.
    pub(super) fn on(self, article: CitingArticle) -> AdminComment {
        let (erased, name, url) = (self.is_erased(), self.author_name, self.author_url);
        let author = CommentAuthor { name, url, is_editor: self.is_editor };
        AdminComment {
            id: self.id,
            version: self.version,
            article,
            parent_id: self.parent_id,
            depth: self.depth,
            status: CommentStatus::named(&self.status).unwrap_or(CommentStatus::Pending),
            held_because: self.held_because,
            report_count: self.report_count,
            by: AdminCommentAuthor { author, author_email: self.author_email },
            text: self.text,
            html: self.html,
            created_at: self.created_at,
            edited_at: self.edited_at,
            reply_count: self.reply_count,
            erased,
        }
    }

    /// Returns its current content as an input.
    pub(super) fn form(&self) -> Result<AdminCommentInput> {
        let status = CommentStatus::named(&self.status);
        let status = status.ok_or_else(|| Error::internal(anyhow::anyhow!("a bad status")))?;
        let author = AdminCommentAuthorInput {
            name: self.author_name.clone(),
            email: self.author_email.clone(),
            url: self.author_url.clone(),
            is_editor: self.is_editor,
        };
        Ok(AdminCommentInput { status, text: self.text.clone(), author })
    }
}

impl AdminComment {
    /// Returns a comment with every field present.
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
            article: crate::links::LinkWithArticle::sample().article,
            parent_id: Some(16),
            depth: 1,
            status: CommentStatus::Pending,
            held_because: vec!["first_comment".into()],
            report_count: 0,
            by: AdminCommentAuthor { author, author_email: Some("james@example.org".into()) },
            text: "I concur.".into(),
            html: "<p>I concur.</p>".into(),
            created_at: at,
            edited_at: at,
            reply_count: 0,
            erased: false,
        }
    }
}

/// The fields of a comment that an editor can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminCommentInput {
    /// The status.
    pub(super) status: CommentStatus,
    /// The text in Markdown.
    #[schema(min_length = 1, max_length = 200_000, example = "I concur.")]
    pub(super) text: String,
    /// The author; each field may be null.
    pub(super) author: AdminCommentAuthorInput,
}

/// The author of a comment, as an editor writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdminCommentAuthorInput {
    /// The name that is shown.
    #[serde(default)]
    #[schema(max_length = 100, example = "James")]
    pub(super) name: Option<String>,
    /// The e-mail address, never shown.
    #[serde(default)]
    #[schema(max_length = 254, example = "james@example.org")]
    pub(super) email: Option<String>,
    /// The URL of their page, http or https.
    #[serde(default)]
    #[schema(max_length = 2000, format = "iri", example = "https://example.org/")]
    pub(super) url: Option<String>,
    /// Whether the author is one of the site's editors.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) is_editor: bool,
}

/// A comment by an editor.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditorCommentInput {
    /// The text in Markdown.
    #[schema(min_length = 1, max_length = 20_000, example = "Thank you; it is mended.")]
    pub(super) text: String,
    /// The name that is shown; by default, the name of the key.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "The editor")]
    pub(super) author_name: Option<String>,
    /// The URL of their page, http or https.
    #[serde(default)]
    #[schema(max_length = 2000, format = "iri", example = "https://example.org/")]
    pub(super) author_url: Option<String>,
}

/// Rejects an invisible name and an invalid URL; each comes with its pointer.
pub(super) fn check_author(
    (name_pointer, name): (&str, Option<&str>),
    (url_pointer, url): (&str, Option<&str>),
) -> Result<()> {
    let name = name.and_then(|name| check_not_blank(name_pointer, name));
    let url = url.and_then(|url| check_web_url(url_pointer, url));
    let errors: Vec<FieldError> = name.into_iter().chain(url).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(Code::Invalid, errors)) }
}

/// The action of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ModerationAction {
    /// Publishes the comment and settles its reports.
    Approve,
    /// Rejects the comment.
    Reject,
    /// Marks the comment as spam.
    Spam,
    /// Removes the comment; it can be restored.
    Delete,
    /// Restores the status before it was rejected, marked as spam or removed.
    Restore,
    /// Erases the comment permanently; a comment with replies leaves a tombstone.
    Purge,
}

impl ModerationAction {
    /// Returns the name of the action in the audit log.
    pub(super) fn audit_action(self) -> &'static str {
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

/// The comments of a batch, and the action.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModerationBatchInput {
    /// The comments.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<CommentId>, example = json!([17, 18]))]
    pub(super) ids: Vec<i64>,
    /// The action.
    pub(super) action: ModerationAction,
}

impl ModerationBatchResult {
    /// Returns a result with every field present.
    pub(super) fn sample() -> Self {
        let done = ModerationOutcome {
            id: 17,
            status: Some("approved".into()),
            changed: true,
            error: None,
        };
        let error = Some("not_found");
        Self {
            results: vec![done, ModerationOutcome { id: 18, status: None, changed: false, error }],
        }
    }
}

/// The outcome for each comment of a batch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ModerationBatchResult {
    /// The outcomes in the order of the ids; an id sent twice occurs once.
    #[schema(max_items = 500)]
    pub(super) results: Vec<ModerationOutcome>,
}

/// The outcome for a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ModerationOutcome {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 17)]
    pub(super) id: i64,
    /// The current status; null if there is no such comment or it was purged.
    #[schema(max_length = 20, example = "approved")]
    pub(super) status: Option<String>,
    /// Whether the comment was changed; false if it already had that status.
    pub(super) changed: bool,
    /// Why the action failed: `not_found`, `erased`, `nothing_to_restore`; null if it succeeded.
    #[schema(max_length = 60, example = "not_found")]
    pub(super) error: Option<&'static str>,
}

/// The reader whose comments to erase.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EraseReaderInput {
    /// The reader's e-mail address.
    #[schema(min_length = 1, max_length = 254, example = "james@example.org")]
    pub(super) email: String,
}

/// The number of comments erased.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct EraseReaderResult {
    /// The number of comments deleted.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub(super) removed: usize,
    /// The number of comments that left a tombstone because they have replies.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub(super) emptied: usize,
}

/// The filters of the list of comments.
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
