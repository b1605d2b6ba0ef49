//! Comparison keys for names, and detection of invisible names.

use deunicode::deunicode_char;
use unicode_normalization::UnicodeNormalization;

use crate::words::words;

/// Returns the comparison key of a name: different spellings of one name have the same key.
///
/// Case, the accents of Latin and Greek letters, the vowel signs of Arabic and Hebrew, full-width
/// forms and punctuation make no difference; the letters of other scripts are kept as they are.
/// "&" is "and", "C++" is "c plus plus". A name without letters or digits has the key "", which
/// matches nothing. The function is idempotent.
pub fn fold_name(name: &str) -> String {
    words(&fold_letters(name)).join(" ")
}

/// Returns the comparison key of an outlet's name: [`fold_name`] without leading "the"s, unless
/// nothing would remain.
pub fn fold_outlet_name(name: &str) -> String {
    let words = words(&fold_letters(name));
    let leading_articles = words.iter().take_while(|word| *word == "the").count();
    let skip = leading_articles.min(words.len().saturating_sub(1));
    words.get(skip..).unwrap_or_default().join(" ")
}

/// Returns whether a name is invisible: it contains only white space, control characters and other
/// invisible characters.
pub fn is_blank_name(name: &str) -> bool {
    name.chars().all(|character| {
        character.is_whitespace()
            || character.is_control()
            || is_ignorable(character)
            // The braille pattern without dots.
            || character == '\u{2800}'
    })
}

fn fold_letters(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for character in name.nfkc() {
        match character {
            '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => match deunicode_char(character) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(character),
            },
            '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => {
                let base = std::iter::once(character).nfd().next();
                folded.extend(base.map(|base| if base == 'ς' { 'σ' } else { base }));
            }
            // Letters that have different characters in Arabic and in Persian.
            'ك' => folded.push('ک'),
            'ي' | 'ى' => folded.push('ی'),
            _ if is_ignorable(character) || is_optional_mark(character) => {}
            _ => folded.push(character),
        }
    }
    folded
}

/// Returns whether a combining mark can be omitted without changing the word: accents that make no
/// letter of their own, vowel signs of Hebrew and Arabic, the Arabic elongation.
fn is_optional_mark(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36F}'
            | '\u{591}'..='\u{5BD}'
            | '\u{5BF}'
            | '\u{5C1}'..='\u{5C2}'
            | '\u{5C4}'..='\u{5C5}'
            | '\u{5C7}'
            | '\u{610}'..='\u{61A}'
            | '\u{640}'
            | '\u{64B}'..='\u{65F}'
            | '\u{670}'
            | '\u{6D6}'..='\u{6DC}'
            | '\u{6DF}'..='\u{6E4}'
            | '\u{6E7}'..='\u{6E8}'
            | '\u{6EA}'..='\u{6ED}'
    )
}

/// Returns whether a character has the Unicode property `Default_Ignorable_Code_Point`: soft
/// hyphens, joiners, direction marks, fillers.
pub fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slug::slugify;
    use std::collections::HashSet;

    #[test]
    fn spellings_of_one_outlet_have_one_key() {
        for (left, right) in [
            ("The Wall Street Journal", "wall street  journal"),
            ("U.S. News & World Report", "US News and World Report"),
            ("Barron’s", "BARRON'S"),
            ("Le Monde Économie", "le monde economie"),
            ("Cafe\u{301} Press", "Café Press"),
            ("Re/code", "re code"),
            ("A.V. Club", "av club"),
            ("Yahoo! News", "Yahoo News"),
            ("Canal+", "Canal Plus"),
            ("Ｎｅｗｓ", "News"),
            ("ΤΑ ΝΕΑ ΤΗΣ ΕΛΛΑΔΟΣ", "Τα Νέα της Ελλάδος"),
            ("كيهان", "کیهان"),
            ("مُحَمَّد", "محمد"),
            ("News\u{200B}Week", "NewsWeek"),
        ] {
            assert_eq!(fold_outlet_name(left), fold_outlet_name(right));
        }
    }

    #[test]
    fn outlet_keys_are_lowercase_words() {
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
            ("Новый день", "новый день"),
            ("हिन्दी समाचार", "हिन्दी समाचार"),
            ("!!!", ""),
        ] {
            assert_eq!(fold_outlet_name(name), key);
            assert_eq!(fold_outlet_name(key), key, "the function is idempotent");
        }
        assert_eq!(fold_name("The Who"), "the who");
    }

    #[test]
    fn different_outlets_have_different_keys() {
        assert_ne!(fold_outlet_name("The Times"), fold_outlet_name("The New York Times"));
        assert_ne!(fold_outlet_name("Daily News"), fold_outlet_name("Daily Newt"));
        assert_ne!(fold_outlet_name("新华社"), fold_outlet_name("共同社"));
    }

    #[test]
    fn different_tags_have_different_keys() {
        let tags = ["C#", "C++", "C", "权力", "权利", "عالم", "علم"];
        let keys: HashSet<String> = tags.iter().map(|tag| fold_name(tag)).collect();
        assert_eq!(keys.len(), tags.len(), "{keys:?}");
        for tag in tags {
            assert_eq!(fold_name(&fold_name(tag)), fold_name(tag));
        }
        let slugs: HashSet<String> = tags.iter().map(|tag| slugify(tag)).collect();
        assert_eq!(slugs.len(), tags.len() - 1, "only 权力 and 权利 have the same slug: {slugs:?}");
    }

    #[test]
    fn an_invisible_name_is_blank() {
        for name in
            ["", " \t\n", "\u{200B}\u{200D}", "\u{3164}\u{A0}", "\u{2800}", "\u{202E}\0\u{E0041}"]
        {
            assert!(is_blank_name(name), "{name:?}");
        }
        for name in ["a", ".", "می\u{200C}خواهم", "👩\u{200D}💻", "ㅤx"] {
            assert!(!is_blank_name(name), "{name:?}");
        }
    }
}
