//! Stores what the formats yield: posts in batches, each batch in one transaction; then, when all
//! posts are there, the replies. What is stored already is known by where it came from.

use super::batch::batch;
use super::record::{Found, Place, Post, Record};
use super::report::{Counts, Remark, Report};
use super::restore::{Done, Restore};
use super::staging::{Staging, waiting};
use super::statistics::Statistics;
use super::{Options, pingbacks, private, roundup, threads};
use crate::error::{Code, Error, Result};
use crate::outlets::Directory;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;

/// How many posts one transaction stores at most, and of how much text together, in bytes: a post
/// is held several times over while it is read and rendered.
const POSTS: usize = 100;
const TEXT: usize = 1 << 20;

/// How many comments are placed at once, at least, but for the last.
const REPLIES: i64 = 5000;

/// The writer of one run.
pub(super) struct Writer {
    directory: Directory,
    now: DateTime<Utc>,
    options: Options,
    pub(super) report: Report,
    posts: Vec<(Place, Post)>,
    /// Of the posts that wait, in bytes.
    text: usize,
    /// What this run has stored: of two posts with one id the first counts, in every run.
    seen: HashMap<(&'static str, String), Vec<u8>>,
    staging: Staging,
    statistics: Statistics,
    restore: Restore,
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
            options,
            report,
            posts: Vec::new(),
            text: 0,
            seen: HashMap::new(),
            staging: Staging::new(conn).await?,
            statistics: Statistics::new(),
            restore: Restore::default(),
        })
    }

    /// Takes one find.
    pub(super) async fn take(&mut self, conn: &mut AsyncPgConnection, found: Found) -> Result<()> {
        let Found { place, record } = found;
        match record {
            Record::Post(mut post) => {
                self.report.read += 1;
                let own = self.options.keep_addresses || post.source == super::SOURCE;
                if !own && private::hide_in_post(&mut post) {
                    self.report.met("address hidden");
                }
                self.post(conn, place, *post).await?;
            }
            Record::Reply(mut reply) => {
                self.report.read += 1;
                if !self.options.keep_addresses && private::hide_in_reply(&mut reply) {
                    self.report.met("address hidden");
                }
                self.staging.add(conn, place, *reply).await?;
            }
            Record::Row(row) => {
                self.report.read += 1;
                let mut done = Done::default();
                let taken = self.restore.take(conn, *row, &mut done).await;
                self.count(&done);
                match taken {
                    Ok(Ok(())) => {}
                    Ok(Err(reason)) => self.report.fail(place.to_string(), reason),
                    Err(error) => self.refused(&place, error)?,
                }
            }
            Record::Left { kind, reason } => {
                self.report.met(&kind);
                self.report.skip(&kind, place.to_string(), reason);
            }
            Record::Failed { reason } => self.report.fail(place.to_string(), reason),
            Record::Remark { raw, reason } => {
                self.report.doubt(Remark { position: place.to_string(), raw, reason });
            }
            Record::Seen(kind) => self.report.met(kind),
            Record::Format(name) => {
                let format = &mut self.report.format;
                if format.is_empty() {
                    name.clone_into(format);
                } else if format != name {
                    "mixed".clone_into(format);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, done: &Done) {
        self.report.created.add(done.created);
        self.report.updated.add(done.updated);
        self.report.unchanged.add(done.unchanged);
    }

    /// Notes what the database refuses; what it cannot do now ends the run.
    fn refused(&mut self, place: &Place, error: Error) -> Result<()> {
        if error.code() == Code::Unavailable {
            return Err(error);
        }
        self.report.fail(place.to_string(), format!("{error:?}"));
        Ok(())
    }

    async fn post(&mut self, conn: &mut AsyncPgConnection, place: Place, post: Post) -> Result<()> {
        if self.again(&place, &post) {
            return Ok(());
        }
        if let Some(reason) = roundup::refused(&post) {
            self.report.fail(place.to_string(), reason.to_owned());
            return Ok(());
        }
        self.text += post.body.text().len();
        self.posts.push((place, post));
        if self.posts.len() >= POSTS || self.text >= TEXT { self.flush(conn).await } else { Ok(()) }
    }

    /// Whether the run has had another post of this id. A whole file has no other id than its
    /// name: of two that differ, one would be lost.
    fn again(&mut self, place: &Place, post: &Post) -> bool {
        let (key, hash) = ((post.source, post.id.clone()), post.hash());
        let Some(first) = self.seen.get(&key) else {
            self.seen.insert(key, hash);
            return false;
        };
        if *first == hash {
            return false;
        }
        if post.source == super::SOURCE {
            let reason = "another file of this name was imported in the same run";
            self.report.fail(place.to_string(), reason.to_owned());
        } else {
            let reason = format!("a second post of the id {}, which differs", post.id);
            self.report.met("duplicate");
            self.report.skip("duplicate", place.to_string(), reason);
        }
        true
    }

    /// Stores the posts that wait: all at once, or one by one if the database refuses one.
    async fn flush(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        let posts = std::mem::take(&mut self.posts);
        self.text = 0;
        if posts.is_empty() {
            return Ok(());
        }
        let error = match self.store(conn, &posts).await {
            Ok(()) => return Ok(()),
            Err(error) if error.code() == Code::Unavailable => return Err(error),
            Err(error) => error,
        };
        if let [(place, _)] = posts.as_slice() {
            return self.refused(place, error);
        }
        for one in posts.chunks(1) {
            if let (Err(error), Some((place, _))) = (self.store(conn, one).await, one.first()) {
                self.refused(place, error)?;
            }
        }
        Ok(())
    }

    async fn store(&mut self, conn: &mut AsyncPgConnection, posts: &[(Place, Post)]) -> Result<()> {
        let (directory, now) = (&mut self.directory, self.now);
        let done = conn.transaction(async |conn| batch(conn, directory, posts, now).await).await;
        let batch = match done {
            Ok(batch) => batch,
            Err(error) => {
                if error.code() != Code::Unavailable {
                    // Outlets that were made went with the transaction.
                    self.directory = Directory::load(conn).await?;
                }
                return Err(error);
            }
        };
        let stored = batch.created.articles + batch.updated.articles;
        self.statistics.grew(conn, stored).await?;
        self.report.created.add(batch.created);
        self.report.updated.add(batch.updated);
        self.report.unchanged.add(batch.unchanged);
        batch.uncertain.into_iter().for_each(|remark| self.report.doubt(remark));
        batch.unread.into_iter().for_each(|remark| self.report.puzzle(remark));
        for (place, reply) in batch.replies {
            self.report.read += 1;
            self.staging.add(conn, place, reply).await?;
        }
        Ok(())
    }

    /// Everything has been read: stores what waits.
    pub(super) async fn finish(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        self.flush(conn).await?;
        let mut done = Done::default();
        let restored = self.restore.close(conn, &mut done).await;
        self.count(&done);
        if let Err(error) = restored {
            let place = Place { file: "the last rows".into(), line: 0 };
            self.refused(&place, error)?;
        }
        if self.staging.is_empty() { Ok(()) } else { self.replies(conn).await }
    }

    async fn replies(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        let resolved = self.staging.close(conn).await?;
        let mut pairs: Vec<(i32, i64)> = resolved.articles.iter().map(|(n, a)| (*n, *a)).collect();
        pairs.sort_unstable_by_key(|(n, article)| (*article, *n));
        let (mut some, mut size) = (Vec::new(), 0);
        let mut rest = pairs.into_iter().peekable();
        while let Some((n, article)) = rest.next() {
            some.push((n, article));
            size += resolved.sizes.get(&n).copied().unwrap_or_default();
            // An article's comments are placed together.
            let ends = rest.peek().is_none_or(|(_, next)| *next != article);
            if ends && (size >= REPLIES || rest.peek().is_none()) {
                self.place(conn, &some).await?;
                some.clear();
                size = 0;
            }
        }
        self.orphans(conn, &resolved.articles).await
    }

    async fn place(&mut self, conn: &mut AsyncPgConnection, some: &[(i32, i64)]) -> Result<()> {
        let rows = waiting(conn, some).await?;
        let changed = threads::store(conn, rows, self.now, &mut self.statistics).await?;
        self.report.created.comments += changed.created;
        self.report.updated.comments += changed.updated;
        self.report.unchanged.comments += changed.unchanged;
        for (position, id, reason) in changed.remarks {
            let raw = format!("comment {id}");
            self.report.doubt(Remark { position, raw, reason: reason.to_owned() });
        }
        let (made, all) = pingbacks::store(conn, some).await?;
        self.report.created.pingbacks += made;
        self.report.unchanged.pingbacks += all - made;
        Ok(())
    }

    /// Replies to what is not here.
    async fn orphans(
        &mut self,
        conn: &mut AsyncPgConnection,
        found: &HashMap<i32, i64>,
    ) -> Result<()> {
        let known: Vec<i32> = found.keys().copied().collect();
        let lost: Vec<Lost> =
            diesel::sql_query("select place, id from staged where target <> all ($1) order by seq")
                .bind::<Array<Integer>, _>(&known)
                .load(conn)
                .await?;
        for Lost { place, id } in &lost {
            let reason = format!("the comment {id} is of a page that is not here");
            self.report.skip("orphan", place.clone(), reason);
        }
        if found.is_empty() && self.report.created == Counts::default() {
            let reason = format!(
                "none of {} comments belongs to an article here: import the articles first",
                lost.len()
            );
            self.report.fail(self.report.source.clone(), reason);
        }
        Ok(())
    }
}

#[derive(QueryableByName)]
struct Lost {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    id: String,
}
