//! The IP address that a request comes from.
//!
//! It is the peer's address, unless the peer is one of `ROUNDUP_TRUSTED_PROXIES`: then it is the last
//! address in the forwarding header that is not a trusted proxy. A proxy writes either `Forwarded`
//! (RFC 7239) or `X-Forwarded-For` and passes the other one on as the client sent it, so if both are
//! present and differ, neither is used.

use crate::error::Error;
use crate::ip_ranges::IpRanges;
use crate::state::State;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The prefix length that identifies an IPv6 client: each has a /64 of its own.
const IPV6_PREFIX: u8 = 64;

/// The IP address of a client. It is never logged and never returned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Client(IpAddr);

impl Client {
    /// Determines the client of a request from its peer address and headers.
    pub fn from_request_parts(
        peer: Option<IpAddr>,
        headers: &HeaderMap,
        trusted: &IpRanges,
    ) -> Self {
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        if !trusted.contains(peer) {
            return Self(peer);
        }
        let x_forwarded_for =
            last_untrusted(hops(headers, "x-forwarded-for", parse_address), trusted);
        let forwarded = last_untrusted(hops(headers, "forwarded", forwarded_for), trusted);
        Self(match (x_forwarded_for, forwarded) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(found), _) | (None, Some(found)) => found,
            (None, None) => peer,
        })
    }

    /// Returns whether a request comes from one of these ranges, directly or through trusted proxies.
    /// Through any other proxy, anyone may come.
    pub fn is_within(req: &HttpRequest, trusted: &IpRanges, ranges: &IpRanges) -> bool {
        let peer = req.peer_addr().map(|peer| peer.ip());
        let is_forwarded =
            ["x-forwarded-for", "forwarded"].iter().any(|name| req.headers().contains_key(*name));
        let client = Self::from_request_parts(peer, req.headers(), trusted);
        let through_trusted_proxy = peer.is_some_and(|peer| peer.to_canonical() != client.0);
        ranges.contains(client.0) && (through_trusted_proxy || !is_forwarded)
    }

    /// Returns the address.
    pub fn address(self) -> IpAddr {
        self.0
    }

    /// Returns what rate limits count as one client: the address, or the /64 of an IPv6 address.
    pub fn rate_limit_key(self) -> IpAddr {
        match self.0 {
            v4 @ IpAddr::V4(_) => v4,
            IpAddr::V6(v6) => {
                let bits = u128::MAX << (128 - u32::from(IPV6_PREFIX));
                IpAddr::V6((v6.to_bits() & bits).into())
            }
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client(…)")
    }
}

impl FromRequest for Client {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let peer = req.peer_addr().map(|peer| peer.ip());
        let Some(state) = req.app_data::<Data<State>>() else {
            return ready(Err(Error::internal(anyhow::anyhow!("no state"))));
        };
        ready(Ok(Self::from_request_parts(peer, req.headers(), &state.config().trusted_proxies)))
    }
}

/// Returns the hops that a header lists, the nearest last; `None` for one that is not an address.
fn hops(headers: &HeaderMap, name: &str, read: fn(&str) -> Option<IpAddr>) -> Vec<Option<IpAddr>> {
    let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(read).collect()
}

/// Returns the nearest hop that is not a trusted proxy; `None` if a hop before it is unreadable.
fn last_untrusted(hops: Vec<Option<IpAddr>>, trusted: &IpRanges) -> Option<IpAddr> {
    let mut last = None;
    for hop in hops.into_iter().rev() {
        last = Some(hop?);
        if !trusted.contains(hop?) {
            break;
        }
    }
    last
}

/// Parses the `for=` address of an element of `Forwarded` (RFC 7239, section 5.2).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("for").then(|| parse_address(value)).flatten()
    };
    element.split(';').find_map(pair)
}

/// Parses an address, perhaps in brackets or with a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok();
    address.or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip())).map(|a| a.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let trusted = "10.0.0.0/8, fd00::/8".parse().unwrap();
        Client::from_request_parts(Some(peer.parse().unwrap()), &map, &trusted)
            .address()
            .to_string()
    }

    #[test]
    fn headers_count_only_behind_a_trusted_proxy() {
        let spoofed = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")];
        assert_eq!(client("192.0.2.1", &spoofed), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &spoofed), "1.2.3.4");
        assert_eq!(client("::ffff:10.0.0.1", &spoofed), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn the_last_untrusted_hop_is_the_client() {
        let many = [("x-forwarded-for", "6.6.6.6, 1.2.3.4"), ("x-forwarded-for", "10.0.0.7")];
        assert_eq!(client("10.0.0.1", &many), "1.2.3.4");
        let new = [("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:4711\";proto=https")];
        assert_eq!(client("10.0.0.1", &new), "2001:db8::1");
        assert_eq!(client("fd00::1", &[("x-forwarded-for", "1.2.3.4:80")]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "1.2.3.4, nonsense")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
    }

    #[test]
    fn headers_that_differ_are_ignored() {
        let both = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=6.6.6.6")];
        assert_eq!(client("10.0.0.1", &both), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_client_is_a_64_bit_prefix() {
        let key = |text: &str| Client(text.parse().unwrap()).rate_limit_key().to_string();
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(key("192.0.2.7"), "192.0.2.7");
    }
}
