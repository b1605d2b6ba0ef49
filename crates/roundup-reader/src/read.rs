//! Reads a document as a roundup: labels, candidates, patterns, choice, assembly.

use crate::assemble;
use crate::candidate::{Candidate, Form, Pattern, Span};
use crate::choose::choose;
use crate::comments::{self, Comments};
use crate::credit::Names;
use crate::document::{self, Document, Kind, Line};
use crate::headline::{headline, urls};
use crate::labels::{self, Label};
use crate::linked::Anchor;
use crate::one_line;
use crate::outlets::Outlets;
use crate::roundup::Roundup;
use crate::text::{self, part};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// How HTML is written, and what is wanted of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Html {
    /// Blank lines separate paragraphs and line ends break lines, as WordPress stores posts.
    pub loose: bool,
    /// The post has its title elsewhere, so that its first line is no headline of its own.
    pub titled: bool,
}

/// Reads a roundup in plain text.
pub fn parse_text(text: &str, outlets: &dyn Outlets) -> Roundup {
    read(document::read_text(text), outlets, false)
}

/// Reads a roundup in Markdown. Markdown without any markup is read as text.
pub fn parse_markdown(text: &str, outlets: &dyn Outlets) -> Roundup {
    let document = document::read_markdown(text);
    let marked = |line: &Line| {
        line.kind != Kind::Paragraph || !line.links.is_empty() || !line.styles.is_empty()
    };
    if document.lines.iter().any(marked) {
        read(document, outlets, false)
    } else {
        parse_text(text, outlets)
    }
}

/// Reads a roundup in HTML, as it is copied out of a page.
pub fn parse_html(html: &str, outlets: &dyn Outlets) -> Roundup {
    parse_html_with(html, outlets, Html::default())
}

/// Reads HTML of a certain kind, such as the body of a post in an export.
pub fn parse_html_with(html: &str, outlets: &dyn Outlets, kind: Html) -> Roundup {
    read(document::read_html(html, kind.loose), outlets, kind.titled)
}

/// What a line is, and which part of it is text to read.
#[derive(Debug, Clone)]
struct Row {
    label: Label,
    range: Range<usize>,
}

/// A document with what is known about its lines.
pub(crate) struct Post<'a> {
    pub(crate) document: Document,
    rows: Vec<Row>,
    pub(crate) names: Names<'a>,
    /// The line of the headline.
    pub(crate) headline: Option<usize>,
    /// Addresses that stand alone on a line, by the line that they belong to.
    pub(crate) urls: HashMap<usize, (String, usize)>,
    /// Whether the post has its title elsewhere.
    pub(crate) titled: bool,
    /// In a long post, the patterns that are tried on the lines past [`MAX_FULL`](crate::choose::MAX_FULL).
    pub(crate) allowed: Option<HashSet<Pattern>>,
}

impl Post<'_> {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether a pattern is tried.
    pub(crate) fn allows(&self, form: Form, mark: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(&Pattern::marked(form, mark)))
    }

    pub(crate) fn line(&self, at: usize) -> Option<&Line> {
        if at < self.rows.len() { self.document.lines.get(at) } else { None }
    }

    pub(crate) fn label(&self, at: usize) -> &Label {
        self.rows.get(at).map_or(&Label::Rule, |row| &row.label)
    }

    /// The text of a line that can be read as a source.
    pub(crate) fn text(&self, at: usize) -> Option<&str> {
        let row = self.rows.get(at).filter(|row| row.label == Label::Text)?;
        Some(part(&self.document.lines.get(at)?.text, row.range.clone()))
    }

    /// Where that text begins in the line.
    pub(crate) fn start(&self, at: usize) -> usize {
        self.rows.get(at).map_or(0, |row| row.range.start)
    }

    /// The text of a span, whose range is within the text of its line.
    pub(crate) fn span(&self, span: &Span) -> &str {
        self.text(span.line).map_or("", |text| part(text, span.range.clone()))
    }

    /// Whether a line begins with a link.
    pub(crate) fn begins_with_link(&self, at: usize) -> bool {
        self.line(at)
            .is_some_and(|line| line.links.first().is_some_and(|link| link.range.start == 0))
    }

    /// The URL over a whole line, written in it or on the line next to it.
    pub(crate) fn whole_url(&self, at: usize) -> Option<&str> {
        let line = self.line(at)?;
        let linked = line.whole_link().or_else(|| {
            // A plain line is linked by the address behind it, further addresses aside.
            let first = line.links.first()?;
            (self.document.plain && leads(line)).then_some(first.url.as_str())
        });
        linked.or_else(|| self.urls.get(&at).map(|(url, _)| url.as_str()))
    }
}

/// A reading of a place in the post.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    /// A title with its credit, and the second-best reading.
    Credited(Candidate, Option<Candidate>),
    /// A link.
    Linked(Anchor),
}

pub(crate) fn read(document: Document, outlets: &dyn Outlets, titled: bool) -> Roundup {
    let Comments { end, replies, notes, furniture } = comments::read(&document);
    let labels = labels::labels(&document);
    let rows = document
        .lines
        .iter()
        .zip(labels)
        .take(end)
        .map(|(line, label)| Row { range: usable(line, &label), label })
        .collect();
    let mut post = Post {
        document,
        rows,
        names: Names::new(outlets),
        headline: None,
        urls: HashMap::new(),
        titled,
        allowed: None,
    };
    count_names(&mut post);
    post.urls = urls(&post);
    post.headline = headline(&post);
    let chosen = choose(&mut post);
    let mut roundup = assemble::assemble(&post, chosen);
    roundup.comments = replies;
    roundup.report.uncertain.extend(notes);
    roundup.report.unread.extend(furniture);
    roundup.report.uncertain.sort_by_key(|note| note.line);
    roundup.report.unread.sort_by_key(|note| note.line);
    roundup
}

/// Whether a pasted line is one link, but for the further addresses behind it.
fn leads(line: &Line) -> bool {
    let mut links = line.links.iter();
    let first = links.next().is_some_and(|link| {
        link.range.start == 0 && !part(&line.text, link.range.clone()).contains("://")
    });
    first && links.all(|link| part(&line.text, link.range.clone()) == link.url)
}

/// The part of a line that is read: without a "Read more »" behind it.
fn usable(line: &Line, label: &Label) -> Range<usize> {
    let whole = 0..line.text.len();
    if *label != Label::Text {
        return whole;
    }
    if line.links.len() > 1 && leads(line) {
        return 0..line.links.first().map_or(whole.end, |link| link.range.end);
    }
    match labels::read_more_tail(&line.text) {
        Some(at) => text::trim(&line.text, 0..at),
        None => whole,
    }
}

/// Counts the texts that stand where a credit can stand.
fn count_names(post: &mut Post<'_>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for at in 0..post.len().min(2 * crate::choose::MAX_FULL) {
        let Some(text) = post.text(at) else { continue };
        if text.len() > 600 {
            continue;
        }
        let mut places: Vec<&str> = Vec::new();
        for group in one_line::groups(text) {
            places
                .push(part(text, group).trim_matches(['(', ')', '[', ']', '（', '）', '【', '】']));
        }
        for mark in [" -- ", " | ", " — ", " – ", " - ", " · ", " • "] {
            places.extend(text.rsplit_once(mark).map(|(_, name)| name));
            places.extend(text.split_once(mark).map(|(name, _)| name));
        }
        places.extend(text.split_once(": ").map(|(name, _)| name));
        if text.len() <= 60 {
            places.push(text);
        }
        places.retain(|name| name.len() <= 60);
        places.dedup();
        for name in places {
            *seen.entry(name.trim().to_lowercase()).or_default() += 1;
        }
    }
    post.names.seen = seen;
}
