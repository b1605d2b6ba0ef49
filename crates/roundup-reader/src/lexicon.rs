//! Looks up the phrases of `data/phrases.tsv` and the names of `data/first_names.txt`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The kind of a phrase. The head of `data/phrases.tsv` documents the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    More,
    MoreWord,
    Related,
    Topic,
    Label,
    Comments,
    CommentsEnd,
    Said,
    Photo,
    Source,
    By,
    Prep,
    And,
    Func,
    Flag,
    Role,
    Org,
    Speaker,
    Month,
    Day,
    Time,
    Verb,
    According,
    Boilerplate,
    Also,
    Pointer,
    Ambiguous,
}

/// The kinds with their names in `data/phrases.tsv`.
const KINDS: [(&str, Kind); 27] = [
    ("more", Kind::More),
    ("more_word", Kind::MoreWord),
    ("related", Kind::Related),
    ("topic", Kind::Topic),
    ("label", Kind::Label),
    ("comments", Kind::Comments),
    ("comments_end", Kind::CommentsEnd),
    ("said", Kind::Said),
    ("photo", Kind::Photo),
    ("source", Kind::Source),
    ("by", Kind::By),
    ("prep", Kind::Prep),
    ("and", Kind::And),
    ("func", Kind::Func),
    ("flag", Kind::Flag),
    ("role", Kind::Role),
    ("org", Kind::Org),
    ("speaker", Kind::Speaker),
    ("month", Kind::Month),
    ("day", Kind::Day),
    ("time", Kind::Time),
    ("verb", Kind::Verb),
    ("according", Kind::According),
    ("boilerplate", Kind::Boilerplate),
    ("also", Kind::Also),
    ("pointer", Kind::Pointer),
    ("ambiguous", Kind::Ambiguous),
];

/// The maximum length of a phrase, in bytes.
const MAX_PHRASE: usize = 48;

/// The number of kinds.
const COUNT: usize = KINDS.len();

/// The lengths of phrases, one bit per length, by kind and first byte. They rule out most words
/// without hashing.
type Lengths = [[u64; 256]; COUNT];

/// The loaded tables.
struct Lexicon {
    /// The kinds of each phrase, one bit per kind.
    phrases: HashMap<&'static str, u32>,
    lengths: Box<Lengths>,
    first_names: HashSet<&'static str>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut phrases: HashMap<&'static str, u32> = HashMap::new();
    let mut lengths: Box<Lengths> = Box::new([[0; 256]; COUNT]);
    for row in include_str!("../data/phrases.tsv").lines().filter(|row| !row.starts_with('#')) {
        let mut columns = row.split('\t');
        let kind = columns.next().and_then(|name| KINDS.iter().find(|(kind, _)| *kind == name));
        let (Some((_, kind)), Some(list)) = (kind, columns.nth(1)) else { continue };
        for phrase in list.split('|') {
            *phrases.entry(phrase).or_default() |= 1 << kind.index();
            let first = phrase.bytes().next().map_or(0, usize::from);
            let cell = lengths.get_mut(kind.index()).and_then(|row| row.get_mut(first));
            if let Some(cell) = cell {
                *cell |= 1 << phrase.len().min(63);
            }
        }
    }
    let names = include_str!("../data/first_names.txt").lines();
    let first_names =
        names.filter(|row| !row.starts_with('#')).flat_map(str::split_whitespace).collect();
    Lexicon { phrases, lengths, first_names }
});

impl Kind {
    /// Returns the index in [`KINDS`].
    fn index(self) -> usize {
        KINDS.iter().position(|(_, kind)| *kind == self).unwrap_or_default()
    }
}

/// Returns the lengths of the phrases of a kind that begin with the first byte of a text.
fn lengths(kind: usize, text: &str) -> u64 {
    let first = text.bytes().next().unwrap_or_default();
    let row = LEXICON.lengths.get(kind);
    // Only ASCII letters have a lower case of one byte.
    row.and_then(|row| row.get(usize::from(first.to_ascii_lowercase())))
        .copied()
        .unwrap_or_default()
}

/// Returns whether the table has a phrase of a kind, ignoring case.
pub(crate) fn is(kind: Kind, phrase: &str) -> bool {
    is_at(kind.index(), phrase)
}

/// Like [`is`], with the index of the kind.
fn is_at(kind: usize, phrase: &str) -> bool {
    crate::work::step();
    if phrase.is_empty() || phrase.len() > MAX_PHRASE {
        return false;
    }
    let found =
        |phrase: &str| LEXICON.phrases.get(phrase).is_some_and(|kinds| kinds & (1 << kind) != 0);
    if phrase.is_ascii() {
        if lengths(kind, phrase) & (1 << phrase.len()) == 0 {
            return false;
        }
        let mut lower = [0; MAX_PHRASE];
        for (to, from) in lower.iter_mut().zip(phrase.bytes()) {
            *to = from.to_ascii_lowercase();
        }
        let lower = lower.get(..phrase.len()).and_then(|lower| std::str::from_utf8(lower).ok());
        return lower.is_some_and(found);
    }
    let first = phrase.chars().next().unwrap_or_default();
    if first.is_ascii() && lengths(kind, phrase) == 0 {
        return false;
    }
    if phrase.chars().any(char::is_uppercase) {
        found(phrase.to_lowercase().as_str())
    } else {
        found(phrase)
    }
}

/// Returns the length in bytes of the longest phrase of a kind at the start of a text. A phrase ends at
/// the end of a word; in scripts without spaces, anywhere.
pub(crate) fn prefix(kind: Kind, text: &str) -> Option<usize> {
    let kind = kind.index();
    let first = text.chars().next()?;
    if first.is_ascii() && lengths(kind, text) == 0 {
        return None;
    }
    let mut found = None;
    let mut words = 0;
    let mut at = 0;
    for (index, character) in text.char_indices().take(MAX_PHRASE) {
        let end = index + character.len_utf8();
        let next = text.get(end..).and_then(|rest| rest.chars().next());
        let ends = next.is_none_or(|next| {
            !next.is_alphanumeric()
                || !character.is_alphanumeric()
                || crate::text::is_wide(character)
        });
        if ends && !character.is_whitespace() {
            if text.get(..end).is_some_and(|head| is_at(kind, head)) {
                found = Some(end);
            }
            if !character.is_alphanumeric() {
                continue;
            }
            words += 1;
            at = end;
        }
        if words > 4 && end > at {
            break;
        }
    }
    found
}

/// Returns whether a word is a common first name.
pub(crate) fn is_first_name(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    // Of "Jean-Pierre", the first part is looked up.
    let first = word.split('-').next().unwrap_or_default();
    first.len() <= 24 && LEXICON.first_names.contains(first.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_the_table_has_a_known_kind_and_plain_phrases() {
        for row in include_str!("../data/phrases.tsv").lines().filter(|row| !row.starts_with('#')) {
            let columns: Vec<&str> = row.split('\t').collect();
            assert_eq!(columns.len(), 3, "{row}");
            assert!(KINDS.iter().any(|(kind, _)| *kind == columns[0]), "{row}");
            for phrase in columns[2].split('|') {
                assert!(!phrase.is_empty() && phrase.len() <= MAX_PHRASE, "{row}");
                assert_eq!(phrase, phrase.to_lowercase(), "{row}");
            }
        }
    }

    #[test]
    fn phrases_are_found_at_the_start_of_a_text() {
        assert_eq!(prefix(Kind::Source, "Full story: X"), Some(10));
        assert_eq!(prefix(Kind::Source, "Sources said"), Some(7));
        assert_eq!(prefix(Kind::By, "byzantine"), None);
        assert_eq!(prefix(Kind::Source, "来源：新华社"), Some(6));
        assert_eq!(prefix(Kind::According, "according to AFP"), Some(12));
        assert!(is_first_name("Jean-Pierre") && is_first_name("ANN,") && !is_first_name("Harbour"));
    }
}
