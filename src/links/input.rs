//! The input for a link.

use super::model::{Link, LinkRole, RichText};
use crate::error::FieldError;
use crate::validation::{check_not_blank, check_web_url};
use safe_html::{AuthorRole, Markup, RenderOptions, render, render_with};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

/// A text to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextInput {
    /// The text.
    #[schema(max_length = 200_000, example = "Iran launched *airstrikes* in recent days …")]
    pub text: String,
    /// The markup of the text.
    #[serde(default)]
    pub format: TextFormat,
}

/// The markup of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextFormat {
    /// `CommonMark`; HTML within it is sanitised.
    #[default]
    Markdown,
    /// HTML, which is sanitised.
    Html,
}

impl TextFormat {
    /// Returns the text with its HTML. Relative URLs are resolved against `base_url`.
    pub fn rendered(self, text: String, base_url: Option<&Url>) -> RichText {
        let markup = match self {
            Self::Markdown => Markup::Markdown,
            Self::Html => Markup::Html,
        };
        let options = RenderOptions { markup, role: AuthorRole::Editor, base_url };
        let html = render_with(&text, &options);
        RichText { text, html }
    }

    /// Returns the markup of a stored text. It is not stored, so it is found by rendering: Markdown, unless
    /// only HTML gives the stored result.
    pub fn of(text: &str, html: &str) -> Self {
        let rendered = |markup| render(text, markup, AuthorRole::Editor) == html;
        if !text.contains(['<', '&']) || rendered(Markup::Markdown) {
            return Self::Markdown;
        }
        // An older renderer may have made the HTML; then the first character decides.
        if rendered(Markup::Html) || text.trim_start().starts_with('<') {
            return Self::Html;
        }
        Self::Markdown
    }
}

impl TextInput {
    /// Returns the text with its HTML. Relative URLs are resolved against `base_url`.
    pub fn rendered(self, base_url: Option<&Url>) -> RichText {
        self.format.rendered(self.text, base_url)
    }

    /// Returns the input that would store this text again.
    pub fn of(stored: &RichText) -> Self {
        let format = TextFormat::of(&stored.text, &stored.html);
        Self { text: stored.text.clone(), format }
    }
}

/// A source to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkInput {
    /// The id of the stored link, which it keeps. Without an id, a link is matched
    /// by title and URL.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 909)]
    pub id: Option<i64>,
    /// The role in the article.
    #[serde(default = "more")]
    #[schema(default = "more")]
    pub role: LinkRole,
    /// The headline of the source.
    #[schema(
        min_length = 1,
        max_length = 1000,
        example = "US and Iran have been forced on to the same side by Isis"
    )]
    pub title: String,
    /// The URL, http or https; null for a source without one.
    #[serde(default)]
    #[schema(max_length = 10_000, example = "https://www.theguardian.com/world/iran-isis")]
    pub url: Option<String>,
    /// The credit line. It is parsed when `credits` is left out.
    #[serde(default)]
    #[schema(max_length = 500, example = "Ian Black, The Guardian")]
    pub credit: Option<String>,
    /// The outlets and authors. Left out, they are parsed from `credit`, or the outlet is found by the host of
    /// the URL; an empty list credits none.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub credits: Option<Vec<CreditInput>>,
    /// The heading of its section, if the article has sections.
    #[serde(default)]
    #[schema(max_length = 300, example = "Analysis")]
    pub section: Option<String>,
    /// An excerpt from the source.
    #[serde(default)]
    pub quote: Option<TextInput>,
    /// Whether it was read with doubt and should be checked.
    #[serde(default)]
    #[schema(default = false)]
    pub uncertain: bool,
}

fn more() -> LinkRole {
    LinkRole::More
}

/// A publisher of a source, to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditInput {
    /// The outlet. Left out, it is found by the host of the URL.
    #[serde(default)]
    pub outlet: Option<OutletName>,
    /// The authors.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["Ian Black"]))]
    pub bylines: Vec<Byline>,
}

/// The name of an author of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 200, example = "Ian Black")]
pub struct Byline(pub String);

/// A reference to an outlet: by the first of these fields that matches. An alias counts as a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutletName {
    /// The id.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 12)]
    pub id: Option<i64>,
    /// A current or former slug.
    #[serde(default)]
    #[schema(max_length = 200, example = "the-guardian")]
    pub slug: Option<String>,
    /// The name or an alias.
    #[serde(default)]
    #[schema(max_length = 200, example = "The Guardian")]
    pub name: Option<String>,
}

impl LinkInput {
    /// Returns the input that would store this link again.
    pub fn of(link: &Link) -> Self {
        let credit = |credit: &super::Credit| CreditInput {
            outlet: credit.outlet.as_ref().map(|outlet| OutletName {
                id: Some(outlet.id),
                slug: Some(outlet.slug.clone()),
                name: Some(outlet.name.clone()),
            }),
            bylines: credit.bylines.iter().cloned().map(Byline).collect(),
        };
        Self {
            id: Some(link.id),
            role: link.role,
            title: link.title.clone(),
            url: link.url.clone(),
            credit: link.credit.clone(),
            credits: Some(link.credits.iter().map(credit).collect()),
            section: link.section.clone(),
            quote: link.quote.as_ref().map(TextInput::of),
            uncertain: link.uncertain,
        }
    }

    /// Adds the errors that the schema cannot express; `at` is the JSON pointer of the link.
    pub fn check(&self, at: &str, errors: &mut Vec<FieldError>) {
        errors.extend(check_not_blank(&format!("{at}/title"), &self.title));
        errors.extend(self.url.as_deref().and_then(|url| check_web_url(&format!("{at}/url"), url)));
    }
}
