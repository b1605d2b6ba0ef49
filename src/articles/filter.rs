//! The query parameters of lists of articles.

use crate::error::{Code, Error, Result};
use crate::extract::{comma_separated, comma_separated_refs};
use crate::full_text::{SearchFilter, Words};
use crate::language::LanguageRanges;
use crate::{outlets, tags};
use chrono::{DateTime, NaiveDate, Utc};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The filters of a list of articles.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArticleQuery {
    /// Only articles with one of these tags, comma-separated.
    #[param(max_length = 1000, example = "iraq")]
    pub(crate) tag: Option<String>,
    /// Only articles that credit one of these outlets: ids, slugs or names in slug form, comma-separated.
    #[param(max_length = 1000, example = "reuters")]
    pub(crate) outlet: Option<String>,
    /// Only articles that cite a page on one of these hosts, comma-separated.
    #[param(max_length = 1000, example = "example.org")]
    pub(crate) domain: Option<String>,
    /// Only articles by one of these authors, comma-separated.
    #[param(max_length = 1000)]
    author: Option<String>,
    /// Only articles in one of these languages, comma-separated: `fa` matches `fa-IR` too. An article without
    /// a language has that of the site.
    #[param(max_length = 200, example = "en")]
    lang: Option<String>,
    /// Only articles published at or after this time (RFC 3339) or day.
    #[param(max_length = 40, example = "2014-12-01")]
    published_after: Option<String>,
    /// Only articles published before this time (RFC 3339) or day.
    #[param(max_length = 40, example = "2015-01-01T00:00:00Z")]
    published_before: Option<String>,
    /// Only articles that were edited at or after this time (RFC 3339) or day.
    #[param(max_length = 40, example = "2015-01-01T00:00:00Z")]
    updated_after: Option<String>,
    /// `links`: returns all sources of each item, not only the lead.
    #[param(max_length = 100, pattern = "^(links)?$", example = "links")]
    pub(crate) include: Option<String>,
    /// Returns only these fields of each item: `fields=id,headline,links.title`.
    #[param(max_length = 1000)]
    pub(crate) fields: Option<String>,
}

/// The search words and the order of the public list of articles.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WordsQuery {
    /// Only articles with these words in their text or in the titles of their links.
    #[param(max_length = 500, example = "airstrikes")]
    pub(crate) q: Option<String>,
    /// The sort order; newest first by default.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(crate) sort: Sort,
}

impl WordsQuery {
    /// Returns the search words, if there are any.
    ///
    /// # Errors
    /// 400 when the sort order needs words and there are none.
    pub(crate) fn words(&self) -> Result<Option<Words>> {
        if self.sort == Sort::Relevance && self.q.is_none() {
            let message = "`sort=relevance` requires `q`";
            return Err(Error::parameter("sort", Code::BadParameter, message));
        }
        Ok(self.q.as_deref().map(|q| Words::read(q, false)))
    }
}

/// The sort orders of the public list of articles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "-published_at")]
pub(crate) enum Sort {
    /// Newest first.
    #[default]
    #[serde(rename = "-published_at")]
    Latest,
    /// Oldest first.
    #[serde(rename = "published_at")]
    Oldest,
    /// Last edited first.
    #[serde(rename = "-updated_at")]
    Edited,
    /// Most comments first.
    #[serde(rename = "-comment_count")]
    Discussed,
    /// Best match first; with `q`.
    #[serde(rename = "relevance")]
    Relevance,
}

/// The sort orders of the editors' list of articles. Drafts are not in the search index, so there is no
/// order by relevance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "-published_at")]
pub(crate) enum AdminSort {
    /// Newest first.
    #[default]
    #[serde(rename = "-published_at")]
    Latest,
    /// Oldest first.
    #[serde(rename = "published_at")]
    Oldest,
    /// Last edited first.
    #[serde(rename = "-updated_at")]
    Edited,
    /// Most comments first.
    #[serde(rename = "-comment_count")]
    Discussed,
}

/// The filters, with the ids of tags and outlets.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Filter {
    pub(crate) tags: Option<Vec<i64>>,
    pub(crate) outlets: Option<Vec<i64>>,
    pub(crate) domains: Option<Vec<String>>,
    pub(crate) authors: Option<Vec<String>>,
    pub(crate) langs: Option<LanguageRanges>,
    pub(crate) after: Option<DateTime<Utc>>,
    pub(crate) before: Option<DateTime<Utc>>,
    pub(crate) updated_after: Option<DateTime<Utc>>,
    pub(crate) words: Option<Words>,
}

impl ArticleQuery {
    /// Returns the filters, with the ids of tags and outlets. `site_lang` is the language of the site.
    pub(crate) async fn filter(
        &self,
        conn: &AsyncPgConnection,
        site_lang: Option<&str>,
    ) -> Result<Filter> {
        let list = |text: &String| comma_separated(text).map(str::to_owned).collect::<Vec<_>>();
        let mut filter = Filter {
            domains: self.domain.as_deref().map(crate::links::domains),
            authors: self.author.as_ref().map(list),
            langs: self
                .lang
                .as_deref()
                .map(|text| LanguageRanges::parse(text, site_lang))
                .transpose()?,
            after: time("published_after", self.published_after.as_deref())?,
            before: time("published_before", self.published_before.as_deref())?,
            updated_after: time("updated_after", self.updated_after.as_deref())?,
            ..Filter::default()
        };
        if let Some(text) = &self.tag {
            filter.tags = Some(tags::ids(conn, &comma_separated_refs(text)).await?);
        }
        if let Some(text) = &self.outlet {
            filter.outlets = Some(outlets::ids(conn, &comma_separated_refs(text)).await?);
        }
        Ok(filter)
    }
}

impl Filter {
    /// Returns the filters for the search function, which ranks the articles.
    pub(crate) fn search_filter(&self) -> SearchFilter {
        SearchFilter {
            words: self.words.clone().unwrap_or_default(),
            kinds: Some(vec!["article".to_owned(), "link".to_owned()]),
            outlets: self.outlets.clone(),
            tags: self.tags.clone(),
            domains: self.domains.clone(),
            authors: self.authors.clone(),
            langs: self.langs.clone(),
            after: self.after,
            before: self.before,
            updated_after: self.updated_after,
        }
    }
}

/// Parses a time in RFC 3339, or a day, which begins at midnight UTC. In a query a `+` means a space; one in
/// front of an offset was not escaped.
pub fn time(name: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    let Some(text) = text else { return Ok(None) };
    let unescaped = text.rsplit_once(' ').filter(|(time, _)| time.contains(':'));
    let text =
        &unescaped.map_or_else(|| text.to_owned(), |(time, offset)| format!("{time}+{offset}"));
    let day = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|at| at.and_utc());
    let at = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok().or_else(day);
    // RFC 3339 and PostgreSQL can both represent these years.
    let stored = |at: &DateTime<Utc>| (1..=9999).contains(&chrono::Datelike::year(at));
    at.filter(stored).map(Some).ok_or_else(|| {
        let message = format!("`{name}` must be a time like 2014-12-04T00:00:00Z or a day");
        Error::parameter(name, Code::BadParameter, message)
    })
}

/// Parses `include`; the parts must be among `known`.
pub(crate) fn included(text: Option<&str>, known: &[&str]) -> Result<Vec<String>> {
    let parts: Vec<String> = comma_separated(text.unwrap_or_default()).map(str::to_owned).collect();
    match parts.iter().find(|part| !known.contains(&part.as_str())) {
        None => Ok(parts),
        Some(part) => {
            let message = format!("`include` takes {}, not `{part}`", known.join(", "));
            Err(Error::parameter("include", Code::BadParameter, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rfc_3339_or_a_day() {
        let day = time("t", Some("2014-12-04")).unwrap();
        assert_eq!(day, time("t", Some("2014-12-04T00:00:00Z")).unwrap());
        assert_eq!(day, time("t", Some("2014-12-04T01:00:00+01:00")).unwrap());
        assert_eq!(day, time("t", Some("2014-12-04T01:00:00 01:00")).unwrap());
        assert_eq!(day, time("t", Some("2014-12-04 00:00:00Z")).unwrap());
        for bad in ["", "yesterday", "2014-13-01", "294277-01-01T00:00:00Z", "1417651200"] {
            assert_eq!(time("t", Some(bad)).unwrap_err().code(), Code::BadParameter, "{bad}");
        }
    }
}
