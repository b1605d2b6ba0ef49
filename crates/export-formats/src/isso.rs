//! Reads comments in the JSON form that Isso imports and that tools for Isso write: a list of
//! pages, each with its comments. The numbers of the comments are unique within their page.

use crate::dates;
use crate::error::ReadError;
use crate::json::JsonElements;
use crate::output::{Output, forbidden_character};
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

#[derive(Debug, Deserialize)]
struct Page {
    /// The page's path.
    id: String,
    #[serde(default)]
    comments: Vec<IssoComment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct IssoComment {
    id: Value,
    parent: Value,
    /// Markdown.
    text: String,
    author: Option<String>,
    email: Option<String>,
    website: Option<String>,
    created: String,
}

/// Reads the file.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut elements = JsonElements::new(input);
    let mut has_pages = false;
    while let Some(element) = elements.next()? {
        has_pages = true;
        match element.parse::<Page>() {
            Ok(page) => {
                output.record(element.line, Record::Counted("thread"))?;
                let paths = path_variants(&page.id);
                for comment in page.comments {
                    read_comment(comment, &paths, element.line, output)?;
                }
            }
            Err(reason) => output.failed(element.line, reason)?,
        }
    }
    if has_pages { Ok(()) } else { Err(elements.malformed("the file contains no comments")) }
}

fn read_comment(
    comment: IssoComment,
    paths: &[String],
    line: u64,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    output.record(line, Record::Counted("comment"))?;
    let author = comment.author.as_deref().unwrap_or_default();
    if let Some(character) = forbidden_character([comment.text.as_str(), author]) {
        return output.forbidden(line, "the comment", character);
    }
    if paths.is_empty() {
        return output.skipped(line, "orphan", "the comment does not name its page");
    }
    let Some(id) = comment_id(&comment.id) else {
        return output.failed(line, "the comment has no id");
    };
    let field = |text: &Option<String>| text.as_deref().and_then(non_blank);
    let comment = Comment {
        source: source::ISSO,
        target: CommentTarget::Paths(paths.to_vec()),
        id,
        parent: comment_id(&comment.parent),
        parent_source: None,
        is_copy: false,
        kind: CommentKind::Comment,
        status: CommentStatus::Approved,
        author: CommentAuthor {
            name: public_name(author),
            url: field(&comment.website),
            email: field(&comment.email),
        },
        is_editor: false,
        html: comment_html(&comment.text, Markup::Markdown),
        text: comment.text,
        created_at: dates::parse_as_utc(&comment.created),
        boundaries_uncertain: false,
    };
    output.record(line, Record::Comment(Box::new(comment)))
}

/// Returns an id that is written as a number or as a text.
fn comment_id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => non_blank(text),
        _ => None,
    }
}
