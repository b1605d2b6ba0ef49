//! Readers' comments below a pasted page.
//!
//! The page's "Reply" and "Delete" links arrive as one word glued to the start of the line after
//! the comment they belong to. So the mark ends the comment before it, and what it is glued to
//! begins the next. Where the page names the authors ("James said..."), their names separate the
//! comments, and the dates below them end them.

mod dates;

use crate::document::{Document, Line};
use crate::labels::{is_clock, is_label};
use crate::lexicon::{self, Kind};
use crate::roundup::{Note, Reply};
use crate::text;

const MARKS: [&str; 2] = ["ReplyDelete", "Reply Delete"];

/// The comments of a document.
pub(crate) struct Comments {
    /// The line at which they begin.
    pub(crate) end: usize,
    pub(crate) replies: Vec<Reply>,
    /// What is unsure about them.
    pub(crate) notes: Vec<Note>,
    /// Lines of the page among them.
    pub(crate) furniture: Vec<Note>,
}

/// Reads the comments below a post.
pub(crate) fn read(document: &Document) -> Comments {
    let lines = &document.lines;
    let Some(begin) = begin(lines) else {
        return Comments {
            end: lines.len(),
            replies: Vec::new(),
            notes: Vec::new(),
            furniture: Vec::new(),
        };
    };
    let mut thread = Thread { document, ..Thread::new(document) };
    let rest = lines.get(begin..).unwrap_or_default();
    thread.named = rest.iter().any(|line| said(&line.text).is_some());
    for (offset, line) in rest.iter().enumerate() {
        thread.line(begin + offset, line);
    }
    thread.close(false);
    Comments {
        end: begin,
        replies: thread.replies,
        notes: thread.notes,
        furniture: thread.furniture,
    }
}

/// Where the comments begin: at a heading over them, or else behind the editor's comment or the
/// last line that can be a source, before the first mark.
fn begin(lines: &[Line]) -> Option<usize> {
    let heading = lines.iter().skip(1).position(|line| is_heading(&line.text)).map(|at| at + 1);
    let mark = lines.iter().position(|line| has_mark(&line.text));
    match (heading, mark) {
        (Some(heading), Some(mark)) if heading < mark => Some(heading),
        (_, Some(mark)) => Some(before_mark_begins(lines, mark)),
        (heading, None) => heading,
    }
}

/// The first line of the comment that the first mark ends.
fn before_mark_begins(lines: &[Line], mark: usize) -> usize {
    let own = |line: &Line| {
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
    let behind = lines.iter().take(mark).rposition(own).map_or(0, |at| at + 1);
    behind.max(if behind > 0 { 0 } else { mark_at }).min(mark)
}

fn text_before_mark(line: Option<&Line>) -> Option<&str> {
    line.and_then(|line| before_mark(&line.text)).filter(|text| !text.trim().is_empty())
}

/// "3 comments:", "Comments", "Kommentare (3)", "Post a Comment".
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

fn has_mark(text: &str) -> bool {
    after_mark(text).is_some() || before_mark(text).is_some()
}

fn after_mark(text: &str) -> Option<&str> {
    MARKS.iter().find_map(|mark| text.strip_prefix(mark))
}

fn before_mark(text: &str) -> Option<&str> {
    MARKS.iter().find_map(|mark| text.strip_suffix(mark))
}

/// The author of "James said...".
fn said(text: &str) -> Option<&str> {
    let bare = text.trim_end_matches(['.', '…', ':', ' ']);
    if bare.len() == text.len() || bare.len() > 100 {
        return None;
    }
    let (at, _) = bare
        .match_indices(' ')
        .find(|(at, _)| bare.get(at + 1..).is_some_and(|rest| lexicon::is(Kind::Said, rest)))?;
    bare.get(..at).map(str::trim).filter(|name| !name.is_empty())
}

/// A line of the page among the comments.
fn is_page(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
    text.len() <= 120
        && (lexicon::is(Kind::CommentsEnd, bare)
            || lexicon::prefix(Kind::Furniture, text).is_some() && text::word_count(text) <= 8)
}

/// A line that says when a comment was written.
fn is_time(text: &str) -> bool {
    text.len() <= 60
        && text.split_whitespace().any(is_clock)
        && text.chars().any(|c| c.is_ascii_digit())
        && text::word_count(text) <= 9
}

struct Thread<'d> {
    document: &'d Document,
    /// Whether the page names the authors.
    named: bool,
    slot: Vec<(usize, usize, String)>,
    author: Option<String>,
    time: Option<String>,
    replies: Vec<Reply>,
    notes: Vec<Note>,
    furniture: Vec<Note>,
    started: bool,
}

impl<'d> Thread<'d> {
    fn new(document: &'d Document) -> Self {
        Thread {
            document,
            named: false,
            slot: Vec::new(),
            author: None,
            time: None,
            replies: Vec::new(),
            notes: Vec::new(),
            furniture: Vec::new(),
            started: false,
        }
    }

    fn line(&mut self, at: usize, line: &Line) {
        let mut text = line.text.as_str();
        let first = !std::mem::replace(&mut self.started, true);
        if (first && is_heading(text)) || is_page(text) {
            if is_page(text) {
                self.close(true);
                self.furniture.push(Note {
                    line: line.no,
                    raw: line.raw.clone(),
                    reason: "part of the page around the comments".to_owned(),
                });
            }
            return;
        }
        if self.named {
            if let Some(author) = said(text) {
                self.close(true);
                self.author = Some(author.to_owned());
                return;
            }
            if is_time(text) && !self.slot.is_empty() {
                self.time = dates::parse(text);
                return self.close(true);
            }
        }
        while let Some(rest) = after_mark(text) {
            self.close(true);
            text = rest.trim_start();
        }
        let (kept, ends) = match before_mark(text) {
            Some(before) => (before.trim_end(), true),
            None => (text, false),
        };
        if !kept.is_empty() {
            let whole = kept.len() == line.text.len();
            let markdown = if whole {
                self.document.markdown(at, 0..line.text.len())
            } else {
                kept.to_owned()
            };
            self.slot.push((at, line.no, markdown));
        }
        if ends {
            self.close(true);
        }
    }

    fn close(&mut self, marked: bool) {
        let slot = std::mem::take(&mut self.slot);
        let (author, created_at) = (self.author.take(), self.time.take());
        let Some(line) = slot.first().map(|(_, no, _)| *no) else { return };
        let texts: Vec<&str> = slot.iter().map(|(_, _, text)| text.as_str()).collect();
        let certain = author.is_some();
        let reason = match (texts.len(), marked) {
            (1, true) => None,
            _ if certain => None,
            (_, true) => Some("several paragraphs in one comment; it may be several persons'"),
            (_, false) => Some("nothing marks the end of this comment"),
        };
        if let Some(reason) = reason {
            self.notes.push(Note { line, raw: texts.join("\n"), reason: reason.to_owned() });
        }
        let uncertain = reason.is_some();
        self.replies.push(Reply { text: texts.join("\n\n"), uncertain, line, author, created_at });
    }
}
