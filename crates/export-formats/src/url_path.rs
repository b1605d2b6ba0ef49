//! The path of a page's URL: what the page is found by after its site has moved to another host.

/// Returns an id of a feed if it is a URI, as Atom requires (RFC 4287, section 4.2.6).
pub(crate) fn as_uri(id: &str) -> Option<String> {
    let id = id.trim();
    let (scheme, rest) = id.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let is_uri = is_scheme && !rest.is_empty() && !rest.contains(char::is_whitespace);
    (is_uri && id.len() <= MAX_URI).then(|| id.to_owned())
}

/// The maximum length of a URI in bytes.
const MAX_URI: usize = 2000;

/// Returns the path and query of a URL, without scheme, host and fragment. None if it has no path.
pub(crate) fn url_path(url: &str) -> Option<String> {
    let url = url.trim();
    let (before, _) = url.split_once('#').unwrap_or((url, ""));
    if before.starts_with('/') && !before.starts_with("//") {
        return Some(before.to_owned());
    }
    let (_, rest) = before.split_once("://")?;
    let at = rest.find(['/', '?'])?;
    let (_, path) = rest.split_at(at);
    if path.starts_with('?') { Some(format!("/{path}")) } else { Some(path.to_owned()) }
}

/// Returns the paths under which a page may be stored, the likeliest first: with and without the
/// query, with and without a slash at the end.
pub(crate) fn path_variants(url: &str) -> Vec<String> {
    let Some(path) = url_path(url) else { return Vec::new() };
    let bare = path.split_once('?').map_or(path.as_str(), |(bare, _)| bare).to_owned();
    let other = match bare.strip_suffix('/') {
        Some(cut) => cut.to_owned(),
        None => format!("{bare}/"),
    };
    let mut variants = vec![path];
    for variant in [bare, other] {
        // The front page is no article: only a query names an article there.
        if !variants.contains(&variant) && variant.len() > 1 {
            variants.push(variant);
        }
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_no_host_and_no_fragment() {
        for (url, path) in [
            ("http://a.example/2014/12/us.html#c1", Some("/2014/12/us.html")),
            ("https://a.example/?p=17", Some("/?p=17")),
            ("https://a.example?p=17", Some("/?p=17")),
            ("/2014/us.html", Some("/2014/us.html")),
            ("https://a.example", None),
            ("//a.example/x", None),
            ("", None),
        ] {
            assert_eq!(url_path(url).as_deref(), path, "{url}");
        }
    }

    #[test]
    fn variants_differ_in_query_and_last_slash() {
        assert_eq!(path_variants("http://a.example/b?x=1"), ["/b?x=1", "/b", "/b/"]);
        assert_eq!(path_variants("http://a.example/b/"), ["/b/", "/b"]);
        assert_eq!(path_variants("http://a.example/?p=1"), ["/?p=1"]);
    }
}
