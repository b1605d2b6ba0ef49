//! The excerpt of an article: the first words of its quote or commentary as plain text.

use safe_html::plain_text;

/// The maximum length of an excerpt in characters.
pub(crate) const MAX_EXCERPT: usize = 280;

/// Returns the beginning of a text in HTML, which may be cut anywhere: its words, separated by spaces and
/// cut between words, with an ellipsis if more follow. None without a word.
pub(crate) fn excerpt(html: &str) -> Option<String> {
    let text = plain_text(html);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_EXCERPT {
        return Some(words).filter(|words| !words.is_empty());
    }
    // One character less, for the ellipsis.
    let head: String = words.chars().take(MAX_EXCERPT - 1).collect();
    // A text without spaces, as in Chinese, is cut between characters.
    let cut = head.rfind(' ').filter(|cut| *cut > head.len() / 2).unwrap_or(head.len());
    let head = head.get(..cut)?.trim_end_matches([' ', ',', ';', ':', '.', '…']);
    Some(format!("{head}…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_cut_between_words() {
        assert_eq!(excerpt("<p>One &amp; two</p>\n<p>three</p>").unwrap(), "One & two three");
        assert_eq!(excerpt("<p><img src=\"a\"></p>"), None);
        let long = excerpt(&format!("<p>{}</p>", "words, ".repeat(100))).unwrap();
        assert!(long.chars().count() <= MAX_EXCERPT && long.ends_with("words…"), "{long}");
        let chinese = excerpt(&"新".repeat(1000)).unwrap();
        assert_eq!(chinese.chars().count(), MAX_EXCERPT);
        assert_eq!(excerpt(&"x".repeat(280)).unwrap().chars().count(), MAX_EXCERPT);
        assert_eq!(excerpt("<p>One <a href=\"https://exam").unwrap(), "One");
    }
}
