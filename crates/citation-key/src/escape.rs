//! One spelling for each character of a path or a query. Percent-escapes that nobody needs are
//! decoded, missing ones added, and the hexadecimal digits written in capitals.

use std::fmt::Write;

/// Characters that mean the same escaped or not.
struct Spelling {
    /// Written plain, even where the address escaped them (beside letters, digits and `-._~`).
    plain: &'static [u8],
    /// Left as they are: plain they may separate, escaped they do not.
    kept: &'static [u8],
}

// Sites and editors escape these at whim: `Foo_%28bar%29`, `0%2C0%2C1312750`.
const SEGMENT: Spelling = Spelling { plain: b"!'()*,:@", kept: b"$&+;=" };
const QUERY: Spelling = Spelling { plain: b"!'()*,:@/?", kept: b"$;=" };

/// A segment of a path; `%2F` stays, since it is no slash.
pub(super) fn segment(text: &str) -> String {
    spell(text, &SEGMENT)
}

/// The name or the value of a query parameter; `+` is a space there.
pub(super) fn query(text: &str) -> String {
    spell(&text.replace('+', "%20"), &QUERY)
}

/// The text that escapes stand for; what is not UTF-8 is replaced.
pub(super) fn plain(text: &str) -> String {
    let bytes: Vec<u8> = characters(text).map(|(byte, _)| byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn spell(text: &str, spelling: &Spelling) -> String {
    let mut spelt = String::with_capacity(text.len());
    for (byte, escaped) in characters(text) {
        let plain = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || spelling.plain.contains(&byte)
            || (!escaped && spelling.kept.contains(&byte));
        if plain {
            spelt.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(spelt, "%{byte:02X}");
        }
    }
    spelt
}

/// Each byte, and whether an escape stood for it; a `%` without two digits is just a `%`.
fn characters(text: &str) -> impl Iterator<Item = (u8, bool)> {
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
