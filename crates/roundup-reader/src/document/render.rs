//! Renders lines of a document as Markdown.

use super::{Document, Kind, Line, Style};
use crate::text::part;
use std::ops::Range;

impl Document {
    /// Renders a part of a line as Markdown, without the marks of its block.
    pub(crate) fn markdown(&self, at: usize, range: Range<usize>) -> String {
        let Some(line) = self.lines.get(at) else { return String::new() };
        if self.plain {
            if range == (0..line.text.len()) && !line.is_url() {
                return without_bullet(line);
            }
            return part(&line.text, range).to_owned();
        }
        match line.kind {
            Kind::Code if line.raw == line.text || line.raw.is_empty() => {
                format!("```\n{}\n```", line.text)
            }
            Kind::Code => line.raw.clone(),
            Kind::Rule => line.text.clone(),
            Kind::Picture => {
                let url = line.url.as_deref().unwrap_or_default();
                format!("![{}]({})", escape_markdown(&line.text), target(url))
            }
            _ => inline(line, range),
        }
    }

    /// Renders a line as Markdown, with the bullet or `>` of its block.
    pub(crate) fn markdown_line(&self, at: usize) -> String {
        let Some(line) = self.lines.get(at) else { return String::new() };
        if self.plain {
            return line.raw.clone();
        }
        let text = self.markdown(at, 0..line.text.len());
        match line.kind {
            Kind::Item if line.starts_item => format!("- {text}"),
            Kind::Quote => format!("> {text}"),
            _ => text,
        }
    }
}

/// Returns a pasted line as written, without its bullet.
fn without_bullet(line: &Line) -> String {
    let raw = line.raw.as_str();
    let head: String = line.text.chars().take(12).collect();
    let head = head.split('\t').next().unwrap_or_default();
    match raw.find(head) {
        Some(at) if (line.starts_item || line.kind == Kind::Quote) && !head.is_empty() => {
            part(raw, at..raw.len()).to_owned()
        }
        _ => raw.to_owned(),
    }
}

/// Renders text with its links and styles.
fn inline(line: &Line, range: Range<usize>) -> String {
    let mut cuts: Vec<usize> = vec![range.start, range.end];
    let all =
        line.links.iter().map(|link| &link.range).chain(line.styles.iter().map(|(range, _)| range));
    cuts.extend(all.flat_map(|range| [range.start, range.end]).filter(|at| range.contains(at)));
    cuts.sort_unstable();
    cuts.dedup();
    let mut markdown = Writer::default();
    let mut links = line.links.iter().peekable();
    let mut styles = Styles::new(line);
    for pair in cuts.windows(2) {
        let [start, end] = pair else { continue };
        while links.next_if(|link| link.range.end <= *start).is_some() {}
        let url =
            links.peek().filter(|link| link.range.start <= *start).map(|link| link.url.as_str());
        markdown.write(part(&line.text, *start..*end), url, &styles.at(*start));
    }
    markdown.finish()
}

/// Finds the styles at ascending offsets of a line.
struct Styles<'a>(Vec<(Style, std::iter::Peekable<std::vec::IntoIter<&'a Range<usize>>>)>);

impl<'a> Styles<'a> {
    fn new(line: &'a Line) -> Self {
        let of = |style: Style| {
            let mut all: Vec<&Range<usize>> = line
                .styles
                .iter()
                .filter(|(_, other)| *other == style)
                .map(|(range, _)| range)
                .collect();
            all.sort_by_key(|range| range.start);
            (style, all.into_iter().peekable())
        };
        Self(vec![of(Style::Strong), of(Style::Emphasis), of(Style::Code)])
    }

    /// Returns the styles at an offset. Offsets must not descend.
    fn at(&mut self, at: usize) -> Vec<Style> {
        let mut found = Vec::new();
        for (style, ranges) in &mut self.0 {
            while ranges.next_if(|range| range.end <= at).is_some() {}
            if ranges.peek().is_some_and(|range| range.start <= at) {
                found.push(*style);
            }
        }
        found
    }
}

/// Writes Markdown; opens and closes links and styles as they change.
#[derive(Default)]
struct Writer<'a> {
    out: String,
    link: Option<&'a str>,
    styles: Vec<Style>,
}

impl<'a> Writer<'a> {
    /// Writes a text with its link and styles.
    fn write(&mut self, text: &str, link: Option<&'a str>, styles: &[Style]) {
        if self.link != link {
            self.close(0);
            if let Some(url) = self.link.take() {
                self.push_closing(&format!("]({})", target(url)));
            }
            if let Some(url) = link {
                self.out.push('[');
                self.link = Some(url);
            }
        }
        let same = self.styles.iter().zip(styles).take_while(|(a, b)| a == b).count();
        self.close(same);
        for style in styles.iter().skip(same) {
            self.out.push_str(mark(*style));
            self.styles.push(*style);
        }
        if styles.contains(&Style::Code) {
            self.out.push_str(text);
        } else {
            let escaped =
                if self.out.is_empty() { escape_start(text) } else { escape_markdown(text) };
            self.out.push_str(&escaped);
        }
    }

    /// Closes all styles but the outermost `keep`.
    fn close(&mut self, keep: usize) {
        while self.styles.len() > keep {
            if let Some(style) = self.styles.pop() {
                self.push_closing(mark(style));
            }
        }
    }

    /// Writes a closing mark, before a space at the end of the text.
    fn push_closing(&mut self, closing: &str) {
        let spaced = self.out.ends_with(' ');
        if spaced {
            self.out.pop();
        }
        self.out.push_str(closing);
        if spaced {
            self.out.push(' ');
        }
    }

    fn finish(mut self) -> String {
        self.write("", None, &[]);
        self.out.trim().to_owned()
    }
}

/// Returns the mark around a style.
fn mark(style: Style) -> &'static str {
    match style {
        Style::Strong => "**",
        Style::Emphasis => "*",
        Style::Code => "`",
    }
}

/// Escapes the characters of a text that have a meaning in Markdown.
pub fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let escapes = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' => true,
            // An underscore within a word has no meaning.
            '_' => !(before.is_alphanumeric() && next.is_alphanumeric()),
            '&' => next == '#' || next.is_ascii_alphabetic(),
            _ => false,
        };
        if escapes {
            out.push('\\');
        }
        out.push(character);
        before = character;
    }
    out
}

/// Escapes a text at the start of a line.
fn escape_start(text: &str) -> String {
    let escaped = escape_markdown(text);
    let digits = escaped.chars().take_while(char::is_ascii_digit).count();
    let counted = digits > 0
        && part(&escaped, digits..digits + 2).starts_with([')', '.'])
        && part(&escaped, digits + 1..digits + 2) == " ";
    if escaped.starts_with(['#', '>', '+', '-', '~']) {
        return format!("\\{escaped}");
    }
    if counted {
        return format!("{}\\{}", part(&escaped, 0..digits), part(&escaped, digits..escaped.len()));
    }
    escaped
}

/// Escapes a URL as the target of a Markdown link.
fn target(url: &str) -> String {
    if url.contains(['(', ')', ' ', '<', '>']) {
        let escaped = url.replace('(', "%28").replace(')', "%29").replace(' ', "%20");
        return escaped.replace('<', "%3C").replace('>', "%3E");
    }
    url.to_owned()
}
