//! Two ways to reduce a name to a key: `slugify` for addresses, `fold` for matching.
//!
//! Both agree on what a word is: apostrophes vanish ("didn't" is "didnt"), dots vanish from
//! initialisms ("U.S." is "us"), "&" is "and", and all other punctuation parts words.

use deunicode::{deunicode_char, deunicode_with_tofu};

/// The longest slug, in characters.
pub const MAX_SLUG: usize = 80;

/// A slug for an address: lower-case ASCII words joined by "-", at most [`MAX_SLUG`] long.
///
/// Any script is transliterated. A long text is cut between words. The slug always holds a
/// non-digit, so that it can never be taken for an id: a text of digits alone gets the prefix
/// "n-" ("2014" is "n-2014"), and a text without a single word gives "untitled".
pub fn slugify(text: &str) -> String {
    let mut slug = String::new();
    // A slug needs no more than its first words, so a whole book is not transliterated.
    let head: String = text.chars().take(MAX_SLUG * 8).collect();
    for word in words(&deunicode_with_tofu(&head, " ")) {
        if slug.is_empty() {
            slug = word.chars().take(MAX_SLUG).collect();
        } else if slug.len() + 1 + word.len() <= MAX_SLUG {
            slug.push('-');
            slug.push_str(&word);
        } else {
            break;
        }
    }
    if slug.is_empty() {
        return "untitled".to_owned();
    }
    if slug.bytes().all(|byte| byte.is_ascii_digit()) {
        slug.insert_str(0, "n-");
        slug.truncate(MAX_SLUG);
    }
    slug
}

/// The key by which outlet names and their aliases match.
///
/// Case, a leading "the", the accents of Latin letters and punctuation make no difference;
/// other scripts are kept as they are. A name without letters or digits folds to "", which
/// matches nothing.
pub fn fold(name: &str) -> String {
    let mut base = String::with_capacity(name.len());
    for character in name.chars() {
        match latin_base(character) {
            Some(letters) => base.push_str(letters),
            None if is_combining(character) => {}
            None => base.push(character),
        }
    }
    let words = words(&base);
    let skip = words.iter().take_while(|word| *word == "the").count();
    let skip = skip.min(words.len().saturating_sub(1));
    words.get(skip..).unwrap_or_default().join(" ")
}

/// The plain letters of an accented or full-width Latin letter.
fn latin_base(character: char) -> Option<&'static str> {
    let latin = matches!(character, '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' | '\u{FF01}'..='\u{FF5E}');
    if latin { deunicode_char(character) } else { None }
}

fn is_combining(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200D}' | '\u{AD}' | '\u{FE0F}')
}

/// The lower-case words of a text.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    // Letters since the last character that was none: a lone letter before a dot is an initial.
    let mut run = 0;
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '&' => {
                words.extend(take_word(&mut word));
                words.push("and".to_owned());
                run = 0;
            }
            '\'' | '’' | '‘' | 'ʼ' | '`' => {}
            '.' if run == 1 && ends_in_letter(&word) && goes_on_as_initials(rest.as_str()) => {
                run = 0;
            }
            _ if character.is_alphanumeric() => {
                word.extend(character.to_lowercase());
                run += 1;
            }
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

/// Whether what follows a dot is no word of its own: "U.S." and "A.M.", but not "x.com".
fn goes_on_as_initials(rest: &str) -> bool {
    let mut next = rest.chars().map(char::is_alphanumeric);
    !next.next().unwrap_or(false) || !next.next().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_slugs() {
        for (text, slug) in [
            (
                "Iran Attacked Islamic State Forces in Iraq",
                "iran-attacked-islamic-state-forces-in-iraq",
            ),
            ("U.S. And Iranian Forces", "us-and-iranian-forces"),
            ("Here's The ‘Buffer Zone’", "heres-the-buffer-zone"),
            ("Oil & Gas: 3.5% up", "oil-and-gas-3-5-up"),
            ("Événement à Köln", "evenement-a-koln"),
            ("Новости дня", "novosti-dnia"),
            ("北京", "bei-jing"),
            ("  --  ", "untitled"),
            ("", "untitled"),
            ("2014", "n-2014"),
            ("٢٠١٤", "n-2014"),
            ("2014-12", "2014-12"),
        ] {
            assert_eq!(slugify(text), slug, "{text:?}");
        }
    }

    #[test]
    fn a_long_slug_is_cut_between_words() {
        let slug = slugify(&"headline ".repeat(20));
        assert_eq!(slug, ["headline"; 9].join("-").trim_end_matches('-'));
        assert!(slug.len() <= MAX_SLUG);
        assert_eq!(slugify(&"x".repeat(300)), "x".repeat(80));
        assert_eq!(slugify(&"7".repeat(300)).len(), 80);
        assert!(slugify(&"7".repeat(300)).starts_with("n-7"));
    }

    #[test]
    fn a_slug_of_a_slug_is_itself() {
        for text in ["The Sun: Tokyo 東京!", "2014", "a.b.c d'e", "🗞 news", "\u{1F}\u{FFFF}"] {
            let slug = slugify(text);
            assert_eq!(slugify(&slug), slug, "{text:?}");
            assert!(slug.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit()));
            assert!(slug.chars().any(|c| !c.is_ascii_digit()));
        }
    }

    #[test]
    fn names_that_mean_one_outlet_fold_alike() {
        for (left, right) in [
            ("The Wall Street Journal", "wall street  journal"),
            ("U.S. News & World Report", "US News and World Report"),
            ("Barron’s", "BARRON'S"),
            ("Le Monde Économie", "le monde economie"),
            ("Cafe\u{301} Press", "Café Press"),
            ("Re/code", "re code"),
            ("A.V. Club", "av club"),
            ("Yahoo! News", "Yahoo News"),
        ] {
            assert_eq!(fold(left), fold(right));
        }
    }

    #[test]
    fn folded_names_are_readable_keys() {
        for (name, key) in [
            ("RFE/RL", "rfe rl"),
            ("24/7 Wall St.", "24 7 wall st"),
            ("U.S. News", "us news"),
            ("al.com", "al com"),
            ("The", "the"),
            ("The The", "the"),
            ("/FILM", "film"),
            ("新华社", "新华社"),
            ("Коммерсантъ", "коммерсантъ"),
            ("!!!", ""),
        ] {
            assert_eq!(fold(name), key);
            assert_eq!(fold(&fold(name)), key, "folding twice changes nothing");
        }
    }

    #[test]
    fn different_outlets_stay_apart() {
        assert_ne!(fold("The Times"), fold("The New York Times"));
        assert_ne!(fold("Daily News"), fold("Daily Newt"));
        assert_ne!(fold("新华社"), fold("共同社"));
    }
}
