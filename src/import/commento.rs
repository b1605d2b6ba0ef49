//! Comments of Commento. Their authors stand behind them in the file, so it is read twice.

use super::dates;
use super::json::{Piece, Pieces};
use super::record::{
    Halt, Out, Person, Record, Reply, ReplyKind, Target, filled, public_name, spellings,
};
use safe_html::xml_chars;
use safe_html::{Markup, Voice, render};
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Read;

/// How its records are known.
pub(super) const SOURCE: &str = "commento";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Comment {
    #[serde(rename = "commentHex")]
    id: String,
    url: String,
    commenter_hex: String,
    markdown: String,
    parent_hex: String,
    state: String,
    creation_date: String,
    deleted: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Commenter {
    #[serde(rename = "commenterHex")]
    id: String,
    email: String,
    name: String,
    link: String,
    is_moderator: bool,
}

/// The authors, by their ids.
#[derive(Debug, Default)]
pub(super) struct People(HashMap<String, (Person, bool)>);

/// The first reading: only the authors.
pub(super) fn people(input: impl Read) -> Result<People, Halt> {
    let mut pieces = Pieces::new(input);
    let mut people = HashMap::new();
    while let Some(piece) = pieces.next()? {
        if piece.key.as_deref() == Some("commenters") {
            let found: Commenter = piece.parse().map_err(|reason| pieces.broken(&reason))?;
            let url = filled(&found.link).filter(|url| url != "undefined");
            let (name, email) = (public_name(&found.name), filled(&found.email));
            let person = Person { name, url, email };
            people.insert(found.id, (person, found.is_moderator));
        }
    }
    Ok(People(people))
}

/// The second reading: the comments.
pub(super) fn read(input: impl Read, people: &People, out: &Out<'_>) -> Result<(), Halt> {
    let mut pieces = Pieces::new(input);
    let mut any = false;
    while let Some(piece) = pieces.next()? {
        if piece.key.as_deref() == Some("comments") {
            any = true;
            emit(&piece, people, out)?;
        }
    }
    if any { Ok(()) } else { Err(pieces.broken("there are no comments in it")) }
}

fn emit(piece: &Piece, people: &People, out: &Out<'_>) -> Result<(), Halt> {
    let line = piece.line;
    let comment = match piece.parse::<Comment>() {
        Ok(comment) => comment,
        Err(reason) => return out.put(line, Record::Failed { reason }),
    };
    out.put(line, Record::Seen("comment"))?;
    if let Some(bad) = xml_chars::first_forbidden(&comment.markdown) {
        let reason = format!("a comment with the character U+{:04X}", u32::from(bad.character));
        return out.put(line, Record::Failed { reason });
    }
    let Some(id) = filled(&comment.id) else {
        return out.put(line, Record::Failed { reason: "a comment without an id".to_owned() });
    };
    let paths = spellings(&comment.url);
    if paths.is_empty() {
        return out.left(line, "orphan", "a comment without the address of a page");
    }
    let (author, is_editor) = people.0.get(&comment.commenter_hex).cloned().unwrap_or_default();
    let reply = Reply {
        source: SOURCE,
        of: Target::Paths(paths),
        id,
        parent: filled(&comment.parent_hex).filter(|parent| parent != "root"),
        kind: ReplyKind::Comment,
        status: match comment.state.as_str() {
            _ if comment.deleted => "deleted",
            "approved" => "approved",
            "flagged" => "spam",
            _ => "pending",
        },
        author,
        is_editor,
        html: render(&comment.markdown, Markup::Markdown, Voice::Reader),
        text: comment.markdown,
        created_at: dates::with_zone(&comment.creation_date),
        uncertain: false,
    };
    out.put(line, Record::Reply(Box::new(reply)))
}
