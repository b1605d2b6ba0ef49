//! Reads comments of Remark42 (JSON) in three forms: its backup, which has a head and then one
//! comment a line; a list of comments; and the tree that its API returns.

use crate::dates;
use crate::error::ReadError;
use crate::json::{JsonElement, JsonElements};
use crate::output::{Output, forbidden_character};
use crate::position::PositionReader;
use crate::record::{
    Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Record, comment_html,
    non_blank, public_name,
};
use crate::source;
use crate::url_path::path_variants;
use safe_html::Markup;
use serde::Deserialize;
use serde_json::Value;
use std::io::Read;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Remark42Comment {
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

/// A comment of a tree, with its replies.
#[derive(Debug, Deserialize)]
struct Node {
    comment: Remark42Comment,
    #[serde(default)]
    replies: Vec<Node>,
}

/// Reads a list or a tree.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut elements = JsonElements::new(input);
    let mut has_comments = false;
    while let Some(element) = elements.next()? {
        if !matches!(element.key.as_deref(), None | Some("comments")) {
            continue;
        }
        has_comments = true;
        match parse_node(&element) {
            Ok(node) => read_tree(node, element.line, output)?,
            Err(reason) => output.failed(element.line, reason)?,
        }
    }
    if has_comments { Ok(()) } else { Err(elements.malformed("the file contains no comments")) }
}

/// Returns whether a file is a backup: its first line is a document of its own.
pub(crate) fn is_backup(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = serde_json::from_slice::<Value>(line);
    first.is_ok_and(|value| value.is_object() && value.get("comments").is_none())
}

/// Reads a backup.
pub(crate) fn read_backup(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut reader = PositionReader::new(input);
    let mut json = Vec::new();
    loop {
        let (line, byte) = (reader.line(), reader.byte());
        let malformed = |reason: String| ReadError::Malformed { line, byte, reason };
        if !reader.next_line(&mut json).map_err(|error| malformed(error.to_string()))? {
            return Ok(());
        }
        if json.trim_ascii().is_empty() {
            continue;
        }
        let element = JsonElement { key: None, json: std::mem::take(&mut json), line };
        let value: Value = element.parse().map_err(malformed)?;
        if value.get("locator").is_some() {
            match serde_json::from_value(value) {
                Ok(comment) => read_comment(comment, line, output)?,
                Err(error) => {
                    output.failed(line, format!("the comment cannot be read: {error}"))?;
                }
            }
        }
    }
}

/// Parses a node of a tree, or a comment of a list.
fn parse_node(element: &JsonElement) -> Result<Node, String> {
    element.parse::<Node>().or_else(|_| {
        let comment = element.parse()?;
        Ok(Node { comment, replies: Vec::new() })
    })
}

/// Reads a comment and its replies, parents first.
fn read_tree(root: Node, line: u64, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut stack = vec![root];
    while let Some(mut node) = stack.pop() {
        node.replies.reverse();
        stack.append(&mut node.replies);
        read_comment(node.comment, line, output)?;
    }
    Ok(())
}

fn read_comment(
    comment: Remark42Comment,
    line: u64,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    output.record(line, Record::Counted("comment"))?;
    let texts = [&comment.id, &comment.text, &comment.user.name];
    if let Some(character) = forbidden_character(texts.map(String::as_str)) {
        return output.forbidden(line, "the comment", character);
    }
    let Some(id) = non_blank(&comment.id) else {
        return output.failed(line, "the comment has no id");
    };
    let paths = path_variants(&comment.locator.url);
    if paths.is_empty() {
        return output.skipped(line, "orphan", "the comment does not name its page");
    }
    let comment = Comment {
        source: source::REMARK42,
        target: CommentTarget::Paths(paths),
        id,
        parent: non_blank(&comment.pid),
        parent_source: None,
        is_copy: false,
        kind: CommentKind::Comment,
        status: if comment.delete { CommentStatus::Deleted } else { CommentStatus::Approved },
        author: CommentAuthor { name: public_name(&comment.user.name), url: None, email: None },
        is_editor: comment.user.admin,
        html: comment_html(&comment.text, Markup::Html),
        text: comment.text,
        created_at: dates::parse_rfc3339(&comment.time),
        boundaries_uncertain: false,
    };
    output.record(line, Record::Comment(Box::new(comment)))
}
