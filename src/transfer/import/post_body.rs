//! Parses the body of a post into sources and text.
//!
//! A roundup in HTML is parsed by the same grammar as pasted text. The body of any other post is
//! kept as one text, and the links in it become sources with the role `inline`.

use super::html_lines::{self, Line};
use crate::links::RichText;
use export_formats::{Body, add_paragraphs};
use roundup_reader::{
    Confidence, Note, Outlets, Role, Roundup, Source, parse_markdown, parse_text, split_line,
};
use safe_html::{Markup, Voice, render};

/// The parsed body of a post.
#[derive(Debug)]
pub(super) struct ParsedBody {
    /// Headline, dek, sources, comments and notes.
    pub(super) roundup: Roundup,
    pub(super) quote: Option<RichText>,
    /// The editor's commentary, without its label.
    pub(super) commentary: Option<RichText>,
}

/// Parses a body.
pub(super) fn parse(body: &Body, outlets: &dyn Outlets) -> ParsedBody {
    match body {
        Body::Text(text) => from_roundup(parse_text(text, outlets)),
        Body::Markdown(text) => from_roundup(parse_markdown(text, outlets)),
        Body::Html(text) => parse_html(text, text, outlets),
        Body::WordPressHtml(text) => parse_html(text, &add_paragraphs(text), outlets),
    }
}

/// Returns Markdown with its HTML.
fn markdown(text: &str) -> RichText {
    let html = render(text, Markup::Markdown, Voice::Editor);
    RichText { text: text.to_owned(), html }
}

fn from_roundup(roundup: Roundup) -> ParsedBody {
    let quote = roundup.quote.as_deref().map(markdown);
    let commentary = roundup.commentary.as_ref().map(|said| markdown(&said.text));
    ParsedBody { roundup, quote, commentary }
}

/// Parses HTML. `written` is the body as the source has it, `html` the same with its paragraphs
/// marked.
fn parse_html(written: &str, html: &str, outlets: &dyn Outlets) -> ParsedBody {
    let lines = html_lines::lines(html);
    match roundup(&lines, outlets) {
        Some(roundup) => from_roundup(roundup),
        None => ParsedBody {
            roundup: Roundup { links: inline_links(lines.iter()), ..Roundup::default() },
            quote: None,
            commentary: (!written.trim().is_empty()).then(|| RichText {
                text: written.to_owned(),
                html: render(html, Markup::Html, Voice::Editor),
            }),
        },
    }
}

/// The first line of the text that the grammar parses, in place of a headline: a post has its
/// title elsewhere.
const HEADLINE: &str = "Post";

/// Parses the lines as a roundup if they are one: if they have two sources with known outlets; or
/// one, and other parts of a roundup; or three sources that are linked and credited.
fn roundup(lines: &[Line], outlets: &dyn Outlets) -> Option<Roundup> {
    let credited = |line: &Line| split_line(&line.text(), outlets).credit.is_some();
    let first = lines.iter().position(credited)?;
    let mut input = GrammarInput::default();
    for line in lines.iter().skip(first) {
        input.add_line(line, outlets);
    }
    let mut parsed = parse_text(&input.text, outlets);
    let sure = |link: &&Source| link.credit.is_some() && link.confidence == Confidence::High;
    let many = parsed.links.iter().filter(sure).count();
    let marked = parsed.links.iter().filter(|link| link.credit.is_some() && link.url.is_some());
    let framed = parsed.links_heading.is_some()
        || parsed.quote.is_some()
        || parsed.commentary.as_ref().is_some_and(|said| said.label.is_some());
    if !(many >= 2 || (many >= 1 && framed) || marked.count() >= 3) {
        return None;
    }
    let before = lines.iter().take(first).map(Line::markdown).filter(|text| !text.is_empty());
    let embedded = lines.iter().flat_map(Line::embedded);
    let kept: Vec<String> = before.chain(embedded).collect();
    input.restore_texts(&mut parsed);
    parsed.links.extend(inline_links(lines.iter().take(first)));
    parsed.links.extend(inline_links(input.prose.iter()));
    if !kept.is_empty() {
        let said = parsed.commentary.get_or_insert_default();
        let texts = std::iter::once(std::mem::take(&mut said.text)).filter(|text| !text.is_empty());
        said.text = texts.chain(kept).collect::<Vec<_>>().join("\n\n");
    }
    Some(parsed)
}

/// The text that the grammar parses, and what each of its lines was made from.
#[derive(Default)]
struct GrammarInput {
    text: String,
    /// The original of each line, for the report.
    raw: Vec<String>,
    /// URLs of links and their texts.
    titles: Vec<(String, String)>,
    /// Lines of running text.
    prose: Vec<Line>,
}

impl GrammarInput {
    /// Adds a line of the post.
    fn add_line(&mut self, line: &Line, outlets: &dyn Outlets) {
        if self.text.is_empty() {
            self.push(HEADLINE, "");
        }
        let text = line.text();
        let links: Vec<(&str, &str)> = line.links().collect();
        let linked: usize = links.iter().map(|(text, _)| letters(text)).sum();
        let only_links = !links.is_empty() && linked == letters(&text);
        if only_links && links.len() > 1 {
            for (title, url) in links {
                self.push_source(title, title, url);
            }
        } else if let Some((title, url)) = links.first().copied() {
            let split = split_line(&text, outlets);
            let titled = split.credit.is_some()
                && (split.title.contains(title) || split.credit.as_deref() == Some(title));
            if only_links || titled {
                self.push_source(&text, title, url);
                let others = links.iter().skip(1);
                let part = |(text, url): &(&str, &str)| {
                    html_lines::Part::Link((*text).to_owned(), (*url).to_owned())
                };
                self.prose.push(Line(others.map(part).collect()));
            } else {
                self.push(&line.markdown(), &text);
                self.prose.push(line.clone());
            }
        } else if !text.is_empty() {
            let credited = split_line(&text, outlets).credit.is_some();
            self.push(&if credited { text.clone() } else { html_lines::escape(&text) }, &text);
        }
    }

    /// Adds a line that names a source. Its URL follows, on a line of its own if the text is a
    /// sentence.
    fn push_source(&mut self, text: &str, title: &str, url: &str) {
        if self.titles.iter().any(|(known, _)| known == url) {
            // "Read more", with the same URL as the title.
            return self.push(text, text);
        }
        self.titles.push((url.to_owned(), title.to_owned()));
        if text.ends_with(['.', '!', '…', '”', '"']) && text.split_whitespace().count() >= 6 {
            self.push(text, text);
            self.push(url, text);
        } else {
            self.push(&format!("{text} {url}"), text);
        }
    }

    fn push(&mut self, line: &str, raw: &str) {
        self.text += line;
        self.text.push('\n');
        self.raw.push(raw.to_owned());
    }

    /// Replaces texts that were changed for the grammar by their originals.
    fn restore_texts(&self, parsed: &mut Roundup) {
        parsed.headline = None;
        let texts = [&mut parsed.dek, &mut parsed.links_heading];
        let sections = parsed.links.iter_mut().map(|link| &mut link.section);
        for text in texts.into_iter().chain(sections).flatten() {
            *text = unescape(text);
        }
        for link in &mut parsed.links {
            link.title = unescape(&link.title);
            let own = self.titles.iter().find(|(url, _)| *url == link.title);
            if let Some((_, title)) = own {
                link.title.clone_from(title);
            }
            self.restore_raw(&mut link.raw, link.line);
        }
        let Roundup { report, .. } = parsed;
        report.uncertain.retain(|note| note.line > 1);
        for Note { line, raw, .. } in report.uncertain.iter_mut().chain(&mut report.unread) {
            self.restore_raw(raw, *line);
        }
    }

    /// Replaces a line by its original.
    fn restore_raw(&self, raw: &mut String, line: usize) {
        if let Some(text) = line.checked_sub(1).and_then(|at| self.raw.get(at)) {
            raw.clone_from(text);
        }
    }
}

/// Returns the number of letters and digits.
fn letters(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}

/// Removes the backslashes of Markdown.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let escapes = character == '\\' && rest.peek().is_some_and(char::is_ascii_punctuation);
        if !escapes {
            out.push(character);
        } else if let Some(next) = rest.next() {
            out.push(next);
        }
    }
    out
}

/// Returns the links in running text as sources.
fn inline_links<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<Source> {
    let mut sources = Vec::new();
    for line in lines {
        sources.extend(line.links().map(|(title, url)| Source {
            role: Role::Inline,
            title: title.to_owned(),
            url: Some(url.to_owned()),
            credit: None,
            credits: Vec::new(),
            section: None,
            quote: None,
            confidence: Confidence::High,
            line: 0,
            raw: String::new(),
        }));
    }
    sources
}

#[cfg(test)]
mod tests;
