//! Articles as an editor sees them: what the public does, where they stand, and what they were.

use crate::articles::model::{Article, ArticleSummary, Status, SummaryRow, TextRow};
use crate::editor::input::{ArticleInput, Standing};
use crate::links::Link;
use crate::schema::articles;
use crate::tags::TagRef;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Where an article stands, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Desk {
    /// Where it stands.
    pub status: Status,
    /// Counts its edits; it is the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 3)]
    pub version: i32,
    /// When it was stored first.
    pub created_at: DateTime<Utc>,
    /// The kind of source that it was imported from.
    #[schema(max_length = 100, example = "roundup")]
    pub source: Option<String>,
    /// What that source calls it.
    #[schema(max_length = 2000, example = "harbour-bridge")]
    pub source_id: Option<String>,
}

/// An article as its editor sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdminArticle {
    /// What the public sees of it too.
    #[serde(flatten)]
    pub article: Article,
    /// What only the editor sees.
    #[serde(flatten)]
    pub desk: Desk,
}

/// An article as it stands in an editor's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdminSummary {
    /// What public lists show of it too.
    #[serde(flatten)]
    pub summary: ArticleSummary,
    /// What only the editor sees.
    #[serde(flatten)]
    pub desk: Desk,
}

/// One version of an article in the list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Revision {
    /// Which version.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 2)]
    pub version: i32,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// The key that wrote it; null for an import and for the service itself.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub key_id: Option<i64>,
    /// The name of that key.
    #[schema(max_length = 100, example = "the editor")]
    pub key_name: Option<String>,
    /// The headline that it had.
    #[schema(max_length = 300, example = "Harbour Bridge Reopens")]
    pub headline: String,
}

/// One version of an article, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WholeRevision {
    /// When and by whom.
    #[serde(flatten)]
    pub revision: Revision,
    /// What it was, in the form in which it can be written again.
    pub article: ArticleInput,
}

/// The table's columns that only the editor sees.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = articles)]
pub(super) struct DeskRow {
    status: String,
    version: i32,
    created_at: DateTime<Utc>,
    source: Option<String>,
    source_id: Option<String>,
}

impl From<DeskRow> for Desk {
    fn from(row: DeskRow) -> Self {
        Self {
            status: Status::from_stored(&row.status),
            version: row.version,
            created_at: row.created_at,
            source: row.source,
            source_id: row.source_id,
        }
    }
}

impl AdminArticle {
    /// From the rows.
    pub(super) fn of(
        (summary, text, desk): (SummaryRow, TextRow, DeskRow),
        links: Vec<Link>,
        tags: Vec<TagRef>,
    ) -> Self {
        Self { article: text.with(summary.with(links, tags)), desk: desk.into() }
    }

    /// An article with every field filled.
    pub fn sample() -> Self {
        Self { article: Article::sample(), desk: Desk::sample() }
    }

    /// Its id.
    pub(super) fn id(&self) -> i64 {
        self.article.summary.id
    }

    /// Where it can be read by its editors.
    pub(super) fn location(&self) -> String {
        format!("/api/v1/admin/articles/{}", self.id())
    }
}

impl AdminSummary {
    /// A summary with every field filled.
    pub fn sample() -> Self {
        Self { summary: ArticleSummary::sample(), desk: Desk::sample() }
    }
}

impl Desk {
    fn sample() -> Self {
        Self {
            status: Status::Published,
            version: 3,
            created_at: DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default(),
            source: Some("roundup".into()),
            source_id: Some("iran".into()),
        }
    }
}

impl Revision {
    /// A revision with every field filled.
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

impl WholeRevision {
    /// A whole revision with every field filled.
    pub fn sample() -> Self {
        let article = ArticleInput::of(&AdminArticle::sample());
        Self { revision: Revision::sample(), article }
    }
}

/// What is kept of a version: what would be written to store it again.
pub(super) fn kept(current: &AdminArticle) -> Value {
    serde_json::to_value(ArticleInput::of(current)).unwrap_or_default()
}

/// Where an article stood in a kept version; none while it was in the trash.
pub(super) fn standing(body: &Value) -> Option<Standing> {
    serde_json::from_value(body.get("status")?.clone()).ok()
}
