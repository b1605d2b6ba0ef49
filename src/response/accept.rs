//! Which media type and which content coding a client takes (RFC 9110, section 12.5).

use actix_web::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};

/// How the bytes of a body are coded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// In the order we prefer when the client does not care: smallest first.
    pub(crate) const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Identity];

    /// The coding that the client likes best; none if it refuses all of them.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        if !headers.contains_key(ACCEPT_ENCODING) {
            return Some(Self::Identity);
        }
        let (mut best, mut at) = (None, 0);
        for coding in Self::ALL {
            let weight = coding.weight(headers);
            if weight > at {
                (best, at) = (Some(coding), weight);
            }
        }
        best
    }

    fn weight(self, headers: &HeaderMap) -> u32 {
        let named = |name: &str| {
            let mut choices = choices(headers, &ACCEPT_ENCODING);
            choices.find(|(choice, _)| choice.eq_ignore_ascii_case(name)).map(|(_, q)| q)
        };
        match (named(self.name()).or_else(|| named("*")), self) {
            (Some(q), _) => q,
            // Acceptable though not named, but never preferred to what was.
            (None, Self::Identity) => 1,
            (None, _) => 0,
        }
    }

    /// As in `Content-Encoding`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// Whether the client takes JSON: when it does not say, or says so. What is said of the type itself
/// counts before what is said of a range that holds it.
pub(crate) fn takes_json(headers: &HeaderMap) -> bool {
    const JSON: [&str; 4] =
        ["application/json", "application/problem+json", "application/*", "*/*"];
    let mut any = false;
    let mut nearest: Option<(usize, bool)> = None;
    for (name, q) in choices(headers, &ACCEPT) {
        any = true;
        let Some(at) = JSON.iter().position(|json| name.eq_ignore_ascii_case(json)) else {
            continue;
        };
        if nearest.is_none_or(|(before, _)| at < before) {
            nearest = Some((at, q > 0));
        }
    }
    nearest.map_or(!any, |(_, takes)| takes)
}

/// Whether the client would rather have a page than data: a browser's address bar.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let q = |name: &str| {
        let mut choices = choices(headers, &ACCEPT);
        choices.find(|(choice, _)| choice.eq_ignore_ascii_case(name)).map_or(0, |(_, q)| q)
    };
    q("text/html") > q("application/json")
}

/// The choices of a header with their weights in thousandths.
fn choices<'a>(
    headers: &'a HeaderMap,
    name: &'a HeaderName,
) -> impl Iterator<Item = (&'a str, u32)> {
    let values = headers.get_all(name).filter_map(|value: &HeaderValue| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(choice)
}

fn choice(choice: &str) -> Option<(&str, u32)> {
    let mut parts = choice.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((name, q.map_or(1000, thousandths)))
}

/// `0.5` is 500; what cannot be read counts as 1.
fn thousandths(q: &str) -> u32 {
    let (whole, fraction) = q.split_once('.').unwrap_or((q, ""));
    let digit = |sum: u32, byte: u8| Some(sum * 10 + char::from(byte).to_digit(10)?);
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3).try_fold(0, digit);
    match (whole, digits) {
        ("0", Some(digits)) => digits,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn the_best_coding_wins() {
        let cases = [
            ("gzip", Some(Coding::Gzip)),
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("gzip;q=1.0, br;q=0.5", Some(Coding::Gzip)),
            ("br;q=0, *", Some(Coding::Zstd)),
            ("deflate", Some(Coding::Identity)),
            ("identity", Some(Coding::Identity)),
            ("*;q=0", None),
            ("identity;q=0, gzip;q=0.2", Some(Coding::Gzip)),
            ("", Some(Coding::Identity)),
        ];
        for (value, expected) in cases {
            assert_eq!(Coding::negotiate(&headers(ACCEPT_ENCODING, value)), expected, "{value}");
        }
        assert_eq!(Coding::negotiate(&HeaderMap::new()), Some(Coding::Identity));
    }

    #[test]
    fn a_browser_gets_a_page_and_a_script_gets_data() {
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        assert!(prefers_html(&headers(ACCEPT, chromium)));
        assert!(!prefers_html(&headers(ACCEPT, "*/*")));
        assert!(!takes_json(&headers(ACCEPT, "application/xml")));
        assert!(!takes_json(&headers(ACCEPT, "application/json;q=0")));
        assert!(!takes_json(&headers(ACCEPT, "*/*, application/json;q=0")));
        assert!(takes_json(&headers(ACCEPT, "*/*;q=0, application/json")));
        assert!(takes_json(&headers(ACCEPT, "application/*;q=0.1")));
        assert!(takes_json(&HeaderMap::new()));
    }
}
