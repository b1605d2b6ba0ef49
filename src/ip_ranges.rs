//! Ranges of IP addresses in CIDR notation, such as `192.0.2.0/24` or `2001:db8::/32` (RFC 4632,
//! RFC 4291).

use ipnet::IpNet;
use std::net::IpAddr;
use std::str::FromStr;

/// Parses a range, or an address as the range of that address alone.
///
/// # Errors
/// A sentence that quotes `text`, also when bits beyond the prefix are set, as in `10.0.0.1/24`.
pub fn parse_range(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let range = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    range.ok().filter(|range| range.trunc() == *range).ok_or_else(|| {
        format!("`{text}` is not an address range such as 192.0.2.0/24 or 2001:db8::/32")
    })
}

/// Returns whether a range contains an address. An IPv4 address mapped into IPv6 counts as IPv4.
pub fn range_contains(range: &IpNet, address: IpAddr) -> bool {
    range.contains(&address.to_canonical())
}

/// A comma-separated list of ranges; empty for none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IpRanges(Vec<IpNet>);

impl IpRanges {
    /// Returns whether one of the ranges contains the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range_contains(range, address))
    }
}

impl FromStr for IpRanges {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        parts.map(parse_range).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_the_addresses_with_its_prefix() {
        for (range, address, contained) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.0/24", "::ffff:192.0.2.7", true),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ] {
            let range = parse_range(range).unwrap();
            let found = range_contains(&range, address.parse().unwrap());
            assert_eq!(found, contained, "{range} {address}");
        }
    }

    #[test]
    fn other_text_is_rejected() {
        for bad in ["", "x", "10.0.0.0/33", "10.0.0.1/24", "::/129", "10.0.0/8", "10.0.0.0/-1"] {
            assert!(parse_range(bad).is_err(), "{bad}");
        }
        assert_eq!("".parse(), Ok(IpRanges::default()));
        let ranges: IpRanges = "10.0.0.0/8, ::1".parse().unwrap();
        assert!(ranges.contains("10.9.9.9".parse().unwrap()));
    }
}
