//! Sources without a credit of their own: under a heading that names the outlet, in a list with other
//! sources, in news briefs.

use crate::candidate::{Candidate, Form, Part, Pattern, Span, title_score};
use crate::credit::{self, Parsed};
use crate::document::Kind;
use crate::labels::{self, Label};
use crate::name;
use crate::read::{Chosen, Post};
use crate::text::{self, part, trim};
use std::collections::HashSet;

/// The maximum number of items under one heading that names their outlet.
const MAX_ITEMS: usize = 60;

/// Returns candidates for the items under headings that name an outlet.
pub(crate) fn under_outlet_headings(post: &Post<'_>) -> Vec<Candidate> {
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
    let mut heads: Vec<(usize, Parsed)> = (0..post.len())
        .filter_map(|at| Some((at, outlet_heading(post, at, false)?)))
        .collect();
    let capitals = heads.iter().all(|(at, _)| in_capitals(*at));
    if heads.len() >= 2 && (capitals || heads.iter().all(|(at, _)| over_item(*at))) {
        let alike = |at: &usize| if capitals { in_capitals(*at) } else { over_item(*at) };
        heads.extend((0..post.len()).filter(alike).filter_map(|at| {
            let parsed = outlet_heading(post, at, true)?;
            heads.iter().all(|(head, _)| *head != at).then_some((at, parsed))
        }).collect::<Vec<_>>());
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
    let title = at.checked_sub(1).filter(|above| post.headline != Some(*above)).is_some_and(|above| {
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

fn part_has_letters(text: &str, range: &std::ops::Range<usize>) -> bool {
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
    fn title(self, text: &str) -> std::ops::Range<usize> {
        let found = match self {
            Self::Quoted => quoted_title(text),
            Self::Dashed => dashed_title(text),
            Self::Sentence => None,
        };
        found.unwrap_or_else(|| trim(text, 0..first_sentence(text).len()))
    }
}

/// Returns the range of the first quotation of two words or more, without its marks.
fn quoted_title(text: &str) -> Option<std::ops::Range<usize>> {
    let mut open = None;
    for (at, character) in text.char_indices() {
        match open {
            None if text::opens_quote(character) && character != '\'' => {
                open = Some(at + character.len_utf8());
            }
            Some(start) if text::closes_quote(character) && character != '\'' && character != '’' => {
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
fn dashed_title(text: &str) -> Option<std::ops::Range<usize>> {
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
        more = uncredited_pairs(post, chosen.iter().filter(|reading| is_source(reading)).count(), &free);
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
    let begins_block =
        |at: usize| post.line(at).is_none_or(|line| line.preceded_by_blank_line || line.starts_item);
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
