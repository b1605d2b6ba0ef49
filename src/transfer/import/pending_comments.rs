//! Collects comments in a temporary table until every post of an import is stored: a comment may
//! come before its parent in the file, and its post may be in another file.

use super::paths::spellings;
use crate::articles::store::path_hash;
use crate::error::Result;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use export_formats::{Comment, CommentTarget, Position, Post, source};
use std::collections::HashMap;

/// The number of comments that are sent to the database at once.
const BATCH_SIZE: usize = 1000;

/// The comments of an import whose posts may not be stored yet.
#[derive(Debug, Default)]
pub(super) struct PendingComments {
    /// Comments that are not in the table yet, each with the number of its target.
    rows: Vec<(i32, Position, Comment)>,
    /// The posts that comments name, numbered.
    targets: HashMap<CommentTarget, i32>,
    count: i64,
}

const CREATE: &str = "
    drop table if exists pg_temp.pending_comments;
    create temporary table pending_comments (
        seq bigint not null, target integer not null, position text not null, kind text not null,
        source text not null, id text not null, parent text, parent_source text, is_copy boolean not null, status text not null,
        author_name text, author_url text, author_email text, is_editor boolean not null,
        text text not null, html text not null, created_at timestamptz, uncertain boolean not null
    )";

const INSERT: &str = "insert into pending_comments \
    select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";

/// Returns one field of all comments.
fn column<'a, T>(rows: &'a [(i32, Position, Comment)], of: impl Fn(&'a Comment) -> T) -> Vec<T> {
    rows.iter().map(|(_, _, comment)| of(comment)).collect()
}

impl PendingComments {
    /// Creates the table.
    pub(super) async fn new(conn: &mut AsyncPgConnection) -> Result<Self> {
        conn.batch_execute(CREATE).await?;
        Ok(Self::default())
    }

    /// Returns whether there are no comments.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a comment.
    pub(super) async fn add(
        &mut self,
        conn: &mut AsyncPgConnection,
        position: Position,
        comment: Comment,
    ) -> Result<()> {
        let next = i32::try_from(self.targets.len()).unwrap_or(i32::MAX);
        let target = *self.targets.entry(comment.target.clone()).or_insert(next);
        self.rows.push((target, position, comment));
        self.count += 1;
        if self.rows.len() >= BATCH_SIZE { self.flush(conn).await } else { Ok(()) }
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
            .bind::<Array<Text>, _>(column(&rows, |comment| comment.kind.as_str()))
            .bind::<Array<Text>, _>(column(&rows, |comment| comment.source))
            .bind::<Array<Text>, _>(column(&rows, |comment| comment.id.as_str()))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |comment| comment.parent.as_deref()))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |comment| comment.parent_source))
            .bind::<Array<Bool>, _>(column(&rows, |comment| comment.is_copy))
            .bind::<Array<Text>, _>(column(&rows, |comment| comment.status.as_str()))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |comment| {
                comment.author.name.as_deref()
            }))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |comment| {
                comment.author.url.as_deref()
            }))
            .bind::<Array<Nullable<Text>>, _>(column(&rows, |comment| {
                comment.author.email.as_deref()
            }))
            .bind::<Array<Bool>, _>(column(&rows, |comment| comment.is_editor))
            .bind::<Array<Text>, _>(column(&rows, |comment| comment.text.as_str()))
            .bind::<Array<Text>, _>(column(&rows, |comment| comment.html.as_str()))
            .bind::<Array<Nullable<Timestamptz>>, _>(column(&rows, |comment| comment.created_at))
            .bind::<Array<Bool>, _>(column(&rows, |comment| comment.boundaries_uncertain))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Completes the table, and finds the article of each target.
    ///
    /// `planned` has the posts of a dry run, which are not stored.
    pub(super) async fn resolve(
        &mut self,
        conn: &mut AsyncPgConnection,
        planned: &PlannedArticles,
    ) -> Result<ResolvedTargets> {
        self.flush(conn).await?;
        conn.batch_execute(
            "create unique index on pg_temp.pending_comments (seq); \
             create index on pg_temp.pending_comments (target, seq); analyze pg_temp.pending_comments",
        )
        .await?;
        let mut articles = HashMap::new();
        let targets: Vec<(i32, &CommentTarget)> =
            self.targets.iter().map(|(target, n)| (*n, target)).collect();
        for some in targets.chunks(BATCH_SIZE) {
            for ArticleRow { n, article } in
                by_post(conn, some).await?.into_iter().chain(by_path(conn, some).await?)
            {
                articles.insert(n, article);
            }
            for (n, target) in some {
                if !articles.contains_key(n)
                    && let Some(article) = planned.find(target)
                {
                    articles.insert(*n, article);
                }
            }
            let unresolved: Vec<_> =
                some.iter().filter(|(n, _)| !articles.contains_key(n)).copied().collect();
            for ArticleRow { n, article } in by_slug(conn, &unresolved).await? {
                articles.insert(n, article);
            }
        }
        self.by_parent_comment(conn, &mut articles).await?;
        let sizes: Vec<SizeRow> = diesel::sql_query(
            "select target as n, count(*) as size from pending_comments group by target",
        )
        .load(conn)
        .await?;
        Ok(ResolvedTargets { articles, sizes: sizes.into_iter().map(|s| (s.n, s.size)).collect() })
    }

    /// Resolves comments that name another comment as their post, as some Takeout files do: the
    /// other comment is their parent.
    async fn by_parent_comment(
        &self,
        conn: &mut AsyncPgConnection,
        articles: &mut HashMap<i32, i64>,
    ) -> Result<()> {
        let unresolved = self.targets.iter().filter(|(_, n)| !articles.contains_key(n));
        let (mut numbers, mut ids) = (Vec::new(), Vec::new());
        for (target, n) in unresolved {
            if let CommentTarget::Post(source::BLOGGER, id) = target {
                numbers.push(*n);
                ids.push(id.as_str());
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let found: Vec<ParentRow> = diesel::sql_query(
            "select t.n, s.target from unnest($1, $2) as t (n, id) join pending_comments s using (id)",
        )
        .bind::<Array<Integer>, _>(numbers)
        .bind::<Array<Text>, _>(ids)
        .load(conn)
        .await?;
        for ParentRow { n, target } in found {
            let Some(article) = articles.get(&target).copied() else { continue };
            articles.insert(n, article);
            let id = self.targets.iter().find(|(_, number)| **number == n).map(|(id, _)| id);
            if let Some(CommentTarget::Post(_, id)) = id {
                diesel::sql_query(
                    "update pending_comments set parent = coalesce(parent, $2) where target = $1",
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

/// The posts that a dry run would store. Their ids are negative.
#[derive(Debug, Default)]
pub(super) struct PlannedArticles {
    posts: HashMap<(&'static str, String), i64>,
    paths: HashMap<String, i64>,
}

impl PlannedArticles {
    /// Adds a post.
    pub(super) fn add(&mut self, post: &Post) {
        let next = -1 - i64::try_from(self.posts.len()).unwrap_or_default();
        let id = *self.posts.entry((post.source, post.id.clone())).or_insert(next);
        for path in post.paths.iter().flat_map(|path| spellings(path)) {
            self.paths.entry(path).or_insert(id);
        }
    }

    fn find(&self, target: &CommentTarget) -> Option<i64> {
        match target {
            CommentTarget::Post(source, id) => self.posts.get(&(*source, id.clone())).copied(),
            CommentTarget::Paths(paths) => paths
                .iter()
                .flat_map(|path| spellings(path))
                .find_map(|path| self.paths.get(&path).copied()),
        }
    }
}

/// The article of each target, and the number of comments on it.
#[derive(Debug)]
pub(super) struct ResolvedTargets {
    pub(super) articles: HashMap<i32, i64>,
    pub(super) sizes: HashMap<i32, i64>,
}

#[derive(QueryableByName)]
struct ArticleRow {
    #[diesel(sql_type = Integer)]
    n: i32,
    #[diesel(sql_type = BigInt)]
    article: i64,
}

#[derive(QueryableByName)]
struct ParentRow {
    #[diesel(sql_type = Integer)]
    n: i32,
    #[diesel(sql_type = Integer)]
    target: i32,
}

#[derive(QueryableByName)]
struct SizeRow {
    #[diesel(sql_type = Integer)]
    n: i32,
    #[diesel(sql_type = BigInt)]
    size: i64,
}

/// Finds articles by the source and id of a post.
async fn by_post(
    conn: &mut AsyncPgConnection,
    targets: &[(i32, &CommentTarget)],
) -> Result<Vec<ArticleRow>> {
    let posts: Vec<(i32, &str, &str)> = targets
        .iter()
        .filter_map(|(n, target)| match target {
            CommentTarget::Post(source, id) => Some((*n, *source, id.as_str())),
            CommentTarget::Paths(_) => None,
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

/// Finds articles by the paths of their former URLs.
async fn by_path(
    conn: &mut AsyncPgConnection,
    targets: &[(i32, &CommentTarget)],
) -> Result<Vec<ArticleRow>> {
    let paths: Vec<(i32, i32, Vec<u8>)> = targets
        .iter()
        .filter_map(|(n, target)| match target {
            CommentTarget::Post(..) => None,
            CommentTarget::Paths(paths) => Some((*n, paths)),
        })
        .flat_map(|(n, paths)| {
            let spellings = paths.iter().flat_map(|path| spellings(path)).zip(0..);
            spellings.map(move |(path, rank)| (n, rank, path_hash(&path)))
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

/// Finds articles by the last part of their URLs, as `/resolve` does: it is the slug of an article, or
/// was.
async fn by_slug(
    conn: &mut AsyncPgConnection,
    targets: &[(i32, &CommentTarget)],
) -> Result<Vec<ArticleRow>> {
    let slugs: Vec<(i32, String)> = targets
        .iter()
        .filter_map(|(n, target)| match target {
            CommentTarget::Post(..) => None,
            CommentTarget::Paths(paths) => Some((*n, slug_in(paths.as_slice().first()?)?)),
        })
        .collect();
    let statement = "select distinct on (t.n) t.n, a.id as article \
         from unnest($1, $2) as t (n, slug) \
         left join article_slugs f on f.slug = t.slug \
         join articles a on a.slug = t.slug or a.id = f.article_id order by t.n, a.slug = t.slug desc";
    let found = diesel::sql_query(statement)
        .bind::<Array<Integer>, _>(slugs.iter().map(|slug| slug.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(slugs.iter().map(|slug| slug.1.as_str()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(found)
}

/// Returns the last part of a path, without its extension, if it may be a slug.
fn slug_in(path: &str) -> Option<String> {
    let bare = path.split(['?', '#']).next()?.trim_end_matches('/');
    let name = bare.rsplit('/').next()?;
    let name =
        [".html", ".htm", ".php"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let is_slug = name.contains(|c: char| !c.is_ascii_digit()) && name != "index";
    is_slug.then(|| name.to_lowercase())
}

/// A comment in the table, without its text.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct PendingComment {
    #[diesel(sql_type = BigInt)]
    pub(super) seq: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) article: i64,
    #[diesel(sql_type = Text)]
    pub(super) position: String,
    #[diesel(sql_type = Text)]
    pub(super) source: String,
    #[diesel(sql_type = Text)]
    pub(super) id: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) parent: Option<String>,
    #[diesel(sql_type = Text)]
    pub(super) parent_source: String,
    /// Whether it is a copy that another system holds.
    #[diesel(sql_type = Bool)]
    pub(super) is_copy: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(super) created_at: Option<DateTime<Utc>>,
    /// Its id and path, if it is stored already.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) stored_id: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(super) path: Option<Vec<u8>>,
    /// It is new, or stored with the same content, or was edited or removed here and stays so.
    #[diesel(sql_type = Bool)]
    pub(super) is_unchanged: bool,
    /// Its status in the source, if it is public here and not there.
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) withdrawn: Option<String>,
}

/// Returns the comments on these articles, each `(target, article)`, in the order of the files.
pub(super) async fn comments_on(
    conn: &mut AsyncPgConnection,
    targets: &[(i32, i64)],
) -> Result<Vec<PendingComment>> {
    let statement = "select s.seq, m.article, s.position, s.source, s.id, s.parent, \
             coalesce(s.parent_source, s.source) as parent_source, s.is_copy, s.created_at, \
             c.id as stored_id, c.path, \
             c.id is null or s.is_copy or c.edited_at is not null \
                or 'deleted' in (c.status, s.status) \
                or row(c.text, c.html, c.author_name, c.author_url, c.author_email, c.created_at) \
                is not distinct from row(s.text, s.html, s.author_name, s.author_url, \
                                         s.author_email, s.created_at) as is_unchanged, \
             case when c.status = 'approved' and s.status <> 'approved' and not s.is_copy \
                then s.status end as withdrawn \
         from unnest($1, $2) as m (target, article) \
         join pending_comments s using (target) \
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
