//! Web origins, such as `https://editor.example.org` (RFC 6454).

use std::str::FromStr;
use url::Url;

/// A comma-separated list of origins; empty for none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Returns whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the list has an origin, as a browser writes it in `Origin`.
    pub fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }
}

impl FromStr for Origins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(parse_origin).collect::<Result<_, _>>().map(Self)
    }
}

/// Parses an origin: scheme, host and perhaps a port, and nothing else.
fn parse_origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let is_bare = |url: &Url| {
        let no_user = url.username().is_empty() && url.password().is_none();
        let no_rest = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        no_user && no_rest
    };
    let origin = url.filter(is_bare).map(|url| url.origin().ascii_serialization());
    origin.ok_or_else(|| format!("`{text}` is not an origin such as https://editor.example.org"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        let list: Origins =
            "https://Editor.example.org:443, http://localhost:3000/".parse().unwrap();
        assert!(list.contains("https://editor.example.org"));
        assert!(list.contains("http://localhost:3000"));
        for other in ["null", "http://editor.example.org", "http://localhost", ""] {
            assert!(!list.contains(other), "{other}");
        }
        assert_eq!("".parse(), Ok(Origins::default()));
        for bad in
            ["*", "null", "editor.example.org", "https://e.org/a", "https://u@e.org", "ftp://e.org"]
        {
            assert!(bad.parse::<Origins>().unwrap_err().contains(bad), "{bad}");
        }
    }
}
