//! The public routes of outlets.

use super::model::{Outlet, OutletQuery};
use super::partners::{self, PartnerOutlets};
use super::query;
use super::stats::{self, OutletStats, StatsQuery};
use crate::error::{Error, Result};
use crate::extract::{EmptyQuery, FieldsQuery, Lookup, Query, QueryPair, Ref};
use crate::openapi::Problems;
use crate::page::{Page, PageQuery};
use crate::response::{JsonResponse, moved_permanently};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/outlets").get(list_outlets))
        .service(resource("/outlets/stats").get(get_outlet_stats))
        .service(resource("/outlets/{ref}/partners").get(list_partner_outlets))
        .service(resource("/outlets/{ref}").get(get_outlet));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_outlets, get_outlet, get_outlet_stats, list_partner_outlets))]
pub struct Docs;

/// List the outlets that published articles credit
///
/// Each with its number of links and the times of its first and last credit.
#[utoipa::path(get, path = "/outlets", tag = "outlets", params(OutletQuery, PageQuery),
    responses((status = 200, description = "A page of outlets", body = Page<Outlet>, example = json!(Page::sample(Outlet::sample()))), Problems))]
async fn list_outlets(
    state: Data<State>,
    QueryPair(query, page): QueryPair<OutletQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("outlets", query.sort))?;
    let found = state.read(async |conn| query::page(conn, query.sort, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Outlet::sample)
}

/// Get an outlet
///
/// A former slug or an alias redirects with 301.
#[utoipa::path(get, path = "/outlets/{ref}", tag = "outlets",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "coast-radio"), FieldsQuery),
    responses((status = 200, description = "The outlet", body = Outlet, example = json!(Outlet::sample())),
        (status = 301, description = "It has another slug now"), Problems))]
async fn get_outlet(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    Query(query): Query<FieldsQuery>,
) -> Result<HttpResponse> {
    match state.read(async |conn| query::find(conn, &which).await).await? {
        Some(Lookup::Found(outlet)) => {
            Ok(JsonResponse::resource(&outlet, query.fields.as_deref(), Outlet::sample)?
                .respond_to(&req))
        }
        Some(Lookup::Moved(slug)) => Ok(moved_permanently(&req, &slug)),
        Some(Lookup::Gone) | None => Err(Error::not_found("outlet")),
    }
}

/// Count how often outlets are credited, by day, week or month
///
/// Counts links of published articles by the time of publication.
#[utoipa::path(get, path = "/outlets/stats", tag = "outlets", params(StatsQuery),
    responses((status = 200, description = "The outlets credited most in each step", body = OutletStats, example = json!(OutletStats::sample())), Problems))]
async fn get_outlet_stats(
    state: Data<State>,
    Query(query): Query<StatsQuery>,
) -> Result<JsonResponse> {
    let found = state.read(async |conn| stats::stats(conn, &query).await).await?;
    JsonResponse::new(&found)
}

/// List the outlets that publish the same pieces as an outlet
///
/// The outlets credited with it for the same link, as in `National Post/The Telegraph`.
#[utoipa::path(get, path = "/outlets/{ref}/partners", tag = "outlets",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "coast-radio")),
    responses((status = 200, description = "The outlets", body = PartnerOutlets, example = json!(PartnerOutlets::sample())),
        (status = 301, description = "The outlet has another slug now"), Problems))]
async fn list_partner_outlets(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    let found = state
        .read(async |conn| match query::find(conn, &which).await? {
            Some(Lookup::Found(outlet)) => partners::partners(conn, outlet.id).await.map(Ok),
            Some(Lookup::Moved(slug)) => Ok(Err(slug)),
            Some(Lookup::Gone) | None => Err(Error::not_found("outlet")),
        })
        .await?;
    match found {
        Ok(found) => Ok(JsonResponse::new(&found)?.respond_to(&req)),
        Err(slug) => Ok(moved_permanently(&req, &slug)),
    }
}
