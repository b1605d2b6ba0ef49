//! Reads titles and credits without a separator: divided by the edge of a quotation, of emphasis or
//! of a known name.

use super::LineReader;
use crate::candidate::{EdgeStyle, Form};
use crate::lexicon::{self, Kind};
use crate::name;
use crate::text::{self, part};
use std::ops::Range;

/// The maximum number of words of a name without a separator.
const MAX_WORDS: usize = 5;

impl LineReader<'_, '_> {
    /// Adds all readings without a separator.
    pub(super) fn edges(&mut self) {
        self.quotes();
        self.quoted_prose();
        self.styles();
        self.known_at_end();
        self.known_at_start();
    }

    /// Reads `“T”: a sentence that names O`, and a sentence that names O and ends in `“T”`.
    fn quoted_prose(&mut self) {
        if !self.post.allows(Form::QuoteProse, "") {
            return;
        }
        let Some(first) = self.text.chars().next() else { return };
        let (title, prose) = if text::opens_quote(first) {
            let Some(close) = closing(self.text, 0, first) else { return };
            (0..close, close..self.text.len())
        } else {
            let Some((at, open)) =
                self.text.char_indices().rfind(|(_, c)| matches!(c, '“' | '"' | '«' | '„' | '「'))
            else {
                return;
            };
            // With straight quotes, the last mark is the closing one.
            let at = if open == '"' { self.slice(0..at).rfind('"').unwrap_or(at) } else { at };
            let Some(close) = closing(self.text, at, open) else { return };
            if self.slice(close..self.text.len()).chars().any(char::is_alphanumeric) {
                return;
            }
            (at..close, 0..at)
        };
        let sentence = self.slice(prose.clone());
        let words = text::word_count(self.slice(title.clone()));
        if words < 4
            || text::width(self.slice(title.clone())) > 220
            || text::word_count(sentence) < 4
        {
            return;
        }
        let Some(named) = crate::prose::named(sentence, &self.post.names)
            .filter(|named| named.placed || named.parsed.known)
        else {
            return;
        };
        let span = |range: Range<usize>| crate::candidate::Span {
            line: self.at,
            range: text::trim(self.text, range),
        };
        let credit = span(prose.start + named.range.start..prose.start + named.range.end);
        let own = named.parsed.score + 0.5;
        let part = crate::candidate::Part {
            title: span(title),
            credit: Some(credit),
            parsed: Some(named.parsed),
            url: None,
        };
        let mut candidate = crate::candidate::Candidate::new(
            crate::candidate::Pattern::plain(Form::QuoteProse),
            part,
            own,
        );
        let skip = sentence.len() - sentence.trim_start_matches(punctuation).len();
        candidate.excerpt.push(span(prose.start + skip..prose.end));
        self.found.push(candidate);
    }

    /// Reads `“T” O` and `O “T”`.
    fn quotes(&mut self) {
        let Some(first) = self.text.chars().next() else { return };
        if text::opens_quote(first) {
            let Some(close) = closing(self.text, 0, first) else { return };
            let rest = self.slice(close..self.text.len());
            let skip =
                rest.len() - rest.trim_start_matches([' ', ',', ':', '-', '–', '—', '|']).len();
            if skip > 0 && !rest.trim().is_empty() {
                self.add(Form::QuoteEdge, "", 0..close, close + skip..self.text.len(), 0.3);
            }
            return;
        }
        // `O “T”`, with or without a mark before the quotation.
        let Some((at, mark)) = self.text.char_indices().find(|(at, c)| {
            *at > 0
                && text::opens_quote(*c)
                && *c != '\''
                && *c != '’'
                && part(self.text, 0..*at).ends_with([' ', ':', ','])
        }) else {
            return;
        };
        if let Some(close) = closing(self.text, at, mark)
            && self.slice(close..self.text.len()).chars().all(|c| !c.is_alphanumeric())
            && text::width(self.slice(at..close)) <= 140
        {
            let head =
                self.slice(0..at).trim_end_matches([' ', ':', ',', '-', '–', '—', '|']).len();
            self.add(Form::QuoteEdgeBefore, "", at..close, 0..head, 0.3);
        }
    }

    /// Reads `**T** O` and `**O** T`.
    fn styles(&mut self) {
        let Some(line) = self.post.line(self.at) else { return };
        let offset = self.post.start(self.at);
        let end = self.text.len();
        let styles: Vec<(Range<usize>, EdgeStyle)> = line
            .styles
            .iter()
            .filter_map(|(range, style)| {
                let range = range.start.checked_sub(offset)?..range.end.checked_sub(offset)?;
                (range.end <= end).then_some((range, EdgeStyle::of(*style)?))
            })
            .collect();
        for (range, style) in styles.iter().take(4) {
            let before = self.slice(0..range.start).trim_end_matches(punctuation);
            let after = self.slice(range.end..end);
            let skip = after.len() - after.trim_start_matches(punctuation).len();
            let (head, tail) = (0..before.len(), range.end + skip..end);
            if head.is_empty() && !tail.is_empty() {
                self.add(Form::StyleEdge(*style), "", range.clone(), tail.clone(), 0.0);
                self.add(Form::StyleEdgeBefore(*style), "", tail, range.clone(), 0.0);
            } else if tail.is_empty() && !head.is_empty() {
                self.add(Form::StyleEdge(*style), "e", head.clone(), range.clone(), 0.0);
                self.add(Form::StyleEdgeBefore(*style), "e", range.clone(), head, 0.0);
            }
        }
    }

    /// Reads `T O`, where `O` is the longest known name at the end of the line.
    fn known_at_end(&mut self) {
        let text = self.text.trim_end_matches(['.', ' ', ',']);
        let starts: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
        let near = starts.iter().rev().take(MAX_WORDS).copied().collect::<Vec<_>>();
        for at in near.iter().rev().copied() {
            let name = part(text, at + 1..text.len());
            let Some(found) = name::score_known_outlet(name, &self.post.names.outlets) else {
                continue;
            };
            if (found.known || found.ambiguous && found.score > 0.0)
                && text::starts_high(name)
                && !is_prose_before(text, at)
            {
                self.add(Form::NoMark, "", 0..at, at + 1..text.len(), -1.2);
                return;
            }
        }
        // An unknown name of two words, one of which is typical of outlets' names.
        let two = near.get(1).copied();
        let article = near.get(2).copied().filter(|at| {
            ["The", "El", "La", "Le", "Die", "Der"]
                .contains(&part(text, at + 1..text.len()).split(' ').next().unwrap_or_default())
        });
        if let Some(at) = article.or(two) {
            let name = part(text, at + 1..text.len());
            let high = name.split(' ').all(text::starts_high);
            if high && name.split(' ').any(name::has_org) && !is_prose_before(text, at) {
                self.add(Form::NoMark, "", 0..at, at + 1..text.len(), -2.2);
            }
        }
        // `T. O. “X”`: a known name, and a quotation after it.
        if let Some(at) = self
            .text
            .find([' '])
            .and_then(|_| self.text.find(". “").or_else(|| self.text.find(". \"")))
        {
            let head = part(self.text, 0..at);
            let starts: Vec<usize> = head.match_indices(' ').map(|(at, _)| at).collect();
            for start in starts.iter().rev().take(MAX_WORDS).rev() {
                let name = part(head, start + 1..head.len());
                let found = name::score_outlet(name, &self.post.names.outlets);
                if (found.score > 1.0 || found.score > 0.9 && name.split(' ').any(name::has_org))
                    && text::starts_high(name)
                {
                    let excerpt = Some(at + 2..self.text.len());
                    self.add_with(Form::NoMark, "”", 0..*start, start + 1..at, excerpt, -0.6);
                    return;
                }
            }
        }
    }

    /// Reads `O T`, where `O` is the longest known name at the start of the line.
    fn known_at_start(&mut self) {
        let ends: Vec<usize> =
            self.text.match_indices(' ').map(|(at, _)| at).take(MAX_WORDS).collect();
        for at in ends.into_iter().rev() {
            let name = self.slice(0..at);
            let rest = self.slice(at + 1..self.text.len());
            let Some(found) = name::score_known_outlet(name, &self.post.names.outlets) else {
                continue;
            };
            let is_new_sentence =
                text::starts_high(rest) || rest.chars().next().is_some_and(text::opens_quote);
            if found.known && is_new_sentence && text::starts_high(name) {
                self.add(Form::NoMarkBefore, "", at + 1..self.text.len(), 0..at, -1.8);
                return;
            }
        }
    }
}

/// Returns whether the word before `at` is a preposition or an article, as in "in the Guardian".
fn is_prose_before(text: &str, at: usize) -> bool {
    let before = part(text, 0..at).rsplit(' ').next().unwrap_or_default();
    lexicon::is(Kind::Func, before)
        || lexicon::is(Kind::Prep, before)
        || before.eq_ignore_ascii_case("the")
}

/// Returns whether a character separates a title from a credit.
fn punctuation(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, ',' | ':' | '-' | '–' | '—' | '|' | '·' | '•' | '/' | '.')
}

/// Returns the end of the quotation that begins at `at`, after its closing mark.
pub(crate) fn closing(text: &str, at: usize, open: char) -> Option<usize> {
    let close: &[char] = match open {
        '“' | '‟' => &['”'],
        '„' => &['“', '”'],
        '«' => &['»'],
        '»' => &['«'],
        '‹' => &['›'],
        '「' => &['」'],
        '『' => &['』'],
        '《' => &['》'],
        '‘' | '\'' => &['’', '\''],
        _ => &['"', '＂'],
    };
    let from = at + open.len_utf8();
    let mut depth = 0;
    for (offset, character) in part(text, from..text.len()).char_indices() {
        let end = from + offset + character.len_utf8();
        if close.contains(&character) {
            let next = part(text, end..text.len()).chars().next();
            if depth > 0 {
                depth -= 1;
            } else if next.is_none_or(|c| !c.is_alphanumeric()) {
                return Some(end);
            }
        } else if character == open && open != '"' && open != '\'' {
            depth += 1;
        }
    }
    None
}
