//! Content negotiation: the media type and content coding a client accepts (RFC 9110, section 12.5).

use actix_web::http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};

/// A content coding (RFC 9110, section 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// All codings in the order of preference when the client has none: smallest output first.
    pub(crate) const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Identity];

    /// Returns the coding that the client prefers, or `None` if it accepts none of them.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        if !headers.contains_key(ACCEPT_ENCODING) {
            return Some(Self::Identity);
        }
        let (mut best, mut best_weight) = (None, 0);
        for coding in Self::ALL {
            let weight = coding.weight(headers);
            if weight > best_weight {
                (best, best_weight) = (Some(coding), weight);
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
            // Acceptable unless excluded (RFC 9110, section 12.5.3), but never preferred to a named one.
            (None, Self::Identity) => 1,
            (None, _) => 0,
        }
    }

    /// Returns the name as in `Content-Encoding`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// Returns whether the client accepts JSON. A media type counts before a range that contains it.
pub(crate) fn accepts_json(headers: &HeaderMap) -> bool {
    accepts(headers, &["application/json", "application/problem+json", "application/*", "*/*"])
}

/// Returns whether the client accepts JSON-LD, which is JSON too.
pub(crate) fn accepts_json_ld(headers: &HeaderMap) -> bool {
    accepts(headers, &["application/ld+json", "application/json", "application/*", "*/*"])
}

/// Returns whether the client accepts one of these media types and ranges, the most specific first.
fn accepts(headers: &HeaderMap, types: &[&str]) -> bool {
    let mut has_accept = false;
    let mut most_specific: Option<(usize, bool)> = None;
    for (name, q) in choices(headers, &ACCEPT) {
        has_accept = true;
        let Some(at) = types.iter().position(|known| name.eq_ignore_ascii_case(known)) else {
            continue;
        };
        if most_specific.is_none_or(|(before, _)| at < before) {
            most_specific = Some((at, q > 0));
        }
    }
    most_specific.map_or(!has_accept, |(_, accepted)| accepted)
}

/// Returns whether the client prefers HTML to JSON, as a browser does.
pub fn prefers_html(headers: &HeaderMap) -> bool {
    let q = |name: &str| {
        let mut choices = choices(headers, &ACCEPT);
        choices.find(|(choice, _)| choice.eq_ignore_ascii_case(name)).map_or(0, |(_, q)| q)
    };
    q("text/html") > q("application/json")
}

/// Returns the choices of a header with their weights in thousandths.
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

/// Parses a quality value in thousandths: `0.5` is 500; unreadable text counts as 1.
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
    fn the_preferred_coding_is_chosen() {
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
        assert!(!accepts_json(&headers(ACCEPT, "application/xml")));
        assert!(!accepts_json(&headers(ACCEPT, "application/json;q=0")));
        assert!(!accepts_json(&headers(ACCEPT, "*/*, application/json;q=0")));
        assert!(accepts_json(&headers(ACCEPT, "*/*;q=0, application/json")));
        assert!(accepts_json(&headers(ACCEPT, "application/*;q=0.1")));
        assert!(accepts_json(&HeaderMap::new()));
    }
}
