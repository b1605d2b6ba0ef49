//! The credit line: outlets, each perhaps with its bylines.
//!
//! "/" and "," stand inside many outlets' names, so what is known as a whole is never split, and
//! an unknown name is split only where both sides have the shape of what they would be.

mod clean;
mod parts;

use crate::confidence::Confidence;
use crate::lexicon::{self, Kind};
use crate::name::{self, Person};
use crate::outlets::{Known, Outlets};
use crate::roundup::Credit;
use crate::text::{self, part};
use std::cell::RefCell;
use std::collections::HashMap;

pub(crate) use clean::is_flag;
use parts::{Class, Piece};

/// A longer text, in bytes, is no credit.
pub(crate) const MAX_CREDIT: usize = 160;

/// The score from which a credit is as good as certain.
const SURE: f64 = 4.0;

/// What the names of a text are judged by.
pub(crate) struct Names<'a> {
    pub(crate) known: Known<'a>,
    /// How often a text stands where a credit can stand, by its lower-case form.
    pub(crate) seen: HashMap<String, usize>,
    /// What was parsed already: the same text is looked at from several sides.
    parsed: RefCell<HashMap<String, Option<Parsed>>>,
}

/// How many parsed texts are remembered, so that a huge post does not fill the memory.
const MAX_REMEMBERED: usize = 10_000;

impl<'a> Names<'a> {
    pub(crate) fn new(outlets: &'a dyn Outlets) -> Self {
        Self { known: Known::new(outlets), seen: HashMap::new(), parsed: RefCell::default() }
    }

    /// How often a name stands as a credit elsewhere in the post, the place at hand included.
    pub(crate) fn times(&self, name: &str) -> usize {
        self.seen.get(name.trim().to_lowercase().as_str()).copied().unwrap_or_default()
    }
}

/// A credit line that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) credits: Vec<Credit>,
    /// How much the line looks like a credit; above 0 is more likely than not.
    pub(crate) score: f64,
    /// Whether each outlet in it is known, and its name means it alone.
    pub(crate) known: bool,
    /// Whether an unknown name was split or taken for an outlet's.
    pub(crate) guessed: bool,
}

impl Parsed {
    fn outlet(name: &str, score: f64, known: bool) -> Self {
        let credit = Credit { outlet: Some(name.to_owned()), bylines: Vec::new() };
        Self { credits: vec![credit], score, known, guessed: !known }
    }

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

    fn with_bylines(mut self, names: Vec<String>) -> Self {
        if let Some(first) = self.credits.first_mut() {
            first.bylines.splice(0..0, names);
        }
        self
    }
}

/// Reads a credit line. Without a known outlet and without a "by", the line is taken for unknown
/// names, with low confidence. A date or a remark such as "4th Update" gives none.
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
    // The line is said to be a credit, so what is no remark is a name, however odd.
    let name = clean::flags_off(clean::tidy(&line));
    if clean::is_remark(name) {
        return (Vec::new(), Confidence::new(0.0));
    }
    let credit = Credit { outlet: Some(name.to_owned()), bylines: Vec::new() };
    (vec![credit], Confidence::new(0.2))
}

/// Reads a text as a credit line.
pub(crate) fn parse(line: &str, names: &Names<'_>) -> Option<Parsed> {
    if line.len() > MAX_CREDIT {
        return None;
    }
    if let Some(parsed) = names.parsed.borrow().get(line) {
        return parsed.clone();
    }
    let parsed = parse_anew(line, names);
    let mut remembered = names.parsed.borrow_mut();
    if remembered.len() >= MAX_REMEMBERED {
        remembered.clear();
    }
    remembered.insert(line.to_owned(), parsed.clone());
    parsed
}

fn parse_anew(line: &str, names: &Names<'_>) -> Option<Parsed> {
    crate::work::step();
    let whole = clean::tidy(line);
    if !whole.chars().any(char::is_alphanumeric) {
        return None;
    }
    if let Some(parsed) = as_known(whole, names) {
        return Some(parsed);
    }
    let bare = clean::flags_off(whole);
    if bare.len() < whole.len() {
        return parse(bare, names);
    }
    let bare = clean::date_off(whole);
    if bare.len() < whole.len() && bare.chars().any(char::is_alphanumeric) {
        return parse(bare, names);
    }
    if let Some(rest) = clean::after_by(whole) {
        return Some(by(rest, names));
    }
    person_at(whole, names)
        .or_else(|| before_known(whole, names))
        .or_else(|| split(whole, names))
        .or_else(|| Some(single(whole, names)))
}

/// The outlet that a text names as a whole, if it is known.
fn as_known(name: &str, names: &Names<'_>) -> Option<Parsed> {
    if name.ends_with('+') {
        // A paywall's mark, which names do not differ by.
        return None;
    }
    let found = name::outlet(name, &names.known);
    if found.known {
        return Some(Parsed::outlet(name, SURE, true));
    }
    // An ambiguous name that comes back is meant as a name.
    let again = if names.times(name) > 1 { 1.0 } else { 0.0 };
    (found.ambiguous && found.score > 0.0).then(|| Parsed::outlet(name, found.score + again, false))
}

/// One unknown name.
fn single(name: &str, names: &Names<'_>) -> Parsed {
    let mut score = name::outlet(name, &names.known).score;
    if names.times(name) > 1 {
        score += 1.2;
    }
    if name::person(name) == Person::Listed {
        return Parsed::bylines(vec![name.to_owned()], score.max(0.6));
    }
    Parsed::outlet(name, score, false)
}

/// What follows a "by": persons, and perhaps the outlet they write for.
fn by(rest: &str, names: &Names<'_>) -> Parsed {
    if let Some(parsed) = person_at(rest, names) {
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
                if let Some(known) = as_known(right, names) {
                    return Parsed { score: SURE, ..known.with_bylines(authors) };
                }
                let shape = name::outlet(right, &names.known);
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

/// "PERSON in OUTLET": a preposition between a person and an outlet.
fn person_at(line: &str, names: &Names<'_>) -> Option<Parsed> {
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
        let after = clean::date_off(clean::tidy(after));
        for name in [after, clean::article_off(after)] {
            if let Some(known) = as_known(name, names) {
                return Some(Parsed { score: SURE, ..known.with_bylines(authors) });
            }
        }
        let name = clean::article_off(after);
        let shape = name::outlet(name, &names.known).score;
        if shape > 0.0 && (listed || shape > 1.0) {
            let score = if listed { 2.0 } else { 1.0 };
            return Some(Parsed::outlet(name, score, false).with_bylines(authors));
        }
    }
    None
}

/// "PERSONS, OUTLET" where the outlet's name is known as a whole, commas and all.
fn before_known(line: &str, names: &Names<'_>) -> Option<Parsed> {
    for separator in [", ", " | ", " – ", " — ", " - ", " -- ", "; "] {
        for (at, found) in line.match_indices(separator).take(8) {
            let (left, right) = (part(line, 0..at), part(line, at + found.len()..line.len()));
            let right = clean::tidy(right);
            // Before a dash stands a title more often than an author.
            let least =
                if matches!(separator, ", " | " | ") { Person::Shape } else { Person::Listed };
            if let Some(known) = as_known(right, names)
                && let Some(authors) = persons(left, least)
            {
                let ambiguous = !known.known;
                let score = if ambiguous { 2.0 } else { SURE };
                return Some(Parsed { score, ..known.with_bylines(authors) });
            }
            if let Some(rest) = clean::after_by(right)
                && let Some(known) = as_known(left, names)
            {
                return Some(known.with_bylines(authors(rest)));
            }
        }
    }
    None
}

/// A line of several parts.
fn split(line: &str, names: &Names<'_>) -> Option<Parsed> {
    let pieces = parts::pieces(line, names)?;
    // Each stands alone as a credit elsewhere in the post.
    // Bars and dashes part titles too, so their parts stand on this line itself.
    let alone = |piece: &Piece| {
        (piece.comma || piece.slash)
            && names.times(piece.text) > 0
            && piece.score > -1.0
            && name::person(piece.text) < Person::Listed
    };
    if pieces.len() > 1 && pieces.iter().all(alone) {
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
        return with_known(line, &pieces, names);
    }
    without_known(line, &pieces, names)
}

fn with_known(line: &str, pieces: &[Piece], names: &Names<'_>) -> Option<Parsed> {
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
            Class::Persons(ref list) => bylines.extend(list.iter().cloned()),
            Class::Person(ref list) if !piece.slash => bylines.extend(list.iter().cloned()),
            _ if piece.slash && piece.score > 0.0 => {
                sure &= names.times(piece.text) > 1;
                credits.push(outlet());
            }
            _ if piece.comma && names.times(piece.text) > 0 && piece.score > 0.0 => {
                sure = false;
                credits.push(outlet());
            }
            _ => left_out += 1,
        }
    }
    if left_out > 0 {
        // "WTVY, Dothan" names one outlet, and so may this.
        let _ = line;
        sure = false;
    }
    let first = credits.first_mut()?;
    first.bylines = bylines;
    let score =
        if sure { SURE } else { 2.0 - f64::from(u8::try_from(left_out).unwrap_or(9)) * 0.8 };
    Some(Parsed { credits, score, known: sure, guessed: !sure })
}

fn without_known(line: &str, pieces: &[Piece], names: &Names<'_>) -> Option<Parsed> {
    let persons: Vec<String> = pieces
        .iter()
        .flat_map(|piece| match &piece.class {
            Class::Persons(list) => list.as_slice(),
            _ => &[],
        })
        .cloned()
        .collect();
    let unknown: Vec<&Piece> = pieces
        .iter()
        .filter(|piece| matches!(piece.class, Class::Unknown | Class::Person(_)))
        .collect();
    let plausible: Vec<&&Piece> = unknown.iter().filter(|piece| piece.score > 0.0).collect();
    if !persons.is_empty() {
        let Some(outlet) = plausible.last() else {
            let score = if unknown.is_empty() { 1.0 } else { -0.5 };
            return Some(Parsed::bylines(persons, score));
        };
        let repeated = if names.times(outlet.text) > 1 { 1.0 } else { 0.0 };
        let stray = if unknown.len() > 1 { 0.8 } else { 0.0 };
        return Some(
            Parsed::outlet(outlet.text, 1.4 + repeated - stray, false).with_bylines(persons),
        );
    }
    match unknown.as_slice() {
        [one] => Some(single(one.text, names)),
        [first, second] if second.slash => {
            let both = names.times(first.text) > 1 && names.times(second.text) > 1;
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
                Class::Person(list) if second.score > 0.0 && (org || second.comma) => {
                    let score = if org { 0.9 } else { 0.4 };
                    Some(Parsed::outlet(second.text, score, false).with_bylines(list.clone()))
                }
                _ => match &second.class {
                    Class::Person(list) if first.score > 0.0 && !second.comma => {
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

/// The persons of a list such as "A, B and C" when every part looks like a person.
pub(crate) fn persons(list: &str, least: Person) -> Option<Vec<String>> {
    let names = parts::list(list);
    let shape = |name: &&str| name::person(name) >= Person::Shape;
    let all = !names.is_empty() && names.iter().all(shape);
    let enough = names.iter().any(|name| name::person(name) >= least);
    (all && enough).then(|| names.iter().map(|name| (*name).to_owned()).collect())
}

/// The authors after a "by". The word vouches for them, so a single word or a group's name is
/// taken too; a list is split only where its parts look like names.
pub(crate) fn authors(list: &str) -> Vec<String> {
    let list = clean::role_off(list.trim());
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

/// What follows a "by" at the start of a text.
pub(crate) fn after_by(text: &str) -> Option<&str> {
    clean::after_by(text.trim())
}

#[cfg(test)]
mod tests;
