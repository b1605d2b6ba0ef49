//! A roundup while it is being read; both grammars write into it.

use super::line::Line;
use super::split::Split;
use super::{Commentary, Confidence, Note, Outlets, Reply, Role, Roundup, Source};

/// A roundup in the making.
pub(super) struct Draft<'a> {
    pub(super) outlets: &'a dyn Outlets,
    pub(super) roundup: Roundup,
    /// The section the next source stands in.
    section: Option<Section>,
    label: Option<String>,
    /// Paragraphs of the labelled comment.
    said: Vec<String>,
    /// Paragraphs that found no place, each with its line.
    kept: Vec<(usize, String)>,
}

/// A heading within the list.
struct Section {
    title: String,
    line: usize,
    raw: String,
    /// Whether a source stands in it.
    used: bool,
}

impl Section {
    fn take(&mut self) -> String {
        self.used = true;
        self.title.clone()
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(outlets: &'a dyn Outlets) -> Self {
        let roundup = Roundup::default();
        Draft { outlets, roundup, section: None, label: None, said: Vec::new(), kept: Vec::new() }
    }

    pub(super) fn uncertain(&mut self, line: usize, raw: &str, reason: &str) {
        self.roundup.report.uncertain.push(note(line, raw, reason));
    }

    pub(super) fn unread(&mut self, line: usize, raw: &str, reason: &str) {
        self.roundup.report.unread.push(note(line, raw, reason));
        self.keep(line, raw);
    }

    /// Keeps text in the commentary, after the editor's own.
    pub(super) fn keep(&mut self, line: usize, text: &str) {
        if !text.trim().is_empty() {
            self.kept.push((line, text.trim_end().to_owned()));
        }
    }

    /// Takes the label of the editor's comment. A second label is not taken: it stays in the
    /// text, behind the first comment.
    pub(super) fn takes_label(&mut self, label: &str) -> bool {
        let first = self.label.is_none();
        if first {
            self.label = Some(label.to_owned());
        }
        first
    }

    /// Adds a paragraph to the editor's comment.
    pub(super) fn say(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.said.push(text.trim().to_owned());
        }
    }

    /// Adds a source, and a note if it was guessed.
    pub(super) fn push(&mut self, mut source: Source, doubt: Option<&str>) {
        if source.role != Role::Lead {
            source.section = self.section.as_mut().map(Section::take);
        }
        if source.confidence == Confidence::Low {
            let reason = doubt.unwrap_or("neither an outlet nor an address was found");
            self.uncertain(source.line, &source.raw, reason);
        }
        self.roundup.links.push(source);
    }

    /// Adds what was said by readers.
    pub(super) fn replies(&mut self, (replies, notes): (Vec<Reply>, Vec<Note>)) {
        self.roundup.comments.extend(replies);
        self.roundup.report.uncertain.extend(notes);
    }

    pub(super) fn lead(&mut self) -> Option<&mut Source> {
        self.roundup.links.iter_mut().find(|source| source.role == Role::Lead)
    }

    /// Whether a further source has been read.
    pub(super) fn has_more(&self) -> bool {
        self.roundup.links.iter().any(|source| source.role == Role::More)
    }

    /// A heading over sources: the first is the list's, later ones part it into sections.
    pub(super) fn heading(&mut self, line: Line<'_>, title: &str) {
        if self.roundup.links_heading.is_none() && self.section.is_none() && !self.has_more() {
            self.roundup.links_heading = Some(title.to_owned());
        } else {
            self.begin_section(line, title);
        }
    }

    pub(super) fn begin_section(&mut self, line: Line<'_>, title: &str) {
        self.end_section();
        let (title, raw) = (title.to_owned(), line.text.to_owned());
        self.section = Some(Section { title, line: line.no, raw, used: false });
    }

    /// Whether the text has sections, so that what follows stands in one.
    pub(super) fn in_section(&self) -> bool {
        self.section.is_some()
    }

    fn end_section(&mut self) {
        if let Some(Section { line, raw, used: false, .. }) = self.section.take() {
            self.unread(line, &raw, "a heading without sources under it");
        }
    }

    pub(super) fn finish(mut self) -> Roundup {
        self.end_section();
        if !(self.said.is_empty() && self.kept.is_empty() && self.label.is_none()) {
            self.kept.sort_by_key(|(line, _)| *line);
            self.said.extend(self.kept.into_iter().map(|(_, text)| text));
            let text = self.said.join("\n\n");
            self.roundup.commentary = Some(Commentary { label: self.label, text });
        }
        self.roundup.report.uncertain.sort_by_key(|note| note.line);
        self.roundup.report.unread.sort_by_key(|note| note.line);
        self.roundup
    }
}

/// A source out of a line that was parted into title and credit.
pub(super) fn source(role: Role, split: Split, url: Option<String>, line: Line<'_>) -> Source {
    Source {
        role,
        title: split.title,
        url,
        credit: split.credit,
        credits: split.credits,
        section: None,
        quote: None,
        confidence: split.confidence,
        line: line.no,
        raw: line.text.to_owned(),
    }
}

fn note(line: usize, raw: &str, reason: &str) -> Note {
    Note { line, raw: raw.to_owned(), reason: reason.to_owned() }
}
