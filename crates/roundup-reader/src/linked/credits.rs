//! Finds the credit next to a link.

use super::{LinkPosition, LinkReader};
use crate::candidate::Span;
use crate::choose::MAX_FULL;
use crate::credit::{self, MAX_CREDIT, Parsed};
use crate::lexicon::{self, Kind as Words};
use crate::one_line::groups;
use crate::prose;
use crate::text::{self, part, trim};
use std::ops::Range;

/// The form of a credit, its position and its content.
type AdjacentCredit = (&'static str, Span, Parsed);

/// An [`AdjacentCredit`] and the number of further links in it.
type JoinedCredit = (&'static str, Span, Parsed, usize);

impl LinkReader<'_, '_> {
    /// Reads an outlet in italics or bold right before the only link of a line, or at the end of the line.
    pub(super) fn in_italics_or_bold(&self, range: &Range<usize>) -> Option<AdjacentCredit> {
        let line = self.post.line(self.at).filter(|_| self.links.len() == 1)?;
        let offset = self.post.start(self.at);
        let blank =
            |range: Range<usize>| part(self.text, range).chars().all(|c| !c.is_alphanumeric());
        line.styles.iter().find_map(|(style, _)| {
            let (start, end) = (style.start.checked_sub(offset)?, style.end.checked_sub(offset)?);
            let before = blank(0..start) && end <= range.start && blank(end..range.start);
            let after = start >= range.end && blank(end.min(self.text.len())..self.text.len());
            let (span, parsed) = self.parse(start..end).filter(|_| before || after)?;
            parsed.known.then_some((":", span, parsed))
        })
    }

    /// Finds the credit of the link: after it, before it, or elsewhere in the line.
    pub(super) fn credit(
        &self,
        range: &Range<usize>,
        position: LinkPosition,
    ) -> Option<JoinedCredit> {
        let (taken, limit) = self.credit_links(range);
        let tail = part(self.text, range.end..limit);
        let blank = tail.len()
            - tail.trim_start_matches(|c: char| c.is_whitespace() || text::closes_quote(c)).len();
        let start = range.end + blank;
        let found = self
            .bracketed_or_byline(start..limit)
            .or_else(|| self.after_mark(start..limit))
            .or_else(|| self.after_word(start..limit))
            .or_else(|| {
                self.unmarked(start..limit)
                    .filter(|_| tail.trim_start_matches(text::closes_quote).starts_with(' '))
            });
        match found {
            // "O | [T](…) | by P"
            Some((form, span, parsed)) if !parsed.has_outlet() => {
                let before = self.elsewhere_in_line(range, LinkPosition::Colon);
                match before.filter(|(_, _, before)| before.score > 0.0 && !before.has_byline()) {
                    Some((form, span, before)) => {
                        let authors =
                            parsed.credits.into_iter().flat_map(|credit| credit.bylines).collect();
                        Some((form, span, before.with_bylines(authors), 0))
                    }
                    None => Some((form, span, parsed, taken)),
                }
            }
            // `P, “[T](…)” O`
            Some((form, span, parsed)) if !parsed.has_byline() => {
                let authors = self.author_before(range).unwrap_or_default();
                Some((form, span, parsed.with_bylines(authors), taken))
            }
            Some((form, span, parsed)) => Some((form, span, parsed, taken)),
            None => self
                .elsewhere_in_line(range, position)
                .map(|(form, span, parsed)| (form, span, parsed, 0)),
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

    /// Returns the number of links right after this one that are authors or the outlet, and the end of
    /// the text that can be the credit.
    fn credit_links(&self, range: &Range<usize>) -> (usize, usize) {
        let limit = |taken: usize| {
            let next = self.links.get(self.index + 1 + taken);
            next.map_or(self.text.len(), |(range, _)| range.start)
        };
        let Some((next, _)) = self.links.get(self.index + 1) else { return (0, limit(0)) };
        let between = part(self.text, range.end..next.start).trim();
        let marks = [',', '(', '[', '-', '–', '—', '|', ' ', '·', '•', '/', '"', '”', '.'];
        let bare = between.trim_matches(marks);
        // A comma, a full stop or a bar alone separates two sources.
        let separates_sources = matches!(between, "" | "," | "." | "•" | "/" | "|" | "·");
        let known = post_knows(self, next);
        let names = is_by(bare)
            || known && matches!(between, "|" | "·" | "•" | "/" | "," | "")
            || lexicon::is(Words::Source, bare)
            || bare.is_empty() && !separates_sources;
        if between.len() > 12 || !names {
            return (0, limit(0));
        }
        // A list of authors, each linked: "by [A](…) and [B](…)".
        let mut taken = 1;
        while let (Some((before, _)), Some((after, _))) =
            (self.links.get(self.index + taken), self.links.get(self.index + taken + 1))
        {
            let between = part(self.text, before.end..after.start).trim();
            let listed = between == ","
                || lexicon::is(Words::And, between)
                || between == ", and"
                || between == "&";
            if taken >= 6 || !listed {
                break;
            }
            taken += 1;
        }
        (taken, limit(taken))
    }

    /// Reads `(O)` or "by P" right after the link.
    fn bracketed_or_byline(&self, range: Range<usize>) -> Option<AdjacentCredit> {
        let rest = part(self.text, range.clone());
        if let Some(group) = groups(rest).first().filter(|group| group.start == 0)
            && let Some((span, parsed)) = self.parse(range.start..range.start + group.end)
            && parsed.score > -0.5
        {
            return Some(("(", span, parsed));
        }
        let mut end = by_end(rest)?;
        // "by P (O)"
        let tail = part(rest, end..rest.len());
        let blank = tail.len() - tail.trim_start().len();
        if let Some(group) = groups(tail).first().filter(|group| group.start == blank)
            && self.parse(range.start + end + blank..range.start + end + group.end).is_some_and(
                |(_, parsed)| parsed.has_outlet() && (parsed.known || parsed.score > 1.0),
            )
        {
            end += group.end;
        }
        let (span, parsed) =
            self.parse(range.start + leading_separators(rest)..range.start + end)?;
        parsed.has_byline().then_some(("by", span, parsed))
    }

    /// Reads `-- O`, `| O` or `, O` after the link.
    fn after_mark(&self, range: Range<usize>) -> Option<AdjacentCredit> {
        let rest = part(self.text, range.clone());
        let marks = ["--", "—", "–", "-", "|", "::", "·", "•", "»", "~", "/", ","];
        let (mark, name) = marks.iter().find_map(|mark| {
            let name = rest.strip_prefix(mark)?;
            (name.starts_with(' ') || *mark == "," || *mark == "—").then_some((*mark, name))
        })?;
        let bare = name.trim_start_matches(text::closes_quote);
        let from = range.start + mark.len() + name.len() - bare.len();
        let (span, parsed) = self.parse(from..from + clause_end(bare, 8))?;
        let short = text::word_count(part(self.text, span.range.clone())) <= 8;
        (parsed.score > 0.0 && short).then_some((mark, span, parsed))
    }

    /// Reads "via O" or "in O" after the link.
    fn after_word(&self, range: Range<usize>) -> Option<AdjacentCredit> {
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

    /// Reads a few capitalised words after the link, up to a full stop or the end.
    fn unmarked(&self, range: Range<usize>) -> Option<AdjacentCredit> {
        let rest = part(self.text, range.clone());
        let end = clause_end(rest, 5);
        let name = part(rest, 0..end);
        let after = part(rest, end..rest.len()).chars().next();
        let ends = after.is_none_or(|c| matches!(c, '.' | '(' | ';' | ':'));
        let mut words = name.split_whitespace();
        if !ends || !words.all(|word| text::starts_high(word) || word.len() <= 3) {
            return None;
        }
        // "O (P)"
        let group = groups(rest).into_iter().next().filter(|group| group.start == end);
        let authored = group.and_then(|group| self.parse(range.start..range.start + group.end));
        if let Some((span, parsed)) = authored
            .filter(|(_, parsed)| parsed.score > 0.0 && parsed.has_outlet() && parsed.has_byline())
        {
            return Some((" ", span, parsed));
        }
        let (span, parsed) = self.parse(range.start..range.start + end)?;
        (parsed.score > 0.0).then_some((" ", span, parsed))
    }

    /// Reads a credit before the link, in brackets at the end of the line, or named in the sentence.
    fn elsewhere_in_line(
        &self,
        range: &Range<usize>,
        position: LinkPosition,
    ) -> Option<AdjacentCredit> {
        if self.links.len() == 1
            && let Some(group) = groups(self.text).last().filter(|group| group.start > range.end)
            && part(self.text, group.end..self.text.len()).chars().all(|c| !c.is_alphanumeric())
            && let Some((span, parsed)) = self.parse(group.clone())
            && parsed.score > 0.0
        {
            return Some((")", span, parsed));
        }
        if let Some(found) = self.in_italics_or_bold(range) {
            return Some(found);
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
        let flowing =
            matches!(position, LinkPosition::Middle | LinkPosition::Sentence | LinkPosition::Start);
        if !flowing || self.links.len() > 3 || self.at >= MAX_FULL {
            return None;
        }
        let named = prose::named(self.text, &self.post.names)?;
        let apart = named.range.end <= range.start || named.range.start >= range.end;
        let span = Span { line: self.at, range: named.range };
        (apart && named.placed).then_some(("…", span, named.parsed))
    }
}

/// Returns whether the text of a further link is the name of a known outlet.
fn post_knows(reader: &LinkReader<'_, '_>, range: &Range<usize>) -> bool {
    let name = part(reader.text, range.clone());
    reader.post.names.outlets.by_name(name).is_some_and(|found| !found.ambiguous)
}

/// Returns where a "by A, O" at the start of a text ends.
fn by_end(rest: &str) -> Option<usize> {
    let at = leading_separators(rest);
    let after = part(rest, at..rest.len());
    credit::after_by(after)?;
    Some(at + clause_end(after, 16))
}

fn is_by(text: &str) -> bool {
    lexicon::is(Words::By, text.trim())
}

/// Returns the length in bytes of the separators at the start of a text.
fn leading_separators(rest: &str) -> usize {
    rest.len() - rest.trim_start_matches([',', ' ', '-', '–', '—', '|']).len()
}

/// Returns where the first clause of a text ends: at a full stop before a space, a bracket, a
/// semicolon, a dash or the end. Returns 0 if the clause has more than `words` words.
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
