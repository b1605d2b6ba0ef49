//! The input for an article: the body of POST and PUT, and what a PATCH is applied to.

use crate::articles::ArticleImage;
use crate::articles::model::{ArticleAuthor, ArticleStatus, Commentary, Correction};
use crate::editor::model::AdminArticle;
use crate::error::{Code, Error, FieldError, Result};
use crate::language::check_language;
use crate::links::{LinkInput, TextFormat, TextInput};
use crate::tags::TagName;
use crate::validation::{check_not_blank, check_web_url};
use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The maximum number of tags of an article.
pub(super) const MAX_TAGS: usize = 50;

/// An article to write, with its links, credits and tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleInput {
    /// The headline.
    #[schema(min_length = 1, max_length = 300, example = "Harbour Bridge Reopens")]
    pub headline: String,
    /// The slug in URLs; a former slug redirects with 301. Left out, a new article gets one from its
    /// headline and an existing one keeps its own.
    #[serde(default)]
    #[schema(
        max_length = 200,
        pattern = "^[a-z0-9-]*[a-z-][a-z0-9-]*$",
        example = "harbour-bridge"
    )]
    pub slug: Option<String>,
    /// The line below the headline.
    #[serde(default)]
    #[schema(max_length = 500, example = "Night Ferry To Keep Running Until Autumn")]
    pub dek: Option<String>,
    /// The language as a BCP 47 tag.
    #[serde(default)]
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en")]
    pub lang: Option<String>,
    /// The picture.
    #[serde(default)]
    pub image: Option<ImageInput>,
    /// The status. Left out, a new article is a draft and an existing one keeps its status.
    #[serde(default)]
    pub status: Option<ArticleStatusInput>,
    /// The time of publication, past or future. `published` with a future time becomes
    /// `scheduled`; left out, an article is published now or keeps its time.
    #[serde(default)]
    pub published_at: Option<DateTime<Utc>>,
    /// The excerpt from the lead source.
    #[serde(default)]
    pub quote: Option<TextInput>,
    /// The editor's commentary.
    #[serde(default)]
    pub commentary: Option<CommentaryInput>,
    /// The heading of the list of further sources.
    #[serde(default)]
    #[schema(max_length = 300, example = "More News On The Harbour Bridge")]
    pub links_heading: Option<String>,
    /// The sources in order.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub links: Vec<LinkInput>,
    /// The tags. Unknown ones are created.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<TagName>,
    /// The author.
    #[serde(default)]
    pub author: Option<AuthorInput>,
    /// Whether readers can comment.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub comments_open: bool,
    /// The corrections since publication.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub corrections: Vec<CorrectionInput>,
}

fn yes() -> bool {
    true
}

/// A status that an editor can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArticleStatusInput {
    /// It is being written.
    Draft,
    /// It is published automatically at `published_at`.
    Scheduled,
    /// It is public.
    Published,
    /// It is no longer public, but kept.
    Archived,
}

impl ArticleStatusInput {
    /// Converts the status of an article; `None` in the trash.
    pub(super) fn of(status: ArticleStatus) -> Option<Self> {
        match status {
            ArticleStatus::Draft => Some(Self::Draft),
            ArticleStatus::Scheduled => Some(Self::Scheduled),
            ArticleStatus::Published => Some(Self::Published),
            ArticleStatus::Archived => Some(Self::Archived),
            ArticleStatus::Trashed => None,
        }
    }
}

impl ArticleStatusInput {
    /// Returns the status of the article.
    pub(super) fn status(self) -> ArticleStatus {
        match self {
            Self::Draft => ArticleStatus::Draft,
            Self::Scheduled => ArticleStatus::Scheduled,
            Self::Published => ArticleStatus::Published,
            Self::Archived => ArticleStatus::Archived,
        }
    }
}

/// The editor's commentary, to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentaryInput {
    /// Its heading.
    #[serde(default)]
    #[schema(max_length = 100, example = "My Comment")]
    pub label: Option<String>,
    /// The text.
    #[schema(max_length = 200_000, example = "A city that closed its bridge before it fell …")]
    pub text: String,
    /// The markup of the text.
    #[serde(default)]
    pub format: TextFormat,
}

/// The author of an article, to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorInput {
    /// The displayed name.
    #[serde(default)]
    #[schema(max_length = 200, example = "The editor")]
    pub name: Option<String>,
    /// The URL of their page.
    #[serde(default)]
    #[schema(max_length = 2000, example = "https://example.org/about")]
    pub url: Option<String>,
}

/// The picture of an article, to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageInput {
    /// The URL of the picture.
    #[schema(
        min_length = 1,
        max_length = 10_000,
        example = "https://example.org/2014/12/bridge.jpg"
    )]
    pub url: String,
    /// The text for readers who do not see it.
    #[serde(default)]
    #[schema(max_length = 1000, example = "The bridge at night")]
    pub alt: Option<String>,
    /// The line below it.
    #[serde(default)]
    #[schema(max_length = 2000, example = "The harbour bridge on the day it reopened")]
    pub caption: Option<String>,
    /// Who made it.
    #[serde(default)]
    #[schema(max_length = 500, example = "Photo: Ann Bee")]
    pub credit: Option<String>,
    /// The width in pixels.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000, example = 1200)]
    pub width: Option<i32>,
    /// The height in pixels.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000, example = 800)]
    pub height: Option<i32>,
}

impl From<ArticleImage> for ImageInput {
    fn from(image: ArticleImage) -> Self {
        let ArticleImage { url, alt, caption, credit, width, height } = image;
        Self { url, alt, caption, credit, width, height }
    }
}

impl From<ImageInput> for ArticleImage {
    fn from(image: ImageInput) -> Self {
        let ImageInput { url, alt, caption, credit, width, height } = image;
        Self { url, alt, caption, credit, width, height }
    }
}

/// A correction to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionInput {
    /// The time of the correction; now if left out.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
    /// What was corrected.
    #[schema(min_length = 1, max_length = 2000, example = "The bridge was closed for 28 months.")]
    pub note: String,
}

impl ArticleInput {
    /// Returns an article without content.
    pub(super) fn empty() -> Self {
        Self {
            headline: String::new(),
            slug: None,
            dek: None,
            lang: None,
            image: None,
            status: None,
            published_at: None,
            quote: None,
            commentary: None,
            links_heading: None,
            links: Vec::new(),
            tags: Vec::new(),
            author: None,
            comments_open: true,
            corrections: Vec::new(),
        }
    }

    /// Returns the input that would store this article again.
    pub(super) fn of(current: &AdminArticle) -> Self {
        let (article, summary) = (&current.article, &current.article.summary);
        let commentary = |stored: &Commentary| CommentaryInput {
            label: stored.label.clone(),
            text: stored.text.clone(),
            format: TextFormat::of(&stored.text, &stored.html),
        };
        let correction = |stored: &Correction| CorrectionInput {
            at: Some(stored.at),
            note: stored.note.clone(),
        };
        let ArticleAuthor { name, url } = summary.author.clone();
        Self {
            headline: summary.headline.clone(),
            slug: Some(summary.slug.clone()),
            dek: summary.dek.clone(),
            lang: summary.lang.clone(),
            image: summary.image.clone().map(ImageInput::from),
            status: ArticleStatusInput::of(current.editor_fields.status),
            published_at: summary.published_at,
            quote: article.quote.as_ref().map(TextInput::of),
            commentary: article.commentary.as_ref().map(commentary),
            links_heading: summary.links_heading.clone(),
            links: summary.links.iter().map(LinkInput::of).collect(),
            tags: summary.tags.iter().map(TagName::of).collect(),
            author: (name.is_some() || url.is_some()).then_some(AuthorInput { name, url }),
            comments_open: summary.comments_open,
            corrections: summary.corrections.iter().map(correction).collect(),
        }
    }

    /// Checks what the schema cannot express.
    pub(super) fn check(&self) -> Result<()> {
        let mut errors: Vec<FieldError> =
            check_not_blank("/headline", &self.headline).into_iter().collect();
        for (at, link) in self.links.iter().enumerate() {
            link.check(&format!("/links/{at}"), &mut errors);
        }
        for (at, tag) in self.tags.iter().enumerate() {
            errors.extend(tag.check(&format!("/tags/{at}")));
        }
        errors.extend(self.lang.as_deref().and_then(|tag| check_language("/lang", tag)));
        let page = self.author.as_ref().and_then(|author| author.url.as_deref());
        errors.extend(page.and_then(|url| check_web_url("/author/url", url)));
        let image = self.image.as_ref().map(|image| image.url.as_str());
        errors.extend(image.and_then(|url| check_web_url("/image/url", url)));
        errors.extend(self.published_at.and_then(|at| check_year("/published_at", at)));
        for (n, correction) in self.corrections.iter().enumerate() {
            errors.extend(check_not_blank(&format!("/corrections/{n}/note"), &correction.note));
            let at = format!("/corrections/{n}/at");
            errors.extend(correction.at.and_then(|time| check_year(&at, time)));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::fields(Code::Invalid, errors)) }
    }

    /// Returns the names of the fields in which two articles differ.
    pub(super) fn changed(before: &serde_json::Value, after: &serde_json::Value) -> Vec<String> {
        let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
            return Vec::new();
        };
        let differs = |name: &&String| before.get(*name) != after.get(*name);
        let mut names: Vec<String> = after.keys().filter(differs).cloned().collect();
        names.extend(before.keys().filter(|name| !after.contains_key(*name)).cloned());
        names
    }
}

/// Returns an error for a time that the database cannot store.
fn check_year(at: &str, time: DateTime<Utc>) -> Option<FieldError> {
    let message = "the year must be 1 to 9999";
    (!(1..=9999).contains(&time.year())).then(|| FieldError::field(at, "out_of_range", message))
}
