//! Splits a credit line into parts and classifies them.

use super::{Names, clean, persons};
use crate::lexicon::{self, Kind};
use crate::name::{self, Person};
use crate::text::part;

/// What a part of a credit line can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Class {
    /// A known outlet; certain if its name is unambiguous.
    Known {
        certain: bool,
    },
    /// Persons, at least one with a common first name.
    ListedPersons(Vec<String>),
    /// Texts with the shape of persons' names.
    LikelyPersons(Vec<String>),
    Unknown,
}

/// A part of a credit line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) class: Class,
    /// How much it looks like an outlet's name.
    pub(super) score: f64,
    /// Whether it was split off at a slash.
    pub(super) slash: bool,
    /// Whether it was split off at a comma.
    pub(super) comma: bool,
}

/// The maximum number of parts of a credit line.
const MAX_PIECES: usize = 8;

/// Splits a line at the strongest separator that it has; `None` when it has none.
pub(super) fn split_into_pieces<'a>(line: &'a str, names: &Names<'_>) -> Option<Vec<Piece<'a>>> {
    let ranks: [&[&str]; 6] = [
        &[" | ", " • ", " · ", "|", "｜"],
        &[" – ", " -- ", " — ", " - ", " // "],
        &["; ", "；"],
        &[", ", "、", "，"],
        &["/"],
        &[" and ", " & ", " und ", " et ", " y ", " e "],
    ];
    for (rank, separators) in ranks.into_iter().enumerate() {
        let parts = split_at_any(line, separators);
        if parts.len() < 2 || parts.len() > MAX_PIECES {
            continue;
        }
        let mut found = Vec::new();
        for text in parts {
            // Within ranks, commas and slashes part once more.
            let inner = if rank < 4 && name::score_outlet(text, &names.outlets).score < 3.0 {
                split_piece(text, names)
            } else {
                None
            };
            match inner {
                Some(inner) => found.extend(inner),
                None => found.push(classify(text, names, rank == 4, rank == 3)),
            }
        }
        found.retain(|piece| !is_dropped(piece.text));
        // A host repeats the outlet next to it. Next to authors alone, the host is the outlet.
        let is_named = found.iter().any(|piece| {
            !name::is_host(piece.text)
                && matches!(piece.class, Class::Known { .. } | Class::Unknown)
        });
        if is_named {
            found.retain(|piece| {
                !name::is_host(piece.text) || matches!(piece.class, Class::Known { .. })
            });
            let outlet = found.iter().any(|piece| {
                matches!(piece.class, Class::Known { .. }) && !name::is_host(piece.text)
            });
            if outlet {
                found.retain(|piece| !name::is_host(piece.text));
            }
        }
        if rank == 5 && found.iter().any(|piece| piece.class == Class::Unknown) {
            continue;
        }
        return (!found.is_empty()).then_some(found);
    }
    None
}

/// Splits a part of a line once more, at commas and slashes.
fn split_piece<'a>(text: &'a str, names: &Names<'_>) -> Option<Vec<Piece<'a>>> {
    let commas = split_at_any(text, &[", "]);
    if commas.len() > 1 && commas.len() <= MAX_PIECES {
        return Some(
            commas
                .into_iter()
                .flat_map(|text| {
                    split_at_slashes(text, names)
                        .unwrap_or_else(|| vec![classify(text, names, false, true)])
                })
                .collect(),
        );
    }
    split_at_slashes(text, names)
}

/// Splits a text at slashes if at least one part is known.
fn split_at_slashes<'a>(text: &'a str, names: &Names<'_>) -> Option<Vec<Piece<'a>>> {
    let parts = split_at_any(text, &["/"]);
    if parts.len() < 2 || parts.len() > MAX_PIECES {
        return None;
    }
    let found: Vec<Piece<'_>> =
        parts.into_iter().map(|text| classify(text, names, true, false)).collect();
    found.iter().any(|piece| matches!(piece.class, Class::Known { .. })).then_some(found)
}

/// Classifies a part of a line.
fn classify<'a>(text: &'a str, names: &Names<'_>, slash: bool, comma: bool) -> Piece<'a> {
    let text = clean::strip_flags(clean::tidy(text));
    let text = clean::after_by(text).unwrap_or(text);
    let found = name::score_outlet(text, &names.outlets);
    let class = if found.known || found.ambiguous && found.score > 0.0 {
        Class::Known { certain: found.known }
    } else if let Some(list) = persons(text, Person::Listed) {
        Class::ListedPersons(list)
    } else if let Some(list) = persons(text, Person::Shape) {
        Class::LikelyPersons(list)
    } else {
        Class::Unknown
    };
    Piece { text, class, score: found.score, slash, comma }
}

/// Returns whether a part is no name: a date, a duration, a role such as "staff writer", a flag.
fn is_dropped(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let role = words.iter().any(|word| lexicon::is(Kind::Role, word.trim_matches('.')));
    text.is_empty()
        || name::is_dated(text)
        || clean::is_flag(text)
        || starts_dated(text)
        || (role && words.len() <= 5 && name::person(text) == Person::No)
        || text.chars().all(|c| !c.is_alphanumeric())
}

/// Returns whether a text is a word and a date, or a duration: "Posted 05.25.2011", "14 minutes
/// (3,600 words)".
fn starts_dated(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.split_once(' ').map_or("", |(_, rest)| rest);
    digits > 0 && (name::is_dated(rest) && rest.chars().any(|c| c.is_ascii_digit()))
}

/// Splits a text at all of the separators; trims the parts and drops empty ones.
fn split_at_any<'a>(text: &'a str, separators: &[&str]) -> Vec<&'a str> {
    let mut parts = vec![text];
    for separator in separators {
        parts = parts.into_iter().flat_map(|text| text.split(*separator)).collect();
        if parts.len() > MAX_PIECES {
            break;
        }
    }
    parts.into_iter().map(str::trim).filter(|text| !text.is_empty()).collect()
}

/// Splits a list of names at commas and at "and".
pub(super) fn list(list: &str) -> Vec<&str> {
    let names = list_at_and(list);
    names
        .into_iter()
        .flat_map(|text| text.split([',', '、']))
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect()
}

/// Splits a list of names at "and" in any language.
pub(super) fn list_at_and(list: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, _) in list.match_indices(' ') {
        if at < start {
            continue;
        }
        let rest = part(list, at + 1..list.len());
        let word = rest.split(' ').next().unwrap_or_default();
        let and = word == "&"
            || (word.len() <= 4
                && word.chars().all(char::is_lowercase)
                && lexicon::is(Kind::And, word));
        if and && rest.len() > word.len() {
            found.push(part(list, start..at));
            start = at + 1 + word.len() + 1;
        }
    }
    found.push(part(list, start..list.len()));
    found
        .into_iter()
        .map(|text| text.trim().trim_end_matches(',').trim())
        .filter(|text| !text.is_empty())
        .collect()
}
