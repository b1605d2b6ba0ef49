//! Reads comments of Commento and of Comentario, its successor (JSON). The commenters, and in
//! Comentario the pages, follow the comments in the file, so it is read twice.

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
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::io::Read;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CommentoComment {
    #[serde(rename = "commentHex", alias = "id")]
    id: String,
    url: String,
    #[serde(deserialize_with = "nullable")]
    page_id: String,
    #[serde(alias = "userCreated", deserialize_with = "nullable")]
    commenter_hex: String,
    markdown: String,
    #[serde(alias = "parentId", deserialize_with = "nullable")]
    parent_hex: String,
    state: String,
    is_approved: bool,
    is_pending: bool,
    #[serde(alias = "createdTime")]
    creation_date: String,
    #[serde(alias = "isDeleted")]
    deleted: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Commenter {
    #[serde(rename = "commenterHex", alias = "id")]
    id: String,
    #[serde(deserialize_with = "nullable")]
    email: String,
    #[serde(deserialize_with = "nullable")]
    name: String,
    #[serde(alias = "websiteUrl", deserialize_with = "nullable")]
    link: String,
    is_moderator: bool,
}

/// A page of Comentario.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    id: String,
    path: String,
}

/// Parses a text that may be null.
fn nullable<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(from)?.unwrap_or_default())
}

/// What comments refer to.
#[derive(Debug, Default)]
pub(crate) struct References {
    /// The commenters by their ids, and whether they are moderators.
    commenters: HashMap<String, (CommentAuthor, bool)>,
    /// The paths of the pages by their ids.
    pages: HashMap<String, String>,
}

/// Reads only the commenters and pages: the first pass.
pub(crate) fn read_references(input: impl Read) -> Result<References, ReadError> {
    let mut elements = JsonElements::new(input);
    let (mut commenters, mut pages) = (HashMap::new(), HashMap::new());
    while let Some(element) = elements.next()? {
        if element.key.as_deref() == Some("pages") {
            let page: Page = element.parse().map_err(|reason| elements.malformed(&reason))?;
            pages.insert(page.id, page.path);
        } else if element.key.as_deref() == Some("commenters") {
            let found: Commenter = element.parse().map_err(|reason| elements.malformed(&reason))?;
            let url = non_blank(&found.link).filter(|url| url != "undefined");
            let (name, email) = (public_name(&found.name), non_blank(&found.email));
            let author = CommentAuthor { name, url, email };
            commenters.insert(found.id, (author, found.is_moderator));
        }
    }
    Ok(References { commenters, pages })
}

/// Reads the comments: the second pass.
pub(crate) fn read(
    input: impl Read,
    references: &References,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let mut elements = JsonElements::new(input);
    let mut has_comments = false;
    while let Some(element) = elements.next()? {
        if element.key.as_deref() == Some("comments") {
            has_comments = true;
            read_comment(&element, references, output)?;
        }
    }
    if has_comments { Ok(()) } else { Err(elements.malformed("the file contains no comments")) }
}

fn read_comment(
    element: &JsonElement,
    references: &References,
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
    let page = references.pages.get(&comment.page_id).unwrap_or(&comment.url);
    let paths = path_variants(page);
    if paths.is_empty() {
        return output.skipped(line, "orphan", "the comment does not name its page");
    }
    let (author, is_editor) =
        references.commenters.get(&comment.commenter_hex).cloned().unwrap_or_default();
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
            "" if comment.is_pending => CommentStatus::Pending,
            "" if comment.is_approved => CommentStatus::Approved,
            "" | "flagged" => CommentStatus::Spam,
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
