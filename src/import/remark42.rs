//! Comments of Remark42: its backup (a head, then a comment a line), a list of comments, and the
//! tree that its API gives.

use super::dates;
use super::json::{Piece, Pieces};
use super::place::Tracked;
use super::record::{
    Halt, Out, Person, Record, Reply, ReplyKind, Target, filled, public_name, spellings,
};
use safe_html::xml_chars;
use safe_html::{Markup, Voice, render};
use serde::Deserialize;
use std::io::Read;

/// How its records are known.
pub(super) const SOURCE: &str = "remark42";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Comment {
    id: String,
    pid: String,
    /// HTML.
    text: String,
    user: User,
    locator: Locator,
    time: String,
    delete: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    name: String,
    admin: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Locator {
    url: String,
}

/// A branch of the tree.
#[derive(Debug, Deserialize)]
struct Branch {
    comment: Comment,
    #[serde(default)]
    replies: Vec<Branch>,
}

/// Reads a document: a list or a tree.
pub(super) fn read(input: impl Read, out: &Out<'_>) -> Result<(), Halt> {
    let mut pieces = Pieces::new(input);
    let mut any = false;
    while let Some(piece) = pieces.next()? {
        if !matches!(piece.key.as_deref(), None | Some("comments")) {
            continue;
        }
        any = true;
        match branch(&piece) {
            Ok(branch) => climb(branch, piece.line, out)?,
            Err(reason) => out.put(piece.line, Record::Failed { reason })?,
        }
    }
    if any { Ok(()) } else { Err(pieces.broken("there are no comments in it")) }
}

/// Whether a file is a backup: its first line is a document of its own.
pub(super) fn is_backup(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let whole = serde_json::from_slice::<serde_json::Value>(line);
    whole.is_ok_and(|value| value.is_object() && value.get("comments").is_none())
}

/// Reads a backup: one comment a line.
pub(super) fn read_lines(input: impl Read, out: &Out<'_>) -> Result<(), Halt> {
    let mut reader = Tracked::new(input);
    let mut json = Vec::new();
    loop {
        let (line, byte) = (reader.line(), reader.byte());
        let more = reader.next_line(&mut json);
        let broken = |reason: String| Halt::Broken { line, byte, reason };
        if !more.map_err(|error| broken(error.to_string()))? {
            return Ok(());
        }
        if json.trim_ascii().is_empty() {
            continue;
        }
        let piece = Piece { key: None, json: std::mem::take(&mut json), line };
        let value: serde_json::Value = piece.parse().map_err(broken)?;
        if value.get("locator").is_some() {
            match serde_json::from_value(value) {
                Ok(comment) => emit(comment, line, out)?,
                Err(error) => out.put(line, Record::Failed { reason: error.to_string() })?,
            }
        }
    }
}

fn branch(piece: &Piece) -> Result<Branch, String> {
    piece.parse::<Branch>().or_else(|_| {
        let comment = piece.parse()?;
        Ok(Branch { comment, replies: Vec::new() })
    })
}

/// Puts a branch out, parents first.
fn climb(branch: Branch, line: u64, out: &Out<'_>) -> Result<(), Halt> {
    let mut branches = vec![branch];
    while let Some(mut branch) = branches.pop() {
        branch.replies.reverse();
        branches.append(&mut branch.replies);
        emit(branch.comment, line, out)?;
    }
    Ok(())
}

fn emit(comment: Comment, line: u64, out: &Out<'_>) -> Result<(), Halt> {
    out.put(line, Record::Seen("comment"))?;
    let texts = [&comment.id, &comment.text, &comment.user.name];
    if let Some(bad) = texts.iter().find_map(|text| xml_chars::first_forbidden(text)) {
        let reason = format!("a comment with the character U+{:04X}", u32::from(bad.character));
        return out.put(line, Record::Failed { reason });
    }
    let Some(id) = filled(&comment.id) else {
        return out.put(line, Record::Failed { reason: "a comment without an id".to_owned() });
    };
    let paths = spellings(&comment.locator.url);
    if paths.is_empty() {
        return out.left(line, "orphan", "a comment without the address of a page");
    }
    let reply = Reply {
        source: SOURCE,
        of: Target::Paths(paths),
        id,
        parent: filled(&comment.pid),
        kind: ReplyKind::Comment,
        status: if comment.delete { "deleted" } else { "approved" },
        author: Person { name: public_name(&comment.user.name), url: None, email: None },
        is_editor: comment.user.admin,
        html: render(&comment.text, Markup::Html, Voice::Reader),
        text: comment.text,
        created_at: dates::with_zone(&comment.time),
        uncertain: false,
    };
    out.put(line, Record::Reply(Box::new(reply)))
}
