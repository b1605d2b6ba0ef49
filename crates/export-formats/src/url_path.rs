//! The path of a page's URL: what the page is found by after its site has moved to another host.

/// Returns a URL without what may differ between two spellings of a site's URL: the scheme, `www.` and the
/// case of the host.
pub(crate) fn site_of(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, bare)| bare);
    let end = bare.find('/').unwrap_or(bare.len());
    let (host, path) = bare.split_at_checked(end).unwrap_or((bare, ""));
    let host = host.to_ascii_lowercase();
    format!("{}{path}", host.strip_prefix("www.").unwrap_or(&host))
}

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
    let url = url.trim().replace("&#038;", "&").replace("&amp;", "&");
    let (before, _) = url.split_once('#').unwrap_or((&url, ""));
    let rest = match before.strip_prefix("//") {
        Some(rest) => rest,
        None if before.starts_with('/') => return Some(before.to_owned()),
        None => before.split_once("://")?.1,
    };
    let at = rest.find(['/', '?'])?;
    let (_, path) = rest.split_at(at);
    if path.starts_with('?') { Some(format!("/{path}")) } else { Some(path.to_owned()) }
}

/// The names of files that a path may end with or leave out.
const INDEX_FILES: [&str; 3] = ["/index.html", "/index.htm", "/index.php"];

/// Returns the paths under which a page may be stored, the likeliest first: with and without the
/// query, with and without a slash or `index.html` at the end, with single slashes, in lower case.
pub(crate) fn path_variants(url: &str) -> Vec<String> {
    let Some(path) = url_path(url) else { return Vec::new() };
    let bare = path.split_once('?').map_or(path.as_str(), |(bare, _)| bare).to_owned();
    let stem = INDEX_FILES.iter().find_map(|index| bare.strip_suffix(index)).unwrap_or(&bare);
    let stem = stem.trim_end_matches('/').to_owned();
    let mut single = stem.clone();
    while single.contains("//") {
        single = single.replace("//", "/");
    }
    let lower = single.to_lowercase();
    let mut variants = vec![path];
    let mut add = |variant: String| {
        // The front page is no article: only a query names an article there.
        if !variants.contains(&variant) && variant.len() > 1 {
            variants.push(variant);
        }
    };
    let has_slash = bare.ends_with('/');
    add(bare);
    for stem in [stem, single, lower] {
        let with_slash = format!("{stem}/");
        let (first, second) = if has_slash { (with_slash, stem) } else { (stem, with_slash) };
        add(first);
        add(second);
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
            ("//a.example/x", Some("/x")),
            ("https://a.example/?p=1&#038;x=2", Some("/?p=1&x=2")),
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
        assert_eq!(path_variants("//a.example/b/index.html"), ["/b/index.html", "/b", "/b/"]);
        assert_eq!(path_variants("a.example://x//B/"), ["//B/", "//B", "/B/", "/B", "/b/", "/b"]);
    }
}
