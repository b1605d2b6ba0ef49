//! The archive and a resolved address on the wire.

use crate::articles::ArticleSummary;
use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many articles each year and month has, the latest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Archive {
    /// How many there are in all.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 120)]
    article_count: i64,
    /// The years that have any.
    #[schema(max_items = 10_000)]
    items: Vec<Year>,
}

/// A year.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the field is what the wire calls it")]
struct Year {
    /// The year, in UTC.
    #[schema(minimum = 1, maximum = 9999, example = 2014)]
    year: i32,
    /// How many articles it has.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 120)]
    article_count: i64,
    /// Its months that have any.
    #[schema(max_items = 12)]
    months: Vec<Month>,
}

/// A month.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the field is what the wire calls it")]
struct Month {
    /// The month, 1 to 12.
    #[schema(minimum = 1, maximum = 12, example = 12)]
    month: u32,
    /// How many articles it has.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 10)]
    article_count: i64,
    /// Where they are listed.
    #[schema(
        max_length = 200,
        example = "/api/v1/articles?published_after=2014-12-01&published_before=2015-01-01"
    )]
    url: String,
}

impl Archive {
    /// From the months, the latest first.
    pub(super) fn of(months: Vec<(NaiveDate, i64)>) -> Self {
        let mut archive = Self { article_count: 0, items: Vec::new() };
        for (first, article_count) in months {
            archive.article_count += article_count;
            if archive.items.last().is_none_or(|last| last.year != first.year()) {
                archive.items.push(Year {
                    year: first.year(),
                    article_count: 0,
                    months: Vec::new(),
                });
            }
            if let Some(year) = archive.items.last_mut() {
                year.article_count += article_count;
                year.months.push(Month { month: first.month(), article_count, url: list(first) });
            }
        }
        archive
    }

    /// What the documentation shows.
    pub(super) fn sample() -> Self {
        Self::of(
            NaiveDate::from_ymd_opt(2014, 12, 1).map(|first| (first, 10)).into_iter().collect(),
        )
    }
}

/// The list of the articles of a month.
fn list(first: NaiveDate) -> String {
    let next = first.checked_add_months(chrono::Months::new(1)).unwrap_or(NaiveDate::MAX);
    format!("/api/v1/articles?published_after={first}&published_before={next}")
}

/// An address that an article had.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResolveQuery {
    /// A path, or a whole address, as it was on the old site.
    #[param(
        required = true,
        min_length = 1,
        max_length = 10_000,
        example = "/2024/12/harbour-bridge-reopens-after-two-year-repair.html"
    )]
    pub(super) path: Option<String>,
}

/// The article that has, or had, an address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Resolved {
    /// What the address is to it.
    pub(super) matched: Matched,
    /// The address of its page now.
    #[schema(
        max_length = 10_000,
        example = "https://example.org/iran-attacked-islamic-state-forces-in-iraq"
    )]
    pub(super) url: String,
    /// The article.
    pub(super) article: ArticleSummary,
}

/// How an address is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ResolvedBy)]
#[serde(rename_all = "snake_case")]
pub enum Matched {
    /// It is a permalink that the article had on another system.
    Path,
    /// It ends with the article's slug.
    Slug,
    /// It ends with a slug that the article had before.
    FormerSlug,
    /// It is the article's address on this service, by id.
    Id,
}

impl Resolved {
    /// What the documentation shows.
    pub(super) fn sample() -> Self {
        Self {
            matched: Matched::Path,
            url: "https://example.org/iran-attacked-islamic-state-forces-in-iraq".into(),
            article: ArticleSummary::sample(),
        }
    }
}
