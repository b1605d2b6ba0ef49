//! Request ids: taken from `X-Request-Id` or generated, returned in the same header, in problems and in
//! the log.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use std::cell::Cell;

/// The header of requests and responses with the id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

thread_local! {
    static RANDOM: Cell<u64> = Cell::new(getrandom::u64().unwrap_or_default());
}

/// The id of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// Returns the client's id if it is 1 to 128 letters, digits, `.`, `_` or `-`, so that it cannot
    /// break a line of the log; otherwise a new one of 64 random bits.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let is_safe = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
        headers
            .get(&X_REQUEST_ID)
            .filter(|id| (1..=128).contains(&id.len()) && id.as_bytes().iter().all(is_safe))
            .map_or_else(Self::random, |id| Self(id.clone()))
    }

    fn random() -> Self {
        let number = RANDOM.with(|state| {
            // SplitMix64 (Steele, Lea and Flood 2014): an id need not be unpredictable.
            let state = state.replace(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        });
        let digit = |n: u64| b"0123456789abcdef".get(usize::try_from(n & 15).unwrap_or_default());
        let id: [u8; 16] =
            std::array::from_fn(|at| digit(number >> (60 - 4 * at)).copied().unwrap_or(b'0'));
        Self(HeaderValue::from_bytes(&id).unwrap_or_else(|_never| HeaderValue::from_static("0")))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Returns the id as a header value.
    pub fn to_header_value(&self) -> HeaderValue {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_safe_id_of_the_client_is_used() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_str(value).unwrap());
            RequestId::from_headers(&headers)
        };
        assert_eq!(with("abc-1.2_3").as_str(), "abc-1.2_3");
        for odd in ["", "a b", "a\tb", "ü", &"x".repeat(129)] {
            assert_eq!(with(odd).as_str().len(), 16, "{odd:?}");
        }
        assert_ne!(
            RequestId::from_headers(&HeaderMap::new()),
            RequestId::from_headers(&HeaderMap::new())
        );
    }
}
