//! Percent-encodes paths and queries so that each character has one spelling: unneeded escapes are
//! decoded, missing ones are added, and hexadecimal digits are in upper case.

use std::fmt::Write;

/// The characters of a part of a URL that need no escape, beside letters, digits and `-._~`.
struct Spelling {
    /// Never escaped: they mean the same with and without an escape.
    plain: &'static [u8],
    /// Left as they are: without an escape they can be separators.
    kept: &'static [u8],
}

// Sites escape these in some URLs and not in others: `Foo_%28bar%29`, `0%2C0%2C1312750`.
const SEGMENT: Spelling = Spelling { plain: b"!'()*,:@", kept: b"$&+;=" };
const QUERY: Spelling = Spelling { plain: b"!'()*,:@/?", kept: b"$;=" };

/// Normalises a segment of a path. `%2F` stays, since it does not separate segments.
pub(super) fn segment(text: &str) -> String {
    encode(text, &SEGMENT)
}

/// Normalises the name or the value of a query parameter, in which `+` is a space.
pub(super) fn query(text: &str) -> String {
    encode(&text.replace('+', "%20"), &QUERY)
}

/// Decodes all escapes. Bytes that are not UTF-8 become U+FFFD.
pub(super) fn decode(text: &str) -> String {
    let bytes: Vec<u8> = decoded_bytes(text).map(|(byte, _)| byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encode(text: &str, spelling: &Spelling) -> String {
    let mut encoded = String::with_capacity(text.len());
    for (byte, escaped) in decoded_bytes(text) {
        let is_plain = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || spelling.plain.contains(&byte)
            || (!escaped && spelling.kept.contains(&byte));
        if is_plain {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Returns each byte and whether it was escaped. A `%` without two digits is a plain `%`.
fn decoded_bytes(text: &str) -> impl Iterator<Item = (u8, bool)> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        if let (b'%', [high, low, tail @ ..]) = (first, after)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            rest = tail;
            return Some((high << 4 | low, true));
        }
        rest = after;
        Some((*first, false))
    })
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
