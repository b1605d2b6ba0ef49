//! An article with the comments and related articles of its page.

use crate::articles::Article;
use crate::comments::Comment;
use crate::page::Page;
use crate::public::related::RelatedArticle;
use serde::Serialize;
use utoipa::ToSchema;

/// An article: one post of the roundup.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Article)]
pub struct ArticlePage {
    /// The article itself.
    #[serde(flatten)]
    pub article: Article,
    /// The first of its comments, with `include=comments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comments: Option<Page<Comment>>,
    /// The most related articles, with `include=related`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub related: Option<Page<RelatedArticle>>,
}

impl ArticlePage {
    /// Returns a page with every field filled, for the documentation and for `fields=`.
    pub fn sample() -> Self {
        Self {
            article: Article::sample(),
            comments: Some(Page::sample(Comment::sample())),
            related: Some(Page::sample(RelatedArticle::sample())),
        }
    }
}
