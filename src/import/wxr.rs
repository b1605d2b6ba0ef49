//! WordPress eXtended RSS, versions 1.0 to 1.2, each part of a long export by itself.
//!
//! Posts become articles; pages are kept as archived articles; comments, pingbacks and trackbacks
//! follow their post. What is protected by a password is archived too: it was never public.

use super::dates;
use super::record::{
    Body, Halt, Out, Person, Post, Record, Reply, ReplyKind, Target, filled, path_of, public_name,
};
use super::xml::{Element, Space, Xml};
use crate::articles::{ArticleAuthor, ArticleStatus};
use safe_html::{Markup, Voice, render};
use std::collections::{HashMap, HashSet};
use std::io::Read;

/// How its records are known.
pub(super) const SOURCE: &str = "wordpress";

const WP: Space = Space::Wordpress;

/// What the head of the file says.
#[derive(Default)]
struct Channel {
    link: String,
    /// Names of authors by their logins.
    names: HashMap<String, String>,
    /// The numbers of the authors: their comments are the editor's.
    editors: HashSet<String>,
}

pub(super) fn read(input: impl Read, out: &Out<'_>) -> Result<(), Halt> {
    let mut xml = Xml::new(input);
    let root = xml.root()?;
    if root.name != "rss" {
        return Err(xml.broken("the document is no RSS"));
    }
    let mut channel = Channel::default();
    while let Some(open) = xml.child()? {
        if open.name != "channel" {
            xml.skip()?;
            continue;
        }
        while let Some(open) = xml.child()? {
            if open.name == "item" {
                item(&mut xml, &channel, open.line, out)?;
            } else {
                let element = xml.whole(open)?;
                channel.take(&element);
            }
        }
    }
    xml.finish()
}

impl Channel {
    fn take(&mut self, element: &Element) {
        if element.is(Space::None, "link") && self.link.is_empty() {
            element.text.trim().clone_into(&mut self.link);
        } else if element.is(WP, "author") {
            let login = element.text_of(WP, "author_login");
            if let Some(name) = public_name(element.text_of(WP, "author_display_name")) {
                self.names.insert(login.to_owned(), name);
            }
            self.editors.insert(element.text_of(WP, "author_id").to_owned());
        }
    }

    /// The blog's name in the ids of its posts: its address, for numbers are everywhere the same.
    fn id(&self, number: &str) -> String {
        let bare = self.link.split_once("://").map_or(self.link.as_str(), |(_, bare)| bare);
        format!("{}#{number}", bare.trim_end_matches('/'))
    }
}

/// The fields of an item, and the comments that came before its number was known.
#[derive(Default)]
struct Item {
    line: u64,
    fields: HashMap<(u8, String), String>,
    tags: Vec<String>,
    waiting: Vec<Element>,
    forbidden: Option<(u64, char)>,
}

impl Item {
    fn get(&self, space: Space, name: &str) -> &str {
        self.fields.get(&(space as u8, name.to_owned())).map_or("", String::as_str)
    }

    /// What the post is called: its number, or what else tells it from others.
    fn id(&self, channel: &Channel) -> Option<String> {
        let number = [self.get(WP, "post_id"), self.get(Space::None, "guid")];
        let address = [self.get(Space::None, "link"), self.get(WP, "post_name")];
        number.into_iter().chain(address).find(|id| !id.is_empty()).map(|id| channel.id(id))
    }

    fn add(&mut self, element: Element) {
        self.forbidden = self.forbidden.or(element.forbidden);
        let tags = ["category", "post_tag", "tag"];
        if element.is(Space::None, "category") {
            // WXR 1.0 repeats each as a plain category without a domain.
            let domain = element.attribute("domain").unwrap_or_default();
            if let Some(name) = filled(&element.text)
                && tags.contains(&domain)
                && !self.tags.contains(&name)
                && name != "Uncategorized"
            {
                self.tags.push(name);
            }
        } else if element.name != "postmeta" {
            let text = match element.name.as_str() {
                "encoded" => element.text,
                _ => element.text.trim().to_owned(),
            };
            self.fields.entry((element.space as u8, element.name)).or_insert(text);
        }
    }
}

fn item<R: Read>(
    xml: &mut Xml<R>,
    channel: &Channel,
    line: u64,
    out: &Out<'_>,
) -> Result<(), Halt> {
    let mut item = Item { line, ..Item::default() };
    while let Some(open) = xml.child()? {
        let element = xml.whole(open)?;
        if !element.is(WP, "comment") {
            item.add(element);
        } else if item.get(WP, "post_id").is_empty() {
            item.waiting.push(element);
        } else {
            comment(&element, &item, channel, out)?;
        }
    }
    for element in std::mem::take(&mut item.waiting) {
        comment(&element, &item, channel, out)?;
    }
    post(item, channel, out)
}

fn post(item: Item, channel: &Channel, out: &Out<'_>) -> Result<(), Halt> {
    let line = item.line;
    let kind = match item.get(WP, "post_type") {
        "" => "post",
        kind => kind,
    };
    if !matches!(kind, "post" | "page" | "draft") {
        let reason = format!("{kind}: {}", item.get(Space::None, "title"));
        return out.left(line, kind, &reason);
    }
    if let Some((line, character)) = item.forbidden {
        let reason = format!("a post with the character U+{:04X}", u32::from(character));
        return out.put(line, Record::Failed { reason });
    }
    let Some(id) = item.id(channel) else {
        let reason = "a post without a number, an address or a name".to_owned();
        return out.put(line, Record::Failed { reason });
    };
    out.put(line, Record::Seen(if kind == "page" { "page" } else { "post" }))?;
    let status = status(&item, kind, line, out)?;
    let (published_at, date_uncertain) = published(&item);
    let login = item.get(Space::DublinCore, "creator");
    let name = channel.names.get(login).cloned().or_else(|| public_name(login));
    let post = Post {
        source: SOURCE,
        id,
        title: filled(item.get(Space::None, "title")),
        slug: filled(item.get(WP, "post_name")),
        status,
        dek: filled(&safe_html::plain(item.get(Space::Excerpt, "encoded"))),
        author: ArticleAuthor { name, url: None },
        published_at,
        date_uncertain,
        updated_at: dates::without_zone(item.get(WP, "post_modified_gmt")),
        paths: paths(&item),
        comments_open: item.get(WP, "comment_status") != "closed",
        body: Body::Loose(item.get(Space::Content, "encoded").to_owned()),
        tags: item.tags,
    };
    out.put(line, Record::Post(Box::new(post)))
}

/// Where a post stands. Only what is said to be published, and is a post, ever shows.
fn status(item: &Item, kind: &str, line: u64, out: &Out<'_>) -> Result<ArticleStatus, Halt> {
    Ok(match item.get(WP, "status") {
        "trash" => ArticleStatus::Trashed,
        "draft" | "pending" | "auto-draft" => ArticleStatus::Draft,
        "private" => ArticleStatus::Archived,
        _ if kind == "draft" => ArticleStatus::Draft,
        _ if !item.get(WP, "post_password").is_empty() => ArticleStatus::Archived,
        "publish" | "future" if kind == "page" => ArticleStatus::Archived,
        "future" => ArticleStatus::Scheduled,
        "publish" => ArticleStatus::Published,
        other => {
            out.remark(line, other, "a post of unknown status, kept as a draft")?;
            ArticleStatus::Draft
        }
    })
}

fn published(item: &Item) -> (Option<chrono::DateTime<chrono::Utc>>, bool) {
    let sure = dates::without_zone(item.get(WP, "post_date_gmt"))
        .or_else(|| dates::of_feed(item.get(Space::None, "pubDate")));
    let local = dates::without_zone(item.get(WP, "post_date"));
    (sure.or(local), sure.is_none() && local.is_some())
}

/// The permalink, and the short address that every post has beside it.
fn paths(item: &Item) -> Vec<String> {
    let addresses = [item.get(Space::None, "link"), item.get(Space::None, "guid")];
    let mut paths: Vec<String> = Vec::new();
    for path in addresses.into_iter().filter_map(path_of) {
        if path != "/" && !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

fn comment(element: &Element, item: &Item, channel: &Channel, out: &Out<'_>) -> Result<(), Halt> {
    let field = |name: &str| element.text_of(WP, name);
    if let Some((line, character)) = element.forbidden {
        let reason = format!("a comment with the character U+{:04X}", u32::from(character));
        return out.put(line, Record::Failed { reason });
    }
    let kind = match field("comment_type") {
        "" | "comment" => ReplyKind::Comment,
        "pingback" => ReplyKind::Pingback,
        "trackback" => ReplyKind::Trackback,
        other => {
            return out.left(element.line, other, "a comment of a kind that readers do not write");
        }
    };
    out.put(element.line, Record::Seen(kind.as_str()))?;
    let (Some(post), Some(id)) = (item.id(channel), filled(field("comment_id"))) else {
        let reason = "a comment without a number, or of a post without one".to_owned();
        return out.put(element.line, Record::Failed { reason });
    };
    let text = field("comment_content");
    let sure = dates::without_zone(field("comment_date_gmt"));
    let user = field("comment_user_id");
    let reply = Reply {
        source: SOURCE,
        of: Target::Post(SOURCE, post),
        id,
        parent: filled(field("comment_parent")).filter(|parent| parent != "0"),
        kind,
        status: match field("comment_approved") {
            "1" | "approve" | "approved" => "approved",
            "spam" => "spam",
            "trash" | "post-trashed" => "deleted",
            _ => "pending",
        },
        author: Person {
            name: public_name(field("comment_author")),
            url: filled(field("comment_author_url")),
            email: filled(field("comment_author_email")),
        },
        is_editor: user != "0" && !user.is_empty() && channel.editors.contains(user),
        text: text.to_owned(),
        html: render(&paragraphs(text), Markup::Html, Voice::Reader),
        created_at: sure.or_else(|| dates::without_zone(field("comment_date"))),
        uncertain: false,
    };
    out.put(element.line, Record::Reply(Box::new(reply)))
}

/// The elements that make a paragraph of their own.
const BLOCKS: [&str; 14] = [
    "<p",
    "<div",
    "<ul",
    "<ol",
    "<li",
    "<blockquote",
    "<h",
    "<pre",
    "<table",
    "<figure",
    "<dl",
    "<!--",
    "</",
    "<section",
];

/// Blank lines part paragraphs, and other line ends break lines, where the text does not say
/// itself what its paragraphs are.
pub(super) fn paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    if text.contains("<p>") || text.contains("<p ") || text.contains("<!-- wp:") {
        return text;
    }
    let mut html = String::with_capacity(text.len() + 64);
    for paragraph in text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
        let lower = paragraph.trim_start().to_ascii_lowercase();
        if BLOCKS.iter().any(|tag| lower.starts_with(tag)) {
            html += paragraph;
        } else {
            html += &format!("<p>{}</p>", paragraph.replace('\n', "<br>\n"));
        }
        html.push('\n');
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_paragraphs() {
        assert_eq!(paragraphs("a\nb\n\nc"), "<p>a<br>\nb</p>\n<p>c</p>\n");
        assert_eq!(paragraphs("a\n\n<ul><li>b</li></ul>"), "<p>a</p>\n<ul><li>b</li></ul>\n");
        assert_eq!(paragraphs("<p>a\nb</p>"), "<p>a\nb</p>");
    }
}
