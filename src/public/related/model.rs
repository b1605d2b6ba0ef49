//! The JSON types of related articles.

use crate::articles::ArticleSummary;
use crate::links::CitingArticle;
use crate::openapi::ShortText;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An article that is related to another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedArticle {
    /// The article, as lists show it.
    pub article: ArticleSummary,
    /// The similarity, from 0 to 1.
    #[schema(minimum = 0.0, maximum = 1.0, example = 0.8)]
    pub score: f64,
    /// The reasons, the strongest first.
    #[schema(max_items = 4)]
    pub reasons: Vec<RelatedReason>,
}

/// A reason why two articles are related.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelatedReason {
    /// The kind; the field of this name has the details.
    pub kind: Kind,
    /// The number of shared objects.
    #[schema(minimum = 1, maximum = 10_000, example = 2)]
    pub count: i64,
    /// The related article's links to pages that both cite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 500)]
    pub links: Option<Vec<SharedLink>>,
    /// The outlets that both credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 500)]
    pub outlets: Option<Vec<SharedObject>>,
    /// The tags that both have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 50)]
    pub tags: Option<Vec<SharedObject>>,
    /// The stems of words in the headlines and titles of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 50, value_type = Vec<ShortText>, example = json!(["airstrik", "iran"]))]
    pub words: Option<Vec<String>>,
}

/// The kind of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RelatedReasonKind)]
#[expect(clippy::enum_variant_names, reason = "the variants are named after the JSON values")]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// URLs, whatever their spelling.
    SharedLinks,
    /// Outlets; rarely credited ones count more.
    SharedOutlets,
    /// Tags; rare ones count more.
    SharedTags,
    /// Words in headlines and titles; rare ones count more.
    SharedWords,
}

/// A link to a page that both cite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedLink {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 909)]
    pub id: i64,
    /// The headline of the source.
    #[schema(
        max_length = 1000,
        example = "US and Iran have been forced on to the same side by Isis"
    )]
    pub title: String,
    /// The URL as the editor wrote it.
    #[schema(max_length = 10_000, example = "https://www.theguardian.com/world/iran-isis")]
    pub url: String,
}

/// An outlet or a tag that both have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SharedObject {
    /// The slug.
    #[schema(max_length = 200, example = "reuters")]
    pub slug: String,
    /// The name.
    #[schema(max_length = 200, example = "Reuters")]
    pub name: String,
}

impl RelatedArticle {
    /// Returns an example with every field present, for the documentation and for `fields`.
    pub fn sample() -> Self {
        let reason = |kind| RelatedReason {
            kind,
            count: 1,
            links: None,
            outlets: None,
            tags: None,
            words: None,
        };
        let link = SharedLink {
            id: 909,
            title: "US and Iran have been forced on to the same side by Isis".into(),
            url: "https://www.theguardian.com/world/iran-isis".into(),
        };
        let outlet = SharedObject { slug: "reuters".into(), name: "Reuters".into() };
        let tag = SharedObject { slug: "iraq".into(), name: "Iraq".into() };
        let reasons = vec![RelatedReason {
            links: Some(vec![link]),
            outlets: Some(vec![outlet]),
            tags: Some(vec![tag]),
            words: Some(vec!["iran".into()]),
            ..reason(Kind::SharedLinks)
        }];
        Self { article: ArticleSummary::sample(), score: 0.8, reasons }
    }

    /// Returns an example for the documentation.
    pub(super) fn example() -> Self {
        let mut one = Self::sample();
        for reason in &mut one.reasons {
            (reason.outlets, reason.tags, reason.words) = (None, None, None);
        }
        one
    }
}

/// The query parameters of the list of related articles.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RelatedQuery {
    /// The number of days before and after the article's publication to search.
    #[serde(default)]
    #[param(minimum = 1, maximum = 3650, default = 30)]
    pub(super) days: Option<i32>,
    /// Only these fields of each item: `fields=score,article.slug`.
    #[param(max_length = 1000)]
    pub(super) fields: Option<String>,
}

/// The article before or after another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AdjacentArticle {
    /// The article.
    #[serde(flatten)]
    pub(super) article: CitingArticle,
}

/// The articles before and after one, by the time of publication.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct AdjacentArticles {
    /// The one published before it; null for the first.
    pub(super) previous: Option<AdjacentArticle>,
    /// The one published after it; null for the latest.
    pub(super) next: Option<AdjacentArticle>,
}

impl AdjacentArticles {
    /// Returns an example for the documentation.
    pub(super) fn sample() -> Self {
        let article = crate::links::LinkWithArticle::sample().article;
        Self { previous: Some(AdjacentArticle { article }), next: None }
    }
}
