//! Stores what the formats yield: posts in batches, each batch in one transaction; then, when all
//! posts are there, the replies. What is stored already is known by where it came from.

use super::Options;
use super::private;
use super::record::{Found, Person, Place, Post, Record, Reply, ReplyKind, Target, path_hash};
use super::report::{Counts, Remark, Report};
use super::restore::{Done, Restore};
use super::roundup::{self, Article};
use super::staging::{Staging, waiting};
use super::threads;
use crate::articles::store::{Draft, add, free_slug, refresh, rewrite};
use crate::error::{Code, Error, Result};
use crate::outlets::Directory;
use crate::schema::{article_paths, article_slugs, articles, links};
use crate::text::rich::{Markup, Voice, render};
use crate::text::slug::slugify;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text, Timestamptz};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use std::collections::{HashMap, HashSet};

/// How many posts one transaction stores.
const POSTS: usize = 100;

/// How many comments are placed at once, at least, but for the last.
const REPLIES: i64 = 5000;

/// The writer of one run.
pub(super) struct Writer {
    directory: Directory,
    now: DateTime<Utc>,
    options: Options,
    pub(super) report: Report,
    posts: Vec<(Place, Post)>,
    /// Ids of posts that are whole files: two files of one name must not be taken for one.
    files: HashSet<String>,
    staging: Staging,
    restore: Restore,
}

/// A post that is known already.
struct Known {
    id: i64,
    hash: Option<Vec<u8>>,
    published_at: Option<DateTime<Utc>>,
    links: i64,
}

/// What a batch did, told when it is stored for good.
#[derive(Default)]
struct Batch {
    created: Counts,
    updated: Counts,
    unchanged: Counts,
    uncertain: Vec<Remark>,
    unread: Vec<Remark>,
    replies: Vec<(Place, Reply)>,
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
            files: HashSet::new(),
            staging: Staging::new(conn).await?,
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
        if post.source == super::SOURCE && !self.files.insert(post.id.clone()) {
            let reason = "another file of this name was imported in the same run".to_owned();
            self.report.fail(place.to_string(), reason);
            return Ok(());
        }
        if let Some(reason) = roundup::refused(&post) {
            self.report.fail(place.to_string(), reason.to_owned());
            return Ok(());
        }
        self.posts.push((place, post));
        if self.posts.len() >= POSTS { self.flush(conn).await } else { Ok(()) }
    }

    /// Stores the posts that wait: all at once, or one by one if the database refuses one.
    async fn flush(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        let posts = std::mem::take(&mut self.posts);
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
        let changed = threads::store(conn, rows, self.now).await?;
        self.report.created.comments += changed.created;
        self.report.updated.comments += changed.updated;
        self.report.unchanged.comments += changed.unchanged;
        for (position, id, reason) in changed.remarks {
            let raw = format!("comment {id}");
            self.report.doubt(Remark { position, raw, reason: reason.to_owned() });
        }
        let (made, all) = pingbacks(conn, some).await?;
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

/// Stores a batch of posts.
async fn batch(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    posts: &[(Place, Post)],
    now: DateTime<Utc>,
) -> Result<Batch> {
    let mut known = known(conn, posts).await?;
    let (mut batch, mut touched) = (Batch::default(), Vec::new());
    for (place, post) in posts {
        let key = (post.source.to_owned(), post.id.clone());
        let hash = post.hash();
        let before = known.get(&key);
        if let Some(same) = before.filter(|known| known.hash.as_ref() == Some(&hash)) {
            batch.unchanged.articles += 1;
            batch.unchanged.links += usize::try_from(same.links).unwrap_or_default();
            // What readers said in the body is looked at again: it may have been cut short.
            if post.source == super::SOURCE {
                let read = super::body::read(&post.body, directory).roundup.comments;
                batch.replies.extend(said(place, post, read));
            }
            continue;
        }
        let article = roundup::article(conn, directory, post, place, now).await?;
        let Article { mut draft, outlets, replies, uncertain, unread } = article;
        let id = if let Some(Known { id, published_at, .. }) = before {
            if post.published_at.is_none() && draft.published_at.is_some() {
                draft.published_at = published_at.or(draft.published_at);
            }
            rewrite(conn, *id, &draft, now).await?;
            batch.updated.articles += 1;
            batch.updated.links += draft.links.len();
            *id
        } else {
            let slug = slug(conn, post, &draft).await?;
            batch.created.articles += 1;
            batch.created.links += draft.links.len();
            add(conn, &draft, &slug, now).await?
        };
        batch.created.outlets += outlets;
        batch.uncertain.extend(uncertain);
        batch.unread.extend(unread);
        batch.uncertain.extend(paths(conn, id, post, place).await?);
        batch.replies.extend(said(place, post, replies));
        touched.push((id, post.updated_at.map_or(now, |at| at.min(now))));
        let links = i64::try_from(draft.links.len()).unwrap_or_default();
        let published_at = draft.published_at;
        known.insert(key, Known { id, hash: Some(hash), published_at, links });
    }
    let ids: Vec<i64> = touched.iter().map(|(id, _)| *id).collect();
    refresh(conn, &ids).await?;
    edited(conn, &touched).await?;
    Ok(batch)
}

type Row = (Option<String>, Option<String>, i64, Option<Vec<u8>>, Option<DateTime<Utc>>);

/// Which of these posts are stored, by source and id.
async fn known(
    conn: &mut AsyncPgConnection,
    posts: &[(Place, Post)],
) -> Result<HashMap<(String, String), Known>> {
    let sources: Vec<&str> = posts.iter().map(|(_, post)| post.source).collect();
    let ids: Vec<&str> = posts.iter().map(|(_, post)| post.id.as_str()).collect();
    let columns = (
        articles::source,
        articles::source_id,
        articles::id,
        articles::source_hash,
        articles::published_at,
    );
    let rows: Vec<Row> = articles::table
        .filter(articles::source.eq_any(sources))
        .filter(articles::source_id.eq_any(ids))
        .select(columns)
        .for_update()
        .load(conn)
        .await?;
    let counts: HashMap<i64, i64> = links::table
        .filter(links::article_id.eq_any(rows.iter().map(|row| row.2).collect::<Vec<_>>()))
        .group_by(links::article_id)
        .select((links::article_id, diesel::dsl::count_star()))
        .load::<(i64, i64)>(conn)
        .await?
        .into_iter()
        .collect();
    let known = rows.into_iter().filter_map(|(source, source_id, id, hash, published_at)| {
        let links = counts.get(&id).copied().unwrap_or_default();
        Some(((source?, source_id?), Known { id, hash, published_at, links }))
    });
    Ok(known.collect())
}

/// The name that a post had in its old address, if it can be one here; else one from its headline.
async fn slug(conn: &mut AsyncPgConnection, post: &Post, draft: &Draft) -> Result<String> {
    let valid = |slug: &&str| slugify(slug) == **slug;
    let own = post.slug.as_deref().filter(valid);
    let base = own.map_or_else(|| slugify(&draft.headline), str::to_owned);
    let articles = articles::table.filter(articles::slug.eq(&base));
    let former = article_slugs::table.filter(article_slugs::slug.eq(&base));
    let taken: bool = diesel::select(diesel::dsl::exists(articles).or(diesel::dsl::exists(former)))
        .get_result(conn)
        .await?;
    if taken { free_slug(conn, &base).await } else { Ok(base) }
}

/// Stores the former addresses of an article; one that another article has is remarked on.
async fn paths(
    conn: &mut AsyncPgConnection,
    id: i64,
    post: &Post,
    place: &Place,
) -> Result<Vec<Remark>> {
    if post.paths.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = post
        .paths
        .iter()
        .map(|path| {
            let hash = article_paths::hash.eq(path_hash(path));
            (hash, article_paths::path.eq(path), article_paths::article_id.eq(id))
        })
        .collect();
    diesel::insert_into(article_paths::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let hashes: Vec<Vec<u8>> = post.paths.iter().map(|path| path_hash(path)).collect();
    let others: Vec<String> = article_paths::table
        .filter(article_paths::hash.eq_any(hashes))
        .filter(article_paths::article_id.ne(id))
        .select(article_paths::path)
        .load(conn)
        .await?;
    let remark = |raw| Remark {
        position: place.to_string(),
        raw,
        reason: "another article had this address before; it keeps it".to_owned(),
    };
    Ok(others.into_iter().map(remark).collect())
}

/// Gives articles the time of their last edit.
async fn edited(conn: &mut AsyncPgConnection, touched: &[(i64, DateTime<Utc>)]) -> Result<()> {
    let statement = "update articles a set updated_at = t.at \
         from unnest($1, $2) as t (id, at) where a.id = t.id and a.updated_at <> t.at";
    diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(touched.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(touched.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// The readers' comments that stand in a post's own text: without author and time.
fn said(
    place: &Place,
    post: &Post,
    replies: Vec<crate::text::roundup::Reply>,
) -> Vec<(Place, Reply)> {
    let reply = |(reply, n): (crate::text::roundup::Reply, u32)| {
        let own = Reply {
            source: post.source,
            of: Target::Post(post.source, post.id.clone()),
            id: if post.source == super::SOURCE { n.to_string() } else { format!("text-{n}") },
            parent: None,
            kind: ReplyKind::Comment,
            status: "approved",
            author: Person::default(),
            is_editor: false,
            html: render(&reply.text, Markup::Markdown, Voice::Reader),
            text: reply.text,
            created_at: None,
            uncertain: reply.uncertain,
        };
        let line = if place.line == 0 { reply.line as u64 } else { place.line };
        (Place { file: place.file.clone(), line }, own)
    };
    replies.into_iter().zip(1..).map(reply).collect()
}

/// Stores the notices of other sites; says how many are new and how many there are.
async fn pingbacks(conn: &mut AsyncPgConnection, targets: &[(i32, i64)]) -> Result<(usize, usize)> {
    let from = "from unnest($1, $2) as m (target, article) join staged s using (target) \
                where s.kind <> 'comment'";
    let insert = format!(
        "insert into pingbacks (article_id, kind, status, title, url, text, created_at, \
             source, source_id) \
         select m.article, s.kind, s.status, s.author_name, s.author_url, s.text, s.created_at, \
             s.source, s.id {from} order by s.seq on conflict do nothing"
    );
    let columns = (
        targets.iter().map(|pair| pair.0).collect::<Vec<_>>(),
        targets.iter().map(|pair| pair.1).collect::<Vec<_>>(),
    );
    let made = diesel::sql_query(insert)
        .bind::<Array<Integer>, _>(&columns.0)
        .bind::<Array<BigInt>, _>(&columns.1)
        .execute(conn)
        .await?;
    let all: Total = diesel::sql_query(format!("select count(*) as n {from}"))
        .bind::<Array<Integer>, _>(&columns.0)
        .bind::<Array<BigInt>, _>(&columns.1)
        .get_result(conn)
        .await?;
    Ok((made, usize::try_from(all.n).unwrap_or_default()))
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    n: i64,
}
