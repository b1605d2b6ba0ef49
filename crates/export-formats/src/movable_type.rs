//! Reads the import format of Movable Type, which `TypePad` exports too: lines of `KEY: value`, and
//! sections between lines of dashes.
//!
//! Only a line of exactly five or eight dashes is a separator: texts have lines of dashes too.

use crate::dates;
use crate::error::ReadError;
use crate::output::{Output, forbidden_character, storable};
use crate::position::{MAX_ITEM_BYTES, PositionReader};
use crate::record::{
    Author, Body, Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Post,
    PostStatus, Record, comment_html, non_blank, public_name,
};
use crate::source;
use crate::url_path::url_path;
use crate::wordpress_paragraphs::add_paragraphs;
use safe_html::{Markup, plain_text};
use std::io::Read;

/// Ends a section.
const SECTION_END: &str = "-----";

/// Ends an entry.
const ENTRY_END: &str = "--------";

/// The names of sections.
const SECTIONS: [&str; 6] =
    ["BODY:", "EXTENDED BODY:", "EXCERPT:", "KEYWORDS:", "COMMENT:", "PING:"];

/// The keys with which a file may begin.
const FIRST_KEYS: [&str; 6] = ["AUTHOR:", "TITLE:", "BASENAME:", "STATUS:", "DATE:", "UNIQUE URL:"];

/// Returns whether a text is an export of Movable Type, by its beginning.
pub(crate) fn is_movable_type(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end);
    FIRST_KEYS.iter().any(|key| text.starts_with(key))
        && lines.any(|line| line == SECTION_END)
        && lines.any(|line| SECTIONS.contains(&line))
}

/// A section of an entry.
#[derive(Debug, Default)]
struct Section {
    /// One of [`SECTIONS`]; empty for the fields at the beginning of the entry.
    name: String,
    text: String,
    line: u64,
}

/// Reads the file.
pub(crate) fn read(input: impl Read, output: &mut Output<'_>) -> Result<(), ReadError> {
    let mut reader = PositionReader::new(input);
    let mut bytes = Vec::new();
    let (mut sections, mut has_section_end, mut size) = (vec![Section::default()], false, 0_u64);
    let mut is_latin = false;
    loop {
        let (line, byte) = (reader.line(), reader.byte());
        let malformed = |reason: String| ReadError::Malformed { line, byte, reason };
        let has_line =
            reader.next_line(&mut bytes).map_err(|error| malformed(error.to_string()))?;
        size += bytes.len() as u64;
        if size > MAX_ITEM_BYTES {
            let most = MAX_ITEM_BYTES >> 20;
            return Err(malformed(format!("a single entry is longer than {most} MiB")));
        }
        let text = std::str::from_utf8(&bytes).map_or_else(
            |_| {
                is_latin = true;
                bytes.iter().map(|byte| char::from(*byte)).collect()
            },
            str::to_owned,
        );
        if let Some(character) = forbidden_character([text.as_str()]) {
            output.left_out(line, "the line", character)?;
        }
        let text = storable(&text);
        let text = text.trim_end_matches(['\r', '\n']);
        if !has_line || text == ENTRY_END {
            let entry = std::mem::replace(&mut sections, vec![Section::default()]);
            read_entry(&entry, output)?;
            (has_section_end, size) = (false, 0);
            if !has_line {
                break;
            }
            continue;
        }
        if std::mem::take(&mut has_section_end) {
            if SECTIONS.contains(&text.trim_end()) {
                let name = text.trim_end().to_owned();
                sections.push(Section { name, text: String::new(), line });
                continue;
            }
            // The text had a line of five dashes.
            append(&mut sections, SECTION_END, line);
        }
        if text == SECTION_END {
            has_section_end = true;
        } else {
            append(&mut sections, text, line);
        }
    }
    if is_latin {
        output.warning(0, "", "the file is not in UTF-8; it was read as Latin-1")?;
    }
    Ok(())
}

fn append(sections: &mut [Section], text: &str, line: u64) {
    if let Some(section) = sections.last_mut() {
        if section.line == 0 {
            section.line = line;
        }
        section.text.push_str(text);
        section.text.push('\n');
    }
}

/// Returns the value of a field in lines of `KEY: value`.
fn field<'a>(lines: &'a str, key: &str) -> &'a str {
    fields(lines, key).next().unwrap_or_default()
}

/// Returns all values of a field.
fn fields<'a>(lines: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    lines.lines().filter_map(move |line| {
        let (name, value) = line.split_once(':')?;
        (name == key).then(|| value.trim())
    })
}

fn read_entry(sections: &[Section], output: &mut Output<'_>) -> Result<(), ReadError> {
    let Some((head, rest)) = sections.split_first() else { return Ok(()) };
    if head.text.trim().is_empty() && rest.is_empty() {
        return Ok(());
    }
    let line = head.line;
    output.record(line, Record::Counted("post"))?;
    let section = |name: &str| {
        rest.iter().find(|section| section.name == name).map_or("", |section| section.text.trim())
    };
    let meta = head.text.as_str();
    let published_at = dates::parse_us(field(meta, "DATE"));
    let (title, basename) = (field(meta, "TITLE"), field(meta, "BASENAME"));
    let unique_url = field(meta, "UNIQUE URL");
    let named = if basename.is_empty() { title } else { basename };
    let id = match (non_blank(unique_url), published_at) {
        (Some(url), _) => url,
        (None, Some(at)) => format!("{}#{named}", at.format("%Y-%m-%dT%H:%M:%S")),
        (None, None) if named.is_empty() => {
            return output.failed(line, "the entry has no title, date or URL");
        }
        (None, None) => named.to_owned(),
    };
    let text = [section("BODY:"), section("EXTENDED BODY:")].join("\n\n").trim().to_owned();
    // The URL that Movable Type gives an entry if nothing else is set.
    let usual = published_at
        .filter(|_| !basename.is_empty())
        .map(|at| format!("/{}/{basename}.html", at.format("%Y/%m")));
    let path = url_path(unique_url).or(usual);
    let post = Post {
        source: source::MOVABLE_TYPE,
        guid: None,
        id: id.clone(),
        title: non_blank(&plain_text(title)),
        slug: non_blank(&basename.replace('_', "-")),
        status: status(field(meta, "STATUS"), line, output)?,
        dek: non_blank(&plain_text(section("EXCERPT:"))),
        author: Author { name: public_name(field(meta, "AUTHOR")), url: None },
        published_at,
        date_uncertain: published_at.is_some(),
        updated_at: None,
        tags: tags(meta, section("KEYWORDS:")),
        paths: path.into_iter().collect(),
        comments_open: field(meta, "ALLOW COMMENTS") != "0",
        body: match field(meta, "CONVERT BREAKS") {
            "0" | "richtext" => Body::Html(text),
            markup if markup.starts_with("markdown") => Body::MarkdownPost(text),
            _ => Body::WordPressHtml(text),
        },
        lang: None,
        image: None,
        image_id: None,
        base_url: None,
        status_uncertain: false,
    };
    output.record(line, Record::Post(Box::new(post)))?;
    let replies =
        rest.iter().filter(|section| matches!(section.name.as_str(), "COMMENT:" | "PING:"));
    for (section, n) in replies.zip(1_u32..) {
        read_comment(section, &id, n, output)?;
    }
    Ok(())
}

/// Returns the status of an entry. An entry without one is not published.
fn status(status: &str, line: u64, output: &mut Output<'_>) -> Result<PostStatus, ReadError> {
    Ok(match status.to_ascii_lowercase().as_str() {
        "publish" => PostStatus::Published,
        "draft" | "review" => PostStatus::Draft,
        "future" => PostStatus::Scheduled,
        "" => {
            output.warning(line, "", "the entry has no STATUS; it is kept as a draft")?;
            PostStatus::Draft
        }
        _ => {
            let reason = "the entry has an unknown status; it is kept as a draft";
            output.warning(line, status, reason)?;
            PostStatus::Draft
        }
    })
}

/// Returns the categories, tags and keywords.
fn tags(meta: &str, keywords: &str) -> Vec<String> {
    let categories = fields(meta, "PRIMARY CATEGORY").chain(fields(meta, "CATEGORY"));
    let lists = fields(meta, "TAGS").chain(keywords.lines()).flat_map(|list| list.split(','));
    let mut tags: Vec<String> = Vec::new();
    for name in categories.chain(lists) {
        let name = non_blank(&plain_text(name.trim().trim_matches('"')));
        tags.extend(name.filter(|name| !tags.contains(name)));
    }
    tags
}

/// The keys at the beginning of a comment or ping.
const COMMENT_KEYS: [&str; 7] = ["AUTHOR", "EMAIL", "IP", "URL", "DATE", "TITLE", "BLOG NAME"];

/// Reads a comment or a trackback. Its id is its number in the entry.
fn read_comment(
    section: &Section,
    post: &str,
    n: u32,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let kind = match section.name.as_str() {
        "PING:" => CommentKind::Trackback,
        _ => CommentKind::Comment,
    };
    output.record(section.line, Record::Counted(kind.as_str()))?;
    let is_key =
        |line: &str| line.split_once(':').is_some_and(|(key, _)| COMMENT_KEYS.contains(&key));
    let lines = section.text.split_inclusive('\n');
    let head_bytes: usize = lines.take_while(|line| is_key(line)).map(str::len).sum();
    let (head, text) = section.text.split_at_checked(head_bytes).unwrap_or(("", &section.text));
    let text = text.trim();
    let names = [field(head, "AUTHOR"), field(head, "BLOG NAME")];
    let comment = Comment {
        source: source::MOVABLE_TYPE,
        target: CommentTarget::Post(source::MOVABLE_TYPE, post.to_owned()),
        id: n.to_string(),
        parent: None,
        parent_source: None,
        is_copy: false,
        kind,
        // Movable Type exports only what is visible.
        status: CommentStatus::Approved,
        author: CommentAuthor {
            name: names.into_iter().find_map(public_name),
            url: non_blank(field(head, "URL")),
            email: non_blank(field(head, "EMAIL")).filter(|email| email.contains('@')),
        },
        is_editor: false,
        text: text.to_owned(),
        html: comment_html(&add_paragraphs(text), Markup::Html),
        created_at: dates::parse_us(field(head, "DATE")),
        boundaries_uncertain: false,
    };
    output.record(section.line, Record::Comment(Box::new(comment)))
}
