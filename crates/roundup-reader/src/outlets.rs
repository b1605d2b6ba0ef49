//! The table of known outlets that a caller provides, and a cache of its look-ups.

use std::cell::RefCell;
use std::collections::HashMap;

/// How well an outlet is known, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Created from a parsed text. Counts as unknown.
    Unconfirmed,
    /// In the table of known outlets.
    Known,
    /// Created, renamed, merged or kept by an editor.
    Confirmed,
}

/// What is known about an outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// How well it is known.
    pub standing: Standing,
    /// Whether its name is also a common word, or the name of several outlets.
    pub ambiguous: bool,
    /// Identifies the outlet, so that its host and its name can be compared.
    pub key: Option<i64>,
}

impl Evidence {
    /// A known outlet without a key.
    pub const KNOWN: Self = Self { standing: Standing::Known, ambiguous: false, key: None };
}

/// A table of known outlets. The service uses the database's, tests a small one.
pub trait Outlets {
    /// Returns whether `name` is an outlet's name or alias; compare by [`fold_outlet_name`](safe_html::names::fold_outlet_name).
    fn knows(&self, name: &str) -> bool;

    /// Returns what is known about the outlet called `name`.
    fn lookup(&self, name: &str) -> Option<Evidence> {
        self.knows(name).then_some(Evidence::KNOWN)
    }

    /// Returns what is known about the outlet at `host`, which is in lower case and without "www.".
    fn at_host(&self, host: &str) -> Option<Evidence> {
        let _ = host;
        None
    }
}

/// The maximum number of different names looked up per text; further names count as unknown. It
/// bounds the work that a hostile text can cause.
const MAX_LOOKUPS: usize = 100_000;

/// Caches look-ups by name, and treats unconfirmed outlets as unknown.
pub(crate) struct OutletCache<'a> {
    outlets: &'a dyn Outlets,
    names: RefCell<HashMap<String, Option<Evidence>>>,
}

impl<'a> OutletCache<'a> {
    pub(crate) fn new(outlets: &'a dyn Outlets) -> Self {
        Self { outlets, names: RefCell::default() }
    }

    /// Returns what is known about the outlet called `name`.
    pub(crate) fn by_name(&self, name: &str) -> Option<Evidence> {
        crate::work::step();
        if name.is_empty() || name.len() > 120 {
            return None;
        }
        if let Some(found) = self.names.borrow().get(name) {
            return *found;
        }
        let mut names = self.names.borrow_mut();
        if names.len() >= MAX_LOOKUPS {
            return None;
        }
        let found =
            self.outlets.lookup(name).filter(|found| found.standing > Standing::Unconfirmed);
        names.insert(name.to_owned(), found);
        found
    }

    /// Returns what is known about the outlet at the host of a URL.
    pub(crate) fn by_url(&self, url: &str) -> Option<Evidence> {
        let host = host(url)?;
        self.outlets.at_host(&host).filter(|found| found.standing > Standing::Unconfirmed)
    }
}

/// Returns the host of an http or https URL, in lower case and without "www.".
pub(crate) fn host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?.to_lowercase();
    let host = host.strip_prefix("www.").map(str::to_owned).unwrap_or(host);
    (!host.is_empty()).then_some(host)
}

/// Returns whether a host spells a name: "niemanlab.org" and "Nieman Lab".
pub(crate) fn resembles(host: &str, name: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let name = letters(name.strip_prefix("The ").unwrap_or(name));
    let site = host.rsplit_once('.').map_or(host, |(site, _)| site);
    name.chars().count() >= 4
        && (site.split('.').any(|label| letters(label) == name) || letters(host) == name)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use safe_html::names::fold_outlet_name;

    /// A small table of outlets.
    pub(crate) struct Table(Vec<String>);

    impl Table {
        pub(crate) fn new(names: &[&str]) -> Self {
            Self(names.iter().map(|name| fold_outlet_name(name)).collect())
        }
    }

    impl Outlets for Table {
        fn knows(&self, name: &str) -> bool {
            let name = fold_outlet_name(name);
            !name.is_empty() && self.0.contains(&name)
        }
    }

    #[test]
    fn hosts_are_extracted_from_urls() {
        for (url, expected) in [
            ("https://www.Example.com/a", Some("example.com")),
            ("http://user@news.example.org:8080?x", Some("news.example.org")),
            ("mailto:a@example.com", None),
            ("https:///x", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }
}
