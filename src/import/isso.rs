//! Comments in the form that Isso imports and its tools write: a list of pages, each with its
//! comments. Their numbers count anew under each page.

use super::dates;
use super::json::Pieces;
use super::record::{
    Halt, Out, Person, Record, Reply, ReplyKind, Target, filled, public_name, spellings,
};
use safe_html::xml_chars;
use safe_html::{Markup, Voice, render};
use serde::Deserialize;
use serde_json::Value;
use std::io::Read;

/// How its records are known.
pub(super) const SOURCE: &str = "isso";

#[derive(Debug, Deserialize)]
struct Page {
    /// The page's path.
    id: String,
    #[serde(default)]
    comments: Vec<Comment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Comment {
    id: Value,
    parent: Value,
    /// Markdown.
    text: String,
    author: Option<String>,
    email: Option<String>,
    website: Option<String>,
    created: String,
}

pub(super) fn read(input: impl Read, out: &Out<'_>) -> Result<(), Halt> {
    let mut pieces = Pieces::new(input);
    let mut any = false;
    while let Some(piece) = pieces.next()? {
        any = true;
        match piece.parse::<Page>() {
            Ok(page) => {
                out.put(piece.line, Record::Seen("thread"))?;
                let paths = spellings(&page.id);
                for comment in page.comments {
                    emit(comment, &paths, piece.line, out)?;
                }
            }
            Err(reason) => out.put(piece.line, Record::Failed { reason })?,
        }
    }
    if any { Ok(()) } else { Err(pieces.broken("there are no comments in it")) }
}

fn emit(comment: Comment, paths: &[String], line: u64, out: &Out<'_>) -> Result<(), Halt> {
    out.put(line, Record::Seen("comment"))?;
    let author = comment.author.as_deref().unwrap_or_default();
    let bad = [comment.text.as_str(), author].into_iter().find_map(xml_chars::first_forbidden);
    if let Some(bad) = bad {
        let reason = format!("a comment with the character U+{:04X}", u32::from(bad.character));
        return out.put(line, Record::Failed { reason });
    }
    if paths.is_empty() {
        return out.left(line, "orphan", "a comment without the address of a page");
    }
    let Some(id) = number(&comment.id) else {
        return out.put(line, Record::Failed { reason: "a comment without a number".to_owned() });
    };
    let field = |text: &Option<String>| text.as_deref().and_then(filled);
    let reply = Reply {
        source: SOURCE,
        of: Target::Paths(paths.to_vec()),
        id,
        parent: number(&comment.parent),
        kind: ReplyKind::Comment,
        status: "approved",
        author: Person {
            name: public_name(author),
            url: field(&comment.website),
            email: field(&comment.email),
        },
        is_editor: false,
        html: render(&comment.text, Markup::Markdown, Voice::Reader),
        text: comment.text,
        created_at: dates::without_zone(&comment.created),
        uncertain: false,
    };
    out.put(line, Record::Reply(Box::new(reply)))
}

/// A number, or a text, as an id.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => filled(text),
        _ => None,
    }
}
