//! Stores the records of an import: posts in batches, each batch in one transaction; then, when
//! all posts are stored, the comments.

use super::images::AwaitedImage;
use super::limits::limit_comment;
use super::pending_comments::{PendingComments, PlannedArticles};
use super::post_batch::Storing;
use super::report::{Recognised, Remark, Report};
use super::restore::{Outcome, Restore};
use super::statistics::Statistics;
use super::{Options, article, images, post_batch};
use crate::error::{Code, Error, Result};
use crate::outlets::Directory;
use crate::retry::should_retry;
use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use export_formats::ndjson::ExportLine;
use export_formats::{
    Comment, Format, Image, Position, PositionedRecord, Post, Record, redact_email, relative_urls,
    source,
};
use std::collections::HashMap;

/// The maximum number of posts in a batch.
const BATCH_POSTS: usize = 100;

/// The size in bytes of the texts of a batch at which it is stored: each text is held several
/// times while it is parsed and rendered.
const BATCH_TEXT_BYTES: usize = 1 << 20;

/// The kind under which texts with redacted e-mail addresses are counted in the report.
const REDACTED_KIND: &str = "address hidden";

/// The kind under which rows of an export are counted of which HTML, URLs or editor marks were changed.
const SANITISED_KIND: &str = "sanitised";

/// The posts of an import, by source and id, and their hashes. Of two posts with one id the first
/// is stored.
type SeenIds = HashMap<(&'static str, String), SeenPost>;

/// A post of the import.
struct SeenPost {
    hash: Vec<u8>,
    paths: Vec<String>,
}

/// Stores the records of one import.
pub(super) struct Writer {
    directory: Directory,
    pub(super) now: DateTime<Utc>,
    pub(super) options: Options,
    pub(super) report: Report,
    batch: Vec<(Position, Post)>,
    batch_text_bytes: usize,
    seen: SeenIds,
    pub(super) comments: PendingComments,
    pub(super) statistics: Statistics,
    restore: Restore,
    /// The pictures that were read, by their ids.
    images: HashMap<String, Image>,
    awaited_images: Vec<AwaitedImage>,
    /// The posts of a dry run.
    pub(super) planned: PlannedArticles,
}

impl Writer {
    pub(super) async fn new(
        conn: &mut AsyncPgConnection,
        report: Report,
        options: Options,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        Ok(Self {
            directory: Directory::load(conn).await?,
            now,
            report,
            batch: Vec::new(),
            batch_text_bytes: 0,
            seen: SeenIds::new(),
            comments: PendingComments::new(conn).await?,
            statistics: Statistics::new(),
            restore: Restore::new(options.may_mark_editors, options.dry_run),
            options,
            images: HashMap::new(),
            awaited_images: Vec::new(),
            planned: PlannedArticles::default(),
        })
    }

    /// Stores a record, or counts it.
    pub(super) async fn store(
        &mut self,
        conn: &mut AsyncPgConnection,
        found: PositionedRecord,
    ) -> Result<()> {
        let PositionedRecord { position, record } = found;
        match record {
            Record::Post(post) => self.store_post(conn, position, *post).await?,
            Record::Comment(comment) => self.store_comment(conn, position, *comment).await?,
            Record::ExportLine(line) => self.store_export_line(conn, &position, *line).await?,
            Record::Image { id, image } => {
                self.images.insert(id, *image);
            }
            Record::Skipped { kind, reason } => {
                self.report.count_kind(&kind);
                self.report.skip(&kind, position.to_string(), reason);
            }
            Record::Failed { reason } => self.report.fail(position.to_string(), reason),
            Record::Warning { raw, reason } => {
                self.report.add_uncertain(Remark { position: position.to_string(), raw, reason });
            }
            Record::Counted(kind) => self.report.count_kind(kind),
            Record::Format(format) => self.set_format(format),
        }
        Ok(())
    }

    fn set_format(&mut self, format: Format) {
        let reported = &mut self.report.format;
        if reported.is_empty() {
            format.name().clone_into(reported);
        } else if reported != format.name() {
            "mixed".clone_into(reported);
        }
        let recognised = &mut self.report.recognised;
        if recognised.iter().all(|one| one.format != format.name()) {
            let by = if self.options.format.is_some() { "it was named" } else { format.mark() };
            let format = format.name().to_owned();
            recognised.push(Recognised { format, by: by.to_owned() });
        }
    }

    async fn store_post(
        &mut self,
        conn: &mut AsyncPgConnection,
        position: Position,
        mut post: Post,
    ) -> Result<()> {
        self.report.read += 1;
        post.lang = self.options.lang.clone().or(post.lang);
        post.base_url = post.base_url.or_else(|| self.options.base_url.clone());
        if let Some(raw) = relative_urls::resolve_post(&mut post) {
            let reason = "the URL of the picture has no host; it is left out";
            self.report.add_uncertain(Remark {
                position: position.to_string(),
                raw,
                reason: reason.to_owned(),
            });
        }
        // A roundup in a file of its own was written for this site.
        let keeps_addresses = self.options.keep_addresses || post.source == source::ROUNDUP;
        if !keeps_addresses && redact_email::redact_post(&mut post) {
            self.report.count_kind(REDACTED_KIND);
        }
        if self.is_conflicting(&position, &post) {
            return Ok(());
        }
        if let Some(reason) = article::rejection(&post) {
            self.report.fail(position.to_string(), reason.to_owned());
            return Ok(());
        }
        if self.options.dry_run {
            self.planned.add(&post);
        }
        self.batch_text_bytes += post.body.text().len();
        self.batch.push((position, post));
        if self.batch.len() >= BATCH_POSTS || self.batch_text_bytes >= BATCH_TEXT_BYTES {
            self.flush_posts(conn).await?;
        }
        Ok(())
    }

    async fn store_comment(
        &mut self,
        conn: &mut AsyncPgConnection,
        position: Position,
        mut comment: Comment,
    ) -> Result<()> {
        self.report.read += 1;
        if !self.options.keep_addresses && redact_email::redact_comment(&mut comment) {
            self.report.count_kind(REDACTED_KIND);
        }
        self.add_comment(conn, position, comment).await
    }

    /// Adds a comment to those to store, without values that the database cannot store.
    async fn add_comment(
        &mut self,
        conn: &mut AsyncPgConnection,
        position: Position,
        mut comment: Comment,
    ) -> Result<()> {
        for reason in limit_comment(&mut comment) {
            let (position, raw) = (position.to_string(), comment.id.clone());
            self.report.add_uncertain(Remark { position, raw, reason: reason.to_owned() });
        }
        self.comments.add(conn, position, comment).await
    }

    async fn store_export_line(
        &mut self,
        conn: &mut AsyncPgConnection,
        position: &Position,
        line: ExportLine,
    ) -> Result<()> {
        self.report.read += 1;
        let mut outcome = Outcome::default();
        let stored = self.restore.add(conn, line, &mut outcome).await;
        self.count(&outcome);
        match stored {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => {
                self.report.fail(position.to_string(), reason);
                Ok(())
            }
            Err(error) => self.report_rejected(position, error),
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        self.report.created.add(outcome.created);
        self.report.updated.add(outcome.updated);
        self.report.unchanged.add(outcome.unchanged);
        for _ in 0..outcome.sanitised {
            self.report.count_kind(SANITISED_KIND);
        }
    }

    /// Reports a record that the database rejects. Returns the error if the database is unavailable, which
    /// ends the import.
    fn report_rejected(&mut self, position: &Position, error: Error) -> Result<()> {
        if error.code() == Code::Unavailable {
            return Err(error);
        }
        self.report.fail(position.to_string(), format!("the database rejects it: {error:?}"));
        Ok(())
    }

    /// Returns whether this import has already read a different post of this id, and reports it.
    fn is_conflicting(&mut self, position: &Position, post: &Post) -> bool {
        let (key, hash) = ((post.source, post.id.clone()), post.hash());
        let Some(first) = self.seen.get(&key) else {
            self.seen.insert(key, SeenPost { hash, paths: post.paths.clone() });
            return false;
        };
        if first.hash == hash {
            return false;
        }
        let is_elsewhere =
            !first.paths.is_empty() && !first.paths.iter().any(|path| post.paths.contains(path));
        if is_elsewhere && !post.paths.is_empty() {
            let reason = format!(
                "another post with the id {} and another URL was imported in this run; correct \
                 the id in the file and import it again",
                post.id
            );
            self.report.fail(position.to_string(), reason);
        } else if post.source == source::ROUNDUP {
            // The id is the name of the file: one of two roundups would be lost.
            let reason = "another file of this name was imported in the same run";
            self.report.fail(position.to_string(), reason.to_owned());
        } else {
            let reason = format!("another post with the id {} was imported in this run", post.id);
            self.report.count_kind("duplicate");
            self.report.skip("duplicate", position.to_string(), reason);
        }
        true
    }

    /// Stores the batch of posts: in one transaction, or one by one if the database rejects one.
    async fn flush_posts(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        let posts = std::mem::take(&mut self.batch);
        self.batch_text_bytes = 0;
        if posts.is_empty() {
            return Ok(());
        }
        let error = match self.store_posts(conn, &posts).await {
            Ok(()) => return Ok(()),
            Err(error) if error.code() == Code::Unavailable => return Err(error),
            Err(error) => error,
        };
        if let [(position, _)] = posts.as_slice() {
            return self.report_rejected(position, error);
        }
        for post in posts.chunks(1) {
            if let (Err(error), Some((position, _))) =
                (self.store_posts(conn, post).await, post.first())
            {
                self.report_rejected(position, error)?;
            }
        }
        Ok(())
    }

    async fn store_posts(
        &mut self,
        conn: &mut AsyncPgConnection,
        posts: &[(Position, Post)],
    ) -> Result<()> {
        let directory = &mut self.directory;
        let storing = Storing {
            now: self.now,
            follow_status: self.options.follow_status,
            dry_run: self.options.dry_run,
            images: &self.images,
        };
        let mut retries = 0;
        let stored = loop {
            let stored = conn
                .transaction(async |conn| post_batch::store(conn, directory, posts, storing).await)
                .await;
            match stored {
                Err(error) if should_retry(&error, retries).await => retries += 1,
                stored => break stored,
            }
            // New outlets were rolled back with the transaction.
            *directory = Directory::load(conn).await?;
        };
        let outcome = match stored {
            Ok(outcome) => outcome,
            Err(error) => {
                if error.code() != Code::Unavailable {
                    // New outlets were rolled back with the transaction.
                    self.directory = Directory::load(conn).await?;
                }
                return Err(error);
            }
        };
        if !self.options.dry_run {
            let changed = outcome.created.articles + outcome.updated.articles;
            self.statistics.add_rows(conn, changed).await?;
        }
        self.awaited_images.extend(outcome.images);
        self.report.created.add(outcome.created);
        self.report.updated.add(outcome.updated);
        self.report.unchanged.add(outcome.unchanged);
        outcome.uncertain.into_iter().for_each(|remark| self.report.add_uncertain(remark));
        outcome.unread.into_iter().for_each(|remark| self.report.add_unread(remark));
        for (position, comment) in outcome.comments {
            self.report.read += 1;
            self.add_comment(conn, position, comment).await?;
        }
        Ok(())
    }

    /// Stores what is left after the last record.
    pub(super) async fn finish(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        self.flush_posts(conn).await?;
        let awaited = std::mem::take(&mut self.awaited_images);
        let (found, missing) = images::find(&awaited, &self.images);
        for remark in missing {
            self.report.add_uncertain(remark);
        }
        if !self.options.dry_run {
            images::store(conn, &found, self.now).await?;
        }
        let mut outcome = Outcome::default();
        let restored = self.restore.finish(conn, &mut outcome).await;
        self.count(&outcome);
        if let Err(error) = restored {
            let position = Position { file: "the last rows".into(), line: 0 };
            self.report_rejected(&position, error)?;
        }
        if self.comments.is_empty() { Ok(()) } else { self.store_comments(conn).await }
    }
}
