//! Tells crawlers where the sitemap is and what is not for them (RFC 9309).

use crate::error::Result;
use crate::extract::{EmptyQuery, Query};
use crate::openapi::Problems;
use crate::permalink::Permalinks;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::web::Data;
use utoipa::ToSchema;

/// The paths that crawlers leave alone: what needs a key, what is costly, and what is for operators.
const DISALLOWED: [&str; 6] = [
    "/api/v1/admin/",
    "/api/v1/outlets/stats",
    "/api/v1/resolve",
    "/api/v1/search",
    "/metrics",
    "/readyz",
];

/// Rules for crawlers, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 10_000)]
pub(super) struct RobotsText(#[expect(dead_code, reason = "only its schema is used")] String);

/// Get the rules for crawlers
///
/// `robots.txt`, as defined by RFC 9309, with the URL of the sitemap index.
#[utoipa::path(get, path = "/robots.txt", tag = "service",
    responses((status = 200, description = "The rules", body = RobotsText, content_type = "text/plain"), Problems))]
pub(super) async fn get_robots(
    state: Data<State>,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    let links = Permalinks::from_config(state.config());
    let rules = DISALLOWED.map(|path| format!("Disallow: {path}")).join("\n");
    let sitemap = links.absolute("/sitemap.xml");
    let text = format!("User-agent: *\n{rules}\n\nSitemap: {sitemap}\n");
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}
