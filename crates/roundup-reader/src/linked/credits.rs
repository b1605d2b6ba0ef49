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

/// The form of a credit, where it stands and what it says.
type Beside = (&'static str, Span, Parsed);

/// The same, and how many further links it holds.
type Found = (&'static str, Span, Parsed, usize);

impl Reader<'_, '_> {
    /// The credit by the link: its form, where it stands, and how many further links it holds.
    pub(super) fn credit(&self, range: &Range<usize>, place: Place) -> Option<Found> {
        let (taken, limit) = self.joined(range);
        let tail = part(self.text, range.end..limit);
        let blank = tail.len()
            - tail.trim_start_matches(|c: char| c.is_whitespace() || text::closes_quote(c)).len();
        let start = range.end + blank;
        let found = self
            .behind(start..limit)
            .or_else(|| self.behind_mark(start..limit))
            .or_else(|| self.behind_word(start..limit))
            .or_else(|| self.unmarked(start..limit).filter(|_| tail.starts_with(' ')));
        match found {
            Some((form, span, parsed)) => Some((form, span, parsed, taken)),
            None => self.around(range, place).map(|(form, span, parsed)| (form, span, parsed, 0)),
        }
    }

    /// Reads a part of the line as a credit.
    fn parse(&self, range: Range<usize>) -> Option<(Span, Parsed)> {
        let range = trim(self.text, range);
        let text = part(self.text, range.clone());
        if text.is_empty() || text.len() > MAX_CREDIT {
            return None;
        }
        let parsed = credit::parse(text, &self.post.names)?;
        Some((Span { line: self.at, range }, parsed))
    }

    /// How many links right behind hold the names of authors or the outlet, and where the text
    /// that can be the credit ends.
    fn joined(&self, range: &Range<usize>) -> (usize, usize) {
        let limit = |taken: usize| {
            let next = self.links.get(self.index + 1 + taken);
            next.map_or(self.text.len(), |(range, _)| range.start)
        };
        let Some((next, _)) = self.links.get(self.index + 1) else { return (0, limit(0)) };
        let between = part(self.text, range.end..next.start).trim();
        let marks = [',', '(', '[', '-', '–', '—', '|', ' ', '·', '•', '/', '"', '”', '.'];
        let bare = between.trim_matches(marks);
        // A comma, a stop or a bar alone parts two sources.
        let parts = matches!(between, "" | "," | "." | "•" | "/" | "|" | "·");
        let names = is_by(bare) || lexicon::is(Words::Source, bare) || bare.is_empty() && !parts;
        if between.len() > 12 || !names {
            return (0, limit(0));
        }
        // A list of authors, each linked: "by [A](…) and [B](…)".
        let mut taken = 1;
        while let (Some((before, _)), Some((after, _))) =
            (self.links.get(self.index + taken), self.links.get(self.index + taken + 1))
        {
            let gap = part(self.text, before.end..after.start).trim();
            let listed = gap == "," || lexicon::is(Words::And, gap) || gap == ", and" || gap == "&";
            if taken >= 6 || !listed {
                break;
            }
            taken += 1;
        }
        (taken, limit(taken))
    }

    /// `(O)` and "by P" behind the link.
    fn behind(&self, range: Range<usize>) -> Option<Beside> {
        let rest = part(self.text, range.clone());
        if let Some(group) = groups(rest).first().filter(|group| group.start == 0)
            && let Some((span, parsed)) = self.parse(range.start..range.start + group.end)
            && parsed.score > -0.5
        {
            return Some(("(", span, parsed));
        }
        let end = by_end(rest)?;
        let (span, parsed) = self.parse(range.start + skip(rest)..range.start + end)?;
        parsed.has_byline().then_some(("by", span, parsed))
    }

    /// `-- O`, `| O`, `, O` behind the link.
    fn behind_mark(&self, range: Range<usize>) -> Option<Beside> {
        let rest = part(self.text, range.clone());
        let marks = ["--", "—", "–", "-", "|", "::", "·", "•", "»", "~", "/", ","];
        let (mark, name) = marks.iter().find_map(|mark| {
            let name = rest.strip_prefix(mark)?;
            (name.starts_with(' ') || *mark == "," || *mark == "—").then_some((*mark, name))
        })?;
        let from = range.start + mark.len();
        let (span, parsed) = self.parse(from..from + clause_end(name, 8))?;
        let short = text::word_count(part(self.text, span.range.clone())) <= 8;
        (parsed.score > 0.0 && short).then_some((mark, span, parsed))
    }

    /// "via O", "in O" behind the link.
    fn behind_word(&self, range: Range<usize>) -> Option<Beside> {
        let rest = part(self.text, range.clone());
        let words = ["via", "from", "in", "at", "on", "bei", "in der", "dans", "sur", "en", "su"];
        words.iter().find_map(|word| {
            let name = rest.strip_prefix(word).filter(|name| name.starts_with(' '))?;
            let bare = name.trim_start();
            let bare = bare.strip_prefix("the ").unwrap_or(bare);
            let from = range.end - bare.len();
            let (span, parsed) = self.parse(from..from + clause_end(bare, 6))?;
            let form = if *word == "via" { "via" } else { "in" };
            (parsed.score > 0.0 && (parsed.known || form == "via")).then_some((form, span, parsed))
        })
    }

    /// A few capitalised words behind the link, up to a stop or the end.
    fn unmarked(&self, range: Range<usize>) -> Option<Beside> {
        let rest = part(self.text, range.clone());
        let end = clause_end(rest, 5);
        let name = part(rest, 0..end);
        let after = part(rest, end..rest.len()).chars().next();
        let ends = after.is_none_or(|c| matches!(c, '.' | '(' | ';' | ':'));
        let mut words = name.split_whitespace();
        if !ends || !words.all(|word| text::starts_high(word) || word.len() <= 3) {
            return None;
        }
        let (span, parsed) = self.parse(range.start..range.start + end)?;
        (parsed.score > 0.0).then_some((" ", span, parsed))
    }

    /// A credit before the link, or in brackets at the end of the line, or in the sentence.
    fn around(&self, range: &Range<usize>, place: Place) -> Option<Beside> {
        if self.links.len() == 1
            && let Some(group) = groups(self.text).last().filter(|group| group.start > range.end)
            && part(self.text, group.end..self.text.len()).chars().all(|c| !c.is_alphanumeric())
            && let Some((span, parsed)) = self.parse(group.clone())
            && parsed.score > 0.0
        {
            return Some((")", span, parsed));
        }
        let head = part(self.text, self.from..range.start);
        let name = head.trim_end_matches(|c: char| c.is_whitespace() || text::opens_quote(c));
        let bare = name.trim_end_matches([':', '：', '|', '–', '—', '-', '·', '•', ',', '»']);
        let marked = bare.len() < name.len() || name.ends_with([')', ']']);
        if self.from == 0
            && marked
            && let Some((span, parsed)) = self.parse(0..bare.len())
            && parsed.score > 0.0
        {
            return Some((":", span, parsed));
        }
        let flowing = matches!(place, Place::Middle | Place::Sentence | Place::Start);
        if !flowing || self.links.len() > 3 || self.at >= MAX_FULL {
            return None;
        }
        let named = prose::named(self.text, &self.post.names)?;
        let apart = named.range.end <= range.start || named.range.start >= range.end;
        let span = Span { line: self.at, range: named.range };
        (apart && named.placed).then_some(("…", span, named.parsed))
    }
}

/// Where a "by A, O" ends, if the rest begins with one.
fn by_end(rest: &str) -> Option<usize> {
    let at = skip(rest);
    let after = part(rest, at..rest.len());
    credit::after_by(after)?;
    Some(at + clause_end(after, 16))
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
