//! Slugs: short ASCII names for URLs.

use crate::transliterate::to_latin;
use crate::words::words;

/// The maximum length of a slug in characters.
pub const MAX_SLUG: usize = 80;

/// Returns a slug of `text`: lower-case ASCII words joined by "-", at most [`MAX_SLUG`] long.
///
/// Every script is written in Latin letters. A long text is cut between words. The slug always
/// holds a non-digit, so that it cannot be taken for an id: a text of digits alone gets the prefix
/// "n-" ("2014" is "n-2014"), and a text without a single word gives "untitled".
///
/// Different texts can have one slug, for example words of Chinese that sound alike. Compare
/// names by [`fold_name`](crate::names::fold_name), and number the slugs with [`number_slug`].
pub fn slugify(text: &str) -> String {
    let mut slug = String::new();
    // A slug holds only the first words, so a whole book need not be transliterated.
    let head: String = text.chars().take(MAX_SLUG * 8).collect();
    for word in words(&to_latin(&head)) {
        if slug.is_empty() {
            slug = word.chars().take(MAX_SLUG).collect();
        } else if slug.len() + 1 + word.len() <= MAX_SLUG {
            slug.push('-');
            slug.push_str(&word);
        } else {
            break;
        }
    }
    if slug.is_empty() {
        return "untitled".to_owned();
    }
    if slug.bytes().all(|byte| byte.is_ascii_digit()) {
        slug.insert_str(0, "n-");
        slug.truncate(MAX_SLUG);
    }
    slug
}

/// Returns `slug` with "-" and a number behind it, for the case that `slug` is taken. The slug is
/// shortened where the result would be longer than [`MAX_SLUG`].
pub fn number_slug(slug: &str, number: usize) -> String {
    let suffix = format!("-{number}");
    let room = MAX_SLUG.saturating_sub(suffix.len());
    let head: String = slug.chars().take(room).collect();
    format!("{}{suffix}", head.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_slugs() {
        for (text, slug) in [
            (
                "Iran Attacked Islamic State Forces in Iraq",
                "iran-attacked-islamic-state-forces-in-iraq",
            ),
            ("U.S. And Iranian Forces", "us-and-iranian-forces"),
            ("Here's The ‘Buffer Zone’", "heres-the-buffer-zone"),
            ("Oil & Gas: 3.5% up", "oil-and-gas-3-5-up"),
            ("Événement à Köln", "evenement-a-koln"),
            ("Новости дня", "novosti-dnia"),
            ("北京", "bei-jing"),
            ("ﬁnal Ｎｅｗｓ", "final-news"),
            ("  --  ", "untitled"),
            ("", "untitled"),
            ("2014", "n-2014"),
            ("٢٠١٤", "n-2014"),
            ("۲۰۱۴", "n-2014"),
            ("2014-12", "2014-12"),
        ] {
            assert_eq!(slugify(text), slug, "{text:?}");
        }
    }

    #[test]
    fn signs_behind_a_word_are_spelt_out() {
        for (text, slug) in [
            ("C", "c"),
            ("C#", "c-sharp"),
            ("C++", "c-plus-plus"),
            ("C++20", "c-20"),
            ("C#/.NET", "c-sharp-net"),
            ("Canal+ buys", "canal-plus-buys"),
            ("A+E Networks", "a-e-networks"),
            ("Issue #5: 1 + 1", "issue-5-1-1"),
            ("#metoo", "metoo"),
        ] {
            assert_eq!(slugify(text), slug, "{text:?}");
        }
    }

    #[test]
    fn a_long_slug_is_cut_between_words() {
        let slug = slugify(&"headline ".repeat(20));
        assert_eq!(slug, ["headline"; 9].join("-"));
        assert_eq!(slugify(&"x".repeat(300)), "x".repeat(80));
        assert_eq!(slugify(&"7".repeat(300)).len(), 80);
        assert!(slugify(&"7".repeat(300)).starts_with("n-7"));
    }

    #[test]
    fn a_slug_of_a_slug_is_itself() {
        for text in [
            "The Sun: Tokyo 東京!",
            "2014",
            "a.b.c d'e",
            "🗞 news",
            "\u{1F}\u{FFFF}",
            "C++",
            "ایران",
        ] {
            let slug = slugify(text);
            assert_eq!(slugify(&slug), slug, "{text:?}");
            assert!(slug.chars().all(|c| c == '-' || c.is_ascii_lowercase() || c.is_ascii_digit()));
            assert!(slug.chars().any(|c| !c.is_ascii_digit()));
        }
    }

    #[test]
    fn a_numbered_slug_is_no_longer_than_a_slug() {
        assert_eq!(number_slug("quan-li", 2), "quan-li-2");
        assert_eq!(number_slug(&"x".repeat(80), 12), format!("{}-12", "x".repeat(77)));
        assert_eq!(
            number_slug(&format!("{}-y", "x".repeat(77)), 2),
            format!("{}-2", "x".repeat(77))
        );
    }
}
