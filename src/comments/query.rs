//! The statements that read comments for the public.

use super::model::{Comment, CommentRow, CommentWithArticle, CommentWithContext, ThreadSort};
use super::path::Path;
use crate::articles::published;
use crate::db::{CachedSql, SqlText, StaticSql, any_array, keyset, lateral};
use crate::error::{Code, Error, Result};
use crate::links::CitingArticle;
use crate::page::total;
use crate::page::{Page, PageQuery, Scan};
use crate::schema::{articles, comments};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use std::collections::HashMap;

/// The key of a thread's cursor: the path of the comment, as ids.
pub type Key = Vec<i64>;

/// Returns the condition that a comment is listed in its thread. It is part of the statement's text and
/// equals the condition of the partial indexes, so that the planner can use them.
fn is_listed() -> StaticSql<impl SqlText> {
    StaticSql(|| "(comments.status = 'approved' or comments.reply_count > 0)")
}

fn approved() -> StaticSql<impl SqlText> {
    StaticSql(|| "comments.status = 'approved'")
}

/// The comments of one article, in one order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thread {
    /// The id of the article.
    pub(super) article: i64,
    /// The order of the threads.
    pub(super) sort: ThreadSort,
}

impl Thread {
    /// Returns the range to read; `limit` is the default page size.
    ///
    /// # Errors
    /// 400 for an invalid page query.
    pub(super) fn scan(self, page: &PageQuery, limit: i64) -> Result<Scan<Key>> {
        page.scan_with_default(&("thread", self.article, self.sort), limit)
    }

    /// Selects all its comments that are listed.
    fn all(self) -> Rows {
        comments::table
            .filter(comments::article_id.eq(self.article))
            .filter(is_listed())
            .into_boxed()
    }

    /// Returns the rows of a range, in the order in which they are read.
    async fn rows(self, conn: &AsyncPgConnection, scan: &Scan<Key>) -> Result<Vec<CommentRow>> {
        match self.sort {
            ThreadSort::Oldest if scan.is_first() => {
                first(conn, &[self.article], scan.rows()).await
            }
            ThreadSort::Oldest => load(conn, oldest(self.all(), scan)?, scan.rows()).await,
            ThreadSort::Newest => newest(conn, || self.all(), scan).await,
        }
    }
}

type Rows = comments::BoxedQuery<'static, Pg>;

/// Returns a page of a thread, in reading order.
pub(super) async fn thread(
    conn: &AsyncPgConnection,
    thread: Thread,
    scan: &Scan<Key>,
) -> Result<Page<Comment>> {
    let rows = thread.rows(conn, scan).await?;
    let page = scan.page(rows, |row| row.path().ids().to_vec());
    let total = total(conn, scan.count, || thread.all()).await?;
    Ok(page.map(CommentRow::public).with_total(total))
}

/// Returns the page of a thread that has this comment in its middle.
///
/// # Errors
/// 404 when the thread has no such comment; 400 when `scan` has a cursor.
pub(super) async fn thread_around(
    conn: &AsyncPgConnection,
    thread: Thread,
    id: i64,
    scan: &Scan<Key>,
) -> Result<Page<Comment>> {
    if scan.from.is_some() {
        let message = "`around` cannot be combined with `after` or `before`";
        return Err(Error::parameter("around", Code::BadParameter, message));
    }
    let own = thread.all().filter(comments::id.eq(id)).select(comments::path);
    let path: Option<Vec<u8>> = own.first(&mut &*conn).await.optional()?;
    let path = path.ok_or_else(|| Error::not_found("comment in this thread"))?;
    let key = Path::from_bytes(&path).ids().to_vec();
    let (up, down) =
        (scan.starting_at(key.clone(), false, true), scan.starting_at(key, true, false));
    let (before, after) = try_join(thread.rows(conn, &up), thread.rows(conn, &down)).await?;
    let page = scan.page_around(before, after, |row| row.path().ids().to_vec());
    let total = total(conn, scan.count, || thread.all()).await?;
    Ok(page.map(CommentRow::public).with_total(total))
}

/// Returns the first page of comments of each of these articles, with `limit` comments.
///
/// # Errors
/// When the database does not respond.
pub async fn first_pages(
    conn: &AsyncPgConnection,
    articles: &[i64],
    limit: i64,
) -> Result<HashMap<i64, Page<Comment>>> {
    let mut threads: HashMap<i64, Vec<CommentRow>> = HashMap::new();
    for row in first(conn, articles, limit + 1).await? {
        threads.entry(row.article_id).or_default().push(row);
    }
    let page = |article: i64| {
        let thread = Thread { article, sort: ThreadSort::Oldest };
        let scan = thread.scan(&PageQuery::default(), limit)?;
        let rows = threads.remove(&article).unwrap_or_default();
        let page = scan.page(rows, |row| row.path().ids().to_vec());
        Ok((article, page.map(CommentRow::public)))
    };
    articles.iter().copied().map(page).collect()
}

/// Returns the first comments of each of these articles.
async fn first(conn: &AsyncPgConnection, articles: &[i64], rows: i64) -> Result<Vec<CommentRow>> {
    let query = CommentRow::query().filter(is_listed()).order(comments::path.asc()).limit(rows);
    if let [article] = articles {
        let query = query.filter(comments::article_id.eq(*article));
        return Ok(CachedSql(query).load(&mut &*conn).await?);
    }
    let query = query.filter(StaticSql(|| "comments.article_id = wanted.id"));
    let mut rows: Vec<CommentRow> = CachedSql(lateral(articles, query)).load(&mut &*conn).await?;
    rows.sort_by(|a, b| (a.article_id, &a.path).cmp(&(b.article_id, &b.path)));
    Ok(rows)
}

async fn load(conn: &AsyncPgConnection, query: Rows, rows: i64) -> Result<Vec<CommentRow>> {
    Ok(query.limit(rows).select(CommentRow::as_select()).load(&mut &*conn).await?)
}

fn start(scan: &Scan<Key>) -> Result<Option<(Path, bool)>> {
    let Some((ids, whole)) = scan.from.clone() else { return Ok(None) };
    let path = Path::of(ids).ok_or_else(|| scan.cursor_error())?;
    Ok(Some((path, whole)))
}

fn oldest(query: Rows, scan: &Scan<Key>) -> Result<Rows> {
    let query = match (start(scan)?, scan.backward) {
        (None, _) => query,
        (Some((path, false)), false) => query.filter(comments::path.gt(path.to_bytes())),
        (Some((path, true)), false) => query.filter(comments::path.ge(path.to_bytes())),
        (Some((path, false)), true) => query.filter(comments::path.lt(path.to_bytes())),
        (Some((path, true)), true) => query.filter(comments::path.le(path.to_bytes())),
    };
    Ok(if scan.backward {
        query.order(comments::path.desc())
    } else {
        query.order(comments::path.asc())
    })
}

/// Returns comments with the latest thread first and each thread in reading order: the rest of the
/// thread at the cursor, then the threads after it. These are two statements, because with one
/// condition PostgreSQL would read the thread from its beginning.
async fn newest(
    conn: &AsyncPgConnection,
    all: impl Fn() -> Rows,
    scan: &Scan<Key>,
) -> Result<Vec<CommentRow>> {
    let Some((path, whole)) = start(scan)? else {
        return load(conn, by_root(all(), scan.backward), scan.rows()).await;
    };
    let (root, bytes) = (path.root(), path.to_bytes());
    let whole_thread = Path::of(vec![root]).map(|root| (root.to_bytes(), root.end()));
    let (first, end) = whole_thread.ok_or_else(|| scan.cursor_error())?;
    let same = all().filter(comments::root_id.eq(root));
    let same = same.filter(comments::path.ge(first)).filter(comments::path.lt(end));
    let same = match (scan.backward, whole) {
        (false, false) => same.filter(comments::path.gt(bytes)),
        (false, true) => same.filter(comments::path.ge(bytes)),
        (true, false) => same.filter(comments::path.lt(bytes)),
        (true, true) => same.filter(comments::path.le(bytes)),
    };
    let mut rows = load(conn, by_root(same, scan.backward), scan.rows()).await?;
    let missing = scan.rows() - i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if missing > 0 {
        let after = if scan.backward {
            all().filter(comments::root_id.gt(root))
        } else {
            all().filter(comments::root_id.lt(root))
        };
        rows.extend(load(conn, by_root(after, scan.backward), missing).await?);
    }
    Ok(rows)
}

fn by_root(query: Rows, backward: bool) -> Rows {
    if backward {
        query.order((comments::root_id.asc(), comments::path.desc()))
    } else {
        query.order((comments::root_id.desc(), comments::path.asc()))
    }
}

/// Returns a page of the latest comments on one article, or on all published articles.
///
/// # Errors
/// When the database does not respond.
pub async fn latest(
    conn: &AsyncPgConnection,
    article: Option<i64>,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Page<CommentWithArticle>> {
    let mut query = comments::table
        .inner_join(articles::table)
        .filter(approved())
        .filter(published())
        .select((CommentRow::as_select(), CitingArticle::as_select()))
        .into_boxed::<Pg>();
    if let Some(article) = article {
        query = query.filter(comments::article_id.eq(article));
    }
    let query = keyset!(query, scan, true, Timestamptz, comments::listed_at, comments::id);
    let rows: Vec<(CommentRow, CitingArticle)> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |(row, _)| (row.listed_at, row.id));
    let all = || {
        let all = comments::table
            .inner_join(articles::table)
            .filter(approved())
            .filter(published())
            .into_boxed::<Pg>();
        match article {
            Some(article) => all.filter(comments::article_id.eq(article)),
            None => all,
        }
    };
    let total = total(conn, scan.count, all).await?;
    let list =
        |(row, article): (CommentRow, _)| CommentWithArticle { comment: row.public(), article };
    Ok(page.map(list).with_total(total))
}

/// Returns these comments with their articles; unpublished ones are left out.
///
/// # Errors
/// When the database does not respond.
pub async fn listed(conn: &AsyncPgConnection, ids: &[i64]) -> Result<Vec<CommentWithArticle>> {
    let query = comments::table
        .inner_join(articles::table)
        .filter(any_array(comments::id, ids))
        .filter(approved())
        .filter(published())
        .select((CommentRow::as_select(), CitingArticle::as_select()));
    let rows: Vec<(CommentRow, CitingArticle)> = CachedSql(query).load(&mut &*conn).await?;
    let list =
        |(row, article): (CommentRow, _)| CommentWithArticle { comment: row.public(), article };
    Ok(rows.into_iter().map(list).collect())
}

/// Returns a comment with its ancestors and a page of the replies below it; for its author, even if it is not
/// published.
///
/// # Errors
/// 404 when there is none, or its article is not public.
pub(super) async fn find(
    conn: &AsyncPgConnection,
    id: i64,
    for_author: bool,
    scan: &Scan<Key>,
) -> Result<CommentWithContext> {
    let mut query = comments::table
        .inner_join(articles::table)
        .filter(comments::id.eq(id))
        .filter(published())
        .select((CommentRow::as_select(), CitingArticle::as_select()))
        .into_boxed::<Pg>();
    if !for_author {
        query = query.filter(is_listed());
    }
    let found: Option<(CommentRow, CitingArticle)> = query.first(&mut &*conn).await.optional()?;
    let (row, article) = found.ok_or_else(|| Error::not_found("comment"))?;
    let path = row.path();
    let above: Vec<i64> = path.ids().iter().copied().filter(|above| *above != id).collect();
    let ancestors = CommentRow::query().filter(comments::id.eq_any(above)).order(comments::path);
    let all = || below(article.id, &path);
    let below = oldest(all(), scan)?.limit(scan.rows()).select(CommentRow::as_select());
    let (mut a, mut b) = (conn, conn);
    let (ancestors, below) =
        try_join(ancestors.load::<CommentRow>(&mut a), below.load::<CommentRow>(&mut b)).await?;
    let replies = scan.page(below, |row| row.path().ids().to_vec()).map(CommentRow::public);
    let replies = replies.with_total(total(conn, scan.count, all).await?);
    let ancestors = ancestors.into_iter().map(CommentRow::public).collect();
    let comment = if for_author { row.for_author() } else { row.public() };
    let listed = CommentWithArticle { comment, article };
    Ok(CommentWithContext { listed, ancestors, replies })
}

/// Selects the listed comments below a comment.
fn below(article: i64, path: &Path) -> Rows {
    comments::table
        .filter(comments::article_id.eq(article))
        .filter(is_listed())
        .filter(comments::path.gt(path.to_bytes()))
        .filter(comments::path.lt(path.end()))
        .into_boxed()
}
