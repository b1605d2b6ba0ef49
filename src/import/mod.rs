//! Taking in what was written elsewhere. Each format yields the same records; one writer stores
//! them. A record is known by where it came from, so that a second run changes nothing, and a run
//! that was broken off is made whole by another.

mod batch;
mod blogger;
mod body;
mod commento;
mod dates;
mod detect;
mod disqus;
mod files;
mod isso;
mod json;
pub(crate) mod ndjson;
mod pingbacks;
mod place;
mod private;
mod progress;
mod record;
mod remark42;
mod report;
mod restore;
mod roundup;
mod scan;
mod staging;
mod statistics;
mod threads;
mod writer;
mod wxr;
mod xml;

pub use detect::Format;
pub use files::{ReadSeek, Source};
pub use progress::Progress;
pub use record::path_hash;
pub use report::{Counts, Remark, Report, Skipped};
pub use scan::{Scan, scan};

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Target;
use crate::error::{Error, Result};
use crate::open::Database;
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use writer::Writer;

/// How roundups in files of their own are known.
const SOURCE: &str = "roundup";

/// The arguments of `roundup import`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The files to import; archives are looked into.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to read them; found out by itself if not given.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Report what would be done, and store nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Show the e-mail addresses that stand in the text of posts and comments.
    #[arg(long)]
    pub keep_addresses: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// How to import.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// In which format the files are; found out by itself if not given.
    pub format: Option<Format>,
    /// Do all the work, and then take it back.
    pub dry_run: bool,
    /// Show the e-mail addresses that stand in the text of posts and comments.
    pub keep_addresses: bool,
}

/// How many records are read ahead of what is stored: each may have a text of 2 MiB.
const AHEAD: usize = 32;

/// Runs `roundup import`: status 0 only when nothing failed.
///
/// # Errors
/// When the database cannot be opened.
pub async fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    let clock = Clock::System;
    let database = Database::open(config, &clock).await?;
    let done = import(&database.target, args, clock.now()).await;
    database.close().await?;
    let report = done.map_err(anyhow::Error::from)?;
    let text =
        if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.to_string() };
    std::io::stdout().write_all(text.as_bytes()).context("cannot print the report")?;
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Imports the files that `args` names into the database at `target`, and shows how far it is.
///
/// # Errors
/// When the database cannot be reached; what is wrong with a file stands in the report.
pub async fn import(target: &Target, args: &Args, now: DateTime<Utc>) -> Result<Report> {
    let mut conn = target.establish().await.map_err(Error::unavailable)?;
    let sources: Vec<Source> = args.files.iter().map(|path| Source::file(path)).collect();
    let options =
        Options { format: args.format, dry_run: args.dry_run, keep_addresses: args.keep_addresses };
    let mut shown = progress::shown();
    import_sources(&mut conn, sources, options, now, &mut *shown).await
}

/// Imports from anywhere, over a connection that is nobody else's until it is done. One import
/// runs at a time in a database; another waits.
///
/// # Errors
/// When the database fails before anything is read; later failures stand in the report.
pub async fn import_sources(
    conn: &mut AsyncPgConnection,
    sources: Vec<Source>,
    options: Options,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report> {
    let lock = |statement| diesel::sql_query(statement);
    lock("select pg_advisory_lock(hashtext('roundup import'))").execute(conn).await?;
    let done = within(conn, sources, options, now, progress).await;
    // A connection that is lost has lost its lock too.
    let unlocked =
        lock("select pg_advisory_unlock(hashtext('roundup import'))").execute(conn).await;
    if let (Ok(_), Err(error)) = (&done, unlocked) {
        log::warn!("the import's lock could not be given back: {error}");
    }
    done
}

async fn within(
    conn: &mut AsyncPgConnection,
    sources: Vec<Source>,
    options: Options,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report> {
    if !options.dry_run {
        return all(conn, sources, options, now, progress).await;
    }
    // A dry run does all the work and then takes it back, so its report is that of the real one.
    let mut report = None;
    let undone: std::result::Result<(), Error> = conn
        .transaction(async |conn| {
            report = Some(all(conn, sources, options, now, progress).await?);
            Err(diesel::result::Error::RollbackTransaction.into())
        })
        .await;
    report.ok_or_else(|| undone.err().unwrap_or_else(|| Error::not_found("report")))
}

async fn all(
    conn: &mut AsyncPgConnection,
    sources: Vec<Source>,
    options: Options,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report> {
    let source = match sources.as_slice() {
        [one] => one.name().to_owned(),
        several => format!("{} files", several.len()),
    };
    let total = sources.iter().map(Source::size).sum();
    let report = Report { dry_run: options.dry_run, source: source.clone(), ..Report::default() };
    let mut writer = Writer::new(conn, report, options, now).await?;
    let (sender, mut receiver) = mpsc::channel(AHEAD);
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let reader = tokio::task::spawn_blocking(move || {
        for source in &sources {
            // The receiver is gone when the database failed: then nothing is read any more.
            if files::read(source, options.format, &counted, &sender).is_err() {
                break;
            }
        }
    });
    let mut failed = None;
    let mut records = 0_u64;
    while let Some(found) = receiver.recv().await {
        if let Err(error) = writer.take(conn, found).await {
            failed = Some(error);
            break;
        }
        records += 1;
        if records.is_multiple_of(500) {
            progress(Progress { read: AtomicU64::load(&count, Ordering::Relaxed), total, records });
        }
    }
    drop(receiver);
    if reader.await.is_err() {
        writer.report.fail(source.clone(), "the reading of the file broke off".to_owned());
    }
    progress(Progress { read: total, total, records });
    if failed.is_none() {
        failed = writer.finish(conn).await.err();
    }
    if let Some(error) = failed {
        let reason = format!("the database failed; what is counted above is stored: {error:?}");
        writer.report.fail(source, reason);
    }
    Ok(writer.report)
}
