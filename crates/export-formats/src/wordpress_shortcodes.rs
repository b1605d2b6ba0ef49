//! Converts the shortcodes of WordPress that stand for pictures and links into HTML, and its embedded
//! pages into links. WordPress makes players of them when it shows a post.

use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A picture with a caption.
static CAPTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?s)\[caption[^\]]*\]\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*?)\[/caption\]",
    )
    .ok()
});

/// An embedded page, or a file that is played.
static EMBED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?s)\[embed[^\]]*\]\s*(?P<a>https?://[^\s\[\]<>"]+)\s*\[/embed\]|\[(?:youtube|vimeo)[ =]+(?P<b>https?://[^\s\[\]<>"]+)[^\]]*\]|\[(?:audio|video)\b[^\]]*?(?:src|mp3|m4a|ogg|wav|mp4|webm)="(?P<c>https?://[^"\s\[\]<>]+)"[^\]]*\](?:\s*\[/(?:audio|video)\])?"#,
    )
    .ok()
});

/// A frame with another page.
static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?is)<iframe\b[^>]*?\ssrc\s*=\s*["']((?:https?:)?//[^"']+)["'][^>]*>(?:.*?</iframe>)?"#,
    )
    .ok()
});

/// A URL that is a paragraph.
static BARE_URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?P<start>\A\s*|\n[ \t\r]*\n[ \t]*)(?P<url>https?://[^\s<>"\[\]]+)(?P<end>[ \t\r]*\n[ \t\r]*\n|\s*\z)"#,
    )
    .ok()
});

/// A gallery, which names pictures by their numbers.
static GALLERY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\[(?:gallery|playlist)\b[^\]]*\]").ok());

/// Converts the shortcodes in a text. Returns whether a gallery was left out.
pub(crate) fn convert(text: &mut String) -> bool {
    let has_shortcode = text.contains('[') || text.contains("<iframe") || text.contains("<IFRAME");
    if !has_shortcode && !text.contains("://") {
        return false;
    }
    replace(&CAPTION, text, |found| {
        let caption = found[2].trim();
        format!("<figure>{}<figcaption>{caption}</figcaption></figure>", &found[1])
    });
    replace(&EMBED, text, |found| {
        let url = ["a", "b", "c"].iter().find_map(|name| found.name(name));
        link(url.map_or("", |url| url.as_str()))
    });
    replace(&FRAME, text, |found| link(&found[1]));
    // Twice: of two such paragraphs the first takes the blank line between them.
    for _ in 0..2 {
        replace(&BARE_URL, text, |found| {
            format!("{}{}{}", &found["start"], link(&found["url"]), &found["end"])
        });
    }
    replace(&GALLERY, text, |_| String::new())
}

/// Replaces what a pattern finds. Returns whether it found anything.
fn replace(
    pattern: &LazyLock<Option<Regex>>,
    text: &mut String,
    with: impl Fn(&Captures<'_>) -> String,
) -> bool {
    let Some(pattern) = pattern.as_ref() else { return false };
    let Cow::Owned(replaced) = pattern.replace_all(text, |found: &Captures<'_>| with(found)) else {
        return false;
    };
    *text = replaced;
    true
}

/// Returns a link to a URL, which is its text too.
fn link(url: &str) -> String {
    format!("<a href=\"{url}\">{url}</a>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_and_links_remain_of_shortcodes() {
        for (text, html) in [
            (
                "[caption id=\"a\" width=\"300\"]<a href=\"x\"><img src=\"p.jpg\"/></a> At sea[/caption]",
                "<figure><a href=\"x\"><img src=\"p.jpg\"/></a><figcaption>At sea</figcaption></figure>",
            ),
            (
                "[embed]https://t.example/1[/embed]",
                "<a href=\"https://t.example/1\">https://t.example/1</a>",
            ),
            (
                "a\n\nhttps://v.example/w?x=1\n\nb",
                "a\n\n<a href=\"https://v.example/w?x=1\">https://v.example/w?x=1</a>\n\nb",
            ),
            ("Title\nhttps://v.example/\nmore", "Title\nhttps://v.example/\nmore"),
            (
                "[audio mp3=\"https://a.example/a.mp3\"][/audio]",
                "<a href=\"https://a.example/a.mp3\">https://a.example/a.mp3</a>",
            ),
            (
                "<iframe width=\"5\" src=\"//v.example/e\"></iframe>",
                "<a href=\"//v.example/e\">//v.example/e</a>",
            ),
            ("see https://v.example/ here [1]", "see https://v.example/ here [1]"),
        ] {
            let mut converted = text.to_owned();
            assert!(!convert(&mut converted), "{text}");
            assert_eq!(converted, html);
        }
        let mut gallery = "a [gallery ids=\"1,2\"] b".to_owned();
        assert!(convert(&mut gallery));
        assert_eq!(gallery, "a  b");
    }
}
