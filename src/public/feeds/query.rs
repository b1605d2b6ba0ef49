//! Builds feeds from articles and comments.

use crate::articles::Article;
use crate::articles::excerpt;
use crate::articles::html::ArticleHtml;
use crate::comments::CommentWithArticle;
use crate::error::Result;
use crate::links::LinkRole;
use crate::permalink::Permalinks;
use crate::public::feeds::model::{Entry, LinkTo, Person, Replies, Source, urn, valid_url};
use crate::schema::site;
use crate::timestamps::Timestamp as _;
use crate::validation::is_web_url;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Returns the id of this site, from which the ids of feeds and entries are made.
pub(super) async fn site_id(conn: &AsyncPgConnection) -> Result<String> {
    let id = site::table.find("id").select(site::value).first(&mut &*conn).await;
    Ok(id.optional()?.unwrap_or_default())
}

/// The author of a comment without a name.
const ANONYMOUS: &str = "Anonymous";

/// The time of the last change of articles that are or were public.
const ARTICLES_CHANGED: &str = "select greatest(
    (select updated_at from articles where status <> 'scheduled' and published_at is not null
     order by updated_at desc limit 1),
    (select max(purged_at) from purged_articles)) as at";

/// The time of the last change of comments that are or were public, among the latest.
const COMMENTS_CHANGED: &str = "select max(coalesce(edited_at, created_at)) as at from (
    select edited_at, created_at from comments where status <> 'pending' order by id desc limit 100) c";

#[derive(QueryableByName)]
struct ChangedRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    at: Option<DateTime<Utc>>,
}

/// Returns the time of the last change of the site's articles, or of its comments.
pub(super) async fn changed(conn: &AsyncPgConnection, comments: bool) -> Result<DateTime<Utc>> {
    let text = if comments { COMMENTS_CHANGED } else { ARTICLES_CHANGED };
    let row: ChangedRow = diesel::sql_query(text).get_result(&mut &*conn).await?;
    Ok(row.at.unwrap_or_default().whole_seconds())
}

/// Returns the URL of an author's page, if it can be followed; an import may have stored any text.
fn page_url(url: &str) -> Option<String> {
    is_web_url(url).then(|| valid_url(url))
}

/// What is needed to build entries.
#[derive(Debug)]
pub(super) struct EntryBuilder<'a> {
    pub(super) site: &'a str,
    pub(super) links: &'a Permalinks,
    pub(super) link: LinkTo,
}

impl EntryBuilder<'_> {
    /// Returns the entry of an article.
    pub(super) fn article(&self, article: &Article) -> Entry {
        let summary = &article.summary;
        let page = self.links.article(summary.id, &summary.slug, summary.published_at);
        let (mut via, mut related) = (None, Vec::new());
        for link in &summary.links {
            let Some(url) = link.url.clone().filter(|url| is_web_url(url)) else { continue };
            let source = Source { url: valid_url(&url), title: link.title.clone() };
            if link.role == LinkRole::Lead && via.is_none() {
                via = Some(source);
            } else {
                related.push(source);
            }
        }
        let to_source = via.as_ref().filter(|_| self.link == LinkTo::Source);
        let author = summary.author.name.clone();
        let corrected = summary.corrections.iter().map(|correction| correction.at).max();
        let updated = summary.updated_at.max(corrected.unwrap_or(summary.updated_at));
        Entry {
            id: self.article_id(article),
            title: summary.headline.clone(),
            url: to_source.map_or(page, |via| via.url.clone()),
            summary: summary.dek.clone().or_else(|| summary.excerpt.clone()),
            html: ArticleHtml::from(article).render(),
            lang: summary.lang.clone(),
            image: summary.image.clone(),
            published: summary.published_at.unwrap_or(summary.updated_at).whole_seconds(),
            updated: updated.whole_seconds(),
            author: author.map(|name| Person {
                name,
                page: summary.author.url.as_deref().and_then(page_url),
            }),
            tags: summary.tags.iter().map(|t| (t.slug.clone(), t.name.clone())).collect(),
            via,
            related,
            replies: Some(Replies {
                feed: self.links.absolute(&format!("/feeds/articles/{}/comments.atom", summary.id)),
                count: summary.comment_count,
            }),
            in_reply_to: None,
        }
    }

    /// Returns the id of an article's entry: that of the feed of the site that it was imported from, so that
    /// feed readers know it.
    fn article_id(&self, article: &Article) -> String {
        let own = || urn(self.site, &format!("article:{}", article.summary.id));
        article.guid.clone().map_or_else(own, |guid| valid_url(&guid))
    }

    /// Returns the entry of a comment.
    pub(super) fn comment(&self, listed: &CommentWithArticle) -> Entry {
        let (comment, article) = (&listed.comment, &listed.article);
        let page = self.links.article(article.id, &article.slug, article.published_at);
        let author = comment.author.as_ref();
        let name = author.and_then(|author| author.name.clone());
        let name = name.unwrap_or_else(|| ANONYMOUS.to_owned());
        let (object, parent) = match comment.parent_id {
            Some(parent) => {
                (format!("comment:{parent}"), self.links.comment(&page, article.id, parent))
            }
            None => (format!("article:{}", article.id), page.clone()),
        };
        // A comment without a time gets that of its article.
        let published = comment.created_at.or(article.published_at).unwrap_or_default();
        let published = published.whole_seconds();
        Entry {
            id: urn(self.site, &format!("comment:{}", comment.id)),
            title: format!("{name} on {}", article.headline),
            url: self.links.comment(&page, article.id, comment.id),
            summary: comment.html.as_deref().and_then(excerpt),
            html: comment.html.clone().unwrap_or_default(),
            published,
            updated: comment.edited_at.map_or(published, |at| at.whole_seconds()),
            author: Some(Person {
                name,
                page: author.and_then(|author| author.url.as_deref()).and_then(page_url),
            }),
            related: vec![Source {
                url: self.links.thread_page(article.id, comment.id),
                title: "The comment in its thread".to_owned(),
            }],
            in_reply_to: Some((urn(self.site, &object), parent)),
            ..Entry::default()
        }
    }
}
