//! Hears of every change in the database, on a connection of its own, and has the database confirm
//! four times a second that nothing is outstanding.
//!
//! PostgreSQL delivers the notices of all transactions that were committed before a statement
//! arrived ahead of that statement's answer. So an answer confirms the moment at which the
//! statement was sent.

use super::coherence::Coherence;
use super::counters::Change;
use super::position::Lsn;
use crate::db::{ConnectError, Target};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, SimpleQueryMessage};

/// How often the database is asked to confirm.
const EVERY: Duration = Duration::from_millis(250);
/// A database that is silent for so long is connected to anew.
const PATIENCE: Duration = Duration::from_secs(2);
/// The pauses between attempts to connect: the first one, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// Fails on a standby and on a former primary, where nothing could be heard.
const POSITION: &str = "select pg_current_wal_insert_lsn()";

/// Why the connection ended.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Broken(#[from] tokio_postgres::Error),
    #[error("the database closed the connection")]
    Closed,
    #[error("the database is silent")]
    Silent,
    #[error("the database gave no position")]
    NoPosition,
}

/// Listens for as long as the future is polled; connects again whenever it must.
///
/// `pooled`: a pooler in transaction mode stands in between, through which nothing is heard.
pub async fn listen(coherence: Arc<Coherence>, target: Target, pooled: bool) {
    if pooled || target.pgbouncer() {
        log::warn!("behind PgBouncer no notices arrive: what is cached is trusted for a second");
        return;
    }
    let mut pause = PAUSES.0;
    let mut told = false;
    loop {
        let lost = session(&coherence, &target, &mut told).await;
        if coherence.disconnected() {
            pause = PAUSES.0;
        }
        if let Err(lost) = lost
            && !told
        {
            told = true;
            log::warn!("changes of other instances are not heard: {lost}");
        }
        sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// One connection, until it is lost.
async fn session(coherence: &Coherence, target: &Target, told: &mut bool) -> Result<(), Lost> {
    let connected = timeout(PATIENCE, Box::pin(target.connect_with_messages())).await;
    let (client, mut messages) = connected.map_err(|_late| Lost::Silent)??;
    let hear = async {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(notice) = message? {
                hear(coherence, notice.payload());
            }
        }
        Err(Lost::Closed)
    };
    let confirm = async {
        let listened = timeout(PATIENCE, client.batch_execute("listen roundup")).await;
        listened.map_err(|_late| Lost::Silent)??;
        coherence.connected(position(&client).await?);
        if std::mem::take(told) {
            log::info!("changes of other instances are heard again");
        }
        loop {
            let asked = coherence.ask();
            let lsn = position(&client).await?;
            coherence.confirm(asked, lsn);
            // Whichever comes first.
            _ = timeout(EVERY, coherence.wanted()).await;
        }
    };
    tokio::select! {
        // In this order: notices before answers.
        biased;
        ended = hear => ended,
        ended = confirm => ended,
    }
}

async fn position(client: &Client) -> Result<Lsn, Lost> {
    let asked = timeout(PATIENCE, client.simple_query(POSITION)).await;
    let rows = asked.map_err(|_late| Lost::Silent)??;
    let text = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    text.and_then(Lsn::parse).ok_or(Lost::NoPosition)
}

/// Acts on a notice; the migration `notify` says what it may be. One that is not understood may
/// come from a newer version: then everything may have changed.
fn hear(coherence: &Coherence, notice: &str) {
    let ids = || notice.split(' ').map(str::parse).collect::<Result<Vec<i64>, _>>();
    match notice {
        "lists" => coherence.heard(Change::Lists),
        _ => match ids() {
            Ok(ids) => coherence.heard(Change::Articles(&ids)),
            Err(_) => coherence.heard(Change::Everything),
        },
    }
}
