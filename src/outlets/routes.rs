//! The public reads of outlets.

use super::model::{Outlet, OutletQuery};
use super::query;
use crate::app::State;
use crate::error::{Error, Result};
use crate::extract::{Both, Found, OneQuery, Query, Ref};
use crate::http::{Reply, moved};
use crate::openapi::Problems;
use crate::page::{Page, PageQuery};
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use utoipa::OpenApi;

/// The addresses of this file.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/outlets").get(list_outlets))
        .service(resource("/outlets/{ref}").get(get_outlet));
}

/// Their documentation.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_outlets, get_outlet))]
pub struct Docs;

/// List the outlets that published articles credit
#[utoipa::path(get, path = "/outlets", tag = "outlets", params(OutletQuery, PageQuery),
    responses((status = 200, description = "A page of outlets", body = Page<Outlet>, example = json!(Page::sample(Outlet::sample()))), Problems))]
async fn list_outlets(
    state: Data<State>,
    Query(Both(query, page)): Query<Both<OutletQuery, PageQuery>>,
) -> Result<Reply> {
    let scan = page.scan(&("outlets", query.sort))?;
    let found = state.read(async |conn| query::page(conn, query.sort, &scan).await).await?;
    Reply::page(found, query.fields.as_deref(), Outlet::sample)
}

/// Get an outlet
///
/// A former slug, or another name of the outlet, answers 301 with its address.
#[utoipa::path(get, path = "/outlets/{ref}", tag = "outlets",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "wsj"), OneQuery),
    responses((status = 200, description = "The outlet", body = Outlet, example = json!(Outlet::sample())),
        (status = 301, description = "It has another slug now"), Problems))]
async fn get_outlet(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    Query(query): Query<OneQuery>,
) -> Result<HttpResponse> {
    match state.read(async |conn| query::find(conn, &which).await).await? {
        Some(Found::Here(outlet)) => {
            Ok(Reply::one(&outlet, query.fields.as_deref(), Outlet::sample)?.respond_to(&req))
        }
        Some(Found::Moved(slug)) => Ok(moved(&req, &slug)),
        Some(Found::Gone) | None => Err(Error::not_found("outlet")),
    }
}
