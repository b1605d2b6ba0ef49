//! Reads a Blogger blog (Atom): the classic backup, the feed of Google Takeout, and the public feed
//! saved as a file.
//!
//! Only an element of the entry says whether it is a post or a comment: ids and order do not.

use crate::dates;
use crate::error::ReadError;
use crate::output::Output;
use crate::record::{
    Author, Body, Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Image, Post,
    PostStatus, Record, comment_html, non_blank, public_name,
};
use crate::source;
use crate::url_path::url_path;
use crate::xml::{Element, Namespace, Xml};
use safe_html::{Markup, plain_text};
use std::io::Read;

const ATOM: Namespace = Namespace::Atom;
const BLOGGER: Namespace = Namespace::Blogger;

/// The scheme of the category that says what an entry is.
const KIND_SCHEME: &str = "http://schemas.google.com/g/2005#kind";

/// The beginning of every id.
const ID_PREFIX: &str = "tag:blogger.com,1999:";

/// The end of the id of the setting that has the language of the blog.
const LANGUAGE_SETTING: &str = ".settings.BLOG_LOCALE";

/// The part of a thumbnail's URL that says that it is 72 pixels large, and that of the picture.
const THUMBNAIL_SIZES: [(&str, &str); 2] = [("/s72-c/", "/s1600/"), ("=s72-c", "=s1600")];

/// Reads the file.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut xml = Xml::new(input);
    let root = xml.open_root()?;
    if root.name != "feed" {
        return Err(xml.malformed("the file is no Blogger export: it is no Atom feed"));
    }
    let (mut total, mut entries) = (None, 0_u64);
    let mut lang = root.attribute("lang").and_then(non_blank);
    while let Some(child) = xml.next_child()? {
        let element = xml.read_element(child)?;
        if element.name == "entry" {
            entries += 1;
            let setting = element.text_of(ATOM, "id").ends_with(LANGUAGE_SETTING);
            if setting {
                lang = non_blank(element.text_of(ATOM, "content"));
            }
            read_entry(&element, lang.as_deref(), output)?;
        } else if element.is(Namespace::Search, "totalResults") {
            total = element.text.trim().parse::<u64>().ok();
        }
    }
    if let Some(total) = total.filter(|total| *total > entries) {
        let raw = format!("{entries} of {total}");
        output.warning(0, &raw, "the feed says that it holds only a part of the blog")?;
    }
    xml.expect_end()
}

/// Returns what an entry is: as Takeout names it, else by its category, else by whether it replies
/// to another entry.
fn kind(entry: &Element) -> String {
    let takeout = entry.text_of(BLOGGER, "type");
    if !takeout.is_empty() {
        return takeout.to_ascii_lowercase();
    }
    let named =
        categories(entry).find(|category| category.attribute("scheme") == Some(KIND_SCHEME));
    if let Some(term) = named.and_then(|category| category.attribute("term")) {
        return term.rsplit('#').next().unwrap_or(term).to_owned();
    }
    let is_reply = entry.child(Namespace::Thread, "in-reply-to").is_some();
    if is_reply { "comment".to_owned() } else { "post".to_owned() }
}

fn categories(entry: &Element) -> impl Iterator<Item = &Element> {
    entry.children.iter().filter(|child| child.is(ATOM, "category"))
}

fn read_entry(
    entry: &Element,
    lang: Option<&str>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let kind = kind(entry);
    if !matches!(kind.as_str(), "post" | "page" | "comment") {
        return output.skipped(entry.line, &kind, "part of the blog's settings");
    }
    if let Some((line, character)) = entry.forbidden {
        output.left_out(line, &format!("the {kind}"), character)?;
    }
    let Some(id) = id(entry.text_of(ATOM, "id")) else {
        return output.failed(entry.line, format!("the {kind} has no id"));
    };
    match kind.as_str() {
        "comment" => read_comment(entry, id, output),
        "page" => read_post(entry, id, "page", lang, output),
        _ => read_post(entry, id, "post", lang, output),
    }
}

/// Returns an id without the part that all ids begin with.
fn id(text: &str) -> Option<String> {
    non_blank(text.trim().strip_prefix(ID_PREFIX).unwrap_or(text))
}

fn read_post(
    entry: &Element,
    id: String,
    kind: &'static str,
    lang: Option<&str>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    output.record(entry.line, Record::Counted(kind))?;
    let path = path(entry);
    let name = path.as_deref().and_then(|path| path.rsplit('/').next());
    let slug = name.map(|name| name.strip_suffix(".html").unwrap_or(name)).and_then(non_blank);
    let post = Post {
        source: source::BLOGGER,
        guid: id.starts_with("blog-").then(|| format!("{ID_PREFIX}{id}")),
        id,
        title: title(entry),
        slug,
        status: status(entry, kind, output)?,
        dek: non_blank(entry.text_of(BLOGGER, "metaDescription")),
        author: author(entry),
        published_at: dates::parse_rfc3339(entry.text_of(ATOM, "published")),
        date_uncertain: false,
        updated_at: dates::parse_rfc3339(entry.text_of(ATOM, "updated")),
        tags: tags(entry),
        paths: path.into_iter().collect(),
        comments_open: true,
        body: Body::Html(entry.text_of(ATOM, "content").to_owned()),
        lang: lang.map(str::to_owned),
        image: image(entry),
        image_id: None,
        base_url: link(entry, "alternate").map(str::to_owned),
        status_uncertain: false,
    };
    output.record(entry.line, Record::Post(Box::new(post)))
}

fn status(entry: &Element, kind: &str, output: &mut Output<'_>) -> Result<PostStatus, ReadError> {
    let control = entry.child(Namespace::App, "control");
    if !entry.text_of(BLOGGER, "trashed").is_empty() {
        return Ok(PostStatus::Trashed);
    }
    if control.is_some_and(|control| control.text_of(Namespace::App, "draft") == "yes") {
        return Ok(PostStatus::Draft);
    }
    let live = if kind == "page" { PostStatus::Archived } else { PostStatus::Published };
    Ok(match entry.text_of(BLOGGER, "status") {
        "LIVE" => live,
        "" if entry.child(BLOGGER, "type").is_none() => live,
        "DRAFT" => PostStatus::Draft,
        "SCHEDULED" if kind == "post" => PostStatus::Scheduled,
        "TRASHED" | "SOFT_TRASHED" => PostStatus::Trashed,
        other => {
            output.warning(
                entry.line,
                other,
                "the post has an unknown status; it is kept as a draft",
            )?;
            PostStatus::Draft
        }
    })
}

/// Returns the title as text. Takeout escapes some titles twice and does not mark them.
fn title(entry: &Element) -> Option<String> {
    let element = entry.child(ATOM, "title")?;
    let text = element.text.trim();
    let is_html = match element.attribute("type") {
        Some("html") => text.contains(['<', '&']),
        None => ["&#", "&amp;", "&quot;", "&lt;", "&gt;"].iter().any(|mark| text.contains(mark)),
        Some(_) => false,
    };
    non_blank(&if is_html { plain_text(text) } else { text.to_owned() })
}

fn author(entry: &Element) -> Author {
    let author = entry.child(ATOM, "author");
    let field = |name| author.map_or("", |author| author.text_of(ATOM, name));
    Author { name: public_name(field("name")), url: non_blank(field("uri")) }
}

fn tags(entry: &Element) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for category in categories(entry) {
        let term = category.attribute("term").and_then(non_blank);
        if let Some(term) = term.filter(|_| category.attribute("scheme") != Some(KIND_SCHEME))
            && !tags.contains(&term)
        {
            tags.push(term);
        }
    }
    tags
}

/// Returns the path of the permalink: Takeout has a path, the other forms a URL. Drafts have none.
fn path(entry: &Element) -> Option<String> {
    let filename = entry.text_of(BLOGGER, "filename");
    if !filename.is_empty() {
        return url_path(filename);
    }
    link(entry, "alternate").and_then(url_path)
}

/// Returns the picture that Blogger chose for the post, in its own size.
fn image(entry: &Element) -> Option<Image> {
    let url = entry.child(Namespace::Media, "thumbnail")?.attribute("url")?;
    let sized = THUMBNAIL_SIZES.iter().find(|(thumbnail, _)| url.contains(thumbnail));
    Image::at(&sized.map_or(url.to_owned(), |(from, to)| url.replacen(from, to, 1)))
}

fn link<'a>(entry: &'a Element, rel: &str) -> Option<&'a str> {
    let mut links = entry.children.iter().filter(|child| child.is(ATOM, "link"));
    links.find(|link| link.attribute("rel") == Some(rel))?.attribute("href")
}

fn read_comment(
    entry: &Element,
    comment: String,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    output.record(entry.line, Record::Counted("comment"))?;
    let in_reply_to =
        entry.child(Namespace::Thread, "in-reply-to").and_then(|to| to.attribute("ref"));
    let post = id(in_reply_to.unwrap_or_else(|| entry.text_of(BLOGGER, "parent")));
    let Some(post) = post else {
        return output.skipped(entry.line, "orphan", "the comment does not name its post");
    };
    let author = author(entry);
    let email = entry.child(ATOM, "author").map_or("", |author| author.text_of(ATOM, "email"));
    let text = entry.text_of(ATOM, "content");
    let record = Comment {
        source: source::BLOGGER,
        target: CommentTarget::Post(source::BLOGGER, post),
        parent: parent(entry, &comment),
        id: comment,
        parent_source: None,
        is_copy: false,
        kind: CommentKind::Comment,
        status: comment_status(entry, output)?,
        author: CommentAuthor {
            name: author.name,
            url: author.url,
            email: non_blank(email).filter(|email| email != "noreply@blogger.com"),
        },
        is_editor: false,
        text: text.to_owned(),
        html: comment_html(text, Markup::Html),
        created_at: dates::parse_rfc3339(entry.text_of(ATOM, "published")),
        boundaries_uncertain: false,
    };
    output.record(entry.line, Record::Comment(Box::new(record)))
}

fn comment_status(entry: &Element, output: &mut Output<'_>) -> Result<CommentStatus, ReadError> {
    let removed = entry.children.iter().any(|child| {
        child.is(Namespace::Google, "extendedProperty")
            && child.attribute("name") == Some("blogger.contentRemoved")
            && child.attribute("value") == Some("true")
    });
    if removed || !entry.text_of(BLOGGER, "trashed").is_empty() {
        return Ok(CommentStatus::Deleted);
    }
    Ok(match entry.text_of(BLOGGER, "status") {
        "LIVE" => CommentStatus::Approved,
        "" if entry.child(BLOGGER, "type").is_none() => CommentStatus::Approved,
        "SPAM" | "SPAM_COMMENT" => CommentStatus::Spam,
        "EMPTIED" | "DELETED" => CommentStatus::Deleted,
        "PENDING" => CommentStatus::Pending,
        other => {
            output.warning(
                entry.line,
                other,
                "the comment has an unknown status; it waits for a moderator",
            )?;
            CommentStatus::Pending
        }
    })
}

/// Returns the id of the comment that is replied to. The classic backup names it by the URL of its
/// feed, whose last part is its number: `…/feeds/BLOG/POST/comments/default/NUMBER`.
fn parent(entry: &Element, own: &str) -> Option<String> {
    let named = id(entry.text_of(BLOGGER, "inReplyTo"));
    if named.is_some() {
        return named;
    }
    let href = link(entry, "related")?;
    let (before, number) = href.rsplit_once('/')?;
    let (blog, _) = own.rsplit_once(".post-")?;
    let number = number.split(['?', '#']).next().unwrap_or_default();
    before.ends_with("/comments/default").then(|| format!("{blog}.post-{number}"))
}
