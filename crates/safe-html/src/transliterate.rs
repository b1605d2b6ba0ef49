//! Writes text of any script in Latin letters.

use deunicode::{deunicode_char, deunicode_with_tofu};
use unicode_normalization::UnicodeNormalization;

/// Returns `text` in ASCII; what has no transliteration becomes a space.
///
/// Words in Arabic letters are written by their sound ("ایران" is "iran"). Vowels that are not
/// written are not guessed ("محمد" is "mhmd"), and a letter sounds the same in every language.
pub(crate) fn to_latin(text: &str) -> String {
    // The zero-width characters within a Persian word part its letters, not its sounds.
    let characters: Vec<char> =
        text.nfkc().filter(|character| !matches!(character, '\u{200B}'..='\u{200D}')).collect();
    let mut latin = String::with_capacity(text.len());
    for run in characters.chunk_by(|a, b| is_arabic(*a) == is_arabic(*b)) {
        if run.first().copied().is_some_and(is_arabic) {
            push_arabic_word(&mut latin, run);
        } else {
            latin.push_str(&deunicode_with_tofu(&run.iter().collect::<String>(), " "));
        }
    }
    latin
}

/// Whether a character is a letter or a mark of the Arabic script; digits and punctuation are not.
fn is_arabic(character: char) -> bool {
    matches!(
        character,
        '\u{610}'..='\u{61A}' | '\u{620}'..='\u{65F}' | '\u{66E}'..='\u{6D3}' | '\u{6D5}'..='\u{6DC}'
    )
}

/// Whether a character is a mark above or below a letter, or the elongation of one.
fn is_mark(character: char) -> bool {
    matches!(
        character,
        '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6DC}'
    )
}

fn push_arabic_word(latin: &mut String, word: &[char]) {
    let mut previous = None;
    let mut is_second = false;
    for (index, character) in word.iter().copied().enumerate() {
        let rest = word.get(index + 1..).unwrap_or_default();
        let next = rest.iter().copied().find(|character| !is_mark(*character));
        match sound(character, previous, next, is_second) {
            Some(letters) => latin.push_str(letters),
            None => latin.push_str(deunicode_char(character).unwrap_or_default()),
        }
        if !is_mark(character) {
            is_second = previous.is_none();
            previous = Some(character);
        }
    }
}

/// Returns the sound of a letter between its neighbours in the word, or nothing for the rarer
/// letters of other languages.
fn sound(
    letter: char,
    previous: Option<char>,
    next: Option<char>,
    is_second: bool,
) -> Option<&'static str> {
    let is_first = previous.is_none();
    // An alef at the start only carries the vowel that follows it.
    let after_vowel = previous == Some('آ') || (previous == Some('ا') && !is_second);
    let sound = match letter {
        'ا' if is_first && matches!(next, Some('ي' | 'ی' | 'و')) => "",
        'ا' | 'آ' | 'أ' | 'ٱ' | 'ع' | 'ة' | 'ى' | '\u{670}' => "a",
        'و' if is_first || after_vowel || matches!(next, Some('ا' | 'آ' | 'ي' | 'ی')) => "w",
        'و' => "u",
        'ي' | 'ی' if is_first || after_vowel || matches!(next, Some('ا' | 'آ' | 'و')) => "y",
        'ي' | 'ی' | 'إ' => "i",
        'ئ' | 'ۀ' | 'ے' | 'ۓ' | 'ە' | 'ێ' => "e",
        'ؤ' | 'ۆ' => "o",
        'ب' => "b",
        'پ' => "p",
        'ت' | 'ط' | 'ٹ' => "t",
        'ث' => "th",
        'ج' => "j",
        'چ' => "ch",
        'ح' | 'ه' | 'ہ' | 'ھ' => "h",
        'خ' => "kh",
        'د' | 'ض' | 'ڈ' => "d",
        'ذ' => "dh",
        'ر' | 'ڑ' | 'ڕ' => "r",
        'ز' | 'ظ' => "z",
        'ژ' => "zh",
        'س' | 'ص' => "s",
        'ش' => "sh",
        'غ' => "gh",
        'ف' => "f",
        'ڤ' => "v",
        'ق' => "q",
        'ك' | 'ک' => "k",
        'گ' => "g",
        'ل' | 'ڵ' => "l",
        'م' => "m",
        'ن' | 'ں' => "n",
        // A vowel mark before the letter that writes the same vowel adds nothing.
        '\u{64E}' if next != Some('ا') => "a",
        '\u{64F}' if next != Some('و') => "u",
        '\u{650}' if !matches!(next, Some('ي' | 'ی')) => "i",
        '\u{64B}' => "an",
        '\u{64C}' => "un",
        '\u{64D}' => "in",
        'ء' => "",
        _ if is_mark(letter) => "",
        _ => return None,
    };
    Some(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arabic_letters_keep_their_sounds() {
        for (word, latin) in [
            ("ایران", "iran"),
            ("تهران", "thran"),
            ("سوريا", "surya"),
            ("وزير", "wzir"),
            ("علی", "ali"),
            ("یمن", "ymn"),
            ("اوکراین", "ukrayn"),
            ("رئیس", "reis"),
            ("عالم", "aalm"),
            ("علم", "alm"),
            ("محمد", "mhmd"),
            ("مُحَمَّد", "muhamad"),
            ("می\u{200C}خواهم", "mikhwahm"),
            ("کتاب ۲۰۱۴", "ktab 2014"),
            ("ﷲ", "allh"),
        ] {
            assert_eq!(to_latin(word), latin, "{word}");
        }
    }

    #[test]
    fn other_scripts_are_transliterated() {
        for (text, latin) in
            [("Ελλάδα", "Ellada"), ("한국", "hangug"), ("Köln; ½", "Koln; 1/2"), ("שלום", "shlvm")]
        {
            assert_eq!(to_latin(text).trim(), latin, "{text}");
        }
    }
}
