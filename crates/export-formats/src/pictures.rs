//! Finds the picture of a post whose export does not name one: these systems show the one that the
//! editor marked, or else the first of the text.

use crate::record::Image;
use regex::Regex;
use safe_html::plain_text;
use std::sync::LazyLock;

static IMAGE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)<img\b(?:[^>"']|"[^"]*"|'[^']*')*>"#).ok());

static ATTRIBUTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?is)\s([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#).ok()
});

/// The caption of a figure.
static CAPTION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)^.{0,2000}?<figcaption[^>]*>(.*?)</figcaption>").ok());

/// Returns the picture that is marked as the post's (`data-is-featured`), or else the first.
pub(crate) fn first_picture(html: &str) -> Option<Image> {
    let image = IMAGE.as_ref()?;
    let is_featured = |tag: &&str| tag.contains("data-is-featured=\"true\"");
    let mut tags = image.find_iter(html).map(|tag| (tag.as_str(), tag.end()));
    let first = tags.next()?;
    let (tag, end) =
        std::iter::once(first).chain(tags).find(|(tag, _)| is_featured(tag)).unwrap_or(first);
    let rest = html.get(end..).unwrap_or_default();
    // The caption of this figure, not of the next.
    let figure = rest.split_once("</figure>").map(|(figure, _)| figure);
    let caption = figure.and_then(|figure| Some(CAPTION.as_ref()?.captures(figure)?[1].to_owned()));
    let number = |name: &str| attribute(tag, name).and_then(|size| size.parse().ok());
    let text = |html: String| Some(plain_text(&html)).filter(|text| !text.trim().is_empty());
    Some(Image {
        alt: attribute(tag, "alt").and_then(text),
        caption: caption.and_then(text),
        width: number("width").or_else(|| number("data-width")),
        height: number("height").or_else(|| number("data-height")),
        ..Image::at(&attribute(tag, "src")?.replace("&amp;", "&"))?
    })
}

/// Returns the value of an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut found = ATTRIBUTE.as_ref()?.captures_iter(tag);
    let found = found.find(|found| found.get(1).is_some_and(|key| key.as_str() == name))?;
    found.iter().skip(2).flatten().next().map(|value| value.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_or_the_marked_picture_is_found() {
        let html = "<figure><img src='https://a.example/1.jpg' alt='One &amp; only'></figure>\
            <figure><img data-is-featured=\"true\" data-width=\"800\" data-height=\"600\" \
            src=\"https://a.example/2.jpg\"><figcaption>Two <b>boats</b></figcaption></figure>";
        let marked = first_picture(html).unwrap();
        assert_eq!(marked.url, "https://a.example/2.jpg");
        assert_eq!((marked.width, marked.height), (Some(800), Some(600)));
        assert_eq!(marked.caption.as_deref(), Some("Two boats"));
        let first = first_picture(&html.replace("data-is-featured", "data-x")).unwrap();
        assert_eq!(first.url, "https://a.example/1.jpg");
        assert_eq!(first.alt.as_deref(), Some("One & only"));
        assert_eq!(first.caption, None);
        assert_eq!(first_picture("<p>No picture</p>"), None);
    }
}
