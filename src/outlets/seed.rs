//! The seed: a table of well-known outlets, compiled in from `seed.tsv`. A new database starts
//! with it ([`apply`]), and the reader uses it to tell a credit from a title.

pub mod apply;

use safe_html::names::fold_outlet_name;
use std::collections::HashSet;
use std::sync::LazyLock;

const TABLE: &str = include_str!("seed.tsv");

/// The newest edition of the table. A database remembers which edition it has, see [`apply`].
pub const EDITION: u32 = 2;

/// One outlet of the seed. `seed.tsv` explains the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedOutlet {
    /// Unique kebab-case ASCII identifier.
    pub slug: &'static str,
    /// Display name.
    pub name: &'static str,
    /// Other names of the outlet. No two outlets share a folded name.
    pub aliases: Vec<&'static str>,
    /// Hosts without `www.`. A host covers its sub-domains, except those that have their own row:
    /// the longest match wins.
    pub hosts: Vec<&'static str>,
    /// URL of the outlet's site; `None` if the site is gone.
    pub homepage: Option<&'static str>,
    /// ISO 3166-1 alpha-2 code; `None` for an outlet without a country.
    pub country: Option<&'static str>,
    /// BCP 47 tag of the edition at the first host.
    pub lang: Option<&'static str>,
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// The names that do not identify the outlet by themselves, see [`is_ambiguous`].
    pub ambiguous: Vec<&'static str>,
    /// The edition of the table in which the outlet was added.
    pub edition: u32,
}

impl SeedOutlet {
    /// Returns the display name, then the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// The kinds of outlet.
pub const KINDS: [&str; 9] = [
    "wire",
    "newspaper",
    "broadcaster",
    "magazine",
    "web",
    "blog",
    "think_tank",
    "government",
    "journal",
];

/// Parses the table. Allocates on each call, so keep the result.
pub fn seed_outlets() -> Vec<SeedOutlet> {
    TABLE.lines().filter_map(parse_row).collect()
}

/// Returns whether `name` is a seed name that is also an ordinary word, a person or a place, or
/// the name of several outlets ("Time", "The Herald", "CNA"). Such a name needs a second sign,
/// such as the link's host, before it counts as a credit.
pub fn is_ambiguous(name: &str) -> bool {
    static KEYS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        seed_outlets()
            .iter()
            .flat_map(|outlet| outlet.ambiguous.iter().map(|n| fold_outlet_name(n)))
            .collect()
    });
    KEYS.contains(&fold_outlet_name(name))
}

fn parse_row(line: &'static str) -> Option<SeedOutlet> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    Some(SeedOutlet {
        slug: columns.next()?,
        name: columns.next()?,
        aliases: split_list(columns.next()?, '|'),
        hosts: split_list(columns.next()?, ','),
        homepage: non_empty(columns.next()?),
        country: non_empty(columns.next()?),
        lang: non_empty(columns.next()?),
        kind: columns.next()?,
        ambiguous: split_list(columns.next()?, '|'),
        edition: columns.next()?.parse().ok()?,
    })
}

fn split_list(cell: &'static str, separator: char) -> Vec<&'static str> {
    cell.split(separator).filter(|item| !item.is_empty()).collect()
}

fn non_empty(cell: &'static str) -> Option<&'static str> {
    Some(cell).filter(|cell| !cell.is_empty())
}

#[cfg(test)]
mod tests;
