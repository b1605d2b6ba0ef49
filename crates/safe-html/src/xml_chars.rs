//! Finds characters that XML 1.0 cannot carry.
//!
//! Text with such a character could not be served in a feed or written to an export, and
//! PostgreSQL cannot store U+0000 at all, so the service rejects it on input.

/// A character that no XML 1.0 document may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForbiddenChar {
    /// The number of characters before it.
    pub position: usize,
    /// The character itself.
    pub character: char,
}

/// Returns the first character of `text` that [`is_xml_char`] denies.
pub fn find_forbidden_char(text: &str) -> Option<ForbiddenChar> {
    text.chars()
        .enumerate()
        .find(|(_, character)| !is_xml_char(*character))
        .map(|(position, character)| ForbiddenChar { position, character })
}

/// Returns whether XML 1.0 can carry `character` (production `Char`, section 2.2): all but U+0000
/// to U+001F without tab, line feed and carriage return, and but U+FFFE and U+FFFF.
pub fn is_xml_char(character: char) -> bool {
    // A `char` is never a surrogate, so only these ranges are left to exclude.
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
            assert_eq!(find_forbidden_char(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_position_of_a_forbidden_character_is_counted_in_characters() {
        for (text, position, character) in [
            ("\0", 0, '\0'),
            ("né\u{1}\u{2}", 2, '\u{1}'),
            ("ab\u{1F}", 2, '\u{1F}'),
            ("新聞\u{FFFE}", 2, '\u{FFFE}'),
            ("x\u{FFFF}", 1, '\u{FFFF}'),
            ("x\u{B}y\u{C}", 1, '\u{B}'),
        ] {
            assert_eq!(
                find_forbidden_char(text),
                Some(ForbiddenChar { position, character }),
                "{text:?}"
            );
        }
    }
}
