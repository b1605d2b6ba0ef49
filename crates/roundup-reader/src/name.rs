//! Scores how much a text looks like the name of a person or of an outlet.

use crate::lexicon::{self, Kind};
use crate::outlets::OutletCache;
use crate::text::{self, is_caseless, starts_high};

/// Words in lower case within a person's name.
const PARTICLES: [&str; 27] = [
    "af", "al", "av", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "do",
    "dos", "du", "e", "el", "ibn", "la", "le", "st", "ten", "ter", "van", "von", "y",
];

/// Words in lower case within an outlet's name.
const LOWER_CASE_WORDS: [&str; 44] = [
    "of", "the", "and", "for", "in", "on", "at", "de", "del", "della", "di", "da", "do", "das",
    "la", "le", "les", "el", "los", "las", "des", "du", "der", "die", "das", "und", "et", "y", "e",
    "van", "von", "for", "to", "with", "a", "is", "&", "il", "lo", "dos", "par", "och", "og",
    "für",
];

/// The longest name, in characters.
const MAX_NAME: usize = 60;

/// How much a text looks like a person's name, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Person {
    /// Not a person's name.
    No,
    /// Two to four capitalised words.
    Shape,
    /// Such words beginning with a common first name or initials; or a handle such as "@ann".
    Listed,
}

/// Returns how much a text looks like a person's name.
pub(crate) fn person(name: &str) -> Person {
    let name = name.trim();
    if name.len() > 80 {
        return Person::No;
    }
    if let Some(handle) = name.strip_prefix('@') {
        let word = handle.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        return if word && handle.len() > 1 { Person::Listed } else { Person::No };
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    if name.chars().all(|c| text::is_wide(c) || c == '·') {
        return Person::No;
    }
    let particles = words.iter().filter(|word| PARTICLES.contains(word)).count();
    let whole = words.len() - particles;
    if words.len() > 6 || !(2..=4).contains(&whole) {
        return Person::No;
    }
    let good = words.iter().all(|word| PARTICLES.contains(word) || is_name_word(word));
    let org = words.iter().any(|word| {
        lexicon::is(Kind::Org, word.trim_matches('.')) || lexicon::is(Kind::Role, word)
    });
    let Some(first) = words.first() else { return Person::No };
    let article = ["the", "le", "la", "les", "el", "il", "los", "die", "der", "das", "a"];
    if !good || org || article.contains(&first.to_lowercase().as_str()) {
        return Person::No;
    }
    let last_initial =
        words.last().is_some_and(|word| word.trim_end_matches('.').chars().count() < 2);
    let initials = first.ends_with('.') || (first.chars().count() == 1);
    if (lexicon::is_first_name(first) || initials) && !last_initial {
        Person::Listed
    } else if last_initial || lexicon::is(Kind::Func, first) {
        Person::No
    } else {
        Person::Shape
    }
}

/// Returns whether a capitalised word can be part of a person's name.
fn is_name_word(word: &str) -> bool {
    let allowed = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.' | '‑');
    let first = word.chars().next();
    let caps = word.chars().filter(|c| c.is_uppercase()).count();
    let whole = text::is_all_capitals(word) || word.chars().count() <= 3;
    // "McRoe", "O'Roe" and "Roe-Smith" have two capitals; "NYTLabs" is no person.
    let inner = whole
        || caps <= 1 + word.matches(['-', '‑', '\'', '’', '.']).count()
        || word.starts_with("Mc")
        || word.starts_with("Mac");
    first.is_some_and(|c| c.is_alphabetic() && !c.is_lowercase() && !is_caseless(c))
        && word.chars().all(allowed)
        && inner
        && !(caps > 3 && whole && word.chars().count() <= 3)
}

/// Returns whether a text is a host name: "planetf1.com".
pub(crate) fn is_host(name: &str) -> bool {
    let name = name.strip_prefix("www.").unwrap_or(name);
    let Some((before, last)) = name.rsplit_once('.') else { return false };
    !before.is_empty()
        && name.len() <= 60
        && (2..=6).contains(&last.len())
        && last.chars().all(|c| c.is_ascii_alphabetic())
        && (last.chars().all(|c| c.is_ascii_lowercase()) || text::is_all_capitals(name))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && before
            .split('.')
            .all(|label| label.len() > 1 || label.chars().all(|c| c.is_ascii_digit()))
}

/// How much a text looks like an outlet's name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NameScore {
    /// Above 0 is more likely than not.
    pub(crate) score: f64,
    /// Whether it is in the table and unambiguous.
    pub(crate) known: bool,
    /// Whether it is in the table, but also a common word or the name of several outlets.
    pub(crate) ambiguous: bool,
}

/// Returns the score of a name that is in the table. Cheaper than [`score_outlet`] for others.
pub(crate) fn score_known_outlet(name: &str, outlets: &OutletCache<'_>) -> Option<NameScore> {
    outlets.by_name(name.trim())?;
    Some(score_outlet(name, outlets))
}

/// Returns how much a text looks like the name of an outlet; above 0 is more likely than not.
pub(crate) fn score_outlet(name: &str, outlets: &OutletCache<'_>) -> NameScore {
    let name = name.trim();
    if let Some(found) = outlets.by_name(name) {
        let ambiguous = found.ambiguous || lexicon::is(Kind::Ambiguous, name);
        let score = if lexicon::is(Kind::Speaker, name.trim_end_matches('.')) {
            // A source of statements, such as "Pentagon", is rarely the publisher.
            return NameScore { score: -1.5, known: false, ambiguous: false };
        } else if ambiguous && is_lower_case(name) && !name.contains('.') {
            -1.0
        } else if ambiguous {
            1.6
        } else {
            4.0
        };
        return NameScore { score, known: !ambiguous && score > 0.0, ambiguous };
    }
    NameScore { score: shape_score(name), known: false, ambiguous: false }
}

/// Returns whether a text has small letters and no capitals.
fn is_lower_case(name: &str) -> bool {
    name.chars().all(|c| !c.is_uppercase()) && name.chars().any(char::is_lowercase)
}

/// Scores an unknown name by its shape: capitals, length, words and punctuation.
fn shape_score(name: &str) -> f64 {
    let words: Vec<&str> = name.split_whitespace().collect();
    let bare = name.trim_end_matches('.').to_lowercase();
    let Some(first) = words.first() else { return -9.0 };
    let update = words.iter().any(|word| word.to_lowercase().starts_with("update"));
    if !text::has_letter(name) || name.contains("://") || is_dated(name) || update {
        return -6.0;
    }
    let mut score: f64 = 0.0;
    if is_host(name) {
        score += 2.5;
    }
    if lexicon::is(Kind::Speaker, &bare)
        || words.iter().all(|word| lexicon::is(Kind::Speaker, &word.to_lowercase()))
    {
        score -= 3.0;
    }
    if name.starts_with('@') && words.len() == 1 {
        score += 1.0;
    }
    let caseless = name.chars().filter(|c| is_caseless(*c)).count();
    if caseless * 2 > text::letters(name) {
        score += if text::width(name) <= 24 { 0.3 } else { -2.0 };
    } else {
        let high = |word: &&str| {
            starts_high(word) || LOWER_CASE_WORDS.contains(word) || !text::has_letter(word)
        };
        let low = words.iter().filter(|word| !high(word)).count();
        if low == 0 {
            score += 0.6;
        } else if !is_host(name) {
            score -= 2.0 * if low > 2 { 2.0 } else { 1.0 };
        }
        if !starts_high(first) && !is_host(first) && !LOWER_CASE_WORDS.contains(first) {
            score -= 1.5;
        }
        if !name.chars().any(char::is_uppercase) && !is_host(name) {
            score -= 1.0;
        }
    }
    if words.len() <= 3 {
        score += 0.3;
    }
    if words.len() > 6 || name.chars().count() > MAX_NAME {
        score -= 4.0;
    }
    if words.iter().any(|word| has_org(word)) {
        score += 1.2;
    }
    if person(name) == Person::Listed {
        score -= 0.7;
    }
    if name.contains(['(', ')', '[', ']']) {
        score -= 2.0;
    }
    if name.contains(['?', '!', ';', ':', '"', '“', '”', '«', '»', '…', '=', '<', '>', '{', '*'])
        || name.contains("..")
        || name.starts_with(['\'', '‘', '(', '[', '-', ','])
    {
        score -= 3.0;
    }
    if lexicon::is(Kind::Func, first) && !LOWER_CASE_WORDS.contains(&first.to_lowercase().as_str())
    {
        score -= 2.5;
    }
    if lexicon::is(Kind::Pointer, &bare) || lexicon::is(Kind::Flag, &bare) {
        score -= 3.0;
    }
    if text::ends_sentence(name) && words.len() > 2 {
        score -= 1.5;
    }
    let digits = name.chars().filter(char::is_ascii_digit).count();
    if digits * 2 > text::letters(name) {
        score -= 3.0;
    }
    score
}

/// Returns whether a word is typical of outlets' names, alone or as the end of a compound.
pub(crate) fn has_org(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    lexicon::is(Kind::Org, word)
        || ["新聞", "新闻", "日报", "日報", "时报", "時報", "通信", "신문", "일보", "뉴스", "网"]
            .iter()
            .any(|end| word.ends_with(end))
        || (word.chars().count() > 7
            && ["zeitung", "blatt", "posten", "bladet", "tidende", "nachrichten", "anzeiger"]
                .iter()
                .any(|end| word.to_lowercase().ends_with(end)))
}

/// Returns whether a text is nothing but a date, a time, a duration, a count or a page.
pub(crate) fn is_dated(text: &str) -> bool {
    if text.len() > 60 || !text.chars().any(char::is_alphanumeric) {
        return false;
    }
    let mut numbers = 0;
    let mut others = 0;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let counted = word.starts_with(|c: char| c.is_ascii_digit());
        if digits > 0 && (digits == word.len() || counted && word.len() - digits <= 2) {
            numbers += 1;
        } else if is_calendar(word) {
            others += 1;
        } else if !matches!(
            word.to_lowercase().as_str(),
            "de" | "of" | "at" | "on" | "the" | "um" | "in" | "to" | "à"
        ) && !word.chars().all(|c| "年月日時时分".contains(c))
        {
            return false;
        }
    }
    numbers > 0 || others > 0 && others <= 3
}

/// Returns whether a word is a month, a day or a unit of time.
fn is_calendar(word: &str) -> bool {
    lexicon::is(Kind::Month, word) || lexicon::is(Kind::Day, word) || lexicon::is(Kind::Time, word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlets::tests::Table;

    #[test]
    fn persons_are_distinguished_from_other_words() {
        for name in [
            "Ian Black",
            "Jane O’Roe-Smith",
            "BRIAN KNOWLTON",
            "J. Archer Jarvis",
            "Анна Ахматова",
            "@louis",
        ] {
            assert_eq!(person(name), Person::Listed, "{name}");
        }
        for name in ["Ludwin van Oken", "Oshi Mirazo"] {
            assert_eq!(person(name), Person::Shape, "{name}");
        }
        for name in [
            "WTVY",
            "The Guardian",
            "24 Hours",
            "ian black",
            "News & Observer",
            "",
            "de la",
            "NYTLabs Two",
            "Morning Ledger",
        ] {
            assert_eq!(person(name), Person::No, "{name}");
        }
    }

    #[test]
    fn outlet_names_are_distinguished_from_remarks_dates_and_prose() {
        let table = Table::new(&["WSJ", "Science", "Reuters"]);
        let known = OutletCache::new(&table);
        for name in [
            "WSJ",
            "Science",
            "al.com",
            "Harbour Gazette",
            "Channel 4",
            "The May Reporter",
            "新华社",
            "R’dale Press",
            "planetf1.com",
        ] {
            assert!(score_outlet(name, &known).score > 0.0, "{name}");
        }
        for name in [
            "4th Update",
            "January 26, 2010",
            "26 Jan. 2010",
            "2010-01-26",
            "Sunday",
            "Analysis",
            "Sources",
            "UN",
            "Pentagon",
            "science",
            "so it seems",
            "why?",
            "14 minutes (3,600 words)",
        ] {
            assert!(
                score_outlet(name, &known).score <= 0.0,
                "{name} {:?}",
                score_outlet(name, &known)
            );
        }
        assert!(score_outlet("Reuters", &known).known && !score_outlet("Science", &known).known);
    }
}
