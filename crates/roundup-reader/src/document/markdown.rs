//! Parses Markdown into a document: `CommonMark` with tables, and HTML within it.

use super::builder::Builder;
use super::html::HtmlReader;
use super::{Document, Kind, Style};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// Reads Markdown.
pub(crate) fn read(input: &str) -> Document {
    let input = input.strip_prefix('\u{FEFF}').unwrap_or(input);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut reader = Reader {
        to: Builder::new(),
        html: HtmlReader::new(false),
        block: None,
        code: None,
        image: None,
        starts: line_starts(input),
    };
    for (event, span) in Parser::new_ext(input, options).into_offset_iter() {
        reader.event(event, span);
    }
    reader.to.finish(Some(input))
}

/// Returns the offsets at which lines begin.
fn line_starts(input: &str) -> Vec<usize> {
    let breaks = input.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
}

/// Turns the events of the Markdown parser into calls of the builder.
struct Reader {
    to: Builder,
    html: HtmlReader,
    /// The HTML block that is being read, and the line it begins on.
    block: Option<(String, usize)>,
    /// The code block that is being read.
    code: Option<(String, Range<usize>)>,
    /// The picture that is being read: its URL and text.
    image: Option<(String, String)>,
    /// The offsets at which lines begin.
    starts: Vec<usize>,
}

impl Reader {
    /// Reads an event. `span` is its range in the source.
    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        let no = self.starts.partition_point(|start| *start <= span.start);
        self.to.no = no;
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                if let Some((code, _)) = &mut self.code {
                    code.push_str(&text);
                } else if let Some((_, alt)) = &mut self.image {
                    alt.push_str(&text);
                } else {
                    self.to.text(&text, Some(span));
                }
            }
            Event::Code(text) => {
                if let Some((_, alt)) = &mut self.image {
                    alt.push_str(&text);
                    return;
                }
                self.to.open_style(Style::Code);
                self.to.text(&text, Some(span));
                self.to.close_style(Style::Code);
            }
            Event::Html(html) => match &mut self.block {
                Some((block, _)) => block.push_str(&html),
                None => self.html.feed(&html, &mut self.to),
            },
            Event::InlineHtml(html) => {
                self.html.feed(&html, &mut self.to);
                self.to.extend_span(Some(span));
            }
            Event::SoftBreak | Event::HardBreak => {
                if self.image.is_none() {
                    self.to.end_line();
                }
            }
            Event::Rule => self.to.rule(),
            Event::FootnoteReference(name) => self.to.text(&name, Some(span)),
            Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, span: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::Table(_) => self.to.end_block(),
            Tag::Heading { level, .. } => {
                self.to.end_block();
                self.to.block = Some(Kind::Heading(match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    HeadingLevel::H3 => 3,
                    HeadingLevel::H4 => 4,
                    HeadingLevel::H5 => 5,
                    HeadingLevel::H6 => 6,
                }));
            }
            Tag::BlockQuote(_) => self.to.open_quote(),
            Tag::CodeBlock(_) => self.code = Some((String::new(), span)),
            Tag::HtmlBlock => self.block = Some((String::new(), self.to.no)),
            Tag::List(first) => {
                let first = first.map(|first| u32::try_from(first).unwrap_or(u32::MAX));
                self.to.open_list(first);
            }
            Tag::Item => self.to.open_item(),
            Tag::TableRow => self.to.end_line(),
            Tag::TableHead => {
                self.to.end_line();
                self.to.block = Some(Kind::Boilerplate);
            }
            Tag::TableCell if self.to.has_text() => {
                self.to.text(" | ", None);
            }
            Tag::Emphasis => self.to.open_style(Style::Emphasis),
            Tag::Strong => self.to.open_style(Style::Strong),
            Tag::Link { dest_url, .. } => {
                self.to.open_link(&dest_url);
                self.to.extend_span(Some(span));
            }
            Tag::Image { dest_url, .. } => self.image = Some((dest_url.to_string(), String::new())),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Table => self.to.end_block(),
            TagEnd::Heading(_) => {
                self.to.end_block();
                self.to.block = None;
            }
            TagEnd::BlockQuote(_) => self.to.close_quote(),
            TagEnd::CodeBlock => {
                if let Some((code, span)) = self.code.take() {
                    self.to.code(&code, Some(span));
                }
            }
            TagEnd::HtmlBlock => {
                if let Some((html, no)) = self.block.take() {
                    self.to.no = no;
                    self.html.feed(&html, &mut self.to);
                }
            }
            TagEnd::List(_) => self.to.close_list(),
            TagEnd::Item | TagEnd::TableRow => self.to.end_line(),
            TagEnd::TableHead => {
                self.to.end_line();
                self.to.block = None;
            }
            TagEnd::Emphasis => self.to.close_style(Style::Emphasis),
            TagEnd::Strong => self.to.close_style(Style::Strong),
            TagEnd::Link => self.to.close_link(),
            TagEnd::Image => {
                if let Some((url, alt)) = self.image.take() {
                    self.to.picture(&url, &alt);
                }
            }
            _ => {}
        }
    }
}
