//! Limits the reads whose cost grows with the size of the site: searches, counts, statistics.
//!
//! They share a quarter of the database connections, so they never keep editors and ordinary pages waiting.
//! One client may have a few of them running or waiting; its next ones are rejected at once.

use crate::error::{Code, Error, Result};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// The maximum number of costly reads of one client, running or waiting.
const MAX_PER_CLIENT: usize = 4;

/// The maximum number of costly reads that wait, of all clients.
const MAX_WAITING: usize = 16;

/// The maximum wait of a costly read.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// The costly reads of an instance.
#[derive(Debug)]
pub struct CostlyReads {
    running: Semaphore,
    max_running: usize,
    of_clients: Mutex<HashMap<IpAddr, usize>>,
}

/// A costly read that may run, until this is dropped.
#[derive(Debug)]
pub struct CostlyRead<'a> {
    _client: ClientRead<'a>,
    _running: SemaphorePermit<'a>,
}

/// A costly read in the count of its client.
#[derive(Debug)]
struct ClientRead<'a> {
    reads: &'a CostlyReads,
    client: IpAddr,
}

impl CostlyReads {
    /// Lets this many costly reads run at the same time.
    pub fn new(max_running: usize) -> Self {
        let running = Semaphore::new(max_running);
        Self { running, max_running, of_clients: Mutex::default() }
    }

    /// Waits until a costly read of this client may run.
    ///
    /// # Errors
    /// 429 if the client has too many, or all clients together have.
    pub async fn begin(&self, client: IpAddr) -> Result<CostlyRead<'_>> {
        let counted = self.count(client)?;
        let running = timeout(MAX_WAIT, self.running.acquire()).await.ok().and_then(Result::ok);
        let running = running
            .ok_or_else(|| rejection("too many searches and counts are running; try again"))?;
        Ok(CostlyRead { _client: counted, _running: running })
    }

    fn count(&self, client: IpAddr) -> Result<ClientRead<'_>> {
        let mut clients = self.of_clients.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = clients.values().sum();
        if all >= self.max_running + MAX_WAITING {
            let detail = "too many searches and counts are waiting; try again";
            return Err(rejection(detail));
        }
        let own = clients.entry(client).or_default();
        if *own >= MAX_PER_CLIENT {
            let detail = "this client has too many searches and counts running; wait for one";
            return Err(rejection(detail));
        }
        *own += 1;
        Ok(ClientRead { reads: self, client })
    }
}

impl Drop for ClientRead<'_> {
    fn drop(&mut self) {
        let mut clients = self.reads.of_clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = clients.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                clients.remove(&self.client);
            }
        }
    }
}

/// Not 503, after which the cache would take the database for unavailable.
fn rejection(detail: &'static str) -> Error {
    Error::new(Code::RateLimited, detail).with_header(RETRY_AFTER, HeaderValue::from_static("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8) -> IpAddr {
        [192, 0, 2, number].into()
    }

    fn code(outcome: Result<CostlyRead<'_>>) -> Option<Code> {
        outcome.err().map(|error| error.code())
    }

    #[tokio::test]
    async fn a_client_has_a_few_and_all_clients_share_the_rest() {
        let reads = CostlyReads::new(2);
        let first = reads.begin(client(1)).await.unwrap();
        let second = reads.begin(client(1)).await.unwrap();
        // The third waits, in vain, and so does another client.
        assert_eq!(code(reads.begin(client(1)).await), Some(Code::RateLimited));
        assert_eq!(code(reads.begin(client(2)).await), Some(Code::RateLimited));
        drop(first);
        let third = reads.begin(client(2)).await.unwrap();
        drop((second, third));
        assert!(reads.of_clients.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_reads_of_a_client_and_those_that_wait_are_bounded() {
        let reads = CostlyReads::new(1);
        let counted: Vec<_> =
            (0..MAX_PER_CLIENT).map(|_| reads.count(client(1)).unwrap()).collect();
        assert_eq!(code(reads.begin(client(1)).await), Some(Code::RateLimited));
        let others: Vec<_> = (2..)
            .map_while(|number| reads.count(client(number)).ok())
            .take(usize::from(u8::MAX))
            .collect();
        assert_eq!(counted.len() + others.len(), 1 + MAX_WAITING);
    }
}
