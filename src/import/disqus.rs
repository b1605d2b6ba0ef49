//! The comments of a site as Disqus exports them: threads, each with the address of its page, and
//! then what was posted under them. A page that was moved here before is found by its address.

use super::dates;
use super::record::{
    Halt, Out, Person, Record, Reply, ReplyKind, Target, filled, public_name, spellings,
};
use super::xml::{Element, Space, Xml};
use safe_html::{Markup, Voice, render};
use std::collections::HashMap;
use std::io::Read;

/// How its records are known.
pub(super) const SOURCE: &str = "disqus";

const DISQUS: Space = Space::Disqus;

/// The addresses of a page; none if its thread was deleted or names no page.
type Threads = HashMap<String, Option<Vec<String>>>;

pub(super) fn read(input: impl Read, out: &Out<'_>) -> Result<(), Halt> {
    let mut xml = Xml::new(input);
    let root = xml.root()?;
    if root.name != "disqus" {
        return Err(xml.broken("the document is no Disqus export"));
    }
    let mut threads = Threads::new();
    while let Some(open) = xml.child()? {
        let element = xml.whole(open)?;
        match element.name.as_str() {
            "thread" => {
                out.put(element.line, Record::Seen("thread"))?;
                let id = element.attribute("id").unwrap_or_default().to_owned();
                threads.insert(id, addresses(&element));
            }
            "post" => post(&element, &threads, out)?,
            _ => {}
        }
    }
    xml.finish()
}

fn addresses(thread: &Element) -> Option<Vec<String>> {
    if thread.text_of(DISQUS, "isDeleted") == "true" {
        return None;
    }
    let mut paths = spellings(thread.text_of(DISQUS, "link"));
    paths.extend(spellings(thread.text_of(DISQUS, "id")));
    (!paths.is_empty()).then_some(paths)
}

fn post(post: &Element, threads: &Threads, out: &Out<'_>) -> Result<(), Halt> {
    let line = post.line;
    out.put(line, Record::Seen("comment"))?;
    if let Some((line, character)) = post.forbidden {
        let reason = format!("a comment with the character U+{:04X}", u32::from(character));
        return out.put(line, Record::Failed { reason });
    }
    let id = post.attribute("id").unwrap_or_else(|| post.text_of(DISQUS, "id"));
    let Some(id) = filled(id) else {
        return out.put(line, Record::Failed { reason: "a comment without an id".to_owned() });
    };
    let thread = post.child(DISQUS, "thread").and_then(|thread| thread.attribute("id"));
    let paths = match thread.and_then(|thread| threads.get(thread)) {
        None => return out.left(line, "orphan", "a comment of a thread that is not in the file"),
        Some(None) => {
            return out.left(
                line,
                "orphan",
                "a comment of a thread that was deleted or has no page",
            );
        }
        Some(Some(paths)) => paths.clone(),
    };
    let author = post.child(DISQUS, "author");
    let field = |name| author.map_or("", |author| author.text_of(DISQUS, name));
    let flag = |name| post.text_of(DISQUS, name) == "true";
    let text = post.text_of(DISQUS, "message");
    let reply = Reply {
        source: SOURCE,
        of: Target::Paths(paths),
        id,
        parent: post
            .child(DISQUS, "parent")
            .and_then(|parent| parent.attribute("id"))
            .and_then(filled),
        kind: ReplyKind::Comment,
        status: if flag("isDeleted") {
            "deleted"
        } else if flag("isSpam") {
            "spam"
        } else if post.text_of(DISQUS, "isApproved") == "false" {
            "pending"
        } else {
            "approved"
        },
        author: Person {
            name: public_name(field("name")),
            url: filled(field("link")),
            email: filled(field("email")),
        },
        is_editor: false,
        text: text.to_owned(),
        html: render(text, Markup::Html, Voice::Reader),
        created_at: dates::with_zone(post.text_of(DISQUS, "createdAt")),
        uncertain: false,
    };
    out.put(line, Record::Reply(Box::new(reply)))
}
