//! Parses credit lines: outlets, each perhaps with its bylines.
//!
//! Many outlets have "/" or "," in their name. So a known name is never split, and an unknown one
//! only if both sides look like an outlet or a person.

mod clean;
mod names;
mod parts;

use crate::confidence::Confidence;
use crate::lexicon::{self, Kind};
use crate::name::{self, Person};
use crate::outlets::Outlets;
use crate::roundup::Credit;
use crate::text::{self, part};

pub(crate) use clean::is_flag;
pub(crate) use names::Names;
use parts::{Class, Piece};

/// The maximum length of a credit line, in bytes.
pub(crate) const MAX_CREDIT: usize = 160;

/// The score of a credit that is as good as certain.
const SURE: f64 = 4.0;

/// A parsed credit line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) credits: Vec<Credit>,
    /// How much the line looks like a credit; above 0 is more likely than not.
    pub(crate) score: f64,
    /// Whether each outlet in it is known and its name unambiguous.
    pub(crate) known: bool,
    /// Whether an unknown name was split, or taken for an outlet.
    pub(crate) guessed: bool,
}

impl Parsed {
    /// Creates a credit of one outlet.
    fn outlet(name: &str, score: f64, known: bool) -> Self {
        let credit = Credit { outlet: Some(name.to_owned()), bylines: Vec::new() };
        Self { credits: vec![credit], score, known, guessed: !known }
    }

    /// Creates a credit of authors without an outlet.
    fn bylines(names: Vec<String>, score: f64) -> Self {
        let credit = Credit { outlet: None, bylines: names };
        Self { credits: vec![credit], score, known: false, guessed: false }
    }

    pub(crate) fn has_outlet(&self) -> bool {
        self.credits.iter().any(|credit| credit.outlet.is_some())
    }

    pub(crate) fn has_byline(&self) -> bool {
        self.credits.iter().any(|credit| !credit.bylines.is_empty())
    }

    /// Adds authors to the first outlet.
    pub(crate) fn with_bylines(mut self, names: Vec<String>) -> Self {
        if let Some(first) = self.credits.first_mut() {
            first.bylines.splice(0..0, names);
        }
        self
    }
}

/// Parses a credit line. Without a known outlet and without a "by", it is read as unknown names, with
/// low confidence. A date or a remark such as "4th Update" has no credits.
pub fn parse_credit(line: &str, outlets: &dyn Outlets) -> (Vec<Credit>, Confidence) {
    let names = Names::new(outlets);
    let line = text::squeeze(line);
    if let Some(parsed) = parse(&line, &names)
        && parsed.score > -1.5
    {
        let certain =
            parsed.known || (parsed.has_byline() && !parsed.has_outlet() && parsed.score > 2.0);
        let confidence = if certain {
            Confidence::new(0.99)
        } else {
            Confidence::of_score(parsed.score).min(Confidence::new(0.9))
        };
        return (parsed.credits, confidence);
    }
    // The caller says that this is a credit line, so any text that is no remark is a name.
    let name = clean::strip_flags(clean::tidy(&line));
    if clean::is_remark(name) {
        return (Vec::new(), Confidence::new(0.0));
    }
    let credit = Credit { outlet: Some(name.to_owned()), bylines: Vec::new() };
    (vec![credit], Confidence::new(0.2))
}

/// Parses a text as a credit line, from the cache if possible.
pub(crate) fn parse(line: &str, names: &Names<'_>) -> Option<Parsed> {
    if line.len() > MAX_CREDIT {
        return None;
    }
    names.cached(line, || parse_uncached(line, names))
}

/// Parses a text as a credit line: a known name as a whole, else after removing flags and dates, else
/// by "by", by a preposition, by separators, or as one unknown name.
fn parse_uncached(line: &str, names: &Names<'_>) -> Option<Parsed> {
    crate::work::step();
    let whole = clean::tidy(line);
    if !whole.chars().any(char::is_alphanumeric) {
        return None;
    }
    if let Some(parsed) = parse_known_outlet(whole, names) {
        return Some(parsed);
    }
    let bare = clean::strip_flags(whole);
    if bare.len() < whole.len() {
        return parse(bare, names);
    }
    let bare = clean::strip_date(whole);
    if bare.len() < whole.len() && bare.chars().any(char::is_alphanumeric) {
        return parse(bare, names);
    }
    if let Some(rest) = clean::after_by(whole) {
        return Some(parse_byline(rest, names));
    }
    parse_bracketed(whole, names)
        .or_else(|| parse_after_preposition(whole, names))
        .or_else(|| parse_person_at_outlet(whole, names))
        .or_else(|| parse_persons_and_known_outlet(whole, names))
        .or_else(|| parse_pieces(whole, names))
        .or_else(|| Some(parse_unknown_name(whole, names)))
}

/// Parses "OUTLET (PERSONS)" and "PERSONS (OUTLET)".
fn parse_bracketed(line: &str, names: &Names<'_>) -> Option<Parsed> {
    let (before, inside) = line.strip_suffix(')')?.rsplit_once(" (")?;
    // Words before a bracket are more often a title than an author.
    let readings = [(inside, before, Person::Shape), (before, inside, Person::Listed)];
    for (persons_part, outlet, least) in readings {
        let Some(authors) = persons(persons_part, least) else { continue };
        if let Some(known) = parse_known_outlet(outlet, names) {
            return Some(known.with_bylines(authors));
        }
        let shape = name::score_outlet(outlet, &names.outlets).score;
        let is_name = outlet.split(' ').all(text::starts_high) && outlet.split(' ').count() <= 4;
        if shape > 0.0 && is_name && persons(persons_part, Person::Listed).is_some() {
            return Some(Parsed::outlet(outlet, 2.0, false).with_bylines(authors));
        }
    }
    None
}

/// Parses "From OUTLET", "in the OUTLET" and "In OUTLET, PERSON writes" with a known outlet.
fn parse_after_preposition(line: &str, names: &Names<'_>) -> Option<Parsed> {
    let length = lexicon::prefix(Kind::Prep, line)?;
    let name = part(line, length..line.len()).strip_prefix(' ')?;
    // "In The Guardian, Ann Bee writes"
    let name = match name.rsplit_once(' ') {
        Some((name, verb)) if lexicon::is(Kind::Verb, verb) => name,
        _ => name,
    };
    parse_known_outlet(name, names)
        .or_else(|| parse_known_outlet(clean::strip_article(name), names))
        .or_else(|| parse_pieces(name, names))
        .filter(|parsed| parsed.known)
        .or_else(|| {
            let shape = name::score_outlet(name, &names.outlets).score;
            let is_name = name.split(' ').all(text::starts_high) && name.contains(' ');
            (is_name && shape > 1.0 && name::person(name) < Person::Listed)
                .then(|| Parsed::outlet(name, shape - 0.3, false))
        })
}

/// Parses a text that is the name of a known outlet as a whole.
fn parse_known_outlet(name: &str, names: &Names<'_>) -> Option<Parsed> {
    if name.ends_with(['+', '$', '€', '£']) {
        // A trailing "+" or "$" marks a paywall; it is no part of the name.
        return None;
    }
    let found = name::score_outlet(name, &names.outlets);
    if found.known {
        return Some(Parsed::outlet(name, SURE, true));
    }
    // An ambiguous name that occurs more than once is probably an outlet.
    let repeated = if names.occurrences(name) > 1 { 1.0 } else { 0.0 };
    (found.ambiguous && found.score > 0.0)
        .then(|| Parsed::outlet(name, found.score + repeated, false))
}

/// Parses a text as one unknown name.
fn parse_unknown_name(name: &str, names: &Names<'_>) -> Parsed {
    let mut score = name::score_outlet(name, &names.outlets).score;
    if names.occurrences(name) > 1 {
        score += 1.2;
    }
    if name::person(name) == Person::Listed {
        return Parsed::bylines(vec![name.to_owned()], score.max(0.6));
    }
    Parsed::outlet(name, score, false)
}

/// Parses the text after a "by": persons, and perhaps the outlet they write for.
fn parse_byline(rest: &str, names: &Names<'_>) -> Parsed {
    if let Some(parsed) = parse_bracketed(rest, names) {
        return Parsed { score: parsed.score.max(3.0), ..parsed };
    }
    if let Some(parsed) = parse_person_at_outlet(rest, names) {
        return Parsed { score: parsed.score.max(3.0), ..parsed };
    }
    for separator in [" | ", " • ", " · ", " – ", " — ", " -- ", " - ", ", ", "/"] {
        for (at, found) in rest.match_indices(separator) {
            let (left, right) = (part(rest, 0..at), part(rest, at + found.len()..rest.len()));
            let right = clean::tidy(right);
            let authors = persons(left, Person::Shape);
            if let Some(authors) = authors
                && !lexicon::is(Kind::Role, right)
                && persons(right, Person::Listed).is_none()
                && !name::is_dated(right)
            {
                if let Some(known) = parse_known_outlet(right, names) {
                    return Parsed { score: SURE, ..known.with_bylines(authors) };
                }
                let shape = name::score_outlet(right, &names.outlets);
                let other = name::person(right) == Person::Shape && separator == ", ";
                if shape.score > 0.0 && !other {
                    return Parsed { score: 3.0, ..Parsed::outlet(right, shape.score, false) }
                        .with_bylines(authors);
                }
            }
        }
    }
    let authors = authors(rest);
    let least = authors.iter().map(|name| name::person(name)).min().unwrap_or(Person::No);
    let plain = authors
        .iter()
        .all(|name| text::starts_high(name) && name.split(' ').count() <= 4 || !name.contains(' '));
    let score = match least {
        Person::Listed => 3.0,
        Person::Shape => 1.5,
        Person::No if plain && authors.iter().any(|name| name::person(name) == Person::Listed) => {
            3.0
        }
        Person::No if plain && rest.len() <= 60 => 0.5,
        Person::No => -3.0,
    };
    Parsed::bylines(authors, score)
}

/// Parses "PERSON in OUTLET", with any preposition.
fn parse_person_at_outlet(line: &str, names: &Names<'_>) -> Option<Parsed> {
    let starts = line.match_indices(' ').map(|(at, _)| at);
    for at in starts.take(12) {
        let rest = part(line, at + 1..line.len());
        let Some(length) = lexicon::prefix(Kind::Prep, rest) else { continue };
        let after = part(rest, length..rest.len());
        let left = part(line, 0..at).trim_end_matches(',');
        if !after.starts_with(' ') {
            continue;
        }
        let Some(authors) = persons(left, Person::Shape) else { continue };
        let listed = persons(left, Person::Listed).is_some();
        let after = clean::strip_date(clean::tidy(after));
        // "P in O back in 2019", "P in the O, reviewing X"
        let comma = after.split(", ").next().unwrap_or(after);
        let words = after.match_indices(' ').map(|(at, _)| at);
        let lower = words
            .filter(|at| *at > 4)
            .find(|at| part(after, at + 1..after.len()).starts_with(char::is_lowercase));
        let head = lower.map_or(after, |at| part(after, 0..at));
        for name in [after, clean::strip_article(after), comma, clean::strip_article(comma), head] {
            if let Some(known) = parse_known_outlet(name, names) {
                return Some(Parsed { score: SURE, ..known.with_bylines(authors) });
            }
        }
        let name = clean::strip_article(after);
        let shape = name::score_outlet(name, &names.outlets).score;
        if shape > 0.0 && (listed || shape > 1.0) {
            let score = if listed { 2.0 } else { 1.0 };
            return Some(Parsed::outlet(name, score, false).with_bylines(authors));
        }
    }
    None
}

/// Parses "PERSONS, OUTLET" and "OUTLET, by PERSONS" with a known outlet, whose name may contain
/// separators.
fn parse_persons_and_known_outlet(line: &str, names: &Names<'_>) -> Option<Parsed> {
    for separator in [", ", " | ", " – ", " — ", " - ", " -- ", "; "] {
        for (at, found) in line.match_indices(separator).take(8) {
            let (left, right) = (part(line, 0..at), part(line, at + found.len()..line.len()));
            let right = clean::tidy(right);
            // The text before a dash is more often a title than an author.
            let least =
                if matches!(separator, ", " | " | ") { Person::Shape } else { Person::Listed };
            if let Some(known) = parse_known_outlet(right, names)
                && let Some(authors) = persons(left, least)
            {
                let ambiguous = !known.known;
                let score = if ambiguous { 2.0 } else { SURE };
                return Some(Parsed { score, ..known.with_bylines(authors) });
            }
            if let Some(rest) = clean::after_by(right)
                && let Some(known) = parse_known_outlet(left, names)
            {
                return Some(known.with_bylines(authors(rest)));
            }
        }
    }
    None
}

/// Parses a line of several parts with separators between them.
fn parse_pieces(line: &str, names: &Names<'_>) -> Option<Parsed> {
    let pieces = parts::split_into_pieces(line, names)?;
    // Parts that are credits elsewhere in the post are one credit each. Not those between bars and
    // dashes: titles have them too.
    let is_credit_elsewhere = |piece: &Piece| {
        (piece.comma || piece.slash)
            && names.occurrences(piece.text) > 0
            && piece.score > -1.0
            && name::person(piece.text) < Person::Listed
    };
    if pieces.len() > 1 && pieces.iter().all(is_credit_elsewhere) {
        let known = pieces.iter().all(|piece| piece.class == Class::Known { certain: true });
        let credit =
            |piece: &Piece| Credit { outlet: Some(piece.text.to_owned()), bylines: Vec::new() };
        let score = if known { SURE } else { 2.0 };
        return Some(Parsed {
            credits: pieces.iter().map(credit).collect(),
            score,
            known,
            guessed: !known,
        });
    }
    let known = |piece: &&Piece| matches!(piece.class, Class::Known { .. });
    if pieces.iter().any(|piece| known(&piece)) {
        return from_known_pieces(&pieces, names);
    }
    from_unknown_pieces(line, &pieces, names)
}

/// Returns the credits of a line of which at least one part is a known outlet.
fn from_known_pieces(pieces: &[Piece], names: &Names<'_>) -> Option<Parsed> {
    let mut credits: Vec<Credit> = Vec::new();
    let mut bylines: Vec<String> = Vec::new();
    let (mut sure, mut left_out) = (true, 0);
    for piece in pieces {
        let outlet = || Credit { outlet: Some(piece.text.to_owned()), bylines: Vec::new() };
        match piece.class {
            Class::Known { certain } => {
                sure &= certain;
                credits.push(outlet());
            }
            Class::ListedPersons(ref list) => bylines.extend(list.iter().cloned()),
            Class::LikelyPersons(ref list) if !piece.slash => bylines.extend(list.iter().cloned()),
            _ if piece.slash && piece.score > 0.0 => {
                sure &= names.occurrences(piece.text) > 1;
                credits.push(outlet());
            }
            _ if piece.comma && names.occurrences(piece.text) > 0 && piece.score > 0.0 => {
                sure = false;
                credits.push(outlet());
            }
            _ => left_out += 1,
        }
    }
    if left_out > 0 {
        // The parts left out may belong to the name, as in "WTVY, Dothan".
        sure = false;
    }
    let first = credits.first_mut()?;
    first.bylines = bylines;
    let score =
        if sure { SURE } else { 2.0 - f64::from(u8::try_from(left_out).unwrap_or(9)) * 0.8 };
    Some(Parsed { credits, score, known: sure, guessed: !sure })
}

/// Returns the credits of a line without a known outlet.
fn from_unknown_pieces(line: &str, pieces: &[Piece], names: &Names<'_>) -> Option<Parsed> {
    // A host next to persons is their outlet.
    let (hosts, others): (Vec<&Piece>, Vec<&Piece>) =
        pieces.iter().partition(|piece| name::is_host(piece.text));
    let authors: Option<Vec<String>> = others
        .iter()
        .map(|piece| match &piece.class {
            Class::ListedPersons(list) | Class::LikelyPersons(list) => Some(list.clone()),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()
        .map(|lists| lists.concat());
    if let ([host], Some(authors)) = (hosts.as_slice(), authors)
        && !authors.is_empty()
    {
        return Some(Parsed::outlet(host.text, 2.0, false).with_bylines(authors));
    }
    let persons: Vec<String> = pieces
        .iter()
        .flat_map(|piece| match &piece.class {
            Class::ListedPersons(list) => list.as_slice(),
            _ => &[],
        })
        .cloned()
        .collect();
    let unknown: Vec<&Piece> = pieces
        .iter()
        .filter(|piece| matches!(piece.class, Class::Unknown | Class::LikelyPersons(_)))
        .collect();
    let plausible: Vec<&&Piece> = unknown.iter().filter(|piece| piece.score > 0.0).collect();
    if !persons.is_empty() {
        let Some(outlet) = plausible.last() else {
            let score = if unknown.is_empty() { 1.0 } else { -0.5 };
            return Some(Parsed::bylines(persons, score));
        };
        let repeated = if names.occurrences(outlet.text) > 1 { 1.0 } else { 0.0 };
        let stray = if unknown.len() > 1 { 0.8 } else { 0.0 };
        return Some(
            Parsed::outlet(outlet.text, 1.4 + repeated - stray, false).with_bylines(persons),
        );
    }
    match unknown.as_slice() {
        [piece] => Some(parse_unknown_name(piece.text, names)),
        [first, second] if second.slash => {
            let both = names.occurrences(first.text) > 1 && names.occurrences(second.text) > 1;
            if !both {
                return None;
            }
            let credit =
                |piece: &Piece| Credit { outlet: Some(piece.text.to_owned()), bylines: Vec::new() };
            let credits = vec![credit(first), credit(second)];
            Some(Parsed { credits, score: 1.0, known: false, guessed: true })
        }
        [first, second] => {
            let org = name::person(second.text) == Person::No;
            match &first.class {
                Class::LikelyPersons(list) if second.score > 0.0 && (org || second.comma) => {
                    let score = if org { 0.9 } else { 0.4 };
                    Some(Parsed::outlet(second.text, score, false).with_bylines(list.clone()))
                }
                _ => match &second.class {
                    Class::LikelyPersons(list) if first.score > 0.0 && !second.comma => {
                        Some(Parsed::outlet(first.text, 0.4, false).with_bylines(list.clone()))
                    }
                    _ => None,
                },
            }
        }
        _ => None,
    }
    .filter(|parsed| parsed.score > -2.0 || line.len() < 80)
}

/// Returns the persons in a list such as "A, B and C" if all parts look like persons and at least one
/// like `least`.
pub(crate) fn persons(list: &str, least: Person) -> Option<Vec<String>> {
    let names = parts::list(list);
    let shape = |name: &&str| name::person(name) >= Person::Shape;
    let all = !names.is_empty() && names.iter().all(shape);
    let enough = names.iter().any(|name| name::person(name) >= least);
    (all && enough).then(|| names.iter().map(|name| (*name).to_owned()).collect())
}

/// Returns the authors after a "by". After that word, a single word or the name of a group counts as
/// an author too. A list is split only if its parts look like names.
pub(crate) fn authors(list: &str) -> Vec<String> {
    let list = clean::strip_role(list.trim());
    if let Some(persons) = persons(list, Person::Shape) {
        return persons;
    }
    let names = parts::list_at_and(list);
    let single = |name: &str| !name.contains(char::is_whitespace);
    if names.iter().all(|name| name::person(name) > Person::No || single(name)) {
        return names.iter().map(|name| (*name).to_owned()).collect();
    }
    vec![list.to_owned()]
}

/// Returns the text after a "by" at the start.
pub(crate) fn after_by(text: &str) -> Option<&str> {
    clean::after_by(text.trim())
}

#[cfg(test)]
mod tests;
