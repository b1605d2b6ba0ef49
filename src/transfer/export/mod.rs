//! Exports the database as lines of JSON, the published articles as an Atom feed, or all articles as
//! WordPress exports them.
//!
//! Each is read from one snapshot of the database and sent as they are read, so that their size
//! does not matter.

mod atom;
mod ndjson;
mod wxr;

use crate::audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::Database;
use crate::db::Target;
use crate::error::{Code, Error, Result};
use crate::permalink::Permalinks;
use anyhow::Context as _;
use bytes::Bytes;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::json;
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
    /// The file to write; the standard output if not given.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ExportFormat)]
pub enum Format {
    /// The whole database as lines of JSON, for `roundup import`. It holds e-mail addresses.
    Ndjson,
    /// The published articles with their comments as an Atom feed, for other programs.
    Atom,
    /// The articles of every status with their comments, as WordPress exports them (WXR 1.2). It
    /// holds e-mail addresses.
    Wxr,
}

impl Format {
    /// Returns the name on the command line and in the audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Atom => "atom",
            Self::Wxr => "wxr",
        }
    }

    /// Returns the extension of a file in this format.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wxr => "xml",
            Self::Ndjson | Self::Atom => self.name(),
        }
    }
}

/// Runs `roundup export`.
///
/// # Errors
/// When the database fails or the output cannot be written.
pub async fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    let database = Database::open_existing(config, &Clock::System).await?;
    let permalinks = Permalinks::from_config(config);
    let detail = json!({"format": args.format.name()});
    let mut conn = database.target.establish().await?;
    let (actor, object) = (audit::Actor::command_line(), ("site", None));
    audit::record(&mut conn, &actor, Clock::System.now(), "export.read", object, detail).await?;
    drop(conn);
    let written = match &args.output {
        None => write(&database.target, args.format, &permalinks, tokio::io::stdout()).await,
        Some(path) => {
            // An existing file is replaced only when the new one is complete.
            let part = path.with_extension("part");
            // Readable by its owner only: an export holds e-mail addresses.
            let mut options = tokio::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            let file = match tokio::fs::remove_file(&part).await {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => options.open(&part).await,
            };
            let file = file.with_context(|| format!("cannot write {}", part.display()))?;
            let written = write(&database.target, args.format, &permalinks, file).await;
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
    permalinks: &Permalinks,
    mut output: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    let (sender, mut receiver) = mpsc::channel(4);
    let read = async {
        let result = send(target, format, permalinks, &sender, None).await;
        // The receiver below waits until the channel is closed.
        drop(sender);
        result
    };
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

/// Sends an export to a channel in chunks, and reads on as the chunks are received. Each chunk must
/// be received within `chunk_timeout`.
///
/// # Errors
/// When the database fails or a chunk is not received in time. The export is incomplete then.
pub async fn send(
    target: &Target,
    format: Format,
    permalinks: &Permalinks,
    sender: &Sender<Bytes>,
    chunk_timeout: Option<Duration>,
) -> Result<()> {
    let (client, driver) = target.connect().await.map_err(Error::unavailable)?;
    let driver = tokio::spawn(driver);
    let snapshot = "begin isolation level repeatable read read only; set local timezone = 'UTC'; \
                    set local bytea_output = 'hex'; set local statement_timeout = 0";
    let chunk_timeout = chunk_timeout.unwrap_or(Duration::MAX);
    let stream = ExportStream { client: &client, sender, chunk_timeout };
    let all = async {
        client.batch_execute(snapshot).await.map_err(internal_error)?;
        match format {
            Format::Ndjson => ndjson::write(&stream).await,
            Format::Atom => atom::write(&stream, permalinks).await,
            Format::Wxr => wxr::write(&stream, permalinks).await,
        }
    };
    let done = tokio::select! {
        done = all => done,
        () = sender.closed() => {
            // Otherwise PostgreSQL would notice only when it has rows to send.
            target.cancel(client.cancel_token()).await;
            Err(ExportError::ReceiverGone)
        }
    };
    drop(client);
    driver.abort();
    match done {
        // The receiver has closed the channel, so the rest is not needed.
        Err(ExportError::ReceiverGone) | Ok(()) => Ok(()),
        Err(ExportError::Failed(error)) => Err(*error),
    }
}

/// Why an export ends early.
#[derive(Debug)]
enum ExportError {
    ReceiverGone,
    Failed(Box<Error>),
}

fn internal_error(error: impl Into<anyhow::Error>) -> ExportError {
    ExportError::Failed(Box::new(Error::internal(error)))
}

/// The size in bytes at which a chunk is sent.
const CHUNK_BYTES: usize = 1 << 20;

/// The snapshot that is read, and the channel that it is sent to.
struct ExportStream<'a> {
    client: &'a Client,
    sender: &'a Sender<Bytes>,
    chunk_timeout: Duration,
}

/// The number of rows that are fetched at once.
const FETCH_ROWS: usize = 500;

impl ExportStream<'_> {
    /// Returns the id of the database.
    async fn database_id(&self) -> std::result::Result<String, ExportError> {
        let query = "select value from site where key = 'database'";
        let row = self.client.query_opt(query, &[]).await.map_err(internal_error)?;
        let row = row.ok_or_else(|| internal_error(anyhow::anyhow!("the database has no id")))?;
        row.try_get(0).map_err(internal_error)
    }

    /// Sends a chunk.
    async fn send(&self, text: String) -> std::result::Result<(), ExportError> {
        let sent = timeout(self.chunk_timeout, self.sender.send(Bytes::from(text))).await;
        let too_slow = |_elapsed| {
            let detail = "the client took too long to receive a part of the export";
            ExportError::Failed(Box::new(Error::new(Code::Deadline, detail)))
        };
        sent.map_err(too_slow)?.map_err(|_closed| ExportError::ReceiverGone)
    }

    /// Sends a text that is as long as a chunk, and empties it.
    async fn send_if_full(&self, text: &mut String) -> std::result::Result<(), ExportError> {
        if text.len() > CHUNK_BYTES { self.send(std::mem::take(text)).await } else { Ok(()) }
    }

    /// Sends each row of a query with one text column, converted by `convert`. Returns the number of
    /// rows.
    async fn send_rows(
        &self,
        query: &str,
        convert: impl Fn(&str) -> std::result::Result<String, ExportError>,
    ) -> std::result::Result<u64, ExportError> {
        let declare = format!("declare export no scroll cursor for {query}");
        self.client.batch_execute(&declare).await.map_err(internal_error)?;
        let fetch = format!("fetch {FETCH_ROWS} from export");
        let mut count = 0;
        loop {
            let rows = self.client.query(&fetch, &[]).await.map_err(internal_error)?;
            if rows.is_empty() {
                break;
            }
            let mut text = String::new();
            for row in &rows {
                text += &convert(row.try_get::<_, &str>(0).map_err(internal_error)?)?;
                count += 1;
                if text.len() > CHUNK_BYTES {
                    self.send(std::mem::take(&mut text)).await?;
                }
            }
            self.send(text).await?;
        }
        self.client.batch_execute("close export").await.map_err(internal_error)?;
        Ok(count)
    }
}
