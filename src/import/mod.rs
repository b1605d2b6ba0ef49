//! Taking in what was written elsewhere. Each format yields the same records; one writer stores
//! them. A record is known by where it came from, so that a second run changes nothing.

mod report;
mod roundup;

pub use report::{Counts, Remark, Report, Skipped};

use crate::articles::store;
use crate::clock::Clock;
use crate::comments;
use crate::config::Config;
use crate::db::Target;
use crate::error::{Code, Error, Result};
use crate::open::Database;
use crate::outlets::Directory;
use crate::schema::articles;
use crate::text::roundup::{Note, Roundup, parse_markdown, parse_text};
use crate::text::xml_chars;
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The arguments of `roundup import`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The files to import.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to read them; found out by itself if not given.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Report what would be done, and store nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A roundup as pasted text.
    Text,
    /// A roundup in Markdown.
    Markdown,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
        }
    }

    /// By the file's name, else by what stands in it: a Markdown link or heading.
    fn detect(path: &Path, text: &str) -> Self {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let marked = || text.contains("](http") || text.lines().any(|line| line.starts_with("# "));
        match extension.as_deref() {
            Some("md" | "markdown" | "mdown") => Self::Markdown,
            Some("txt" | "text") => Self::Text,
            _ if marked() => Self::Markdown,
            _ => Self::Text,
        }
    }
}

/// Runs `roundup import`: status 0 only when every file went in.
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
    Ok(if report.skipped.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Imports the files that `args` names into the database at `target`.
///
/// # Errors
/// When the database fails; what is wrong with a file stands in the report.
pub async fn import(target: &Target, args: &Args, now: DateTime<Utc>) -> Result<Report> {
    let mut conn = target.establish().await.map_err(Error::unavailable)?;
    if !args.dry_run {
        return files(&mut conn, args, now).await;
    }
    // A dry run does all the work and then takes it back, so its report is that of the real one.
    let mut report = None;
    let undone: std::result::Result<(), Error> = conn
        .transaction(async |conn| {
            report = Some(files(conn, args, now).await?);
            Err(diesel::result::Error::RollbackTransaction.into())
        })
        .await;
    report.ok_or_else(|| undone.err().unwrap_or_else(|| Error::not_found("report")))
}

async fn files(conn: &mut AsyncPgConnection, args: &Args, now: DateTime<Utc>) -> Result<Report> {
    let mut report = Report { dry_run: args.dry_run, ..Report::default() };
    report.source = match args.files.as_slice() {
        [one] => one.display().to_string(),
        several => format!("{} files", several.len()),
    };
    let bar = progress(args.files.len());
    let mut directory = Directory::load(conn).await?;
    for path in &args.files {
        bar.inc(1);
        let name = path.display().to_string();
        let text = match read(path) {
            Ok(text) => text,
            Err((position, reason)) => {
                report.skipped.push(Skipped { position, reason });
                continue;
            }
        };
        let format = args.format.unwrap_or_else(|| Format::detect(path, &text));
        let one = match format {
            Format::Text => parse_text(&text, &directory),
            Format::Markdown => parse_markdown(&text, &directory),
        };
        report.format = match report.format.as_str() {
            "" => format.name().to_owned(),
            same if same == format.name() => report.format,
            _ => "mixed".to_owned(),
        };
        note(&mut report, &name, &one);
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let id = id.unwrap_or_else(|| name.clone());
        let stored =
            conn.transaction(async |conn| store(conn, &mut directory, &one, &id, now).await).await;
        match stored {
            Ok(stored) => stored.add_to(&mut report, &one),
            Err(error) if error.code() == Code::Unavailable => return Err(error),
            Err(error) => {
                report.skipped.push(Skipped { position: name, reason: format!("{error:?}") });
                directory = Directory::load(conn).await?;
            }
        }
    }
    bar.finish_and_clear();
    Ok(report)
}

/// A bar on a terminal; nothing elsewhere, where the report says all.
fn progress(files: usize) -> indicatif::ProgressBar {
    if files < 2 || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    indicatif::ProgressBar::new(files as u64)
}

/// The text of a file; or where and why it is none.
fn read(path: &Path) -> std::result::Result<String, (String, String)> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| (name.clone(), error.to_string()))?;
    let line = |at: usize| bytes.get(..at).unwrap_or_default().split(|byte| *byte == b'\n').count();
    match std::str::from_utf8(&bytes) {
        Err(error) => {
            let line = line(error.valid_up_to());
            Err((format!("{name}:{line}"), "not UTF-8".to_owned()))
        }
        Ok(text) => match xml_chars::first_forbidden(text) {
            Some(found) => {
                let reason = format!("the character U+{:04X}", u32::from(found.character));
                Err((format!("{name}:{}", line(found.position)), reason))
            }
            None if text.trim().is_empty() => Err((name, "the file is empty".to_owned())),
            None => Ok(text.to_owned()),
        },
    }
}

/// Puts the parser's remarks into the report.
fn note(report: &mut Report, file: &str, parsed: &Roundup) {
    let remark = |note: &Note| Remark {
        position: format!("{file}:{}", note.line),
        raw: note.raw.clone(),
        reason: note.reason.clone(),
    };
    report.read += 1 + parsed.comments.len();
    report.uncertain.extend(parsed.report.uncertain.iter().map(remark));
    report.unread.extend(parsed.report.unread.iter().map(remark));
}

/// What is known of a record that was imported before.
#[derive(Queryable, Selectable)]
#[diesel(table_name = articles)]
struct Known {
    id: i64,
    source_hash: Option<Vec<u8>>,
    published_at: Option<DateTime<Utc>>,
}

/// What became of one article.
struct Stored {
    fate: Fate,
    outlets: usize,
    comments: comments::store::Changed,
}

enum Fate {
    Created,
    Updated,
    Unchanged,
}

impl Stored {
    fn add_to(&self, report: &mut Report, parsed: &Roundup) {
        let counts = match self.fate {
            Fate::Created => &mut report.created,
            Fate::Updated => &mut report.updated,
            Fate::Unchanged => &mut report.unchanged,
        };
        counts.articles += 1;
        counts.links += parsed.links.len();
        report.created.outlets += self.outlets;
        report.created.comments += self.comments.created;
        report.updated.comments += self.comments.updated;
        report.unchanged.comments += self.comments.unchanged;
    }
}

/// Stores one roundup, or finds that it is stored already.
async fn store(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    parsed: &Roundup,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Stored> {
    let (draft, outlets) = roundup::draft(conn, directory, parsed, id, now).await?;
    let hash = draft.origin.as_ref().map(|origin| origin.hash.clone());
    let known = articles::table
        .filter(articles::source.eq(roundup::SOURCE))
        .filter(articles::source_id.eq(id))
        .select(Known::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let (article, fate) = match known {
        None => (store::insert(conn, &draft, now).await?, Fate::Created),
        Some(known) if known.source_hash == hash => (known.id, Fate::Unchanged),
        Some(Known { id, published_at, .. }) => {
            let draft = store::Draft { published_at, ..draft };
            store::replace(conn, id, &draft, now).await?;
            (id, Fate::Updated)
        }
    };
    let replies = roundup::comments(parsed);
    let comments = comments::store::import(conn, article, roundup::SOURCE, &replies, now).await?;
    Ok(Stored { fate, outlets, comments })
}
