//! The statements that read articles in any status, and their revisions.

use crate::articles::filter::{AdminSort, Filter};
use crate::articles::model::{ArticleStatus, SummaryRow, TextRow};
use crate::articles::query;
use crate::articles::query::{Public, is_gone, json_key, narrowed};
use crate::db::keyset;
use crate::editor::model::{
    AdminArticle, AdminArticleSummary, EditorRow, Revision, RevisionWithArticle,
};
use crate::error::{Code, Error, Result};
use crate::extract::{Ref, comma_separated};
use crate::links::Link;
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::{article_revisions as revisions, articles, keys};
use crate::tags::TagRef;
use crate::{links as sources, tags};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join3;
use serde_json::Value;
use std::collections::HashMap;

/// Parses `status`; `None` for all statuses.
pub(super) fn statuses(text: Option<&str>) -> Result<Option<Vec<&'static str>>> {
    let Some(text) = text else { return Ok(None) };
    let known = |word: &str| {
        ArticleStatus::ALL
            .into_iter()
            .map(ArticleStatus::as_str)
            .find(|status| *status == word)
            .ok_or_else(|| {
                let names = ArticleStatus::ALL.map(ArticleStatus::as_str).join(", ");
                let message = format!("`status` takes {names}, not `{word}`");
                Error::parameter("status", Code::BadParameter, message)
            })
    };
    comma_separated(text).map(known).collect::<Result<Vec<_>>>().map(Some)
}

fn matching(filter: &Filter, status: Option<&[&'static str]>) -> Public {
    let all = articles::table.into_boxed::<Pg>();
    let all = match status {
        None => all,
        Some(statuses) => all.filter(articles::status.eq_any(statuses.to_vec())),
    };
    narrowed(all, filter)
}

/// The publication time, or the creation time of an article without one, so that lists by date have every
/// article.
fn sort_date() -> SqlLiteral<Timestamptz> {
    sql("coalesce(articles.published_at, articles.created_at)")
}

/// Returns a page of articles in any of these statuses.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    (filter, status): (&Filter, Option<&[&'static str]>),
    sort: AdminSort,
    scan: &Scan<query::Key>,
    all_links: bool,
) -> Result<Page<AdminArticleSummary>> {
    let rows = matching(filter, status);
    let keys = match sort {
        AdminSort::Latest | AdminSort::Oldest => {
            let scan = scan.typed::<DateTime<Utc>>()?;
            let rows = rows.select((sort_date(), articles::id));
            let latest = sort == AdminSort::Latest;
            let rows = keyset!(rows, scan, latest, Timestamptz, sort_date(), articles::id);
            rows.load::<(DateTime<Utc>, i64)>(&mut &*conn)
                .await?
                .into_iter()
                .map(json_key)
                .collect()
        }
        AdminSort::Edited => {
            let scan = scan.typed::<DateTime<Utc>>()?;
            let rows = rows.select((articles::updated_at, articles::id));
            let rows = keyset!(rows, scan, true, Timestamptz, articles::updated_at, articles::id);
            rows.load::<(DateTime<Utc>, i64)>(&mut &*conn)
                .await?
                .into_iter()
                .map(json_key)
                .collect()
        }
        AdminSort::Discussed => {
            let scan = scan.typed::<i32>()?;
            let rows = rows.select((articles::comment_count, articles::id));
            let rows = keyset!(rows, scan, true, Integer, articles::comment_count, articles::id);
            let keys: Vec<(i32, i64)> = rows.load(&mut &*conn).await?;
            keys.into_iter().map(|(count, id)| (Value::from(count), id)).collect::<Vec<_>>()
        }
    };
    let cut = scan.page(keys, Clone::clone);
    let ids: Vec<i64> = cut.items.iter().map(|(_, id)| *id).collect();
    let items = summaries(conn, &ids, all_links).await?;
    let total = total(conn, scan.count, || matching(filter, status)).await?;
    Ok(cut.with_items(items).with_total(total))
}

async fn summaries(
    conn: &AsyncPgConnection,
    ids: &[i64],
    all_links: bool,
) -> Result<Vec<AdminArticleSummary>> {
    let editor_rows = articles::table
        .filter(articles::id.eq_any(ids))
        .select((articles::id, EditorRow::as_select()));
    let mut editor_rows: HashMap<i64, EditorRow> =
        editor_rows.load::<(i64, EditorRow)>(&mut &*conn).await?.into_iter().collect();
    let summaries = query::summaries_in_any_status(conn, ids, all_links).await?;
    let with_editor_fields = |summary: crate::articles::ArticleSummary| {
        let editor_fields = editor_rows.remove(&summary.id)?.into();
        Some(AdminArticleSummary { summary, editor_fields })
    };
    Ok(summaries.into_iter().filter_map(with_editor_fields).collect())
}

/// Returns the article with this id, in any status.
///
/// # Errors
/// 404, or 410 when it was deleted permanently.
pub async fn find(conn: &AsyncPgConnection, id: i64) -> Result<AdminArticle> {
    let ids = [id];
    let links = sources::of_articles(conn, &ids, false);
    let tags = tags::of_articles(conn, &ids);
    let (row, mut links, mut tags) = try_join3(rows(conn, id), links, tags).await?;
    match row {
        Some(row) => {
            let links = links.remove(&id).unwrap_or_default();
            Ok(AdminArticle::of(row, links, tags.remove(&id).unwrap_or_default()))
        }
        None if is_gone(conn, &Ref::Id(id)).await? => Err(Error::purged()),
        None => Err(Error::not_found("article")),
    }
}

type Rows = (SummaryRow, TextRow, EditorRow);

/// Returns the columns of an article, if there is one.
async fn rows(conn: &AsyncPgConnection, id: i64) -> Result<Option<Rows>> {
    let query = articles::table.filter(articles::id.eq(id)).select((
        SummaryRow::as_select(),
        TextRow::as_select(),
        EditorRow::as_select(),
    ));
    Ok(query.first(&mut &*conn).await.optional()?)
}

/// Returns the article with this id, whose links and tags are known.
///
/// # Errors
/// 404.
pub(super) async fn with_parts(
    conn: &AsyncPgConnection,
    id: i64,
    links: Vec<Link>,
    tags: Vec<TagRef>,
) -> Result<AdminArticle> {
    let row = rows(conn, id).await?.ok_or_else(|| Error::not_found("article"))?;
    Ok(AdminArticle::of(row, links, tags))
}

/// Returns a page of the revisions of an article, newest first.
pub(super) async fn versions(
    conn: &AsyncPgConnection,
    article: i64,
    scan: &Scan<(i32, i64)>,
) -> Result<Page<Revision>> {
    let all = || revisions::table.filter(revisions::article_id.eq(article)).into_boxed::<Pg>();
    let rows = all().select((revisions::version, revisions::article_id));
    let rows = keyset!(rows, scan, true, Integer, revisions::version, revisions::article_id);
    let keys: Vec<(i32, i64)> = rows.load(&mut &*conn).await?;
    let cut = scan.page(keys, |key| *key);
    let wanted: Vec<i32> = cut.items.iter().map(|(version, _)| *version).collect();
    let found: Vec<RevisionRow> = rows_of(article)
        .filter(revisions::version.eq_any(wanted))
        .order(revisions::version.desc())
        .load(&mut &*conn)
        .await?;
    let total = total(conn, scan.count, all).await?;
    Ok(cut.with_items(found.into_iter().map(|row| revision(row).0).collect()).with_total(total))
}

/// Returns a revision of an article with its content.
///
/// # Errors
/// 404 when there is no such revision.
pub(super) async fn version(
    conn: &AsyncPgConnection,
    article: i64,
    version: i32,
) -> Result<RevisionWithArticle> {
    let row: Option<RevisionRow> = rows_of(article)
        .filter(revisions::version.eq(version))
        .first(&mut &*conn)
        .await
        .optional()?;
    let (revision, body) = revision(row.ok_or_else(|| Error::not_found("revision"))?);
    let article = serde_json::from_value(body).map_err(Error::internal)?;
    Ok(RevisionWithArticle { revision, article })
}

type RevisionRow = (i32, DateTime<Utc>, Option<i64>, Value, Option<String>);

#[diesel::dsl::auto_type]
fn rows_of(article: i64) -> _ {
    let by = revisions::key_id.eq(keys::id.nullable());
    revisions::table.left_join(keys::table.on(by)).filter(revisions::article_id.eq(article)).select(
        (
            revisions::version,
            revisions::at,
            revisions::key_id,
            revisions::body,
            keys::name.nullable(),
        ),
    )
}

fn revision((version, at, key_id, body, key_name): RevisionRow) -> (Revision, Value) {
    let headline = body.get("headline").and_then(Value::as_str).unwrap_or_default().to_owned();
    (Revision { version, at, key_id, key_name, headline }, body)
}
