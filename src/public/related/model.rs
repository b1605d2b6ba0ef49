//! A related article, and why it is one.

use crate::articles::ArticleSummary;
use crate::links::CitingArticle;
use crate::openapi::ShortText;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An article that has something to do with another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedArticle {
    /// The article, as lists show it.
    pub article: ArticleSummary,
    /// How much the two have in common, from 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.8)]
    pub score: f64,
    /// What they have in common, what says most first.
    #[schema(max_items = 4)]
    pub reasons: Vec<Reason>,
}

/// Something that two articles have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// What it is; the member of that name lists it.
    pub kind: Kind,
    /// How many.
    #[schema(minimum = 1, maximum = 10_000, example = 2)]
    pub count: i64,
    /// The related article's links to addresses that both cite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 500)]
    pub links: Option<Vec<SharedLink>>,
    /// Outlets that both credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 500)]
    pub outlets: Option<Vec<Shared>>,
    /// Tags that both have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 50)]
    pub tags: Option<Vec<Shared>>,
    /// Stems of words in both headlines and titles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 50, value_type = Vec<ShortText>, example = json!(["airstrik", "iran"]))]
    pub words: Option<Vec<String>>,
}

/// What two articles may have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReasonKind)]
#[expect(clippy::enum_variant_names, reason = "the variants are what the wire calls them")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Addresses, however they are written.
    SharedLinks,
    /// Outlets, those that few articles credit above all.
    SharedOutlets,
    /// Tags, those that few articles have above all.
    SharedTags,
    /// Words in headlines and titles, rare ones above all.
    SharedWords,
}

/// A link to an address that both cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedLink {
    /// Its id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 909)]
    pub id: i64,
    /// The headline of the source.
    #[schema(
        max_length = 1000,
        example = "US and Iran have been forced on to the same side by Isis"
    )]
    pub title: String,
    /// Its address as the editor wrote it.
    #[schema(max_length = 10_000, example = "https://www.theguardian.com/world/iran-isis")]
    pub url: String,
}

/// An outlet or a tag that both have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shared {
    /// Its name in addresses.
    #[schema(max_length = 200, example = "reuters")]
    pub slug: String,
    /// Its name.
    #[schema(max_length = 200, example = "Reuters")]
    pub name: String,
}

impl RelatedArticle {
    /// One with every member: for the documentation and for `fields=`.
    pub fn sample() -> Self {
        let reason =
            |kind| Reason { kind, count: 1, links: None, outlets: None, tags: None, words: None };
        let link = SharedLink {
            id: 909,
            title: "US and Iran have been forced on to the same side by Isis".into(),
            url: "https://www.theguardian.com/world/iran-isis".into(),
        };
        let outlet = Shared { slug: "reuters".into(), name: "Reuters".into() };
        let tag = Shared { slug: "iraq".into(), name: "Iraq".into() };
        let reasons = vec![Reason {
            links: Some(vec![link]),
            outlets: Some(vec![outlet]),
            tags: Some(vec![tag]),
            words: Some(vec!["iran".into()]),
            ..reason(Kind::SharedLinks)
        }];
        Self { article: ArticleSummary::sample(), score: 0.8, reasons }
    }

    /// What the documentation shows.
    pub(super) fn example() -> Self {
        let mut one = Self::sample();
        for reason in &mut one.reasons {
            (reason.outlets, reason.tags, reason.words) = (None, None, None);
        }
        one
    }
}

/// How far to look.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RelatedQuery {
    /// How many days before and after the article's own to look.
    #[serde(default)]
    #[param(minimum = 1, maximum = 3650, default = 30)]
    pub(super) days: Option<i32>,
    /// Only these fields of each item: `fields=score,article.slug`.
    #[param(max_length = 1000)]
    pub(super) fields: Option<String>,
}

/// An article that comes before or after another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Neighbour {
    /// The article.
    #[serde(flatten)]
    pub(super) article: CitingArticle,
}

/// The articles before and after one, by the time of publication.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Adjacent {
    /// The one published before it; null for the first.
    pub(super) previous: Option<Neighbour>,
    /// The one published after it; null for the latest.
    pub(super) next: Option<Neighbour>,
}

impl Adjacent {
    /// What the documentation shows.
    pub(super) fn sample() -> Self {
        let article = crate::links::ListedLink::sample().article;
        Self { previous: Some(Neighbour { article }), next: None }
    }
}
