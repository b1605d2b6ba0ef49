//! What is published, as one Atom feed (RFC 4287) with the whole text of each article: its quote,
//! its commentary and its sources. For programs that do not know what a roundup is.

use super::{Pieces, Stop, failed};
use crate::error::Error;
use quick_xml::escape::escape;
use serde::Deserialize;
use std::fmt::Write as _;

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
    published_at: String,
    updated_at: String,
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

pub(super) async fn write(pieces: &Pieces<'_>) -> Result<(), Stop> {
    let facts = "select (select value from site where key = 'database'), \
        coalesce(to_json(max(updated_at)) #>> '{}', '1970-01-01T00:00:00+00:00') \
        from articles where status = 'published'";
    let row = pieces.client.query_one(facts, &[]).await.map_err(failed)?;
    let database: Option<&str> = row.try_get(0).map_err(failed)?;
    let (database, updated): (_, &str) =
        (database.unwrap_or_default(), row.try_get(1).map_err(failed)?);
    let head = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>urn:uuid:{database}</id>\n<title>roundup</title>\n<updated>{updated}</updated>\n\
         <generator>roundup</generator>\n"
    );
    pieces.send(head).await?;
    let line = |row: &str| match serde_json::from_str::<Article>(row) {
        Ok(article) => Ok(entry(&article, database)),
        Err(error) => Err(Stop::Failed(Box::new(Error::internal(error)))),
    };
    pieces.each(ARTICLES, line).await?;
    pieces.send("</feed>\n".to_owned()).await
}

fn entry(article: &Article, database: &str) -> String {
    let text = |tag: &str, text: &str| format!("<{tag}>{}</{tag}>\n", escape(text));
    let mut xml = format!("<entry>\n<id>urn:uuid:{database}#{}</id>\n", article.id);
    xml += &text("title", &article.headline);
    xml += &text("published", &article.published_at);
    xml += &text("updated", &article.updated_at);
    let name = article.author_name.as_deref().unwrap_or("The editor");
    let _ = writeln!(xml, "<author><name>{}</name></author>", escape(name));
    let address = format!("/api/v1/articles/{}", article.slug);
    let _ = writeln!(xml, "<link rel=\"alternate\" href=\"{}\"/>", escape(&address));
    for tag in article.tags.iter().flatten() {
        let _ = writeln!(xml, "<category term=\"{}\"/>", escape(tag));
    }
    for url in article.links.iter().flatten().filter_map(|link| link.url.as_deref()) {
        let _ = writeln!(xml, "<link rel=\"related\" href=\"{}\"/>", escape(url));
    }
    if let Some(dek) = &article.dek {
        xml += &text("summary", dek);
    }
    let _ = writeln!(xml, "<content type=\"html\">{}</content>", escape(content(article)));
    xml + "</entry>\n"
}

/// The article as a page shows it: lead, quote, further sources, commentary.
fn content(article: &Article) -> String {
    let (mut html, mut list) = (String::new(), String::new());
    for link in article.links.iter().flatten() {
        match link.role.as_str() {
            "lead" => html += &format!("<p><b>{}</b></p>\n", source(link)),
            "more" => list += &format!("<li>{}</li>\n", source(link)),
            // These stand in the text.
            _ => {}
        }
    }
    if let Some(quote) = &article.quote_html {
        let _ = writeln!(html, "<blockquote>{quote}</blockquote>");
    }
    if !list.is_empty() {
        if let Some(heading) = &article.links_heading {
            let _ = writeln!(html, "<h2>{}</h2>", escape(heading));
        }
        let _ = writeln!(html, "<ul>\n{list}</ul>");
    }
    if let Some(label) = &article.commentary_label {
        let _ = writeln!(html, "<h2>{}</h2>", escape(label));
    }
    html + article.commentary_html.as_deref().unwrap_or_default()
}

fn source(link: &Link) -> String {
    let title = escape(&link.title);
    let title = match &link.url {
        Some(url) => format!("<a href=\"{}\">{title}</a>", escape(url)),
        None => title.into_owned(),
    };
    match &link.credit {
        Some(credit) => format!("{title} -- {}", escape(credit)),
        None => title,
    }
}
