//! The records that every parser returns: posts, comments, and notes about what was skipped.

use crate::format::Format;
use crate::ndjson::ExportLine;
use crate::position::Position;
use chrono::{DateTime, Utc};
use safe_html::{AuthorRole, Markup, render};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A blog post. The JSON form is hashed and stored (see [`Post::hash`]): do not rename or reorder
/// fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Post {
    /// The system that the post comes from: a constant of [`crate::source`].
    pub source: &'static str,
    /// The post's id in the feeds of its site, as a URI.
    #[serde(skip)]
    pub guid: Option<String>,
    /// The post's id in that system.
    pub id: String,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// The last part of its former URL.
    pub slug: Option<String>,
    /// Whether it was public.
    pub status: PostStatus,
    /// The line below the title.
    pub dek: Option<String>,
    /// Who wrote it.
    pub author: Author,
    /// When it was, or will be, published.
    pub published_at: Option<DateTime<Utc>>,
    /// Whether the source gives a local time without a time zone.
    pub date_uncertain: bool,
    /// When it was changed last.
    pub updated_at: Option<DateTime<Utc>>,
    /// The names of its tags and categories.
    pub tags: Vec<String>,
    /// The paths of its former URLs, without the host.
    pub paths: Vec<String>,
    /// Whether readers may comment on it.
    pub comments_open: bool,
    /// Its text.
    pub body: Body,
    /// The language, as a tag of BCP 47.
    // Left out of the hash if there is none, as before there was such a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The id of its picture, which is a record of its own: see [`Record::Image`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// The URL that relative URLs in the text refer to.
    #[serde(skip)]
    pub base_url: Option<String>,
    /// Whether nothing in the file says if the post was public. The status of an article that is
    /// stored already is then kept.
    #[serde(skip)]
    pub status_uncertain: bool,
}

impl Post {
    /// Returns the SHA-256 of the whole post: equal hashes mean equal posts.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).to_vec()
    }
}

/// Whether a post was public in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PostStatus {
    /// Not finished, or of a status that is not known.
    Draft,
    /// To be published at its time.
    Scheduled,
    /// Public.
    Published,
    /// Kept, but not public: pages, private posts and posts behind a password.
    Archived,
    /// In the trash.
    Trashed,
}

/// Who wrote a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Author {
    /// The public name.
    pub name: Option<String>,
    /// The URL of the author's page.
    pub url: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Its URL.
    pub url: String,
    /// The text for readers who do not see it.
    pub alt: Option<String>,
    /// The line below it.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
    /// The width in pixels.
    pub width: Option<i32>,
    /// The height in pixels.
    pub height: Option<i32>,
}

impl Image {
    /// Returns a picture of which only the URL is known; none if there is no URL.
    pub(crate) fn at(url: &str) -> Option<Self> {
        Some(Self { url: non_blank(url)?, ..Self::default() })
    }
}

/// The text of a post, by the language that it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Plain text.
    Text(String),
    /// Markdown.
    Markdown(String),
    /// The Markdown of a post that may be no roundup.
    MarkdownPost(String),
    /// HTML.
    Html(String),
    /// HTML as WordPress stores it: blank lines separate paragraphs.
    // The name is part of the stored hash; do not change it.
    #[serde(rename = "loose")]
    WordPressHtml(String),
}

impl Body {
    /// Returns the text as the source has it.
    pub fn text(&self) -> &str {
        let (Self::Text(text)
        | Self::Markdown(text)
        | Self::MarkdownPost(text)
        | Self::Html(text)
        | Self::WordPressHtml(text)) = self;
        text
    }

    /// Returns a mutable reference to the text.
    pub fn text_mut(&mut self) -> &mut String {
        let (Self::Text(text)
        | Self::Markdown(text)
        | Self::MarkdownPost(text)
        | Self::Html(text)
        | Self::WordPressHtml(text)) = self;
        text
    }
}

/// A reader's comment on a post, or a pingback or trackback from another site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The system that the comment comes from: a constant of [`crate::source`].
    pub source: &'static str,
    /// The post that it belongs to.
    pub target: CommentTarget,
    /// Its id, unique among the comments on its post.
    pub id: String,
    /// The id of the comment that it replies to.
    pub parent: Option<String>,
    /// The system that the comment comes from to which it replies, if it is another.
    pub parent_source: Option<&'static str>,
    /// Whether this is a copy that another system holds. The original replaces it.
    pub is_copy: bool,
    /// Whether it is a comment, a pingback or a trackback.
    pub kind: CommentKind,
    /// Whether it was public.
    pub status: CommentStatus,
    /// Who wrote it.
    pub author: CommentAuthor,
    /// Whether its author is an editor of the blog.
    pub is_editor: bool,
    /// The text as written.
    pub text: String,
    /// The text as sanitised HTML.
    pub html: String,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether the start or end of the comment was guessed.
    pub boundaries_uncertain: bool,
}

/// Who wrote a comment. The e-mail address is never public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommentAuthor {
    /// The public name.
    pub name: Option<String>,
    /// The URL of the author's page.
    pub url: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

/// The kind of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentKind {
    /// A reader's comment.
    Comment,
    /// A notice from another site by the Pingback protocol.
    Pingback,
    /// A notice from another site by the Trackback protocol.
    Trackback,
}

impl CommentKind {
    /// Returns the name that is stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Pingback => "pingback",
            Self::Trackback => "trackback",
        }
    }
}

/// Whether a comment was public in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentStatus {
    /// Public.
    Approved,
    /// Waiting for a moderator, or of a status that is not known.
    Pending,
    /// Marked as spam.
    Spam,
    /// Deleted; its replies stay.
    Deleted,
}

impl CommentStatus {
    /// Returns the name that is stored in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Pending => "pending",
            Self::Spam => "spam",
            Self::Deleted => "deleted",
        }
    }
}

/// The post that a comment belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CommentTarget {
    /// The post with this source and id.
    Post(&'static str, String),
    /// The possible paths of the post's page, most likely first.
    Paths(Vec<String>),
}

/// One item that a parser found in a file.
#[derive(Debug)]
pub enum Record {
    /// A post.
    Post(Box<Post>),
    /// A comment, pingback or trackback.
    Comment(Box<Comment>),
    /// A picture that posts name as theirs by its id, before or after it in the file.
    Image {
        /// The id of the picture.
        id: String,
        /// The picture.
        image: Box<Image>,
    },
    /// Something that is not part of an import: a template, a setting, an image.
    Skipped {
        /// The kind of the skipped item, used for counting.
        kind: String,
        /// Why it was skipped.
        reason: String,
    },
    /// Something that should have been imported and cannot be.
    Failed {
        /// Why it cannot be imported.
        reason: String,
    },
    /// Something that a person should look at.
    Warning {
        /// The text in question, as it is in the file.
        raw: String,
        /// What is unusual about it.
        reason: String,
    },
    /// An item that is only counted, by kind.
    Counted(&'static str),
    /// The format that the file is read as.
    Format(Format),
    /// A line of an export of a roundup database.
    ExportLine(Box<ExportLine>),
}

/// A record and its position in the file.
#[derive(Debug)]
pub struct PositionedRecord {
    /// The file and the line at which the record begins.
    pub position: Position,
    /// The record.
    pub record: Record,
}

/// Returns a reader's comment as sanitised HTML.
pub(crate) fn comment_html(text: &str, markup: Markup) -> String {
    render(text, markup, AuthorRole::Reader)
}

/// Trims a text. Returns `None` if it is blank.
pub(crate) fn non_blank(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns a name that may be shown publicly: for an e-mail address, the part before the `@`. An
/// address after other words is removed.
pub(crate) fn public_name(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    let (addresses, others): (Vec<&str>, Vec<&str>) =
        words.filter(|word| !word.is_empty()).partition(|word| local_part(word).is_some());
    match addresses.first().copied().and_then(local_part) {
        None => non_blank(text),
        Some(local) if others.is_empty() => non_blank(local),
        Some(_) => non_blank(&others.join(" ")),
    }
}

/// Returns the part before the `@` of an e-mail address, or `ann` of `@ann@social.example`.
fn local_part(word: &str) -> Option<&str> {
    let brackets_and_quotes = ['(', ')', '[', ']', '"', '\'', ',', ';'];
    let (local, domain) =
        word.trim_matches(brackets_and_quotes).trim_start_matches('@').split_once('@')?;
    domain.contains('.').then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_name_contains_no_email_address() {
        for (text, name) in [
            (" james@a.example ", "james"),
            ("Ann <ann@a.example>", "Ann"),
            ("Ann<ann@a.example>", "Ann"),
            ("Ann Bee (ann@a.example)", "Ann Bee"),
            ("<ann@a.example>", "ann"),
            ("@ann@social.example", "ann"),
            ("James @ home", "James @ home"),
            ("Ann  <3", "Ann  <3"),
        ] {
            assert_eq!(public_name(text).as_deref(), Some(name), "{text}");
        }
        assert_eq!(public_name(" "), None);
    }

    /// The hash is stored with each article: if it changed, every article that was imported
    /// before would be stored again by the next import.
    #[test]
    fn the_hash_of_a_post_does_not_change_between_versions() {
        let post = Post {
            source: crate::source::WORDPRESS,
            guid: None,
            id: "a.example#7".to_owned(),
            title: Some("Ferry sails".to_owned()),
            slug: None,
            status: PostStatus::Archived,
            dek: None,
            author: Author { name: Some("Ann".to_owned()), url: None },
            published_at: Some(DateTime::UNIX_EPOCH),
            date_uncertain: false,
            updated_at: None,
            tags: vec!["Ports".to_owned()],
            paths: vec!["/ferry/".to_owned()],
            comments_open: true,
            body: Body::WordPressHtml("It sails.".to_owned()),
            lang: None,
            image: None,
            image_id: None,
            base_url: None,
            status_uncertain: false,
        };
        let json = r#"{"source":"wordpress","id":"a.example#7","title":"Ferry sails","slug":null,"status":"archived","dek":null,"author":{"name":"Ann","url":null},"published_at":"1970-01-01T00:00:00Z","date_uncertain":false,"updated_at":null,"tags":["Ports"],"paths":["/ferry/"],"comments_open":true,"body":{"loose":"It sails."}}"#;
        assert_eq!(serde_json::to_string(&post).unwrap(), json);
        assert_eq!(post.hash(), Sha256::digest(json).to_vec());
    }
}
