//! The database rows and JSON types of jobs.

use crate::schema::jobs;
use crate::transfer::import::{Format, Report};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits for other jobs.
    Queued,
    /// It is running.
    Running,
    /// Everything was imported.
    Done,
    /// Something could not be imported; the rest stays imported.
    Failed,
    /// The service stopped before the job was done; what it had stored stays.
    Interrupted,
}

impl JobState {
    /// All states with their names.
    const ALL: [(Self, &'static str); 5] = [
        (Self::Queued, "queued"),
        (Self::Running, "running"),
        (Self::Done, "done"),
        (Self::Failed, "failed"),
        (Self::Interrupted, "interrupted"),
    ];

    /// The name.
    pub(super) fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(state, _)| *state == self).map_or("", |(_, name)| name)
    }

    /// Returns the state with this name.
    fn named(name: &str) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == name).map_or(Self::Failed, |(state, _)| *state)
    }
}

/// The progress of reading the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobProgress {
    /// The number of bytes read.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 52_428_800)]
    pub read: i64,
    /// The size of the file in bytes.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 52_428_800)]
    pub total: i64,
    /// The number of records found: posts, comments and others.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 21_000)]
    pub records: i64,
}

/// Work that continues after its request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Job {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub id: i64,
    /// The kind: `import`.
    #[schema(max_length = 50, example = "import")]
    pub kind: String,
    /// The state.
    pub state: JobState,
    /// The name of the file.
    #[schema(max_length = 300, example = "blog-11-22-2026.xml")]
    pub name: String,
    /// The progress.
    pub progress: JobProgress,
    /// The report, as `roundup import --json` prints it; null before the end and in lists.
    #[schema(value_type = Option<Report>)]
    pub report: Option<Value>,
    /// The reason why it failed or was interrupted.
    #[schema(max_length = 3000)]
    pub message: Option<String>,
    /// The time it was created.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub created_at: DateTime<Utc>,
    /// The time it was started.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub started_at: Option<DateTime<Utc>>,
    /// The time it ended.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub finished_at: Option<DateTime<Utc>>,
}

impl Job {
    /// Returns a job with every field present except the message.
    pub fn sample() -> Self {
        let at =
            |seconds: i64| DateTime::from_timestamp(1_795_348_800 + seconds, 0).unwrap_or_default();
        let report = Report {
            source: "blog-11-22-2026.xml".to_owned(),
            format: "blogger".to_owned(),
            ..Report::default()
        };
        Self {
            id: 1,
            kind: "import".to_owned(),
            state: JobState::Done,
            name: "blog-11-22-2026.xml".to_owned(),
            progress: JobProgress { read: 52_428_800, total: 52_428_800, records: 21_000 },
            report: serde_json::to_value(report).ok(),
            message: None,
            created_at: at(0),
            started_at: Some(at(1)),
            finished_at: Some(at(40)),
        }
    }
}

/// A stored job without its report, which may be long.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = jobs)]
pub(super) struct JobRow {
    pub(super) id: i64,
    kind: String,
    state: String,
    name: String,
    progress_read: i64,
    progress_total: Option<i64>,
    progress_records: i64,
    message: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl JobRow {
    /// Converts the row to a job with this report.
    pub(super) fn into_job(self, report: Option<Value>) -> Job {
        let total = self.progress_total.unwrap_or_default();
        // The bytes of a file that is read twice are counted twice.
        let read = self.progress_read.min(total);
        Job {
            id: self.id,
            kind: self.kind,
            state: JobState::named(&self.state),
            name: self.name,
            progress: JobProgress { read, total, records: self.progress_records },
            report,
            message: self.message,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
        }
    }
}

/// The query parameters of an import.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportQuery {
    /// The format of the file; detected if left out.
    #[param(inline)]
    pub(super) format: Option<Format>,
    /// The name of the file. A roundup in text or Markdown is known by it, up to its last dot: the
    /// same name again is the same roundup. Without it, the name is made from the content.
    #[param(max_length = 300, example = "blog-11-22-2026.xml")]
    pub(super) filename: Option<String>,
    /// Only reports what would be imported.
    pub(super) dry_run: Option<bool>,
    /// The language of the posts as a BCP 47 tag, whatever the file states.
    #[param(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en")]
    pub(super) lang: Option<String>,
    /// The URL of the site that the file comes from, for links without a host if it does not name it.
    #[param(max_length = 2000, pattern = "^https?://.+", example = "https://old.example")]
    pub(super) base_url: Option<String>,
    /// Withdraws what the source has withdrawn since the last import: articles that became drafts,
    /// comments that were deleted or marked as spam.
    pub(super) follow_status: Option<bool>,
    /// Keeps e-mail addresses in the text of posts and comments public.
    pub(super) keep_addresses: Option<bool>,
}
