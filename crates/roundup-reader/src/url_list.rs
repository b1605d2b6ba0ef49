//! Parses lists of URLs, one per line: `text/uri-list` (RFC 2483), or pasted by an editor.

use url::Url;

/// The maximum length of a URL, in bytes.
const MAX_URL: usize = 8_000;

/// A line of a list of URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUrl {
    /// The line, counted from 1.
    pub line: usize,
    /// The URL as written, or an error message for the editor.
    pub url: Result<String, String>,
}

/// Parses a list of URLs, one per line. Empty lines and comments, which begin with "#", are skipped.
pub fn parse_url_list(text: &str) -> Vec<ListedUrl> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(line, written)| ListedUrl { line, url: check_url(written) })
        .collect()
}

/// Checks a line, and returns its URL without brackets and bullets.
fn check_url(written: &str) -> Result<String, String> {
    let bare = written.trim_start_matches(['<', '-', '*', '•', ' ']).trim_end_matches('>').trim();
    if bare.len() > MAX_URL {
        return Err(format!("the URL is longer than {MAX_URL} bytes"));
    }
    if bare.contains(char::is_whitespace) {
        return Err(
            "the line has more than a URL; write one URL per line and nothing else".to_owned()
        );
    }
    match Url::parse(bare) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            Err(format!("`{}:` URLs are not supported; use http or https", url.scheme()))
        }
        Ok(_) => Ok(bare.to_owned()),
        Err(_) => Err("not a URL; it must begin with https:// or http://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_url_or_an_error_with_its_number() {
        let found = parse_url_list(
            "# list\r\nhttps://e.example/1\n\n- <https://e.example/2>\nftp://e.example/\nA title https://e.example/3\nnone",
        );
        let lines: Vec<(usize, Option<&str>)> =
            found.iter().map(|listed| (listed.line, listed.url.as_deref().ok())).collect();
        assert_eq!(
            lines,
            [
                (2, Some("https://e.example/1")),
                (4, Some("https://e.example/2")),
                (5, None),
                (6, None),
                (7, None),
            ]
        );
    }
}
