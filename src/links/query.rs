//! The statements that read links.

use super::model::{CitingArticle, CreditRow, Link, LinkRow, LinkWithArticle};
use crate::db::{CachedSql, SqlText, StaticSql, any_array, keyset};
use crate::error::Result;
use crate::outlets::OutletRef;
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::{articles, link_credits, links, outlets};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use std::collections::HashMap;

/// The key of a cursor of links: the publication time of the article, and the id.
pub type Key = (DateTime<Utc>, i64);

/// The filter of a list of links.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Filter {
    /// The hash of a normalised URL; empty when the text is not a URL.
    pub url_hash: Option<Vec<u8>>,
    /// Links credited to any of these outlets.
    pub outlets: Option<Vec<i64>>,
    /// Links to any of these hosts.
    pub domains: Option<Vec<String>>,
}

impl Filter {
    /// Returns the filter for links to a page, whatever the spelling of its URL.
    #[must_use]
    pub fn to(mut self, url: Option<&str>) -> Self {
        let hash = |url| citation_key::normalise(url).map(|url| citation_key::hash(&url.key));
        self.url_hash = url.map(|url| hash(url).unwrap_or_default());
        self
    }
}

/// Returns a page of the links of all published articles, newest article first.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    filter: &Filter,
    scan: &Scan<Key>,
) -> Result<Page<LinkWithArticle>> {
    let keys = match filter {
        Filter { url_hash: None, outlets: Some(ids), domains: None }
            if let [id] = ids.as_slice() =>
        {
            of_outlet(conn, *id, scan).await?
        }
        _ => {
            let at = links::published_at.assume_not_null();
            let query = matching(filter).select((at, links::id));
            keyset!(query, scan, true, Timestamptz, at, links::id).load(&mut &*conn).await?
        }
    };
    let cut = scan.page(keys, |key| *key);
    let ids: Vec<i64> = cut.items.iter().map(|(_, id)| *id).collect();
    let items = listed(conn, &ids).await?;
    let total = total(conn, scan.count, || matching(filter)).await?;
    Ok(cut.with_items(items).with_total(total))
}

fn matching(filter: &Filter) -> links::BoxedQuery<'static, Pg> {
    let mut query = links::table.filter(links::published_at.is_not_null()).into_boxed();
    if let Some(hash) = &filter.url_hash {
        query = query.filter(links::url_hash.eq(hash.clone()));
    }
    if let Some(domains) = &filter.domains {
        query = match domains.as_slice() {
            [one] => query.filter(links::domain.eq(one.clone())),
            several => query.filter(links::domain.eq_any(several.to_vec())),
        };
    }
    if let Some(ids) = &filter.outlets {
        let credited = link_credits::table
            .filter(link_credits::outlet_id.eq_any(ids.clone()))
            .filter(link_credits::link_id.eq(links::id));
        query = query.filter(diesel::dsl::exists(credited));
    }
    query
}

/// Returns the keys of one outlet's links, from their own index.
async fn of_outlet(conn: &AsyncPgConnection, outlet: i64, scan: &Scan<Key>) -> Result<Vec<Key>> {
    let at = link_credits::published_at.assume_not_null();
    let query = link_credits::table
        .filter(link_credits::outlet_id.eq(outlet))
        .filter(link_credits::published_at.is_not_null())
        .select((at, link_credits::link_id))
        .distinct()
        .into_boxed::<Pg>();
    Ok(keyset!(query, scan, true, Timestamptz, at, link_credits::link_id).load(&mut &*conn).await?)
}

/// Returns the links of published articles among these, in this order, with their articles.
///
/// # Errors
/// When the database does not respond.
pub async fn listed(conn: &AsyncPgConnection, ids: &[i64]) -> Result<Vec<LinkWithArticle>> {
    let query = links::table
        .inner_join(articles::table)
        .left_join(link_credits::table.left_join(outlets::table))
        .filter(any_array(links::id, ids))
        .filter(StaticSql(|| "articles.status = 'published'"))
        .order((links::id, link_credits::position))
        .select((
            CitingArticle::as_select(),
            LinkRow::as_select(),
            Option::<CreditRow>::as_select(),
            Option::<OutletRef>::as_select(),
        ));
    let rows: Vec<(CitingArticle, LinkRow, Option<CreditRow>, Option<OutletRef>)> =
        CachedSql(query).load(&mut &*conn).await?;
    let mut found: HashMap<i64, LinkWithArticle> = HashMap::new();
    for (article, row, credit, outlet) in rows {
        let listed =
            found.entry(row.id).or_insert_with(|| LinkWithArticle { link: row.into(), article });
        listed.link.credits.extend(credit.map(|credit| credit.with(outlet)));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Returns the condition that a link is the lead. It is part of the statement's text, so that the planner
/// knows how few leads there are without replanning for each request.
fn leads() -> StaticSql<impl SqlText> {
    StaticSql(|| "links.role = 'lead'")
}

/// Returns the links of these articles in order, or only the leads.
pub async fn of_articles(
    conn: &AsyncPgConnection,
    ids: &[i64],
    leads_only: bool,
) -> Result<HashMap<i64, Vec<Link>>> {
    let query = links::table
        .left_join(link_credits::table.left_join(outlets::table))
        .order((links::article_id, links::position, link_credits::position))
        .select((
            LinkRow::as_select(),
            Option::<CreditRow>::as_select(),
            Option::<OutletRef>::as_select(),
        ));
    let conn = &mut &*conn;
    // With `=` instead of `any`, PostgreSQL reads the links of one article in order from the index.
    let rows: Vec<(LinkRow, Option<CreditRow>, Option<OutletRef>)> = match (ids, leads_only) {
        ([one], false) => CachedSql(query.filter(links::article_id.eq(*one))).load(conn).await?,
        ([one], true) => {
            CachedSql(query.filter(links::article_id.eq(*one)).filter(leads())).load(conn).await?
        }
        (ids, false) => {
            CachedSql(query.filter(any_array(links::article_id, ids))).load(conn).await?
        }
        (ids, true) => {
            let query = query.filter(any_array(links::article_id, ids)).filter(leads());
            CachedSql(query).load(conn).await?
        }
    };
    let mut found: HashMap<i64, Vec<Link>> = HashMap::new();
    for (row, credit, outlet) in rows {
        let list = found.entry(row.article_id).or_default();
        if list.last().is_none_or(|last| last.id != row.id) {
            list.push(row.into());
        }
        if let (Some(link), Some(credit)) = (list.last_mut(), credit) {
            link.credits.push(credit.with(outlet));
        }
    }
    Ok(found)
}
