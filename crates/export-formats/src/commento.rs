//! Reads comments of Commento (JSON). The commenters follow the comments in the file, so it is
//! read twice.

use crate::dates;
use crate::error::ReadError;
use crate::json::{JsonElement, JsonElements};
use crate::output::{Output, forbidden_character};
use crate::record::{
    Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Record, comment_html,
    non_blank, public_name,
};
use crate::source;
use crate::url_path::path_variants;
use safe_html::Markup;
use serde::Deserialize;
use std::collections::HashMap;
use std::io::Read;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CommentoComment {
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

/// The commenters by their ids, and whether they are moderators.
#[derive(Debug, Default)]
pub(crate) struct Commenters(HashMap<String, (CommentAuthor, bool)>);

/// Reads only the commenters: the first pass.
pub(crate) fn read_commenters(input: impl Read) -> Result<Commenters, ReadError> {
    let mut elements = JsonElements::new(input);
    let mut commenters = HashMap::new();
    while let Some(element) = elements.next()? {
        if element.key.as_deref() == Some("commenters") {
            let found: Commenter = element.parse().map_err(|reason| elements.malformed(&reason))?;
            let url = non_blank(&found.link).filter(|url| url != "undefined");
            let (name, email) = (public_name(&found.name), non_blank(&found.email));
            let author = CommentAuthor { name, url, email };
            commenters.insert(found.id, (author, found.is_moderator));
        }
    }
    Ok(Commenters(commenters))
}

/// Reads the comments: the second pass.
pub(crate) fn read(
    input: impl Read,
    commenters: &Commenters,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let mut elements = JsonElements::new(input);
    let mut has_comments = false;
    while let Some(element) = elements.next()? {
        if element.key.as_deref() == Some("comments") {
            has_comments = true;
            read_comment(&element, commenters, output)?;
        }
    }
    if has_comments { Ok(()) } else { Err(elements.malformed("the file contains no comments")) }
}

fn read_comment(
    element: &JsonElement,
    commenters: &Commenters,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let line = element.line;
    let comment = match element.parse::<CommentoComment>() {
        Ok(comment) => comment,
        Err(reason) => return output.failed(line, reason),
    };
    output.record(line, Record::Counted("comment"))?;
    if let Some(character) = forbidden_character([comment.markdown.as_str()]) {
        return output.forbidden(line, "the comment", character);
    }
    let Some(id) = non_blank(&comment.id) else {
        return output.failed(line, "the comment has no id");
    };
    let paths = path_variants(&comment.url);
    if paths.is_empty() {
        return output.skipped(line, "orphan", "the comment does not name its page");
    }
    let (author, is_editor) = commenters.0.get(&comment.commenter_hex).cloned().unwrap_or_default();
    let comment = Comment {
        source: source::COMMENTO,
        target: CommentTarget::Paths(paths),
        id,
        parent: non_blank(&comment.parent_hex).filter(|parent| parent != "root"),
        parent_source: None,
        is_copy: false,
        kind: CommentKind::Comment,
        status: match comment.state.as_str() {
            _ if comment.deleted => CommentStatus::Deleted,
            "approved" => CommentStatus::Approved,
            "flagged" => CommentStatus::Spam,
            _ => CommentStatus::Pending,
        },
        author,
        is_editor,
        html: comment_html(&comment.markdown, Markup::Markdown),
        text: comment.markdown,
        created_at: dates::parse_rfc3339(&comment.creation_date),
        boundaries_uncertain: false,
    };
    output.record(line, Record::Comment(Box::new(comment)))
}
