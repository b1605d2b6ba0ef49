//! A table of the known outlets in `src/outlets/seed.tsv`, for tests and examples.

use roundup_reader::{Evidence, Outlets};
use safe_html::names::fold_outlet_name;
use std::collections::HashMap;
use std::path::Path;

/// The table of known outlets.
#[derive(Default)]
pub struct Table {
    names: HashMap<String, Evidence>,
    hosts: HashMap<String, (Evidence, String)>,
}

impl Table {
    /// Loads the table that the service ships. Its ninth column lists the ambiguous names.
    pub fn load() -> std::io::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/outlets/seed.tsv");
        let mut table = Self::default();
        let text = std::fs::read_to_string(path)?;
        let rows = text.lines().filter(|row| !row.starts_with('#') && !row.trim().is_empty());
        for (row, key) in rows.zip(1..) {
            let columns: Vec<&str> = row.split('\t').collect();
            let column = |at: usize| columns.get(at).copied().unwrap_or_default();
            let evidence = Evidence { key: Some(key), ..Evidence::KNOWN };
            let ambiguous: Vec<&str> = column(8).split('|').collect();
            for name in std::iter::once(column(1)).chain(column(2).split('|')) {
                let ambiguous = ambiguous.contains(&name);
                table.names.insert(fold_outlet_name(name), Evidence { ambiguous, ..evidence });
            }
            for host in column(3).split(',') {
                table.hosts.insert(host.to_owned(), (evidence, column(1).to_owned()));
            }
        }
        table.names.remove("");
        table.hosts.remove("");
        Ok(table)
    }

    /// Finds the outlet at a host or at one of its parent domains.
    pub fn host(&self, host: &str) -> Option<&(Evidence, String)> {
        let mut host = host;
        loop {
            if let Some(found) = self.hosts.get(host) {
                return Some(found);
            }
            host = host.split_once('.')?.1;
        }
    }
}

impl Outlets for Table {
    fn knows(&self, name: &str) -> bool {
        self.lookup(name).is_some()
    }

    fn lookup(&self, name: &str) -> Option<Evidence> {
        self.names.get(&fold_outlet_name(name)).copied()
    }

    fn at_host(&self, host: &str) -> Option<Evidence> {
        self.host(host).map(|(evidence, _)| *evidence)
    }
}
