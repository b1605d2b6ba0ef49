//! What every format yields: posts, replies to them, and what is left out, each with its place.

use crate::articles::{ArticleAuthor, ArticleStatus};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// A post as a source has it. Two exports of one blog that say the same give the same record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Post {
    /// The kind of source: `blogger`, `wordpress`, `roundup`.
    pub(super) source: &'static str,
    /// What the source calls it.
    pub(super) id: String,
    pub(super) title: Option<String>,
    /// Its name in its old address.
    pub(super) slug: Option<String>,
    pub(super) status: ArticleStatus,
    pub(super) dek: Option<String>,
    pub(super) author: ArticleAuthor,
    pub(super) published_at: Option<DateTime<Utc>>,
    /// The source gives a local time without its zone.
    pub(super) date_uncertain: bool,
    pub(super) updated_at: Option<DateTime<Utc>>,
    pub(super) tags: Vec<String>,
    /// Its former addresses, without the host.
    pub(super) paths: Vec<String>,
    pub(super) comments_open: bool,
    pub(super) body: Body,
}

/// How a post is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Body {
    Text(String),
    Markdown(String),
    Html(String),
    /// HTML whose paragraphs are parted by blank lines, as WordPress keeps it.
    Loose(String),
}

impl Body {
    /// As the source has it.
    pub(super) fn text(&self) -> &str {
        let (Self::Text(text) | Self::Markdown(text) | Self::Html(text) | Self::Loose(text)) = self;
        text
    }
}

impl Post {
    /// Of the whole record: the same hash is the same post.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).to_vec()
    }
}

/// What a reader, or another site, said under a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) source: &'static str,
    pub(super) of: Target,
    /// What the source calls it; within its post there is no other of this id.
    pub(super) id: String,
    /// The id of what it answers.
    pub(super) parent: Option<String>,
    pub(super) kind: ReplyKind,
    /// As stored: `approved`, `pending`, `spam`, `deleted`.
    pub(super) status: &'static str,
    pub(super) author: Person,
    pub(super) is_editor: bool,
    /// As written.
    pub(super) text: String,
    pub(super) html: String,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) uncertain: bool,
}

/// Who said it. The e-mail address is never public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) email: Option<String>,
}

/// A reader's comment, or the notice of another site that it links here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyKind {
    Comment,
    Pingback,
    Trackback,
}

impl ReplyKind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Pingback => "pingback",
            Self::Trackback => "trackback",
        }
    }
}

/// Which post a reply is to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// By what its source calls it.
    Post(&'static str, String),
    /// By a former address, the likeliest first.
    Paths(Vec<String>),
}

/// One find in a file.
#[derive(Debug)]
pub(super) enum Record {
    Post(Box<Post>),
    Reply(Box<Reply>),
    /// What is no part of a site: a template, a setting, an image. The kind is counted.
    Left {
        kind: String,
        reason: String,
    },
    /// What should have gone in and cannot.
    Failed {
        reason: String,
    },
    /// What somebody should look at.
    Remark {
        raw: String,
        reason: String,
    },
    /// Only counted.
    Seen(&'static str),
    /// The format that the file was found to be in.
    Format(&'static str),
    /// A line of an export of our own.
    Row(Box<super::ndjson::Row>),
}

/// A record and where it stands.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) record: Record,
}

/// The file and the line, counted from 1; 0 where the file as a whole is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) line: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// Why the reading of a file ends before the file does.
#[derive(Debug)]
pub(super) enum Halt {
    /// Nobody takes the records any more.
    Gone,
    /// The file cannot be read on from here.
    Broken { line: u64, byte: u64, reason: String },
}

impl Halt {
    /// The file as a whole is the matter.
    pub(super) fn whole(reason: impl Into<String>) -> Self {
        Self::Broken { line: 0, byte: 0, reason: reason.into() }
    }
}

/// Where the records of one file go.
#[derive(Debug)]
pub(super) struct Out<'a> {
    pub(super) sender: &'a Sender<Found>,
    pub(super) file: Arc<str>,
}

impl Out<'_> {
    pub(super) fn put(&self, line: u64, record: Record) -> Result<(), Halt> {
        let place = Place { file: Arc::clone(&self.file), line };
        self.sender.blocking_send(Found { place, record }).map_err(|_gone| Halt::Gone)
    }

    pub(super) fn left(&self, line: u64, kind: &str, reason: &str) -> Result<(), Halt> {
        self.put(line, Record::Left { kind: kind.to_owned(), reason: reason.to_owned() })
    }

    pub(super) fn remark(&self, line: u64, raw: &str, reason: &str) -> Result<(), Halt> {
        self.put(line, Record::Remark { raw: raw.to_owned(), reason: reason.to_owned() })
    }
}

/// A text without the white space around it; none if nothing is left.
pub(super) fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A name that may be shown: an e-mail address in its place gives only what stands before the `@`.
pub(super) fn public_name(text: &str) -> Option<String> {
    let name = filled(text)?;
    match name.split_once('@') {
        Some((head, domain)) if domain.contains('.') && !name.contains(char::is_whitespace) => {
            filled(head)
        }
        _ => Some(name),
    }
}

/// The address of a page without scheme and host: what it is looked up by after a move.
pub(super) fn path_of(address: &str) -> Option<String> {
    let address = address.trim();
    let (before, _) = address.split_once('#').unwrap_or((address, ""));
    if before.starts_with('/') && !before.starts_with("//") {
        return Some(before.to_owned());
    }
    let (_, rest) = before.split_once("://")?;
    let at = rest.find(['/', '?'])?;
    let (_, path) = rest.split_at(at);
    if path.starts_with('?') { Some(format!("/{path}")) } else { Some(path.to_owned()) }
}

/// The ways in which an address may be spelled, the likeliest first.
pub(super) fn spellings(address: &str) -> Vec<String> {
    let Some(path) = path_of(address) else { return Vec::new() };
    let bare = path.split_once('?').map_or(path.as_str(), |(bare, _)| bare).to_owned();
    let other = match bare.strip_suffix('/') {
        Some(cut) => cut.to_owned(),
        None => format!("{bare}/"),
    };
    let mut all = vec![path];
    for spelling in [bare, other] {
        // The front page is no article: a query alone is what names one there.
        if !all.contains(&spelling) && spelling.len() > 1 {
            all.push(spelling);
        }
    }
    all
}

/// What a path is found by.
pub fn path_hash(path: &str) -> Vec<u8> {
    Sha256::digest(path.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_an_address_without_its_host() {
        for (address, path) in [
            ("http://a.example/2014/12/us.html#c1", Some("/2014/12/us.html")),
            ("https://a.example/?p=17", Some("/?p=17")),
            ("https://a.example?p=17", Some("/?p=17")),
            ("/2014/us.html", Some("/2014/us.html")),
            ("https://a.example", None),
            ("//a.example/x", None),
            ("", None),
        ] {
            assert_eq!(path_of(address).as_deref(), path, "{address}");
        }
    }

    #[test]
    fn an_address_has_spellings() {
        assert_eq!(spellings("http://a.example/b?x=1"), ["/b?x=1", "/b", "/b/"]);
        assert_eq!(spellings("http://a.example/b/"), ["/b/", "/b"]);
        assert_eq!(spellings("http://a.example/?p=1"), ["/?p=1"]);
    }

    #[test]
    fn an_address_in_place_of_a_name_is_not_shown() {
        assert_eq!(public_name(" james@a.example ").as_deref(), Some("james"));
        assert_eq!(public_name("James @ home").as_deref(), Some("James @ home"));
        assert_eq!(public_name(" "), None);
    }
}
