//! How deep the elements of an HTML text may nest.
//!
//! Parsing is quadratic in the depth, and elements left open are opened anew in every later
//! paragraph, so a few kilobytes can cost seconds. Text nested deeper than any author means it
//! is told apart before it is parsed.

use std::collections::HashMap;

/// Elements that never nest in themselves: they hold nothing, or the next one closes the last.
const FLAT: [&str; 33] = [
    "a", "area", "base", "basefont", "bgsound", "body", "br", "button", "col", "colgroup", "dd",
    "dt", "embed", "frame", "head", "hr", "html", "img", "input", "keygen", "li", "link", "meta",
    "nobr", "option", "p", "param", "source", "tbody", "td", "th", "tr", "wbr",
];

/// Whether more than `limit` elements can be open at once. Counts rather too many than too few.
pub(super) fn is_deeper(html: &str, limit: usize) -> bool {
    let mut open: HashMap<String, usize> = HashMap::new();
    let mut depth = 0;
    for tag in html.split('<').skip(1) {
        let end = tag.strip_prefix('/');
        let name: String = end
            .unwrap_or(tag)
            .chars()
            .take_while(|c| !c.is_ascii_whitespace() && !matches!(c, '/' | '>'))
            .map(|c| c.to_ascii_lowercase())
            .collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || FLAT.contains(&name.as_str()) {
            continue;
        }
        let count = open.entry(name).or_default();
        if end.is_none() {
            *count += 1;
            depth += 1;
        } else if *count > 0 {
            *count -= 1;
            depth -= 1;
        }
        if depth > limit {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_and_rows_of_elements_are_not() {
        for (html, deeper) in [
            ("<div>".repeat(11), true),
            ("<div>".repeat(10), false),
            ("<div></div>".repeat(100), false),
            ("<p>a<br><img src=x><li>".repeat(100), false),
            ("<B></i>".repeat(11), true),
            ("<i><b></i>".repeat(11), true),
            ("<x-y z>".repeat(11), true),
            ("a < b <3 <!-- ".repeat(100), false),
        ] {
            assert_eq!(is_deeper(&html, 10), deeper, "{html}");
        }
    }
}
