//! Sources without a credit: in a list with other sources, in news briefs, above their excerpts.

use crate::candidate::{Candidate, Form, Part, Pattern, Span};
use crate::document::Kind;
use crate::labels::{self, Label};
use crate::name;
use crate::read::{Chosen, Post};
use crate::text;
use std::collections::HashSet;

/// Adds the lines without a credit that are sources.
pub(crate) fn add_uncredited(post: &Post<'_>, chosen: &mut Vec<Chosen>) {
    let credits = chosen.iter().filter_map(|reading| match reading {
        Chosen::Credited(candidate, _) => candidate.parts.first()?.credit.as_ref(),
        Chosen::Linked(_) => None,
    });
    let taken: HashSet<usize> =
        chosen.iter().flat_map(lines_of).chain(credits.map(|credit| credit.line)).collect();
    let free =
        |at: usize| !taken.contains(&at) && post.text(at).is_some() && post.headline != Some(at);
    let mut more: Vec<Candidate> = briefs(post, &free);
    if more.is_empty() {
        more = list_siblings(post, chosen, &free);
    }
    if more.is_empty() && !chosen.iter().any(is_source) {
        more = uncredited_items(post, &free);
    }
    if more.is_empty() {
        more = uncredited_pairs(
            post,
            chosen.iter().filter(|reading| is_source(reading)).count(),
            &free,
        );
    }
    chosen.extend(more.into_iter().map(|candidate| Chosen::Credited(candidate, None)));
    chosen.sort_by_key(|reading| match reading {
        Chosen::Credited(candidate, _) => {
            (candidate.first, candidate.parts.first().map_or(0, |part| part.title.range.start))
        }
        Chosen::Linked(anchor) => (anchor.title.line, anchor.title.range.start),
    });
}

/// Returns the lines of a reading.
fn lines_of(chosen: &Chosen) -> std::ops::RangeInclusive<usize> {
    match chosen {
        Chosen::Credited(candidate, _) => candidate.first..=candidate.last,
        Chosen::Linked(anchor) => anchor.title.line..=anchor.title.line,
    }
}

/// Returns whether a reading is a source and no inline link.
fn is_source(chosen: &Chosen) -> bool {
    match chosen {
        Chosen::Credited(..) => true,
        Chosen::Linked(anchor) => anchor.score > 0.0,
    }
}

/// Returns a candidate without a credit.
fn uncredited(at: usize, range: std::ops::Range<usize>, form: Form, cap: f64) -> Candidate {
    let part = Part { title: Span { line: at, range }, credit: None, parsed: None, url: None };
    let mut candidate = Candidate::new(Pattern::plain(form), part, 0.0);
    (candidate.score, candidate.cap) = (4.0, cap);
    candidate
}

/// Drops weak candidates on the lines of news briefs, whose headings are no outlets.
pub(crate) fn drop_inside_briefs(post: &Post<'_>, candidates: &mut Vec<Candidate>) {
    let strong: HashSet<usize> = candidates
        .iter()
        .filter(|read| read.score > 0.0 && (read.is_known() || read.pattern.mark == "--"))
        .flat_map(|read| read.first..=read.last)
        .collect();
    let free = |at: usize| !strong.contains(&at) && post.text(at).is_some();
    let lines: HashSet<usize> = briefs(post, &free).iter().map(|brief| brief.first).collect();
    if !lines.is_empty() {
        candidates.retain(|read| !(read.first..=read.last).any(|at| lines.contains(&at)));
    }
}

/// Returns whether a line is a heading, by its markup or in capitals.
fn is_heading(post: &Post<'_>, at: usize) -> bool {
    let (Some(line), Some(text)) = (post.line(at), post.text(at)) else { return false };
    let in_capitals = text::is_all_capitals(text)
        && text.chars().filter(|c| c.is_alphabetic()).count() >= 4
        && text::word_count(text) <= 7
        && !text::ends_sentence(text);
    matches!(line.kind, Kind::Heading(_)) || in_capitals
}

/// Reads news briefs: headings in capitals with short lines below them, each sentence of which is a
/// source.
fn briefs(post: &Post<'_>, free: &dyn Fn(usize) -> bool) -> Vec<Candidate> {
    let heads: Vec<usize> = (0..post.len())
        .filter(|at| free(*at) && is_heading(post, *at) && post.headline != Some(*at))
        .collect();
    let has_links = post.document.lines.iter().any(|line| !line.links.is_empty());
    let (Some(first), true) = (heads.first().copied(), heads.len() >= 2 && !has_links) else {
        return Vec::new();
    };
    let lines: Vec<usize> = (first + 1..post.len())
        .take_while(|at| !matches!(post.label(*at), Label::Comment { .. }))
        .filter(|at| free(*at) && !heads.contains(at))
        .collect();
    let short = |at: &usize| {
        post.text(*at).is_some_and(|text| {
            let sentences = text::sentences(text);
            sentences.len() <= 4 && sentences.iter().all(|range| range.len() < 140)
        })
    };
    let fit: Vec<usize> = lines.iter().copied().filter(|at| short(at)).collect();
    if fit.len() < 2 || fit.len() * 10 < lines.len() * 7 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for at in fit {
        let Some(text) = post.text(at) else { continue };
        found.extend(
            text::sentences(text).into_iter().map(|range| uncredited(at, range, Form::Brief, 0.6)),
        );
    }
    found
}

/// Returns the lines that look like lines that are sources: list items among list items, or lines
/// among lines.
fn list_siblings(
    post: &Post<'_>,
    chosen: &[Chosen],
    free: &dyn Fn(usize) -> bool,
) -> Vec<Candidate> {
    let one_line = |reading: &&Chosen| match reading {
        Chosen::Credited(candidate, _) => {
            candidate.first == candidate.last && candidate.excerpt.is_empty()
        }
        Chosen::Linked(anchor) => anchor.score > 0.0,
    };
    let sources: Vec<usize> = chosen
        .iter()
        .filter(one_line)
        .map(|reading| *lines_of(reading).start())
        .filter(|at| post.headline != Some(*at))
        .collect();
    let linked = chosen
        .iter()
        .filter(|reading| matches!(reading, Chosen::Linked(anchor) if anchor.score > 0.0))
        .count();
    let unmarked = chosen.iter().filter(|reading| matches!(reading, Chosen::Credited(candidate, _) if candidate.pattern.form == Form::NoMark)).count();
    let all: Vec<usize> = chosen
        .iter()
        .filter(|reading| is_source(reading))
        .map(|reading| *lines_of(reading).start())
        .filter(|at| post.headline != Some(*at))
        .collect();
    let (Some(first), Some(last)) = (all.iter().min().copied(), all.iter().max().copied()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for listed in [true, false] {
        let same = |at: &usize| {
            post.line(*at).is_some_and(|line| {
                line.starts_item == listed
                    && line.kind != Kind::Quote
                    && !matches!(line.kind, Kind::Heading(_))
            })
        };
        let count = sources.iter().filter(|at| same(at)).count();
        let others: Vec<usize> = (post.headline.map_or(first, |head| head + 1)..post.len())
            .filter(|at| {
                same(at)
                    && free(*at)
                    && may_be_sibling(post, *at)
                    && (*at > first || listed || post.headline.is_some_and(|head| *at > head))
                    && (*at < last + 4 || listed)
            })
            .collect();
        // The lines below a lead are its dek and its excerpt.
        let zone = lead_zone(post, chosen);
        let others: Vec<usize> = others.into_iter().filter(|at| !zone.contains(at)).collect();
        // A list under "More News On …" holds sources up to the editor's comment.
        let related = (0..post.len()).find(|at| *post.label(*at) == Label::Related);
        let comment = related.and_then(|from| {
            (from..post.len()).find(|at| matches!(post.label(*at), Label::Comment { .. }))
        });
        let listed_news = |at: usize| {
            related.is_some_and(|from| at > from && last > from)
                && comment.is_none_or(|end| at < end)
        };
        let enough = count >= 3 && count * 2 >= count + others.len();
        for at in others {
            let Some(text) = post.text(at) else { continue };
            let words = text::word_count(text);
            let alone = post.line(at).is_some_and(|line| line.preceded_by_blank_line)
                && post.line(at + 1).is_none_or(|line| line.preceded_by_blank_line);
            let inside = post.headline.map_or(at > first, |head| at > head) && at < last || listed;
            if listed_news(at)
                || inside
                    && (enough && (listed || words >= 5)
                        || unmarked >= 2 && words >= 6
                        || linked >= 4 && words >= 7 && (alone || listed))
            {
                found.push(uncredited(at, 0..text.len(), Form::Sibling, 0.6));
            }
        }
    }
    found
}

/// Returns the lines between a lead and its "Read more" or the next source.
fn lead_zone(post: &Post<'_>, chosen: &[Chosen]) -> std::ops::Range<usize> {
    let mut sources = chosen.iter().filter(|reading| is_source(reading)).map(lines_of);
    let Some(first) = sources.next() else { return 0..0 };
    let second = sources.next().map_or(post.len(), |lines| *lines.start());
    let mut mores = (first.end() + 1..post.len()).filter(|at| *post.label(*at) == Label::ReadMore);
    match (mores.next(), mores.next()) {
        (Some(more), None) => *first.end() + 1..more,
        _ if post.headline == Some(*first.start()) => *first.end() + 1..second,
        _ => 0..0,
    }
}

/// Returns whether a line without a credit looks like a title.
fn may_be_sibling(post: &Post<'_>, at: usize) -> bool {
    let (Some(line), Some(text)) = (post.line(at), post.text(at)) else { return false };
    let words = text::word_count(text);
    (4..=30).contains(&words)
        && line.links.is_empty()
        && !text.ends_with(['.', ':', ';', ',', ')', '…', '!', '”', '"', '»', '。', '！', '：'])
        && !text.chars().next().is_some_and(text::opens_quote)
        && !line.is_bold()
        && !line.is_italic()
        && !text.starts_with(['(', '['])
        && !labels::is_related(text)
        && !name::is_dated(text)
        && text::starts_high(text)
}

/// Returns the items of a list as titles, for a post in which nothing else was read.
fn uncredited_items(post: &Post<'_>, free: &dyn Fn(usize) -> bool) -> Vec<Candidate> {
    if post.document.lines.iter().any(|line| !line.links.is_empty()) {
        return Vec::new();
    }
    let items: Vec<usize> = (0..post.len())
        .filter(|at| free(*at) && post.line(*at).is_some_and(|line| line.starts_item))
        .collect();
    let titles: Vec<usize> = items.iter().copied().filter(|at| may_be_sibling(post, *at)).collect();
    let all = (0..post.len()).filter(|at| free(*at)).count();
    if titles.len() < 3 || titles.len() * 10 < items.len() * 7 || titles.len() * 2 < all {
        return Vec::new();
    }
    titles
        .into_iter()
        .filter_map(|at| Some(uncredited(at, 0..post.text(at)?.len(), Form::Sibling, 0.5)))
        .collect()
}

/// Returns the titles of a post that writes a title and its excerpt without a credit: items with
/// sentences below them, or blocks of two lines. At least three, and most of the post.
fn uncredited_pairs(
    post: &Post<'_>,
    sources: usize,
    free: &dyn Fn(usize) -> bool,
) -> Vec<Candidate> {
    if post.document.lines.iter().any(|line| !line.links.is_empty()) {
        return Vec::new();
    }
    let is_item = |at: usize| post.line(at).is_some_and(|line| line.starts_item);
    let begins_block = |at: usize| {
        post.line(at).is_none_or(|line| line.preceded_by_blank_line || line.starts_item)
    };
    let is_title = |at: usize| {
        post.text(at).is_some_and(|text| {
            (2..=24).contains(&text::word_count(text))
                && text::has_letter(text)
                && (!text::ends_sentence(text) || text.ends_with('?'))
                && !text.ends_with([':', ',', ';'])
                && !name::is_dated(text)
        })
    };
    let is_excerpt = |at: usize| {
        free(at)
            && !begins_block(at)
            && post.text(at).is_some_and(|text| text::word_count(text) >= 5)
    };
    let starts: Vec<usize> = (0..post.len())
        .filter(|at| post.text(*at).is_some() && begins_block(*at) && post.headline != Some(*at))
        .collect();
    for listed in [true, false] {
        let pairs: Vec<usize> = starts
            .iter()
            .copied()
            .filter(|at| {
                let single = begins_block(at + 2) || listed;
                free(*at) && is_item(*at) == listed && is_title(*at) && is_excerpt(at + 1) && single
            })
            .collect();
        let Some(first) = pairs.first() else { continue };
        let blocks = starts.iter().filter(|at| *at >= first && (!listed || is_item(**at))).count();
        if pairs.len() >= 3 && pairs.len() > sources && pairs.len() * 10 >= blocks * 7 {
            return pairs
                .into_iter()
                .filter_map(|at| Some(uncredited(at, 0..post.text(at)?.len(), Form::Sibling, 0.5)))
                .collect();
        }
    }
    Vec::new()
}
