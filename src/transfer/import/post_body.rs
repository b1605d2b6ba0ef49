//! Parses the body of a post into sources and text.
//!
//! A roundup is parsed by the same reader as pasted text. The body of any other post is kept as one
//! text, and the links in it become sources with the role `inline`.

use crate::links::RichText;
use export_formats::{Body, add_paragraphs};
use roundup_reader::{
    Html, Outlets, Role, Roundup, Source, parse_html_with, parse_markdown, parse_text,
};
use safe_html::{AuthorRole, Markup, render};
use std::borrow::Cow;

/// A parsed body.
#[derive(Debug)]
pub(super) struct ParsedBody {
    /// The headline, dek, sources and comments, and the report.
    pub(super) roundup: Roundup,
    /// The excerpt from the lead source.
    pub(super) quote: Option<RichText>,
    /// The editor's commentary, without its label.
    pub(super) commentary: Option<RichText>,
}

/// Parses a body.
pub(super) fn parse(body: &Body, outlets: &dyn Outlets) -> ParsedBody {
    match body {
        Body::Text(text) => from_roundup(parse_text(text, outlets)),
        Body::Markdown(text) => from_roundup(parse_markdown(text, outlets)),
        Body::MarkdownPost(text) => parse_markdown_post(text, outlets),
        Body::Html(text) => parse_html(text, false, outlets),
        Body::WordPressHtml(text) => parse_html(text, true, outlets),
    }
}

fn markdown(text: &str) -> RichText {
    let html = render(text, Markup::Markdown, AuthorRole::Editor);
    RichText { text: text.to_owned(), html }
}

fn from_roundup(roundup: Roundup) -> ParsedBody {
    let quote = roundup.quote.as_deref().map(markdown);
    let commentary = roundup.commentary.as_ref().map(|commentary| markdown(&commentary.text));
    ParsedBody { roundup, quote, commentary }
}

/// Parses HTML; in `loose` HTML, which WordPress writes, a blank line ends a paragraph. A body that
/// is no roundup is stored as the source has it.
fn parse_html(written: &str, loose: bool, outlets: &dyn Outlets) -> ParsedBody {
    let roundup = parse_html_with(written, outlets, Html { loose, has_separate_title: true });
    if is_roundup(&roundup) {
        return from_roundup(roundup);
    }
    let text = if loose { add_paragraphs(written).into() } else { Cow::Borrowed(written) };
    let html = render(&text, Markup::Html, AuthorRole::Editor);
    whole(roundup, RichText { text: written.to_owned(), html })
}

/// Parses the Markdown of a post, which may be a list of links or prose.
fn parse_markdown_post(written: &str, outlets: &dyn Outlets) -> ParsedBody {
    let roundup = parse_markdown(written, outlets);
    let listed = |source: &&Source| source.role != Role::Inline && source.url.is_some();
    if is_roundup(&roundup) || roundup.links.iter().filter(listed).count() >= 3 {
        return from_roundup(roundup);
    }
    let headline = roundup.headline.clone();
    let mut parsed = whole(roundup, markdown(written.trim()));
    parsed.roundup.headline = headline;
    parsed
}

/// Keeps the whole body as commentary. The links in it become sources with the role `inline`.
fn whole(roundup: Roundup, body: RichText) -> ParsedBody {
    let inline = |source: Source| Source {
        role: Role::Inline,
        credit: None,
        credits: Vec::new(),
        section: None,
        quote: None,
        alternative: None,
        ..source
    };
    let linked = roundup.links.into_iter().filter(|source| source.url.is_some());
    ParsedBody {
        roundup: Roundup { links: linked.map(inline).collect(), ..Roundup::default() },
        quote: None,
        commentary: (!body.text.trim().is_empty()).then_some(body),
    }
}

/// Returns whether a body is a roundup: it has two certain credits, or a certain one and another part
/// of a roundup, or three sources with a credit and a URL.
fn is_roundup(roundup: &Roundup) -> bool {
    let credited = |source: &&Source| source.role != Role::Inline && source.credit.is_some();
    let certain = |source: &&Source| credited(source) && source.confidence.is_certain();
    let certain = roundup.links.iter().filter(certain).count();
    let with_url = roundup.links.iter().filter(credited).filter(|source| source.url.is_some());
    let has_other_part = roundup.links_heading.is_some()
        || roundup.quote.is_some()
        || roundup.commentary.as_ref().is_some_and(|commentary| commentary.label.is_some());
    certain >= 2 || (certain >= 1 && has_other_part) || with_url.count() >= 3
}

#[cfg(test)]
mod tests;
