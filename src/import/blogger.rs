//! A Blogger blog: the classic backup, the feed that Google Takeout gives, and the public feed
//! saved as a file. What an entry is, it says itself; neither its id nor its place tells.

use super::dates;
use super::record::{
    Body, Halt, Out, Person, Post, Record, Reply, ReplyKind, Target, filled, path_of, public_name,
};
use super::xml::{Element, Space, Xml};
use crate::articles::{ArticleAuthor, ArticleStatus};
use safe_html::{Markup, Voice, plain, render};
use std::io::Read;

/// How its records are known.
pub(super) const SOURCE: &str = "blogger";

const ATOM: Space = Space::Atom;
const BLOGGER: Space = Space::Blogger;

/// The scheme of the category that says what an entry is.
const KIND: &str = "http://schemas.google.com/g/2005#kind";

/// The start of every id.
const TAG: &str = "tag:blogger.com,1999:";

pub(super) fn read(input: impl Read, out: &Out<'_>) -> Result<(), Halt> {
    let mut xml = Xml::new(input);
    let root = xml.root()?;
    if root.name != "feed" {
        return Err(xml.broken("the document is no Atom feed"));
    }
    let (mut total, mut entries) = (None, 0_u64);
    while let Some(open) = xml.child()? {
        let element = xml.whole(open)?;
        if element.name == "entry" {
            entries += 1;
            entry(&element, out)?;
        } else if element.is(Space::Search, "totalResults") {
            total = element.text.trim().parse::<u64>().ok();
        }
    }
    if let Some(total) = total.filter(|total| *total > entries) {
        let raw = format!("{entries} of {total}");
        out.remark(0, &raw, "the feed says that it holds only a part of the blog")?;
    }
    xml.finish()
}

/// What an entry is: in the words of Takeout, else by its category, else by what it answers.
fn kind(entry: &Element) -> String {
    let takeout = entry.text_of(BLOGGER, "type");
    if !takeout.is_empty() {
        return takeout.to_ascii_lowercase();
    }
    let named = categories(entry).find(|category| category.attribute("scheme") == Some(KIND));
    if let Some(term) = named.and_then(|category| category.attribute("term")) {
        return term.rsplit('#').next().unwrap_or(term).to_owned();
    }
    let answers = entry.child(Space::Thread, "in-reply-to").is_some();
    if answers { "comment".to_owned() } else { "post".to_owned() }
}

fn categories(entry: &Element) -> impl Iterator<Item = &Element> {
    entry.children.iter().filter(|child| child.is(ATOM, "category"))
}

fn entry(entry: &Element, out: &Out<'_>) -> Result<(), Halt> {
    let kind = kind(entry);
    if !matches!(kind.as_str(), "post" | "page" | "comment") {
        return out.left(entry.line, &kind, "part of the blog's set-up");
    }
    if let Some((line, character)) = entry.forbidden {
        let reason = format!("a {kind} with the character U+{:04X}", u32::from(character));
        return out.put(line, Record::Failed { reason });
    }
    let Some(id) = id(entry.text_of(ATOM, "id")) else {
        return out.put(entry.line, Record::Failed { reason: format!("a {kind} without an id") });
    };
    match kind.as_str() {
        "comment" => comment(entry, id, out),
        "page" => post(entry, id, "page", out),
        _ => post(entry, id, "post", out),
    }
}

fn id(text: &str) -> Option<String> {
    filled(text.trim().strip_prefix(TAG).unwrap_or(text))
}

fn post(entry: &Element, id: String, kind: &'static str, out: &Out<'_>) -> Result<(), Halt> {
    out.put(entry.line, Record::Seen(kind))?;
    let path = path(entry);
    let name = path.as_deref().and_then(|path| path.rsplit('/').next());
    let slug = name.map(|name| name.strip_suffix(".html").unwrap_or(name)).and_then(filled);
    let post = Post {
        source: SOURCE,
        id,
        title: title(entry),
        slug,
        status: status(entry, kind, out)?,
        dek: filled(entry.text_of(BLOGGER, "metaDescription")),
        author: author(entry),
        published_at: dates::with_zone(entry.text_of(ATOM, "published")),
        date_uncertain: false,
        updated_at: dates::with_zone(entry.text_of(ATOM, "updated")),
        tags: tags(entry),
        paths: path.into_iter().collect(),
        comments_open: true,
        body: Body::Html(entry.text_of(ATOM, "content").to_owned()),
    };
    out.put(entry.line, Record::Post(Box::new(post)))
}

fn status(entry: &Element, kind: &str, out: &Out<'_>) -> Result<ArticleStatus, Halt> {
    let control = entry.child(Space::App, "control");
    if !entry.text_of(BLOGGER, "trashed").is_empty() {
        return Ok(ArticleStatus::Trashed);
    }
    if control.is_some_and(|control| control.text_of(Space::App, "draft") == "yes") {
        return Ok(ArticleStatus::Draft);
    }
    let live = if kind == "page" { ArticleStatus::Archived } else { ArticleStatus::Published };
    Ok(match entry.text_of(BLOGGER, "status") {
        "LIVE" => live,
        "" if entry.child(BLOGGER, "type").is_none() => live,
        "DRAFT" => ArticleStatus::Draft,
        "SCHEDULED" if kind == "post" => ArticleStatus::Scheduled,
        "TRASHED" | "SOFT_TRASHED" => ArticleStatus::Trashed,
        other => {
            out.remark(entry.line, other, "a post of unknown status, kept as a draft")?;
            ArticleStatus::Draft
        }
    })
}

/// Titles are text; Takeout escapes some of them twice, and says of none what it is.
fn title(entry: &Element) -> Option<String> {
    let element = entry.child(ATOM, "title")?;
    let text = element.text.trim();
    let marked = match element.attribute("type") {
        Some("html") => text.contains(['<', '&']),
        None => ["&#", "&amp;", "&quot;", "&lt;", "&gt;"].iter().any(|mark| text.contains(mark)),
        Some(_) => false,
    };
    filled(&if marked { plain(text) } else { text.to_owned() })
}

fn author(entry: &Element) -> ArticleAuthor {
    let author = entry.child(ATOM, "author");
    let field = |name| author.map_or("", |author| author.text_of(ATOM, name));
    ArticleAuthor { name: public_name(field("name")), url: filled(field("uri")) }
}

fn tags(entry: &Element) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for category in categories(entry) {
        let term = category.attribute("term").and_then(filled);
        if let Some(term) = term.filter(|_| category.attribute("scheme") != Some(KIND))
            && !tags.contains(&term)
        {
            tags.push(term);
        }
    }
    tags
}

/// The permalink: an address in one variant, a path in the other, neither on a draft.
fn path(entry: &Element) -> Option<String> {
    let filename = entry.text_of(BLOGGER, "filename");
    if !filename.is_empty() {
        return path_of(filename);
    }
    link(entry, "alternate").and_then(path_of)
}

fn link<'a>(entry: &'a Element, rel: &str) -> Option<&'a str> {
    let mut links = entry.children.iter().filter(|child| child.is(ATOM, "link"));
    links.find(|link| link.attribute("rel") == Some(rel))?.attribute("href")
}

fn comment(entry: &Element, comment: String, out: &Out<'_>) -> Result<(), Halt> {
    out.put(entry.line, Record::Seen("comment"))?;
    let answered = entry.child(Space::Thread, "in-reply-to").and_then(|to| to.attribute("ref"));
    let post = id(answered.unwrap_or_else(|| entry.text_of(BLOGGER, "parent")));
    let Some(post) = post else {
        return out.left(
            entry.line,
            "orphan",
            "a comment that does not say which post it is under",
        );
    };
    let author = author(entry);
    let email = entry.child(ATOM, "author").map_or("", |author| author.text_of(ATOM, "email"));
    let text = entry.text_of(ATOM, "content");
    let reply = Reply {
        source: SOURCE,
        of: Target::Post(SOURCE, post),
        parent: parent(entry, &comment),
        id: comment,
        kind: ReplyKind::Comment,
        status: reply_status(entry, out)?,
        author: Person {
            name: author.name,
            url: author.url,
            email: filled(email).filter(|email| email != "noreply@blogger.com"),
        },
        is_editor: false,
        text: text.to_owned(),
        html: render(text, Markup::Html, Voice::Reader),
        created_at: dates::with_zone(entry.text_of(ATOM, "published")),
        uncertain: false,
    };
    out.put(entry.line, Record::Reply(Box::new(reply)))
}

fn reply_status(entry: &Element, out: &Out<'_>) -> Result<&'static str, Halt> {
    let removed = entry.children.iter().any(|child| {
        child.is(Space::Google, "extendedProperty")
            && child.attribute("name") == Some("blogger.contentRemoved")
            && child.attribute("value") == Some("true")
    });
    if removed || !entry.text_of(BLOGGER, "trashed").is_empty() {
        return Ok("deleted");
    }
    Ok(match entry.text_of(BLOGGER, "status") {
        "LIVE" => "approved",
        "" if entry.child(BLOGGER, "type").is_none() => "approved",
        "SPAM" | "SPAM_COMMENT" => "spam",
        "EMPTIED" | "DELETED" => "deleted",
        "PENDING" => "pending",
        other => {
            out.remark(entry.line, other, "a comment of unknown status, held back")?;
            "pending"
        }
    })
}

/// The comment that is answered. The classic backup names it by the address of its feed, whose
/// last part is its number: `…/feeds/BLOG/POST/comments/default/NUMBER`.
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
