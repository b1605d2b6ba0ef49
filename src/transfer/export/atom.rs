//! Writes all published articles as one Atom feed (RFC 4287) with full text and their comments, for import into other
//! programs.

use super::{ExportError, ExportStream, internal_error};
use crate::articles::html::{ArticleHtml, SourceLine};
use crate::articles::{ArticleImage, Correction};
use crate::links::LinkRole;
use crate::permalink::Permalinks;
use anyhow::anyhow;
use atom_syndication as atom;
use atom_syndication::extension::Extension;
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use std::collections::BTreeMap;

const ARTICLES: &str = "select row_to_json(r)::text from (select a.id, a.slug, a.headline, a.dek, \
        a.quote_html, a.commentary_label, a.commentary_html, a.links_heading, a.author_name, \
        a.published_at, a.updated_at, a.corrections, a.image, \
        (select array_agg(t.name order by x.position) from article_tags x \
            join tags t on t.id = x.tag_id where x.article_id = a.id) as tags, \
        (select json_agg(json_build_object('role', l.role, 'title', l.title, 'url', l.url, \
            'credit', l.credit) order by l.position) from links l where l.article_id = a.id) as links \
     from articles a where a.status = 'published' order by a.published_at, a.id) r";

const COMMENTS: &str = "select row_to_json(r)::text from (select c.id, c.parent_id, c.article_id, a.slug, \
        a.headline, a.published_at as article_published_at, c.author_name, c.author_url, c.html, \
        c.created_at \
     from comments c join articles a on a.id = c.article_id \
     where a.status = 'published' and c.status = 'approved' \
     order by a.published_at, a.id, c.path) r";

/// The namespace of replies (RFC 4685).
const THREAD: &str = "http://purl.org/syndication/thread/1.0";

#[derive(Debug, Deserialize)]
struct Comment {
    id: i64,
    parent_id: Option<i64>,
    article_id: i64,
    slug: String,
    headline: String,
    article_published_at: DateTime<FixedOffset>,
    author_name: Option<String>,
    author_url: Option<String>,
    html: String,
    created_at: Option<DateTime<FixedOffset>>,
}

#[derive(Debug, Deserialize)]
struct Article {
    id: i64,
    slug: String,
    headline: String,
    dek: Option<String>,
    quote_html: Option<String>,
    commentary_label: Option<String>,
    commentary_html: Option<String>,
    links_heading: Option<String>,
    author_name: Option<String>,
    published_at: DateTime<FixedOffset>,
    updated_at: DateTime<FixedOffset>,
    image: Option<ArticleImage>,
    #[serde(default)]
    corrections: Vec<Correction>,
    tags: Option<Vec<String>>,
    links: Option<Vec<Link>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Link {
    role: String,
    title: String,
    url: Option<String>,
    credit: Option<String>,
}

/// The end of the feed, after its entries.
const FEED_END_TAG: &str = "</feed>";

/// Sends the feed. Entries are streamed one at a time.
pub(super) async fn write(
    stream: &ExportStream<'_>,
    permalinks: &Permalinks,
) -> Result<(), ExportError> {
    let query = "select to_json(coalesce(max(updated_at), 'epoch')) #>> '{}' \
        from articles where status = 'published'";
    let row = stream.client.query_one(query, &[]).await.map_err(internal_error)?;
    let updated: &str = row.try_get(0).map_err(internal_error)?;
    let feed_id = format!("urn:uuid:{}", stream.database_id().await?);
    let feed = atom::Feed {
        id: feed_id.clone(),
        title: "roundup".into(),
        updated: DateTime::parse_from_rfc3339(updated).map_err(internal_error)?,
        generator: Some(atom::Generator { value: "roundup".to_owned(), ..Default::default() }),
        namespaces: BTreeMap::from([("thr".to_owned(), THREAD.to_owned())]),
        ..atom::Feed::default()
    };
    let empty_feed = to_xml_string(feed.write_to(Vec::new()))?;
    let head = empty_feed
        .strip_suffix(FEED_END_TAG)
        .ok_or_else(|| internal_error(anyhow!("the feed does not end with {FEED_END_TAG}")))?;
    stream.send(format!("{head}\n")).await?;
    let config = atom::WriteConfig { write_document_declaration: false, indent_size: None };
    let convert = |row: &str| {
        let article: Article = serde_json::from_str(row).map_err(internal_error)?;
        let entry = entry(&article, &feed_id, permalinks);
        Ok(to_xml_string(entry.write_with_config(Vec::new(), config))? + "\n")
    };
    stream.send_rows(ARTICLES, convert).await?;
    let convert = |row: &str| {
        let comment: Comment = serde_json::from_str(row).map_err(internal_error)?;
        let entry = comment_entry(&comment, &feed_id, permalinks);
        Ok(to_xml_string(entry.write_with_config(Vec::new(), config))? + "\n")
    };
    stream.send_rows(COMMENTS, convert).await?;
    stream.send(format!("{FEED_END_TAG}\n")).await
}

/// Returns the entry of a comment (RFC 4685): it replies to the entry of its article, and to that of the
/// comment that it answers.
fn comment_entry(comment: &Comment, feed_id: &str, permalinks: &Permalinks) -> atom::Entry {
    let page = permalinks.article(
        comment.article_id,
        &comment.slug,
        Some(comment.article_published_at.to_utc()),
    );
    let id = |comment: i64| format!("{feed_id}#comment-{comment}");
    let reply = |to: String, href: String| Extension {
        name: "thr:in-reply-to".to_owned(),
        attrs: BTreeMap::from([("ref".to_owned(), to), ("href".to_owned(), href)]),
        ..Extension::default()
    };
    let article = reply(format!("{feed_id}#{}", comment.article_id), page.clone());
    let parent =
        comment.parent_id.map(|parent| reply(id(parent), format!("{page}#comment-{parent}")));
    let replies = std::iter::once(article).chain(parent).collect();
    let author = comment.author_name.as_deref().unwrap_or("Anonymous");
    let url = format!("{page}#comment-{}", comment.id);
    atom::Entry {
        id: id(comment.id),
        title: format!("{author} on {}", comment.headline).as_str().into(),
        published: comment.created_at,
        updated: comment.created_at.unwrap_or(comment.article_published_at),
        authors: vec![atom::Person {
            name: author.to_owned(),
            uri: comment.author_url.clone(),
            ..Default::default()
        }],
        links: vec![atom::Link { rel: "alternate".to_owned(), href: url, ..Default::default() }],
        content: Some(atom::Content {
            value: Some(comment.html.clone()),
            content_type: Some("html".to_owned()),
            ..atom::Content::default()
        }),
        extensions: BTreeMap::from([(
            "thr".to_owned(),
            BTreeMap::from([("in-reply-to".to_owned(), replies)]),
        )]),
        ..atom::Entry::default()
    }
}

/// Converts the output of the Atom library to a string.
fn to_xml_string(output: Result<Vec<u8>, atom::Error>) -> Result<String, ExportError> {
    String::from_utf8(output.map_err(internal_error)?).map_err(internal_error)
}

fn entry(article: &Article, feed_id: &str, permalinks: &Permalinks) -> atom::Entry {
    let link = |rel: &str, href: &str| atom::Link {
        rel: rel.to_owned(),
        href: href.to_owned(),
        ..atom::Link::default()
    };
    let published_at = Some(article.published_at.to_utc());
    let page = permalinks.article(article.id, &article.slug, published_at);
    let alternate = link("alternate", &page);
    let links = article.links.iter().flatten();
    let related = links.filter_map(|source| Some(link("related", source.url.as_deref()?)));
    let image = article.image.as_ref().map(|image| link("enclosure", &image.url));
    let category = |tag: &String| atom::Category { term: tag.clone(), ..Default::default() };
    // An entry must name an author, because the feed names none.
    let author = article.author_name.as_deref().unwrap_or("The editor");
    atom::Entry {
        id: format!("{feed_id}#{}", article.id),
        title: article.headline.as_str().into(),
        published: Some(article.published_at),
        updated: article.updated_at,
        authors: vec![atom::Person { name: author.to_owned(), ..Default::default() }],
        categories: article.tags.iter().flatten().map(category).collect(),
        links: std::iter::once(alternate).chain(related).chain(image).collect(),
        summary: article.dek.as_deref().map(Into::into),
        content: Some(atom::Content {
            value: Some(html(article)),
            content_type: Some("html".to_owned()),
            ..atom::Content::default()
        }),
        ..atom::Entry::default()
    }
}

fn html(article: &Article) -> String {
    ArticleHtml {
        dek: article.dek.as_deref(),
        sources: article.links.iter().flatten().map(Link::to_source_line).collect(),
        quote_html: article.quote_html.as_deref(),
        commentary_label: article.commentary_label.as_deref(),
        commentary_html: article.commentary_html.as_deref(),
        links_heading: article.links_heading.as_deref(),
        corrections: &article.corrections,
    }
    .render()
}

impl Link {
    pub(super) fn to_source_line(&self) -> SourceLine<'_> {
        SourceLine {
            role: LinkRole::from_stored(&self.role),
            title: &self.title,
            url: self.url.as_deref(),
            credit: self.credit.as_deref(),
        }
    }
}
