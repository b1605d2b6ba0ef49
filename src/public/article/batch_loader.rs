//! Articles that are asked for at the same time are read together.
//!
//! What an article takes of PostgreSQL and of the way there and back is for the most part the
//! statements', not the rows': two articles with one set of statements take little more than one.
//! So those who come while an article is being read on their worker wait, and whose turn is next
//! reads for all who wait by then. Who comes when nothing is being read waits for nobody. They share
//! what befalls a reader too: if it finds no connection or the deadline passes, that is said to all,
//! for to begin anew would make each wait as long again. Whatever else fails, each reads alone.

use super::model::ArticlePage;
use super::query;
use crate::cache::Fill;
use crate::db::{DbError, PoolError};
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

/// How long one waits for the turn before one reads without it: some pages' time. Then the database
/// is slow, reading from disk perhaps, and does more at a time.
const NEARLY: Duration = Duration::from_millis(5);

/// The most articles that are read at once.
const MOST: usize = 32;

/// Those who wait for an article on one worker, and whose turn it is.
#[derive(Debug, Default)]
pub(super) struct BatchLoader {
    turn: Mutex<()>,
    waiting: RefCell<Vec<Waiting>>,
    numbers: Cell<u64>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    which: Ref,
    kind: Kind,
    answer: Sender<Answer>,
}

/// What those have in common who are read for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    with_comments: bool,
    /// See [`Fill::time_limit`].
    time_limit: Option<Duration>,
}

/// What one who waits is told; nothing if it has to read alone.
#[derive(Debug)]
enum Answer {
    /// The article, if a published one is there, and whether a replica was asked.
    Read(Option<Rc<ArticlePage>>, bool),
    /// There was no connection to be had.
    Unavailable,
    /// The database took longer than this.
    Late(Duration),
}

impl BatchLoader {
    /// As [`query::find`], maybe together with others.
    ///
    /// # Errors
    /// As `query::find` and [`State::read`].
    pub(super) async fn find(
        &self,
        state: &State,
        which: &Ref,
        with_comments: bool,
    ) -> Result<Lookup<Rc<ArticlePage>>> {
        let kind = Kind { with_comments, time_limit: Fill::time_limit() };
        if state.may_share_reads()
            && let Some(found) = self.in_turn(state, which, kind).await?
        {
            return Ok(found);
        }
        alone(state, which, with_comments).await
    }

    /// What a read has found that one leads, or another who waits; nothing if that does not say.
    async fn in_turn(
        &self,
        state: &State,
        which: &Ref,
        kind: Kind,
    ) -> Result<Option<Lookup<Rc<ArticlePage>>>> {
        let (number, mut told) = self.enter(which, kind);
        match select(&mut told, pin!(timeout(NEARLY, self.turn.lock()))).await {
            Either::Left((answer, _)) => return said(answer.ok()),
            Either::Right((_turn, _)) => {
                if let Some(others) = self.take(number) {
                    return lead(state, which, kind.with_comments, others).await;
                }
            }
        }
        // Somebody reads for it already.
        said(told.await.ok())
    }

    /// Puts one among those who wait: its number, and where it is told.
    fn enter(&self, which: &Ref, kind: Kind) -> (u64, Receiver<Answer>) {
        let (answer, told) = channel();
        let number = self.numbers.get();
        self.numbers.set(number.wrapping_add(1));
        let which = which.clone();
        self.waiting.borrow_mut().push(Waiting { number, which, kind, answer });
        (number, told)
    }

    /// Those for whom this one reads as well; nothing if another one reads for it.
    fn take(&self, number: u64) -> Option<Vec<Waiting>> {
        let mut waiting = self.waiting.borrow_mut();
        let own = waiting.extract_if(.., |one| one.number == number).next()?;
        waiting.retain(|one| !one.answer.is_closed());
        let alike = waiting.extract_if(.., |one| one.kind == own.kind);
        Some(alike.take(MOST - 1).collect())
    }
}

/// Reads for oneself and for these, and tells them.
async fn lead(
    state: &State,
    which: &Ref,
    with_comments: bool,
    others: Vec<Waiting>,
) -> Result<Option<Lookup<Rc<ArticlePage>>>> {
    if others.is_empty() {
        return alone(state, which, with_comments).await.map(Some);
    }
    let mut refs: Vec<Ref> = others.iter().map(|one| one.which.clone()).collect();
    refs.push(which.clone());
    match state.read(async |conn| query::find_all(conn, &refs, with_comments).await).await {
        Ok(mut found) => {
            let own = found.pop().flatten();
            let replica = Fill::has_used_replica();
            for (one, article) in others.into_iter().zip(found) {
                // Who does not listen any more has gone away.
                _ = one.answer.send(Answer::Read(article, replica));
            }
            Ok(own.map(Lookup::Found))
        }
        Err(error) => {
            let no_connection = error.cause().is_some_and(|cause| {
                cause.is::<PoolError>()
                    || matches!(cause.downcast_ref(), Some(DbError::Deadline(_)))
            });
            for one in others {
                let answer = match error.code() {
                    Code::Deadline => Answer::Late(state.deadline()),
                    Code::Unavailable if no_connection => Answer::Unavailable,
                    _ => continue,
                };
                _ = one.answer.send(answer);
            }
            match error.code() {
                Code::Deadline | Code::Unavailable => Err(error),
                // It may be another's article that cannot be read.
                _ => Ok(None),
            }
        }
    }
}

fn said(answer: Option<Answer>) -> Result<Option<Lookup<Rc<ArticlePage>>>> {
    match answer {
        Some(Answer::Read(article, replica)) => {
            if replica {
                Fill::set_used_replica();
            }
            Ok(article.map(Lookup::Found))
        }
        Some(Answer::Unavailable) => {
            let cause = anyhow::anyhow!("the read that it had a part in found no connection");
            Err(Error::unavailable(cause))
        }
        Some(Answer::Late(deadline)) => Err(state::deadline_exceeded(deadline)),
        None => Ok(None),
    }
}

async fn alone(state: &State, which: &Ref, with_comments: bool) -> Result<Lookup<Rc<ArticlePage>>> {
    let found = state.read(async |conn| query::find(conn, which, with_comments).await).await?;
    Ok(found.map(Rc::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_was_read_for_on_a_replica_has_asked_it_as_well() {
        for replica in [false, true] {
            let told = async { said(Some(Answer::Read(None, replica))).unwrap().is_none() };
            assert_eq!(Fill::run(None, told).await, (true, replica));
        }
    }
}
