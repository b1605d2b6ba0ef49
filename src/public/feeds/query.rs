//! Builds feeds from articles and comments.

use crate::articles::Article;
use crate::articles::html::ArticleHtml;
use crate::comments::CommentWithArticle;
use crate::error::Result;
use crate::links::LinkRole;
use crate::permalink::Permalinks;
use crate::public::feeds::model::{Entry, LinkTo, Person, Replies, Source, urn};
use crate::schema::site;
use crate::validation::is_web_url;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Returns the id of this site, from which the ids of feeds and entries are made.
pub(super) async fn site_id(conn: &AsyncPgConnection) -> Result<String> {
    let id = site::table.find("id").select(site::value).first(&mut &*conn).await;
    Ok(id.optional()?.unwrap_or_default())
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
            let source = Source { url, title: link.title.clone() };
            if link.role == LinkRole::Lead && via.is_none() {
                via = Some(source);
            } else {
                related.push(source);
            }
        }
        let to_source = via.as_ref().filter(|_| self.link == LinkTo::Source);
        let author = summary.author.name.clone();
        Entry {
            id: urn(self.site, &format!("article:{}", summary.id)),
            title: summary.headline.clone(),
            url: to_source.map_or(page, |via| via.url.clone()),
            summary: summary.dek.clone(),
            html: ArticleHtml::from(article).render(),
            lang: summary.lang.clone(),
            image: summary.image.clone(),
            published: summary.published_at.unwrap_or(summary.updated_at),
            updated: summary.updated_at,
            author: author.map(|name| Person { name, page: summary.author.url.clone() }),
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

    /// Returns the entry of a comment.
    pub(super) fn comment(&self, listed: &CommentWithArticle) -> Entry {
        let (comment, article) = (&listed.comment, &listed.article);
        let page = self.links.article(article.id, &article.slug, article.published_at);
        let author = comment.author.as_ref();
        let name = author.and_then(|author| author.name.clone());
        let by = name.as_ref().map(|name| format!("{name} on ")).unwrap_or_default();
        let (object, parent) = match comment.parent_id {
            Some(parent) => {
                (format!("comment:{parent}"), self.links.comment(&page, article.id, parent))
            }
            None => (format!("article:{}", article.id), page.clone()),
        };
        // A comment without a time gets that of its article.
        let published = comment.created_at.or(article.published_at).unwrap_or_default();
        Entry {
            id: urn(self.site, &format!("comment:{}", comment.id)),
            title: format!("{by}{}", article.headline),
            url: self.links.comment(&page, article.id, comment.id),
            html: comment.html.clone().unwrap_or_default(),
            published,
            updated: comment.edited_at.unwrap_or(published),
            author: name.map(|name| Person { name, page: author.and_then(|a| a.url.clone()) }),
            related: vec![Source {
                url: self.links.thread_page(article.id, comment.id),
                title: "The comment in its thread".to_owned(),
            }],
            in_reply_to: Some((urn(self.site, &object), parent)),
            ..Entry::default()
        }
    }
}
