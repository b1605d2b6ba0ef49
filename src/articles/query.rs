//! The statements that read articles.

use super::filter::{Filter, Sort};
use super::model::{Article, ArticleSummary, SummaryRow, TextRow};
use crate::db::{CachedSql, SqlText, StaticSql, any_array, keyset};
use crate::error::{Error, Result};
use crate::extract::{Lookup, Ref};
use crate::full_text;
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::{
    article_outlets, article_slugs, article_tags, articles, links, purged_articles,
};
use crate::state::State;
use crate::{links as sources, tags};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join3;
use serde_json::Value;
use std::collections::HashMap;

/// The key of a list's cursor: the sort value as JSON, and the id.
pub type Key = (Value, i64);

/// A query of articles whose conditions are known at run time only.
pub(crate) type Public = articles::BoxedQuery<'static, Pg>;

/// Returns the condition that an article is public. The status is part of the statement's text: the
/// planner uses a partial index only if it sees its condition.
pub fn published() -> StaticSql<impl SqlText> {
    StaticSql(|| "articles.status = 'published'")
}

/// Returns a page of published articles, with all their links or only the leads.
pub(crate) async fn page(
    conn: &AsyncPgConnection,
    filter: &Filter,
    sort: Sort,
    scan: &Scan<Key>,
    all_links: bool,
) -> Result<Page<ArticleSummary>> {
    let cut = scan.page(keys(conn, filter, sort, scan).await?, Clone::clone);
    let ids: Vec<i64> = cut.items.iter().map(|(_, id)| *id).collect();
    let items = summaries(conn, &ids, all_links).await?;
    let total = total(conn, scan.count, || matching(filter)).await?;
    Ok(cut.with_items(items).with_total(total))
}

pub(crate) async fn keys(
    conn: &AsyncPgConnection,
    filter: &Filter,
    sort: Sort,
    scan: &Scan<Key>,
) -> Result<Vec<Key>> {
    match sort {
        Sort::Latest | Sort::Oldest => {
            let scan = scan.typed::<DateTime<Utc>>()?;
            let keys = by_date(conn, filter, sort == Sort::Latest, &scan).await?;
            Ok(keys.into_iter().map(json_key).collect())
        }
        Sort::Edited => {
            let scan = scan.typed::<DateTime<Utc>>()?;
            let query = matching(filter).select((articles::updated_at, articles::id));
            let query = keyset!(query, scan, true, Timestamptz, articles::updated_at, articles::id);
            let keys: Vec<(DateTime<Utc>, i64)> = query.load(&mut &*conn).await?;
            Ok(keys.into_iter().map(json_key).collect())
        }
        Sort::Discussed => {
            let scan = scan.typed::<i32>()?;
            let query = matching(filter).select((articles::comment_count, articles::id));
            let query = keyset!(query, scan, true, Integer, articles::comment_count, articles::id);
            let keys: Vec<(i32, i64)> = query.load(&mut &*conn).await?;
            Ok(keys.into_iter().map(|(count, id)| (count.into(), id)).collect())
        }
        Sort::Relevance => {
            let scan = scan.typed::<i64>()?;
            let keys = full_text::articles(conn, &filter.search_filter(), &scan).await?;
            Ok(keys.into_iter().map(|(rank, id)| (rank.into(), id)).collect())
        }
    }
}

pub(crate) fn json_key((at, id): (DateTime<Utc>, i64)) -> Key {
    (serde_json::json!(at), id)
}

/// Returns the keys of a list by date. A single tag or outlet has its own index in this order.
async fn by_date(
    conn: &AsyncPgConnection,
    filter: &Filter,
    latest: bool,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Vec<(DateTime<Utc>, i64)>> {
    let only = filter.authors.is_none() && filter.langs.is_none() && filter.domains.is_none();
    let only = only && filter.words.is_none() && filter.updated_after.is_none();
    match (filter.tags.as_deref(), filter.outlets.as_deref()) {
        (Some([tag]), None) if only => {
            let at = article_tags::published_at.assume_not_null();
            let mut query = article_tags::table
                .filter(article_tags::tag_id.eq(*tag))
                .filter(article_tags::published_at.is_not_null())
                .select((at, article_tags::article_id))
                .into_boxed::<Pg>();
            if let Some(after) = filter.after {
                query = query.filter(at.ge(after));
            }
            if let Some(before) = filter.before {
                query = query.filter(at.lt(before));
            }
            let query = keyset!(query, scan, latest, Timestamptz, at, article_tags::article_id);
            Ok(query.load(&mut &*conn).await?)
        }
        (None, Some([outlet])) if only => {
            let at = article_outlets::published_at.assume_not_null();
            let mut query = article_outlets::table
                .filter(article_outlets::outlet_id.eq(*outlet))
                .filter(article_outlets::published_at.is_not_null())
                .select((at, article_outlets::article_id))
                .into_boxed::<Pg>();
            if let Some(after) = filter.after {
                query = query.filter(at.ge(after));
            }
            if let Some(before) = filter.before {
                query = query.filter(at.lt(before));
            }
            let query = keyset!(query, scan, latest, Timestamptz, at, article_outlets::article_id);
            Ok(query.load(&mut &*conn).await?)
        }
        _ => {
            let at = articles::published_at.assume_not_null();
            let query = matching(filter).select((at, articles::id));
            let query = keyset!(query, scan, latest, Timestamptz, at, articles::id);
            Ok(query.load(&mut &*conn).await?)
        }
    }
}

/// Returns the published articles that pass the filters.
fn matching(filter: &Filter) -> Public {
    narrowed(articles::table.filter(published()).into_boxed(), filter)
}

/// Adds the filters to a query.
pub(crate) fn narrowed(mut query: Public, filter: &Filter) -> Public {
    if let Some(ids) = filter.tags.clone() {
        query = query.filter(exists(
            article_tags::table
                .filter(article_tags::article_id.eq(articles::id))
                .filter(article_tags::tag_id.eq_any(ids)),
        ));
    }
    if let Some(ids) = filter.outlets.clone() {
        query = query.filter(exists(
            article_outlets::table
                .filter(article_outlets::article_id.eq(articles::id))
                .filter(article_outlets::outlet_id.eq_any(ids)),
        ));
    }
    if let Some(domains) = filter.domains.clone() {
        query = query.filter(exists(
            links::table
                .filter(links::article_id.eq(articles::id))
                .filter(links::domain.eq_any(domains)),
        ));
    }
    query = match filter.authors.as_deref() {
        None => query,
        Some([one]) => query.filter(articles::author_name.eq(one.clone())),
        Some(several) => query.filter(articles::author_name.eq_any(several.to_vec())),
    };
    if let Some(langs) = &filter.langs {
        let found = sql::<Bool>("lower(coalesce(articles.lang, ")
            .bind::<Text, _>(langs.site().to_owned())
            .sql(")) || '-' like any (")
            .bind::<Array<Text>, _>(langs.patterns().to_vec())
            .sql(")");
        query = query.filter(found);
    }
    if let Some(words) = &filter.words {
        // The array is computed once. With `in (select …)` the planner may instead search for the
        // words in one article after the other, the latest first.
        let found = sql::<Bool>("articles.id = any (array(select m.article_id from search_match(")
            .bind::<Text, _>(words.head.clone())
            .sql(", ")
            .bind::<Text, _>(words.tail.clone())
            .sql(") m where m.kind in ('article', 'link')))");
        query = query.filter(found);
    }
    if let Some(after) = filter.after {
        query = query.filter(articles::published_at.ge(after));
    }
    if let Some(before) = filter.before {
        query = query.filter(articles::published_at.lt(before));
    }
    if let Some(after) = filter.updated_after {
        query = query.filter(articles::updated_at.ge(after));
    }
    query
}

/// Returns the summaries of the published ones of these articles, in the order of the ids.
///
/// # Errors
/// When the database does not respond.
pub async fn summaries(
    conn: &AsyncPgConnection,
    ids: &[i64],
    all_links: bool,
) -> Result<Vec<ArticleSummary>> {
    let rows = async {
        let query = SummaryRow::query().filter(any_array(articles::id, ids)).filter(published());
        Ok(CachedSql(query).load::<SummaryRow>(&mut &*conn).await?)
    };
    with_parts(conn, rows, ids, all_links).await
}

/// Returns the summaries of these articles, in any status, in the order of the ids.
///
/// # Errors
/// When the database does not respond.
pub(crate) async fn summaries_in_any_status(
    conn: &AsyncPgConnection,
    ids: &[i64],
    all_links: bool,
) -> Result<Vec<ArticleSummary>> {
    let rows = async {
        let query = SummaryRow::query().filter(any_array(articles::id, ids));
        Ok(CachedSql(query).load::<SummaryRow>(&mut &*conn).await?)
    };
    with_parts(conn, rows, ids, all_links).await
}

/// Returns articles with their links and tags, in the order of the ids.
async fn with_parts(
    conn: &AsyncPgConnection,
    rows: impl Future<Output = Result<Vec<SummaryRow>>>,
    ids: &[i64],
    all_links: bool,
) -> Result<Vec<ArticleSummary>> {
    let links = sources::of_articles(conn, ids, !all_links);
    let tags = tags::of_articles(conn, ids);
    let (rows, mut links, mut tags) = try_join3(rows, links, tags).await?;
    let mut found: HashMap<i64, ArticleSummary> = HashMap::new();
    for row in rows {
        let id = row.id;
        let links = links.remove(&id).unwrap_or_default();
        found.insert(id, row.with(links, tags.remove(&id).unwrap_or_default()));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Returns the published ones of these articles, by id.
///
/// # Errors
/// When the database does not respond.
pub async fn by_ids(conn: &AsyncPgConnection, ids: &[i64]) -> Result<HashMap<i64, Article>> {
    let rows = async {
        let query = articles::table
            .filter(published())
            .select((SummaryRow::as_select(), TextRow::as_select()));
        let conn = &mut &*conn;
        let rows: Vec<(SummaryRow, TextRow)> = match ids {
            [one] => CachedSql(query.filter(articles::id.eq(*one))).load(conn).await?,
            several => CachedSql(query.filter(any_array(articles::id, several))).load(conn).await?,
        };
        Ok(rows)
    };
    with_texts(conn, rows, ids).await
}

/// Returns these articles in any status, by id.
pub(crate) async fn by_ids_in_any_status(
    conn: &AsyncPgConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Article>> {
    let rows = async {
        let query = articles::table.select((SummaryRow::as_select(), TextRow::as_select()));
        Ok(CachedSql(query.filter(any_array(articles::id, ids))).load(&mut &*conn).await?)
    };
    with_texts(conn, rows, ids).await
}

/// Returns articles with their links and tags, by id.
async fn with_texts(
    conn: &AsyncPgConnection,
    rows: impl Future<Output = Result<Vec<(SummaryRow, TextRow)>>>,
    ids: &[i64],
) -> Result<HashMap<i64, Article>> {
    let links = sources::of_articles(conn, ids, false);
    let tags = tags::of_articles(conn, ids);
    let (rows, mut links, mut tags) = try_join3(rows, links, tags).await?;
    let article = |(summary, text): (SummaryRow, TextRow)| {
        let id = summary.id;
        let links = links.remove(&id).unwrap_or_default();
        let summary = summary.with(links, tags.remove(&id).unwrap_or_default());
        (id, text.with(summary))
    };
    Ok(rows.into_iter().map(article).collect())
}

/// Returns the ids of the published articles with these slugs.
///
/// # Errors
/// When the database does not respond.
pub async fn ids_by_slug(conn: &AsyncPgConnection, slugs: &[&str]) -> Result<HashMap<String, i64>> {
    if slugs.is_empty() {
        return Ok(HashMap::new());
    }
    let query = articles::table
        .filter(any_array(articles::slug, slugs))
        .filter(published())
        .select((articles::slug, articles::id));
    let rows: Vec<(String, i64)> = CachedSql(query).load(&mut &*conn).await?;
    Ok(rows.into_iter().collect())
}

/// Resolves a reference to the id of a published article.
///
/// # Errors
/// 404 when there is and was no public article.
pub async fn resolve(conn: &AsyncPgConnection, which: &Ref) -> Result<Lookup<i64>> {
    let public = articles::table.filter(published()).select(articles::id).into_boxed::<Pg>();
    let public = match which {
        Ref::Id(id) => public.filter(articles::id.eq(*id)),
        Ref::Slug(slug) => public.filter(articles::slug.eq(slug.clone())),
    };
    if let Some(id) = public.first(&mut &*conn).await.optional()? {
        return Ok(Lookup::Found(id));
    }
    if let Ref::Slug(slug) = which {
        let former = article_slugs::table
            .inner_join(articles::table)
            .filter(article_slugs::slug.eq(slug))
            .filter(published())
            .select(articles::slug);
        if let Some(now) = former.first::<String>(&mut &*conn).await.optional()? {
            return Ok(Lookup::Moved(now));
        }
    }
    if is_gone(conn, which).await? { Ok(Lookup::Gone) } else { Err(Error::not_found("article")) }
}

/// Returns whether the article at this reference was deleted permanently.
pub async fn is_gone(conn: &AsyncPgConnection, which: &Ref) -> Result<bool> {
    let purged = purged_articles::table.into_boxed::<Pg>();
    let purged = match which {
        Ref::Id(id) => purged.filter(purged_articles::id.eq(*id)),
        Ref::Slug(slug) => purged.filter(purged_articles::slug.eq(slug.clone())),
    };
    Ok(diesel::select(exists(purged)).get_result(&mut &*conn).await?)
}

/// Returns whether there is no article in any status.
///
/// # Errors
/// When the database does not respond.
pub async fn none(state: &State) -> Result<bool> {
    state
        .read(async |conn| {
            let first = articles::table.select(articles::id).first::<i64>(&mut &*conn).await;
            Ok(first.optional()?.is_none())
        })
        .await
}

/// Returns the headline of a published article.
///
/// # Errors
/// When the database does not respond.
pub async fn headline(conn: &AsyncPgConnection, id: i64) -> Result<Option<String>> {
    let article = articles::table.filter(articles::id.eq(id)).filter(published());
    Ok(article.select(articles::headline).first(&mut &*conn).await.optional()?)
}

/// The texts of an article as HTML.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// The excerpt from the lead source.
    pub quote: Option<String>,
    /// The editor's commentary.
    pub commentary: Option<String>,
}

/// Returns the texts of the published ones of these articles.
///
/// # Errors
/// When the database does not respond.
pub async fn texts(conn: &AsyncPgConnection, ids: &[i64]) -> Result<HashMap<i64, Texts>> {
    let query = articles::table.filter(any_array(articles::id, ids)).filter(published()).select((
        articles::id,
        articles::quote_html,
        articles::commentary_html,
    ));
    let rows: Vec<(i64, Option<String>, Option<String>)> =
        CachedSql(query).load(&mut &*conn).await?;
    let texts = |(id, quote, commentary)| (id, Texts { quote, commentary });
    Ok(rows.into_iter().map(texts).collect())
}
