//! Every statement that reads links.

use super::model::{CitingArticle, CreditRow, Link, LinkRow, ListedLink};
use crate::db::{Condition, Kept, Words, any_of, keyset, total};
use crate::error::Result;
use crate::outlets::OutletRef;
use crate::page::{Page, Scan};
use crate::schema::{articles, link_credits, links, outlets};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use std::collections::HashMap;

/// What the cursor of a list of links holds: when its article was published, and its id.
pub type Key = (DateTime<Utc>, i64);

/// Which links a list has.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Filter {
    /// The hash of a normalised address; empty when the address asked for is none.
    pub url_hash: Option<Vec<u8>>,
    /// Any of these outlets.
    pub outlets: Option<Vec<i64>>,
    /// Any of these hosts.
    pub domains: Option<Vec<String>>,
}

impl Filter {
    /// Links to this page, however the address is written.
    #[must_use]
    pub fn to(mut self, url: Option<&str>) -> Self {
        let hash =
            |url| citation_key::normalise(url).map(|address| citation_key::hash(&address.key));
        self.url_hash = url.map(|url| hash(url).unwrap_or_default());
        self
    }
}

/// A page of links over all published articles, the latest article's first.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    filter: &Filter,
    scan: &Scan<Key>,
) -> Result<Page<ListedLink>> {
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

/// The keys of one outlet's links, from the index that holds just these.
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

/// These links with their articles, in this order.
///
/// # Errors
/// When the database does not answer.
pub async fn listed(conn: &AsyncPgConnection, ids: &[i64]) -> Result<Vec<ListedLink>> {
    let query = links::table
        .inner_join(articles::table)
        .left_join(link_credits::table.left_join(outlets::table))
        .filter(any_of(links::id, ids))
        .order((links::id, link_credits::position))
        .select((
            CitingArticle::as_select(),
            LinkRow::as_select(),
            Option::<CreditRow>::as_select(),
            Option::<OutletRef>::as_select(),
        ));
    let rows: Vec<(CitingArticle, LinkRow, Option<CreditRow>, Option<OutletRef>)> =
        Kept(query).load(&mut &*conn).await?;
    let mut found: HashMap<i64, ListedLink> = HashMap::new();
    for (article, row, credit, outlet) in rows {
        let listed =
            found.entry(row.id).or_insert_with(|| ListedLink { link: row.into(), article });
        listed.link.credits.extend(credit.map(|credit| credit.with(outlet)));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Whether a link is its article's lead. In the text of the statement, so that the planner knows how
/// few they are without planning anew for each request.
fn leads() -> Condition<impl Words> {
    Condition(|| "links.role = 'lead'")
}

/// The links of these articles, each article's in its order; only the leads if so wanted.
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
    // What is in the index for one article is in its order already.
    let rows: Vec<(LinkRow, Option<CreditRow>, Option<OutletRef>)> = match (ids, leads_only) {
        ([one], false) => Kept(query.filter(links::article_id.eq(*one))).load(conn).await?,
        ([one], true) => {
            Kept(query.filter(links::article_id.eq(*one)).filter(leads())).load(conn).await?
        }
        (ids, false) => Kept(query.filter(any_of(links::article_id, ids))).load(conn).await?,
        (ids, true) => {
            let query = query.filter(any_of(links::article_id, ids)).filter(leads());
            Kept(query).load(conn).await?
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
