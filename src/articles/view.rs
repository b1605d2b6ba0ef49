//! What an article shows beyond its row: its URLs, and whether readers can comment now.

use super::comment_period::CommentPeriod;
use super::model::ArticleSummary;
use crate::permalink::Permalinks;
use crate::state::State;
use std::sync::Arc;

/// What depends on the settings and the time.
#[derive(Debug, Clone)]
pub struct ArticleView {
    /// When comments close.
    period: CommentPeriod,
    links: Arc<Permalinks>,
}

impl ArticleView {
    /// Returns the view of this site, now.
    pub fn of(state: &State) -> Self {
        Self { period: CommentPeriod::of(state), links: Arc::clone(state.permalinks()) }
    }

    /// Completes an article for readers: sets its URLs, and `comments_open` to false if the period is over.
    pub fn apply(&self, article: &mut ArticleSummary) {
        self.period.apply(article);
        self.set_urls(article);
    }

    /// Completes an article for editors, who see `comments_open` as they set it.
    pub fn set_urls(&self, article: &mut ArticleSummary) {
        article.url = self.links.path(&article.url);
        article.page_url = self.links.page(article.id, &article.slug, article.published_at);
    }
}
