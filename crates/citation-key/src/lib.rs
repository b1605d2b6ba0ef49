#![doc = include_str!("../README.md")]

mod escape;
mod rules;

use sha2::{Digest, Sha256};
use url::{Host, Url};

use rules::{HOST_PREFIXES, MOBILE_LABEL_HOSTS, SAME_HOSTS};

/// The version of the rules that make a key. Raise it with every change that gives some URL another
/// key: the stored keys of older versions must then be computed again.
///
/// | part of the URL | in the key | reason |
/// |---|---|---|
/// | `http:` or `https:` | nothing | most sites moved from one to the other |
/// | user and password | nothing | they identify the reader, not the page |
/// | ports 80 and 443 | nothing | the defaults of schemes that are left out |
/// | `EXAMPLE.com.`, `bücher.de` | `example.com`, `xn--bcher-kva.de` | DNS ignores case; IDNA has one ASCII form |
/// | `www.`, `m.`, `mobile.`, `amp.` in front | nothing | the same page for another device |
/// | `en.m.wikipedia.org` | `en.wikipedia.org` | the same, in the middle of the host |
/// | `x.com`, `old.reddit.com`, … | `twitter.com`, `reddit.com` | one site with several hosts (`SAME_HOSTS`) |
/// | `name.blogspot.co.uk` | `name.blogspot.com` | Blogger redirected readers to the host of their country |
/// | `google.com/amp/s/…`, `….cdn.ampproject.org/c/s/…`, `google.com/url?q=…` | the URL inside | a wrapper around the page of another site |
/// | `/story/amp`, `/amp/story`, `/story.amp`, `/story.amp.html` | `/story`, `/story.html` | the AMP copy of a page |
/// | `youtu.be/ID`, `/shorts/ID`, `/embed/ID`, `/live/ID`, `/v/ID` | `youtube.com/watch?v=ID` | one video, whatever the playlist and the time |
/// | `/a//b/` | `/a/b` | servers ignore empty segments and trailing slashes |
/// | `%7e`, `%28`, `\|`, `100%` | `~`, `(`, `%7C`, `100%25` | one spelling for each character; `%2F` is not a slash |
/// | `#part` | nothing | a place within the page |
/// | `#!/page` | itself | such sites keep the path there |
/// | `utm_source=…` and the like | nothing | the way to the page (`TRACKING` and the tables below it) |
/// | `amp;b=2` | `b=2` | an `&amp;` that was copied out of HTML |
/// | `b=2&a=1`, `a=`, `a+b`, an empty `?` | `a=1&b=2`, `a`, `a%20b`, nothing | the order of different names has no meaning; that of equal names has |
///
/// The case of the path and every other parameter are kept: `?id=1` is not `?id=2`.
pub const RULES_VERSION: i16 = 1;

/// The key of a URL, and the domain that it cites.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CitationKey {
    /// Host, path and query without a scheme; equal for URLs of the same page. It can be as long as
    /// the URL, so index its [`hash`]. With `https://` in front it is a URL with the same key.
    pub key: String,
    /// The host in lower case and ASCII (IDNA), without `www.`, `m.`, `mobile.` or `amp.`.
    pub domain: String,
}

/// The maximum number of wrappers around a page.
const MAX_WRAPPERS: usize = 8;

/// Returns the key and the domain of an absolute `http` or `https` URL.
///
/// Returns nothing for other text, for a host with empty labels (`a..b`), and for a page inside
/// more than eight wrappers.
pub fn normalise(raw: &str) -> Option<CitationKey> {
    let mut page = Page::parse(raw)?;
    let mut wrappers = 0;
    while let Some(inner) = page.wrapped_page() {
        wrappers += 1;
        if wrappers > MAX_WRAPPERS {
            return None;
        }
        page = inner;
    }
    page.normalise_video();
    Some(CitationKey { key: page.key(), domain: page.host })
}

/// Returns the first 16 bytes of the SHA-256 of a key, for an index: a long key would not fit into
/// a B-tree entry.
pub fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).into_iter().take(16).collect()
}

/// The parts of a URL in their normal spelling.
struct Page {
    host: String,
    port: Option<u16>,
    segments: Vec<String>,
    parameters: Vec<(String, String)>,
    hashbang: Option<String>,
}

impl Page {
    fn parse(raw: &str) -> Option<Self> {
        let url = Url::parse(raw).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let host = match url.host()? {
            Host::Domain(name) => normalise_host(name)?,
            ip => ip.to_string(),
        };
        let port = url.port().filter(|port| !matches!(port, 80 | 443));
        let mut segments: Vec<String> =
            url.path().split('/').filter(|part| !part.is_empty()).map(escape::segment).collect();
        remove_amp(&mut segments, rules::is_google(&host));
        let parameters = normalise_query(url.query().unwrap_or_default(), &host);
        let hashbang = url.fragment().filter(|part| part.len() > 1 && part.starts_with('!'));
        Some(Self { port, segments, parameters, hashbang: hashbang.map(str::to_owned), host })
    }

    fn key(&self) -> String {
        let mut key = self.host.clone();
        if let Some(port) = self.port {
            key.push(':');
            key.push_str(&port.to_string());
        }
        for segment in &self.segments {
            key.push('/');
            key.push_str(segment);
        }
        for (n, (name, value)) in self.parameters.iter().enumerate() {
            key.push(if n == 0 { '?' } else { '&' });
            key.push_str(name);
            if !value.is_empty() {
                key.push('=');
                key.push_str(value);
            }
        }
        if let Some(hashbang) = &self.hashbang {
            key.push('#');
            key.push_str(hashbang);
        }
        key
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Returns the page inside an AMP viewer, an AMP cache or a redirect of Google.
    fn wrapped_page(&self) -> Option<Self> {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        let inner = match segments.as_slice() {
            ["amp", "s", page @ ..] if rules::is_google(&self.host) => {
                self.inner_url("https", page)
            }
            ["amp", page @ ..] if rules::is_google(&self.host) => self.inner_url("http", page),
            ["c" | "v" | "wp", "s", page @ ..] if rules::is_amp_cache(&self.host) => {
                self.inner_url("https", page)
            }
            ["c" | "v" | "wp", page @ ..] if rules::is_amp_cache(&self.host) => {
                self.inner_url("http", page)
            }
            ["url"] if rules::is_google(&self.host) => {
                escape::decode(self.parameter("url").or_else(|| self.parameter("q"))?)
            }
            _ => return None,
        };
        // `help` in `google.com/amp/help` is not a host, so that page belongs to Google.
        Self::parse(&inner).filter(|page| page.host.contains('.'))
    }

    fn inner_url(&self, scheme: &str, page: &[&str]) -> String {
        let query = self.parameters.iter().map(|(name, value)| format!("{name}={value}"));
        format!("{scheme}://{}?{}", page.join("/"), query.collect::<Vec<_>>().join("&"))
    }

    /// Rewrites the URLs of a video to `youtube.com/watch?v=ID`.
    fn normalise_video(&mut self) {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        let id = match (self.host.as_str(), segments.as_slice()) {
            ("youtu.be" | "youtube.com", ["watch"]) => self.parameter("v"),
            ("youtu.be", [id])
            | ("youtube.com", ["watch" | "shorts" | "embed" | "live" | "v" | "e", id]) => Some(*id),
            _ => None,
        };
        let Some(id) = id.filter(|id| rules::is_video(id)).map(str::to_owned) else { return };
        "youtube.com".clone_into(&mut self.host);
        self.segments = vec!["watch".to_owned()];
        self.parameters = vec![("v".to_owned(), id)];
        self.hashbang = None;
    }
}

fn normalise_host(name: &str) -> Option<String> {
    let mut host = name.strip_suffix('.').unwrap_or(name);
    if host.split('.').any(str::is_empty) {
        return None;
    }
    while let Some(shorter) =
        HOST_PREFIXES.iter().find_map(|prefix| strip_host_prefix(host, prefix))
    {
        host = shorter;
    }
    if let Some((_, same)) = SAME_HOSTS.iter().find(|(other, _)| *other == host) {
        return Some((*same).to_owned());
    }
    if let Some((blog, suffix)) = host.rsplit_once(".blogspot.")
        && rules::is_country_suffix(suffix)
    {
        return Some(format!("{blog}.blogspot.com"));
    }
    let mut host = host.to_owned();
    for site in MOBILE_LABEL_HOSTS {
        while let Some(edition) = host.strip_suffix(site).and_then(|h| h.strip_suffix(".m.")) {
            host = format!("{edition}.{site}");
        }
    }
    Some(host)
}

fn strip_host_prefix<'a>(host: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = host.strip_prefix(prefix)?;
    // `mobile.de` and `amp.co.uk` are names in their own right; `www.gov.uk` is not.
    let is_site = prefix == "www." || !rules::is_country_suffix(rest);
    (rest.contains('.') && is_site).then_some(rest)
}

/// Removes the parts of a path that mark the AMP copy of a page. The `/amp/` at the start of the
/// path of a viewer is kept.
fn remove_amp(segments: &mut Vec<String>, is_viewer: bool) {
    while let Some(mut last) = segments.pop() {
        if last == "amp" && !segments.is_empty() {
            continue;
        }
        let was_removed = remove_amp_ending(&mut last);
        segments.push(last);
        if !was_removed {
            break;
        }
    }
    if !is_viewer {
        let in_front = segments.iter().take_while(|segment| *segment == "amp").count();
        let page = segments.len().saturating_sub(1);
        segments.drain(..in_front.min(page));
    }
}

fn remove_amp_ending(name: &mut String) -> bool {
    let html = name.ends_with(".amp.html");
    let ending = if html { ".amp.html" } else { ".amp" };
    let Some(stem) = name.strip_suffix(ending).filter(|s| s.bytes().any(|b| b != b'.')) else {
        return false;
    };
    name.truncate(stem.len());
    if html {
        name.push_str(".html");
    }
    true
}

fn normalise_query(query: &str, host: &str) -> Vec<(String, String)> {
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .map(|pair| pair.trim_start_matches("amp;"))
        .filter(|pair| !pair.is_empty() && *pair != "=")
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (escape::query(name), escape::query(value)))
        .filter(|(name, value)| !rules::is_tracking(host, name, value))
        .collect();
    parameters.sort_by(|(a, _), (b, _)| a.cmp(b));
    parameters
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
