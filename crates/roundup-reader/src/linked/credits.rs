//! The credit beside a link.

use super::{Place, Reader};
use crate::candidate::Span;
use crate::choose::MAX_FULL;
use crate::credit::{self, MAX_CREDIT, Parsed};
use crate::lexicon::{self, Kind as Words};
use crate::one_line::groups;
use crate::prose;
use crate::text::{self, part, trim};
use std::ops::Range;

/// The form of a credit, where it stands and what it says, and how many further links it holds.
type Found = (&'static str, Option<(Span, Parsed)>, usize);

impl Reader<'_, '_> {
    /// The credit by the link: its form, where it stands, and how many further links it holds.
    pub(super) fn credit(&self, range: &Range<usize>, place: Place) -> Option<Found> {
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
    ) -> Option<Found> {
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
            && self.at < MAX_FULL
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
