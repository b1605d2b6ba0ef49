//! The entry points: parse a text into a document, label its lines, choose a reading for each line
//! and assemble the roundup.

use crate::assemble;
use crate::candidate::{Candidate, Form, Pattern, Span};
use crate::choose::choose;
use crate::comments::{self, Comments};
use crate::credit::Names;
use crate::document::{self, Document, Kind, Line};
use crate::headline::{assign_urls, find_headline};
use crate::labels::{self, Label};
use crate::linked::Anchor;
use crate::one_line;
use crate::outlet_links::{self, OutletLink};
use crate::outlets::Outlets;
use crate::roundup::Roundup;
use crate::text::{self, part};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Options for [`parse_html_with`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Html {
    /// Whether blank lines separate paragraphs and line ends break lines, as in the posts that
    /// WordPress stores.
    pub loose: bool,
    /// Whether the post has its title elsewhere, so that its first line is not the headline.
    pub has_separate_title: bool,
}

/// Reads a roundup in plain text.
pub fn parse_text(text: &str, outlets: &dyn Outlets) -> Roundup {
    parse_text_with(text, outlets, false)
}

/// Reads text; `has_separate_title` as in [`Html`].
pub fn parse_text_with(text: &str, outlets: &dyn Outlets, has_separate_title: bool) -> Roundup {
    read(document::read_text(text), outlets, has_separate_title)
}

/// Reads a roundup in Markdown. Markdown without any markup is read as text.
pub fn parse_markdown(text: &str, outlets: &dyn Outlets) -> Roundup {
    parse_markdown_with(text, outlets, false)
}

/// Reads Markdown; `has_separate_title` as in [`Html`].
pub fn parse_markdown_with(text: &str, outlets: &dyn Outlets, has_separate_title: bool) -> Roundup {
    let document = document::read_markdown(text);
    let marked = |line: &Line| {
        line.kind != Kind::Paragraph || !line.links.is_empty() || !line.styles.is_empty()
    };
    if document.lines.iter().any(marked) {
        read(document, outlets, has_separate_title)
    } else {
        parse_text_with(text, outlets, has_separate_title)
    }
}

/// Reads a roundup in HTML, as it is copied out of a page.
pub fn parse_html(html: &str, outlets: &dyn Outlets) -> Roundup {
    parse_html_with(html, outlets, Html::default())
}

/// Reads HTML with options, such as the body of a post in an export.
pub fn parse_html_with(html: &str, outlets: &dyn Outlets, options: Html) -> Roundup {
    read(document::read_html(html, options.loose), outlets, options.has_separate_title)
}

/// The label of a line, and the part of its text that is read.
#[derive(Debug, Clone)]
struct Row {
    label: Label,
    range: Range<usize>,
}

/// A document with the labels of its lines, its headline, its URLs and the names in it.
pub(crate) struct Post<'a> {
    pub(crate) document: Document,
    rows: Vec<Row>,
    pub(crate) names: Names<'a>,
    /// The line of the headline.
    pub(crate) headline: Option<usize>,
    /// The URLs that are alone on a line, each with that line, by the line of the title they belong to.
    pub(crate) urls: HashMap<usize, (String, usize)>,
    /// Whether the post has its title elsewhere.
    pub(crate) has_separate_title: bool,
    /// The lines whose only link is the name of the outlet.
    pub(crate) outlet_links: HashMap<usize, OutletLink>,
    /// Whether lines of the post begin with labels in capitals: "POLITICS: ".
    pub(crate) has_capital_labels: bool,
    /// In a long post, the patterns that are tried on the lines past [`MAX_FULL`](crate::choose::MAX_FULL).
    pub(crate) allowed: Option<HashSet<Pattern>>,
}

impl Post<'_> {
    /// Returns the number of lines before the comments.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether a pattern is tried.
    pub(crate) fn allows(&self, form: Form, mark: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(&Pattern::marked(form, mark)))
    }

    pub(crate) fn line(&self, at: usize) -> Option<&Line> {
        if at < self.rows.len() { self.document.lines.get(at) } else { None }
    }

    /// Returns whether a line is marked up as a heading.
    pub(crate) fn is_heading(&self, at: usize) -> bool {
        self.line(at).is_some_and(|line| matches!(line.kind, Kind::Heading(_)))
    }

    /// Returns the label of a line; a rule if there is no such line.
    pub(crate) fn label(&self, at: usize) -> &Label {
        self.rows.get(at).map_or(&Label::Rule, |row| &row.label)
    }

    /// Returns the text of a line that can be read as a source.
    pub(crate) fn text(&self, at: usize) -> Option<&str> {
        let row = self.rows.get(at).filter(|row| row.label == Label::Text)?;
        Some(part(&self.document.lines.get(at)?.text, row.range.clone()))
    }

    /// Returns the offset in the line at which [`Self::text`] begins.
    pub(crate) fn start(&self, at: usize) -> usize {
        self.rows.get(at).map_or(0, |row| row.range.start)
    }

    /// Returns the text of a span. Its range is within [`Self::text`] of its line.
    pub(crate) fn span(&self, span: &Span) -> &str {
        self.text(span.line).map_or("", |text| part(text, span.range.clone()))
    }

    /// Returns whether a line begins with a link.
    pub(crate) fn begins_with_link(&self, at: usize) -> bool {
        self.line(at)
            .is_some_and(|line| line.links.first().is_some_and(|link| link.range.start == 0))
    }

    /// Returns the URL of a line that is one link, or the URL on the line next to it.
    pub(crate) fn whole_url(&self, at: usize) -> Option<&str> {
        let line = self.line(at)?;
        let linked = line.whole_link().or_else(|| {
            // A pasted line is linked to the first URL after it.
            let first = line.links.first()?;
            (self.document.plain && is_link_before_urls(line)).then_some(first.url.as_str())
        });
        linked.or_else(|| self.urls.get(&at).map(|(url, _)| url.as_str()))
    }
}

/// The reading chosen for one or more lines.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    /// A title with its credit; then the second-best reading of its first line.
    Credited(Candidate, Option<Candidate>),
    /// A link, as a source or an inline link.
    Linked(Anchor),
}

/// Reads a document as a roundup. `has_separate_title` is [`Html::has_separate_title`].
pub(crate) fn read(document: Document, outlets: &dyn Outlets, has_separate_title: bool) -> Roundup {
    let Comments { start, replies, notes, boilerplate } = comments::read(&document);
    let labels = labels::labels(&document);
    let rows = document
        .lines
        .iter()
        .zip(labels)
        .take(start)
        .map(|(line, label)| Row { range: readable_range(line, &label), label })
        .collect();
    let mut post = Post {
        document,
        rows,
        names: Names::new(outlets),
        headline: None,
        urls: HashMap::new(),
        has_separate_title,
        outlet_links: HashMap::new(),
        has_capital_labels: false,
        allowed: None,
    };
    post.has_capital_labels = has_capital_labels(&post);
    post.names.occurrences = count_names(&post);
    post.urls = assign_urls(&post);
    post.headline = find_headline(&post);
    post.outlet_links = outlet_links::find(&post);
    let chosen = choose(&mut post);
    let mut roundup = assemble::assemble(&post, chosen);
    roundup.comments = replies;
    roundup.report.uncertain.extend(notes);
    roundup.report.unread.extend(boilerplate);
    roundup.report.uncertain.sort_by_key(|note| note.line);
    roundup.report.unread.sort_by_key(|note| note.line);
    roundup
}

/// Returns whether at least three lines begin with different labels in capitals that are no outlets.
fn has_capital_labels(post: &Post<'_>) -> bool {
    let labels: HashSet<&str> = (0..post.len())
        .filter_map(|at| post.text(at))
        .map(|text| part(text, 0..one_line::capital_label(text)).trim_end_matches([':', ' ']))
        .filter(|label| {
            !label.is_empty()
                && post.names.outlets.by_name(label).is_none_or(|found| found.ambiguous)
        })
        .collect();
    labels.len() >= 3
}

/// Returns whether a pasted line is one link, followed by nothing but further URLs.
fn is_link_before_urls(line: &Line) -> bool {
    let mut links = line.links.iter();
    let first = links.next().is_some_and(|link| {
        link.range.start == 0 && !part(&line.text, link.range.clone()).contains("://")
    });
    first && links.all(|link| part(&line.text, link.range.clone()) == link.url)
}

/// Returns the part of a line that is read, without a "Read more »" at its end.
fn readable_range(line: &Line, label: &Label) -> Range<usize> {
    let whole = 0..line.text.len();
    if *label != Label::Text {
        return whole;
    }
    if line.links.len() > 1 && is_link_before_urls(line) {
        return 0..line.links.first().map_or(whole.end, |link| link.range.end);
    }
    match labels::read_more_tail(&line.text) {
        Some(at) => text::trim(&line.text, 0..at),
        None => whole,
    }
}

/// Counts, in lower case, the texts at positions in a line where a credit can be: in brackets and
/// before or after a separator.
fn count_names(post: &Post<'_>) -> HashMap<String, usize> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for at in 0..post.len().min(2 * crate::choose::MAX_FULL) {
        let Some(text) = post.text(at) else { continue };
        if text.len() > 600 {
            continue;
        }
        let mut positions: Vec<&str> = Vec::new();
        for group in one_line::groups(text) {
            positions
                .push(part(text, group).trim_matches(['(', ')', '[', ']', '（', '）', '【', '】']));
        }
        for mark in [" -- ", " | ", " — ", " – ", " - ", " · ", " • "] {
            positions.extend(text.rsplit_once(mark).map(|(_, name)| name));
            positions.extend(text.split_once(mark).map(|(name, _)| name));
        }
        positions.extend(text.split_once(": ").map(|(name, _)| name));
        if text.len() <= 60 {
            positions.push(text);
        }
        positions.retain(|name| name.len() <= 60);
        positions.dedup();
        for name in positions {
            *counts.entry(name.trim().to_lowercase()).or_default() += 1;
        }
    }
    counts
}
