//! The content of a comment as rules see it: its links, its words, and a hash to find repeated text.

use regex::Regex;
use safe_html::names::is_ignorable;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::sync::LazyLock;
use url::Url;

/// The minimum number of letters and digits for repeated text to be detected: "I agree." is common.
const MIN_REPEATED_CHARS: usize = 20;

/// The text of a comment, analysed once for all rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    /// The number of links, as written or as rendered.
    pub(super) links: usize,
    /// The hosts that they lead to.
    pub(super) hosts: HashSet<String>,
    /// The text without invisible characters.
    pub(super) visible: String,
    /// The hash by which repeated text is found; `None` for a short text.
    pub(crate) hash: Option<Vec<u8>>,
}

static LINK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)(?:https?://|\bwww\.)[^\s<>()\[\]"']+"#).ok());
static HREF: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"href="([^"]*)""#).ok());

impl Content {
    /// Analyses a text and its rendered HTML.
    pub(crate) fn of(text: &str, html: &str) -> Self {
        // Invisible characters could hide a word from a rule.
        let visible: String = text.chars().filter(|c| !is_ignorable(*c)).collect();
        let written = LINK.iter().flat_map(|link| link.find_iter(&visible)).map(|m| m.as_str());
        let rendered = HREF.iter().flat_map(|href| href.captures_iter(html));
        let rendered = rendered.filter_map(|found| found.get(1)).map(|m| m.as_str());
        let (written, rendered) = (written.collect::<Vec<_>>(), rendered.collect::<Vec<_>>());
        let links = written.len().max(rendered.len());
        let hosts = written.into_iter().chain(rendered).filter_map(host).collect();
        let hash = hash(&visible);
        Self { links, hosts, visible, hash }
    }
}

/// Returns the host of a URL as written, in lower case and without a final dot.
pub(super) fn host(url: &str) -> Option<String> {
    let whole = if url.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www.")) {
        format!("http://{url}")
    } else {
        url.replace("&amp;", "&")
    };
    let host = Url::parse(&whole).ok()?.host_str()?.trim_end_matches('.').to_owned();
    Some(host)
}

/// Returns whether a host is this domain or a subdomain of it.
pub(super) fn within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn hash(text: &str) -> Option<Vec<u8>> {
    let folded: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (folded.chars().count() >= MIN_REPEATED_CHARS).then(|| Sha256::digest(folded).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use safe_html::{AuthorRole, Markup, render};

    fn content(text: &str) -> Content {
        Content::of(text, &render(text, Markup::Markdown, AuthorRole::Reader))
    }

    #[test]
    fn links_are_counted_however_they_are_written() {
        for (text, links, hosts) in [
            ("no link", 0, &[][..]),
            ("see https://a.example/x and www.b.example", 2, &["a.example", "www.b.example"]),
            ("[x](https://A.example.) <https://c.example?a=1&b=2>", 2, &["a.example", "c.example"]),
            ("<a href='http://a.example'>a</a>", 1, &["a.example"]),
            ("ht\u{200B}tps://a.example", 1, &["a.example"]),
        ] {
            let found = content(text);
            assert_eq!(found.links, links, "{text}");
            assert_eq!(found.hosts, hosts.iter().map(ToString::to_string).collect(), "{text}");
        }
    }

    #[test]
    fn the_same_text_is_known_in_other_case_and_spacing() {
        let one = content("Buy my wonderful new watches!").hash;
        assert!(one.is_some() && one == content("BUY  my wonderful\nnew watches…").hash);
        assert_ne!(one, content("Buy my wonderful old watches!").hash);
        assert_eq!(content("I agree.").hash, None);
    }
}
