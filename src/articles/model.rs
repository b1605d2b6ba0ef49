//! The database rows and JSON types of articles.

use super::excerpt::excerpt;
use super::image::ArticleImage;
use crate::links::{Link, RichText};
use crate::schema::articles;
use crate::tags::TagRef;
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The status of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArticleStatus {
    /// It is being written.
    Draft,
    /// It will be published at `published_at`.
    Scheduled,
    /// It is public.
    Published,
    /// It is no longer public, but kept.
    Archived,
    /// It is in the trash.
    Trashed,
}

impl ArticleStatus {
    /// Returns the value stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
        }
    }

    /// All values.
    pub const ALL: [Self; 5] =
        [Self::Draft, Self::Scheduled, Self::Published, Self::Archived, Self::Trashed];

    /// Converts a stored value; the table's check constraint allows no other.
    pub fn from_stored(word: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or(Self::Draft)
    }
}

/// The author of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleAuthor {
    /// The displayed name.
    #[schema(max_length = 200, example = "The editor")]
    pub name: Option<String>,
    /// The URL of their page.
    #[schema(max_length = 2000, example = "https://example.org/about")]
    pub url: Option<String>,
}

/// The editor's commentary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Commentary {
    /// Its heading.
    #[schema(max_length = 100, example = "My Comment")]
    pub label: Option<String>,
    /// The text as written, in Markdown.
    #[schema(max_length = 200_000, example = "They may not be talking to each other, …")]
    pub text: String,
    /// Sanitised HTML.
    #[schema(max_length = 2_000_000, example = "<p>They may not be talking to each other, …</p>")]
    pub html: String,
}

/// A correction that was made after publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
pub struct Correction {
    /// When it happened.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub at: DateTime<Utc>,
    /// What was corrected.
    #[schema(max_length = 2000, example = "An earlier version misspelt the name of the bridge.")]
    pub note: String,
}

/// An article in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ArticleSummary {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub id: i64,
    /// The slug in URLs; a former slug redirects with 301.
    #[schema(max_length = 200, example = "iran-attacked-islamic-state-forces-in-iraq")]
    pub slug: String,
    /// The path by id, which never changes.
    #[schema(max_length = 10_000, example = "/api/v1/articles/42")]
    pub url: String,
    /// The URL of its page on the site, if the setting `ROUNDUP_PERMALINK` says where that is.
    #[schema(
        max_length = 10_000,
        example = "https://example.org/iran-attacked-islamic-state-forces-in-iraq"
    )]
    pub page_url: Option<String>,
    /// The headline.
    #[schema(max_length = 300, example = "Iran Attacked Islamic State Forces in Iraq")]
    pub headline: String,
    /// The line below the headline.
    #[schema(max_length = 500, example = "U.S. Not Coordinating With Tehran on Airstrikes")]
    pub dek: Option<String>,
    /// The language as a BCP 47 tag.
    #[schema(max_length = 35, example = "en")]
    pub lang: Option<String>,
    /// The picture.
    pub image: Option<ArticleImage>,
    /// The beginning of the quote, or of the commentary, as plain text.
    #[schema(max_length = 280, example = "Iran launched airstrikes in recent days …")]
    pub excerpt: Option<String>,
    /// The time of publication.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub published_at: Option<DateTime<Utc>>,
    /// Whether the source gave no date, so that `published_at` is the time of import.
    pub published_at_uncertain: bool,
    /// The time of the last edit.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub updated_at: DateTime<Utc>,
    /// The heading of the list of further sources.
    #[schema(max_length = 300, example = "More News On U.S. And Iranian Forces Operating In Iraq")]
    pub links_heading: Option<String>,
    /// The sources in order. A list has only the lead, unless `include=links`.
    #[schema(max_items = 500)]
    pub links: Vec<Link>,
    /// The tags.
    #[schema(max_items = 50)]
    pub tags: Vec<TagRef>,
    /// The author.
    pub author: ArticleAuthor,
    /// The number of outlets that it credits.
    #[schema(minimum = 0, maximum = 10_000, example = 10)]
    pub outlet_count: i32,
    /// The number of published comments.
    #[schema(minimum = 0, maximum = 2_147_483_647, example = 3)]
    pub comment_count: i32,
    /// The time of the last comment.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub last_comment_at: Option<DateTime<Utc>>,
    /// Whether readers can comment.
    pub comments_open: bool,
    /// The corrections since publication.
    #[schema(max_items = 100)]
    pub corrections: Vec<Correction>,
}

/// An article with its texts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ArticleWithTexts)]
pub struct Article {
    /// The fields that lists have too.
    #[serde(flatten)]
    pub summary: ArticleSummary,
    /// The excerpt from the lead source.
    pub quote: Option<RichText>,
    /// The editor's commentary.
    pub commentary: Option<Commentary>,
    /// Its id in the feeds of the site that it was imported from.
    #[serde(skip)]
    pub guid: Option<String>,
}

impl ArticleSummary {
    /// Returns a summary with every field present, for the documentation and for `fields`.
    pub fn sample() -> Self {
        let day = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        Self {
            id: 42,
            slug: "iran-attacked-islamic-state-forces-in-iraq".into(),
            url: "/api/v1/articles/42".into(),
            page_url: Some("https://example.org/iran-attacked-islamic-state-forces-in-iraq".into()),
            excerpt: Some("Iran launched airstrikes in recent days …".into()),
            headline: "Iran Attacked Islamic State Forces in Iraq".into(),
            dek: Some("U.S. Not Coordinating With Tehran on Airstrikes".into()),
            lang: Some("en".into()),
            image: Some(ArticleImage::sample()),
            published_at: Some(day),
            published_at_uncertain: false,
            updated_at: day,
            links_heading: Some("More News On U.S. And Iranian Forces Operating In Iraq".into()),
            links: vec![Link::sample()],
            tags: vec![TagRef { slug: "iraq".into(), name: "Iraq".into() }],
            author: ArticleAuthor {
                name: Some("The editor".into()),
                url: Some("https://example.org/about".into()),
            },
            outlet_count: 10,
            comment_count: 3,
            last_comment_at: Some(day),
            comments_open: true,
            corrections: vec![Correction {
                at: day,
                note: "An earlier version misspelt a name.".into(),
            }],
        }
    }
}

impl Article {
    /// Returns an article with every field present.
    pub fn sample() -> Self {
        let text = "Iran launched *airstrikes* in recent days …";
        let html = "<p>Iran launched <em>airstrikes</em> in recent days …</p>";
        Self {
            summary: ArticleSummary::sample(),
            quote: RichText::of(Some(text.into()), Some(html.into())),
            commentary: Some(Commentary {
                label: Some("My Comment".into()),
                text: "They may not be talking to each other, …".into(),
                html: "<p>They may not be talking to each other, …</p>".into(),
            }),
            guid: None,
        }
    }
}

/// Long enough for the words of an excerpt and the tags between them.
const TEXT_HEAD: &str =
    "left(coalesce(nullif(articles.quote_html, ''), articles.commentary_html), 2000)";

fn text_head() -> SqlLiteral<Nullable<Text>> {
    sql(TEXT_HEAD)
}

/// The columns that a list returns.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = articles)]
pub(crate) struct SummaryRow {
    pub(crate) id: i64,
    slug: String,
    headline: String,
    dek: Option<String>,
    lang: Option<String>,
    image: Option<Value>,
    published_at: Option<DateTime<Utc>>,
    published_at_uncertain: bool,
    updated_at: DateTime<Utc>,
    /// The beginning of the text that the excerpt is made from.
    #[diesel(select_expression = text_head(), select_expression_type = SqlLiteral<Nullable<Text>>)]
    text_head: Option<String>,
    links_heading: Option<String>,
    author_name: Option<String>,
    author_url: Option<String>,
    outlet_count: i32,
    comment_count: i32,
    last_comment_at: Option<DateTime<Utc>>,
    comments_open: bool,
    corrections: Value,
}

/// The columns that a single article has beyond those of a list.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = articles)]
pub(crate) struct TextRow {
    quote_text: Option<String>,
    quote_html: Option<String>,
    commentary_label: Option<String>,
    commentary_text: Option<String>,
    commentary_html: Option<String>,
    guid: Option<String>,
}

impl SummaryRow {
    /// Returns the summary with its links and tags.
    pub(crate) fn with(self, links: Vec<Link>, tags: Vec<TagRef>) -> ArticleSummary {
        ArticleSummary {
            url: format!("/api/v1/articles/{}", self.id),
            page_url: None,
            excerpt: self.text_head.as_deref().and_then(excerpt),
            id: self.id,
            slug: self.slug,
            headline: self.headline,
            dek: self.dek,
            lang: self.lang,
            image: ArticleImage::from_stored(self.image),
            published_at: self.published_at,
            published_at_uncertain: self.published_at_uncertain,
            updated_at: self.updated_at,
            links_heading: self.links_heading,
            links,
            tags,
            author: ArticleAuthor { name: self.author_name, url: self.author_url },
            outlet_count: self.outlet_count,
            comment_count: self.comment_count,
            last_comment_at: self.last_comment_at,
            comments_open: self.comments_open,
            corrections: serde_json::from_value(self.corrections).unwrap_or_default(),
        }
    }
}

impl TextRow {
    /// Returns the article with its texts.
    pub(crate) fn with(self, summary: ArticleSummary) -> Article {
        let commentary = self.commentary_text.map(|text| Commentary {
            label: self.commentary_label,
            text,
            html: self.commentary_html.unwrap_or_default(),
        });
        let quote = RichText::of(self.quote_text, self.quote_html);
        Article { summary, quote, commentary, guid: self.guid }
    }
}
