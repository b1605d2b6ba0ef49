//! Looks up who cites many URLs at once.

use super::model::LinkWithArticle;
use super::query::listed;
use crate::error::Result;
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Binary, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// The URLs to look up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkLookupInput {
    /// The URLs in any spelling.
    #[schema(min_items = 1, max_items = 100, value_type = Vec<LookupUrl>, example = json!(["https://www.example.org/story?utm_source=feed"]))]
    urls: Vec<String>,
}

/// A URL, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 10_000, example = "https://www.example.org/story?utm_source=feed")]
pub(super) struct LookupUrl(#[expect(dead_code, reason = "only its schema is used")] String);

/// The citations of each URL, in the order of the request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct LinkLookupResult {
    /// The citations, one for each URL.
    #[schema(max_items = 100)]
    items: Vec<UrlCitations>,
}

/// The citations of a URL.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct UrlCitations {
    /// The URL as in the request.
    #[schema(max_length = 10_000, example = "https://www.example.org/story?utm_source=feed")]
    url: String,
    /// The normalised key, equal for all URLs of a page; null for text that is not a URL.
    #[schema(max_length = 40_000, example = "example.org/story")]
    key: Option<String>,
    /// The number of links to it in published articles.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 1)]
    citation_count: i64,
    /// The newest five of these links, each with its article.
    #[schema(max_items = 5)]
    links: Vec<LinkWithArticle>,
}

impl LinkLookupResult {
    /// Returns an example for the documentation.
    pub(super) fn sample() -> Self {
        let link = LinkWithArticle::sample();
        let url = "http://theguardian.com/world/iran-isis/?utm_source=feed".to_owned();
        let key = Some("theguardian.com/world/iran-isis".to_owned());
        Self { items: vec![UrlCitations { url, key, citation_count: 1, links: vec![link] }] }
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

/// Returns the citations of each of these URLs.
///
/// # Errors
/// When the database does not respond.
pub(super) async fn look_up(
    conn: &AsyncPgConnection,
    lookup: LinkLookupInput,
) -> Result<LinkLookupResult> {
    let urls = lookup.urls;
    let keys: Vec<Option<String>> = urls
        .iter()
        .map(|url| citation_key::normalise(url).map(|normalised| normalised.key))
        .collect();
    let hashes: Vec<Option<Vec<u8>>> =
        keys.iter().map(|key| key.as_deref().map(citation_key::hash)).collect();
    let rows: Vec<Row> = diesel::sql_query(STATEMENT)
        .bind::<Array<Nullable<Binary>>, _>(&hashes)
        .load(&mut &*conn)
        .await?;
    let mut ids: Vec<i64> = rows.iter().flat_map(|row| row.ids.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let links: HashMap<i64, LinkWithArticle> =
        listed(conn, &ids).await?.into_iter().map(|listed| (listed.link.id, listed)).collect();
    let one = |((url, key), row): ((String, Option<String>), Row)| UrlCitations {
        url,
        key,
        citation_count: row.count,
        links: row.ids.iter().filter_map(|id| links.get(id).cloned()).collect(),
    };
    Ok(LinkLookupResult { items: urls.into_iter().zip(keys).zip(rows).map(one).collect() })
}
