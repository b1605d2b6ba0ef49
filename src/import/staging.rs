//! Where replies wait until every post of a run is stored: a table of the connection's own. What
//! a reply answers may come after it in the file, and its post in another file.

use super::record::{Place, Reply, Target, path_hash};
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use std::collections::HashMap;

/// How many replies are sent to the database at once.
const BATCH: usize = 1000;

/// The waiting replies.
#[derive(Debug, Default)]
pub(super) struct Staging {
    rows: Vec<(i32, Place, Reply)>,
    targets: HashMap<Target, i32>,
    count: i64,
}

const CREATE: &str = "
    drop table if exists pg_temp.staged;
    create temporary table staged (
        seq bigint not null, target integer not null, place text not null, kind text not null,
        source text not null, id text not null, parent text, status text not null,
        author_name text, author_url text, author_email text, is_editor boolean not null,
        text text not null, html text not null, created_at timestamptz, uncertain boolean not null
    )";

const INSERT: &str = "insert into staged \
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

fn column<'a, T>(rows: &'a [(i32, Place, Reply)], of: impl Fn(&'a Reply) -> T) -> Vec<T> {
    rows.iter().map(|(_, _, reply)| of(reply)).collect()
}

impl Staging {
    pub(super) async fn new(conn: &mut AsyncPgConnection) -> Result<Self> {
        conn.batch_execute(CREATE).await?;
        Ok(Self::default())
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) async fn add(
        &mut self,
        conn: &mut AsyncPgConnection,
        place: Place,
        reply: Reply,
    ) -> Result<()> {
        let next = i32::try_from(self.targets.len()).unwrap_or(i32::MAX);
        let target = *self.targets.entry(reply.of.clone()).or_insert(next);
        self.rows.push((target, place, reply));
        self.count += 1;
        if self.rows.len() >= BATCH { self.flush(conn).await } else { Ok(()) }
    }

    async fn flush(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let first = self.count - i64::try_from(rows.len()).unwrap_or_default();
        diesel::sql_query(INSERT)
            .bind::<Array<BigInt>, _>((first..self.count).collect::<Vec<_>>())
            .bind::<Array<Integer>, _>(rows.iter().map(|(target, ..)| *target).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(rows.iter().map(|(_, p, _)| p.to_string()).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(column(&rows, |reply| reply.kind.as_str()))
            .bind::<Array<Text>, _>(column(&rows, |reply| reply.source))
            .bind::<Array<Text>, _>(column(&rows, |reply| reply.id.as_str()))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |reply| reply.parent.as_deref()))
            .bind::<Array<Text>, _>(column(&rows, |reply| reply.status))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |reply| reply.author.name.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |reply| reply.author.url.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |reply| reply.author.email.as_deref()))
            .bind::<Array<Bool>, _>(column(&rows, |reply| reply.is_editor))
            .bind::<Array<Text>, _>(column(&rows, |reply| reply.text.as_str()))
            .bind::<Array<Text>, _>(column(&rows, |reply| reply.html.as_str()))
            .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |reply| reply.created_at))
            .bind::<Array<Bool>, _>(column(&rows, |reply| reply.uncertain))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Closes the table, and says which targets belong to which article, and how many replies
    /// each target has.
    pub(super) async fn close(&mut self, conn: &mut AsyncPgConnection) -> Result<Resolved> {
        self.flush(conn).await?;
        conn.batch_execute(
            "create unique index on pg_temp.staged (seq); \
             create index on pg_temp.staged (target, seq); analyze pg_temp.staged",
        )
        .await?;
        let mut articles = HashMap::new();
        let targets: Vec<(i32, &Target)> =
            self.targets.iter().map(|(target, n)| (*n, target)).collect();
        for some in targets.chunks(BATCH) {
            for Hit { n, article } in
                by_post(conn, some).await?.into_iter().chain(by_path(conn, some).await?)
            {
                articles.insert(n, article);
            }
        }
        self.by_answered(conn, &mut articles).await?;
        let sizes: Vec<Size> =
            diesel::sql_query("select target as n, count(*) as size from staged group by target")
                .load(conn)
                .await?;
        Ok(Resolved { articles, sizes: sizes.into_iter().map(|s| (s.n, s.size)).collect() })
    }

    /// Takeout has been seen to name, as a reply's post, the comment that it answers.
    async fn by_answered(
        &self,
        conn: &mut AsyncPgConnection,
        articles: &mut HashMap<i32, i64>,
    ) -> Result<()> {
        let lost = self.targets.iter().filter(|(_, n)| !articles.contains_key(n));
        let (mut numbers, mut ids) = (Vec::new(), Vec::new());
        for (target, n) in lost {
            if let Target::Post(super::blogger::SOURCE, id) = target {
                numbers.push(*n);
                ids.push(id.as_str());
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let found: Vec<Answered> = diesel::sql_query(
            "select t.n, s.target from unnest($1, $2) as t (n, id) join staged s using (id)",
        )
        .bind::<Array<Integer>, _>(numbers)
        .bind::<Array<Text>, _>(ids)
        .load(conn)
        .await?;
        for Answered { n, target } in found {
            let Some(article) = articles.get(&target).copied() else { continue };
            articles.insert(n, article);
            let id = self.targets.iter().find(|(_, number)| **number == n).map(|(id, _)| id);
            if let Some(Target::Post(_, id)) = id {
                diesel::sql_query(
                    "update staged set parent = coalesce(parent, $2) where target = $1",
                )
                .bind::<Integer, _>(n)
                .bind::<Text, _>(id)
                .execute(conn)
                .await?;
            }
        }
        Ok(())
    }
}

/// Which article each target is, and how many replies wait for it.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) articles: HashMap<i32, i64>,
    pub(super) sizes: HashMap<i32, i64>,
}

#[derive(QueryableByName)]
struct Hit {
    #[diesel(sql_type = Integer)]
    n: i32,
    #[diesel(sql_type = BigInt)]
    article: i64,
}

#[derive(QueryableByName)]
struct Answered {
    #[diesel(sql_type = Integer)]
    n: i32,
    #[diesel(sql_type = Integer)]
    target: i32,
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = Integer)]
    n: i32,
    #[diesel(sql_type = BigInt)]
    size: i64,
}

async fn by_post(conn: &mut AsyncPgConnection, targets: &[(i32, &Target)]) -> Result<Vec<Hit>> {
    let posts: Vec<(i32, &str, &str)> = targets
        .iter()
        .filter_map(|(n, target)| match target {
            Target::Post(source, id) => Some((*n, *source, id.as_str())),
            Target::Paths(_) => None,
        })
        .collect();
    let statement = "select t.n, a.id as article from unnest($1, $2, $3) as t (n, source, id) \
         join articles a on a.source = t.source and a.source_id = t.id";
    let found = diesel::sql_query(statement)
        .bind::<Array<Integer>, _>(posts.iter().map(|post| post.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(posts.iter().map(|post| post.1).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(posts.iter().map(|post| post.2).collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(found)
}

async fn by_path(conn: &mut AsyncPgConnection, targets: &[(i32, &Target)]) -> Result<Vec<Hit>> {
    let paths: Vec<(i32, i32, Vec<u8>)> = targets
        .iter()
        .filter_map(|(n, target)| match target {
            Target::Post(..) => None,
            Target::Paths(paths) => Some((*n, paths)),
        })
        .flat_map(|(n, paths)| {
            paths.iter().zip(0..).map(move |(path, rank)| (n, rank, path_hash(path)))
        })
        .collect();
    let statement = "select distinct on (t.n) t.n, p.article_id as article \
         from unnest($1, $2, $3) as t (n, rank, hash) join article_paths p using (hash) \
         order by t.n, t.rank";
    let found = diesel::sql_query(statement)
        .bind::<Array<Integer>, _>(paths.iter().map(|path| path.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(paths.iter().map(|path| path.1).collect::<Vec<_>>())
        .bind::<Array<Binary>, _>(paths.iter().map(|path| path.2.as_slice()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(found)
}

/// A reply that waits, without its text.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct Waiting {
    #[diesel(sql_type = BigInt)]
    pub(super) seq: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) article: i64,
    #[diesel(sql_type = Text)]
    pub(super) place: String,
    #[diesel(sql_type = Text)]
    pub(super) source: String,
    #[diesel(sql_type = Text)]
    pub(super) id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) parent: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(super) created_at: Option<DateTime<Utc>>,
    /// The id and the path that it has already.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) known: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(super) path: Option<Vec<u8>>,
    /// It reads as it is stored; or it was edited or removed here, and stays so.
    #[diesel(sql_type = Bool)]
    pub(super) same: bool,
}

/// The comments that wait for these articles, each `(target, article)`, in the files' order.
pub(super) async fn waiting(
    conn: &mut AsyncPgConnection,
    targets: &[(i32, i64)],
) -> Result<Vec<Waiting>> {
    let statement = "select s.seq, m.article, s.place, s.source, s.id, s.parent, s.created_at, \
             c.id as known, c.path, \
             coalesce(c.edited_at is not null or c.status = 'deleted' or (s.status <> 'deleted' and \
                row(c.text, c.html, c.author_name, c.author_url, c.author_email, c.created_at) \
                is not distinct from row(s.text, s.html, s.author_name, s.author_url, \
                                         s.author_email, s.created_at)), false) as same \
         from unnest($1, $2) as m (target, article) \
         join staged s using (target) \
         left join comments c \
            on c.article_id = m.article and c.source = s.source and c.source_id = s.id \
         where s.kind = 'comment' order by m.article, s.seq";
    let rows = diesel::sql_query(statement)
        .bind::<Array<Integer>, _>(targets.iter().map(|pair| pair.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(targets.iter().map(|pair| pair.1).collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(rows)
}
