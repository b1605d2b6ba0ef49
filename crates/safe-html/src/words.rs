//! What counts as a word of a title or a name.

use unicode_normalization::char::is_combining_mark;

/// Returns the lower-case words of a text.
///
/// Apostrophes vanish ("didn't" is "didnt"), dots vanish from initialisms ("U.S." is "us"), "&" is
/// "and", "+" and "#" at the end of a word are "plus" and "sharp" ("C++", "C#"), and all other
/// punctuation separates words.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    // The number of letters since the last character that was none: a letter that stands alone
    // before a dot is an initial.
    let mut run = 0;
    // Whether the last character was a "+" or "#" that is spelt out.
    let mut is_sign = false;
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let after_sign = std::mem::take(&mut is_sign);
        match character {
            '&' => {
                words.extend(take_word(&mut word));
                words.push("and".to_owned());
                run = 0;
            }
            '+' | '#' if after_sign || (!word.is_empty() && ends_word(rest.as_str())) => {
                words.extend(take_word(&mut word));
                words.push(if character == '+' { "plus" } else { "sharp" }.to_owned());
                run = 0;
                is_sign = true;
            }
            '\'' | '’' | '‘' | 'ʼ' | '`' => {}
            '.' if run == 1 && ends_in_letter(&word) && continues_initials(rest.as_str()) => {
                run = 0;
            }
            _ if character.is_alphanumeric() => {
                word.extend(character.to_lowercase());
                run += 1;
            }
            _ if is_combining_mark(character) && !word.is_empty() => word.push(character),
            _ => {
                words.extend(take_word(&mut word));
                run = 0;
            }
        }
    }
    words.extend(take_word(&mut word));
    words
}

fn take_word(word: &mut String) -> Option<String> {
    if word.is_empty() { None } else { Some(std::mem::take(word)) }
}

fn ends_in_letter(word: &str) -> bool {
    word.chars().next_back().is_some_and(char::is_alphabetic)
}

/// Whether no letter or digit follows the signs at the start of `rest`.
fn ends_word(rest: &str) -> bool {
    !rest.trim_start_matches(['+', '#']).starts_with(char::is_alphanumeric)
}

/// Whether what follows a dot is no word of its own: "U.S." and "A.M.", but not "x.com".
fn continues_initials(rest: &str) -> bool {
    let mut next = rest.chars().map(char::is_alphanumeric);
    !next.next().unwrap_or(false) || !next.next().unwrap_or(false)
}
