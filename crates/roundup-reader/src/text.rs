//! Helpers for text: ranges, words, sentences, capitals and quotation marks.

use std::ops::Range;

/// Returns a range of bytes of a text; empty if the range is invalid.
pub(crate) fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// Returns a range of bytes of a text without white space at its ends.
pub(crate) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let whole = part(text, range.clone());
    let start = range.start + (whole.len() - whole.trim_start().len());
    start..(start + whole.trim().len())
}

/// Returns whether a character is from a script without spaces between words.
pub(crate) fn is_wide(character: char) -> bool {
    matches!(character, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Returns whether a letter is from a script without capitals.
pub(crate) fn is_caseless(character: char) -> bool {
    character.is_alphabetic() && !character.is_lowercase() && !character.is_uppercase()
}

/// Returns the display width of a text; ideographs count twice.
pub(crate) fn width(text: &str) -> usize {
    text.chars()
        .map(|c| if is_wide(c) || matches!(c, '\u{AC00}'..='\u{D7A3}') { 2 } else { 1 })
        .sum()
}

/// Returns the number of letters and digits.
pub(crate) fn letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphanumeric()).count()
}

/// Returns whether a text has a letter.
pub(crate) fn has_letter(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

/// Returns the number of words; three ideographs count as one.
pub(crate) fn word_count(text: &str) -> usize {
    let wide = text.chars().filter(|c| is_wide(*c)).count();
    let narrow = text
        .split_whitespace()
        .filter(|word| word.chars().any(|c| c.is_alphanumeric() && !is_wide(c)));
    narrow.count() + wide / 3
}

/// Returns the first letter or digit of a text.
pub(crate) fn first_letter(text: &str) -> Option<char> {
    text.chars().find(|c| c.is_alphanumeric())
}

/// Returns whether a text begins with a capital, a digit or a letter of a script without capitals.
pub(crate) fn starts_high(text: &str) -> bool {
    first_letter(text).is_some_and(|c| !c.is_lowercase())
}

/// Returns whether a text has at least two letters, all of them capitals.
pub(crate) fn is_all_capitals(text: &str) -> bool {
    let mut capitals = 0;
    for character in text.chars().filter(|c| c.is_alphabetic()) {
        if !character.is_uppercase() {
            return false;
        }
        capitals += 1;
    }
    capitals >= 2
}

/// Returns whether a character can open a quotation.
pub(crate) fn opens_quote(character: char) -> bool {
    matches!(
        character,
        '"' | '“' | '„' | '«' | '»' | '‘' | '\'' | '‹' | '「' | '『' | '《' | '‟' | '＂'
    )
}

/// Returns whether a character can close a quotation.
pub(crate) fn closes_quote(character: char) -> bool {
    matches!(character, '"' | '”' | '“' | '»' | '«' | '’' | '\'' | '›' | '」' | '』' | '》' | '＂')
}

/// Strips a pair of quotation marks around a text.
pub(crate) fn unquote(text: &str) -> &str {
    let text = text.trim();
    let mut chars = text.chars();
    let (Some(first), Some(last)) = (chars.next(), chars.next_back()) else { return text };
    if opens_quote(first) && closes_quote(last) {
        let inner = part(text, first.len_utf8()..text.len() - last.len_utf8());
        // With another closing mark inside, the two may not be a pair.
        if !inner.contains(last)
            || (first != last && inner.matches(first).count() == inner.matches(last).count())
        {
            return inner.trim();
        }
    }
    text
}

/// Abbreviations that end in a dot in mid-sentence.
const ABBREVIATIONS: [&str; 34] = [
    "mr", "mrs", "ms", "dr", "st", "vs", "jr", "sr", "gen", "sen", "rep", "gov", "lt", "col",
    "sgt", "spc", "prof", "no", "inc", "co", "corp", "ltd", "jan", "feb", "mar", "apr", "aug",
    "sept", "oct", "nov", "dec", "hon", "rev", "capt",
];

/// Returns whether a character ends a sentence; a full stop in "U.S." or "Dr. Roe" does not.
fn is_stop(text: &str, at: usize, character: char) -> bool {
    match character {
        '。' | '！' | '？' => return true,
        '.' | '!' | '?' | '…' => {}
        _ => return false,
    }
    let rest = part(text, at + character.len_utf8()..text.len());
    let mut next = rest
        .chars()
        .skip_while(|c| closes_quote(*c) || matches!(c, ')' | ']' | '.' | '!' | '?' | '…'));
    match next.next() {
        None => true,
        Some(after) if after.is_whitespace() => {
            let follows = next.find(|c| !c.is_whitespace());
            if follows.is_some_and(char::is_lowercase) {
                return false;
            }
            let word = part(text, 0..at)
                .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '“'))
                .next();
            let word = word.unwrap_or_default();
            let short = word.chars().filter(|c| c.is_alphabetic()).count() <= 1;
            let initials =
                word.contains('.') && word.split('.').all(|letter| letter.chars().count() <= 2);
            let known = ABBREVIATIONS.contains(&word.to_lowercase().as_str());
            character != '.' || !((short && has_letter(word)) || initials || known)
        }
        Some(_) => false,
    }
}

/// Returns the sentences of a text as ranges of bytes, with their final punctuation.
pub(crate) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut skip_to = 0;
    for (at, character) in text.char_indices() {
        if at < skip_to || !is_stop(text, at, character) {
            continue;
        }
        let mut end = at + character.len_utf8();
        for next in part(text, end..text.len()).chars() {
            if closes_quote(next) || matches!(next, ')' | ']' | '.' | '!' | '?' | '…') {
                end += next.len_utf8();
            } else {
                break;
            }
        }
        skip_to = end;
        found.push(trim(text, start..end));
        start = end;
    }
    let rest = trim(text, start..text.len());
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}

/// Returns whether the first 400 bytes of a text have at most one sentence.
pub(crate) fn is_one_sentence(text: &str) -> bool {
    let mut skip_to = 0;
    for (at, character) in text.char_indices().take_while(|(at, _)| *at < 400) {
        if at >= skip_to && is_stop(text, at, character) {
            let rest = part(text, at..text.len());
            let tail =
                rest.trim_start_matches(|c: char| closes_quote(c) || ".!?…)]。！？ ".contains(c));
            if has_letter(tail) {
                return false;
            }
            skip_to = text.len() - tail.len();
        }
    }
    true
}

/// Returns whether a text ends with sentence punctuation. An ellipsis does not count.
pub(crate) fn ends_sentence(text: &str) -> bool {
    let bare = text
        .trim_end_matches(|c: char| closes_quote(c) || matches!(c, ')' | ']') || c.is_whitespace());
    let dots = bare.chars().rev().take_while(|c| *c == '.').count();
    (dots == 1) || bare.ends_with(['!', '。', '！', '？', '?'])
}

/// Returns whether most words of a text begin with a capital.
pub(crate) fn is_title_case(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().filter(|word| has_letter(word)).collect();
    let long = words.iter().filter(|word| word.chars().count() > 3);
    let (all, high) =
        long.fold((0, 0), |(all, high), word| (all + 1, high + usize::from(starts_high(word))));
    all >= 2 && high * 10 >= all * 8
}

/// Returns the first sixteen words of a text in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(16)
        .map(str::to_lowercase)
        .collect()
}

/// Collapses white space to single spaces.
pub(crate) fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_do_not_end_in_abbreviations() {
        let split = |text: &'static str| -> Vec<&str> {
            sentences(text).into_iter().map(|range| part(text, range)).collect()
        };
        assert_eq!(
            split("It opened. “It did.” The U.S. Navy left."),
            ["It opened.", "“It did.”", "The U.S. Navy left."]
        );
        assert_eq!(split("Dr. Roe said no"), ["Dr. Roe said no"]);
        assert_eq!(split("一。二！"), ["一。", "二！"]);
        assert!(is_one_sentence("Who pays? ") && !is_one_sentence("Who pays? We do."));
        assert!(ends_sentence("It did.”") && !ends_sentence("wait...") && !ends_sentence("Title"));
    }

    #[test]
    fn quotation_marks_are_stripped_in_pairs() {
        assert_eq!(unquote("“A ‘b’ c”"), "A ‘b’ c");
        assert_eq!(unquote("«A»"), "A");
        assert_eq!(unquote("\"A\" and \"B\""), "\"A\" and \"B\"");
        assert_eq!(unquote("A”"), "A”");
    }
}
