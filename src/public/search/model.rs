//! The query and results of search.

use crate::articles::{self, ArticleSummary};
use crate::comments::CommentWithArticle;
use crate::error::{Code, Error, Result};
use crate::extract::{comma_separated, comma_separated_refs};
use crate::full_text::{SearchFilter, Words};
use crate::language::LanguageRanges;
use crate::links::{self, LinkWithArticle};
use crate::{outlets, tags};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query parameters of search.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchQuery {
    /// The words: `"a phrase"`, `or`, `-without`. Stems and accents make no difference.
    #[param(required = true, max_length = 500, example = "bridge")]
    q: Option<String>,
    /// Only these: `article`, `link`, `comment`; a comma is "or".
    #[param(
        max_length = 100,
        pattern = "^((article|link|comment)(,(article|link|comment))*)?$",
        example = "article,link"
    )]
    r#type: Option<String>,
    /// Whether the last word may be incomplete, for search as the user types.
    prefix: Option<bool>,
    /// Only results that credit one of these outlets: ids, slugs or names in slug form, comma-separated.
    #[param(max_length = 1000, example = "reuters")]
    outlet: Option<String>,
    /// Only results of articles with one of these tags, comma-separated.
    #[param(max_length = 1000, example = "iraq")]
    tag: Option<String>,
    /// Only results of articles in one of these languages, comma-separated: `fa` matches `fa-IR` too.
    #[param(max_length = 200, example = "en")]
    lang: Option<String>,
    /// Only results of articles published at or after this time (RFC 3339) or day.
    #[param(max_length = 40, example = "2014-12-01")]
    published_after: Option<String>,
    /// Only results of articles published before this time (RFC 3339) or day.
    #[param(max_length = 40, example = "2015-01-01T00:00:00Z")]
    published_before: Option<String>,
    /// Only these fields of each item: `fields=type,highlight,article.slug`.
    #[param(max_length = 1000)]
    pub(super) fields: Option<String>,
}

/// The values of `type`.
const KINDS: [&str; 3] = ["article", "link", "comment"];

impl SearchQuery {
    /// Returns the search with all names resolved.
    pub(super) async fn search_filter(
        &self,
        conn: &AsyncPgConnection,
        site_lang: Option<&str>,
    ) -> Result<SearchFilter> {
        let langs = self.lang.as_deref();
        let mut wanted = SearchFilter {
            words: self.words()?,
            kinds: self.kinds()?,
            langs: langs.map(|text| LanguageRanges::parse(text, site_lang)).transpose()?,
            after: articles::time("published_after", self.published_after.as_deref())?,
            before: articles::time("published_before", self.published_before.as_deref())?,
            ..SearchFilter::default()
        };
        if let Some(text) = &self.tag {
            wanted.tags = Some(tags::ids(conn, &comma_separated_refs(text)).await?);
        }
        if let Some(text) = &self.outlet {
            wanted.outlets = Some(outlets::ids(conn, &comma_separated_refs(text)).await?);
        }
        Ok(wanted)
    }

    fn words(&self) -> Result<Words> {
        let missing = || {
            Error::parameter("q", Code::BadParameter, "`q` is required: the words to search for")
        };
        let q = self.q.as_deref().ok_or_else(missing)?;
        Ok(Words::read(q, self.prefix.unwrap_or_default()))
    }

    fn kinds(&self) -> Result<Option<Vec<String>>> {
        let Some(text) = &self.r#type else { return Ok(None) };
        let kinds: Vec<String> = comma_separated(text).map(str::to_owned).collect();
        match kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
            None => Ok(Some(kinds)),
            Some(kind) => {
                let message = format!("`type` takes {}, not `{kind}`", KINDS.join(", "));
                Err(Error::parameter("type", Code::BadParameter, message))
            }
        }
    }
}

/// The kinds of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HitKind)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// An article.
    Article,
    /// A link of an article.
    Link,
    /// A reader's comment.
    Comment,
}

/// A search result.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct SearchHit {
    /// The kind; the field of this name has the object.
    pub(super) r#type: Kind,
    /// The rank: higher is better. Ranks of different responses cannot be compared.
    #[schema(minimum = 0.0, maximum = 1000.0, example = 0.61)]
    pub(super) rank: f64,
    /// The matching passages.
    pub(super) highlight: SearchHighlight,
    /// The article.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) article: Option<ArticleSummary>,
    /// The link and the article that cites it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) link: Option<LinkWithArticle>,
    /// The comment and the article it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) comment: Option<CommentWithArticle>,
}

/// The texts that contain the words, as HTML that is safe to embed in a page, with each word in `<mark>`;
/// null without a match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct SearchHighlight {
    /// The article's headline.
    #[schema(
        max_length = 4000,
        example = "<mark>Iran</mark> Attacked Islamic State Forces in Iraq"
    )]
    pub(super) headline: Option<String>,
    /// The line below it.
    #[schema(max_length = 4000)]
    pub(super) dek: Option<String>,
    /// Excerpts from the article's quote.
    #[schema(max_length = 20_000)]
    pub(super) quote: Option<String>,
    /// Excerpts from the editor's commentary.
    #[schema(max_length = 20_000)]
    pub(super) commentary: Option<String>,
    /// The link's title.
    #[schema(max_length = 20_000)]
    pub(super) title: Option<String>,
    /// The link's credit line.
    #[schema(max_length = 4000)]
    pub(super) credit: Option<String>,
    /// The name of the article's author, or of the reader who wrote the comment.
    #[schema(max_length = 4000)]
    pub(super) author: Option<String>,
    /// The heading of the article's further sources.
    #[schema(max_length = 4000)]
    pub(super) links_heading: Option<String>,
    /// Excerpts from the reader's comment, or from the link's quote.
    #[schema(max_length = 20_000)]
    pub(super) text: Option<String>,
}

impl SearchHit {
    /// Returns a result without an object.
    pub(super) fn new(kind: Kind, rank: i64) -> Self {
        let rank = i32::try_from(rank).map_or(f64::from(i32::MAX), f64::from) / 1e6;
        let highlight = SearchHighlight::default();
        Self { r#type: kind, rank, highlight, article: None, link: None, comment: None }
    }

    /// Returns an example for the documentation.
    pub(super) fn example() -> Self {
        let headline = Some("<mark>Iran</mark> Attacked Islamic State Forces in Iraq".to_owned());
        let highlight = SearchHighlight { headline, ..SearchHighlight::default() };
        let article = Some(ArticleSummary::sample());
        Self { highlight, article, ..Self::new(Kind::Article, 607_927) }
    }

    /// Returns a result with every field present, for `fields`.
    pub(super) fn sample() -> Self {
        let text = || Some(String::new());
        let highlight = SearchHighlight {
            headline: text(),
            dek: text(),
            quote: text(),
            commentary: text(),
            title: text(),
            credit: text(),
            author: text(),
            links_heading: text(),
            text: text(),
        };
        let (link, comment) =
            (Some(links::LinkWithArticle::sample()), Some(CommentWithArticle::sample()));
        Self { highlight, link, comment, ..Self::example() }
    }
}
