//! Reads article pages: articles with the first comments on them.

use super::model::ArticlePage;
use crate::articles::{self, Article, ArticleView};
use crate::comments;
use crate::error::{Error, Result};
use crate::extract::{Lookup, Ref};
use crate::state::State;
use diesel_async::AsyncPgConnection;
use futures_util::future::try_join;
use std::collections::HashMap;
use std::rc::Rc;

/// The number of comments that `include=comments` returns.
const INCLUDED_COMMENTS: i64 = 50;

/// How to read article pages.
#[derive(Debug, Clone)]
pub(super) struct PageOptions {
    /// Whether to read the first comments.
    pub(super) with_comments: bool,
    /// How articles are shown.
    pub(super) view: ArticleView,
}

impl PageOptions {
    /// Returns the options of a page, with or without comments.
    pub(super) fn of(state: &State, with_comments: bool) -> Self {
        Self { with_comments, view: ArticleView::of(state) }
    }
}

/// Returns the published ones of these articles, by id, with or without the first of their comments.
///
/// # Errors
/// When the database does not respond.
pub(super) async fn by_ids(
    conn: &AsyncPgConnection,
    ids: &[i64],
    options: &PageOptions,
) -> Result<HashMap<i64, ArticlePage>> {
    let threads = async {
        if options.with_comments {
            comments::first_pages(conn, ids, INCLUDED_COMMENTS).await
        } else {
            Ok(HashMap::new())
        }
    };
    let (found, mut threads) = try_join(articles::by_ids(conn, ids), threads).await?;
    let page = |(id, mut article): (i64, Article)| {
        options.view.apply(&mut article.summary);
        (id, ArticlePage { article, comments: threads.remove(&id), related: None })
    };
    Ok(found.into_iter().map(page).collect())
}

/// Returns the published article at a reference, on request with the first of its comments, which are
/// loaded concurrently.
///
/// # Errors
/// 404 when there is and was no public article.
pub(super) async fn find(
    conn: &AsyncPgConnection,
    which: &Ref,
    options: &PageOptions,
) -> Result<Lookup<ArticlePage>> {
    let id = match which {
        Ref::Id(id) => *id,
        Ref::Slug(_) => match articles::resolve(conn, which).await? {
            Lookup::Found(id) => id,
            Lookup::Moved(slug) => return Ok(Lookup::Moved(slug)),
            Lookup::Gone => return Ok(Lookup::Gone),
        },
    };
    match by_ids(conn, &[id], options).await?.remove(&id) {
        Some(article) => Ok(Lookup::Found(article)),
        None if articles::is_gone(conn, which).await? => Ok(Lookup::Gone),
        None => Err(Error::not_found("article")),
    }
}

/// Returns the published articles at several references, in their order; `None` where there is none. Then
/// [`find`] returns the reason.
pub(super) async fn find_all(
    conn: &AsyncPgConnection,
    refs: &[Ref],
    options: &PageOptions,
) -> Result<Vec<Option<Rc<ArticlePage>>>> {
    let slugs: Vec<&str> = refs.iter().filter_map(Ref::slug).collect();
    let known = articles::ids_by_slug(conn, &slugs).await?;
    let id_of = |which: &Ref| match which {
        Ref::Id(id) => Some(*id),
        Ref::Slug(slug) => known.get(slug).copied(),
    };
    let mut ids: Vec<i64> = refs.iter().filter_map(id_of).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(vec![None; refs.len()]);
    }
    let found = by_ids(conn, &ids, options).await?;
    let found: HashMap<i64, Rc<ArticlePage>> =
        found.into_iter().map(|(id, article)| (id, Rc::new(article))).collect();
    Ok(refs.iter().map(|which| found.get(&id_of(which)?).cloned()).collect())
}
