//! Writes the published articles as one Atom feed (RFC 4287) with the whole text of each article,
//! for programs that read feeds.

use super::{ExportError, ExportStream, query_failed};
use crate::articles::html::{ArticleHtml, SourceLine};
use crate::error::Error;
use crate::links::LinkRole;
use atom_syndication as atom;
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

const ARTICLES: &str = "select row_to_json(r)::text from (select a.id, a.slug, a.headline, a.dek, \
        a.quote_html, a.commentary_label, a.commentary_html, a.links_heading, a.author_name, \
        a.published_at, a.updated_at, \
        (select array_agg(t.name order by x.position) from article_tags x \
            join tags t on t.id = x.tag_id where x.article_id = a.id) as tags, \
        (select json_agg(json_build_object('role', l.role, 'title', l.title, 'url', l.url, \
            'credit', l.credit) order by l.position) from links l where l.article_id = a.id) as links \
     from articles a where a.status = 'published' order by a.published_at, a.id) r";

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
    tags: Option<Vec<String>>,
    links: Option<Vec<Link>>,
}

#[derive(Debug, Deserialize)]
struct Link {
    role: String,
    title: String,
    url: Option<String>,
    credit: Option<String>,
}

/// Sends the feed. Its entries are written one by one, as they are read.
pub(super) async fn write(stream: &ExportStream<'_>) -> Result<(), ExportError> {
    let query = "select (select value from site where key = 'database'), \
        to_json(coalesce(max(updated_at), 'epoch')) #>> '{}' \
        from articles where status = 'published'";
    let row = stream.client.query_one(query, &[]).await.map_err(query_failed)?;
    let database: Option<&str> = row.try_get(0).map_err(query_failed)?;
    let updated: &str = row.try_get(1).map_err(query_failed)?;
    let feed_id = format!("urn:uuid:{}", database.unwrap_or_default());
    let feed = atom::Feed {
        id: feed_id.clone(),
        title: "roundup".into(),
        updated: DateTime::parse_from_rfc3339(updated).map_err(internal)?,
        generator: Some(atom::Generator { value: "roundup".to_owned(), ..Default::default() }),
        ..atom::Feed::default()
    };
    let empty = xml(feed.write_to(Vec::new()))?;
    let head = empty.strip_suffix(END).unwrap_or(&empty);
    stream.send(format!("{head}\n")).await?;
    let config = atom::WriteConfig { write_document_declaration: false, indent_size: None };
    let convert = |row: &str| {
        let article: Article = serde_json::from_str(row).map_err(internal)?;
        let entry = entry(&article, &feed_id);
        Ok(xml(entry.write_with_config(Vec::new(), config))? + "\n")
    };
    stream.send_rows(ARTICLES, convert).await?;
    stream.send(format!("{END}\n")).await
}

/// The end of the feed, after its entries.
const END: &str = "</feed>";

fn internal(error: impl Into<anyhow::Error>) -> ExportError {
    ExportError::Failed(Box::new(Error::internal(error)))
}

/// Returns what the library wrote as text.
fn xml(written: Result<Vec<u8>, atom::Error>) -> Result<String, ExportError> {
    String::from_utf8(written.map_err(internal)?).map_err(internal)
}

fn entry(article: &Article, feed_id: &str) -> atom::Entry {
    let link = |rel: &str, href: &str| atom::Link {
        rel: rel.to_owned(),
        href: href.to_owned(),
        ..atom::Link::default()
    };
    let sources = article.links.iter().flatten();
    let alternate = link("alternate", &format!("/api/v1/articles/{}", article.slug));
    let related = sources.filter_map(|source| Some(link("related", source.url.as_deref()?)));
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
        links: std::iter::once(alternate).chain(related).collect(),
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
        sources: article.links.iter().flatten().map(Link::line).collect(),
        quote_html: article.quote_html.as_deref(),
        commentary_label: article.commentary_label.as_deref(),
        commentary_html: article.commentary_html.as_deref(),
        links_heading: article.links_heading.as_deref(),
    }
    .render()
}

impl Link {
    fn line(&self) -> SourceLine<'_> {
        SourceLine {
            role: LinkRole::from_stored(&self.role),
            title: &self.title,
            url: self.url.as_deref(),
            credit: self.credit.as_deref(),
        }
    }
}
