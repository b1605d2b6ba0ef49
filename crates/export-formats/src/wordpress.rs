//! Reads WordPress eXtended RSS (WXR), versions 1.0 to 1.2, also one part of a long export.
//!
//! Pages, private posts and posts behind a password were never public as posts, so they are
//! archived.

use crate::dates;
use crate::error::ReadError;
use crate::output::Output;
use crate::record::{
    Author, Body, Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Post,
    PostStatus, Record, comment_html, non_blank, public_name,
};
use crate::source;
use crate::url_path::{as_uri, url_path};
use crate::wordpress_paragraphs::add_paragraphs;
use crate::xml::{Element, Namespace, Xml};
use chrono::{DateTime, Utc};
use safe_html::{Markup, plain_text};
use std::collections::{HashMap, HashSet};
use std::io::Read;

const WP: Namespace = Namespace::Wordpress;

/// What the head of the file says about the blog.
#[derive(Default)]
struct Channel {
    link: String,
    /// The names of the authors, by their logins.
    names: HashMap<String, String>,
    /// The ids of the authors: their comments are an editor's.
    editors: HashSet<String>,
    /// The link of each post, by its id.
    links: HashMap<String, String>,
}

/// Reads the file.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut xml = Xml::new(input);
    let root = xml.open_root()?;
    if root.name != "rss" {
        return Err(xml.malformed("the file is no WordPress export: it is no RSS"));
    }
    let mut channel = Channel::default();
    while let Some(child) = xml.next_child()? {
        if child.name != "channel" {
            xml.skip()?;
            continue;
        }
        while let Some(child) = xml.next_child()? {
            if child.name == "item" {
                read_item(&mut xml, &mut channel, child.line, output)?;
            } else {
                let element = xml.read_element(child)?;
                channel.add(&element);
            }
        }
    }
    xml.expect_end()
}

impl Channel {
    fn add(&mut self, element: &Element) {
        if element.is(Namespace::None, "link") && self.link.is_empty() {
            element.text.trim().clone_into(&mut self.link);
        } else if element.is(WP, "author") {
            let login = element.text_of(WP, "author_login");
            if let Some(name) =
                text(element.text_of(WP, "author_display_name")).as_deref().and_then(public_name)
            {
                self.names.insert(login.to_owned(), name);
            }
            self.editors.insert(element.text_of(WP, "author_id").to_owned());
        }
    }

    /// Sets the id of a post. Real exports were seen to have one number for two posts: the second is
    /// then known by its link.
    fn identify(&mut self, item: &mut Item) {
        if item.id.is_some() {
            return;
        }
        let Some(id) = item.post_id(self) else { return };
        let link = item.get(Namespace::None, "link");
        item.id = Some(match self.links.get(&id) {
            Some(first) if first != link && !link.is_empty() => self.post_id(link),
            Some(_) => id,
            None => {
                self.links.insert(id.clone(), link.to_owned());
                id
            }
        });
    }

    /// Returns the id of a post, which begins with the blog's URL: every blog has the same numbers.
    fn post_id(&self, number: &str) -> String {
        let bare = self.link.split_once("://").map_or(self.link.as_str(), |(_, bare)| bare);
        format!("{}#{number}", bare.trim_end_matches('/'))
    }
}

/// An item: a post, or something else that WordPress stores like one.
#[derive(Default)]
struct Item {
    line: u64,
    id: Option<String>,
    fields: HashMap<(u8, String), String>,
    tags: Vec<String>,
    /// The comments that came before the item's id.
    early_comments: Vec<Element>,
    /// The last parts of its former URLs.
    old_slugs: Vec<String>,
    forbidden: Option<(u64, char)>,
}

impl Item {
    /// Returns the text of a field; empty if there is none.
    fn get(&self, namespace: Namespace, name: &str) -> &str {
        self.fields.get(&(namespace as u8, name.to_owned())).map_or("", String::as_str)
    }

    /// Returns the post's id: its number, or what else identifies it.
    fn post_id(&self, channel: &Channel) -> Option<String> {
        let number = [self.get(WP, "post_id"), self.get(Namespace::None, "guid")];
        let url = [self.get(Namespace::None, "link"), self.get(WP, "post_name")];
        number.into_iter().chain(url).find(|id| !id.is_empty()).map(|id| channel.post_id(id))
    }

    /// Adds a child of the item.
    fn add(&mut self, element: Element) {
        self.forbidden = self.forbidden.or(element.forbidden);
        let tag_domains = ["category", "post_tag", "tag"];
        if element.is(Namespace::None, "category") {
            // WXR 1.0 repeats each category without a domain.
            let domain = element.attribute("domain").unwrap_or_default();
            if let Some(name) = text(&element.text)
                && tag_domains.contains(&domain)
                && !self.tags.contains(&name)
                && name != "Uncategorized"
            {
                self.tags.push(name);
            }
        } else if element.name == "postmeta" {
            if element.text_of(WP, "meta_key") == "_wp_old_slug" {
                self.old_slugs.extend(non_blank(element.text_of(WP, "meta_value")));
            }
        } else {
            let text = match element.name.as_str() {
                "encoded" => element.text,
                _ => element.text.trim().to_owned(),
            };
            self.fields.entry((element.namespace as u8, element.name)).or_insert(text);
        }
    }
}

fn read_item<R: Read>(
    xml: &mut Xml<R>,
    channel: &mut Channel,
    line: u64,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let mut item = Item { line, ..Item::default() };
    while let Some(child) = xml.next_child()? {
        let element = xml.read_element(child)?;
        if !element.is(WP, "comment") {
            item.add(element);
        } else if item.get(WP, "post_id").is_empty() {
            item.early_comments.push(element);
        } else {
            channel.identify(&mut item);
            read_comment(&element, &item, channel, output)?;
        }
    }
    channel.identify(&mut item);
    for element in std::mem::take(&mut item.early_comments) {
        read_comment(&element, &item, channel, output)?;
    }
    read_post(item, channel, output)
}

fn read_post(item: Item, channel: &Channel, output: &mut Output<'_>) -> Result<(), ReadError> {
    let line = item.line;
    let kind = match item.get(WP, "post_type") {
        "" => "post",
        kind => kind,
    };
    if !matches!(kind, "post" | "page" | "draft") {
        let reason = format!("{kind}: {}", item.get(Namespace::None, "title"));
        return output.skipped(line, kind, &reason);
    }
    if let Some((line, character)) = item.forbidden {
        output.left_out(line, "the post", character)?;
    }
    let Some(id) = item.id.clone() else {
        return output.failed(line, "the post has no id, URL or name");
    };
    output.record(line, Record::Counted(if kind == "page" { "page" } else { "post" }))?;
    let status = status(&item, kind, line, output)?;
    let (published_at, date_uncertain) = published(&item);
    let login = item.get(Namespace::DublinCore, "creator");
    let name = channel.names.get(login).cloned().or_else(|| public_name(login));
    let post = Post {
        source: source::WORDPRESS,
        guid: as_uri(item.get(Namespace::None, "guid")),
        id,
        title: text(item.get(Namespace::None, "title")),
        slug: non_blank(item.get(WP, "post_name")),
        status,
        dek: non_blank(&safe_html::plain_text(item.get(Namespace::Excerpt, "encoded"))),
        author: Author { name, url: None },
        published_at,
        date_uncertain,
        updated_at: dates::parse_as_utc(item.get(WP, "post_modified_gmt")),
        paths: paths(&item),
        comments_open: item.get(WP, "comment_status") != "closed",
        body: Body::WordPressHtml(item.get(Namespace::Content, "encoded").to_owned()),
        lang: None,
        status_uncertain: false,
        tags: item.tags,
    };
    output.record(line, Record::Post(Box::new(post)))
}

/// Returns the status of a post. Only a post that is said to be published becomes public.
fn status(
    item: &Item,
    kind: &str,
    line: u64,
    output: &mut Output<'_>,
) -> Result<PostStatus, ReadError> {
    Ok(match item.get(WP, "status") {
        "trash" => PostStatus::Trashed,
        "draft" | "pending" | "auto-draft" => PostStatus::Draft,
        "private" => PostStatus::Archived,
        _ if kind == "draft" => PostStatus::Draft,
        _ if !item.get(WP, "post_password").is_empty() => PostStatus::Archived,
        "publish" | "future" if kind == "page" => PostStatus::Archived,
        "future" => PostStatus::Scheduled,
        "publish" => PostStatus::Published,
        other => {
            output.warning(line, other, "the post has an unknown status; it is kept as a draft")?;
            PostStatus::Draft
        }
    })
}

/// Returns when a post was published, and whether only its local time is known.
fn published(item: &Item) -> (Option<DateTime<Utc>>, bool) {
    let sure = dates::parse_as_utc(item.get(WP, "post_date_gmt"))
        .or_else(|| dates::parse_rfc2822(item.get(Namespace::None, "pubDate")));
    let local = dates::parse_as_utc(item.get(WP, "post_date"));
    (sure.or(local), sure.is_none() && local.is_some())
}

/// Returns the text of a name or title, which WordPress stores as HTML: `R&amp;D`.
fn text(html: &str) -> Option<String> {
    non_blank(&if html.contains(['&', '<']) { plain_text(html) } else { html.to_owned() })
}

/// Returns the paths of the permalink, of the short URL that every post has besides, and of the
/// permalinks that the post had before its slug was changed.
fn paths(item: &Item) -> Vec<String> {
    let urls = [item.get(Namespace::None, "link"), item.get(Namespace::None, "guid")];
    let mut paths: Vec<String> = Vec::new();
    for path in urls.into_iter().filter_map(url_path) {
        if path != "/" && !paths.contains(&path) {
            paths.push(path);
        }
    }
    let slug = item.get(WP, "post_name");
    let link = url_path(item.get(Namespace::None, "link")).unwrap_or_default();
    let folder = link.trim_end_matches('/').strip_suffix(slug).filter(|_| !slug.is_empty());
    if let Some(folder) = folder.filter(|folder| folder.ends_with('/')) {
        let end = if link.ends_with('/') { "/" } else { "" };
        for old in item.old_slugs.iter().filter(|old| *old != slug) {
            let path = format!("{folder}{old}{end}");
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

fn read_comment(
    element: &Element,
    item: &Item,
    channel: &Channel,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let field = |name: &str| element.text_of(WP, name);
    if let Some((line, character)) = element.forbidden {
        output.left_out(line, "the comment", character)?;
    }
    let kind = match field("comment_type") {
        "" | "comment" => CommentKind::Comment,
        "pingback" => CommentKind::Pingback,
        "trackback" => CommentKind::Trackback,
        other => {
            let reason = "readers do not write comments of this kind";
            return output.skipped(element.line, other, reason);
        }
    };
    output.record(element.line, Record::Counted(kind.as_str()))?;
    let (Some(post), Some(id)) = (item.id.clone(), non_blank(field("comment_id"))) else {
        return output.failed(element.line, "the comment or its post has no id");
    };
    let content = field("comment_content");
    let sure = dates::parse_as_utc(field("comment_date_gmt"));
    let user = field("comment_user_id");
    let comment = Comment {
        source: source::WORDPRESS,
        target: CommentTarget::Post(source::WORDPRESS, post),
        id,
        parent: non_blank(field("comment_parent")).filter(|parent| parent != "0"),
        kind,
        status: match field("comment_approved") {
            "1" | "approve" | "approved" => CommentStatus::Approved,
            "spam" => CommentStatus::Spam,
            "trash" | "post-trashed" => CommentStatus::Deleted,
            _ => CommentStatus::Pending,
        },
        author: CommentAuthor {
            name: text(field("comment_author")).as_deref().and_then(public_name),
            url: non_blank(field("comment_author_url")),
            email: non_blank(field("comment_author_email")),
        },
        is_editor: user != "0" && !user.is_empty() && channel.editors.contains(user),
        text: content.to_owned(),
        html: comment_html(&add_paragraphs(content), Markup::Html),
        created_at: sure.or_else(|| dates::parse_as_utc(field("comment_date"))),
        boundaries_uncertain: false,
    };
    output.record(element.line, Record::Comment(Box::new(comment)))
}
