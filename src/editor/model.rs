//! Articles as editors see them, and their revisions.

use crate::articles::model::{Article, ArticleStatus, ArticleSummary, SummaryRow, TextRow};
use crate::editor::input::{ArticleInput, ArticleStatusInput};
use crate::editor::report::PasteReport;
use crate::links::Link;
use crate::schema::articles;
use crate::tags::TagRef;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The fields of an article that only editors see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EditorFields {
    /// The status.
    pub status: ArticleStatus,
    /// The number of edits; also the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 3)]
    pub version: i32,
    /// The time when it was first stored.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub created_at: DateTime<Utc>,
    /// The kind of source of an imported article.
    #[schema(max_length = 100, example = "roundup")]
    pub source: Option<String>,
    /// The id in that source.
    #[schema(max_length = 2000, example = "harbour-bridge")]
    pub source_id: Option<String>,
    /// Why the last attempt to publish it on schedule failed; the service tries again every second.
    #[schema(max_length = 2000, example = json!(null))]
    pub publish_error: Option<String>,
}

/// An article as editors see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdminArticle {
    /// The public fields.
    #[serde(flatten)]
    pub article: Article,
    /// The fields for editors only.
    #[serde(flatten)]
    pub editor_fields: EditorFields,
}

/// An article that was written, with the report on the text that it was read from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WrittenArticle {
    /// The article.
    #[serde(flatten)]
    pub article: AdminArticle,
    /// What was read from a pasted text; only in the response to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<PasteReport>,
}

/// An article in a list for editors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdminArticleSummary {
    /// The public fields.
    #[serde(flatten)]
    pub summary: ArticleSummary,
    /// The fields for editors only.
    #[serde(flatten)]
    pub editor_fields: EditorFields,
}

/// A version of an article in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Revision {
    /// The number of the version.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 2)]
    pub version: i32,
    /// The time when it was stored.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub at: DateTime<Utc>,
    /// The id of the key that wrote it; null for imports and for the service itself.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub key_id: Option<i64>,
    /// The name of that key.
    #[schema(max_length = 100, example = "the editor")]
    pub key_name: Option<String>,
    /// The headline of the version.
    #[schema(max_length = 300, example = "Harbour Bridge Reopens")]
    pub headline: String,
}

/// A version of an article with its content.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RevisionWithArticle {
    /// The time and author of the version.
    #[serde(flatten)]
    pub revision: Revision,
    /// The content, in the form of an input.
    pub article: ArticleInput,
}

/// The columns for editors only.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = articles)]
pub(super) struct EditorRow {
    status: String,
    version: i32,
    created_at: DateTime<Utc>,
    source: Option<String>,
    source_id: Option<String>,
    publish_error: Option<String>,
}

impl From<EditorRow> for EditorFields {
    fn from(row: EditorRow) -> Self {
        Self {
            status: ArticleStatus::from_stored(&row.status),
            version: row.version,
            created_at: row.created_at,
            source: row.source,
            source_id: row.source_id,
            publish_error: row.publish_error,
        }
    }
}

impl AdminArticle {
    /// Creates the article from its rows.
    pub(super) fn of(
        (summary, text, editor_row): (SummaryRow, TextRow, EditorRow),
        links: Vec<Link>,
        tags: Vec<TagRef>,
    ) -> Self {
        Self { article: text.with(summary.with(links, tags)), editor_fields: editor_row.into() }
    }

    /// Returns an article with every field present.
    pub fn sample() -> Self {
        Self { article: Article::sample(), editor_fields: EditorFields::sample() }
    }

    /// The id.
    pub(super) fn id(&self) -> i64 {
        self.article.summary.id
    }

    /// Returns the path for editors.
    pub(super) fn location(&self) -> String {
        format!("/api/v1/admin/articles/{}", self.id())
    }
}

impl WrittenArticle {
    /// Returns an article without a report.
    pub(super) fn of(article: AdminArticle) -> Self {
        Self { article, report: None }
    }

    /// Returns an article with every field present.
    pub fn sample() -> Self {
        Self { article: AdminArticle::sample(), report: Some(PasteReport::sample()) }
    }
}

impl AdminArticleSummary {
    /// Returns a summary with every field present.
    pub fn sample() -> Self {
        Self { summary: ArticleSummary::sample(), editor_fields: EditorFields::sample() }
    }
}

impl EditorFields {
    fn sample() -> Self {
        Self {
            status: ArticleStatus::Published,
            version: 3,
            created_at: DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default(),
            source: Some("roundup".into()),
            source_id: Some("iran".into()),
            publish_error: None,
        }
    }
}

impl Revision {
    /// Returns a revision with every field present.
    pub fn sample() -> Self {
        Self {
            version: 2,
            at: DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default(),
            key_id: Some(1),
            key_name: Some("the editor".into()),
            headline: "Iran Attacked Islamic State Forces in Iraq".into(),
        }
    }
}

impl RevisionWithArticle {
    /// Returns a revision with every field present.
    pub fn sample() -> Self {
        let article = ArticleInput::of(&AdminArticle::sample());
        Self { revision: Revision::sample(), article }
    }
}

/// Returns the content to store as a revision: the input that would store the article again.
pub(super) fn revision_body(current: &AdminArticle) -> Value {
    serde_json::to_value(ArticleInput::of(current)).unwrap_or_default()
}

/// Returns the status in a stored revision; `None` in the trash.
pub(super) fn revision_status(body: &Value) -> Option<ArticleStatusInput> {
    serde_json::from_value(body.get("status")?.clone()).ok()
}
