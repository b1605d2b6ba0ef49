//! A roundup in a file of its own, as text or Markdown: the whole file is one post.

use crate::error::ReadError;
use crate::format::Format;
use crate::output::Output;
use crate::position::MAX_ITEM_BYTES;
use crate::record::{Author, Body, Post, PostStatus, Record};
use crate::source;
use safe_html::xml_chars;
use std::io::Read;

/// Reads the file as one post. Its id is the file's name without the extension.
pub(crate) fn read(
    input: &mut dyn Read,
    format: Format,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let mut bytes = Vec::new();
    input.take(MAX_ITEM_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_ITEM_BYTES {
        let most = MAX_ITEM_BYTES >> 20;
        return Err(ReadError::file(format!("the file is longer than {most} MiB")));
    }
    let line = |at: usize| bytes.iter().take(at).filter(|byte| **byte == b'\n').count() as u64 + 1;
    let malformed =
        |at: usize, reason: String| ReadError::Malformed { line: line(at), byte: 0, reason };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        malformed(error.valid_up_to(), "the text is not valid UTF-8".to_owned())
    })?;
    if let Some(found) = xml_chars::find_forbidden_char(text) {
        let at = text.char_indices().nth(found.position).map_or(0, |(at, _)| at);
        let code = u32::from(found.character);
        return Err(malformed(
            at,
            format!("the text contains the character U+{code:04X}, which cannot be stored"),
        ));
    }
    if text.trim().is_empty() {
        return Err(ReadError::file("the file is empty"));
    }
    let name = output.file().rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let post = Post {
        source: source::ROUNDUP,
        id: stem.to_owned(),
        title: None,
        slug: None,
        status: PostStatus::Published,
        dek: None,
        author: Author::default(),
        published_at: None,
        date_uncertain: false,
        updated_at: None,
        tags: Vec::new(),
        paths: Vec::new(),
        comments_open: true,
        body: match format {
            Format::Markdown => Body::Markdown(text.to_owned()),
            _ => Body::Text(text.to_owned()),
        },
    };
    output.record(0, Record::Post(Box::new(post)))
}
