//! What is known about names while one text is read.

use super::Parsed;
use crate::outlets::{OutletCache, Outlets};
use std::cell::RefCell;
use std::collections::HashMap;

/// What is known about names while one text is read: the outlets, the names that occur in the text,
/// and a cache of parsed credit lines.
pub(crate) struct Names<'a> {
    pub(crate) outlets: OutletCache<'a>,
    /// How often a text occurs where a credit can be, by its lower-case form.
    pub(crate) occurrences: HashMap<String, usize>,
    /// Parsed texts. The candidates of a line have many texts in common.
    cache: RefCell<HashMap<String, Option<Parsed>>>,
}

/// The maximum number of cached texts; the cache is cleared when it is full.
const MAX_CACHED: usize = 10_000;

impl<'a> Names<'a> {
    pub(crate) fn new(outlets: &'a dyn Outlets) -> Self {
        Self {
            outlets: OutletCache::new(outlets),
            occurrences: HashMap::new(),
            cache: RefCell::default(),
        }
    }

    /// Returns how often a name occurs in the post where a credit can be, this place included.
    pub(crate) fn occurrences(&self, name: &str) -> usize {
        self.occurrences.get(name.trim().to_lowercase().as_str()).copied().unwrap_or_default()
    }

    /// Returns the parsed text from the cache, or parses it and adds it.
    pub(super) fn cached(
        &self,
        line: &str,
        parse: impl FnOnce() -> Option<Parsed>,
    ) -> Option<Parsed> {
        if let Some(parsed) = self.cache.borrow().get(line) {
            return parsed.clone();
        }
        let parsed = parse();
        let mut cache = self.cache.borrow_mut();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(line.to_owned(), parsed.clone());
        parsed
    }
}
