//! Imports posts and comments from other systems, and exports of roundup databases.
//!
//! `export_formats` reads the files; one writer stores its records. A record is identified by the
//! system that it comes from and its id there, so importing a file again changes nothing, and an
//! import that was interrupted is completed by the next.

mod article;
mod comments;
mod images;
mod limits;
mod merge;
mod paths;
mod pending_comments;
mod pingbacks;
mod post_batch;
mod post_body;
mod progress;
mod report;
mod restore;
mod statistics;
mod threads;
mod untrusted_row;
mod writer;

pub use export_formats::{Format, InputFile};
pub use progress::Progress;
pub use report::{Counts, Remark, Report, Skipped};

use crate::audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::Database;
use crate::db::Target;
use crate::error::{Error, Result};
use crate::validation::is_web_url;
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use writer::Writer;

/// The arguments of `roundup import`.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub struct Args {
    /// The files to import; the files in archives and folders are imported too.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The format of the files; recognised by their content if not given.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Report what an import would do, and store nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The language of the posts, whatever the files state, as a BCP 47 tag.
    #[arg(long, value_name = "TAG", value_parser = parse_language)]
    pub lang: Option<String>,
    /// The URL of the site that the files come from, for links without a host if they do not name it.
    #[arg(long, value_name = "URL", value_parser = parse_base_url)]
    pub base_url: Option<String>,
    /// Withdraw what the source has withdrawn since the last import: articles that became drafts,
    /// comments that were deleted or marked as spam.
    #[arg(long)]
    pub follow_status: bool,
    /// Keep e-mail addresses in the text of posts and comments; by default they are replaced.
    #[arg(long)]
    pub keep_addresses: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// How to import.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub struct Options {
    /// The format of the files; recognised by their content if not given.
    pub format: Option<Format>,
    /// Report only, and store nothing.
    pub dry_run: bool,
    /// The language of the posts, whatever the files state, as a BCP 47 tag.
    pub lang: Option<String>,
    /// The URL that relative URLs refer to if a file does not name its site.
    pub base_url: Option<String>,
    /// Withdraw what the source has withdrawn since the last import.
    pub follow_status: bool,
    /// Keep e-mail addresses in the text of posts and comments.
    pub keep_addresses: bool,
    /// Whether comments of a roundup export may be marked as an editor's.
    pub may_mark_editors: bool,
}

/// The number of records that are read before they are stored. Each may have a text of 2 MiB.
const READ_AHEAD: usize = 32;

/// The number of records after which progress is reported.
const PROGRESS_INTERVAL: u64 = 500;

/// Runs `roundup import`. The exit status is 0 only if nothing failed.
///
/// # Errors
/// When the database cannot be opened.
pub async fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    let clock = Clock::System;
    let database = Database::open(config, &clock).await?;
    let done = import_and_record(&database.target, args, &clock).await;
    database.close().await?;
    let report = done.map_err(anyhow::Error::from)?;
    let text =
        if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.to_string() };
    std::io::stdout().write_all(text.as_bytes()).context("cannot print the report")?;
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Imports the files that `args` names, and records in the audit that it began and ended.
async fn import_and_record(target: &Target, args: &Args, clock: &Clock) -> Result<Report> {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let files: Vec<String> = args.files.iter().filter_map(name).collect();
    let detail = json!({"files": files, "dry_run": args.dry_run});
    record(target, "import.create", detail, clock).await?;
    let done = import(target, args, clock.now()).await;
    let failed = done.as_ref().map_or(true, |report| report.failed > 0);
    let detail = json!({"state": if failed { "failed" } else { "done" }});
    record(target, "import.finish", detail, clock).await?;
    done
}

async fn record(
    target: &Target,
    action: &str,
    detail: serde_json::Value,
    clock: &Clock,
) -> Result<()> {
    let mut conn = target.establish().await.map_err(Error::unavailable)?;
    let (actor, object) = (audit::Actor::command_line(), ("site", None));
    audit::record(&mut conn, &actor, clock.now(), action, object, detail).await
}

/// Imports the files that `args` names into the database at `target`, and shows progress.
///
/// # Errors
/// When the database cannot be reached. What is wrong with a file is in the report.
pub async fn import(target: &Target, args: &Args, now: DateTime<Utc>) -> Result<Report> {
    let mut conn = target.establish().await.map_err(Error::unavailable)?;
    let files = args.files.iter().map(|path| InputFile::from_path(path)).collect();
    let options = Options {
        format: args.format,
        dry_run: args.dry_run,
        lang: args.lang.clone(),
        base_url: args.base_url.clone(),
        follow_status: args.follow_status,
        keep_addresses: args.keep_addresses,
        may_mark_editors: true,
    };
    let mut reporter = progress::reporter();
    import_files(&mut conn, files, options, now, &mut *reporter).await
}

/// Checks a language.
fn parse_language(text: &str) -> std::result::Result<String, String> {
    article::language(text)
        .ok_or_else(|| "must be a language tag, such as `en` or `pt-BR`".to_owned())
}

/// Checks the URL of a site.
fn parse_base_url(text: &str) -> std::result::Result<String, String> {
    let message = "must be an absolute URL that begins with http:// or https://";
    is_web_url(text).then(|| text.to_owned()).ok_or_else(|| message.to_owned())
}

/// Imports files over a connection that nothing else uses meanwhile. One import runs at a time in
/// a database; another waits for it. A dry run waits for nothing and locks nothing.
///
/// # Errors
/// When the database fails before anything is read. Later failures are in the report.
pub async fn import_files(
    conn: &mut AsyncPgConnection,
    files: Vec<InputFile>,
    options: Options,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report> {
    if options.dry_run {
        return store_files(conn, files, options, now, progress).await;
    }
    let lock = |statement| diesel::sql_query(statement);
    lock("select pg_advisory_lock(hashtext('roundup import'))").execute(conn).await?;
    let done = store_files(conn, files, options, now, progress).await;
    // A connection that is lost has lost its lock too.
    let unlocked =
        lock("select pg_advisory_unlock(hashtext('roundup import'))").execute(conn).await;
    if let (Ok(_), Err(error)) = (&done, unlocked) {
        log::warn!("cannot release the lock of the import: {error}");
    }
    done
}

/// Reads the files in a thread of their own and stores their records.
async fn store_files(
    conn: &mut AsyncPgConnection,
    files: Vec<InputFile>,
    options: Options,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report> {
    let source = match files.as_slice() {
        [file] => file.name().to_owned(),
        files => format!("{} files", files.len()),
    };
    let total = files.iter().map(InputFile::size).sum();
    let report = Report { dry_run: options.dry_run, source: source.clone(), ..Report::default() };
    let format = options.format;
    let mut writer = Writer::new(conn, report, options, now).await?;
    let (sender, mut receiver) = mpsc::channel(READ_AHEAD);
    let bytes_read = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&bytes_read);
    let reader = tokio::task::spawn_blocking(move || {
        for file in &files {
            // The receiver is gone if the database failed: then nothing more is read.
            let mut send = |found| match sender.blocking_send(found) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            if export_formats::read(file, format, &counter, &mut send).is_break() {
                break;
            }
        }
    });
    let mut failed = None;
    let mut records = 0_u64;
    while let Some(found) = receiver.recv().await {
        if let Err(error) = writer.store(conn, found).await {
            failed = Some(error);
            break;
        }
        records += 1;
        if records.is_multiple_of(PROGRESS_INTERVAL) {
            let read = AtomicU64::load(&bytes_read, Ordering::Relaxed);
            progress(Progress { read, total, records });
        }
    }
    drop(receiver);
    if reader.await.is_err() {
        let reason = "the reader of the file crashed; this is a fault of roundup, please report it";
        writer.report.fail(source.clone(), reason.to_owned());
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
