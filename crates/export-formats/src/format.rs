//! The formats that can be read, and how the format of a file is recognised.

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
    /// Comments from Disqus.
    Disqus,
    /// Comments from Remark42.
    Remark42,
    /// Comments in the JSON form that Isso imports.
    Isso,
    /// Comments from Commento.
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
            Self::Disqus => "disqus",
            Self::Remark42 => "remark42",
            Self::Isso => "isso",
            Self::Commento => "commento",
            Self::Ndjson => "ndjson",
        }
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
        let name = name.to_ascii_lowercase();
        if [".csv", ".html", ".htm", ".sql"].iter().any(|ending| name.ends_with(ending)) {
            return unknown("a file");
        }
        let plain = [".txt", ".text", ".md", ".markdown", ".mdown"];
        if !plain.iter().any(|ending| name.ends_with(ending)) {
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
        let marked = text.contains("](http") || text.lines().any(|line| line.starts_with("# "));
        let markdown = [".md", ".markdown", ".mdown"].iter().any(|ending| name.ends_with(ending));
        let plain = [".txt", ".text"].iter().any(|ending| name.ends_with(ending));
        Ok(if markdown || (marked && !plain) { Self::Markdown } else { Self::Text })
    }
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
                    "rss" => Some(Format::Wordpress),
                    "feed" => Some(Format::Blogger),
                    "disqus" => Some(Format::Disqus),
                    _ => None,
                };
            }
        };
    }
}

/// Returns the format of a JSON document by the keys in it.
fn json_format(text: &str) -> Option<Format> {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if has("roundup_export") {
        Some(Format::Ndjson)
    } else if has("commentHex") || has("commenterHex") {
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
                "<?xml version='1.0'?><!-- <feed> --><rss version='2.0'>",
                Some(Format::Wordpress),
            ),
            ("a.xml", "`<?xml version='1.0'?><disqus>", Some(Format::Disqus)),
            ("feed.atom", "\u{FEFF}<ns0:feed xmlns:ns0=''>", Some(Format::Blogger)),
            ("a.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>", None),
            ("a.json", "[{\"id\":\"/a/\",\"comments\":[]}]", Some(Format::Isso)),
            ("a.json", "{\"version\":1,\"users\":[]}", Some(Format::Remark42)),
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
        ] {
            assert_eq!(Format::detect(name, head.as_bytes()).ok(), format, "{head}");
        }
    }
}
