//! The JSON types of the archive and of resolved URLs.

use crate::articles::ArticleSummary;
use crate::permalink::Permalinks;
use chrono::{DateTime, Datelike as _, Months, NaiveDate, NaiveTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The number of articles of each year and month, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Archive {
    /// The number of all articles.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 120)]
    article_count: i64,
    /// The years that have any.
    #[schema(max_items = 10_000)]
    items: Vec<ArchiveYear>,
}

/// A year.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ArchiveYear {
    /// The year, in the time zone of the site.
    #[schema(minimum = 1, maximum = 9999, example = 2014)]
    year: i32,
    /// The number of articles.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 120)]
    article_count: i64,
    /// The months with articles.
    #[schema(max_items = 12)]
    months: Vec<ArchiveMonth>,
}

/// A month.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ArchiveMonth {
    /// The month, 1 to 12.
    #[schema(minimum = 1, maximum = 12, example = 12)]
    month: u32,
    /// The number of articles.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 10)]
    article_count: i64,
    /// The path of their list.
    #[schema(
        max_length = 200,
        example = "/api/v1/articles?published_after=2014-12-01&published_before=2015-01-01"
    )]
    url: String,
}

impl Archive {
    /// Builds the archive from months, newest first.
    pub(super) fn of(months: Vec<(NaiveDate, i64)>, links: &Permalinks, zone: Tz) -> Self {
        let mut archive = Self { article_count: 0, items: Vec::new() };
        for (first, article_count) in months {
            archive.article_count += article_count;
            if archive.items.last().is_none_or(|last| last.year != first.year()) {
                archive.items.push(ArchiveYear {
                    year: first.year(),
                    article_count: 0,
                    months: Vec::new(),
                });
            }
            if let Some(year) = archive.items.last_mut() {
                year.article_count += article_count;
                year.months.push(ArchiveMonth {
                    month: first.month(),
                    article_count,
                    url: links.path(&list_path(first, zone)),
                });
            }
        }
        archive
    }

    /// Returns an example for the documentation.
    pub(super) fn sample() -> Self {
        let path = "/api/v1/articles?published_after=2014-12-01&published_before=2015-01-01";
        let month = ArchiveMonth { month: 12, article_count: 10, url: path.to_owned() };
        let year = ArchiveYear { year: 2014, article_count: 10, months: vec![month] };
        Self { article_count: 10, items: vec![year] }
    }
}

/// Returns the path of the list of a month's articles.
fn list_path(first: NaiveDate, zone: Tz) -> String {
    let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    let bound = |day: NaiveDate| match zone {
        Tz::UTC => day.to_string(),
        _ => midnight(day, zone).to_rfc3339_opts(SecondsFormat::Secs, true),
    };
    format!("/api/v1/articles?published_after={}&published_before={}", bound(first), bound(next))
}

/// Returns the time at which a day begins in a time zone. Where the clocks are set forward at midnight, that
/// is an hour later.
pub(super) fn midnight(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let hour = |hour: u32| {
        let time = day.and_hms_opt(hour, 0, 0)?;
        Some(time.and_local_timezone(zone).earliest()?.to_utc())
    };
    hour(0).or_else(|| hour(1)).unwrap_or_else(|| day.and_time(NaiveTime::MIN).and_utc())
}

/// The URL to resolve.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResolveQuery {
    /// A path or a URL of the old site.
    #[param(
        required = true,
        min_length = 1,
        max_length = 10_000,
        example = "/2024/12/harbour-bridge-reopens-after-two-year-repair.html"
    )]
    pub(super) path: Option<String>,
}

/// The article that has, or had, a URL.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Resolved {
    /// How the URL was resolved.
    pub(super) matched: Matched,
    /// The current URL of its page.
    #[schema(
        max_length = 10_000,
        example = "https://example.org/iran-attacked-islamic-state-forces-in-iraq"
    )]
    pub(super) url: String,
    /// The article.
    pub(super) article: ArticleSummary,
}

/// How a URL was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ResolvedBy)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// It is a permalink of the system the article was imported from.
    Path,
    /// It ends with the article's slug.
    Slug,
    /// It ends with a former slug of the article.
    FormerSlug,
    /// It is the article's URL in this API, by id.
    Id,
}

impl Resolved {
    /// Returns an example for the documentation.
    pub(super) fn sample() -> Self {
        Self {
            matched: Matched::Path,
            url: "https://example.org/iran-attacked-islamic-state-forces-in-iraq".into(),
            article: ArticleSummary::sample(),
        }
    }
}
