//! Finds outlets and authors named in sentences: "Ann Bee of The Guardian writes that …".

use crate::credit::{Names, Parsed};
use crate::lexicon::{self, Kind};
use crate::name::{self, Person};
use crate::roundup::Credit;
use crate::text::{self, part};
use std::ops::Range;

/// The length of the start of a text that is searched for names, in bytes.
const MAX_SEARCH: usize = 220;

/// The maximum number of words of a name.
const MAX_WORDS: usize = 5;

/// An outlet named in a sentence.
pub(crate) struct Named {
    pub(crate) range: Range<usize>,
    pub(crate) parsed: Parsed,
    /// Whether a preposition precedes it or a verb of reporting follows it.
    pub(crate) placed: bool,
}

/// Returns the words at the start of a text, as ranges, without those inside quotations.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut quoted = false;
    let mut start = None;
    for (at, character) in text.char_indices() {
        if at > MAX_SEARCH {
            break;
        }
        match character {
            '“' | '„' | '«' => quoted = true,
            '”' | '»' => quoted = false,
            '"' => quoted = !quoted,
            _ => {}
        }
        let inside = character.is_alphanumeric()
            || matches!(character, '\'' | '’' | '.' | '-' | '&' | '/' | '@');
        if inside && !quoted {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            found.push(from..at);
        }
    }
    if let Some(from) = start {
        let rest = part(text, from..text.len());
        let end = rest.find(|c: char| {
            !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '.' | '-' | '&' | '/' | '@'))
        });
        found.push(from..end.map_or(text.len(), |end| from + end));
    }
    found.retain(|range| part(text, range.clone()).chars().any(char::is_alphanumeric));
    found
}

/// Finds the outlet that a sentence names, and its author.
pub(crate) fn named(text: &str, names: &Names<'_>) -> Option<Named> {
    let words = words(text);
    let mut best: Option<(f64, Named)> = None;
    for (at, first) in words.iter().enumerate() {
        if !text::starts_high(part(text, first.clone())) {
            continue;
        }
        let longest = words.get(at..).unwrap_or_default().iter().take(MAX_WORDS).enumerate().rev();
        for (_, last) in longest {
            let range = first.start..last.end;
            let name = part(text, range.clone());
            let name = name
                .strip_suffix("’s")
                .or_else(|| name.strip_suffix("'s"))
                .unwrap_or(name)
                .trim_end_matches('.');
            if name.contains([',', ';', ':', '(', '"', '“']) {
                continue;
            }
            let range = range.start..range.start + name.len();
            let Some(score) = name::score_known_outlet(name, &names.outlets) else { continue };
            if !(score.known || score.ambiguous && score.score > 0.0) {
                continue;
            }
            let before = at
                .checked_sub(1)
                .and_then(|at| words.get(at))
                .map(|range| part(text, range.clone()));
            let article = before.is_some_and(|word| {
                matches!(
                    word.to_lowercase().as_str(),
                    "the" | "der" | "die" | "das" | "la" | "le" | "el" | "il"
                )
            });
            let prep_at = if article { at.checked_sub(2) } else { at.checked_sub(1) };
            let prep = prep_at
                .and_then(|at| words.get(at))
                .is_some_and(|range| lexicon::is(Kind::Prep, part(text, range.clone())));
            let after = part(text, range.end..text.len());
            let after = after.trim_start_matches(['’', '\'', 's', '”', '"', '»', ' ']);
            let verb = lexicon::prefix(Kind::Verb, after).is_some();
            let opening = at == 0 || (article && at == 1);
            let person =
                person_before(text, &words, prep_at, at).or_else(|| person_after(text, range.end));
            // A name that is also a common word needs more evidence.
            if score.ambiguous && !(verb || person.is_some() || prep) {
                continue;
            }
            let weight = f64::from(u8::from(prep))
                + f64::from(u8::from(verb))
                + f64::from(u8::from(opening))
                + f64::from(u8::from(score.known))
                + f64::from(u8::from(person.is_some()));
            if best.as_ref().is_none_or(|(other, _)| weight > *other) {
                let bylines = person.into_iter().collect();
                let credit = Credit { outlet: Some(name.to_owned()), bylines };
                let parsed = Parsed {
                    credits: vec![credit],
                    score: if score.known { 2.0 } else { 1.0 },
                    known: score.known,
                    guessed: !score.known,
                };
                best = Some((weight, Named { range, parsed, placed: prep || verb }));
            }
            break;
        }
    }
    best.map(|(_, mut named)| {
        // "Ann Bee will have this article in …"
        if let Some(first) =
            named.parsed.credits.first_mut().filter(|first| first.bylines.is_empty())
            && let Some(person) =
                person_after(text, 0).filter(|name| name::person(name) == Person::Listed)
            && named.range.start > person.len()
        {
            first.bylines.push(person);
        }
        named
    })
    .or_else(|| unknown_outlet(text, &words, names))
}

/// The person before "of The Guardian", up to two words of description apart.
fn person_before(
    text: &str,
    words: &[Range<usize>],
    prep: Option<usize>,
    name: usize,
) -> Option<String> {
    let prep = prep.filter(|at| {
        words.get(*at).is_some_and(|range| lexicon::is(Kind::Prep, part(text, range.clone())))
    });
    if let Some(prep) = prep {
        for skip in 0..=2 {
            let end = prep.checked_sub(skip)?;
            for length in (2..=4).rev() {
                let Some(start) = end.checked_sub(length) else { continue };
                let skipped = words.get(end..prep).unwrap_or_default();
                let low = skipped
                    .iter()
                    .all(|range| part(text, range.clone()).chars().all(char::is_lowercase));
                let joined = words.get(start).zip(words.get(name)).is_some_and(|(from, to)| {
                    !part(text, from.start..to.start).contains([':', ';', '!', '?', '"'])
                });
                if low
                    && joined
                    && let Some(person) = person_in(text, words, start..end)
                {
                    return Some(person);
                }
            }
        }
    }
    // "The Guardian's Ann Bee writes"
    for length in (2..=4).rev() {
        let tail = words.get(name..)?;
        let own = tail.iter().position(|range| {
            part(text, range.clone()).ends_with(['s'])
                && part(text, range.clone()).contains(['’', '\''])
        });
        let start = name + own? + 1;
        if let Some(person) = person_in(text, words, start..start + length) {
            let next = words
                .get(start + length)
                .map(|range| part(text, range.clone()))
                .unwrap_or_default();
            if next.chars().next().is_some_and(char::is_lowercase) {
                return Some(person);
            }
        }
    }
    None
}

/// Finds the person right after an outlet and before a verb: "In The Guardian, Ann Bee explains".
fn person_after(text: &str, end: usize) -> Option<String> {
    let rest = part(text, end..text.len()).trim_start_matches([',', ' ', ':']);
    let mut ends = rest.match_indices(' ').map(|(at, _)| at).skip(1).take(3);
    ends.find_map(|at| {
        let name = part(rest, 0..at);
        let next = part(rest, at + 1..rest.len()).chars().next();
        (name::person(name) >= Person::Shape && next.is_some_and(char::is_lowercase))
            .then(|| name.to_owned())
    })
}

/// Returns the text of a range of words if it looks like a person.
fn person_in(text: &str, words: &[Range<usize>], range: Range<usize>) -> Option<String> {
    let chosen = words.get(range)?;
    let (first, last) = (chosen.first()?, chosen.last()?);
    let person = part(text, first.start..last.end);
    let low = lexicon::is(Kind::Func, part(text, first.clone()));
    (name::person(person) >= Person::Shape && !low && !person.contains(','))
        .then(|| person.to_owned())
}

/// Finds an unknown outlet in `Person [up to two words] preposition Name`.
fn unknown_outlet(text: &str, words: &[Range<usize>], names: &Names<'_>) -> Option<Named> {
    for (at, range) in words.iter().enumerate().take(24) {
        if !lexicon::is(Kind::Prep, part(text, range.clone())) || at < 2 {
            continue;
        }
        let next = words.get(at + 1)?;
        let article = matches!(part(text, next.clone()), "the" | "der" | "la" | "le" | "el");
        let first = at + 1 + usize::from(article);
        let high = words.get(first..)?.iter().take_while(|range| {
            let word = part(text, (*range).clone());
            word.chars().next().is_some_and(char::is_uppercase)
        });
        let count = high.count().min(MAX_WORDS);
        let (Some(start), Some(end)) =
            (words.get(first), (first + count).checked_sub(1).and_then(|at| words.get(at)))
        else {
            continue;
        };
        if count == 0 {
            continue;
        }
        let name = part(text, start.start..end.end);
        let org = name.split_whitespace().any(name::has_org);
        let person = person_before(text, words, Some(at), first);
        if let Some(person) = person
            && (org || name::person(&person) == Person::Listed)
            && name::score_outlet(name, &names.outlets).score > if org { 0.0 } else { 0.8 }
            && name::person(name) != Person::Listed
        {
            let credit = Credit { outlet: Some(name.to_owned()), bylines: vec![person] };
            let parsed = Parsed { credits: vec![credit], score: 0.6, known: false, guessed: true };
            return Some(Named { range: start.start..end.end, parsed, placed: true });
        }
    }
    None
}

/// Parses `O reports: “X”`. Returns the range of the outlet, the outlet, and the start of the quotation.
pub(crate) fn says(text: &str, names: &Names<'_>) -> Option<(Range<usize>, Parsed, usize)> {
    let colon = text.find([':', '：']).filter(|at| *at <= 80)?;
    let head = part(text, 0..colon);
    let quotation = part(text, colon..text.len()).trim_start_matches([':', '：', ' ']);
    if !quotation.chars().next().is_some_and(text::opens_quote) {
        return None;
    }
    for (at, _) in head.match_indices(' ') {
        if lexicon::is(Kind::Verb, part(head, at + 1..head.len())) {
            let name = part(head, 0..at).trim_end_matches(',');
            let parsed = crate::credit::parse(name, names)?;
            let good = parsed.score > 0.0 && parsed.has_outlet();
            return good.then(|| (0..name.len(), parsed, text.len() - quotation.len()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlets::tests::Table;

    #[test]
    fn sentences_name_outlets_and_authors() {
        let table = Table::new(&["The Guardian", "Reuters", "Time", "Der Spiegel"]);
        let names = Names::new(&table);
        let found = |text: &str| {
            named(text, &names).map(|named| {
                let credit = named.parsed.credits[0].clone();
                (credit.outlet.unwrap_or_default(), credit.bylines.join("+"))
            })
        };
        let credit = |outlet: &str, byline: &str| Some((outlet.to_owned(), byline.to_owned()));
        assert_eq!(
            found("Ann Bee of The Guardian writes that ships sail."),
            credit("The Guardian", "Ann Bee")
        );
        assert_eq!(
            found("The Guardian’s Ann Bee writes that ships sail."),
            credit("The Guardian", "Ann Bee")
        );
        assert_eq!(found("A look by Reuters at the bridge."), credit("Reuters", ""));
        assert_eq!(found("Time to go, he said."), None);
        assert_eq!(found("Time reports that he went."), credit("Time", ""));
        assert_eq!(
            found("Ann Bee writes in Harbour Gazette that ships sail."),
            credit("Harbour Gazette", "Ann Bee")
        );
        assert_eq!(found("“The Guardian” is not read inside quotes."), None);
    }

    #[test]
    fn the_outlet_before_a_quotation_is_found() {
        let table = Table::new(&["UPI"]);
        let names = Names::new(&table);
        assert!(says("UPI reports: \"It opened.\"", &names).is_some());
        assert!(says("UPI reports that it opened.", &names).is_none());
    }
}
