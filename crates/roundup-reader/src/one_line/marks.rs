//! Marks between a title and a credit: dashes, bars, colons, commas, words.

use super::{Line, MAX_TITLE};
use crate::candidate::Form;
use crate::credit::MAX_CREDIT;
use crate::lexicon::{self, Kind};
use crate::text::{self, part};
use std::ops::Range;

/// More different marks on one line are not tried.
const MAX_MARKS: usize = 6;

/// Words of which each can stand before an outlet's name.
const WORDS: [&str; 14] = [
    "via",
    "from",
    "at",
    "in",
    "on",
    "bei",
    "vía",
    "da",
    "dans",
    "på",
    "через",
    "for",
    "per",
    "aus",
];

impl Line<'_, '_> {
    pub(super) fn marks(&mut self) {
        let found = separators(self.text);
        let mut seen: Vec<&str> = Vec::new();
        for range in &found {
            let mark = part(self.text, range.clone()).trim();
            let mark = if mark.is_empty() { "\t" } else { mark };
            if seen.contains(&mark) || seen.len() >= MAX_MARKS {
                continue;
            }
            seen.push(mark);
            let same: Vec<Range<usize>> = found
                .iter()
                .filter(|one| {
                    let other = part(self.text, (*one).clone()).trim();
                    (if other.is_empty() { "\t" } else { other }) == mark
                })
                .cloned()
                .collect();
            self.at_mark(mark, &same);
        }
        self.colon();
        self.commas();
        self.words();
        self.label();
    }

    fn at_mark(&mut self, mark: &str, places: &[Range<usize>]) {
        let (Some(first), Some(last)) = (places.first().cloned(), places.last().cloned()) else {
            return;
        };
        let end = self.text.len();
        self.add(Form::Last, mark, 0..last.start, last.end..end, 0.0);
        self.add(Form::First, mark, first.end..end, 0..first.start, 0.0);
        if places.len() >= 2 {
            self.add(Form::LastOfFirst, mark, 0..first.start, first.end..end, 0.2);
            self.add(Form::FirstOfLast, mark, last.end..end, 0..last.start, 0.2);
            if let Some(second) = places.get(1).cloned() {
                self.add_with(
                    Form::Mid,
                    mark,
                    0..first.start,
                    first.end..second.start,
                    Some(second.end..end),
                    0.2,
                );
            }
        }
        self.name_behind(mark, first.clone());
        // "T | O: X"
        let rest = self.sub(first.end..end);
        if let Some((name, excerpt)) = rest.split_once(": ")
            && name.len() <= MAX_CREDIT
            && text::word_count(excerpt) >= 3
        {
            let colon = first.end + name.len();
            self.add_with(
                Form::Mid,
                mark,
                0..first.start,
                first.end..colon,
                Some(colon + 2..end),
                -0.2,
            );
        }
    }

    /// "T – O X": a known name right behind the mark, and the excerpt without a mark behind it.
    fn name_behind(&mut self, mark: &str, place: Range<usize>) {
        let whole = self.text;
        let mut start = place.end;
        let rest = part(whole, start..whole.len());
        // "T – By P | O X"
        let byline = crate::credit::after_by(rest.trim_start()).and_then(|_| rest.find([',', '|']));
        if let Some(at) = byline.filter(|at| *at <= 80) {
            start += at + 1;
        }
        let rest = part(whole, start..whole.len());
        let blank = rest.len() - rest.trim_start().len();
        let ends: Vec<usize> =
            rest.match_indices(' ').map(|(at, _)| at).filter(|at| *at > blank).take(5).collect();
        for end in ends.into_iter().rev() {
            let name = part(rest, blank..end);
            let after = part(rest, end + 1..rest.len());
            let Some(known) = crate::name::known_outlet(name, &self.post.names.known) else {
                continue;
            };
            let named = known.known || known.ambiguous && known.score > 0.0;
            if named && text::starts_high(name) && text::word_count(after) >= 6 {
                self.add_with(
                    Form::Mid,
                    mark,
                    0..place.start,
                    place.end..start + end,
                    Some(start + end..whole.len()),
                    0.0,
                );
                return;
            }
        }
    }

    fn colon(&mut self) {
        for mark in [": ", "：", " : "] {
            let Some(at) = self.text.find(mark).filter(|at| *at <= MAX_CREDIT) else { continue };
            let name = if mark == " : " { " :" } else { ":" };
            let rest = at + mark.len()..self.text.len();
            let said = self.sub(rest.clone()).trim();
            // A long quotation: its first clause is all the title there is.
            if said.len() > 120 && said.chars().next().is_some_and(text::opens_quote) {
                self.quoted(0..at, rest);
                return;
            }
            self.add(Form::Colon, name, rest, 0..at, 0.0);
            return;
        }
    }

    /// `O: “a long quotation”`.
    fn quoted(&mut self, credit: Range<usize>, said: Range<usize>) {
        let said = text::trim(self.text, said);
        let inner = self.sub(said.clone());
        let open = inner.chars().next().map_or(0, char::len_utf8);
        let body = part(inner, open..inner.len());
        let clause = first_clause(body);
        if clause == 0 {
            return;
        }
        let title = said.start + open..said.start + open + clause;
        self.add_with(Form::Colon, "“", title, credit, Some(said), 0.3);
    }

    fn commas(&mut self) {
        let quoted = self.text.chars().next().is_some_and(text::opens_quote);
        for (at, mark) in
            self.text.match_indices(", ").collect::<Vec<_>>().into_iter().rev().take(3)
        {
            let before = self.sub(0..at).trim_end();
            let closes = quoted && before.chars().next_back().is_some_and(text::closes_quote);
            let more = if closes { 1.0 } else { 0.0 };
            self.add(
                Form::Comma,
                if closes { "”," } else { "," },
                0..at,
                at + mark.len()..self.text.len(),
                more,
            );
        }
        // "T. O", "T? O": a sentence and a name.
        if let Some(at) = self.text.rfind(['.', '?', '!']) {
            let whole = self.text.trim_end_matches('.');
            let at = if at + 1 == self.text.len() { whole.rfind(". ").unwrap_or(at) } else { at };
            if self.sub(at + 1..self.text.len()).starts_with(' ') {
                self.add(Form::Last, ".", 0..at + 1, at + 1..self.text.len(), -0.2);
            }
        }
    }

    /// "T by P", "T via O", "T from O".
    fn words(&mut self) {
        let starts: Vec<usize> = self.text.match_indices(' ').map(|(at, _)| at).collect();
        let near = starts.len().saturating_sub(14);
        for (index, at) in starts.into_iter().enumerate().rev() {
            let rest = self.sub(at + 1..self.text.len());
            let Some(word) = rest.split(' ').next() else { continue };
            if word.len() > 8 || word.chars().next().is_some_and(char::is_uppercase) {
                continue;
            }
            let quoted = self.sub(0..at).trim_end_matches(',').ends_with(text::closes_quote);
            if index < near && !quoted {
                continue;
            }
            let word = word.to_owned();
            let after = at + 1 + word.len();
            if self.sub(after..self.text.len()).trim().is_empty() || at > MAX_TITLE {
                continue;
            }
            let before = self.sub(0..at).trim_end();
            let title = 0..before.trim_end_matches([',', '–', '—', '-']).len();
            if lexicon::is(Kind::By, &word) {
                self.by(title.clone(), at + 1..self.text.len());
            }
            if WORDS.contains(&word.as_str()) {
                self.add(Form::Word, &word, title, after..self.text.len(), 0.0);
            }
        }
        if let Some(at) = self.text.rfind(" @") {
            self.add(Form::Last, "@", 0..at, at + 2..self.text.len(), 0.0);
        }
    }

    fn by(&mut self, title: Range<usize>, credit: Range<usize>) {
        let head = self.sub(title.clone());
        if head.chars().next_back().is_some_and(text::closes_quote) {
            // `“T”, by P: “X”`
            let rest = self.sub(credit.clone());
            if let Some((names, said)) = rest.split_once(": ")
                && said.trim_start().chars().next().is_some_and(text::opens_quote)
            {
                let colon = credit.start + names.len();
                self.add_with(
                    Form::By,
                    "”",
                    title,
                    credit.start..colon,
                    Some(colon + 2..credit.end),
                    0.5,
                );
                return;
            }
        }
        self.add(Form::By, "", title, credit, 0.0);
    }

    /// "T. Source: O", "T Full story: O".
    fn label(&mut self) {
        let colons: Vec<usize> = self.text.match_indices([':', '：']).map(|(at, _)| at).collect();
        let Some(colon) = colons.last().copied() else { return };
        let head = self.sub(0..colon).trim_end();
        // The label is the last words before the colon.
        let starts: Vec<usize> = std::iter::once(0)
            .chain(head.match_indices([' ', '(', '[', '。']).map(|(at, mark)| at + mark.len()))
            .collect();
        for start in starts.into_iter().rev().take(4) {
            if start > 0 && lexicon::is(Kind::Source, self.sub(start..head.len())) {
                self.add(Form::Labelled, ":", 0..start, colon + 1..self.text.len(), 0.6);
            }
        }
    }
}

/// The runs of marks that can part a title from a credit: punctuation between spaces, wide bars,
/// tabs, and a long dash without spaces.
fn separators(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut at = 0;
    for word in text.split_inclusive([' ', '\t']) {
        let bare = word.trim_end_matches([' ', '\t']);
        let from = at;
        at += word.len();
        let mark = !bare.is_empty()
            && bare.chars().count() <= 4
            && bare.chars().all(|c| {
                !c.is_alphanumeric()
                    && !text::opens_quote(c)
                    && !text::closes_quote(c)
                    && !"()[]{}.,&$%#…：:（）【】?!".contains(c)
            })
            || matches!(bare, "::" | ":" | "»" | "«" | "..." | "…" | "...." | "#");
        if mark && from > 0 && at > from + bare.len() && bare != ":" {
            let begin = start.take().unwrap_or(from.saturating_sub(1));
            found.push(begin..at);
        } else if word.ends_with('\t') {
            found.push(from + bare.len()..at);
        } else {
            for (offset, character) in bare.char_indices() {
                let inside = offset > 0 && offset + character.len_utf8() < bare.len();
                if matches!(character, '｜' | '—' | '|' | '／' | '―') && inside {
                    found.push(from + offset..from + offset + character.len_utf8());
                }
            }
        }
        start = None;
    }
    found
}

/// Words that begin another clause.
const CONJUNCTIONS: [&str; 14] = [
    "that", "and", "but", "because", "which", "while", "after", "dass", "und", "que", "qui", "che",
    "что", "och",
];

/// The length of the first clause of a quotation, without its mark.
pub(crate) fn first_clause(text: &str) -> usize {
    let mut words = 0;
    for (at, character) in text.char_indices() {
        if character.is_whitespace() {
            words += 1;
            let next = part(text, at + 1..text.len()).split(' ').next().unwrap_or_default();
            if words >= 5 && CONJUNCTIONS.contains(&next) {
                return at;
            }
        }
        let next = part(text, at + character.len_utf8()..text.len()).chars().next();
        let ends = matches!(character, ',' | ';' | ':' | '.' | '!' | '?' | '。' | '，' | '—' | '–')
            && next.is_none_or(|c| c.is_whitespace() || text::closes_quote(c) || text::is_wide(c));
        if ends && words >= 1 && at >= 8 {
            return at;
        }
        if at > 140 && character.is_whitespace() {
            return at;
        }
    }
    text.trim_end_matches(text::closes_quote).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_between_spaces() {
        let text = "A -- b | c, d — e–f g\th ~ i—j x.y / z";
        let found: Vec<&str> =
            separators(text).into_iter().map(|range| part(text, range).trim()).collect();
        assert_eq!(found, ["--", "|", "—", "", "~", "—", "/"]);
    }

    #[test]
    fn the_first_clause_ends_at_a_mark() {
        let clause = |text: &'static str| part(text, 0..first_clause(text));
        assert_eq!(
            clause("The bridge opened on Monday, two years late."),
            "The bridge opened on Monday"
        );
        assert_eq!(clause("Well, the bridge opened. It"), "Well, the bridge opened");
    }
}
