//! The formats that can be read, and how the format of a file is recognised.

use crate::{movable_type, not_a_post};
use serde::Deserialize;

/// The format of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = ImportFormat))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A roundup as pasted text.
    Text,
    /// A roundup in Markdown.
    Markdown,
    /// A Blogger blog: a backup, Google Takeout, or the public feed.
    Blogger,
    /// A WordPress export (WXR), or a part of one.
    #[cfg_attr(feature = "clap", value(alias = "wxr"))]
    #[serde(alias = "wxr")]
    Wordpress,
    /// The RSS or Atom feed of any site.
    #[cfg_attr(feature = "clap", value(alias = "rss", alias = "atom"))]
    #[serde(alias = "rss", alias = "atom")]
    Feed,
    /// A Ghost export, with the comments of its members.
    Ghost,
    /// An export of Movable Type or `TypePad`.
    #[cfg_attr(feature = "clap", value(alias = "typepad"))]
    #[serde(alias = "typepad")]
    Movabletype,
    /// A Substack export: the ZIP archive.
    Substack,
    /// A Medium export: the ZIP archive.
    Medium,
    /// Comments from Disqus.
    Disqus,
    /// Comments from Remark42.
    Remark42,
    /// Comments in the JSON form that Isso imports.
    Isso,
    /// Comments from Commento or Comentario.
    Commento,
    /// An export of a roundup database.
    Ndjson,
}

impl Format {
    /// Returns the name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Blogger => "blogger",
            Self::Wordpress => "wordpress",
            Self::Feed => "feed",
            Self::Ghost => "ghost",
            Self::Movabletype => "movabletype",
            Self::Substack => "substack",
            Self::Medium => "medium",
            Self::Disqus => "disqus",
            Self::Remark42 => "remark42",
            Self::Isso => "isso",
            Self::Commento => "commento",
            Self::Ndjson => "ndjson",
        }
    }

    /// Returns what a file of this format is recognised by.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Text => "a text in no other format",
            Self::Markdown => "front matter, or the extension of Markdown",
            Self::Blogger => "an Atom feed with ids or elements of Blogger",
            Self::Wordpress => "RSS with elements of WordPress (wp:)",
            Self::Feed => "RSS or Atom without marks of WordPress or Blogger",
            Self::Ghost => "JSON with `db` and `posts`, or `exported_on`",
            Self::Movabletype => "fields such as `TITLE:` between lines of dashes",
            Self::Substack => "an archive with `posts.csv` and `posts/*.html`",
            Self::Medium => "an archive with pages in `posts/` named by their dates",
            Self::Disqus => "XML that begins with the element `disqus`",
            Self::Remark42 => "JSON with `locator`, or with `users` and `version`",
            Self::Isso => "JSON with `comments` by page",
            Self::Commento => "JSON with `commentHex`, `commenterHex` or `pageId`",
            Self::Ndjson => "a first line with `roundup_export`",
        }
    }

    /// Returns whether a file of this format is one post without marks of a system that wrote it.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Self::Text | Self::Markdown)
    }

    /// Recognises the format by the beginning of the file; between text and Markdown also by the
    /// file's name.
    ///
    /// # Errors
    /// Returns a sentence for the person who imports if it is none of the formats.
    pub fn detect(name: &str, head: &[u8]) -> Result<Self, String> {
        let unknown = |what: &str| {
            Err(format!("this is {what} of an unknown kind; name its format with `format`"))
        };
        if head.starts_with(b"SQLite format 3") {
            return unknown("an SQLite database");
        }
        if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
            return Err("the file is encoded in UTF-16; save it as UTF-8".to_owned());
        }
        let text = String::from_utf8_lossy(head);
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        let name = file_name(name).to_ascii_lowercase();
        let extension = extension(&name);
        let markdown = MARKDOWN_EXTENSIONS.contains(&extension);
        let plain = markdown || TEXT_EXTENSIONS.contains(&extension);
        match extension {
            "csv" => return Err(CSV.to_owned()),
            "html" | "htm" | "sql" => return unknown("a file"),
            _ => {}
        }
        if !plain {
            if text.starts_with('{') || text.starts_with('[') {
                return json_format(text).map_or_else(|| unknown("JSON"), Ok);
            }
            // A real export was seen to have one stray character before the declaration.
            let rest = text.get(1..).unwrap_or_default();
            if text.starts_with('<') || rest.starts_with("<?xml") {
                let format = xml_format(text);
                if text.contains("<!DOCTYPE") && format.is_none() {
                    return Err(DOCUMENT_TYPE.to_owned());
                }
                return format.map_or_else(|| unknown("XML"), Ok);
            }
        }
        if !markdown && movable_type::is_movable_type(text) {
            return Ok(Self::Movabletype);
        }
        if let Some(reason) = not_a_post::reason(text) {
            return Err(reason.to_owned());
        }
        if name.starts_with('.') || !(plain || extension.is_empty()) {
            return Err(format!(
                "`{name}` is not the name of a roundup, which ends with .txt or .md, and the file is in \
                 no other known format; if it is a roundup, name its format with `format`"
            ));
        }
        let marked = text.contains("](http") || text.lines().any(|line| line.starts_with("# "));
        Ok(if markdown || (marked && !plain) { Self::Markdown } else { Self::Text })
    }
}

/// The extensions of files in Markdown.
pub(crate) const MARKDOWN_EXTENSIONS: [&str; 4] = ["md", "markdown", "mdown", "mdx"];

/// The extensions of files of plain text.
pub(crate) const TEXT_EXTENSIONS: [&str; 2] = ["txt", "text"];

/// Why a table is rejected.
const CSV: &str = "this is a CSV table, as beehiiv and Wix write it, which cannot be read; export \
                   the posts as WordPress (WXR), RSS or Markdown";

/// Returns the last part of a path. The name of a file in an archive follows a colon.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\', ':']).next().unwrap_or(path)
}

/// Returns the extension of a file's name, without the dot; empty if it has none.
pub(crate) fn extension(name: &str) -> &str {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_extension = !stem.is_empty()
        && extension.len() <= 10
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_extension { extension } else { "" }
}

/// Why a document with a document type declaration is rejected: the declaration can define
/// entities, which grow without limit or read other files.
pub(crate) const DOCUMENT_TYPE: &str =
    "the file has a document type declaration (<!DOCTYPE>), which imports may not have";

/// Returns the format of an XML document by its first element.
fn xml_format(text: &str) -> Option<Format> {
    let mut rest = text;
    loop {
        let (_, tail) = rest.split_once('<')?;
        rest = match tail.strip_prefix("!--") {
            Some(comment) => comment.split_once("-->")?.1,
            None if tail.starts_with(['?', '!']) => tail.split_once('>')?.1,
            None => {
                let end = tail.find([' ', '\t', '\r', '\n', '>', '/']).unwrap_or(tail.len());
                let (name, _) = tail.split_at(end);
                return match name.rsplit(':').next()? {
                    "rss" if is_wordpress(text) => Some(Format::Wordpress),
                    "feed" if is_blogger(text) => Some(Format::Blogger),
                    "rss" | "RDF" | "feed" => Some(Format::Feed),
                    "disqus" => Some(Format::Disqus),
                    _ => None,
                };
            }
        };
    }
}

/// Returns whether RSS is an export of WordPress, and not a feed that WordPress publishes.
fn is_wordpress(text: &str) -> bool {
    text.contains("://wordpress.org/export/") || text.contains("<wp:")
}

/// Returns whether an Atom feed is of Blogger, by what precedes its entries: an entry may quote
/// anything.
fn is_blogger(text: &str) -> bool {
    let entry = ["<entry", ":entry"].iter().filter_map(|tag| text.find(tag)).min();
    let head = entry.and_then(|at| text.get(..at)).unwrap_or(text);
    ["tag:blogger.com,1999:", "schemas.google.com/blogger/2018", ">Blogger<"]
        .iter()
        .any(|mark| head.contains(mark))
}

/// Returns the format of a JSON document by the keys in it.
fn json_format(text: &str) -> Option<Format> {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if has("roundup_export") {
        Some(Format::Ndjson)
    } else if has("exported_on") || (has("db") && has("posts")) {
        Some(Format::Ghost)
    } else if has("commentHex") || has("commenterHex") || has("pageId") {
        Some(Format::Commento)
    } else if has("locator") || (has("users") && has("version")) {
        Some(Format::Remark42)
    } else if has("comments") || text.trim_end() == "[]" {
        Some(Format::Isso)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_recognised_by_the_beginning_of_the_file() {
        for (name, head, format) in [
            (
                "a.xml",
                "<?xml version='1.0'?><!-- <feed> --><rss version='2.0'><wp:wxr_version>",
                Some(Format::Wordpress),
            ),
            ("a.xml", "<rss version='2.0'><channel><item>", Some(Format::Feed)),
            ("a.xml", "<feed><id>tag:blogger.com,1999:blog-1</id>", Some(Format::Blogger)),
            ("a.xml", "<feed><entry><id>tag:blogger.com,1999:blog-1.post-1", Some(Format::Feed)),
            ("a.xml", "`<?xml version='1.0'?><disqus>", Some(Format::Disqus)),
            ("feed.atom", "\u{FEFF}<ns0:feed xmlns:ns0=''>", Some(Format::Feed)),
            ("a.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>", None),
            ("a.json", "[{\"id\":\"/a/\",\"comments\":[]}]", Some(Format::Isso)),
            ("a.json", "{\"version\":1,\"users\":[]}", Some(Format::Remark42)),
            ("a.json", "{\"db\":[{\"meta\":{\"exported_on\":1},\"data\":{", Some(Format::Ghost)),
            ("a.txt", "AUTHOR: a\n-----\nBODY:\nb\n-----\n", Some(Format::Movabletype)),
            (
                "a.json",
                "{\"version\":1,\"comments\":[{\"commentHex\":\"1\"}]}",
                Some(Format::Commento),
            ),
            ("a", "{\"roundup_export\":1}", Some(Format::Ndjson)),
            ("a.json", "{\"a\":1}", None),
            ("a.md", "{\"a\":1}", Some(Format::Markdown)),
            ("a", "# A\n", Some(Format::Markdown)),
            ("a", "A -- B\n", Some(Format::Text)),
            ("a", "SQLite format 3\0", None),
            ("notes/.env", "A -- B\n", None),
            ("a.yaml", "- url: https://a.example\n", None),
            ("a.log", "A -- B\n", None),
            ("a", "SECRET_KEY=abc\nPASSWORD=x\n", None),
            ("a.txt", "SECRET_KEY=abc\n", None),
            ("a.txt", "From ann@a.example Mon Jan  1 00:00:00 2024\nSubject: x\n", None),
            ("letter 2.5 of May", "A -- B\n", Some(Format::Text)),
            ("a.zip:b/c.md", "A\n", Some(Format::Markdown)),
        ] {
            assert_eq!(Format::detect(name, head.as_bytes()).ok(), format, "{head}");
        }
    }
}
