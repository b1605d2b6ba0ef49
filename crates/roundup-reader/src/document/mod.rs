//! The document model that text, Markdown and HTML are parsed into: lines with links and styles.

mod builder;
mod html;
mod markdown;
mod plain;
mod render;

use std::ops::Range;

pub(crate) use html::read as read_html;
pub(crate) use markdown::read as read_markdown;
pub(crate) use plain::read as read_text;
pub use render::escape_markdown;

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Paragraph,
    /// Part of a list item.
    Item,
    Heading(u8),
    Quote,
    /// A picture; its text is the alternative text.
    Picture,
    /// A picture's caption.
    Caption,
    Rule,
    Code,
    /// Part of the page around the post, such as its navigation.
    Boilerplate,
}

/// A link within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The bytes of the line's text that are linked.
    pub(crate) range: Range<usize>,
    pub(crate) url: String,
}

/// The style of a part of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Strong,
    Emphasis,
    Code,
}

/// A line of the document as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "a blank line is not a `Line`")]
pub(crate) struct Line {
    /// The line in the source, counted from 1.
    pub(crate) no: usize,
    /// The source of this line.
    pub(crate) raw: String,
    /// The text without a bullet, with collapsed white space.
    pub(crate) text: String,
    pub(crate) links: Vec<Link>,
    pub(crate) styles: Vec<(Range<usize>, Style)>,
    pub(crate) kind: Kind,
    /// Whether a list item begins here.
    pub(crate) starts_item: bool,
    /// The number of lists around it.
    pub(crate) depth: usize,
    /// The number in front of the item.
    pub(crate) number: Option<u32>,
    /// Whether a blank line or the start of a block separates it from the previous line.
    pub(crate) preceded_by_blank_line: bool,
    /// The URL of a picture, or the URL that is alone on the line.
    pub(crate) url: Option<String>,
}

impl Line {
    pub(crate) fn new(no: usize, kind: Kind) -> Self {
        Self {
            no,
            raw: String::new(),
            text: String::new(),
            links: Vec::new(),
            styles: Vec::new(),
            kind,
            starts_item: false,
            depth: 0,
            number: None,
            preceded_by_blank_line: false,
            url: None,
        }
    }

    /// Returns whether at least 90 % of the letters have a style.
    fn is_styled(&self, style: Style) -> bool {
        let all = crate::text::letters(&self.text);
        let inside: usize = self
            .styles
            .iter()
            .filter(|(_, other)| *other == style)
            .map(|(range, _)| crate::text::letters(crate::text::part(&self.text, range.clone())))
            .sum();
        all > 0 && inside * 10 >= all * 9
    }

    /// Returns whether the whole line is bold.
    pub(crate) fn is_bold(&self) -> bool {
        self.is_styled(Style::Strong)
    }

    /// Returns whether the whole line is italic.
    pub(crate) fn is_italic(&self) -> bool {
        self.is_styled(Style::Emphasis)
    }

    /// Returns the URL of the link if all letters of the line are one link.
    pub(crate) fn whole_link(&self) -> Option<&str> {
        let [link] = self.links.as_slice() else { return None };
        let inside = crate::text::letters(crate::text::part(&self.text, link.range.clone()));
        (inside == crate::text::letters(&self.text)).then_some(link.url.as_str())
    }

    /// Returns whether the line is nothing but a URL.
    pub(crate) fn is_url(&self) -> bool {
        self.url.is_some() && self.kind != Kind::Picture
    }
}

/// A parsed text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) lines: Vec<Line>,
    /// Whether it was parsed from plain text, which is rendered without escapes.
    pub(crate) plain: bool,
}

/// The minimum length of a wrapped line, in characters. A shorter line ends its paragraph.
const NARROWEST_WRAP: usize = 50;

/// Returns whether `next` continues the sentence of a wrapped line.
fn is_wrapped(line: &Line, next: &Line) -> bool {
    let text = line.text.as_str();
    !next.preceded_by_blank_line
        && !next.starts_item
        && !next.is_url()
        && line.url.is_none()
        && line.kind == next.kind
        && matches!(line.kind, Kind::Paragraph | Kind::Item | Kind::Quote)
        && text.chars().count() >= NARROWEST_WRAP
        && !text.ends_with(['.', '!', '?', ':', ')', ']', '”', '"', '»', ';'])
        && next.text.starts_with(char::is_lowercase)
}

/// Joins lines that were wrapped at a fixed width.
fn unwrap(lines: Vec<Line>) -> Vec<Line> {
    let mut joined: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        match joined.last_mut() {
            Some(last) if is_wrapped(last, &line) => {
                let shift = last.text.len() + 1;
                last.text.push(' ');
                last.text.push_str(&line.text);
                last.raw.push('\n');
                last.raw.push_str(&line.raw);
                let shifted = |range: Range<usize>| range.start + shift..range.end + shift;
                last.links.extend(
                    line.links.into_iter().map(|link| Link { range: shifted(link.range), ..link }),
                );
                last.styles
                    .extend(line.styles.into_iter().map(|(range, style)| (shifted(range), style)));
            }
            _ => joined.push(line),
        }
    }
    joined
}
