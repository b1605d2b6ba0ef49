//! Reads the comments of a site as Disqus exports them (XML): first the threads, each with the
//! URL of its page, then the comments of all threads.

use crate::dates;
use crate::error::ReadError;
use crate::output::Output;
use crate::record::{
    Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Record, comment_html,
    non_blank, public_name,
};
use crate::source;
use crate::url_path::path_variants;
use crate::xml::{Element, Namespace, Xml};
use safe_html::Markup;
use std::collections::HashMap;
use std::io::Read;

const DISQUS: Namespace = Namespace::Disqus;

/// The paths of each thread's page, by the thread's id. None if the thread was deleted or names
/// no page.
type Threads = HashMap<String, Option<Vec<String>>>;

/// Reads the file.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut xml = Xml::new(input);
    let root = xml.open_root()?;
    if root.name != "disqus" {
        return Err(xml.malformed("the file is no Disqus export"));
    }
    let mut threads = Threads::new();
    while let Some(child) = xml.next_child()? {
        let element = xml.read_element(child)?;
        match element.name.as_str() {
            "thread" => {
                output.record(element.line, Record::Counted("thread"))?;
                let id = element.attribute("id").unwrap_or_default().to_owned();
                threads.insert(id, page_paths(&element));
            }
            "post" => read_comment(&element, &threads, output)?,
            _ => {}
        }
    }
    xml.expect_end()
}

fn page_paths(thread: &Element) -> Option<Vec<String>> {
    if thread.text_of(DISQUS, "isDeleted") == "true" {
        return None;
    }
    let mut paths = path_variants(thread.text_of(DISQUS, "link"));
    paths.extend(path_variants(thread.text_of(DISQUS, "id")));
    (!paths.is_empty()).then_some(paths)
}

fn read_comment(
    post: &Element,
    threads: &Threads,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let line = post.line;
    output.record(line, Record::Counted("comment"))?;
    if let Some((line, character)) = post.forbidden {
        output.left_out(line, "the comment", character)?;
    }
    let id = post.attribute("id").unwrap_or_else(|| post.text_of(DISQUS, "id"));
    let Some(id) = non_blank(id) else {
        return output.failed(line, "the comment has no id");
    };
    let thread = post.child(DISQUS, "thread").and_then(|thread| thread.attribute("id"));
    let paths = match thread.and_then(|thread| threads.get(thread)) {
        None => {
            return output.skipped(line, "orphan", "the comment's thread is not in the file");
        }
        Some(None) => {
            let reason = "the comment's thread was deleted or has no page";
            return output.skipped(line, "orphan", reason);
        }
        Some(Some(paths)) => paths.clone(),
    };
    let author = post.child(DISQUS, "author");
    let field = |name| author.map_or("", |author| author.text_of(DISQUS, name));
    let text = post.text_of(DISQUS, "message");
    let comment = Comment {
        source: source::DISQUS,
        target: CommentTarget::Paths(paths),
        id,
        parent: post
            .child(DISQUS, "parent")
            .and_then(|parent| parent.attribute("id"))
            .and_then(non_blank),
        parent_source: None,
        is_copy: false,
        kind: CommentKind::Comment,
        status: status(post),
        author: CommentAuthor {
            name: public_name(field("name")),
            url: non_blank(field("link")),
            email: non_blank(field("email")),
        },
        is_editor: false,
        text: text.to_owned(),
        html: comment_html(text, Markup::Html),
        created_at: dates::parse_rfc3339(post.text_of(DISQUS, "createdAt")),
        boundaries_uncertain: false,
    };
    output.record(line, Record::Comment(Box::new(comment)))
}

fn status(post: &Element) -> CommentStatus {
    let flag = |name| post.text_of(DISQUS, name) == "true";
    if flag("isDeleted") {
        CommentStatus::Deleted
    } else if flag("isSpam") {
        CommentStatus::Spam
    } else if post.text_of(DISQUS, "isApproved") == "false" {
        CommentStatus::Pending
    } else {
        CommentStatus::Approved
    }
}
