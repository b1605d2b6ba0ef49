//! What is known of outlets, and a memory of what was asked about them.

use std::cell::RefCell;
use std::collections::HashMap;

/// How well an outlet is known, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Made by a reading. It raises no confidence, and never wins against a split.
    Unconfirmed,
    /// In the table of known outlets.
    Known,
    /// Created, renamed, merged or kept by an editor.
    Confirmed,
}

/// What is known of an outlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// How well it is known.
    pub standing: Standing,
    /// Whether its name is also a common word, or the name of several outlets.
    pub ambiguous: bool,
    /// Tells outlets apart, so that a host and a name can be seen to agree.
    pub key: Option<i64>,
}

impl Evidence {
    /// A known outlet without a key.
    pub const KNOWN: Self = Self { standing: Standing::Known, ambiguous: false, key: None };
}

/// Which outlets are known. The service gives the database's table, tests a small one.
pub trait Outlets {
    /// Whether `name` is an outlet's name or alias; compare by [`fold_outlet_name`](safe_html::names::fold_outlet_name).
    fn knows(&self, name: &str) -> bool;

    /// Returns what is known of the outlet called `name`.
    fn lookup(&self, name: &str) -> Option<Evidence> {
        self.knows(name).then_some(Evidence::KNOWN)
    }

    /// Returns what is known of the outlet at `host`, which is in lower case and without "www.".
    fn at_host(&self, host: &str) -> Option<Evidence> {
        let _ = host;
        None
    }
}

/// How many different names one reading asks for at most; beyond, names are unknown. No real post
/// comes near, and it bounds the work that a hostile text can cause.
const MAX_LOOKUPS: usize = 100_000;

/// The outlets with a memory, so that a name that comes back is looked up once.
pub(crate) struct Known<'a> {
    outlets: &'a dyn Outlets,
    names: RefCell<HashMap<String, Option<Evidence>>>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(outlets: &'a dyn Outlets) -> Self {
        Self { outlets, names: RefCell::default() }
    }

    /// What is known of a name; unconfirmed outlets count as unknown.
    pub(crate) fn name(&self, name: &str) -> Option<Evidence> {
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
        let found = self.outlets.lookup(name).filter(|one| one.standing > Standing::Unconfirmed);
        names.insert(name.to_owned(), found);
        found
    }

    /// What is known of the outlet at the host of an address.
    pub(crate) fn at(&self, url: &str) -> Option<Evidence> {
        let host = host(url)?;
        self.outlets.at_host(&host).filter(|one| one.standing > Standing::Unconfirmed)
    }
}

/// The host of an address, in lower case and without "www.".
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
    fn hosts_are_taken_out_of_addresses() {
        for (url, found) in [
            ("https://www.Example.com/a", Some("example.com")),
            ("http://user@news.example.org:8080?x", Some("news.example.org")),
            ("mailto:a@example.com", None),
            ("https:///x", None),
        ] {
            assert_eq!(host(url).as_deref(), found, "{url}");
        }
    }
}
