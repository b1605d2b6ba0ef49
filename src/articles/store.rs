//! Writes articles with their links, credits and tags.
//!
//! Everything runs in the caller's transaction, so no reader sees half an article.

use super::image::ArticleImage;
use super::model::{ArticleAuthor, ArticleStatus, Commentary, Correction};
use super::slugs;
pub(crate) use super::slugs::free as free_slug;
use crate::error::{Error, Result};
use crate::links::{self, NewLink, RichText};
use crate::schema::articles;
use crate::tags::{self, TagName};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::slugify;
use sha2::{Digest as _, Sha256};

/// An article to store: its texts are rendered, its outlets resolved.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The status.
    pub status: ArticleStatus,
    /// The headline, from which the slug is made.
    pub headline: String,
    /// The line below the headline.
    pub dek: Option<String>,
    /// The language as a BCP 47 tag.
    pub lang: Option<String>,
    /// The picture.
    pub image: Option<ArticleImage>,
    /// The excerpt from the lead source.
    pub quote: Option<RichText>,
    /// The editor's commentary.
    pub commentary: Option<Commentary>,
    /// The heading of the further sources.
    pub links_heading: Option<String>,
    /// The author.
    pub author: ArticleAuthor,
    /// The time of publication, past or future.
    pub published_at: Option<DateTime<Utc>>,
    /// Whether the source gave no date.
    pub published_at_uncertain: bool,
    /// Whether readers can comment.
    pub comments_open: bool,
    /// The corrections.
    pub corrections: Vec<Correction>,
    /// The number of outlets that the sources credit.
    pub outlet_count: i32,
    /// The sources in order.
    pub links: Vec<NewLink>,
    /// The names of the tags in order.
    pub tags: Vec<String>,
    /// The source of an imported article.
    pub origin: Option<Origin>,
}

impl Draft {
    /// Returns the time of publication, if the article is public.
    pub fn public_since(&self) -> Option<DateTime<Utc>> {
        self.published_at.filter(|_| self.status == ArticleStatus::Published)
    }
}

/// The identity of an imported article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The kind of source, such as `roundup` or `blogger`.
    pub source: String,
    /// The id in the source.
    pub id: String,
    /// The hash of the whole record: equal hashes mean equal records.
    pub hash: Vec<u8>,
    /// The id in the feeds of its site.
    pub guid: Option<String>,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = articles, treat_none_as_null = true)]
struct Row<'a> {
    status: &'a str,
    headline: &'a str,
    dek: Option<&'a str>,
    lang: Option<&'a str>,
    image: Option<serde_json::Value>,
    quote_text: Option<&'a str>,
    quote_html: Option<&'a str>,
    commentary_label: Option<&'a str>,
    commentary_text: Option<&'a str>,
    commentary_html: Option<&'a str>,
    links_heading: Option<&'a str>,
    author_name: Option<&'a str>,
    author_url: Option<&'a str>,
    published_at: Option<DateTime<Utc>>,
    published_at_uncertain: bool,
    outlet_count: i32,
    comments_open: bool,
    corrections: serde_json::Value,
    updated_at: DateTime<Utc>,
    /// None: an edit may have removed the reason.
    publish_error: Option<&'a str>,
}

/// The columns of the source, which an edit does not change.
#[derive(Insertable)]
#[diesel(table_name = articles)]
struct OriginRow<'a> {
    source: Option<&'a str>,
    source_id: Option<&'a str>,
    source_hash: Option<&'a [u8]>,
    guid: Option<&'a str>,
}

impl<'a> OriginRow<'a> {
    fn of(draft: &'a Draft) -> Self {
        let origin = draft.origin.as_ref();
        Self {
            source: origin.map(|origin| origin.source.as_str()),
            source_id: origin.map(|origin| origin.id.as_str()),
            source_hash: origin.map(|origin| origin.hash.as_slice()),
            guid: origin.and_then(|origin| origin.guid.as_deref()),
        }
    }
}

impl<'a> Row<'a> {
    fn of(draft: &'a Draft, now: DateTime<Utc>) -> Result<Self> {
        let (quote, commentary) = (draft.quote.as_ref(), draft.commentary.as_ref());
        Ok(Self {
            status: draft.status.as_str(),
            headline: &draft.headline,
            dek: draft.dek.as_deref(),
            lang: draft.lang.as_deref(),
            image: draft
                .image
                .as_ref()
                .map(serde_json::to_value)
                .transpose()
                .map_err(Error::internal)?,
            quote_text: quote.map(|quote| quote.text.as_str()),
            quote_html: quote.map(|quote| quote.html.as_str()),
            commentary_label: commentary.and_then(|c| c.label.as_deref()),
            commentary_text: commentary.map(|c| c.text.as_str()),
            commentary_html: commentary.map(|c| c.html.as_str()),
            links_heading: draft.links_heading.as_deref(),
            author_name: draft.author.name.as_deref(),
            author_url: draft.author.url.as_deref(),
            published_at: draft.published_at,
            published_at_uncertain: draft.published_at_uncertain,
            outlet_count: draft.outlet_count,
            comments_open: draft.comments_open,
            corrections: serde_json::to_value(&draft.corrections).map_err(Error::internal)?,
            updated_at: now,
            publish_error: None,
        })
    }
}

/// Returns the hash by which the path of a former URL is found.
pub fn path_hash(path: &str) -> Vec<u8> {
    Sha256::digest(path.as_bytes()).to_vec()
}

/// Stores a new article under a free slug. The caller must then call `refresh_articles`, once for
/// many articles.
///
/// # Errors
/// 409 when the slug was taken meanwhile.
pub async fn add(
    conn: &mut AsyncPgConnection,
    draft: &Draft,
    slug: &str,
    now: DateTime<Utc>,
) -> Result<i64> {
    let id = insert_under(conn, draft, slug, now).await?;
    let id = id.ok_or_else(|| slugs::taken(slug))?;
    fill(conn, id, draft, now).await?;
    Ok(id)
}

/// Stores the row of a new article without its links and tags, under this slug or one made from
/// its headline; returns its id.
///
/// # Errors
/// 409 when the slug is given and taken.
pub(crate) async fn insert_row(
    conn: &mut AsyncPgConnection,
    draft: &Draft,
    slug: Option<&str>,
    now: DateTime<Utc>,
) -> Result<i64> {
    if let Some(slug) = slug {
        slugs::claim(conn, slug, None).await?;
        let id = insert_under(conn, draft, slug, now).await?;
        return id.ok_or_else(|| slugs::taken(slug));
    }
    let base = slugify(&draft.headline);
    loop {
        let slug = slugs::free(conn, &base).await?;
        // Another transaction may have taken the slug meanwhile; the next round then sees it.
        if let Some(id) = insert_under(conn, draft, &slug, now).await? {
            return Ok(id);
        }
    }
}

async fn insert_under(
    conn: &mut AsyncPgConnection,
    draft: &Draft,
    slug: &str,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    let row = (
        Row::of(draft, now)?,
        OriginRow::of(draft),
        articles::slug.eq(slug),
        articles::created_at.eq(now),
    );
    let id = diesel::insert_into(articles::table)
        .values(row)
        .on_conflict(articles::slug)
        .do_nothing()
        .returning(articles::id)
        .get_result(conn)
        .await;
    Ok(id.optional()?)
}

/// Updates the row of an article, without its source, links and tags; returns its
/// new version.
///
/// # Errors
/// 409 when another article has the slug.
pub(crate) async fn update_row(
    conn: &mut AsyncPgConnection,
    id: i64,
    draft: &Draft,
    (former, slug): (&str, &str),
    now: DateTime<Utc>,
) -> Result<i32> {
    if former != slug {
        slugs::claim(conn, slug, Some(id)).await?;
        slugs::retire(conn, former, slug, id).await?;
    }
    let version = diesel::update(articles::table.find(id))
        .set((
            Row::of(draft, now)?,
            articles::slug.eq(slug),
            articles::version.eq(articles::version + 1),
        ))
        .returning(articles::version)
        .get_result(conn)
        .await;
    version.map_err(|error| slugs::or_taken(error, slug))
}

/// Replaces an article and keeps its slug, and its links unless they have changed. The caller must then call
/// `refresh_articles`, once for many articles.
///
/// # Errors
/// When the database fails.
pub async fn rewrite(
    conn: &mut AsyncPgConnection,
    id: i64,
    draft: &Draft,
    links_changed: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::update(articles::table.find(id))
        .set((Row::of(draft, now)?, articles::version.eq(articles::version + 1)))
        .execute(conn)
        .await?;
    if links_changed {
        links::delete_of(conn, id).await?;
        links::insert(conn, id, &draft.links, draft.public_since()).await?;
    }
    set_tags(conn, id, draft, now).await
}

async fn fill(
    conn: &mut AsyncPgConnection,
    id: i64,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<()> {
    links::insert(conn, id, &draft.links, draft.public_since()).await?;
    set_tags(conn, id, draft, now).await
}

async fn set_tags(
    conn: &mut AsyncPgConnection,
    id: i64,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<()> {
    let names: Vec<TagName> = draft.tags.iter().cloned().map(TagName::from).collect();
    let tags = tags::named(conn, &names, now).await?;
    tags::replace(conn, id, &tags).await?;
    Ok(())
}
