//! What every reader returns: posts, comments on them, and notes about what is left out.

use crate::format::Format;
use crate::ndjson::ExportLine;
use crate::position::Position;
use chrono::{DateTime, Utc};
use safe_html::{AuthorRole, Markup, render};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A post of a blog. Two exports of one blog with the same content give equal posts.
///
/// The order and the names of the fields, as JSON, are part of [`Post::hash`], which is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Post {
    /// The system that the post comes from: a constant of [`crate::source`].
    pub source: &'static str,
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
    /// The source gives a local time without its zone.
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

/// The text of a post, by the language that it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Plain text.
    Text(String),
    /// Markdown.
    Markdown(String),
    /// HTML.
    Html(String),
    /// HTML as WordPress stores it: blank lines separate paragraphs.
    #[serde(rename = "loose")]
    WordPressHtml(String),
}

impl Body {
    /// Returns the text as the source has it.
    pub fn text(&self) -> &str {
        let (Self::Text(text)
        | Self::Markdown(text)
        | Self::Html(text)
        | Self::WordPressHtml(text)) = self;
        text
    }

    /// Returns the text, to be changed.
    pub fn text_mut(&mut self) -> &mut String {
        let (Self::Text(text)
        | Self::Markdown(text)
        | Self::Html(text)
        | Self::WordPressHtml(text)) = self;
        text
    }
}

/// A reader's comment on a post, or the notice of another site that it links to the post.
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
    /// A comment or a notice.
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
    /// Where the comment begins or ends is a guess.
    pub uncertain: bool,
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

/// A comment of a reader, or the notice of another site that it links to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentKind {
    /// A reader's comment.
    Comment,
    /// A notice by the Pingback protocol.
    Pingback,
    /// A notice by the Trackback protocol.
    Trackback,
}

impl CommentKind {
    /// Returns the stored word.
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
    /// Returns the stored word.
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
    /// By the post's source and its id there.
    Post(&'static str, String),
    /// By the path of the post's page, the likeliest first.
    Paths(Vec<String>),
}

/// One thing that a reader found in a file.
#[derive(Debug)]
pub enum Record {
    /// A post.
    Post(Box<Post>),
    /// A comment, pingback or trackback.
    Comment(Box<Comment>),
    /// Something that is not part of an import: a template, a setting, an image.
    Skipped {
        /// What it is; counted.
        kind: String,
        /// Why it is left out.
        reason: String,
    },
    /// Something that should have been imported and cannot be.
    Failed {
        /// Why.
        reason: String,
    },
    /// Something that a person should look at.
    Warning {
        /// The text in question, as it is in the file.
        raw: String,
        /// What is unusual about it.
        reason: String,
    },
    /// Something that is only counted, by its kind.
    Counted(&'static str),
    /// The format that the file is read as.
    Format(Format),
    /// A line of an export of a roundup database.
    ExportLine(Box<ExportLine>),
}

/// A record and its position.
#[derive(Debug)]
pub struct Found {
    /// The file and the line at which the record begins.
    pub position: Position,
    /// The record.
    pub record: Record,
}

/// Returns a reader's comment as sanitised HTML.
pub(crate) fn comment_html(text: &str, markup: Markup) -> String {
    render(text, markup, AuthorRole::Reader)
}

/// Returns a text without the white space around it; none if nothing is left.
pub(crate) fn non_blank(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns a name that may be shown: of an e-mail address only the part before the `@`.
pub(crate) fn public_name(text: &str) -> Option<String> {
    let name = non_blank(text)?;
    match name.split_once('@') {
        Some((head, domain)) if domain.contains('.') && !name.contains(char::is_whitespace) => {
            non_blank(head)
        }
        _ => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_not_shown_as_a_name() {
        assert_eq!(public_name(" james@a.example ").as_deref(), Some("james"));
        assert_eq!(public_name("James @ home").as_deref(), Some("James @ home"));
        assert_eq!(public_name(" "), None);
    }

    /// The hash is stored with each article: if it changed, every article that was imported
    /// before would be stored again by the next import.
    #[test]
    fn the_hash_of_a_post_does_not_change_between_versions() {
        let post = Post {
            source: crate::source::WORDPRESS,
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
        };
        let json = r#"{"source":"wordpress","id":"a.example#7","title":"Ferry sails","slug":null,"status":"archived","dek":null,"author":{"name":"Ann","url":null},"published_at":"1970-01-01T00:00:00Z","date_uncertain":false,"updated_at":null,"tags":["Ports"],"paths":["/ferry/"],"comments_open":true,"body":{"loose":"It sails."}}"#;
        assert_eq!(serde_json::to_string(&post).unwrap(), json);
        assert_eq!(post.hash(), Sha256::digest(json).to_vec());
    }
}
