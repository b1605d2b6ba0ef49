//! Reads titles and credits with a separator between them: dashes, bars, colons, commas, words.

use super::{LineReader, MAX_TITLE};
use crate::candidate::Form;
use crate::credit::MAX_CREDIT;
use crate::lexicon::{self, Kind};
use crate::text::{self, part};
use std::ops::Range;

/// The maximum number of different marks tried per line.
const MAX_MARKS: usize = 6;

/// Words that can precede an outlet's name.
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

impl LineReader<'_, '_> {
    /// Adds all readings with a separator.
    pub(super) fn separators(&mut self) {
        let found = find_marks(self.text);
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
                .filter(|range| {
                    let other = part(self.text, (*range).clone()).trim();
                    (if other.is_empty() { "\t" } else { other }) == mark
                })
                .cloned()
                .collect();
            self.split_at_mark(mark, &same);
        }
        self.colon();
        self.commas();
        self.words();
        self.label();
    }

    /// Adds the readings of a line split at a mark, given all ranges of that mark.
    fn split_at_mark(&mut self, mark: &str, ranges: &[Range<usize>]) {
        let (Some(first), Some(last)) = (ranges.first().cloned(), ranges.last().cloned()) else {
            return;
        };
        let end = self.text.len();
        self.add(Form::Last, mark, 0..last.start, last.end..end, 0.0);
        self.add(Form::First, mark, first.end..end, 0..first.start, 0.0);
        if ranges.len() >= 2 {
            self.add(Form::LastOfFirst, mark, 0..first.start, first.end..end, 0.2);
            self.add(Form::FirstOfLast, mark, last.end..end, 0..last.start, 0.2);
            let rest = ranges.get(1).map_or("", |second| self.slice(second.end..end));
            let is_excerpt = text::word_count(rest) >= 3
                && crate::credit::persons(rest.trim(), crate::name::Person::Shape).is_none();
            if let Some(second) = ranges.get(1).filter(|_| is_excerpt).cloned() {
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
        // "T | X | O", as in the rows of a table.
        let between = self.slice(first.end.min(last.start)..last.start);
        if mark == "|" && ranges.len() >= 2 && text::word_count(between) >= 4 {
            let excerpt = Some(first.end..last.start);
            self.add_with(Form::Mid, mark, 0..first.start, last.end..end, excerpt, 0.3);
        }
        self.known_name_after_mark(mark, first.clone());
        // "T | O: X"
        let rest = self.slice(first.end..end);
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

    /// Reads "T – O X": a known name right after the mark, and the excerpt without a mark after it.
    fn known_name_after_mark(&mut self, mark: &str, range: Range<usize>) {
        let whole = self.text;
        let mut start = range.end;
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
            let Some(known) = crate::name::score_known_outlet(name, &self.post.names.outlets)
            else {
                continue;
            };
            let named = known.known || known.ambiguous && known.score > 0.0;
            if named && text::starts_high(name) && text::word_count(after) >= 6 {
                self.add_with(
                    Form::Mid,
                    mark,
                    0..range.start,
                    range.end..start + end,
                    Some(start + end..whole.len()),
                    0.0,
                );
                return;
            }
        }
    }

    /// Reads `O: T`.
    fn colon(&mut self) {
        for mark in [": ", "：", " : "] {
            let Some(at) = self.text.find(mark).filter(|at| *at <= MAX_CREDIT) else { continue };
            let name = if mark == " : " { " :" } else { ":" };
            let rest = at + mark.len()..self.text.len();
            let title = self.slice(rest.clone()).trim();
            // "O reports: T"
            let quoted = title.chars().next().is_some_and(text::opens_quote);
            if let Some(end) = self.known_name_before_verb(at).filter(|_| !quoted) {
                let clause = first_clause(title);
                let start = rest.end - title.len();
                let long = text::width(title) > 100 && clause > 0;
                let end_of_title = if long { start + clause } else { rest.end };
                let excerpt = long.then_some(start..rest.end);
                // The verb makes up for the length of the sentence.
                self.add_with(Form::Colon, name, start..end_of_title, 0..end, excerpt, 2.0);
                return;
            }
            // A long quotation has no title but its first clause.
            if title.len() > 120 && title.chars().next().is_some_and(text::opens_quote) {
                self.credit_before_quotation(0..at, rest);
                return;
            }
            self.add(Form::Colon, name, rest, 0..at, 0.0);
            return;
        }
    }

    /// Returns the end of a known name that is followed by a verb of reporting before the colon at `at`;
    /// in scripts without capitals, by one or two words.
    fn known_name_before_verb(&self, at: usize) -> Option<usize> {
        let head = self.slice(0..at);
        let ends = head.match_indices(' ').map(|(end, _)| end).take(5).collect::<Vec<_>>();
        ends.into_iter().rev().find(|end| {
            let words = self.slice(*end + 1..at);
            let caseless = words.chars().all(|c| !c.is_alphabetic() || text::is_caseless(c));
            let reports =
                lexicon::is(Kind::Verb, words.trim()) || caseless && text::word_count(words) <= 2;
            let name = self.slice(0..*end);
            let known = crate::name::score_known_outlet(name, &self.post.names.outlets);
            reports && known.is_some_and(|found| found.known || found.ambiguous)
        })
    }

    /// Reads `O: “a long quotation”`, with the first clause as the title.
    fn credit_before_quotation(&mut self, credit: Range<usize>, quotation: Range<usize>) {
        let quotation = text::trim(self.text, quotation);
        let inner = self.slice(quotation.clone());
        let open = inner.chars().next().map_or(0, char::len_utf8);
        let body = part(inner, open..inner.len());
        let clause = first_clause(body);
        if clause == 0 {
            return;
        }
        let title = quotation.start + open..quotation.start + open + clause;
        self.add_with(Form::Colon, "“", title, credit, Some(quotation), 0.3);
    }

    /// Reads `T, O`, `“T,” O` and `T. O`.
    fn commas(&mut self) {
        let quoted = self.text.chars().next().is_some_and(text::opens_quote);
        for (at, mark) in
            self.text.match_indices(", ").collect::<Vec<_>>().into_iter().rev().take(3)
        {
            let before = self.slice(0..at).trim_end();
            let closes = quoted && before.chars().next_back().is_some_and(text::closes_quote);
            let bonus = if closes { 1.0 } else { 0.0 };
            self.add(
                Form::Comma,
                if closes { "”," } else { "," },
                0..at,
                at + mark.len()..self.text.len(),
                bonus,
            );
        }
        // "T. O", "T? O": a sentence and a name.
        if let Some(at) = self.text.rfind(['.', '?', '!']) {
            let whole = self.text.trim_end_matches('.');
            let at = if at + 1 == self.text.len() { whole.rfind(". ").unwrap_or(at) } else { at };
            if self.slice(at + 1..self.text.len()).starts_with(' ') {
                self.add(Form::Last, ".", 0..at + 1, at + 1..self.text.len(), -0.2);
            }
        }
    }

    /// Reads "T by P", "T via O" and "T from O".
    fn words(&mut self) {
        let starts: Vec<usize> = self.text.match_indices(' ').map(|(at, _)| at).collect();
        let near = starts.len().saturating_sub(14);
        for (index, at) in starts.into_iter().enumerate().rev() {
            let rest = self.slice(at + 1..self.text.len());
            let Some(word) = rest.split(' ').next() else { continue };
            if word.len() > 8 || word.chars().next().is_some_and(char::is_uppercase) {
                continue;
            }
            let quoted = self.slice(0..at).trim_end_matches(',').ends_with(text::closes_quote);
            if index < near && !quoted {
                continue;
            }
            let word = word.to_owned();
            let after = at + 1 + word.len();
            if self.slice(after..self.text.len()).trim().is_empty() || at > MAX_TITLE {
                continue;
            }
            let before = self.slice(0..at).trim_end();
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

    /// Reads "T by P" and `“T”, by P: “X”`.
    fn by(&mut self, title: Range<usize>, credit: Range<usize>) {
        let head = self.slice(title.clone());
        if head.chars().next_back().is_some_and(text::closes_quote) {
            // `“T”, by P: “X”`
            let rest = self.slice(credit.clone());
            if let Some((names, quotation)) = rest.split_once(": ")
                && quotation.trim_start().chars().next().is_some_and(text::opens_quote)
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

    /// Reads "T. Source: O" and "T Full story: O".
    fn label(&mut self) {
        let colons: Vec<usize> = self.text.match_indices([':', '：']).map(|(at, _)| at).collect();
        let Some(colon) = colons.last().copied() else { return };
        let head = self.slice(0..colon).trim_end();
        // The label is the last words before the colon.
        let starts: Vec<usize> = std::iter::once(0)
            .chain(head.match_indices([' ', '(', '[', '。']).map(|(at, mark)| at + mark.len()))
            .collect();
        for start in starts.into_iter().rev().take(4) {
            if start > 0 && lexicon::is(Kind::Source, self.slice(start..head.len())) {
                self.add(Form::Labelled, ":", 0..start, colon + 1..self.text.len(), 0.6);
            }
        }
    }
}

/// Returns the ranges of marks that can separate a title from a credit: punctuation between spaces,
/// full-width bars, tabs, and long dashes or bars without spaces.
fn find_marks(text: &str) -> Vec<Range<usize>> {
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

/// Conjunctions that begin a clause.
const CONJUNCTIONS: [&str; 14] = [
    "that", "and", "but", "because", "which", "while", "after", "dass", "und", "que", "qui", "che",
    "что", "och",
];

/// Returns the length of the first clause of a text, without the mark that ends it.
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
        let ends = matches!(
            character,
            ',' | ';' | ':' | '.' | '!' | '?' | '。' | '，' | '،' | '؛' | '؟' | '—' | '–'
        ) && next
            .is_none_or(|c| c.is_whitespace() || text::closes_quote(c) || text::is_wide(c));
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
    fn marks_are_found_between_spaces() {
        let text = "A -- b | c, d — e–f g\th ~ i—j x.y / z";
        let found: Vec<&str> =
            find_marks(text).into_iter().map(|range| part(text, range).trim()).collect();
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
