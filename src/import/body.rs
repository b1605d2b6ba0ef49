//! The body of a post becomes sources and text. A roundup is read by the same reader as a pasted
//! one; what is no roundup keeps its text whole, and its links are links in passing.

use super::record::Body;
use super::wxr::paragraphs;
use crate::links::RichText;
use roundup_reader::{
    Html, Outlets, Role, Roundup, Source, parse_html_with, parse_markdown, parse_text,
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
        Body::Text(text) => of_roundup(parse_text(text, outlets)),
        Body::Markdown(text) => of_roundup(parse_markdown(text, outlets)),
        Body::Html(text) => of_html(text, text, false, outlets),
        Body::Loose(text) => of_html(text, &paragraphs(text), true, outlets),
    }
}

fn markdown(text: &str) -> RichText {
    let html = render(text, Markup::Markdown, Voice::Editor);
    RichText { text: text.to_owned(), html }
}

fn of_roundup(roundup: Roundup) -> Reading {
    let quote = roundup.quote.as_deref().map(markdown);
    let commentary = roundup.commentary.as_ref().map(|said| markdown(&said.text));
    Reading { roundup, quote, commentary }
}

/// `written` is kept where the body is no roundup; `text` is the same with its paragraphs marked.
fn of_html(written: &str, text: &str, loose: bool, outlets: &dyn Outlets) -> Reading {
    let roundup = parse_html_with(written, outlets, Html { loose, titled: true });
    if is_roundup(&roundup) {
        return of_roundup(roundup);
    }
    let passing = |source: Source| Source {
        role: Role::Inline,
        credit: None,
        credits: Vec::new(),
        section: None,
        quote: None,
        alternative: None,
        ..source
    };
    let linked = roundup.links.into_iter().filter(|source| source.url.is_some());
    Reading {
        roundup: Roundup { links: linked.map(passing).collect(), ..Roundup::default() },
        quote: None,
        commentary: (!written.trim().is_empty()).then(|| RichText {
            text: written.to_owned(),
            html: render(text, Markup::Html, Voice::Editor),
        }),
    }
}

/// Whether a body is a roundup: two sources with credits that are certain, or a lead with what
/// belongs to one, or three with a credit and an address.
fn is_roundup(roundup: &Roundup) -> bool {
    let credited = |source: &&Source| source.role != Role::Inline && source.credit.is_some();
    let certain = |source: &&Source| credited(source) && source.confidence.is_certain();
    let certain = roundup.links.iter().filter(certain).count();
    let marked = roundup.links.iter().filter(credited).filter(|source| source.url.is_some());
    let framed = roundup.links_heading.is_some()
        || roundup.quote.is_some()
        || roundup.commentary.as_ref().is_some_and(|said| said.label.is_some());
    certain >= 2 || (certain >= 1 && framed) || marked.count() >= 3
}

#[cfg(test)]
mod tests;
