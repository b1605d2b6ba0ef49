//! Finds characters that XML 1.0 cannot carry. Text that holds one could never be served in
//! a feed or written to an export, and U+0000 cannot be stored at all, so it is
//! refused on the way in.

/// A character that no XML 1.0 document may hold, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forbidden {
    /// How many characters stand before it.
    pub position: usize,
    /// The character itself.
    pub character: char,
}

/// The first character of `text` outside the `Char` production of XML 1.0 (section 2.2):
/// U+0000 to U+001F but tab, line feed and carriage return, and U+FFFE and U+FFFF.
pub fn first_forbidden(text: &str) -> Option<Forbidden> {
    text.chars()
        .enumerate()
        .find(|(_, character)| !is_carried(*character))
        .map(|(position, character)| Forbidden { position, character })
}

fn is_carried(character: char) -> bool {
    // A `char` is never a surrogate, so only these two ranges are left to exclude.
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_of_any_script_passes() {
        for text in ["", "a\tb\r\nc", "\u{7F}\u{85}", "日本語 🗞️ \u{FFFD}\u{10FFFF}\u{E000}"]
        {
            assert_eq!(first_forbidden(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_forbidden_character_is_found_and_its_place_is_counted_in_characters() {
        for (text, position, character) in [
            ("\0", 0, '\0'),
            ("né\u{1}\u{2}", 2, '\u{1}'),
            ("ab\u{1F}", 2, '\u{1F}'),
            ("新聞\u{FFFE}", 2, '\u{FFFE}'),
            ("x\u{FFFF}", 1, '\u{FFFF}'),
            ("x\u{B}y\u{C}", 1, '\u{B}'),
        ] {
            assert_eq!(first_forbidden(text), Some(Forbidden { position, character }), "{text:?}");
        }
    }
}
