//! Turns the chosen readings into sources.

mod blurbs;
mod links;

use crate::candidate::{Candidate, Form, Part, Span};
use crate::confidence::Confidence;
use crate::lexicon::{self, Kind as Words};
use crate::linked::{Anchor, LinkPosition};
use crate::one_line;
use crate::read::{Chosen, Post};
use crate::roundup::{Alternative, Role, Source};
use crate::text::{self, part};

pub(super) use links::inline_link;

/// A source in the making, and the lines it was read from.
#[derive(Debug)]
pub(super) struct SourceDraft {
    pub(super) source: Source,
    pub(super) first_line: usize,
    pub(super) last_line: usize,
    pub(super) title_line: usize,
    /// The parts of its excerpt, as Markdown.
    pub(super) excerpts: Vec<String>,
    /// The line of the heading that names its outlet.
    pub(super) outlet_heading: Option<usize>,
    /// Whether the title can hold a blurb: it is credited, and no link.
    may_hold_blurb: bool,
}

impl SourceDraft {
    /// A source that takes one line, without an excerpt.
    pub(super) fn on_line(source: Source, line: usize) -> Self {
        Self {
            source,
            first_line: line,
            last_line: line,
            title_line: line,
            excerpts: Vec::new(),
            outlet_heading: None,
            may_hold_blurb: false,
        }
    }
}

/// Builds the sources of a post, in order.
pub(super) fn build(post: &Post<'_>, chosen: Vec<Chosen>) -> Vec<SourceDraft> {
    let mut drafts: Vec<SourceDraft> = Vec::new();
    for chosen in chosen {
        match chosen {
            Chosen::Credited(candidate, other) => {
                add_credited(post, &candidate, other.as_ref(), &mut drafts);
            }
            Chosen::Linked(anchor) => drafts.push(linked(post, anchor)),
        }
    }
    links::add_inline_links(post, &mut drafts);
    links::add_standalone_urls(post, &mut drafts);
    drafts.sort_by_key(|draft| draft.first_line);
    blurbs::split_blurbs(post, &mut drafts);
    blurbs::split_authors(&mut drafts);
    drafts
}

/// Adds the sources of a candidate, one for each of its parts.
fn add_credited(
    post: &Post<'_>,
    candidate: &Candidate,
    other: Option<&Candidate>,
    drafts: &mut Vec<SourceDraft>,
) {
    let count = candidate.parts.len();
    for (index, part) in candidate.parts.iter().enumerate() {
        let line = part.title.line;
        let url = part
            .url
            .clone()
            .or_else(|| (index == 0).then(|| post.whole_url(line).map(str::to_owned)).flatten())
            .or_else(|| credit_url(post, candidate, part));
        let is_plain =
            part.credit.is_some() && (part.url.is_some() || post.whole_url(line).is_none());
        let close = other
            .filter(|other| candidate.score - other.score < 1.0 && conflicts(candidate, other));
        let mut confidence = confidence(post, candidate, part, url.as_deref());
        if close.is_some() {
            confidence = confidence.min(Confidence::new(0.9));
        }
        let alternative =
            other.filter(|_| !confidence.is_certain()).and_then(|other| alternative(post, other));
        let credit = part.credit.as_ref().map(|credit| credit_text(post, candidate, credit));
        let credits = part.parsed.as_ref().map(|parsed| parsed.credits.clone()).unwrap_or_default();
        let source = Source {
            role: Role::More,
            title: title(post.span(&part.title)),
            url,
            credit,
            credits,
            section: capital_label(post, part),
            quote: None,
            confidence,
            alternative,
            line: post.line(line).map_or(0, |line| line.no),
            raw: with_url_line(post, line, raw(post, candidate.first, candidate.last)),
        };
        let excerpts =
            if index + 1 == count { excerpts(post, &candidate.excerpt) } else { Vec::new() };
        let outlet_heading = (candidate.pattern.form == Form::Head)
            .then(|| part.credit.as_ref().map(|credit| credit.line))
            .flatten();
        drafts.push(SourceDraft {
            source,
            first_line: candidate.first,
            last_line: candidate.last,
            title_line: line,
            excerpts,
            outlet_heading,
            may_hold_blurb: is_plain,
        });
    }
}

/// Returns the URL of a credit that is a link on a line of its own.
fn credit_url(post: &Post<'_>, candidate: &Candidate, part: &Part) -> Option<String> {
    let line = part.credit.as_ref()?.line;
    let own = line != part.title.line && candidate.pattern.form != Form::Head;
    let url = post.line(line).filter(|_| own)?.whole_link()?;
    Some(url.to_owned())
}

/// Returns whether two readings disagree about the outlets.
fn conflicts(candidate: &Candidate, other: &Candidate) -> bool {
    let outlets = |candidate: &Candidate| -> Vec<Option<String>> {
        let parsed = candidate.parts.iter().filter_map(|part| part.parsed.as_ref());
        parsed
            .flat_map(|parsed| parsed.credits.iter().map(|credit| credit.outlet.clone()))
            .collect()
    };
    outlets(candidate) != outlets(other)
}

/// Returns the confidence of one part of a candidate.
fn confidence(
    post: &Post<'_>,
    candidate: &Candidate,
    read: &Part,
    url: Option<&str>,
) -> Confidence {
    let mut cap = candidate.cap;
    if let (Some(parsed), Some(url)) = (&read.parsed, url) {
        // The URL's host confirms the outlet.
        let host = post.names.outlets.by_url(url).and_then(|found| found.key);
        let named = parsed.credits.iter().filter_map(|credit| credit.outlet.as_deref());
        if host.is_some()
            && named
                .clone()
                .any(|name| post.names.outlets.by_name(name).and_then(|found| found.key) == host)
        {
            cap = 1.0;
        }
    }
    let title = post.span(&read.title);
    // A long sentence may hold more than the title.
    if text::ends_sentence(title) && text::width(title) > 80 {
        cap = cap.min(0.9);
    }
    // "Ann Bee: “It is”": the quotation alone can be the title. "T by P in O, by Q".
    let speaks = [": “", ": \"", ": «", ": „"].iter().any(|mark| title.contains(mark));
    if speaks || candidate.pattern.form == Form::By && text::width(title) > 80 {
        cap = cap.min(0.97);
    }
    if title.chars().filter(|c| text::is_caseless(*c)).count() * 2 > text::letters(title)
        && read.parsed.is_some()
    {
        cap = cap.min(0.9);
    }
    Confidence::of_score(candidate.score + 0.5).min(Confidence::new(cap))
}

/// Returns the second-best reading as the alternative of a source.
fn alternative(post: &Post<'_>, other: &Candidate) -> Option<Alternative> {
    let part = other.parts.first()?;
    Some(Alternative {
        title: title(post.span(&part.title)),
        credit: part.credit.as_ref().map(|credit| credit_text(post, other, credit)),
        confidence: Confidence::of_score(other.score - 1.0).min(Confidence::new(other.cap)),
    })
}

/// Returns the lines of a source as written.
fn raw(post: &Post<'_>, first: usize, last: usize) -> String {
    let lines = (first..=last).filter_map(|at| post.line(at)).map(|line| line.raw.as_str());
    lines.collect::<Vec<_>>().join("\n")
}

/// Appends the line that holds the URL of a title to the raw lines of its source.
fn with_url_line(post: &Post<'_>, title: usize, lines: String) -> String {
    match post.urls.get(&title).and_then(|(_, at)| post.line(*at)) {
        Some(line) => format!("{lines}\n{}", line.raw),
        None => lines,
    }
}

/// Renders the excerpts of a candidate as Markdown.
fn excerpts(post: &Post<'_>, spans: &[Span]) -> Vec<String> {
    let text = |span: &Span| {
        let start = post.start(span.line);
        post.document.markdown(span.line, start + span.range.start..start + span.range.end)
    };
    spans.iter().map(text).filter(|text| !text.trim().is_empty()).collect()
}

/// Removes quotation marks and separators around a title.
pub(super) fn title(written: &str) -> String {
    let bare = written
        .trim()
        .trim_end_matches([',', ';', ':', '|', '–', '—', '-', '·', '•', '/', ' '])
        .trim_start_matches(['–', '—', '|', ' ', '·', '•', ',']);
    let inner = text::unquote(bare);
    let inner = if inner.len() < bare.len() { inner.trim_end_matches(',') } else { inner };
    let inner = inner.trim_end_matches([' ', '→', '»', '›', '▸', '➔']);
    if inner.is_empty() { written.trim().to_owned() } else { inner.replace('\t', " ") }
}

/// Returns the label in capitals before the title, as the section of the source.
fn capital_label(post: &Post<'_>, part: &Part) -> Option<String> {
    let text = post.text(part.title.line).filter(|_| post.has_capital_labels)?;
    let length = one_line::capital_label(text);
    (length > 0 && part.title.range.start >= length)
        .then(|| text::part(text, 0..length).trim_end_matches([':', ' ']).to_owned())
}

/// Returns the credit as written, with a label such as "Source:".
fn credit_text(post: &Post<'_>, candidate: &Candidate, credit: &Span) -> String {
    let text = post.span(credit);
    let labelled = matches!(candidate.pattern.form, Form::Labelled | Form::SourceBelow);
    if labelled && let Some(line) = post.text(credit.line) {
        let head = part(line, 0..credit.range.start);
        let from = if candidate.pattern.form == Form::SourceBelow { 0 } else { label_start(head) };
        return part(line, from..credit.range.end).trim().to_owned();
    }
    unbracket(text).to_owned()
}

/// Returns where the label at the end of `head` begins.
fn label_start(head: &str) -> usize {
    let bare = head.trim_end_matches([' ', ':', '：']);
    let starts = std::iter::once(0)
        .chain(bare.match_indices([' ', '(', '[', '。']).map(|(at, mark)| at + mark.len()));
    starts
        .filter(|start| lexicon::is(Words::Source, part(bare, *start..bare.len())))
        .min()
        .unwrap_or(head.len())
}

/// Removes the brackets around a text.
fn unbracket(text: &str) -> &str {
    let text = text.trim();
    for (open, close) in
        [('(', ')'), ('[', ']'), ('（', '）'), ('【', '】'), ('［', '］'), ('{', '}')]
    {
        if let Some(inner) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) {
            return inner.trim();
        }
    }
    text
}

/// Builds a source or an inline link without a credit, whose title and URL are on the line `at`.
fn uncredited_source(
    post: &Post<'_>,
    at: usize,
    role: Role,
    title: &str,
    url: &str,
    confidence: f64,
) -> Source {
    Source {
        role,
        title: title.to_owned(),
        url: Some(url.to_owned()),
        credit: None,
        credits: Vec::new(),
        section: None,
        quote: None,
        confidence: Confidence::new(confidence),
        alternative: None,
        line: post.line(at).map_or(0, |line| line.no),
        raw: raw(post, at, at),
    }
}

/// Builds the source, or the inline link, of a link.
fn linked(post: &Post<'_>, anchor: Anchor) -> SourceDraft {
    let at = anchor.title.line;
    let role = if anchor.score > 0.0 { Role::More } else { Role::Inline };
    let written = post.span(&anchor.title);
    let title = if role == Role::Inline { written.to_owned() } else { title(written) };
    let mut source = uncredited_source(post, at, role, &title, &anchor.url, 0.99);
    let mut draft = SourceDraft::on_line(source.clone(), at);
    if role == Role::Inline {
        return draft;
    }
    let mut covered = vec![anchor.title.range.clone()];
    source.confidence = Confidence::of_score(anchor.score + 1.0);
    if let Some((span, parsed)) = anchor.credit {
        source.credit = Some(unbracket(post.span(&span)).to_owned());
        let mut certain = Confidence::of_score(anchor.credit_score + 1.0);
        if parsed.guessed {
            certain = certain.min(Confidence::new(0.97));
        }
        source.confidence = source.confidence.min(certain);
        source.credits = parsed.credits;
        covered.push(span.range);
    }
    // `Ann Bee, “[T](…)”`
    let author = source.credits.iter().flat_map(|credit| &credit.bylines).next();
    let head = post.text(at).map_or("", |text| part(text, 0..anchor.title.range.start));
    if author.is_some_and(|author| head.starts_with(author) && head.len() <= author.len() + 24) {
        covered.push(0..anchor.title.range.start);
    }
    if source.title.is_empty() {
        source.title = source.url.clone().unwrap_or_default();
    }
    // "Tools // [A coast of one's own](…)" in a heading: the label is the section.
    if anchor.position == LinkPosition::Colon
        && post.is_heading(at)
        && let Some(text) = post.text(at)
    {
        let label = part(text, 0..anchor.title.range.start);
        let label = label.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
        source.section = Some(label.to_owned());
        covered.push(0..anchor.title.range.start);
    }
    let flowing = matches!(anchor.position, LinkPosition::Sentence | LinkPosition::Middle);
    draft.excerpts = text_beside(post, at, &covered, flowing);
    draft.source = source;
    draft
}

/// Returns the text of a line besides its title and credit, as an excerpt; in running text, the
/// whole line.
fn text_beside(
    post: &Post<'_>,
    at: usize,
    covered: &[std::ops::Range<usize>],
    flowing: bool,
) -> Vec<String> {
    let (Some(line), Some(text)) = (post.line(at), post.text(at)) else { return Vec::new() };
    let offset = post.start(at);
    let several = line.links.len() > 1;
    if flowing {
        return vec![post.document.markdown(at, offset..offset + text.len())];
    }
    let start = covered.iter().map(|range| range.start).min().unwrap_or_default();
    let end = covered.iter().map(|range| range.end).max().unwrap_or_default();
    let mut found = Vec::new();
    let before = part(text, 0..start);
    if text::word_count(before) >= 1 && !several {
        found.push(post.document.markdown(at, offset..offset + start));
    }
    let rest = part(text, end..text.len());
    let skip = rest.len()
        - rest
            .trim_start_matches(|c: char| {
                c.is_whitespace()
                    || matches!(
                        c,
                        ')' | ']'
                            | '.'
                            | ','
                            | ':'
                            | ';'
                            | '-'
                            | '–'
                            | '—'
                            | '|'
                            | '”'
                            | '"'
                            | '·'
                            | '•'
                            | '!'
                            | '/'
                    )
            })
            .len();
    let body = part(rest, skip..rest.len());
    let linked: usize = line
        .links
        .iter()
        .filter(|link| link.range.start >= offset + end)
        .map(|link| text::letters(part(&line.text, link.range.clone())))
        .sum();
    if text::letters(body) > linked {
        found.push(post.document.markdown(at, offset + end + skip..offset + text.len()));
    }
    found
}
