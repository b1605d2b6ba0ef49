//! The public reads of links: who cites this page, what is credited to an outlet.

use super::lookup::{self, Citations, Lookup};
use super::model::{LinkQuery, ListedLink};
use super::query::{self, Filter};
use crate::error::{Problem, Result};
use crate::extract::Body;
use crate::extract::{Query, QueryPair, Ref, comma_separated, comma_separated_refs};
use crate::openapi::Problems;
use crate::outlets;
use crate::page::{Page, PageQuery};
use crate::response::JsonResponse;
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/links").get(list_links))
        .service(resource("/links/lookup").post(look_up_links))
        .service(resource("/outlets/{ref}/links").get(list_outlet_links));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_links, list_outlet_links, look_up_links))]
pub struct Docs;

/// List the source links of all articles
///
/// With `url`, who cites that page.
#[utoipa::path(get, path = "/links", tag = "links", params(LinkQuery, PageQuery),
    responses((status = 200, description = "A page of links", body = Page<ListedLink>, example = json!(Page::sample(ListedLink::sample()))), Problems))]
async fn list_links(
    state: Data<State>,
    QueryPair(query, page): QueryPair<LinkQuery, PageQuery>,
) -> Result<JsonResponse> {
    list(&state, query, page, None).await
}

/// Look up who cites up to 100 addresses
///
/// Each is normalised as in the list of links; what comes back is as the editors wrote it.
#[utoipa::path(post, path = "/links/lookup", tag = "links", request_body = Lookup,
    responses((status = 200, description = "The citations of each", body = Citations, example = json!(Citations::sample())),
        (status = 413, description = "Body too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Wrong fields", body = Problem, content_type = "application/problem+json"), Problems))]
async fn look_up_links(state: Data<State>, body: Body<Lookup>) -> Result<JsonResponse> {
    let found = state.read(async |conn| lookup::look_up(conn, body.value).await).await?;
    JsonResponse::new(&found)
}

/// List the source links credited to an outlet
///
/// Each with the article that cites it, the latest first.
#[utoipa::path(get, path = "/outlets/{ref}/links", tag = "outlets",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "reuters"), PageQuery),
    responses((status = 200, description = "A page of links", body = Page<ListedLink>, example = json!(Page::sample(ListedLink::sample()))), Problems))]
async fn list_outlet_links(
    state: Data<State>,
    which: Ref,
    Query(page): Query<PageQuery>,
) -> Result<JsonResponse> {
    list(&state, LinkQuery::default(), page, Some(which)).await
}

async fn list(
    state: &State,
    query: LinkQuery,
    page: PageQuery,
    outlet: Option<Ref>,
) -> Result<JsonResponse> {
    let found = state
        .read(async |conn| {
            let mut filter = Filter::default().to(query.url.as_deref());
            filter.domains = query.domain.as_deref().map(domains);
            filter.outlets = match (&outlet, &query.outlet) {
                (Some(which), _) => Some(vec![outlets::id_of(conn, which).await?]),
                (None, Some(text)) => Some(outlets::ids(conn, &comma_separated_refs(text)).await?),
                (None, None) => None,
            };
            let scan = page.scan(&("links", &filter))?;
            query::page(conn, &filter, &scan).await
        })
        .await?;
    JsonResponse::page(found, query.fields.as_deref(), ListedLink::sample)
}

/// Hosts as they are stored; what cannot be one stays as it is and matches nothing.
pub fn domains(text: &str) -> Vec<String> {
    let stored = |host: &str| citation_key::normalise(&format!("https://{host}/"));
    comma_separated(text).map(|host| stored(host).map_or(host.to_owned(), |a| a.domain)).collect()
}
