//! The public routes of links: who cites a page, what an outlet contributed.

use super::domains::{CitedHost, DomainQuery, page as cited};
use super::lookup::{self, LinkLookupInput, LinkLookupResult};
use super::model::{LinkQuery, LinkWithArticle};
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
        .service(resource("/domains").get(list_domains))
        .service(resource("/links/lookup").post(lookup_links))
        .service(resource("/outlets/{ref}/links").get(list_outlet_links));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_links, list_domains, list_outlet_links, lookup_links))]
pub struct Docs;

/// List the source links of all articles
///
/// With `url`, the links to that page.
#[utoipa::path(get, path = "/links", tag = "links", params(LinkQuery, PageQuery),
    responses((status = 200, description = "A page of links", body = Page<LinkWithArticle>, example = json!(Page::sample(LinkWithArticle::sample()))), Problems))]
async fn list_links(
    state: Data<State>,
    QueryPair(query, page): QueryPair<LinkQuery, PageQuery>,
) -> Result<JsonResponse> {
    list(&state, query, page, None).await
}

/// Look up who cites up to 100 URLs
///
/// Each URL is normalised as in the list of links. The response has the URLs as the editors wrote them.
#[utoipa::path(post, path = "/links/lookup", tag = "links", request_body = LinkLookupInput,
    responses((status = 200, description = "The citations of each", body = LinkLookupResult, example = json!(LinkLookupResult::sample())),
        (status = 413, description = "Body too large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Wrong fields", body = Problem, content_type = "application/problem+json"), Problems))]
async fn lookup_links(state: Data<State>, body: Body<LinkLookupInput>) -> Result<JsonResponse> {
    let found = state.read(async |conn| lookup::look_up(conn, body.value).await).await?;
    JsonResponse::new(&found)
}

/// List the source links credited to an outlet
///
/// Newest first, each with the article that cites it.
#[utoipa::path(get, path = "/outlets/{ref}/links", tag = "outlets",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "coast-radio"), PageQuery),
    responses((status = 200, description = "A page of links", body = Page<LinkWithArticle>, example = json!(Page::sample(LinkWithArticle::sample()))), Problems))]
async fn list_outlet_links(
    state: Data<State>,
    which: Ref,
    Query(page): Query<PageQuery>,
) -> Result<JsonResponse> {
    list(&state, LinkQuery::default(), page, Some(which)).await
}

/// List the hosts that articles cite
///
/// Most cited first.
#[utoipa::path(get, path = "/domains", tag = "links", params(DomainQuery, PageQuery),
    responses((status = 200, description = "A page of hosts", body = Page<CitedHost>, example = json!(Page::sample(CitedHost::sample()))), Problems))]
async fn list_domains(
    state: Data<State>,
    QueryPair(query, page): QueryPair<DomainQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("domains", query.sort))?;
    let found = state.read(async |conn| cited(conn, query.sort, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), CitedHost::sample)
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
    JsonResponse::page(found, query.fields.as_deref(), LinkWithArticle::sample)
}

/// Normalises hosts as they are stored; text that is not a host stays as it is and matches nothing.
pub fn domains(text: &str) -> Vec<String> {
    let stored = |host: &str| citation_key::normalise(&format!("https://{host}/"));
    comma_separated(text).map(|host| stored(host).map_or(host.to_owned(), |a| a.domain)).collect()
}
