//! Reads a single line as a title and its credit.

mod edges;
mod marks;

pub(crate) use marks::first_clause;

use crate::candidate::{Candidate, Form, Part, Pattern, Span, title_score};
use crate::credit::{self, MAX_CREDIT};
use crate::read::Post;
use crate::text::{self, part, trim};
use std::ops::Range;

/// The maximum length of a title, in bytes.
const MAX_TITLE: usize = 420;

/// Collects the candidates of one line.
pub(crate) struct LineReader<'p, 'a> {
    post: &'p Post<'a>,
    at: usize,
    text: &'p str,
    found: Vec<Candidate>,
}

/// Returns the readings of a line as a title with its credit.
pub(crate) fn candidates(post: &Post<'_>, at: usize) -> Vec<Candidate> {
    let Some(text) = post.text(at) else { return Vec::new() };
    let mut line = LineReader { post, at, text, found: Vec::new() };
    if text.len() > 4 * MAX_TITLE || is_quotation(text) {
        return Vec::new();
    }
    line.brackets();
    line.separators();
    line.edges();
    line.found
}

impl<'p> LineReader<'p, '_> {
    fn slice(&self, range: Range<usize>) -> &'p str {
        part(self.text, range)
    }

    /// Adds a reading if title and credit are plausible. `bonus` is added to its score.
    fn add(
        &mut self,
        form: Form,
        mark: &str,
        title: Range<usize>,
        credit: Range<usize>,
        bonus: f64,
    ) {
        self.add_with(form, mark, title, credit, None, bonus);
    }

    /// Like [`Self::add`], with an excerpt.
    fn add_with(
        &mut self,
        form: Form,
        mark: &str,
        title: Range<usize>,
        credit: Range<usize>,
        excerpt: Option<Range<usize>>,
        bonus: f64,
    ) {
        let (title, credit) = (trim(self.text, title), trim(self.text, credit));
        if title.is_empty()
            || credit.is_empty()
            || title.len() > MAX_TITLE
            || credit.len() > MAX_CREDIT
        {
            return;
        }
        if !self.post.allows(form, mark) {
            return;
        }
        let name = self.slice(credit.clone());
        let Some(mut parsed) = credit::parse(name, &self.post.names) else { return };
        let (mut title, mut credit) = (title, credit);
        // `“T”, by P (O)`: the author is between title and outlet.
        if matches!(form, Form::Bracket | Form::Last)
            && parsed.has_outlet()
            && !parsed.has_byline()
            && let Some((end, by, authors)) = byline_tail(self.slice(title.clone()))
            && let Some(first) = parsed.credits.first_mut()
        {
            first.bylines = authors;
            credit.start = title.start + by;
            title.end = title.start + end;
        }
        let name = self.slice(credit.clone());
        let head = self.slice(title.clone());
        // Two dashes before a name are certain, however short the title.
        let fits = title_score(head);
        let sure = mark == "--" && form == Form::Last && parsed.score > 0.0 && fits > -9.0;
        let mut own = parsed.score + if sure { fits.max(-1.0) } else { fits } + bonus;
        if !parsed.known && !sure && text::width(head) <= text::width(name) {
            own -= 1.5;
        }
        // In a long sentence, commas, colons and prepositions are common.
        let plain = matches!(
            form,
            Form::Word
                | Form::By
                | Form::Comma
                | Form::Colon
                | Form::NoMark
                | Form::StyleEdge(_)
                | Form::StyleEdgeBefore(_)
        );
        if plain
            && mark != "“"
            && mark != "”"
            && text::ends_sentence(self.text)
            && text::width(self.text) > 100
        {
            own -= 2.0;
        }
        // A person before a quotation is the speaker, not the publisher.
        let spoken = matches!(form, Form::QuoteEdgeBefore | Form::Colon) && !parsed.known;
        if spoken && (!parsed.has_outlet() || crate::name::person(name) > crate::name::Person::No) {
            own -= 2.0;
        }
        if own <= -4.0 {
            return;
        }
        let span = |range: Range<usize>| Span { line: self.at, range };
        let part = Part {
            title: span(title),
            credit: Some(span(credit)),
            parsed: Some(parsed),
            url: None,
        };
        let mut candidate = Candidate::new(Pattern::marked(form, mark), part, own);
        candidate.excerpt.extend(
            excerpt.map(|range| trim(self.text, range)).filter(|range| !range.is_empty()).map(span),
        );
        self.found.push(candidate);
    }

    /// Reads `T (O)`, `(O) T` and `T (O) X`.
    fn brackets(&mut self) {
        let groups = groups(self.text);
        let Some(last) = groups.last().cloned() else { return };
        let after = self.slice(last.end..self.text.len());
        let closes = after.chars().all(|c| !c.is_alphanumeric());
        // "POLITICS: T (O)"
        let start = if self.post.has_capital_labels { capital_label(self.text) } else { 0 };
        let text = self.text;
        let mark = |range: &Range<usize>| {
            part(text, range.clone()).chars().next().unwrap_or('(').to_string()
        };
        let open = mark(&last);
        if closes && last.start > 0 {
            self.add(Form::Bracket, &open, start..last.start, last.clone(), 0.0);
            // Two in a row: "T (video) (O)", "T (O) (flag)".
            if let Some(before) = groups.len().checked_sub(2).and_then(|at| groups.get(at)).cloned()
                && self.slice(before.end..last.start).trim().is_empty()
                && credit::is_flag(self.slice(last.start + 1..last.end.saturating_sub(1)))
            {
                self.add(Form::Bracket, &open, 0..before.start, before, 0.0);
            }
        }
        if groups.len() >= 2 {
            let before = self.found.len();
            self.chain(&groups, start);
            if self.found.len() > before {
                return;
            }
        }
        if let Some(first) = groups.first().cloned() {
            let open = mark(&first);
            if first.start == 0 {
                let rest = self.slice(first.end..self.text.len());
                let skip =
                    rest.len() - rest.trim_start_matches([' ', ':', '-', '–', '—', '|']).len();
                self.add(
                    Form::BracketBefore,
                    &open,
                    first.end + skip..self.text.len(),
                    first.clone(),
                    0.0,
                );
            }
            let rest = self.slice(first.end..self.text.len());
            if first.start > 0 && text::word_count(rest) >= 1 {
                let skip = rest.len()
                    - rest.trim_start_matches([' ', ':', '-', '–', '—', '|', '.', ',']).len();
                self.add_with(
                    Form::BracketMid,
                    &open,
                    0..first.start,
                    first.clone(),
                    Some(first.end + skip..self.text.len()),
                    -0.6,
                );
            }
        }
    }

    /// Reads "T (O); see also T (O)": several sources on one line.
    fn chain(&mut self, groups: &[Range<usize>], start: usize) {
        if groups.len() > 6 || !self.post.allows(Form::Bracket, "(") {
            return;
        }
        let mut parts = Vec::new();
        let mut own = f64::MAX;
        let mut start = start;
        for group in groups {
            let title = trim(self.text, start..group.start);
            let title = title.start + lead_in(self.slice(title.clone()))..title.end;
            let name = self.slice(group.clone());
            let Some(parsed) = credit::parse(name, &self.post.names) else { return };
            let head = self.slice(title.clone());
            let score = parsed.score + title_score(head);
            let next = self.slice(group.end..self.text.len()).trim_start();
            let ends = next.is_empty()
                || next.starts_with([',', ';', '.', '/', '|', '•', '–', '—', '&', '-'])
                || next.starts_with("and ");
            if text::word_count(head) < 3 || score <= 0.0 || !ends {
                return;
            }
            own = own.min(score);
            let span = |range: Range<usize>| Span { line: self.at, range };
            parts.push(Part {
                title: span(title),
                credit: Some(span(group.clone())),
                parsed: Some(parsed),
                url: None,
            });
            start = group.end;
        }
        if self.slice(start..self.text.len()).chars().any(char::is_alphanumeric) {
            return;
        }
        let Some(first) = parts.first().cloned() else { return };
        // An outlet in the middle of a title is rare.
        let in_table = parts.iter().filter_map(|part| part.parsed.as_ref()).all(|parsed| {
            let names = parsed.credits.iter().filter_map(|credit| credit.outlet.as_deref());
            parsed.known
                || parsed.score >= 1.5
                || names.clone().all(|name| self.post.names.outlets.by_name(name).is_some())
        });
        let bonus = if in_table { 2.4 } else { 0.4 };
        let mut candidate = Candidate::new(Pattern::marked(Form::Bracket, "("), first, own + bonus);
        candidate.parts = parts;
        self.found.push(candidate);
    }
}

/// Returns the length of a label in capitals at the start of a line: "POLITICS: ".
pub(crate) fn capital_label(text: &str) -> usize {
    let Some((label, _)) = text.split_once(": ") else { return 0 };
    let long = label.chars().filter(|c| c.is_alphabetic()).count() >= 3;
    let fits = long && label.len() <= 60 && text::is_all_capitals(label);
    if fits { label.len() + 2 } else { 0 }
}

/// Returns whether a line is one quotation, so that no mark within it is a separator.
fn is_quotation(text: &str) -> bool {
    let Some(open) = text.chars().next().filter(|c| text::opens_quote(*c)) else { return false };
    edges::closing(text, 0, open)
        .is_some_and(|end| part(text, end..text.len()).chars().all(|c| !c.is_alphanumeric()))
}

/// Parses "T by P" and `“T”, by P`. Returns the end of the title, the start of the byline, and its
/// authors.
fn byline_tail(title: &str) -> Option<(usize, usize, Vec<String>)> {
    let starts: Vec<usize> = title.match_indices(' ').map(|(at, _)| at).collect();
    for at in starts.into_iter().rev().take(8) {
        let rest = part(title, at + 1..title.len());
        let Some(names) = credit::after_by(rest) else { continue };
        let before = part(title, 0..at).trim_end_matches([',', ' ', '–', '—', '-']);
        let quoted = before.ends_with(text::closes_quote);
        let separated = quoted || before.len() < at;
        let least =
            if separated { crate::name::Person::Shape } else { crate::name::Person::Listed };
        let authors = credit::persons(names, least)?;
        return (text::word_count(before) >= 2).then_some((before.len(), at + 1, authors));
    }
    None
}

/// Returns the length in bytes of "; see also " and the like at the start of a title.
fn lead_in(title: &str) -> usize {
    let bare = title.trim_start_matches(|c: char| !c.is_alphanumeric() && !text::opens_quote(c));
    let at = title.len() - bare.len();
    let length = crate::lexicon::prefix(crate::lexicon::Kind::Also, bare).unwrap_or_default();
    let rest = part(bare, length..bare.len());
    // "And" and "see" are removed only before a capital.
    let is_new_sentence =
        rest.trim_start_matches([' ', ':', ',']).chars().next().is_some_and(|c| !c.is_lowercase());
    let longer = part(bare, 0..length).contains(' ');
    if at > 0 && length > 0 && (is_new_sentence || longer) {
        let skipped = rest.len() - rest.trim_start_matches([' ', ':', ',']).len();
        return at + length + skipped;
    }
    at
}

/// Returns the outermost pairs of brackets, as ranges that include the brackets.
pub(crate) fn groups(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, char)> = Vec::new();
    for (at, character) in text.char_indices() {
        let closing = match character {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '（' => '）',
            '【' => '】',
            '［' => '］',
            '〔' => '〕',
            '〈' => '〉',
            _ => {
                if let Some((start, expected)) = open.last().copied()
                    && character == expected
                {
                    open.pop();
                    let end = at + character.len_utf8();
                    // "(IN)JUSTICE" is a word.
                    let next = part(text, end..text.len()).chars().next();
                    let in_word =
                        start > 0 && next.is_some_and(|c| c.is_alphabetic() && !text::is_wide(c));
                    if open.is_empty() && !in_word {
                        found.push(start..end);
                    }
                }
                continue;
            }
        };
        if open.len() < 8 {
            open.push((at, closing));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outermost_brackets_are_found() {
        let text = "A (b (c)) [d] （e） (f";
        let found: Vec<&str> = groups(text).into_iter().map(|range| part(text, range)).collect();
        assert_eq!(found, ["(b (c))", "[d]", "（e）"]);
    }

    #[test]
    fn a_second_title_loses_its_lead_in() {
        for (title, rest) in [
            ("; see also Are they", "Are they"),
            ("; and then", "and then"),
            ("The end", "The end"),
            (", and The end", "The end"),
        ] {
            assert_eq!(part(title, lead_in(title)..title.len()), rest);
        }
    }
}
