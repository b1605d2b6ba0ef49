//! The statements that read tags.

use super::input::AdminTag;
use super::model::{Tag, TagRef, TagSort};
use crate::db::{CachedSql, SqlText, StaticSql, any_array, keyset};
use crate::error::Result;
use crate::extract::{Lookup, Ref};
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::{article_tags, tag_slugs, tags};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use std::collections::HashMap;

/// The key of a list's cursor: the sort value as JSON, and the id.
pub(super) type Key = (Value, i64);

/// Returns the condition that a published article has the tag, in the statement's text for partial indexes.
fn used() -> StaticSql<impl SqlText> {
    StaticSql(|| "tags.article_count > 0")
}

/// Returns a page of the tags of published articles.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    sort: TagSort,
    scan: &Scan<Key>,
) -> Result<Page<Tag>> {
    let rows = Tag::query().filter(used()).into_boxed::<Pg>();
    let query = match sort {
        TagSort::Name => {
            let scan = scan.typed::<String>()?;
            keyset!(rows, scan, false, Text, tags::name, tags::id)
        }
        TagSort::ArticleCount => {
            let scan = scan.typed::<i64>()?;
            keyset!(rows, scan, true, BigInt, tags::article_count, tags::id)
        }
    };
    let rows: Vec<Tag> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |tag| match sort {
        TagSort::Name => (tag.name.clone().into(), tag.id),
        TagSort::ArticleCount => (tag.article_count.into(), tag.id),
    });
    let all = || tags::table.filter(used()).into_boxed::<Pg>();
    let total = total(conn, scan.count, all).await?;
    Ok(page.with_total(total))
}

/// Returns those of these tags that published articles have.
///
/// # Errors
/// When the database does not respond.
pub async fn public_by_ids(conn: &AsyncPgConnection, ids: &[i64]) -> Result<Vec<Tag>> {
    let rows = Tag::query().filter(used()).filter(tags::id.eq_any(ids));
    Ok(rows.load(&mut &*conn).await?)
}

/// Resolves a reference to a tag of published articles; a former slug redirects.
pub async fn find(conn: &AsyncPgConnection, which: &Ref) -> Result<Option<Lookup<Tag>>> {
    let query = Tag::query().filter(used()).into_boxed::<Pg>();
    let query = match which {
        Ref::Id(id) => query.filter(tags::id.eq(*id)),
        Ref::Slug(slug) => query.filter(tags::slug.eq(slug.clone())),
    };
    if let Some(tag) = query.first(&mut &*conn).await.optional()? {
        return Ok(Some(Lookup::Found(tag)));
    }
    let Ref::Slug(slug) = which else { return Ok(None) };
    let now = tag_slugs::table
        .inner_join(tags::table)
        .filter(tag_slugs::slug.eq(slug))
        .filter(used())
        .select(tags::slug)
        .first(&mut &*conn)
        .await
        .optional()?;
    Ok(now.map(Lookup::Moved))
}

/// Returns the ids of the tags with these ids, slugs or former slugs.
pub async fn ids(conn: &AsyncPgConnection, refs: &[Ref]) -> Result<Vec<i64>> {
    let (mut ids, mut slugs) = (Vec::new(), Vec::new());
    for one in refs {
        match one {
            Ref::Id(id) => ids.push(*id),
            Ref::Slug(slug) => slugs.push(slug.as_str()),
        }
    }
    // Each kind of slug uses its own index; one condition with `or` would read the whole table.
    let former = tag_slugs::table.filter(tag_slugs::slug.eq_any(slugs.clone()));
    let found: Vec<i64> = tags::table
        .filter(tags::slug.eq_any(slugs))
        .select(tags::id)
        .union(former.select(tag_slugs::tag_id))
        .load(&mut &*conn)
        .await?;
    ids.extend(found);
    // Sorted, because cursors are bound to the filters of a list.
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Returns the tags with these ids, in their order.
///
/// # Errors
/// When the database does not respond.
pub async fn by_ids(conn: &AsyncPgConnection, ids: &[i64]) -> Result<Vec<TagRef>> {
    let query = tags::table.filter(tags::id.eq_any(ids)).select((tags::id, TagRef::as_select()));
    let found: Vec<(i64, TagRef)> = query.load(&mut &*conn).await?;
    let mut found: HashMap<i64, TagRef> = found.into_iter().collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Returns the tags of these articles, in the order of each article.
pub async fn of_articles(
    conn: &AsyncPgConnection,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<TagRef>>> {
    let query = article_tags::table
        .inner_join(tags::table)
        .order((article_tags::article_id, article_tags::position))
        .select((article_tags::article_id, TagRef::as_select()));
    let conn = &mut &*conn;
    let rows: Vec<(i64, TagRef)> = match ids {
        [one] => CachedSql(query.filter(article_tags::article_id.eq(*one))).load(conn).await?,
        several => {
            CachedSql(query.filter(any_array(article_tags::article_id, several))).load(conn).await?
        }
    };
    let mut found: HashMap<i64, Vec<TagRef>> = HashMap::new();
    for (article, tag) in rows {
        found.entry(article).or_default().push(tag);
    }
    Ok(found)
}

/// Returns a page of all tags for editors.
pub(super) async fn admin_page(
    conn: &AsyncPgConnection,
    sort: TagSort,
    scan: &Scan<Key>,
) -> Result<Page<AdminTag>> {
    let rows = AdminTag::query().into_boxed::<Pg>();
    let query = match sort {
        TagSort::Name => {
            let scan = scan.typed::<String>()?;
            keyset!(rows, scan, false, Text, tags::name, tags::id)
        }
        TagSort::ArticleCount => {
            let scan = scan.typed::<i64>()?;
            keyset!(rows, scan, true, BigInt, tags::article_count, tags::id)
        }
    };
    let rows: Vec<AdminTag> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |tag| match sort {
        TagSort::Name => (tag.name.clone().into(), tag.id),
        TagSort::ArticleCount => (tag.article_count.into(), tag.id),
    });
    let total = total(conn, scan.count, || tags::table.into_boxed::<Pg>()).await?;
    Ok(page.with_total(total))
}
