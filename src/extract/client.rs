//! The network address that a request comes from.
//!
//! It is the peer's; what a forwarding header says is believed only when the peer is one of the
//! proxies of `ROUNDUP_TRUSTED_PROXIES`, and then the last address in it that is none of them.
//! A proxy writes one of `Forwarded` (RFC 7239) and `X-Forwarded-For` and passes the other on as
//! the client wrote it: so where both are there and differ, neither is believed.

use crate::error::Error;
use crate::ip_ranges::{AddressRanges, masked};
use crate::state::State;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How much of an IPv6 address tells clients apart: each has a /64 of its own.
const IPV6_BITS: u8 = 64;

/// Where a request comes from. It is never written to the log nor into an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Client(IpAddr);

impl Client {
    /// The client of a request, when these proxies are trusted.
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &AddressRanges) -> Self {
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical();
        if !trusted.contains(peer) {
            return Self(peer);
        }
        let old = last_outside(chain(headers, "x-forwarded-for", plain), trusted);
        let new = last_outside(chain(headers, "forwarded", forwarded), trusted);
        Self(match (old, new) {
            (Some(old), Some(new)) if old != new => peer,
            (Some(found), _) | (None, Some(found)) => found,
            (None, None) => peer,
        })
    }

    /// Whether a request comes straight from one of these ranges, or from there by way of trusted
    /// proxies. By way of another proxy anybody may come.
    pub fn is_within(req: &HttpRequest, trusted: &AddressRanges, ranges: &AddressRanges) -> bool {
        let peer = req.peer_addr().map(|peer| peer.ip());
        let forwarded =
            ["x-forwarded-for", "forwarded"].iter().any(|name| req.headers().contains_key(*name));
        let client = Self::of(peer, req.headers(), trusted);
        let believed = peer.is_some_and(|peer| peer.to_canonical() != client.0);
        ranges.contains(client.0) && (believed || !forwarded)
    }

    /// The address itself.
    pub fn address(self) -> IpAddr {
        self.0
    }

    /// What is counted as one client: the address, or the /64 of an IPv6 address.
    pub fn unit(self) -> IpAddr {
        match self.0 {
            v4 @ IpAddr::V4(_) => v4,
            v6 @ IpAddr::V6(_) => masked(v6, IPV6_BITS),
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
        ready(Ok(Self::of(peer, req.headers(), &state.config().trusted_proxies)))
    }
}

/// The hops that a header lists, the nearest last; a hop that is no address is none.
fn chain(headers: &HeaderMap, name: &str, read: fn(&str) -> Option<IpAddr>) -> Vec<Option<IpAddr>> {
    let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(read).collect()
}

/// The nearest hop that is no trusted proxy. None if there is none before one that cannot be read.
fn last_outside(chain: Vec<Option<IpAddr>>, trusted: &AddressRanges) -> Option<IpAddr> {
    let mut last = None;
    for hop in chain.into_iter().rev() {
        last = Some(hop?);
        if !trusted.contains(hop?) {
            break;
        }
    }
    last
}

/// An element of `Forwarded`: the address in its `for=`.
fn forwarded(element: &str) -> Option<IpAddr> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("for").then(|| plain(value)).flatten()
    };
    element.split(';').find_map(pair)
}

/// An address, perhaps in brackets or with a port.
fn plain(text: &str) -> Option<IpAddr> {
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
        Client::of(Some(peer.parse().unwrap()), &map, &trusted).address().to_string()
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
    fn the_last_hop_outside_the_proxies_is_the_client() {
        let many = [("x-forwarded-for", "6.6.6.6, 1.2.3.4"), ("x-forwarded-for", "10.0.0.7")];
        assert_eq!(client("10.0.0.1", &many), "1.2.3.4");
        let new = [("forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:4711\";proto=https")];
        assert_eq!(client("10.0.0.1", &new), "2001:db8::1");
        assert_eq!(client("fd00::1", &[("x-forwarded-for", "1.2.3.4:80")]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "1.2.3.4, nonsense")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
    }

    #[test]
    fn headers_that_differ_are_not_believed() {
        let both = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=6.6.6.6")];
        assert_eq!(client("10.0.0.1", &both), "10.0.0.1");
    }

    #[test]
    fn ipv6_clients_are_told_apart_by_their_64_bits() {
        let unit = |text: &str| Client(text.parse().unwrap()).unit().to_string();
        assert_eq!(unit("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(unit("192.0.2.7"), "192.0.2.7");
    }
}
