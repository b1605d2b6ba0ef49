//! When each part of the site last changed, as tickets of one count.
//!
//! A reader takes the newest ticket *before* its first query. Its result still holds as long as
//! nothing that it depends on has a later ticket. So it need not know beforehand which article a
//! slug stands for: what it depends on may be told when the queries are done.
//!
//! Why a result of older rows can never count as current: a writer draws its ticket after its
//! commit. A reader whose ticket is that one or later began after the commit, and its queries see
//! the rows. A reader with an earlier ticket is behind what the writer has marked, once `mark`
//! returns; and the writer answers only then.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many articles are told apart; two that share a place only empty each other's entries.
const PLACES: usize = 4096;

/// What a write has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// These articles, or what belongs to them: links, credits, tags, comments. Lists as well.
    Articles(&'a [i64]),
    /// What stands in lists but in no article.
    Lists,
    /// What any answer may show, such as the name of an outlet.
    Everything,
}

/// What an answer depends on, besides what all depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depends {
    /// Any change whatever: right for all that is not known to be of one article.
    AnyChange,
    /// One article, its links, credits, tags and comments.
    Article(i64),
}

/// A moment in the order of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Ticket(u64);

impl Ticket {
    /// Its number: it counts the changes since the start.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// On a cache line of its own: one that is written must not slow the reading of its neighbours.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Lone(AtomicU64);

/// The tickets of the latest changes.
#[derive(Debug)]
pub struct Counters {
    newest: Lone,
    site: Lone,
    lists: Lone,
    articles: Box<[AtomicU64]>,
}

impl Default for Counters {
    fn default() -> Self {
        let articles = (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        Self { newest: Lone::default(), site: Lone::default(), lists: Lone::default(), articles }
    }
}

impl Counters {
    /// The ticket of a reader that starts now.
    pub fn now(&self) -> Ticket {
        Ticket(self.newest.0.load(Ordering::SeqCst))
    }

    /// Marks what a transaction has changed. To be called after its commit, and before anybody is
    /// told of it.
    pub fn mark(&self, change: Change<'_>) {
        let ticket = self.newest.0.fetch_add(1, Ordering::SeqCst) + 1;
        if let Change::Articles(ids) = change {
            for place in ids.iter().filter_map(|id| self.place(*id)) {
                place.fetch_max(ticket, Ordering::SeqCst);
            }
        }
        // Whatever changes may show in a list.
        self.lists.0.fetch_max(ticket, Ordering::SeqCst);
        if change == Change::Everything {
            self.site.0.fetch_max(ticket, Ordering::SeqCst);
        }
    }

    /// Whether what was read from `ticket` on is still as it is in the database.
    pub fn hold(&self, on: Depends, ticket: Ticket) -> bool {
        let unchanged = |counter: &AtomicU64| counter.load(Ordering::SeqCst) <= ticket.0;
        let own = match on {
            Depends::AnyChange => Some(&self.lists.0),
            Depends::Article(id) => self.place(id),
        };
        unchanged(&self.site.0) && own.is_some_and(unchanged)
    }

    fn place(&self, id: i64) -> Option<&AtomicU64> {
        let place = usize::try_from(id.unsigned_abs()).unwrap_or_default() % PLACES;
        self.articles.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_ends_what_depends_on_it_and_nothing_else() {
        let counters = Counters::default();
        let begun = counters.now();
        let all = [Depends::AnyChange, Depends::Article(7), Depends::Article(8)];
        let hold = |ticket| all.map(|on| counters.hold(on, ticket));
        assert_eq!(hold(begun), [true; 3]);
        counters.mark(Change::Articles(&[7]));
        assert_eq!(hold(begun), [false, false, true]);
        assert_eq!(hold(counters.now()), [true; 3]);
        let begun = counters.now();
        counters.mark(Change::Lists);
        assert_eq!(hold(begun), [false, true, true]);
        counters.mark(Change::Everything);
        assert_eq!(hold(begun), [false; 3]);
        assert_eq!(hold(counters.now()), [true; 3]);
    }

    #[test]
    fn what_was_read_before_a_change_never_holds_after_it() {
        let counters = Counters::default();
        std::thread::scope(|scope| {
            for id in 0..4 {
                let counters = &counters;
                scope.spawn(move || {
                    for _ in 0..20_000 {
                        let begun = counters.now();
                        counters.mark(Change::Articles(&[id]));
                        assert!(!counters.hold(Depends::Article(id), begun));
                        assert!(!counters.hold(Depends::AnyChange, begun));
                        assert!(counters.hold(Depends::Article(99), begun));
                    }
                });
            }
        });
    }
}
