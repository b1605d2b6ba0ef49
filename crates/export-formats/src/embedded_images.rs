//! Removes pictures that are part of a text as `data:` URLs: editors paste them, they are larger than
//! all else, and the service stores no pictures.

use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// A picture in HTML or Markdown whose address is a `data:` URL.
static IMAGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?is)<img\b[^>]*?\bsrc\s*=\s*(?:"data:[^"]*"|'data:[^']*'|data:[^\s>]*)[^>]*>|!\[[^\]]*\]\(\s*<?data:[^)]*\)"#,
    )
    .ok()
});

/// Removes the pictures. Returns whether there were any.
pub(crate) fn remove(text: &mut String) -> bool {
    if !text.contains("data:") {
        return false;
    }
    let Some(image) = IMAGE.as_ref() else { return false };
    let Cow::Owned(without) = image.replace_all(text, "") else { return false };
    *text = without;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_embedded_pictures_are_removed() {
        for (text, without) in [
            ("a <img alt='x' src=\"data:image/png;base64,AAAA\" width=1> b", "a  b"),
            ("<IMG SRC='data:image/svg+xml;utf8,<svg>'>", ""),
            ("<img src=data:image/png;base64,AA==>", ""),
            ("![x](data:image/png;base64,AA==) y", " y"),
            ("the data: see <img src='https://a.example/data:1.png'>", ""),
            ("<a href='data:text/plain,x'>x</a>", ""),
        ] {
            let mut found = text.to_owned();
            let removed = remove(&mut found);
            let unchanged = without.is_empty() && !text.to_lowercase().starts_with("<img");
            assert_eq!(removed, !unchanged, "{text}");
            assert_eq!(found, if unchanged { text } else { without }, "{text}");
        }
    }
}
