//! Reads the feed of any site: RSS 0.9 to 2.0, RSS 1.0 (RDF) and Atom (RFC 4287).

use crate::dates;
use crate::error::ReadError;
use crate::output::Output;
use crate::record::{
    Author, Body, Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Image, Post,
    PostStatus, Record, comment_html, non_blank, public_name,
};
use crate::source;
use crate::url_path::{as_uri, site_of, url_path};
use crate::xml::{Element, Namespace, Xml};
use chrono::{DateTime, Utc};
use safe_html::{Markup, plain_text};
use std::io::Read;

const ATOM: Namespace = Namespace::Atom;
const RSS: Namespace = Namespace::None;

/// What the head of the feed says about the site.
#[derive(Default)]
struct Site {
    /// The URL of the site.
    link: String,
    lang: Option<String>,
    author: Option<String>,
}

/// Reads the file.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut xml = Xml::new(input);
    let root = xml.open_root()?;
    let mut site = Site::default();
    match root.name.as_str() {
        "feed" => {
            site.lang = root.attribute("lang").and_then(non_blank);
            read_children(&mut xml, &mut site, output)?;
        }
        "rss" | "RDF" => {
            while let Some(child) = xml.next_child()? {
                match child.name.as_str() {
                    "channel" => read_children(&mut xml, &mut site, output)?,
                    "item" => read_item(&mut xml, &child, &site, output)?,
                    _ => xml.skip()?,
                }
            }
        }
        other => {
            let reason = format!("the file is no feed: its first element is `{other}`");
            return Err(xml.malformed(&reason));
        }
    }
    xml.expect_end()
}

/// Reads the children of a channel of RSS or of a feed of Atom.
fn read_children<R: Read>(
    xml: &mut Xml<R>,
    site: &mut Site,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    while let Some(child) = xml.next_child()? {
        if matches!(child.name.as_str(), "item" | "entry") {
            read_item(xml, &child, site, output)?;
            continue;
        }
        let element = xml.read_element(child)?;
        if element.is(RSS, "link") && site.link.is_empty() {
            element.text.trim().clone_into(&mut site.link);
        } else if element.is(ATOM, "link") && site.link.is_empty() && is_alternate(&element) {
            element.attribute("href").unwrap_or_default().clone_into(&mut site.link);
        } else if element.is(RSS, "language") {
            site.lang = non_blank(&element.text);
        } else if element.is(ATOM, "author") {
            site.author = public_name(element.text_of(ATOM, "name"));
        }
    }
    Ok(())
}

/// Returns whether a link leads to the page of its entry: RFC 4287, section 4.2.7.2, says that it does
/// if nothing else is said.
fn is_alternate(link: &Element) -> bool {
    link.attribute("rel").is_none_or(|rel| rel == "alternate")
}

fn read_item<R: Read>(
    xml: &mut Xml<R>,
    open: &Element,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let line = open.line;
    let mut item = Item { lang: open.attribute("lang").and_then(non_blank), ..Item::default() };
    while let Some(child) = xml.next_child()? {
        let is_xhtml = child.namespace == ATOM && child.attribute("type") == Some("xhtml");
        let element = if is_xhtml { xml.read_markup(child)? } else { xml.read_element(child)? };
        item.forbidden = item.forbidden.or(element.forbidden);
        item.children.push(element);
    }
    if let Some((line, character)) = item.forbidden {
        output.left_out(line, "the post", character)?;
    }
    if item.get(Namespace::Thread, "in-reply-to").is_some() {
        return read_comment(&item, line, output);
    }
    output.record(line, Record::Counted("post"))?;
    let url = item.link();
    let Some(id) = item.id(site) else {
        return output.failed(line, "the post has no guid, id or link");
    };
    let path = url.as_deref().and_then(url_path).filter(|path| path != "/");
    let body = item.body();
    if body.is_empty() && item.title().is_none() {
        return output.failed(line, "the post has neither a title nor a text");
    }
    let control = item.get(Namespace::App, "control");
    let is_draft = control.is_some_and(|control| control.text_of(Namespace::App, "draft") == "yes");
    let post = Post {
        source: source::FEED,
        guid: item.guid(),
        id,
        title: item.title(),
        slug: path.as_deref().and_then(slug),
        status: if is_draft { PostStatus::Draft } else { PostStatus::Published },
        dek: None,
        author: item.author(site),
        published_at: item.published_at(),
        date_uncertain: false,
        updated_at: dates::parse_rfc3339(item.text(ATOM, "updated")),
        tags: item.tags(),
        paths: path.into_iter().collect(),
        comments_open: true,
        body: Body::Html(body),
        lang: item.lang.clone().or_else(|| site.lang.clone()),
        image: item.image(),
        image_id: None,
        base_url: url.or_else(|| non_blank(&site.link)),
        status_uncertain: false,
    };
    output.record(line, Record::Post(Box::new(post)))
}

/// Returns an id without what may differ between two feeds of one site, if it is a URL.
fn comparable(id: &str) -> String {
    let is_url = id.starts_with("http://") || id.starts_with("https://");
    if is_url { site_of(id) } else { id.to_owned() }
}

/// Returns the last part of a path without its extension.
fn slug(path: &str) -> Option<String> {
    let bare = path.split('?').next()?.trim_end_matches('/');
    let name = bare.rsplit('/').next()?;
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_page = matches!(extension, "html" | "htm" | "php" | "aspx");
    non_blank(if is_page { stem } else { name })
}

/// An item of RSS or an entry of Atom.
#[derive(Default)]
struct Item {
    children: Vec<Element>,
    lang: Option<String>,
    forbidden: Option<(u64, char)>,
}

impl Item {
    fn get(&self, namespace: Namespace, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    fn text(&self, namespace: Namespace, name: &str) -> &str {
        self.get(namespace, name).map_or("", |child| child.text.trim())
    }

    /// Returns the URL of the page.
    fn link(&self) -> Option<String> {
        let atom = self.children.iter().find(|child| child.is(ATOM, "link") && is_alternate(child));
        let permalink = self
            .get(RSS, "guid")
            .filter(|guid| guid.attribute("isPermaLink") != Some("false"))
            .map_or("", |guid| guid.text.trim());
        let permalink = if permalink.contains("://") { permalink } else { "" };
        let href = atom.and_then(|link| link.attribute("href")).unwrap_or_default();
        [self.text(RSS, "link"), href, permalink].into_iter().find_map(non_blank)
    }

    /// Returns the id. A guid that is no URL is unique only within its feed.
    fn id(&self, site: &Site) -> Option<String> {
        let id = [self.text(ATOM, "id"), self.text(RSS, "guid")].into_iter().find_map(non_blank);
        let id = id.or_else(|| self.link())?;
        Some(if id.contains(':') {
            comparable(&id)
        } else {
            format!("{}#{id}", site_of(&site.link))
        })
    }

    /// Returns the id as its feed has it, if it is a URI.
    fn guid(&self) -> Option<String> {
        let ids = [self.text(ATOM, "id"), self.text(RSS, "guid")];
        ids.into_iter().find_map(as_uri)
    }

    fn title(&self) -> Option<String> {
        let element = self.get(RSS, "title").or_else(|| self.get(ATOM, "title"))?;
        let text = element.text.trim();
        let is_text = element.namespace == ATOM
            && !matches!(element.attribute("type"), Some("html" | "xhtml"));
        non_blank(&if is_text { text.to_owned() } else { plain_text(text) })
    }

    /// Returns the whole text as HTML, or else the summary.
    fn body(&self) -> String {
        let encoded = self.text(Namespace::Content, "encoded");
        if !encoded.is_empty() {
            return encoded.to_owned();
        }
        for name in ["content", "summary"] {
            if let Some(element) = self.get(ATOM, name)
                && !element.text.trim().is_empty()
            {
                return match element.attribute("type") {
                    None | Some("text" | "text/plain") => paragraphs(&element.text),
                    Some(_) => element.text.trim().to_owned(),
                };
            }
        }
        self.text(RSS, "description").to_owned()
    }

    fn author(&self, site: &Site) -> Author {
        let atom = self.get(ATOM, "author");
        let field = |name| atom.map_or("", |author| author.text_of(ATOM, name));
        let names = [self.text(Namespace::DublinCore, "creator"), self.text(RSS, "author")];
        let name = names.into_iter().chain([field("name")]).find_map(author_name);
        Author { name: name.or_else(|| site.author.clone()), url: non_blank(field("uri")) }
    }

    fn published_at(&self) -> Option<DateTime<Utc>> {
        let rss = dates::parse_rfc2822(self.text(RSS, "pubDate"))
            .or_else(|| dates::parse_rfc3339(self.text(RSS, "pubDate")));
        rss.or_else(|| dates::parse_rfc3339(self.text(Namespace::DublinCore, "date")))
            .or_else(|| dates::parse_rfc3339(self.text(ATOM, "published")))
            .or_else(|| dates::parse_rfc3339(self.text(ATOM, "updated")))
    }

    /// Returns the picture: an enclosure, or an element of Media RSS.
    fn image(&self) -> Option<Image> {
        let is_image = |kind: Option<&str>| kind.is_some_and(|kind| kind.starts_with("image"));
        let media = |name: &str| {
            self.children.iter().find(|child| {
                child.is(Namespace::Media, name)
                    && (name == "thumbnail"
                        || is_image(child.attribute("medium"))
                        || is_image(child.attribute("type")))
            })
        };
        if let Some(found) = media("content").or_else(|| media("thumbnail")) {
            let text = |name: &str| non_blank(&plain_text(found.text_of(Namespace::Media, name)));
            let number = |name: &str| found.attribute(name).and_then(|size| size.parse().ok());
            return Some(Image {
                caption: text("description"),
                credit: text("credit"),
                width: number("width"),
                height: number("height"),
                ..Image::at(found.attribute("url")?)?
            });
        }
        let enclosure = self.children.iter().find(|child| {
            let is_enclosure = child.is(RSS, "enclosure")
                || (child.is(ATOM, "link") && child.attribute("rel") == Some("enclosure"));
            is_enclosure && is_image(child.attribute("type"))
        })?;
        Image::at(enclosure.attribute("url").or_else(|| enclosure.attribute("href"))?)
    }

    fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for child in self.children.iter().filter(|child| child.name == "category") {
            let name = match child.namespace {
                Namespace::Atom => child.attribute("label").or_else(|| child.attribute("term")),
                _ => Some(child.text.as_str()),
            };
            let name = name.and_then(|name| non_blank(&plain_text(name)));
            tags.extend(name.filter(|name| !tags.contains(name)));
        }
        tags
    }
}

/// Returns a name. RSS has the address before the name: "ann@a.example (Ann Lee)".
fn author_name(text: &str) -> Option<String> {
    let named = text.split_once('(').filter(|(before, _)| before.contains('@'));
    let name = named.map_or(text, |(_, name)| name.trim_end().trim_end_matches(')'));
    public_name(name)
}

/// Returns a text as HTML.
fn paragraphs(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut html = String::with_capacity(escaped.len() + 32);
    for paragraph in escaped.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
        html += &format!("<p>{}</p>\n", paragraph.replace('\n', "<br>\n"));
    }
    html
}

/// Reads a reply to another entry (RFC 4685).
fn read_comment(item: &Item, line: u64, output: &mut Output<'_>) -> Result<(), ReadError> {
    output.record(line, Record::Counted("comment"))?;
    // Of two references the first is the post, the second the comment that is answered.
    let replies = item.children.iter().filter(|child| child.is(Namespace::Thread, "in-reply-to"));
    let mut refs = replies.filter_map(|to| to.attribute("ref").and_then(non_blank));
    let Some(post) = refs.next() else {
        return output.skipped(line, "orphan", "the comment does not name its post");
    };
    let Some(id) = non_blank(item.text(ATOM, "id")) else {
        return output.failed(line, "the comment has no id");
    };
    let author = item.get(ATOM, "author");
    let field = |name| author.map_or("", |author| author.text_of(ATOM, name));
    let text = item.body();
    let record = Comment {
        source: source::FEED,
        target: CommentTarget::Post(source::FEED, comparable(&post)),
        parent: refs.next(),
        id,
        parent_source: None,
        is_copy: false,
        kind: CommentKind::Comment,
        status: CommentStatus::Approved,
        author: CommentAuthor {
            name: public_name(field("name")),
            url: non_blank(field("uri")),
            email: non_blank(field("email")),
        },
        is_editor: false,
        html: comment_html(&text, Markup::Html),
        text,
        created_at: item.published_at(),
        boundaries_uncertain: false,
    };
    output.record(line, Record::Comment(Box::new(record)))
}
