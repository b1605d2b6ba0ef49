//! Writes text so that no character of it is read as markup.

use crate::xml_chars::is_xml_char;

/// Appends `text` as the content of an element or of an attribute in double quotes.
///
/// Line ends become line feeds, and characters that XML cannot carry are left out.
pub(crate) fn push_escaped(out: &mut String, text: &str, in_attribute: bool) {
    out.reserve(text.len());
    for character in text.chars() {
        push_char(out, character, in_attribute);
    }
}

/// Returns as much of `text`, escaped, as fits into `limit` bytes.
pub(crate) fn escape_within(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for character in text.chars() {
        let end = out.len();
        push_char(&mut out, character, false);
        if out.len() > limit {
            out.truncate(end);
            break;
        }
    }
    out
}

fn push_char(out: &mut String, character: char, in_attribute: bool) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\u{A0}' => out.push_str("&nbsp;"),
        '"' if in_attribute => out.push_str("&quot;"),
        // A parser reads a carriage return as a line feed.
        '\r' => out.push('\n'),
        _ if is_xml_char(character) => out.push(character),
        _ => {}
    }
}
