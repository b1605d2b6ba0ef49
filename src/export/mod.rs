//! Taking everything out again: the whole database as lines of JSON, or what is published as Atom.
//!
//! Both are read from one snapshot and written as they are read, whatever the size.

mod atom;
mod ndjson;
mod routes;
pub mod tables;

pub use routes::{Docs, ExportSlots, configure};

use crate::clock::Clock;
use crate::config::Config;
use crate::database::Database;
use crate::db::Target;
use crate::error::{Code, Error, Result};
use anyhow::Context as _;
use bytes::Bytes;
use clap::ValueEnum;
use serde::Deserialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout;
use tokio_postgres::Client;
use utoipa::ToSchema;

/// The arguments of `roundup export`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// What to write.
    #[arg(long, value_enum, default_value = "ndjson")]
    pub format: Format,
    /// Where to write it; to the standard output if not given.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What an export can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ExportFormat)]
pub enum Format {
    /// Everything, as lines of JSON: for `roundup import`. It holds e-mail addresses.
    Ndjson,
    /// The published articles, as an Atom feed: for other programs.
    Atom,
}

/// Runs `roundup export`.
///
/// # Errors
/// When the database fails or the output cannot be written.
pub async fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    let database = Database::open(config, &Clock::System).await?;
    let written = match &args.output {
        None => write(&database.target, args.format, tokio::io::stdout()).await,
        Some(path) => {
            // The old file stays until the new one is whole.
            let part = path.with_extension("part");
            let file = tokio::fs::File::create(&part).await;
            let file = file.with_context(|| format!("cannot write {}", part.display()))?;
            let written = write(&database.target, args.format, file).await;
            match written {
                Ok(()) => tokio::fs::rename(&part, path)
                    .await
                    .with_context(|| format!("cannot write {}", path.display())),
                Err(error) => Err(error),
            }
        }
    };
    database.close().await?;
    written.map(|()| ExitCode::SUCCESS)
}

/// Writes an export.
///
/// # Errors
/// When the database fails or the output cannot be written.
pub async fn write(
    target: &Target,
    format: Format,
    mut output: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    let (sender, mut receiver) = mpsc::channel(4);
    let read = read(target, format, sender);
    let write = async {
        while let Some(bytes) = receiver.recv().await {
            output.write_all(&bytes).await?;
        }
        output.flush().await
    };
    let (read, written) = futures_util::future::join(read, write).await;
    written.context("cannot write the export")?;
    read.map_err(anyhow::Error::from)
}

/// Reads an export, piece by piece, into a channel: it reads on as the pieces are taken.
///
/// # Errors
/// When the database fails. What has been sent then is no whole export.
pub async fn read(target: &Target, format: Format, sender: Sender<Bytes>) -> Result<()> {
    read_for(target, format, &sender, None).await
}

/// The same for a client that may lose patience: each piece must be taken in this time.
async fn read_for(
    target: &Target,
    format: Format,
    sender: &Sender<Bytes>,
    patience: Option<Duration>,
) -> Result<()> {
    let (client, driver) = target.connect().await.map_err(Error::unavailable)?;
    let driver = tokio::spawn(driver);
    let snapshot = "begin isolation level repeatable read read only; set local timezone = 'UTC'; \
                    set local bytea_output = 'hex'; set local statement_timeout = 0";
    let pieces = Pieces { client: &client, sender, patience: patience.unwrap_or(Duration::MAX) };
    let all = async {
        client.batch_execute(snapshot).await.map_err(failed)?;
        match format {
            Format::Ndjson => ndjson::write(&pieces).await,
            Format::Atom => atom::write(&pieces).await,
        }
    };
    let done = tokio::select! {
        done = all => done,
        () = sender.closed() => {
            // Else the server would notice only when it has rows to send.
            target.cancel(client.cancel_token()).await;
            Err(Stop::Gone)
        }
    };
    drop(client);
    driver.abort();
    match done {
        // Whoever hung up wants no more.
        Err(Stop::Gone) | Ok(()) => Ok(()),
        Err(Stop::Failed(error)) => Err(*error),
    }
}

/// Why an export ends early.
#[derive(Debug)]
enum Stop {
    Gone,
    Failed(Box<Error>),
}

fn failed(error: tokio_postgres::Error) -> Stop {
    Stop::Failed(Box::new(Error::internal(error)))
}

/// The snapshot that is read, and where the pieces go.
struct Pieces<'a> {
    client: &'a Client,
    sender: &'a Sender<Bytes>,
    patience: Duration,
}

/// How many rows are fetched at once.
const ROWS: usize = 500;

impl Pieces<'_> {
    async fn send(&self, text: String) -> std::result::Result<(), Stop> {
        let sent = timeout(self.patience, self.sender.send(Bytes::from(text))).await;
        let late = |_late| {
            let detail = "the client took too long over a piece of the export";
            Stop::Failed(Box::new(Error::new(Code::Deadline, detail)))
        };
        sent.map_err(late)?.map_err(|_closed| Stop::Gone)
    }

    /// Sends what `line` makes of each row of a query of one text column; counts the rows.
    async fn each(
        &self,
        query: &str,
        line: impl Fn(&str) -> std::result::Result<String, Stop>,
    ) -> std::result::Result<u64, Stop> {
        let declare = format!("declare export no scroll cursor for {query}");
        self.client.batch_execute(&declare).await.map_err(failed)?;
        let fetch = format!("fetch {ROWS} from export");
        let mut count = 0;
        loop {
            let rows = self.client.query(&fetch, &[]).await.map_err(failed)?;
            if rows.is_empty() {
                break;
            }
            let mut text = String::new();
            for row in &rows {
                text += &line(row.try_get::<_, &str>(0).map_err(failed)?)?;
                count += 1;
                if text.len() > 1 << 20 {
                    self.send(std::mem::take(&mut text)).await?;
                }
            }
            self.send(text).await?;
        }
        self.client.batch_execute("close export").await.map_err(failed)?;
        Ok(count)
    }
}
