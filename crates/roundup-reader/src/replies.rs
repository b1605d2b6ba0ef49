//! Readers' comments in a pasted page.
//!
//! The page's "Reply" and "Delete" links arrive as one word glued to the start of the line
//! after the comment they belong to. So the mark ends the comment before it, and what it is
//! glued to begins the next.

use super::line::Line;
use super::passage::{Passage, paragraphs};
use super::phrases::is_comments_heading;
use super::{Note, Reply};

const MARKS: [&str; 2] = ["ReplyDelete", "Reply Delete"];

/// Where the comments begin, if the text has any: at a heading over them, or else somewhere
/// before the first mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// The index of a heading over the comments.
    Heading(usize),
    /// The index of the line that ends the first comment.
    BeforeMark(usize),
}

pub(super) fn begin(lines: &[Line<'_>]) -> Option<Begin> {
    let heading = lines.iter().skip(1).position(|line| is_comments_heading(line.text));
    let mark = lines.iter().position(|line| has_mark(line.text));
    match (heading.map(|at| at + 1), mark) {
        (Some(heading), Some(mark)) if heading > mark => Some(Begin::BeforeMark(mark)),
        (Some(heading), _) => Some(Begin::Heading(heading)),
        (None, mark) => mark.map(Begin::BeforeMark),
    }
}

/// Whether a mark stands at the start or the end of a line.
pub(super) fn has_mark(text: &str) -> bool {
    after_mark(text).is_some() || before_mark(text).is_some()
}

fn after_mark(text: &str) -> Option<&str> {
    MARKS.iter().find_map(|mark| text.strip_prefix(mark))
}

fn before_mark(text: &str) -> Option<&str> {
    MARKS.iter().find_map(|mark| text.strip_suffix(mark))
}

/// Reads the comments. What shares one slot is one comment; if it is several paragraphs, it may
/// be several persons', and it is marked uncertain. The last mark begins no empty comment.
pub(super) fn read(lines: &[Line<'_>]) -> (Vec<Reply>, Vec<Note>) {
    let mut thread = Thread::default();
    for line in lines {
        let mut text = line.text;
        while let Some(rest) = after_mark(text) {
            thread.close(true);
            text = rest.trim_start();
        }
        match before_mark(text) {
            Some(before) => {
                thread.slot.push(Passage { no: line.no, text: before.trim_end().to_owned() });
                thread.close(true);
            }
            None => thread.slot.push(Passage { no: line.no, text: text.to_owned() }),
        }
    }
    thread.close(false);
    (thread.replies, thread.notes)
}

#[derive(Default)]
struct Thread {
    slot: Vec<Passage>,
    replies: Vec<Reply>,
    notes: Vec<Note>,
}

impl Thread {
    fn close(&mut self, marked: bool) {
        let paragraphs = paragraphs(&std::mem::take(&mut self.slot));
        let Some(line) = paragraphs.first().map(|paragraph| paragraph.no) else { return };
        let texts: Vec<&str> = paragraphs.iter().map(|paragraph| paragraph.text.as_str()).collect();
        let reason = match (texts.len(), marked) {
            (1, true) => None,
            (_, true) => Some("several paragraphs in one comment; it may be several persons'"),
            (_, false) => Some("nothing marks the end of this comment"),
        };
        if let Some(reason) = reason {
            self.notes.push(Note { line, raw: texts.join("\n"), reason: reason.to_owned() });
        }
        let uncertain = reason.is_some();
        self.replies.push(Reply { text: texts.join("\n\n"), uncertain, line });
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::lines;
    use super::*;

    fn texts(input: &str) -> Vec<(String, bool, usize)> {
        let (replies, notes) = read(&lines(input));
        assert_eq!(notes.len(), replies.iter().filter(|reply| reply.uncertain).count());
        replies.into_iter().map(|reply| (reply.text, reply.uncertain, reply.line)).collect()
    }

    #[test]
    fn a_mark_ends_the_comment_before_it() {
        let own = |text: &str, uncertain, line| (text.to_owned(), uncertain, line);
        for (input, replies) in [
            ("A.\nReplyDeleteB.\nReplyDelete", vec![own("A.", false, 1), own("B.", false, 2)]),
            (
                "A.\nReplyDeleteB.\nC.\nReplyDelete\n",
                vec![own("A.", false, 1), own("B.\n\nC.", true, 2)],
            ),
            ("A.ReplyDelete\nB.\nReplyDelete", vec![own("A.", false, 1), own("B.", false, 2)]),
            ("ReplyDelete\nReplyDelete", vec![]),
            ("ReplyDeleteReplyDeleteA.", vec![own("A.", true, 1)]),
            ("A.", vec![own("A.", true, 1)]),
            ("", vec![]),
        ] {
            assert_eq!(texts(input), replies, "{input:?}");
        }
    }

    #[test]
    fn comments_begin_at_a_heading_or_before_the_first_mark() {
        for (input, at) in [
            ("a\nb", None),
            ("a\n3 comments:\nb\nReplyDelete", Some(Begin::Heading(1))),
            ("a\nb\nReplyDelete", Some(Begin::BeforeMark(2))),
            ("a\nReplyDelete\nComments", Some(Begin::BeforeMark(1))),
            ("Comments\na", None),
        ] {
            assert_eq!(begin(&lines(input)), at, "{input:?}");
        }
    }
}
