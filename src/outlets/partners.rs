//! Finds the outlets that publish the same pieces as another.

use super::model::OutletRef;
use crate::error::Result;
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

/// The outlets that publish the same pieces as another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct PartnerOutlets {
    /// The number of links of the outlet that were examined: the newest 10,000 at most.
    #[schema(minimum = 0, maximum = 10_000, example = 120)]
    link_count: i64,
    /// The outlets credited for the same links, most frequent first.
    #[schema(max_items = 100)]
    items: Vec<PartnerOutlet>,
}

/// An outlet credited for the same links.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct PartnerOutlet {
    /// The outlet.
    outlet: OutletRef,
    /// The number of shared links.
    #[schema(minimum = 1, maximum = 10_000, example = 3)]
    shared_count: i64,
}

impl PartnerOutlets {
    /// Returns an example for the documentation.
    pub(super) fn sample() -> Self {
        let outlet =
            OutletRef { id: 4, slug: "the-telegraph".into(), name: "The Telegraph".into() };
        let partner = PartnerOutlet { outlet, shared_count: 3 };
        Self { link_count: 120, items: vec![partner] }
    }
}

#[derive(QueryableByName)]
struct PartnerRow {
    #[diesel(sql_type = BigInt)]
    seen: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    slug: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = BigInt)]
    shared: i64,
}

const PARTNERS: &str = "with own as materialized (
        select distinct link_id from (select link_id from link_credits
            where outlet_id = $1 and published_at is not null
            order by published_at desc, link_id desc limit 10000) latest
    ), shared as (
        select c.outlet_id, count(distinct c.link_id) as links from own join link_credits c using (link_id)
        where c.outlet_id <> $1 group by c.outlet_id order by links desc, c.outlet_id limit 100
    )
    select (select count(*) from own) as seen, o.id, o.slug, o.name, coalesce(s.links, 0) as shared
    from (select 1) one left join (shared s join outlets o on o.id = s.outlet_id) on true
    order by shared desc, o.id";

/// Returns the outlets credited for the same links as this one.
///
/// # Errors
/// When the database does not respond.
pub(super) async fn partners(conn: &AsyncPgConnection, outlet: i64) -> Result<PartnerOutlets> {
    let query = sql_query(PARTNERS).bind::<BigInt, _>(outlet);
    Ok(from_rows(query.load(&mut &*conn).await?))
}

fn from_rows(rows: Vec<PartnerRow>) -> PartnerOutlets {
    let link_count = rows.as_slice().first().map_or(0, |row| row.seen);
    let partner = |row: PartnerRow| {
        let outlet = OutletRef { id: row.id?, slug: row.slug?, name: row.name? };
        Some(PartnerOutlet { outlet, shared_count: row.shared })
    };
    PartnerOutlets { link_count, items: rows.into_iter().filter_map(partner).collect() }
}
