//! Reads WordPress eXtended RSS (WXR), versions 1.0 to 1.2, also one part of a long export.
//!
//! Pages, private posts and posts behind a password were never public as posts, so they are
//! archived.

mod comment;

use crate::dates;
use crate::error::ReadError;
use crate::output::Output;
use crate::record::{Author, Body, Image, Post, PostStatus, Record, non_blank, public_name};
use crate::source;
use crate::url_path::{as_uri, site_of, url_path};
use crate::wordpress_shortcodes;
use crate::xml::{Element, Namespace, Xml};
use chrono::{DateTime, Utc};
use safe_html::plain_text;
use std::collections::{HashMap, HashSet};
use std::io::Read;

const WP: Namespace = Namespace::Wordpress;

/// What the head of the file says about the blog.
#[derive(Default)]
struct Channel {
    link: String,
    lang: Option<String>,
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
        } else if element.is(Namespace::None, "language") {
            self.lang = non_blank(&element.text);
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
        format!("{}#{number}", site_of(&self.link).trim_end_matches('/'))
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
    /// The number of its picture.
    thumbnail: Option<String>,
    /// What is said about it, if it is a picture.
    image: Image,
    /// The ids in Disqus of its comments that were copied from there, by their ids here.
    copies: HashMap<String, String>,
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

    /// Returns whether it is no post but the comments on a page: Disqus takes such files.
    fn is_thread(&self) -> bool {
        !self.get(Namespace::Disqus, "thread_identifier").is_empty()
    }

    /// Returns whether the id of the post or thread is known, which comments may come before.
    fn is_known(&self) -> bool {
        self.is_thread() || !self.get(WP, "post_id").is_empty()
    }

    /// Returns whether a comment comes before the one that it replies to, of which it is not known
    /// yet whether it is a copy.
    fn is_before_parent(&self, comment: &Element) -> bool {
        let parent = comment.text_of(WP, "comment_parent");
        let is_reply = !matches!(parent, "" | "0");
        is_reply && !self.copies.is_empty() && !self.copies.contains_key(parent)
    }

    /// Returns the picture, if it is one.
    fn picture(&self) -> Option<Image> {
        let urls = [self.get(WP, "attachment_url"), self.get(Namespace::None, "guid")];
        let url = urls.into_iter().find(|url| !url.is_empty())?;
        let path = url.split(['?', '#']).next()?.to_ascii_lowercase();
        let (_, extension) = path.rsplit_once('.')?;
        let caption = non_blank(&plain_text(self.get(Namespace::Excerpt, "encoded")));
        PICTURES.contains(&extension).then(|| Image {
            url: url.to_owned(),
            caption,
            ..self.image.clone()
        })
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
            let value = element.text_of(WP, "meta_value");
            match element.text_of(WP, "meta_key") {
                "_wp_old_slug" => self.old_slugs.extend(non_blank(value)),
                "_thumbnail_id" => self.thumbnail = non_blank(value),
                "_wp_attachment_image_alt" => self.image.alt = text(value),
                "_wp_attachment_metadata" => {
                    self.image.width = php_number(value, "width");
                    self.image.height = php_number(value, "height");
                }
                _ => {}
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
            continue;
        }
        let copy = comment::original(&element).zip(non_blank(element.text_of(WP, "comment_id")));
        item.copies.extend(copy.map(|(original, own)| (own, original.to_owned())));
        if !item.is_known() || item.is_before_parent(&element) {
            item.early_comments.push(element);
        } else {
            if !item.is_thread() {
                channel.identify(&mut item);
            }
            comment::read(&element, &item, channel, output)?;
        }
    }
    if !item.is_thread() {
        channel.identify(&mut item);
    }
    for element in std::mem::take(&mut item.early_comments) {
        comment::read(&element, &item, channel, output)?;
    }
    read_post(item, channel, output)
}

fn read_post(item: Item, channel: &Channel, output: &mut Output<'_>) -> Result<(), ReadError> {
    let line = item.line;
    if item.is_thread() {
        return output.record(line, Record::Counted("thread"));
    }
    let kind = match item.get(WP, "post_type") {
        "" => "post",
        kind => kind,
    };
    if !matches!(kind, "post" | "page" | "draft") {
        if kind == "attachment"
            && let Some(image) = item.picture()
        {
            let id = channel.post_id(item.get(WP, "post_id"));
            output.record(line, Record::Image { id, image: Box::new(image) })?;
        }
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
    let mut body = item.get(Namespace::Content, "encoded").to_owned();
    if wordpress_shortcodes::convert(&mut body) {
        let title = item.get(Namespace::None, "title");
        output.warning(line, title, "the post has a gallery of pictures; it is left out")?;
    }
    let page = item.get(Namespace::None, "link");
    let base_url = [page, &channel.link].into_iter().find(|url| url.contains("://"));
    let base_url = base_url.map(str::to_owned);
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
        body: Body::WordPressHtml(body),
        lang: channel.lang.clone(),
        image: None,
        image_id: item.thumbnail.as_deref().map(|number| channel.post_id(number)),
        base_url,
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

/// Returns a number in a value that PHP serialised; the value itself is not parsed.
fn php_number(value: &str, name: &str) -> Option<i32> {
    let (_, rest) = value.split_once(&format!("\"{name}\";i:"))?;
    rest.split_once(';')?.0.parse().ok()
}

/// The extensions of pictures.
const PICTURES: [&str; 8] = ["avif", "bmp", "gif", "jpeg", "jpg", "png", "svg", "webp"];

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
