//! Version numbers that say when each part of the site last changed.
//!
//! A reader takes the current version *before* its first query. Its result is current as long as
//! nothing that it depends on has a later version. What it depends on may therefore become known
//! only during the queries, such as the article behind a slug.
//!
//! An outdated result is never taken for current: a writer draws its version after its commit. A
//! reader with that version or a later one started after the commit, so its queries see the new
//! rows. A reader with an earlier version is outdated once [`Versions::record`] returns, and the
//! writer responds only after that.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number of slots for articles. Articles that share a slot only invalidate each other.
const ARTICLE_SLOTS: usize = 4096;

/// What a write has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// These articles or their links, credits, tags or comments; lists change as well.
    Articles(&'a [i64]),
    /// Lists, but no article.
    Lists,
    /// Anything, for example the name of an outlet, which every response may contain.
    Everything,
}

/// What a response depends on. Every response also depends on [`Change::Everything`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependency {
    /// Any change at all: correct for every response that is not known to be about one article.
    AnyChange,
    /// One article with its links, credits, tags and comments.
    Article(i64),
}

/// The number of changes since the start of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Version(u64);

impl Version {
    /// Returns the number.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// An atomic on a cache line of its own, so that writing it does not slow down readers of its
/// neighbours.
#[derive(Debug, Default)]
#[repr(align(64))]
struct CachePadded(AtomicU64);

/// The versions at which the parts of the site last changed.
#[derive(Debug)]
pub struct Versions {
    current: CachePadded,
    site: CachePadded,
    lists: CachePadded,
    articles: Box<[AtomicU64]>,
}

impl Default for Versions {
    fn default() -> Self {
        let articles = (0..ARTICLE_SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self {
            current: CachePadded::default(),
            site: CachePadded::default(),
            lists: CachePadded::default(),
            articles,
        }
    }
}

impl Versions {
    /// Returns the current version, for a read that starts now.
    pub fn current(&self) -> Version {
        Version(self.current.0.load(Ordering::SeqCst))
    }

    /// Records what a transaction has changed. Must be called after the commit and before the
    /// response to the write.
    pub fn record(&self, change: Change<'_>) {
        let version = self.current.0.fetch_add(1, Ordering::SeqCst) + 1;
        if let Change::Articles(ids) = change {
            for slot in ids.iter().filter_map(|id| self.article_slot(*id)) {
                slot.fetch_max(version, Ordering::SeqCst);
            }
        }
        // Every change may show in a list.
        self.lists.0.fetch_max(version, Ordering::SeqCst);
        if change == Change::Everything {
            self.site.0.fetch_max(version, Ordering::SeqCst);
        }
    }

    /// Returns whether nothing that `dependency` covers has changed since `version`.
    pub fn is_unchanged_since(&self, version: Version, dependency: Dependency) -> bool {
        let unchanged = |slot: &AtomicU64| slot.load(Ordering::SeqCst) <= version.0;
        let slot = match dependency {
            Dependency::AnyChange => Some(&self.lists.0),
            Dependency::Article(id) => self.article_slot(id),
        };
        unchanged(&self.site.0) && slot.is_some_and(unchanged)
    }

    fn article_slot(&self, id: i64) -> Option<&AtomicU64> {
        let index = usize::try_from(id.unsigned_abs()).unwrap_or_default() % ARTICLE_SLOTS;
        self.articles.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_invalidates_only_what_depends_on_it() {
        let versions = Versions::default();
        let start = versions.current();
        let dependencies = [Dependency::AnyChange, Dependency::Article(7), Dependency::Article(8)];
        let unchanged =
            |start| dependencies.map(|dependency| versions.is_unchanged_since(start, dependency));
        assert_eq!(unchanged(start), [true; 3]);
        versions.record(Change::Articles(&[7]));
        assert_eq!(unchanged(start), [false, false, true]);
        assert_eq!(unchanged(versions.current()), [true; 3]);
        let start = versions.current();
        versions.record(Change::Lists);
        assert_eq!(unchanged(start), [false, true, true]);
        versions.record(Change::Everything);
        assert_eq!(unchanged(start), [false; 3]);
        assert_eq!(unchanged(versions.current()), [true; 3]);
    }

    #[test]
    fn a_read_that_started_before_a_change_is_never_current_after_it() {
        let versions = Versions::default();
        std::thread::scope(|scope| {
            for id in 0..4 {
                let versions = &versions;
                scope.spawn(move || {
                    for _ in 0..20_000 {
                        let start = versions.current();
                        versions.record(Change::Articles(&[id]));
                        assert!(!versions.is_unchanged_since(start, Dependency::Article(id)));
                        assert!(!versions.is_unchanged_since(start, Dependency::AnyChange));
                        assert!(versions.is_unchanged_since(start, Dependency::Article(99)));
                    }
                });
            }
        });
    }
}
