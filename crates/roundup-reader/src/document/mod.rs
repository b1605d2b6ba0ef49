//! The document that text, Markdown and HTML become: lines with links and emphasis.

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

/// What a line is in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Paragraph,
    /// Part of a list item.
    Item,
    Heading(u8),
    Quote,
    /// A picture; its text is what it shows.
    Picture,
    /// A picture's caption.
    Caption,
    Rule,
    Code,
    /// Part of the page around the post, such as its navigation.
    Furniture,
}

/// A link within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// The bytes of the line's text that are linked.
    pub(crate) range: Range<usize>,
    pub(crate) url: String,
}

/// How a part of a line is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Strong,
    Emphasis,
    Code,
}

/// One line: what stands on a line of its own for the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The line in the source, counted from 1.
    pub(crate) no: usize,
    /// The source of this line.
    pub(crate) raw: String,
    /// The text, its white space folded, without a bullet.
    pub(crate) text: String,
    pub(crate) links: Vec<Link>,
    pub(crate) styles: Vec<(Range<usize>, Style)>,
    pub(crate) kind: Kind,
    /// Whether a list item begins here.
    pub(crate) starts_item: bool,
    /// How many lists it stands in.
    pub(crate) depth: usize,
    /// The number in front of the item.
    pub(crate) number: Option<u32>,
    /// Whether space parts it from the line before.
    pub(crate) gap: bool,
    /// The address of a picture or of an address that stands alone on its line.
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
            gap: false,
            url: None,
        }
    }

    /// The share of the letters that is in a style.
    fn styled(&self, style: Style) -> bool {
        let all = crate::text::letters(&self.text);
        let inside: usize = self
            .styles
            .iter()
            .filter(|(_, one)| *one == style)
            .map(|(range, _)| crate::text::letters(crate::text::part(&self.text, range.clone())))
            .sum();
        all > 0 && inside * 10 >= all * 9
    }

    /// Whether it is set in bold as a whole.
    pub(crate) fn is_bold(&self) -> bool {
        self.styled(Style::Strong)
    }

    /// Whether it is set in italics as a whole.
    pub(crate) fn is_italic(&self) -> bool {
        self.styled(Style::Emphasis)
    }

    /// The address, if all letters of the line are one link.
    pub(crate) fn whole_link(&self) -> Option<&str> {
        let [link] = self.links.as_slice() else { return None };
        let inside = crate::text::letters(crate::text::part(&self.text, link.range.clone()));
        (inside == crate::text::letters(&self.text)).then_some(link.url.as_str())
    }

    /// Whether the line is an address and nothing else.
    pub(crate) fn is_url(&self) -> bool {
        self.url.is_some() && self.kind != Kind::Picture
    }
}

/// A whole text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) lines: Vec<Line>,
    /// Whether the text of lines is Markdown already, as pasted text is.
    pub(crate) plain: bool,
}

/// A shorter line, in characters, ends its paragraph: nobody wraps text that narrow.
const NARROWEST_WRAP: usize = 50;

/// Whether a line breaks off in mid-sentence, so that the next, in lower case, goes on with it.
fn goes_on(line: &Line, next: &Line) -> bool {
    let text = line.text.as_str();
    !next.gap
        && !next.starts_item
        && !next.is_url()
        && line.url.is_none()
        && line.kind == next.kind
        && matches!(line.kind, Kind::Paragraph | Kind::Item | Kind::Quote)
        && text.chars().count() >= NARROWEST_WRAP
        && !text.ends_with(['.', '!', '?', ':', ')', ']', '”', '"', '»', ';'])
        && next.text.starts_with(char::is_lowercase)
}

/// Joins lines that were broken at a fixed width.
fn unwrap(lines: Vec<Line>) -> Vec<Line> {
    let mut joined: Vec<Line> = Vec::with_capacity(lines.len());
    for line in lines {
        match joined.last_mut() {
            Some(last) if goes_on(last, &line) => {
                let shift = last.text.len() + 1;
                last.text.push(' ');
                last.text.push_str(&line.text);
                last.raw.push('\n');
                last.raw.push_str(&line.raw);
                let moved = |range: Range<usize>| range.start + shift..range.end + shift;
                last.links.extend(
                    line.links.into_iter().map(|one| Link { range: moved(one.range), ..one }),
                );
                last.styles
                    .extend(line.styles.into_iter().map(|(range, style)| (moved(range), style)));
            }
            _ => joined.push(line),
        }
    }
    joined
}
