//! The model of a feed, independent of its format.

use crate::articles::ArticleImage;
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use safe_html::xml_chars;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use url::Url;
use utoipa::{IntoParams, ToSchema};

/// A feed with a page of its entries.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    pub(super) id: String,
    pub(super) title: String,
    /// The URL of the page that shows the same.
    pub(super) home: String,
    /// The URL of this page of the feed.
    pub(super) self_url: String,
    /// The URLs of the next and previous pages (RFC 5005).
    pub(super) next: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) entries: Vec<Entry>,
    /// The time of the last change of the site, also of what is no longer in the feed.
    pub(super) changed: DateTime<Utc>,
    /// The language of the site.
    pub(super) lang: Option<String>,
}

/// An entry: an article or a comment.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) title: String,
    /// The URL that its title links to.
    pub(super) url: String,
    pub(super) summary: Option<String>,
    /// The content as sanitised HTML.
    pub(super) html: String,
    pub(super) lang: Option<String>,
    pub(super) published: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
    pub(super) author: Option<Person>,
    pub(super) image: Option<ArticleImage>,
    /// The slug and name of a tag.
    pub(super) tags: Vec<(String, String)>,
    /// The lead source.
    pub(super) via: Option<Source>,
    /// The further sources.
    pub(super) related: Vec<Source>,
    pub(super) replies: Option<Replies>,
    /// The id and URL of what it replies to (RFC 4685).
    pub(super) in_reply_to: Option<(String, String)>,
}

/// The author of an entry.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) page: Option<String>,
}

/// A source that an entry cites.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) url: String,
    pub(super) title: String,
}

/// The comments on an entry.
#[derive(Debug, Clone)]
pub(super) struct Replies {
    /// The Atom feed of its comments.
    pub(super) feed: String,
    pub(super) count: i32,
}

impl Feed {
    /// Returns the time of the last change; 1970 for a site without articles. It never goes back, also when
    /// the entry that changed last is withdrawn.
    pub(super) fn updated(&self) -> DateTime<Utc> {
        let newest = self.entries.iter().map(|entry| entry.updated).max().unwrap_or_default();
        newest.max(self.changed)
    }
}

/// The XML namespace of Media RSS, which feed readers take pictures from.
pub(super) const MEDIA: (&str, &str) = ("media", "http://search.yahoo.com/mrss/");

/// Returns the attributes of the element `media:content` for a picture, and its children.
pub(super) fn media_content(
    image: &ArticleImage,
) -> (BTreeMap<String, String>, Vec<(&'static str, String)>) {
    let size = |size: Option<i32>| size.map(|size| size.to_string());
    let attributes = [
        ("url", Some(xml_safe(&image.url))),
        ("medium", Some("image".to_owned())),
        ("width", size(image.width)),
        ("height", size(image.height)),
    ];
    let text = |text: &Option<String>| text.as_deref().map(xml_safe);
    let description = image.caption.as_ref().or(image.alt.as_ref());
    let children = [
        ("media:description", description.map(|text| xml_safe(text))),
        ("media:credit", text(&image.credit)),
    ];
    let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name.into(), value?)));
    let children = children.into_iter().filter_map(|(name, value)| Some((name, value?)));
    (attributes.collect(), children.collect())
}

/// Returns a permanent id: a UUID (RFC 9562, version 8) made from the site's id and the name of the object.
pub(super) fn urn(site: &str, object: &str) -> String {
    let digest = Sha256::digest(format!("{site}:{object}"));
    let mut bytes: [u8; 16] = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    let mut number = u128::from_be_bytes(bytes);
    number = number & !(0xf << 76) | 8 << 76;
    number = number & !(0x3 << 62) | 2 << 62;
    let mut text = "urn:uuid:".to_owned();
    for (at, digit) in format!("{number:032x}").chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// Replaces the characters that XML does not allow. No API stores any, but a text may have been stored by
/// SQL.
pub(super) fn xml_safe(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some(found) = xml_chars::find_forbidden_char(&text) {
        text = text.replace(found.character, "\u{FFFD}");
    }
    text
}

/// The bytes that no URL contains (RFC 3986), beyond those that `url` escapes.
const NOT_IN_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Returns a URL with its invalid characters escaped. Editors' URLs are stored as they wrote them, which
/// feed readers do not all accept.
pub(super) fn valid_url(url: &str) -> String {
    let parsed = Url::parse(url).map_or_else(|_| url.to_owned(), String::from);
    let escaped = utf8_percent_encode(&parsed, NOT_IN_URLS).to_string();
    // A percent sign that begins no escape is one itself.
    let mut valid = String::with_capacity(escaped.len());
    for (at, part) in escaped.split('%').enumerate() {
        let is_escape =
            part.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        valid.push_str(match at {
            0 => "",
            _ if is_escape => "%",
            _ => "%25",
        });
        valid.push_str(part);
    }
    valid
}

/// The formats, by file extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

/// The query parameters of a feed.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedQuery {
    /// What the title of an entry links to: its page or its lead source.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(super) link: LinkTo,
}

/// What the title of an entry links to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[schema(default = "page")]
#[serde(rename_all = "snake_case")]
pub(super) enum LinkTo {
    /// Its page.
    #[default]
    Page,
    /// Its lead source, if that has a URL.
    Source,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_has_its_own_uuid() {
        let (one, other) = (urn("s", "article:1"), urn("s", "article:2"));
        assert_ne!(one, other);
        assert_eq!(one, urn("s", "article:1"));
        assert_eq!(one.len(), "urn:uuid:".len() + 36);
        assert_eq!(one.chars().nth(9 + 14), Some('8'), "{one}");
        assert!("89ab".contains(one.chars().nth(9 + 19).unwrap()), "{one}");
    }

    #[test]
    fn invalid_characters_of_urls_are_escaped() {
        for (url, valid) in [
            ("https://example.com/a b|c", "https://example.com/a%20b%7Cc"),
            ("https://example.com/100%/a%20b?q=é", "https://example.com/100%25/a%20b?q=%C3%A9"),
            ("https://мост.example/", "https://xn--l1aeje.example/"),
            ("https://example.com/a?b={c}^\\#d`e", "https://example.com/a?b=%7Bc%7D%5E%5C#d%60e"),
            ("mailto:a b", "mailto:a%20b"),
        ] {
            assert_eq!(valid_url(url), valid);
            assert_eq!(valid_url(valid), valid);
        }
    }

    #[test]
    fn characters_that_xml_does_not_allow_are_replaced() {
        assert_eq!(xml_safe("a\u{1}b\u{FFFE}\u{1}c\n"), "a\u{FFFD}b\u{FFFD}\u{FFFD}c\n");
    }
}
