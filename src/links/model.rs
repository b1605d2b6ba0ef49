//! The database rows and JSON types of links.

use crate::openapi::ShortText;
use crate::outlets::OutletRef;
use crate::schema::{articles, link_credits, links};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A text as written, and as HTML that is safe to embed in a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RichText {
    /// The text as written, in Markdown.
    #[schema(max_length = 200_000, example = "Iran launched *airstrikes* in recent days …")]
    pub text: String,
    /// Sanitised HTML.
    #[schema(
        max_length = 2_000_000,
        example = "<p>Iran launched <em>airstrikes</em> in recent days …</p>"
    )]
    pub html: String,
}

impl RichText {
    /// Creates the pair, if there is a text.
    pub fn of(text: Option<String>, html: Option<String>) -> Option<Self> {
        text.map(|text| Self { text, html: html.unwrap_or_default() })
    }
}

/// The role of a source in its article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkRole {
    /// The source that the article is about.
    Lead,
    /// One of the further sources.
    More,
    /// A source linked in the text.
    Inline,
}

impl From<roundup_reader::Role> for LinkRole {
    fn from(role: roundup_reader::Role) -> Self {
        match role {
            roundup_reader::Role::Lead => Self::Lead,
            roundup_reader::Role::More => Self::More,
            roundup_reader::Role::Inline => Self::Inline,
        }
    }
}

impl LinkRole {
    /// Returns the value stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::More => "more",
            Self::Inline => "inline",
        }
    }

    /// Converts a stored value; the table's check constraint allows no other.
    pub fn from_stored(word: &str) -> Self {
        match word {
            "lead" => Self::Lead,
            "inline" => Self::Inline,
            _ => Self::More,
        }
    }
}

/// A publisher of a source, with the authors there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Credit {
    /// The outlet; null where only authors are credited.
    pub outlet: Option<OutletRef>,
    /// The authors.
    #[schema(max_items = 20, value_type = Vec<ShortText>, example = json!(["Ian Black"]))]
    pub bylines: Vec<String>,
}

/// A source of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Link {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 909)]
    pub id: i64,
    /// The role in the article.
    pub role: LinkRole,
    /// The position in the article, from 0.
    #[schema(minimum = 0, maximum = 500, example = 8)]
    pub position: i32,
    /// The headline of the source.
    #[schema(
        max_length = 1000,
        example = "US and Iran have been forced on to the same side by Isis"
    )]
    pub title: String,
    /// The URL as the editor wrote it; null for a source without one.
    #[schema(max_length = 10_000, example = "https://www.theguardian.com/world/iran-isis")]
    pub url: Option<String>,
    /// The host of the URL, without `www.` and the like.
    #[schema(max_length = 255, example = "theguardian.com")]
    pub domain: Option<String>,
    /// The credit line as the editor wrote it.
    #[schema(max_length = 500, example = "Ian Black, The Guardian")]
    pub credit: Option<String>,
    /// The parsed credits, one for each outlet.
    #[schema(max_items = 20)]
    pub credits: Vec<Credit>,
    /// The heading of its section, if the article has sections.
    #[schema(max_length = 300, example = "Analysis")]
    pub section: Option<String>,
    /// An excerpt from the source.
    pub quote: Option<RichText>,
    /// Whether it was read with doubt and should be checked.
    pub uncertain: bool,
}

/// The article that cites a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct CitingArticle {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub id: i64,
    /// The slug.
    #[schema(max_length = 200, example = "iran-attacked-islamic-state-forces-in-iraq")]
    pub slug: String,
    /// The headline.
    #[schema(max_length = 300, example = "Iran Attacked Islamic State Forces in Iraq")]
    pub headline: String,
    /// The time of publication.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub published_at: Option<DateTime<Utc>>,
}

/// A source with the article that cites it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkWithArticle {
    /// The source.
    #[serde(flatten)]
    pub link: Link,
    /// The citing article.
    pub article: CitingArticle,
}

impl Link {
    /// Returns a link with every field present, for the documentation and for `fields`.
    pub fn sample() -> Self {
        let outlet = OutletRef { id: 12, slug: "the-guardian".into(), name: "The Guardian".into() };
        Self {
            id: 909,
            role: LinkRole::More,
            position: 8,
            title: "US and Iran have been forced on to the same side by Isis".into(),
            url: Some("https://www.theguardian.com/world/iran-isis".into()),
            domain: Some("theguardian.com".into()),
            credit: Some("Ian Black, The Guardian".into()),
            credits: vec![Credit { outlet: Some(outlet), bylines: vec!["Ian Black".into()] }],
            section: Some("Analysis".into()),
            quote: RichText::of(Some("An excerpt.".into()), Some("<p>An excerpt.</p>".into())),
            uncertain: false,
        }
    }
}

impl LinkWithArticle {
    /// Returns a link with every field present.
    pub fn sample() -> Self {
        let article = CitingArticle {
            id: 42,
            slug: "iran-attacked-islamic-state-forces-in-iraq".into(),
            headline: "Iran Attacked Islamic State Forces in Iraq".into(),
            published_at: DateTime::from_timestamp(1_417_651_200, 0),
        };
        Self { link: Link::sample(), article }
    }
}

/// The columns that are returned.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = links)]
pub(super) struct LinkRow {
    pub(super) id: i64,
    pub(super) article_id: i64,
    pub(super) role: String,
    pub(super) position: i32,
    pub(super) title: String,
    pub(super) url: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) credit: Option<String>,
    pub(super) section: Option<String>,
    pub(super) quote_text: Option<String>,
    pub(super) quote_html: Option<String>,
    pub(super) uncertain: bool,
}

/// A credit of a link, joined with its outlet.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = link_credits)]
pub(super) struct CreditRow {
    pub(super) bylines: Vec<String>,
}

impl CreditRow {
    /// Returns the credit with its outlet.
    pub(super) fn with(self, outlet: Option<OutletRef>) -> Credit {
        Credit { outlet, bylines: self.bylines }
    }
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Self {
        Self {
            id: row.id,
            role: LinkRole::from_stored(&row.role),
            position: row.position,
            title: row.title,
            url: row.url,
            domain: row.domain,
            credit: row.credit,
            credits: Vec::new(),
            section: row.section,
            quote: RichText::of(row.quote_text, row.quote_html),
            uncertain: row.uncertain,
        }
    }
}

/// The filters of a list of links.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    /// Only links to this page, whatever the spelling of its URL: scheme, `www.`, tracking parameters and
    /// the fragment are ignored.
    #[param(max_length = 10_000, example = "https://www.example.org/story")]
    pub url: Option<String>,
    /// Only links credited to one of these outlets: ids, slugs or names in slug form, comma-separated.
    #[param(max_length = 1000, example = "reuters")]
    pub outlet: Option<String>,
    /// Only links to one of these hosts, comma-separated.
    #[param(max_length = 1000, example = "example.org")]
    pub domain: Option<String>,
    /// Returns only these fields of each item: `fields=title,url,article.slug`.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}
