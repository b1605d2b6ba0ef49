//! Readings as sources.

mod links;

use crate::candidate::{Candidate, Form, Part, Span};
use crate::confidence::Confidence;
use crate::lexicon::{self, Kind as Words};
use crate::linked::{Anchor, Place};
use crate::read::{Chosen, Post};
use crate::roundup::{Alternative, Role, Source};
use crate::text::{self, part};

pub(super) use links::passing;

/// A source and the lines that it was read from.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) source: Source,
    pub(super) first: usize,
    pub(super) last: usize,
    /// The line of its title.
    pub(super) title: usize,
    /// Its excerpt so far, as Markdown paragraphs.
    pub(super) quote: Vec<String>,
    /// The heading that names its outlet.
    pub(super) head: Option<usize>,
}

/// The sources of a post, in its order.
pub(super) fn build(post: &Post<'_>, chosen: Vec<Chosen>) -> Vec<Built> {
    let mut built: Vec<Built> = Vec::new();
    for one in chosen {
        match one {
            Chosen::Credited(candidate, other) => {
                credited(post, &candidate, other.as_ref(), &mut built);
            }
            Chosen::Linked(anchor) => built.push(linked(post, anchor)),
        }
    }
    links::further(post, &mut built);
    links::lone(post, &mut built);
    built.sort_by_key(|one| one.first);
    split_blurbs(&mut built);
    built
}

fn credited(
    post: &Post<'_>,
    candidate: &Candidate,
    other: Option<&Candidate>,
    built: &mut Vec<Built>,
) {
    let count = candidate.parts.len();
    for (index, one) in candidate.parts.iter().enumerate() {
        let line = one.title.line;
        let url = one
            .url
            .clone()
            .or_else(|| (index == 0).then(|| post.whole_url(line).map(str::to_owned)).flatten());
        let close = other
            .filter(|other| candidate.score - other.score < 1.0 && conflicts(candidate, other));
        let mut confidence = confidence(post, candidate, one, url.as_deref());
        if close.is_some() {
            confidence = confidence.min(Confidence::new(0.9));
        }
        let alternative =
            other.filter(|_| !confidence.is_certain()).and_then(|other| alternative(post, other));
        let credit = one.credit.as_ref().map(|credit| credit_text(post, candidate, credit));
        let credits = one.parsed.as_ref().map(|parsed| parsed.credits.clone()).unwrap_or_default();
        let source = Source {
            role: Role::More,
            title: title(post.span(&one.title)),
            url,
            credit,
            credits,
            section: None,
            quote: None,
            confidence,
            alternative,
            line: post.line(line).map_or(0, |line| line.no),
            raw: with_url_line(post, line, raw(post, candidate.first, candidate.last)),
        };
        let quote =
            if index + 1 == count { excerpts(post, &candidate.excerpt) } else { Vec::new() };
        let head = (candidate.pattern.form == Form::Head)
            .then(|| one.credit.as_ref().map(|credit| credit.line))
            .flatten();
        built.push(Built {
            source,
            first: candidate.first,
            last: candidate.last,
            title: line,
            quote,
            head,
        });
    }
}

/// Whether another reading says something else, rather than the same in another way.
fn conflicts(candidate: &Candidate, other: &Candidate) -> bool {
    let outlets = |candidate: &Candidate| -> Vec<Option<String>> {
        let parsed = candidate.parts.iter().filter_map(|part| part.parsed.as_ref());
        parsed
            .flat_map(|parsed| parsed.credits.iter().map(|credit| credit.outlet.clone()))
            .collect()
    };
    outlets(candidate) != outlets(other)
}

fn confidence(post: &Post<'_>, candidate: &Candidate, one: &Part, url: Option<&str>) -> Confidence {
    let mut cap = candidate.cap;
    if let (Some(parsed), Some(url)) = (&one.parsed, url) {
        // The host is a second witness.
        let host = post.names.known.at(url).and_then(|found| found.key);
        let named = parsed.credits.iter().filter_map(|credit| credit.outlet.as_deref());
        if host.is_some()
            && named
                .clone()
                .any(|name| post.names.known.name(name).and_then(|found| found.key) == host)
        {
            cap = 1.0;
        }
    }
    let title = post.span(&one.title);
    // A whole sentence may hold more than a title.
    if text::ends_sentence(title) && text::width(title) > 80 {
        cap = cap.min(0.9);
    }
    if title.chars().filter(|c| text::is_caseless(*c)).count() * 2 > text::letters(title)
        && one.parsed.is_some()
    {
        cap = cap.min(0.9);
    }
    Confidence::of_score(candidate.score + 0.5).min(Confidence::new(cap))
}

fn alternative(post: &Post<'_>, other: &Candidate) -> Option<Alternative> {
    let one = other.parts.first()?;
    Some(Alternative {
        title: title(post.span(&one.title)),
        credit: one.credit.as_ref().map(|credit| credit_text(post, other, credit)),
        confidence: Confidence::of_score(other.score - 1.0).min(Confidence::new(other.cap)),
    })
}

/// The lines of a source as written.
fn raw(post: &Post<'_>, first: usize, last: usize) -> String {
    let lines = (first..=last).filter_map(|at| post.line(at)).map(|line| line.raw.as_str());
    lines.collect::<Vec<_>>().join("\n")
}

/// The lines of a source with the line of its address.
fn with_url_line(post: &Post<'_>, title: usize, lines: String) -> String {
    match post.urls.get(&title).and_then(|(_, at)| post.line(*at)) {
        Some(line) => format!("{lines}\n{}", line.raw),
        None => lines,
    }
}

fn excerpts(post: &Post<'_>, spans: &[Span]) -> Vec<String> {
    let text = |span: &Span| {
        let start = post.start(span.line);
        post.document.markdown(span.line, start + span.range.start..start + span.range.end)
    };
    spans.iter().map(text).filter(|text| !text.trim().is_empty()).collect()
}

/// A title without the quotation marks around it and the marks behind it.
pub(super) fn title(written: &str) -> String {
    let bare = written
        .trim()
        .trim_end_matches([',', ';', ':', '|', '–', '—', '-', '·', '•', '/', ' '])
        .trim_start_matches(['–', '—', '|', ' ', '·', '•', ',']);
    let inner = text::unquote(bare);
    let inner = if inner.len() < bare.len() { inner.trim_end_matches(',') } else { inner };
    if inner.is_empty() { written.trim().to_owned() } else { inner.replace('\t', " ") }
}

/// The credit as written; a label such as "Source:" is part of it.
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

fn label_start(head: &str) -> usize {
    let bare = head.trim_end_matches([' ', ':', '：']);
    let starts = std::iter::once(0)
        .chain(bare.match_indices([' ', '(', '[', '。']).map(|(at, mark)| at + mark.len()));
    starts
        .filter(|start| lexicon::is(Words::Source, part(bare, *start..bare.len())))
        .min()
        .unwrap_or(head.len())
}

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

fn linked(post: &Post<'_>, anchor: Anchor) -> Built {
    let at = anchor.title.line;
    let role = if anchor.score > 0.0 { Role::More } else { Role::Inline };
    let written = post.span(&anchor.title);
    let mut source = Source {
        role,
        title: if role == Role::Inline { written.to_owned() } else { title(written) },
        url: Some(anchor.url),
        credit: None,
        credits: Vec::new(),
        section: None,
        quote: None,
        confidence: Confidence::new(0.99),
        alternative: None,
        line: post.line(at).map_or(0, |line| line.no),
        raw: raw(post, at, at),
    };
    let mut built = Built {
        source: source.clone(),
        first: at,
        last: at,
        title: at,
        quote: Vec::new(),
        head: None,
    };
    if role == Role::Inline {
        return built;
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
    if source.title.is_empty() {
        source.title = source.url.clone().unwrap_or_default();
    }
    let flowing = matches!(anchor.place, Place::Sentence | Place::Middle);
    built.quote = left_over(post, at, &covered, flowing);
    built.source = source;
    built
}

/// What a line says besides its title and credit: an excerpt. In running text, all of it.
fn left_over(
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

/// "Title: blurb" in the titles of a post: split at the colon where most titles are like that,
/// and where one is far too long.
fn split_blurbs(built: &mut [Built]) {
    let cut = |title: &str| {
        let mut colons = title.match_indices(": ").map(|(at, _)| at);
        let at = colons.find(|at| text::word_count(part(title, 0..*at)) >= 2)?;
        let fits = text::width(part(title, at + 2..title.len())) >= 40
            && text::word_count(part(title, 0..at)) <= 14;
        fits.then_some(at)
    };
    let plain: Vec<&Built> = built
        .iter()
        .filter(|one| {
            one.source.role == Role::More && one.source.url.is_none() && one.source.credit.is_some()
        })
        .collect();
    let long = plain.iter().filter(|one| cut(&one.source.title).is_some()).count();
    let most = plain.len() >= 3 && long * 10 >= plain.len() * 6;
    for one in built.iter_mut().filter(|one| {
        one.source.role == Role::More && one.source.url.is_none() && one.source.credit.is_some()
    }) {
        let Some(at) = cut(&one.source.title) else { continue };
        if most || text::width(&one.source.title) > 150 {
            let blurb = part(&one.source.title, at + 2..one.source.title.len()).trim().to_owned();
            one.source.title.truncate(at);
            one.quote.insert(0, blurb);
        }
    }
}
