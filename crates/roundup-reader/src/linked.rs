//! Links as sources: where a link stands, and the credit beside it.

use crate::candidate::Span;
use crate::credit::{self, MAX_CREDIT, Parsed};
use crate::document::{Kind, Link};
use crate::lexicon::{self, Kind as Words};
use crate::one_line::groups;
use crate::outlets;
use crate::prose;
use crate::read::Post;
use crate::text::{self, part, trim};
use std::collections::HashMap;
use std::ops::Range;

/// Where a link stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The line is the link.
    Whole,
    /// The line begins with it.
    Start,
    /// It stands behind a few words and a colon.
    Colon,
    /// It is a sentence of its own within the line.
    Sentence,
    Middle,
}

/// A link that can be a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Anchor {
    pub(crate) title: Span,
    pub(crate) url: String,
    pub(crate) place: Place,
    pub(crate) credit: Option<(Span, Parsed)>,
    form: &'static str,
    /// How much the credit counts.
    pub(crate) credit_score: f64,
    /// Above 0 it is a source, else a link in passing.
    pub(crate) score: f64,
    /// The other links of the line that belong to the credit.
    taken: usize,
}

/// The links of a post, line by line, each with its credit and its score.
pub(crate) fn anchors(post: &Post<'_>) -> Vec<Anchor> {
    let mut found: Vec<Anchor> = (0..post.len()).flat_map(|at| of_line(post, at)).collect();
    pool(&mut found);
    let items = items(post);
    for anchor in &mut found {
        score(post, anchor, &items);
    }
    found
}

/// More links on one line are links in passing.
const MAX_LINKS: usize = 60;

fn of_line(post: &Post<'_>, at: usize) -> Vec<Anchor> {
    let (Some(line), Some(text)) = (post.line(at), post.text(at)) else { return Vec::new() };
    let offset = post.start(at);
    let mut links: Vec<(Range<usize>, &Link)> = Vec::new();
    for link in line.links.iter().take(MAX_LINKS) {
        let (Some(start), Some(end)) =
            (link.range.start.checked_sub(offset), link.range.end.checked_sub(offset))
        else {
            continue;
        };
        if end <= text.len() {
            links.push((start..end, link));
        }
    }
    let mut found: Vec<Anchor> = Vec::new();
    let mut skip = 0;
    let mut from = 0;
    for (index, (range, link)) in links.iter().enumerate() {
        if skip > 0 {
            skip -= 1;
            from = range.end;
            continue;
        }
        let reader = Reader { post, at, text, links: &links, index, from };
        let anchor = reader.read(range.clone(), link);
        skip = anchor.taken;
        from = anchor.credit.as_ref().map_or(range.end, |(span, _)| span.range.end.max(range.end));
        found.push(anchor);
    }
    found
}

struct Reader<'p, 'a> {
    post: &'p Post<'a>,
    at: usize,
    text: &'p str,
    links: &'p [(Range<usize>, &'p Link)],
    index: usize,
    /// Where the link before, and its credit, end.
    from: usize,
}

impl Reader<'_, '_> {
    fn read(&self, range: Range<usize>, link: &Link) -> Anchor {
        let head = part(self.text, self.from..range.start);
        let mut title = range.clone();
        // "[video] Title", “Title”: the flag and the quotation marks belong to the title.
        let bare = head.trim_start();
        let flag = groups(bare)
            .first()
            .is_some_and(|group| group.start == 0 && bare.len() - group.end <= 1);
        if self.from == 0 && flag && bare.starts_with('[') {
            title.start = head.len() - bare.len();
        }
        let place = self.place(&range, title.start < range.start);
        let (form, mut credit, taken) = self.credit(&range, place).unwrap_or(("", None, 0));
        // "-- O (subscription)": the flag is part of the credit line.
        if let Some((span, _)) = &mut credit {
            let rest = part(self.text, span.range.end..self.text.len());
            let blank = rest.len() - rest.trim_start().len();
            let group = groups(rest).into_iter().next().filter(|group| group.start == blank);
            if let Some(group) = group.filter(|group| {
                credit::is_flag(part(rest, group.start + 1..group.end.saturating_sub(1)))
            }) {
                span.range.end += group.end;
            }
        }
        let credit_score = credit.as_ref().map_or(0.0, |(_, parsed): &(Span, Parsed)| parsed.score);
        Anchor {
            title: Span { line: self.at, range: title },
            url: link.url.clone(),
            place,
            credit,
            form,
            credit_score,
            score: 0.0,
            taken,
        }
    }

    fn place(&self, range: &Range<usize>, flagged: bool) -> Place {
        let head = part(self.text, 0..range.start);
        let tail = part(self.text, range.end..self.text.len());
        let blank = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
        if blank(head) || flagged {
            return if blank(tail) { Place::Whole } else { Place::Start };
        }
        let near = part(self.text, self.from..range.start);
        let bare = near.trim_end_matches(|c: char| c.is_whitespace() || text::opens_quote(c));
        let parted = bare.ends_with([':', '：', '—', '–', '|', '-']) || bare.ends_with(" --");
        if parted && text::word_count(head) <= 6 {
            return Place::Colon;
        }
        // The next source of a line that holds several.
        let next = bare.trim_start_matches([')', ']', '.', ' ']);
        if self.from > 0
            && (next.is_empty()
                || matches!(
                    next,
                    "," | ";"
                        | "/"
                        | "|"
                        | "•"
                        | "·"
                        | "and"
                        | "&"
                        | ", and"
                        | "; see also"
                        | "; and"
                ))
        {
            return if self.index < 8 { Place::Start } else { Place::Middle };
        }
        let begins = bare.is_empty()
            || text::ends_sentence(bare)
            || bare.ends_with(['…', '•', '·', '●', '|']);
        let after = tail.trim_start_matches(text::closes_quote);
        let ends = blank(after)
            || after.starts_with(['.', '!', '?', ' ', ',', ':', ';', '('])
                && text::starts_high(part(self.text, range.clone()));
        if begins && ends { Place::Sentence } else { Place::Middle }
    }

    /// The credit by the link: its form, where it stands, and how many further links it holds.
    fn credit(
        &self,
        range: &Range<usize>,
        place: Place,
    ) -> Option<(&'static str, Option<(Span, Parsed)>, usize)> {
        let names = &self.post.names;
        let span = |range: Range<usize>| Span { line: self.at, range };
        let parse = |range: Range<usize>| {
            let range = trim(self.text, range);
            let text = part(self.text, range.clone());
            (!text.is_empty() && text.len() <= MAX_CREDIT)
                .then(|| credit::parse(text, names))
                .flatten()
                .map(|parsed| (span(range), parsed))
        };
        // A link right behind can hold the name of the author or the outlet.
        let next = self.links.get(self.index + 1).map(|(range, _)| range.clone());
        let between = next.clone().map(|next| part(self.text, range.end..next.start).trim());
        let joins = between.is_some_and(|text| {
            let bare = text.trim_matches([
                ',', '(', '[', '-', '–', '—', '|', ' ', '·', '•', '/', '"', '”', '.',
            ]);
            text.len() <= 12
                && (bare.is_empty()
                    && !text.is_empty()
                    && text != ","
                    && text != "."
                    && text != "•"
                    && text != "/"
                    && text != "|"
                    && text != "·"
                    || is_by(bare)
                    || lexicon::is(Words::Source, bare))
        });
        let mut limit = self
            .links
            .get(self.index + 1 + usize::from(joins))
            .map_or(self.text.len(), |(range, _)| range.start);
        // A list of authors, each linked: "by [A](…) and [B](…)".
        let mut taken = usize::from(joins);
        if joins {
            while let (Some((before, _)), Some((after, _))) =
                (self.links.get(self.index + taken), self.links.get(self.index + taken + 1))
            {
                let gap = part(self.text, before.end..after.start).trim();
                if taken >= 6
                    || !(gap == "," || lexicon::is(Words::And, gap) || matches!(gap, ", and" | "&"))
                {
                    break;
                }
                taken += 1;
                limit = self
                    .links
                    .get(self.index + taken + 1)
                    .map_or(self.text.len(), |(range, _)| range.start);
            }
        }
        let tail = part(self.text, range.end..limit);
        let blank = tail.len()
            - tail.trim_start_matches(|c: char| c.is_whitespace() || text::closes_quote(c)).len();
        let start = range.end + blank;
        let rest = part(self.text, start..limit);
        if let Some(group) = groups(rest).first().filter(|group| group.start == 0)
            && let Some((credit, parsed)) = parse(start..start + group.end)
            && parsed.score > -0.5
        {
            return Some(("(", Some((credit, parsed)), taken));
        }
        if let Some(end) = self.by_end(rest)
            && let Some((credit, parsed)) = parse(start + skip(rest)..start + end)
            && parsed.has_byline()
        {
            return Some(("by", Some((credit, parsed)), taken));
        }
        for mark in ["--", "—", "–", "-", "|", "::", "·", "•", "»", "~", "/", ","] {
            let Some(name) = rest
                .strip_prefix(mark)
                .filter(|name| name.starts_with(' ') || mark == "," || mark == "—")
            else {
                continue;
            };
            let end = clause_end(name, 8);
            let whole = start + mark.len();
            if let Some((credit, parsed)) = parse(whole..whole + end)
                && parsed.score > 0.0
                && text::word_count(part(self.text, credit.range.clone())) <= 8
            {
                return Some((mark, Some((credit, parsed)), taken));
            }
            break;
        }
        for word in ["via", "from", "in", "at", "on", "bei", "in der", "dans", "sur", "en", "su"] {
            let Some(name) = rest.strip_prefix(word).filter(|name| name.starts_with(' ')) else {
                continue;
            };
            let offset = start + word.len();
            let name = name.trim_start().strip_prefix("the ").map_or(name, |bare| bare);
            let at = offset + part(self.text, offset..limit).find(name).unwrap_or(0);
            let end = clause_end(name, 6);
            if let Some((credit, parsed)) = parse(at..at + end)
                && parsed.score > 0.0
                && (parsed.known || word == "via")
            {
                return Some((
                    if word == "via" { "via" } else { "in" },
                    Some((credit, parsed)),
                    taken,
                ));
            }
        }
        if blank > 0 && tail.starts_with(' ') {
            let end = clause_end(rest, 5);
            let name = part(rest, 0..end);
            let ends = part(rest, end..rest.len())
                .chars()
                .next()
                .is_none_or(|c| matches!(c, '.' | '(' | ';' | ':'));
            let high =
                name.split_whitespace().all(|word| text::starts_high(word) || word.len() <= 3);
            if ends
                && high
                && !name.is_empty()
                && let Some((credit, parsed)) = parse(start..start + end)
                && parsed.score > 0.0
            {
                return Some((" ", Some((credit, parsed)), taken));
            }
        }
        self.around(range, place, &parse)
    }

    /// A credit before the link, or in brackets at the end of the line, or in the sentence.
    fn around(
        &self,
        range: &Range<usize>,
        place: Place,
        parse: &dyn Fn(Range<usize>) -> Option<(Span, Parsed)>,
    ) -> Option<(&'static str, Option<(Span, Parsed)>, usize)> {
        let only = self.links.len() == 1;
        if only
            && let Some(group) = groups(self.text).last().filter(|group| group.start > range.end)
            && part(self.text, group.end..self.text.len()).chars().all(|c| !c.is_alphanumeric())
            && let Some((credit, parsed)) = parse(group.clone())
            && parsed.score > 0.0
        {
            return Some((")", Some((credit, parsed)), 0));
        }
        let head = part(self.text, self.from..range.start);
        let name = head.trim_end_matches(|c: char| c.is_whitespace() || text::opens_quote(c));
        let bare = name.trim_end_matches([':', '：', '|', '–', '—', '-', '·', '•', ',', '»']);
        if self.from == 0 && bare.len() < name.len() || name.ends_with([')', ']']) && self.from == 0
        {
            if let Some((credit, parsed)) = parse(self.from..self.from + bare.len())
                && parsed.score > 0.0
            {
                return Some((":", Some((credit, parsed)), 0));
            }
        }
        if matches!(place, Place::Middle | Place::Sentence | Place::Start)
            && self.links.len() <= 3
            && let Some(named) = prose::named(self.text, &self.post.names)
            && (named.range.end <= range.start || named.range.start >= range.end)
            && named.placed
        {
            return Some((
                "…",
                Some((Span { line: self.at, range: named.range }, named.parsed)),
                0,
            ));
        }
        None
    }

    /// Where a "by A, O" ends, if the rest begins with one.
    fn by_end(&self, rest: &str) -> Option<usize> {
        let at = skip(rest);
        let after = part(rest, at..rest.len());
        credit::after_by(after)?;
        let end = clause_end(after, 16);
        Some(at + end)
    }
}

fn is_by(text: &str) -> bool {
    lexicon::is(Words::By, text.trim())
}

/// The bytes of a comma and space before "by".
fn skip(rest: &str) -> usize {
    rest.len() - rest.trim_start_matches([',', ' ', '-', '–', '—', '|']).len()
}

/// Where the first clause of a text ends: at a stop before a space, a bracket, a semicolon, or
/// its end; past a number of words it is no name.
fn clause_end(text: &str, words: usize) -> usize {
    let mut seen = 0;
    let mut inside = false;
    for (at, character) in text.char_indices() {
        let next = part(text, at + character.len_utf8()..text.len());
        match character {
            '(' | '[' | '（' | ';' | '|' => return at,
            ':' if next.starts_with(' ') || next.is_empty() => return at,
            '.' | '!' | '?' if next.starts_with(' ') || next.is_empty() => {
                let word = part(text, 0..at).rsplit(' ').next().unwrap_or_default();
                let initial = word.chars().count() <= 1
                    || word.contains('.')
                    || matches!(word, "St" | "Mr" | "Dr" | "Inc" | "Jr");
                if !initial || next.trim().is_empty() {
                    return at;
                }
            }
            '–' | '—' if part(text, 0..at).ends_with(' ') => return at,
            '-' if part(text, 0..at).ends_with(' ') && next.starts_with(['-', ' ']) => return at,
            _ => {}
        }
        if character.is_whitespace() {
            inside = false;
        } else if !inside {
            inside = true;
            seen += 1;
            if seen > words {
                return 0;
            }
        }
    }
    text.len()
}

/// Credits of one form believe each other.
fn pool(anchors: &mut [Anchor]) {
    let mut sums: HashMap<&'static str, (f64, usize)> = HashMap::new();
    for anchor in anchors.iter().filter(|anchor| anchor.credit.is_some()) {
        let sum = sums.entry(anchor.form).or_default();
        sum.0 += anchor.credit_score.clamp(-3.0, 3.0);
        sum.1 += 1;
    }
    for anchor in anchors.iter_mut() {
        let (Some(_), Some((sum, count))) = (&anchor.credit, sums.get(anchor.form)) else {
            continue;
        };
        let base = match anchor.form {
            "(" | "--" | "by" | "via" | ")" => 1.0,
            "|" | "::" => 0.8,
            "…" => -1.0,
            " " | "," | "/" => -0.6,
            _ => 0.0,
        };
        let others = if *count > 1 {
            (sum - anchor.credit_score.clamp(-3.0, 3.0)) / crate::patterns::number(count - 1)
        } else {
            0.0
        };
        anchor.credit_score += base + others;
    }
}

/// How the list items of a post are linked.
struct Items {
    /// Whether most items hold a link.
    linked: bool,
}

fn items(post: &Post<'_>) -> Items {
    let (mut all, mut linked) = (0, 0);
    for at in 0..post.len() {
        let Some(line) = post.line(at).filter(|line| line.starts_item) else { continue };
        all += 1;
        linked += usize::from(!line.links.is_empty());
    }
    Items { linked: all >= 2 && linked * 10 >= all * 6 }
}

fn score(post: &Post<'_>, anchor: &mut Anchor, items: &Items) {
    let Some(line) = post.line(anchor.title.line) else { return };
    let title = post.span(&anchor.title);
    let words = text::word_count(title);
    let mut score: f64 = match anchor.place {
        Place::Whole => 3.5,
        Place::Start => 2.0,
        Place::Colon => 1.0,
        Place::Sentence => -1.5,
        Place::Middle => -2.0,
    };
    // The host and the credit are two witnesses, if they agree.
    if let Some((_, parsed)) = &mut anchor.credit {
        let host = post.names.known.at(&anchor.url).and_then(|found| found.key);
        let named = parsed.credits.iter().filter_map(|credit| credit.outlet.as_deref());
        let agrees = host.is_some()
            && named
                .clone()
                .any(|name| post.names.known.name(name).and_then(|found| found.key) == host)
            || outlets::host(&anchor.url)
                .is_some_and(|host| named.clone().any(|name| resembles(&host, name)));
        if agrees && parsed.has_outlet() {
            anchor.credit_score += 2.0;
            parsed.known |= parsed.credits.len() == 1;
            parsed.guessed &= parsed.credits.len() != 1;
        }
        if anchor.credit_score <= 0.0 {
            anchor.credit = None;
        }
    }
    if anchor.credit.is_some() {
        score += if anchor.place == Place::Middle { 1.0 } else { 1.8 };
    }
    if line.depth > 0 {
        score += 0.6;
    }
    score += if words >= 4 {
        0.6
    } else if words <= 1 {
        -0.8
    } else {
        0.0
    };
    if title.chars().next().is_some_and(char::is_lowercase)
        && words <= 3
        && anchor.place != Place::Whole
    {
        score -= 1.0;
    }
    let flowing = matches!(anchor.place, Place::Sentence | Place::Middle);
    if items.linked && line.starts_item && line.links.len() == 1 {
        score += if anchor.credit.is_some() {
            2.2
        } else if flowing {
            0.0
        } else {
            0.8
        };
    }
    // "[Haskell](…) is a language": the link is the subject of a sentence.
    let after = post
        .text(anchor.title.line)
        .map_or("", |text| part(text, anchor.title.range.end..text.len()));
    let goes_on = after.strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_lowercase));
    if goes_on && anchor.place == Place::Start && anchor.credit.is_none() {
        score -= if words >= 4 { 0.8 } else { 2.8 };
    }
    if is_pointer(title) {
        score -= 3.0;
    }
    // A heading that is the headline links to the post itself.
    if post.headline == Some(anchor.title.line)
        && matches!(line.kind, Kind::Heading(_))
        && anchor.credit.is_none()
    {
        score -= 9.0;
    }
    if crate::labels::is_read_more(title) {
        score -= 6.0;
    }
    // A further link of a few words on the line of a source.
    if words <= 2
        && anchor.place == Place::Start
        && anchor.title.range.start > 0
        && line.links.first().is_some_and(|link| link.url != anchor.url)
    {
        score -= 2.5;
    }
    let short = line
        .links
        .iter()
        .filter(|link| text::word_count(part(&line.text, link.range.clone())) <= 2)
        .count();
    if short >= 3 && words <= 2 {
        score -= 4.0;
    }
    anchor.score = score;
}

/// Whether a link's text points at something instead of naming it.
pub(crate) fn is_pointer(title: &str) -> bool {
    let bare = title.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty() || lexicon::is(Words::Pointer, bare)
}

/// Whether a host spells a name: "niemanlab.org" and "Nieman Lab".
fn resembles(host: &str, name: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let name = letters(name.strip_prefix("The ").unwrap_or(name));
    let site = host.rsplit_once('.').map_or(host, |(site, _)| site);
    name.chars().count() >= 4
        && (site.split('.').any(|label| letters(label) == name) || letters(host) == name)
}
