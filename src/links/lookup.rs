//! Who cites these pages: many addresses at once.

use super::model::ListedLink;
use super::query::listed;
use crate::error::Result;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// The addresses to look up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    /// The addresses, however they are written.
    #[schema(min_items = 1, max_items = 100, value_type = Vec<AnyAddress>, example = json!(["https://www.example.org/story?utm_source=feed"]))]
    urls: Vec<String>,
}

/// An address, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 10_000, example = "https://www.example.org/story?utm_source=feed")]
pub(super) struct AnyAddress(#[expect(dead_code, reason = "only its schema is used")] String);

/// The citations of each address, in the order of the request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Citations {
    /// One for each address.
    #[schema(max_items = 100)]
    items: Vec<Citation>,
}

/// Who cites an address.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the field is what the wire calls it")]
pub(super) struct Citation {
    /// The address as it was asked for.
    #[schema(max_length = 10_000, example = "https://www.example.org/story?utm_source=feed")]
    url: String,
    /// What it comes down to: equal for addresses of the same page; null for what is no address.
    #[schema(max_length = 40_000, example = "example.org/story")]
    key: Option<String>,
    /// How many links of published articles lead there.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 1)]
    citation_count: i64,
    /// The latest five of them, each with its article.
    #[schema(max_items = 5)]
    links: Vec<ListedLink>,
}

impl Citations {
    /// What the documentation shows.
    pub(super) fn sample() -> Self {
        let link = ListedLink::sample();
        let url = "http://theguardian.com/world/iran-isis/?utm_source=feed".to_owned();
        let key = Some("theguardian.com/world/iran-isis".to_owned());
        Self { items: vec![Citation { url, key, citation_count: 1, links: vec![link] }] }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Array<BigInt>)]
    ids: Vec<i64>,
}

const STATEMENT: &str = "select
        (select count(*) from links l where l.url_hash = u.hash and l.published_at is not null) as count,
        array(select l.id from links l where l.url_hash = u.hash and l.published_at is not null
              order by l.published_at desc, l.id desc limit 5) as ids
    from unnest($1::bytea[]) with ordinality u (hash, at) order by u.at";

/// Who cites each of these addresses.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn look_up(conn: &AsyncPgConnection, lookup: Lookup) -> Result<Citations> {
    let urls = lookup.urls;
    let keys: Vec<Option<String>> =
        urls.iter().map(|url| citation_key::normalise(url).map(|address| address.key)).collect();
    let hashes: Vec<Option<Vec<u8>>> =
        keys.iter().map(|key| key.as_deref().map(citation_key::hash)).collect();
    let rows: Vec<Row> = diesel::sql_query(STATEMENT)
        .bind::<Array<Nullable<Binary>>, _>(&hashes)
        .load(&mut &*conn)
        .await?;
    let mut ids: Vec<i64> = rows.iter().flat_map(|row| row.ids.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let links: HashMap<i64, ListedLink> =
        listed(conn, &ids).await?.into_iter().map(|listed| (listed.link.id, listed)).collect();
    let one = |((url, key), row): ((String, Option<String>), Row)| Citation {
        url,
        key,
        citation_count: row.count,
        links: row.ids.iter().filter_map(|id| links.get(id).cloned()).collect(),
    };
    Ok(Citations { items: urls.into_iter().zip(keys).zip(rows).map(one).collect() })
}
