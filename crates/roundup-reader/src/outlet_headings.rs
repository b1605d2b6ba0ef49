//! Sources under headings that name their outlet.

use crate::candidate::{Candidate, Form, Part, Pattern, Span, title_score};
use crate::credit::{self, Parsed};
use crate::document::Kind;
use crate::labels::Label;
use crate::name;
use crate::read::Post;
use crate::text::{self, part, trim};
use std::ops::Range;

/// The maximum number of items under one heading that names their outlet.
const MAX_ITEMS: usize = 60;

/// Returns candidates for the items under headings that name an outlet.
pub(crate) fn candidates(post: &Post<'_>) -> Vec<Candidate> {
    let heads = outlet_headings(post);
    // "T" / "O" / "X": the outlet between a title and its excerpt is no heading.
    let between = heads.iter().filter(|(at, _)| is_between_title_and_excerpt(post, *at)).count();
    if between * 10 >= heads.len() * 6 {
        return Vec::new();
    }
    let sections: Vec<Vec<usize>> = heads
        .iter()
        .enumerate()
        .map(|(index, (at, _))| {
            let end = heads.get(index + 1).map_or(post.len(), |(next, _)| *next);
            items_of_section(post, *at, end)
        })
        .collect();
    let paired = heads.len() >= 2 && sections.iter().any(|items| count_pairs(post, items) >= 2);
    let mut listed: Vec<(usize, Vec<usize>)> = Vec::new();
    for (index, items) in sections.into_iter().enumerate() {
        if items.len() < 2 && heads.len() < 2 {
            continue;
        }
        let has_pair = count_pairs(post, &items) > 0;
        // An outlet above one title and its excerpt is a credit line, not a heading over several titles.
        let is_credit = has_pair && !items.iter().take(1).any(|at| is_sentence(post, *at));
        if is_credit && !paired {
            continue;
        }
        let starts = items.iter().any(|at| post.line(*at).is_some_and(|line| line.starts_item));
        let items = items.into_iter().filter(|at| {
            let starts_item = post.line(*at).is_some_and(|line| line.starts_item);
            (!starts || starts_item) && !(paired && is_sentence(post, *at))
        });
        listed.push((index, items.collect()));
    }
    let all: Vec<&str> =
        listed.iter().flat_map(|(_, items)| items).filter_map(|at| post.text(*at)).collect();
    let style = ItemStyle::of(&all);
    let mut found = Vec::new();
    for (index, items) in listed {
        let Some((at, parsed)) = heads.get(index) else { continue };
        for item in items {
            let Some(text) = post.text(item) else { continue };
            let title = style.title(text);
            let tail = part(text, title.end..text.len());
            let bare = tail.trim_start_matches([' ', '.', '–', '—', '-']);
            let rest = trim(text, text.len() - bare.len()..text.len());
            let rest = if style == ItemStyle::Quoted { 0..text.len() } else { rest };
            let span = |range| Span { line: item, range };
            let credit = Some(Span { line: *at, range: 0..post.text(*at).map_or(0, str::len) });
            let own = parsed.score + title_score(part(text, title.clone())).max(-1.0) - 0.5;
            let part = Part { title: span(title), credit, parsed: Some(parsed.clone()), url: None };
            let mut candidate = Candidate::new(Pattern::plain(Form::Head), part, own);
            (candidate.first, candidate.last) = (item, item);
            if part_has_letters(text, &rest) {
                candidate.excerpt.push(span(rest));
            }
            found.push(candidate);
        }
    }
    found
}

/// Finds the headings that name the outlet of the items under them. Next to two of them in capitals,
/// or right above list items, a line like them is one even if its name is unknown or ambiguous.
fn outlet_headings(post: &Post<'_>) -> Vec<(usize, Parsed)> {
    let in_capitals = |at: usize| post.text(at).is_some_and(text::is_all_capitals);
    let over_item = |at: usize| post.line(at + 1).is_some_and(|line| line.starts_item);
    let mut heads: Vec<(usize, Parsed)> =
        (0..post.len()).filter_map(|at| Some((at, outlet_heading(post, at, false)?))).collect();
    let capitals = heads.iter().all(|(at, _)| in_capitals(*at));
    if heads.len() >= 2 && (capitals || heads.iter().all(|(at, _)| over_item(*at))) {
        let alike = |at: &usize| if capitals { in_capitals(*at) } else { over_item(*at) };
        heads.extend(
            (0..post.len())
                .filter(alike)
                .filter_map(|at| {
                    let parsed = outlet_heading(post, at, true)?;
                    heads.iter().all(|(head, _)| *head != at).then_some((at, parsed))
                })
                .collect::<Vec<_>>(),
        );
        heads.sort_by_key(|(at, _)| *at);
    }
    heads
}

/// Returns the lines under a heading that can be titles.
fn items_of_section(post: &Post<'_>, head: usize, end: usize) -> Vec<usize> {
    (head + 1..end)
        .take(MAX_ITEMS)
        .take_while(|at| {
            !matches!(post.label(*at), Label::Rule | Label::Comment { .. } | Label::Related)
                && !post.is_heading(*at)
        })
        .filter(|at| {
            post.text(*at).is_some_and(|text| {
                title_score(first_sentence(text)) > -2.0 && !name::is_host(text)
            })
        })
        .collect()
}

/// Returns whether a title is right above a line and a sentence right below it.
fn is_between_title_and_excerpt(post: &Post<'_>, at: usize) -> bool {
    let is_item = |at: usize| post.line(at).is_some_and(|line| line.starts_item);
    let title =
        at.checked_sub(1).filter(|above| post.headline != Some(*above)).is_some_and(|above| {
            let long = post.text(above).is_some_and(|text| text::word_count(text) >= 3);
            (long || post.whole_url(above).is_some())
                && post.text(above).is_some()
                && !is_sentence(post, above)
        });
    title && is_sentence(post, at + 1) && !is_item(at + 1)
}

fn is_sentence(post: &Post<'_>, at: usize) -> bool {
    post.text(at).is_some_and(text::ends_sentence)
}

/// Counts the titles that are followed by a sentence.
fn count_pairs(post: &Post<'_>, items: &[usize]) -> usize {
    items
        .windows(2)
        .filter(|pair| {
            matches!(pair, [title, excerpt] if !is_sentence(post, *title)
                && is_sentence(post, *excerpt)
                && !post.line(*title).is_some_and(|line| line.starts_item))
        })
        .count()
}

fn part_has_letters(text: &str, range: &Range<usize>) -> bool {
    text::has_letter(part(text, range.clone()))
}

/// How most items under the headings of a post write their titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ItemStyle {
    /// The title is the first quotation.
    Quoted,
    /// A dash follows the title.
    Dashed,
    /// The title is the first sentence.
    Sentence,
}

impl ItemStyle {
    /// Returns the style of at least 60 % of the items.
    fn of(items: &[&str]) -> Self {
        let most = |fits: fn(&str) -> bool| {
            let count = items.iter().filter(|text| fits(text)).count();
            count >= 3 && count * 10 >= items.len() * 6
        };
        if most(|text| quoted_title(text).is_some_and(|range| range.len() < text.len() - 8)) {
            Self::Quoted
        } else if most(|text| dashed_title(text).is_some()) {
            Self::Dashed
        } else {
            Self::Sentence
        }
    }

    /// Returns the range of an item's title.
    fn title(self, text: &str) -> Range<usize> {
        let found = match self {
            Self::Quoted => quoted_title(text),
            Self::Dashed => dashed_title(text),
            Self::Sentence => None,
        };
        found.unwrap_or_else(|| trim(text, 0..first_sentence(text).len()))
    }
}

/// Returns the range of the first quotation of two words or more, without its marks.
fn quoted_title(text: &str) -> Option<Range<usize>> {
    let mut open = None;
    for (at, character) in text.char_indices() {
        match open {
            None if text::opens_quote(character) && character != '\'' => {
                open = Some(at + character.len_utf8());
            }
            Some(start)
                if text::closes_quote(character) && character != '\'' && character != '’' =>
            {
                if text::word_count(part(text, start..at)) >= 2 {
                    return Some(trim(text, start..at));
                }
                open = None;
            }
            _ => {}
        }
    }
    None
}

/// Returns the range before a dash that is followed by the longer rest of the item.
fn dashed_title(text: &str) -> Option<Range<usize>> {
    let (at, mark) =
        [" — ", " – ", " -- "].iter().filter_map(|mark| Some((text.find(mark)?, mark))).min()?;
    let rest = part(text, at + mark.len()..text.len());
    let words = text::word_count(part(text, 0..at));
    let fits = (1..=16).contains(&words)
        && text::word_count(rest) > words.max(4)
        && text::starts_high(rest)
        && text::ends_sentence(text);
    fits.then(|| trim(text, 0..at))
}

/// Returns the first sentence of a text.
fn first_sentence(text: &str) -> &str {
    let end = text::sentences(text).first().map_or(text.len(), |range| range.end);
    // "The bridge opens .It does": a full stop on the wrong side of the space.
    let glued = text.match_indices(" .").map(|(at, _)| at).find(|at| {
        let mut next = part(text, at + 2..text.len()).chars();
        let capital = next.next().is_some_and(char::is_uppercase);
        capital && next.next().is_some_and(|c| !c.is_uppercase())
    });
    part(text, 0..glued.unwrap_or(end).min(end))
}

/// Parses a heading that names the outlet of the items under it: a known outlet, or a name with the
/// URL of its site. `unsure` says whether the shape of a name is enough.
fn outlet_heading(post: &Post<'_>, at: usize, unsure: bool) -> Option<Parsed> {
    let line = post.line(at)?;
    let text = post.text(at)?;
    if Some(at) == post.headline || text.len() > 80 || line.starts_item {
        return None;
    }
    let site = line
        .links
        .first()
        .map(|link| link.url.as_str())
        .or_else(|| post.urls.get(&at).map(|(url, _)| url.as_str()));
    let host = post.text(at + 1).is_some_and(name::is_host);
    let root = host || site.is_some_and(|url| url.splitn(4, '/').nth(3).is_none_or(str::is_empty));
    if site.is_some() && !root {
        return None;
    }
    let bare =
        text.trim_end_matches([':', '：', ' ']).trim_start_matches(['#', '=', '-', '–', '—', ' ']);
    let set_off = bare.len() < text.len()
        || matches!(line.kind, Kind::Heading(_))
        || line.is_bold()
        || line.preceded_by_blank_line
        || text::is_all_capitals(text);
    if !set_off {
        return None;
    }
    let bare = ["From the ", "From ", "In the ", "In ", "Aus der ", "Dans ", "En "]
        .iter()
        .find_map(|word| bare.strip_prefix(word))
        .unwrap_or(bare);
    let parsed = credit::parse(bare, &post.names)?;
    let known = parsed.known || parsed.score > 0.0 && (root || unsure);
    (known && parsed.has_outlet() && !parsed.has_byline() && parsed.credits.len() == 1)
        .then_some(parsed)
}
