//! Loads articles that are requested at the same time together.
//!
//! Most of the cost of loading an article is per statement, not per row, so concurrent loads on a worker
//! share one set of statements. A request that arrives while an article is being loaded on its worker
//! waits; the next one then loads the articles of all that wait. A request that arrives at an idle worker
//! does not wait. If the load finds no connection or exceeds its deadline, all requests of the batch get
//! that error, since starting again would double their wait. After any other failure, each loads its
//! article alone.

use super::model::ArticlePage;
use super::query::{self, PageOptions};
use crate::cache::Fill;
use crate::db::PoolError;
use crate::error::{Code, Error, Result};
use crate::extract::{Lookup, Ref};
use crate::state;
use crate::state::State;
use futures_util::future::{Either, select};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::sync::oneshot::{Receiver, Sender, channel};
use tokio::time::timeout;

/// The maximum wait for the current batch. After that the request loads its article alone: the database
/// is slow, perhaps reading from disk, and handles several loads at a time.
const BATCH_WAIT: Duration = Duration::from_millis(5);

/// The maximum number of articles in a batch.
const MAX_BATCH: usize = 32;

/// The pending loads of a worker.
#[derive(Debug, Default)]
pub(super) struct BatchLoader {
    /// Held by the request that loads the current batch.
    loading: Mutex<()>,
    waiting: RefCell<Vec<PendingLoad>>,
    numbers: Cell<u64>,
}

#[derive(Debug)]
struct PendingLoad {
    number: u64,
    which: Ref,
    kind: BatchKind,
    sender: Sender<LoadResult>,
}

/// What the loads of a batch have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BatchKind {
    with_comments: bool,
    /// The time limit of the load; see [`Fill::time_limit`].
    time_limit: Option<Duration>,
}

/// The result of a batch for a waiting request. If the sender is dropped, the request loads its article alone.
#[derive(Debug)]
enum LoadResult {
    /// The article, if it is published, and whether a replica was used.
    Read(Option<Rc<ArticlePage>>, bool),
    /// No connection was available.
    Unavailable,
    /// The load exceeded this deadline.
    DeadlineExceeded(Duration),
}

impl BatchLoader {
    /// Finds an article as [`query::find`] does, perhaps in a batch.
    ///
    /// # Errors
    /// As `query::find` and [`State::read`].
    pub(super) async fn find(
        &self,
        state: &State,
        which: &Ref,
        with_comments: bool,
    ) -> Result<Lookup<Rc<ArticlePage>>> {
        let kind = BatchKind { with_comments, time_limit: Fill::time_limit() };
        if state.may_share_reads()
            && let Some(found) = self.load_in_batch(state, which, kind).await?
        {
            return Ok(found);
        }
        load_one(state, which, with_comments).await
    }

    /// Returns the result of a batch for one request; `None` if it must load alone.
    async fn load_in_batch(
        &self,
        state: &State,
        which: &Ref,
        kind: BatchKind,
    ) -> Result<Option<Lookup<Rc<ArticlePage>>>> {
        let (number, mut receiver) = self.enqueue(which, kind);
        match select(&mut receiver, pin!(timeout(BATCH_WAIT, self.loading.lock()))).await {
            Either::Left((result, _)) => return into_result(result.ok()),
            Either::Right((_guard, _)) => {
                if let Some(others) = self.take_batch(number) {
                    return load_batch(state, which, kind.with_comments, others).await;
                }
            }
        }
        // Another request is loading this article.
        into_result(receiver.await.ok())
    }

    /// Adds a pending load; returns its number and the receiver of its result.
    fn enqueue(&self, which: &Ref, kind: BatchKind) -> (u64, Receiver<LoadResult>) {
        let (sender, receiver) = channel();
        let number = self.numbers.get();
        self.numbers.set(number.wrapping_add(1));
        let which = which.clone();
        self.waiting.borrow_mut().push(PendingLoad { number, which, kind, sender });
        (number, receiver)
    }

    /// Returns the pending loads to load in this batch; `None` if another request loads this one.
    fn take_batch(&self, number: u64) -> Option<Vec<PendingLoad>> {
        let mut waiting = self.waiting.borrow_mut();
        let own = waiting.extract_if(.., |one| one.number == number).next()?;
        waiting.retain(|one| !one.sender.is_closed());
        let alike = waiting.extract_if(.., |one| one.kind == own.kind);
        Some(alike.take(MAX_BATCH - 1).collect())
    }
}

/// Loads the articles of a batch and sends the results.
async fn load_batch(
    state: &State,
    which: &Ref,
    with_comments: bool,
    others: Vec<PendingLoad>,
) -> Result<Option<Lookup<Rc<ArticlePage>>>> {
    if others.is_empty() {
        return load_one(state, which, with_comments).await.map(Some);
    }
    let mut refs: Vec<Ref> = others.iter().map(|one| one.which.clone()).collect();
    refs.push(which.clone());
    let options = &PageOptions::of(state, with_comments);
    match state.read(async |conn| query::find_all(conn, &refs, options).await).await {
        Ok(mut found) => {
            let own = found.pop().flatten();
            let replica = Fill::has_used_replica();
            for (one, article) in others.into_iter().zip(found) {
                // Sending fails if the request was cancelled.
                _ = one.sender.send(LoadResult::Read(article, replica));
            }
            Ok(own.map(Lookup::Found))
        }
        Err(error) => {
            let no_connection = error.cause().is_some_and(anyhow::Error::is::<PoolError>);
            for one in others {
                let result = match error.code() {
                    Code::Deadline => LoadResult::DeadlineExceeded(state.deadline()),
                    Code::Unavailable if no_connection => LoadResult::Unavailable,
                    _ => continue,
                };
                _ = one.sender.send(result);
            }
            match error.code() {
                Code::Deadline | Code::Unavailable => Err(error),
                // The failure may be due to another article of the batch.
                _ => Ok(None),
            }
        }
    }
}

fn into_result(result: Option<LoadResult>) -> Result<Option<Lookup<Rc<ArticlePage>>>> {
    match result {
        Some(LoadResult::Read(article, replica)) => {
            if replica {
                Fill::set_used_replica();
            }
            Ok(article.map(Lookup::Found))
        }
        Some(LoadResult::Unavailable) => {
            let cause = anyhow::anyhow!("the batch load found no connection");
            Err(Error::unavailable(cause))
        }
        Some(LoadResult::DeadlineExceeded(deadline)) => Err(state::deadline_exceeded(deadline)),
        None => Ok(None),
    }
}

async fn load_one(
    state: &State,
    which: &Ref,
    with_comments: bool,
) -> Result<Lookup<Rc<ArticlePage>>> {
    let options = &PageOptions::of(state, with_comments);
    let found = state.read(async |conn| query::find(conn, which, options).await).await?;
    Ok(found.map(Rc::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_batched_request_records_the_use_of_a_replica() {
        for replica in [false, true] {
            let load =
                async { into_result(Some(LoadResult::Read(None, replica))).unwrap().is_none() };
            assert_eq!(Fill::run(None, load).await, (true, replica));
        }
    }
}
