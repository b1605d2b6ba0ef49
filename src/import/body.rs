//! The body of a post becomes sources and text. A roundup in HTML is read by the same grammar as
//! a pasted one; what is no roundup keeps its text whole, and its links are sources in passing.

use super::html::{self, Line};
use super::record::Body;
use super::wxr::paragraphs;
use crate::links::RichText;
use roundup_reader::{
    Confidence, Note, Outlets, Role, Roundup, Source, parse_markdown, parse_text, split_line,
};
use safe_html::{Markup, Voice, render};

/// What a body was read as.
#[derive(Debug)]
pub(super) struct Reading {
    /// Headline, dek, sources, comments and what was unsure.
    pub(super) roundup: Roundup,
    pub(super) quote: Option<RichText>,
    /// The editor's text, without its label.
    pub(super) commentary: Option<RichText>,
}

/// Reads a body.
pub(super) fn read(body: &Body, outlets: &dyn Outlets) -> Reading {
    match body {
        Body::Text(text) => of_grammar(parse_text(text, outlets)),
        Body::Markdown(text) => of_grammar(parse_markdown(text, outlets)),
        Body::Html(text) => of_html(text, text, outlets),
        Body::Loose(text) => of_html(text, &paragraphs(text), outlets),
    }
}

fn markdown(text: &str) -> RichText {
    let html = render(text, Markup::Markdown, Voice::Editor);
    RichText { text: text.to_owned(), html }
}

fn of_grammar(roundup: Roundup) -> Reading {
    let quote = roundup.quote.as_deref().map(markdown);
    let commentary = roundup.commentary.as_ref().map(|said| markdown(&said.text));
    Reading { roundup, quote, commentary }
}

/// `written` is kept where the body is no roundup; `text` is the same with its paragraphs marked.
fn of_html(written: &str, text: &str, outlets: &dyn Outlets) -> Reading {
    let lines = html::lines(text);
    match roundup(&lines, outlets) {
        Some(roundup) => of_grammar(roundup),
        None => Reading {
            roundup: Roundup { links: in_passing(lines.iter()), ..Roundup::default() },
            quote: None,
            commentary: (!written.trim().is_empty()).then(|| RichText {
                text: written.to_owned(),
                html: render(text, Markup::Html, Voice::Editor),
            }),
        },
    }
}

/// The first line of what the grammar is given: a post has its title elsewhere.
const HEADLINE: &str = "Post";

/// The lines as a roundup, if they are one: two sources with credits that are sure, or a lead with
/// what belongs to one, or several in the roundup's own form that are linked.
fn roundup(lines: &[Line], outlets: &dyn Outlets) -> Option<Roundup> {
    let credited = |line: &Line| split_line(&line.text(), outlets).credit.is_some();
    let first = lines.iter().position(credited)?;
    let mut given = Given::default();
    for line in lines.iter().skip(first) {
        given.take(line, outlets);
    }
    let mut parsed = parse_text(&given.text, outlets);
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
    let shown = lines.iter().flat_map(Line::shown);
    let kept: Vec<String> = before.chain(shown).collect();
    given.mend(&mut parsed);
    parsed.links.extend(in_passing(lines.iter().take(first)));
    parsed.links.extend(in_passing(given.prose.iter()));
    if !kept.is_empty() {
        let said = parsed.commentary.get_or_insert_default();
        let texts = std::iter::once(std::mem::take(&mut said.text)).filter(|text| !text.is_empty());
        said.text = texts.chain(kept).collect::<Vec<_>>().join("\n\n");
    }
    Some(parsed)
}

/// What the grammar is given, and how to find back from it.
#[derive(Default)]
struct Given {
    text: String,
    /// The text of each line that is given, for the report.
    raw: Vec<String>,
    /// The texts of links by their addresses.
    titles: Vec<(String, String)>,
    /// Lines that are running text.
    prose: Vec<Line>,
}

impl Given {
    fn take(&mut self, line: &Line, outlets: &dyn Outlets) {
        if self.text.is_empty() {
            self.put(HEADLINE, "");
        }
        let text = line.text();
        let links: Vec<(&str, &str)> = line.links().collect();
        let linked: usize = links.iter().map(|(text, _)| letters(text)).sum();
        let only_links = !links.is_empty() && linked == letters(&text);
        if only_links && links.len() > 1 {
            for (title, url) in links {
                self.source(title, title, url);
            }
        } else if let Some((title, url)) = links.first().copied() {
            let split = split_line(&text, outlets);
            let titled = split.credit.is_some()
                && (split.title.contains(title) || split.credit.as_deref() == Some(title));
            if only_links || titled {
                self.source(&text, title, url);
                let others = links.iter().skip(1);
                let part = |(text, url): &(&str, &str)| {
                    html::Part::Link((*text).to_owned(), (*url).to_owned())
                };
                self.prose.push(Line(others.map(part).collect()));
            } else {
                self.put(&line.markdown(), &text);
                self.prose.push(line.clone());
            }
        } else if !text.is_empty() {
            let credited = split_line(&text, outlets).credit.is_some();
            self.put(&if credited { text.clone() } else { html::escape(&text) }, &text);
        }
    }

    /// A line that names a source: its address follows, on a line of its own where the line reads
    /// like a sentence.
    fn source(&mut self, text: &str, title: &str, url: &str) {
        if self.titles.iter().any(|(known, _)| known == url) {
            // "Read more", with the address that the title has too.
            return self.put(text, text);
        }
        self.titles.push((url.to_owned(), title.to_owned()));
        if text.ends_with(['.', '!', '…', '”', '"']) && text.split_whitespace().count() >= 6 {
            self.put(text, text);
            self.put(url, text);
        } else {
            self.put(&format!("{text} {url}"), text);
        }
    }

    fn put(&mut self, line: &str, raw: &str) {
        self.text += line;
        self.text.push('\n');
        self.raw.push(raw.to_owned());
    }

    /// Takes the marks of this detour out of what was read.
    fn mend(&self, parsed: &mut Roundup) {
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
            self.find(&mut link.raw, link.line);
        }
        let Roundup { report, .. } = parsed;
        report.uncertain.retain(|note| note.line > 1);
        for Note { line, raw, .. } in report.uncertain.iter_mut().chain(&mut report.unread) {
            self.find(raw, *line);
        }
    }

    fn find(&self, raw: &mut String, line: usize) {
        if let Some(text) = line.checked_sub(1).and_then(|at| self.raw.get(at)) {
            raw.clone_from(text);
        }
    }
}

fn letters(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}

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

/// The links of running text.
fn in_passing<'a>(lines: impl Iterator<Item = &'a Line>) -> Vec<Source> {
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
