//! Which format a file is in, told from how it begins.

use clap::ValueEnum;
use serde::Deserialize;
use utoipa::ToSchema;

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportFormat)]
pub enum Format {
    /// A roundup as pasted text.
    Text,
    /// A roundup in Markdown.
    Markdown,
    /// A Blogger blog: a backup, Google Takeout, or the public feed.
    Blogger,
    /// A WordPress export (WXR), or a part of one.
    #[value(alias = "wxr")]
    #[serde(alias = "wxr")]
    Wordpress,
    /// Comments from Disqus.
    Disqus,
    /// Comments from Remark42.
    Remark42,
    /// Comments in Isso's form.
    Isso,
    /// Comments from Commento.
    Commento,
    /// An export of a roundup database.
    Ndjson,
}

impl Format {
    /// As the report and the command line have it.
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

    /// By what stands at the start of a file; between text and Markdown also by its name.
    ///
    /// # Errors
    /// With a sentence when it is none of them.
    pub(super) fn detect(name: &str, head: &[u8]) -> Result<Self, String> {
        let unknown =
            |what: &str| Err(format!("{what} of no known kind; `format` can say which it is"));
        if head.starts_with(b"SQLite format 3") {
            return unknown("an SQLite database");
        }
        if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
            return Err("it is written in UTF-16, not in UTF-8".to_owned());
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
                return json(text).map_or_else(|| unknown("JSON"), Ok);
            }
            // One stray character before the declaration has been seen in a real export.
            let rest = text.get(1..).unwrap_or_default();
            if text.starts_with('<') || rest.starts_with("<?xml") {
                if text.contains("<!DOCTYPE") && xml(text).is_none() {
                    return Err("a document type: entities are not taken from files".to_owned());
                }
                return xml(text).map_or_else(|| unknown("XML"), Ok);
            }
        }
        let marked = text.contains("](http") || text.lines().any(|line| line.starts_with("# "));
        let markdown = [".md", ".markdown", ".mdown"].iter().any(|ending| name.ends_with(ending));
        let plain = [".txt", ".text"].iter().any(|ending| name.ends_with(ending));
        Ok(if markdown || (marked && !plain) { Self::Markdown } else { Self::Text })
    }
}

/// By the first element, comments and declarations aside.
fn xml(text: &str) -> Option<Format> {
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

fn json(text: &str) -> Option<Format> {
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
    fn formats_are_told_by_their_beginning() {
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
