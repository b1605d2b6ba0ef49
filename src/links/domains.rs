//! The hosts that published articles cite, with how often.

use crate::error::Result;
use crate::page::{Page, Scan};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The query parameters of the list of hosts.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DomainQuery {
    /// The sort order: most links first, or by name.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(super) sort: DomainSort,
    /// Returns only these fields of each item: `fields=domain,link_count`.
    #[param(max_length = 1000)]
    pub(super) fields: Option<String>,
}

/// The sort orders of the list of hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "-link_count")]
pub(super) enum DomainSort {
    /// Most links first.
    #[default]
    #[serde(rename = "-link_count")]
    LinkCount,
    /// By name.
    #[serde(rename = "domain")]
    Domain,
}

/// A host that articles cite.
#[derive(Debug, Clone, Serialize, ToSchema, QueryableByName)]
pub(super) struct CitedHost {
    /// The host, without `www.` and the like.
    #[diesel(sql_type = Text)]
    #[schema(max_length = 255, example = "example.org")]
    domain: String,
    /// The number of links to it in published articles.
    #[diesel(sql_type = BigInt)]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 12)]
    link_count: i64,
    /// The number of published articles that cite it.
    #[diesel(sql_type = BigInt)]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 10)]
    article_count: i64,
}

impl CitedHost {
    /// Returns a host with every field present.
    pub(super) fn sample() -> Self {
        Self { domain: "example.org".into(), link_count: 12, article_count: 10 }
    }
}

/// The key of a list's cursor: the negative number of links, or 0 in a list by name, and the host.
pub(super) type Key = (i64, String);

/// Returns a page of the hosts.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    sort: DomainSort,
    scan: &Scan<Key>,
) -> Result<Page<CitedHost>> {
    let key = match sort {
        DomainSort::LinkCount => "-link_count",
        DomainSort::Domain => "0::bigint",
    };
    let (direction, comparison) = if scan.backward { ("desc", '<') } else { ("asc", '>') };
    let from = match &scan.from {
        None => String::new(),
        Some((_, inclusive)) => {
            let equal = if *inclusive { "=" } else { "" };
            format!("where ({key}, domain) {comparison}{equal} ($1, $2)")
        }
    };
    let text = format!(
        "select * from (
             select domain, count(*) as link_count, count(distinct article_id) as article_count
             from links where published_at is not null and domain is not null group by domain) d
         {from} order by {key} {direction}, domain {direction} limit {}",
        scan.rows()
    );
    let query = sql_query(text).into_boxed::<Pg>();
    let query = match scan.from.clone() {
        None => query,
        Some(((count, domain), _)) => query.bind::<BigInt, _>(count).bind::<Text, _>(domain),
    };
    let rows: Vec<CitedHost> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |row| match sort {
        DomainSort::LinkCount => (-row.link_count, row.domain.clone()),
        DomainSort::Domain => (0, row.domain.clone()),
    });
    let total = match scan.count {
        None => None,
        Some(_) => Some(sql_query(TOTAL).get_result::<Total>(&mut &*conn).await?.total),
    };
    Ok(page.with_total(total))
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

const TOTAL: &str =
    "select count(distinct domain) as total from links where published_at is not null";
