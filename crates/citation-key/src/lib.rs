//! Tells whether two addresses are the same page. An editor pastes `https://m.example.com/a/?utm_source=x`,
//! a reader asks for `http://www.example.com/a`: both have the key `example.com/a`. Links are
//! looked up by a hash of the key; the address itself is kept and shown as it was written.

mod escape;
mod rules;

use sha2::{Digest, Sha256};
use url::{Host, Url};

use rules::{HOST_PREFIXES, MOBILE_LABEL_HOSTS, SAME_HOSTS};

/// Which rules made a key. Raise it with every change that gives some address another key: the
/// stored keys of older versions must then be made anew.
///
/// | what | becomes | why |
/// |---|---|---|
/// | `http:` or `https:` | nothing | most sites moved from one to the other |
/// | user and password | nothing | they say who reads, not what |
/// | ports 80 and 443 | nothing | the defaults; the scheme that tells them apart is gone |
/// | `EXAMPLE.com.`, `bücher.de` | `example.com`, `xn--bcher-kva.de` | DNS knows no case; one spelling of other scripts |
/// | `www.`, `m.`, `mobile.`, `amp.` in front | nothing | the same page in another dress |
/// | `en.m.wikipedia.org` | `en.wikipedia.org` | the same, in the middle of the host |
/// | `x.com`, `old.reddit.com`, … | `twitter.com`, `reddit.com` | one site, several hosts (`SAME_HOSTS`) |
/// | `name.blogspot.co.uk` | `name.blogspot.com` | Blogger sent readers to their country's host |
/// | `google.com/amp/s/…`, `….cdn.ampproject.org/c/s/…`, `google.com/url?q=…` | the address inside | a wrapper round another site's page |
/// | `/story/amp`, `/amp/story`, `/story.amp`, `/story.amp.html` | `/story`, `/story.html` | the AMP copy of a page |
/// | `youtu.be/ID`, `/shorts/ID`, `/embed/ID`, `/live/ID`, `/v/ID` | `youtube.com/watch?v=ID` | one video; the playlist and the second do not matter |
/// | `/a//b/` | `/a/b` | servers fold them; a trailing slash is a matter of taste |
/// | `%7e`, `%28`, `\|`, `100%` | `~`, `(`, `%7C`, `100%25` | one spelling for each character; `%2F` stays, it is no slash |
/// | `#part` | nothing | a place in the page |
/// | `#!/page` | itself | such sites keep the whole address in there |
/// | `utm_source=…` and its like | nothing | how the reader came (`TRACKING` and the tables below it) |
/// | `amp;b=2` | `b=2` | an `&amp;` pasted out of HTML |
/// | `b=2&a=1`, `a=`, `a+b`, an empty `?` | `a=1&b=2`, `a`, `a%20b`, nothing | order between names carries no meaning; between equal names it stays |
///
/// Case in the path and every other parameter make a difference: `?id=1` is not `?id=2`.
pub const RULES_VERSION: i16 = 1;

/// What an address comes down to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CitationKey {
    /// Host, path and query that matter, without a scheme: equal for addresses of the same page.
    /// As long as the address may be, so index [`hash`] of it. `https://` in front makes it an
    /// address again, and that one has the same key.
    pub key: String,
    /// The host as people name it: lower case, ASCII (IDNA), without `www.`, `m.` or `amp.`.
    pub domain: String,
}

/// More wrappers inside wrappers than this are a trap, not a link.
const MAX_WRAPPERS: usize = 8;

/// The key and the domain of an absolute `http` or `https` address; none for anything else, for
/// a host that cannot be (`a..b`), and for a page wrapped more than eight times.
pub fn normalise(raw: &str) -> Option<CitationKey> {
    let mut page = Page::read(raw)?;
    let mut wrappers = 0;
    while let Some(inner) = page.wrapped() {
        wrappers += 1;
        if wrappers > MAX_WRAPPERS {
            return None;
        }
        page = inner;
    }
    page.tidy_video();
    Some(CitationKey { key: page.key(), domain: page.host })
}

/// The first 16 bytes of the SHA-256 of a key: what the database indexes, since a long key
/// overflows a B-tree entry.
pub fn hash(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).into_iter().take(16).collect()
}

/// An address taken apart, each part already in its one spelling.
struct Page {
    host: String,
    port: Option<u16>,
    segments: Vec<String>,
    parameters: Vec<(String, String)>,
    hashbang: Option<String>,
}

impl Page {
    fn read(raw: &str) -> Option<Self> {
        let url = Url::parse(raw).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let host = match url.host()? {
            Host::Domain(name) => tidy_host(name)?,
            address => address.to_string(),
        };
        let port = url.port().filter(|port| !matches!(port, 80 | 443));
        let mut segments: Vec<String> =
            url.path().split('/').filter(|part| !part.is_empty()).map(escape::segment).collect();
        drop_amp(&mut segments, rules::is_google(&host));
        let parameters = tidy_query(url.query().unwrap_or_default(), &host);
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

    /// The page inside an AMP viewer, an AMP cache or Google's redirect.
    fn wrapped(&self) -> Option<Self> {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        let inner = match segments.as_slice() {
            ["amp", "s", page @ ..] if rules::is_google(&self.host) => self.inside("https", page),
            ["amp", page @ ..] if rules::is_google(&self.host) => self.inside("http", page),
            ["c" | "v" | "wp", "s", page @ ..] if rules::is_amp_cache(&self.host) => {
                self.inside("https", page)
            }
            ["c" | "v" | "wp", page @ ..] if rules::is_amp_cache(&self.host) => {
                self.inside("http", page)
            }
            ["url"] if rules::is_google(&self.host) => {
                escape::plain(self.parameter("url").or_else(|| self.parameter("q"))?)
            }
            _ => return None,
        };
        // A word without a dot is no host: `google.com/amp/help` is a page of Google's own.
        Self::read(&inner).filter(|page| page.host.contains('.'))
    }

    fn inside(&self, scheme: &str, page: &[&str]) -> String {
        let query = self.parameters.iter().map(|(name, value)| format!("{name}={value}"));
        format!("{scheme}://{}?{}", page.join("/"), query.collect::<Vec<_>>().join("&"))
    }

    /// Brings the many addresses of one video to `youtube.com/watch?v=ID`.
    fn tidy_video(&mut self) {
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

fn tidy_host(name: &str) -> Option<String> {
    let mut host = name.strip_suffix('.').unwrap_or(name);
    if host.split('.').any(str::is_empty) {
        return None;
    }
    while let Some(shorter) = HOST_PREFIXES.iter().find_map(|prefix| without(host, prefix)) {
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

fn without<'a>(host: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = host.strip_prefix(prefix)?;
    // `mobile.de` and `amp.co.uk` are names in their own right; `www.gov.uk` is not.
    let is_site = prefix == "www." || !rules::is_country_suffix(rest);
    (rest.contains('.') && is_site).then_some(rest)
}

/// Drops what marks the AMP copy of a page, but not the viewer's own `/amp/` in front.
fn drop_amp(segments: &mut Vec<String>, viewer: bool) {
    while let Some(mut last) = segments.pop() {
        if last == "amp" && !segments.is_empty() {
            continue;
        }
        let shorter = drop_amp_ending(&mut last);
        segments.push(last);
        if !shorter {
            break;
        }
    }
    if !viewer {
        let in_front = segments.iter().take_while(|segment| *segment == "amp").count();
        let page = segments.len().saturating_sub(1);
        segments.drain(..in_front.min(page));
    }
}

fn drop_amp_ending(name: &mut String) -> bool {
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

fn tidy_query(query: &str, host: &str) -> Vec<(String, String)> {
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
mod sample_tests;
#[cfg(test)]
mod tests;
