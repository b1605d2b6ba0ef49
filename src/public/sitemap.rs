//! Sitemaps (sitemaps.org): an index, and parts of up to 50,000 articles.
//!
//! A part is a range of ids, so that it is a range of the primary key and its articles change only
//! when they are edited or unpublished.

use crate::articles::published;
use crate::error::{Error, Result};
use crate::extract::{EmptyQuery, Query};
use crate::openapi::Problems;
use crate::response::public_response;
use crate::schema::articles;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use chrono::{DateTime, SecondsFormat, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use std::fmt::Write as _;
use utoipa::ToSchema;

const MEDIA_TYPE: &str = "application/xml; charset=utf-8";

/// The size of the range of ids of a part, which bounds its URLs to the 50,000 that sitemaps.org allows.
const PART_SIZE: i64 = 50_000;

/// A sitemap, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 52_428_800)]
pub(super) struct SitemapXml(#[expect(dead_code, reason = "only its schema is used")] String);

#[derive(QueryableByName)]
struct PartRow {
    #[diesel(sql_type = BigInt)]
    part: i64,
}

const PARTS: &str = "select p.part from generate_series(0,
        (select coalesce(max(id), 0) from articles) / 50000) p (part)
    where exists (select from articles a where a.status = 'published'
        and a.id >= p.part * 50000 and a.id < (p.part + 1) * 50000)
    order by p.part limit 50000";

/// Get the sitemap index
///
/// Lists the sitemaps, as defined by sitemaps.org.
#[utoipa::path(get, path = "/sitemap.xml", tag = "feeds",
    responses((status = 200, description = "The sitemap index", body = SitemapXml, content_type = "application/xml"), Problems))]
pub(super) async fn get_sitemap_index(
    state: Data<State>,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    let parts: Vec<PartRow> =
        state.read(async |conn| Ok(sql_query(PARTS).load(&mut &*conn).await?)).await?;
    let links = state.permalinks();
    let mut xml = head("sitemapindex");
    for PartRow { part } in parts {
        let url = links.absolute(&format!("/sitemaps/{part}.xml"));
        let _ = writeln!(xml, "<sitemap><loc>{}</loc></sitemap>", escape(&url));
    }
    xml += "</sitemapindex>\n";
    Ok(public_response(MEDIA_TYPE, xml))
}

/// Get a sitemap
///
/// Lists the URLs of published articles, as defined by sitemaps.org.
#[utoipa::path(get, path = "/sitemaps/{part}", tag = "feeds",
    params(("part" = String, Path, description = "The file name, as in the index", max_length = 30, example = "0.xml")),
    responses((status = 200, description = "The sitemap", body = SitemapXml, content_type = "application/xml"), Problems))]
pub(super) async fn get_sitemap(
    state: Data<State>,
    part: Path<String>,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    let number = part.strip_suffix(".xml").and_then(|number| number.parse::<i64>().ok());
    let number = number.filter(|number| (0..1 << 36).contains(number));
    let from = number.ok_or_else(|| Error::not_found("part of the sitemap"))? * PART_SIZE;
    let rows = state
        .read(async |conn| {
            let query = articles::table
                .filter(published())
                .filter(articles::id.ge(from).and(articles::id.lt(from + PART_SIZE)))
                .order(articles::id)
                .select((
                    articles::id,
                    articles::slug,
                    articles::published_at,
                    articles::updated_at,
                ));
            Ok(query.load::<Row>(&mut &*conn).await?)
        })
        .await?;
    if rows.is_empty() {
        return Err(Error::not_found("part of the sitemap"));
    }
    let links = state.permalinks();
    let mut xml = head("urlset");
    for (id, slug, published_at, updated_at) in rows {
        let url = escape(&links.article(id, &slug, published_at));
        let changed = updated_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let _ = writeln!(xml, "<url><loc>{url}</loc><lastmod>{changed}</lastmod></url>");
    }
    xml += "</urlset>\n";
    Ok(public_response(MEDIA_TYPE, xml))
}

type Row = (i64, String, Option<DateTime<Utc>>, DateTime<Utc>);

fn head(root: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{root} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
    )
}

fn escape(url: &str) -> String {
    url.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
