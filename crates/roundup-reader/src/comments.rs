//! Readers' comments below a pasted page.
//!
//! The page's "Reply" and "Delete" links are pasted as one word, at the start of the line after
//! the comment they belong to. So this marker ends a comment, and the text after it on the same line
//! begins the next. If the page names the authors ("James said..."), a comment begins at an author's
//! name and ends at the date below it.

mod dates;

use crate::document::{Document, Line};
use crate::labels::{is_clock, is_label};
use crate::lexicon::{self, Kind};
use crate::roundup::{Note, Reply};
use crate::text;

/// The "Reply" and "Delete" links of Blogger, as pasted.
const MARKERS: [&str; 2] = ["ReplyDelete", "Reply Delete"];

/// The readers' comments of a document.
pub(crate) struct Comments {
    /// The index of their first line; the number of lines if there are none.
    pub(crate) start: usize,
    pub(crate) replies: Vec<Reply>,
    /// The comments that may be more or less than one.
    pub(crate) notes: Vec<Note>,
    /// Lines between them that belong to the page.
    pub(crate) boilerplate: Vec<Note>,
}

/// Reads the comments below a post.
pub(crate) fn read(document: &Document) -> Comments {
    let lines = &document.lines;
    let Some(start) = find_start(lines) else {
        return Comments {
            start: lines.len(),
            replies: Vec::new(),
            notes: Vec::new(),
            boilerplate: Vec::new(),
        };
    };
    let mut reader = CommentReader::new(document);
    let rest = lines.get(start..).unwrap_or_default();
    reader.has_authors = rest.iter().any(|line| author(&line.text).is_some());
    for (offset, line) in rest.iter().enumerate() {
        reader.read_line(start + offset, line);
    }
    reader.end_comment(false);
    Comments {
        start,
        replies: reader.replies,
        notes: reader.notes,
        boilerplate: reader.boilerplate,
    }
}

/// Finds the first line of the comments: their heading if it comes before the first marker, else the
/// first line of the comment that the marker ends.
fn find_start(lines: &[Line]) -> Option<usize> {
    let heading = lines.iter().skip(1).position(|line| is_heading(&line.text)).map(|at| at + 1);
    let mark = lines.iter().position(|line| has_mark(&line.text));
    match (heading, mark) {
        (Some(heading), Some(mark)) if heading < mark => Some(heading),
        (_, Some(mark)) => Some(first_comment_start(lines, mark)),
        (heading, None) => heading,
    }
}

/// Returns the first line of the comment that the first marker ends: the line after the editor's
/// comment or after the last line that can be a source.
fn first_comment_start(lines: &[Line], mark: usize) -> usize {
    let belongs_to_post = |line: &Line| {
        let label = line.text.split_once([':', '：']).is_some_and(|(head, _)| {
            head.len() <= 60 && is_label(head.trim_matches(['*', '_', ' ']))
        });
        let credit = line.text.contains(" -- ")
            || line.is_url()
            || line.starts_item
            || line.whole_link().is_some();
        label || credit
    };
    let mark_at =
        if text_before_mark(lines.get(mark)).is_some() { mark } else { mark.saturating_sub(1) };
    let behind = lines.iter().take(mark).rposition(belongs_to_post).map_or(0, |at| at + 1);
    behind.max(if behind > 0 { 0 } else { mark_at }).min(mark)
}

/// Returns the text before a marker at the end of a line, unless it is blank.
fn text_before_mark(line: Option<&Line>) -> Option<&str> {
    line.and_then(|line| before_mark(&line.text)).filter(|text| !text.trim().is_empty())
}

/// Returns whether a line is a heading over comments: "3 comments:", "Kommentare (3)", "Post a Comment".
fn is_heading(line: &str) -> bool {
    let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
    if line.len() > 60 {
        return false;
    }
    if lexicon::is(Kind::CommentsEnd, bare) {
        return true;
    }
    let words = text::words(line);
    let name: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| !word.chars().all(|c| c.is_ascii_digit()))
        .collect();
    let counted = name.len() < words.len();
    let joined = name.join(" ");
    // "3件のコメント" is one word.
    let glued = |word: &&str| {
        lexicon::is(Kind::Comments, word.trim_start_matches(|c: char| c.is_ascii_digit()))
    };
    let only = name.len() == 1 && name.iter().any(glued);
    // "Comment: …" is the editor's.
    (lexicon::is(Kind::Comments, &joined) || only) && (joined != "comment" || counted)
}

/// Returns whether a line begins or ends with a marker.
fn has_mark(text: &str) -> bool {
    after_mark(text).is_some() || before_mark(text).is_some()
}

/// Returns the text after a marker at the start of a line.
fn after_mark(text: &str) -> Option<&str> {
    MARKERS.iter().find_map(|mark| text.strip_prefix(mark))
}

/// Returns the text before a marker at the end of a line.
fn before_mark(text: &str) -> Option<&str> {
    MARKERS.iter().find_map(|mark| text.strip_suffix(mark))
}

/// Returns the author in a line such as "James said...".
fn author(text: &str) -> Option<&str> {
    let bare = text.trim_end_matches(['.', '…', ':', ' ']);
    if bare.len() == text.len() || bare.len() > 100 {
        return None;
    }
    let (at, _) = bare
        .match_indices(' ')
        .find(|(at, _)| bare.get(at + 1..).is_some_and(|rest| lexicon::is(Kind::Said, rest)))?;
    bare.get(..at).map(str::trim).filter(|name| !name.is_empty())
}

/// Returns whether a line between the comments belongs to the page.
fn is_boilerplate(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
    text.len() <= 120
        && (lexicon::is(Kind::CommentsEnd, bare)
            || lexicon::prefix(Kind::Boilerplate, text).is_some() && text::word_count(text) <= 8)
}

/// Returns whether a line is the date of a comment.
fn is_timestamp(text: &str) -> bool {
    text.len() <= 60
        && text.split_whitespace().any(is_clock)
        && text.chars().any(|c| c.is_ascii_digit())
        && text::word_count(text) <= 9
}

/// Reads the lines of the comments one by one.
struct CommentReader<'d> {
    document: &'d Document,
    /// Whether the page names the authors.
    has_authors: bool,
    /// The paragraphs of the current comment: the number in the source, and the Markdown.
    paragraphs: Vec<(usize, String)>,
    author: Option<String>,
    time: Option<String>,
    replies: Vec<Reply>,
    notes: Vec<Note>,
    boilerplate: Vec<Note>,
    /// Whether a line was read.
    started: bool,
}

impl<'d> CommentReader<'d> {
    fn new(document: &'d Document) -> Self {
        CommentReader {
            document,
            has_authors: false,
            paragraphs: Vec::new(),
            author: None,
            time: None,
            replies: Vec::new(),
            notes: Vec::new(),
            boilerplate: Vec::new(),
            started: false,
        }
    }

    /// Adds a line to the current comment, and ends it at a marker, an author or a date.
    fn read_line(&mut self, at: usize, line: &Line) {
        let mut text = line.text.as_str();
        let first = !std::mem::replace(&mut self.started, true);
        if (first && is_heading(text)) || is_boilerplate(text) {
            if is_boilerplate(text) {
                self.end_comment(true);
                self.boilerplate.push(Note {
                    line: line.no,
                    raw: line.raw.clone(),
                    reason: "part of the page around the comments".to_owned(),
                });
            }
            return;
        }
        if self.has_authors {
            if let Some(author) = author(text) {
                self.end_comment(true);
                self.author = Some(author.to_owned());
                return;
            }
            if is_timestamp(text) && !self.paragraphs.is_empty() {
                self.time = dates::parse(text);
                return self.end_comment(true);
            }
        }
        while let Some(rest) = after_mark(text) {
            self.end_comment(true);
            text = rest.trim_start();
        }
        let (text, ends) = match before_mark(text) {
            Some(before) => (before.trim_end(), true),
            None => (text, false),
        };
        if !text.is_empty() {
            let whole = text.len() == line.text.len();
            let markdown = if whole {
                self.document.markdown(at, 0..line.text.len())
            } else {
                text.to_owned()
            };
            self.paragraphs.push((line.no, markdown));
        }
        if ends {
            self.end_comment(true);
        }
    }

    /// Ends the current comment, if it has text. `marked` says whether a marker, a date or the next
    /// author ended it.
    fn end_comment(&mut self, marked: bool) {
        let paragraphs = std::mem::take(&mut self.paragraphs);
        let (author, created_at) = (self.author.take(), self.time.take());
        let Some(line) = paragraphs.first().map(|(no, _)| *no) else { return };
        let texts: Vec<&str> = paragraphs.iter().map(|(_, text)| text.as_str()).collect();
        let certain = author.is_some();
        let reason = match (texts.len(), marked) {
            (1, true) => None,
            _ if certain => None,
            (_, true) => Some("several paragraphs; they may be more than one comment"),
            (_, false) => Some("nothing marks the end of this comment"),
        };
        if let Some(reason) = reason {
            self.notes.push(Note { line, raw: texts.join("\n"), reason: reason.to_owned() });
        }
        let uncertain = reason.is_some();
        self.replies.push(Reply { text: texts.join("\n\n"), uncertain, line, author, created_at });
    }
}
