//! The outlets that roundup knows before anybody names one: the table in `known.tsv`, read at
//! run time from the text compiled in. A new installation starts with them, and the parser
//! tells a credit ("-- National Post/The Telegraph") from a title by them.

const TABLE: &str = include_str!("known.tsv");

/// One outlet of the table; its columns are explained at the head of `known.tsv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// How the outlet is addressed: kebab-case, ASCII, unique.
    pub slug: &'static str,
    /// The name a reader is shown.
    pub name: &'static str,
    /// Other credits that mean it. Some differ from the name only by a leading "The", so two of
    /// one outlet may fold to the same key; no key belongs to two outlets.
    pub aliases: Vec<&'static str>,
    /// Its hosts without `www.`, each standing for its sub-domains too. The longest match wins:
    /// `money.cnn.com` has a row of its own beside `cnn.com`.
    pub hosts: Vec<&'static str>,
    /// Where its site is; none when the site is gone.
    pub homepage: Option<&'static str>,
    /// ISO 3166-1 alpha-2; none when it belongs to no country.
    pub country: Option<&'static str>,
    /// BCP 47 tag of the edition at its first host.
    pub lang: Option<&'static str>,
    /// One of [`KINDS`].
    pub kind: &'static str,
}

/// The kind of an outlet.
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

/// Every outlet of the table, in its order. Reads the whole table each time: keep the answer.
pub fn known() -> Vec<Known> {
    TABLE.lines().filter_map(row).collect()
}

fn row(line: &'static str) -> Option<Known> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut columns = line.split('\t');
    Some(Known {
        slug: columns.next()?,
        name: columns.next()?,
        aliases: list(columns.next()?, '|'),
        hosts: list(columns.next()?, ','),
        homepage: filled(columns.next()?),
        country: filled(columns.next()?),
        lang: filled(columns.next()?),
        kind: columns.next()?,
    })
}

fn list(cell: &'static str, separator: char) -> Vec<&'static str> {
    cell.split(separator).filter(|item| !item.is_empty()).collect()
}

fn filled(cell: &'static str) -> Option<&'static str> {
    Some(cell).filter(|cell| !cell.is_empty())
}

#[cfg(test)]
mod tests;
