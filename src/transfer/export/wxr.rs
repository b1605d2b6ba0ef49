//! Writes the articles of every status with their comments as WordPress eXtended RSS 1.2, for
//! WordPress and the programs that read its exports.
//!
//! Articles and comments are read side by side in the order of the articles, so that neither a long
//! thread nor many articles are held in memory.

use super::atom::Link;
use super::{ExportError, ExportStream, internal_error};
use crate::articles::html::ArticleHtml;
use crate::articles::{ArticleImage, Correction};
use crate::permalink::Permalinks;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::marker::PhantomData;

/// The id of the author whom the comments of editors are written by.
const EDITOR: i64 = 1;

const AUTHORS: &str = "select row_to_json(r)::text from (select row_number() over (order by name) as id, \
    name from (select distinct author_name as name from articles where author_name is not null) n) r";

const ARTICLES: &str = "select row_to_json(r)::text from (select a.id, a.slug, a.status, a.headline, a.dek, \
        a.quote_html, a.commentary_label, a.commentary_html, a.links_heading, a.author_name, a.image, a.corrections, \
        a.published_at, a.updated_at, a.comments_open, \
        (select json_agg(json_build_array(t.slug, t.name) order by x.position) from article_tags x \
            join tags t on t.id = x.tag_id where x.article_id = a.id) as tags, \
        (select json_agg(json_build_object('role', l.role, 'title', l.title, 'url', l.url, \
            'credit', l.credit) order by l.position) from links l where l.article_id = a.id) as links, \
        (select array_agg(s.slug order by s.slug) from article_slugs s where s.article_id = a.id) \
            as old_slugs, \
        (select max(id) from articles) + a.id as image_id \
     from articles a order by a.id) r";

/// Comments come with the pingbacks, whose numbers follow those of the comments.
const COMMENTS: &str = "select row_to_json(r)::text from (\
        select article_id, id, parent_id, status, author_name, author_url, author_email, is_editor, \
            html, created_at, '' as kind, path \
        from comments \
        union all \
        select article_id, (select coalesce(max(id), 0) from comments) + id, null, status, title, url, \
            null, false, text, created_at, kind, '\\xff'::bytea \
        from pingbacks order by 1, path, 2) r";

#[derive(Debug, Deserialize)]
struct Author {
    id: i64,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Article {
    id: i64,
    slug: String,
    status: String,
    headline: String,
    dek: Option<String>,
    quote_html: Option<String>,
    commentary_label: Option<String>,
    commentary_html: Option<String>,
    links_heading: Option<String>,
    author_name: Option<String>,
    image: Option<ArticleImage>,
    #[serde(default)]
    corrections: Vec<Correction>,
    published_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
    comments_open: bool,
    tags: Option<Vec<(String, String)>>,
    links: Option<Vec<Link>>,
    old_slugs: Option<Vec<String>>,
    /// The number of its picture, which is an item of its own.
    image_id: i64,
}

#[derive(Debug, Deserialize)]
struct Comment {
    article_id: i64,
    id: i64,
    parent_id: Option<i64>,
    status: String,
    author_name: Option<String>,
    author_url: Option<String>,
    author_email: Option<String>,
    is_editor: bool,
    html: String,
    created_at: Option<DateTime<Utc>>,
    kind: String,
}

/// Sends the document.
pub(super) async fn write(
    stream: &ExportStream<'_>,
    permalinks: &Permalinks,
) -> Result<(), ExportError> {
    let home = permalinks.home();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <rss version=\"2.0\" xmlns:excerpt=\"http://wordpress.org/export/1.2/excerpt/\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:wp=\"http://wordpress.org/export/1.2/\">\n<channel>\n{}{}{}\
         <wp:wxr_version>1.2</wp:wxr_version>\n{}{}",
        element("title", "roundup"),
        element("link", &home),
        element("generator", "roundup"),
        element("wp:base_site_url", &home),
        element("wp:base_blog_url", &home),
    );
    text += &author(EDITOR, "editor");
    let mut authors = Cursor::<Author>::open(stream, "authors", AUTHORS).await?;
    while let Some(one) = authors.next(stream).await? {
        text += &author(EDITOR + one.id, &one.name);
    }
    let mut articles = Cursor::<Article>::open(stream, "articles", ARTICLES).await?;
    let mut comments = Cursor::<Comment>::open(stream, "comments", COMMENTS).await?;
    let mut next = comments.next(stream).await?;
    while let Some(article) = articles.next(stream).await? {
        text += &item(&article, permalinks);
        while let Some(one) = next.take_if(|comment| comment.article_id == article.id) {
            text += &comment(&one);
            next = comments.next(stream).await?;
            stream.send_if_full(&mut text).await?;
        }
        text += "</item>\n";
        text +=
            &article.image.as_ref().map(|image| attachment(&article, image)).unwrap_or_default();
        stream.send_if_full(&mut text).await?;
    }
    stream.send(text + "</channel>\n</rss>\n").await
}

/// Reads the rows of a query, each a JSON text.
struct Cursor<T> {
    fetch: String,
    rows: VecDeque<String>,
    row: PhantomData<T>,
}

impl<T: DeserializeOwned> Cursor<T> {
    async fn open(stream: &ExportStream<'_>, name: &str, query: &str) -> Result<Self, ExportError> {
        let declare = format!("declare {name}_export no scroll cursor for {query}");
        stream.client.batch_execute(&declare).await.map_err(internal_error)?;
        let fetch = format!("fetch {} from {name}_export", super::FETCH_ROWS);
        Ok(Self { fetch, rows: VecDeque::new(), row: PhantomData })
    }

    async fn next(&mut self, stream: &ExportStream<'_>) -> Result<Option<T>, ExportError> {
        if self.rows.is_empty() {
            let rows = stream.client.query(&self.fetch, &[]).await.map_err(internal_error)?;
            for row in rows {
                self.rows.push_back(row.try_get(0).map_err(internal_error)?);
            }
        }
        let Some(row) = self.rows.pop_front() else { return Ok(None) };
        serde_json::from_str(&row).map(Some).map_err(internal_error)
    }
}

/// Returns an element with a text.
fn element(name: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<{name}>{text}</{name}>\n")
}

/// Returns an element with a text that may be HTML.
fn cdata(name: &str, text: &str) -> String {
    format!("<{name}><![CDATA[{}]]></{name}>\n", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// Returns a text as HTML: WordPress stores titles and names so.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns a time as WordPress writes it.
fn time(at: Option<DateTime<Utc>>) -> String {
    let zero = "0000-00-00 00:00:00";
    at.map_or(zero.to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S").to_string())
}

fn author(id: i64, name: &str) -> String {
    format!(
        "<wp:author><wp:author_id>{id}</wp:author_id>{}{}</wp:author>\n",
        cdata("wp:author_login", name),
        cdata("wp:author_display_name", &escaped(name)),
    )
}

fn meta(key: &str, value: &str) -> String {
    format!(
        "<wp:postmeta>{}{}</wp:postmeta>\n",
        cdata("wp:meta_key", key),
        cdata("wp:meta_value", value)
    )
}

/// Returns the fields that posts and pictures have.
fn head(
    id: i64,
    title: &str,
    link: &str,
    at: Option<DateTime<Utc>>,
    kind: &str,
    status: &str,
) -> String {
    let date = at.map(|at| element("pubDate", &at.to_rfc2822())).unwrap_or_default();
    format!(
        "<item>\n{}{}{date}<guid isPermaLink=\"false\">{}</guid>\n<description></description>\n\
         <wp:post_id>{id}</wp:post_id>\n{}{}{}{}<wp:ping_status>closed</wp:ping_status>\n\
         <wp:menu_order>0</wp:menu_order>\n<wp:is_sticky>0</wp:is_sticky>\n\
         <wp:post_password></wp:post_password>\n",
        cdata("title", &escaped(title)),
        element("link", link),
        escaped(link),
        element("wp:post_date", &time(at)),
        element("wp:post_date_gmt", &time(at)),
        element("wp:status", status),
        element("wp:post_type", kind),
    )
}

/// Returns the beginning of the item of an article, which ends after its comments.
fn item(article: &Article, permalinks: &Permalinks) -> String {
    let status = match article.status.as_str() {
        "published" => "publish",
        "scheduled" => "future",
        "archived" => "private",
        "trashed" => "trash",
        _ => "draft",
    };
    let page = permalinks.article(article.id, &article.slug, article.published_at);
    let html = ArticleHtml {
        dek: None,
        sources: article.links.iter().flatten().map(Link::to_source_line).collect(),
        quote_html: article.quote_html.as_deref(),
        commentary_label: article.commentary_label.as_deref(),
        commentary_html: article.commentary_html.as_deref(),
        links_heading: article.links_heading.as_deref(),
        corrections: &article.corrections,
    };
    let mut text = head(article.id, &article.headline, &page, article.published_at, "post", status);
    text += &cdata("dc:creator", article.author_name.as_deref().unwrap_or_default());
    text += &cdata("content:encoded", &html.render());
    text += &cdata("excerpt:encoded", &escaped(article.dek.as_deref().unwrap_or_default()));
    text += &element("wp:post_modified", &time(Some(article.updated_at)));
    text += &element("wp:post_modified_gmt", &time(Some(article.updated_at)));
    text += &element("wp:comment_status", if article.comments_open { "open" } else { "closed" });
    text += &element("wp:post_name", &article.slug);
    text += "<wp:post_parent>0</wp:post_parent>\n";
    for (slug, name) in article.tags.iter().flatten() {
        let name = escaped(name).replace("]]>", "]]&gt;");
        text += &format!(
            "<category domain=\"post_tag\" nicename=\"{slug}\"><![CDATA[{name}]]></category>\n"
        );
    }
    for slug in article.old_slugs.iter().flatten() {
        text += &meta("_wp_old_slug", slug);
    }
    if article.image.is_some() {
        text += &meta("_thumbnail_id", &article.image_id.to_string());
    }
    text
}

/// Returns the item of the picture of an article.
fn attachment(article: &Article, image: &ArticleImage) -> String {
    let title = image.alt.as_deref().unwrap_or(&article.headline);
    let mut text =
        head(article.image_id, title, &image.url, article.published_at, "attachment", "inherit");
    text += &cdata("excerpt:encoded", &escaped(image.caption.as_deref().unwrap_or_default()));
    text += &element("wp:attachment_url", &image.url);
    text += &format!("<wp:post_parent>{}</wp:post_parent>\n", article.id);
    text +=
        &image.alt.as_deref().map(|alt| meta("_wp_attachment_image_alt", alt)).unwrap_or_default();
    if let Some((width, height)) = image.size() {
        let size = format!("a:2:{{s:5:\"width\";i:{width};s:6:\"height\";i:{height};}}");
        text += &meta("_wp_attachment_metadata", &size);
    }
    text + "</item>\n"
}

fn comment(comment: &Comment) -> String {
    let status = match comment.status.as_str() {
        "approved" => "1",
        "pending" => "0",
        "spam" => "spam",
        _ => "trash",
    };
    let field = |value: &Option<String>| value.clone().unwrap_or_default();
    format!(
        "<wp:comment><wp:comment_id>{}</wp:comment_id>\n{}{}{}{}{}{}{}{}\
         <wp:comment_parent>{}</wp:comment_parent><wp:comment_user_id>{}</wp:comment_user_id>\
         </wp:comment>\n",
        comment.id,
        cdata("wp:comment_author", &escaped(&field(&comment.author_name))),
        element("wp:comment_author_email", &field(&comment.author_email)),
        element("wp:comment_author_url", &field(&comment.author_url)),
        element("wp:comment_date", &time(comment.created_at)),
        element("wp:comment_date_gmt", &time(comment.created_at)),
        cdata("wp:comment_content", &comment.html),
        element("wp:comment_approved", status),
        element("wp:comment_type", &comment.kind),
        comment.parent_id.unwrap_or_default(),
        if comment.is_editor { EDITOR } else { 0 },
    )
}
