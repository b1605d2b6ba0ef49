//! Reading the audit over HTTP.

use super::model::{AuditQuery, Deed};
use super::query::list;
use crate::auth::{Allowed, scope};
use crate::error::Result;
use crate::extract::QueryPair;
use crate::openapi::AdminReadProblems;
use crate::page::{Page, PageQuery};
use crate::response::JsonResponse;
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/audit").get(list_audit));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_audit))]
pub struct Docs;

/// List who did what, the latest first
///
/// Filters are combined: only what matches all of them.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery, PageQuery), security(("key" = ["audit:read"])),
    responses((status = 200, description = "A page of deeds", body = Page<Deed>, example = json!(Page::sample(Deed::sample()))), AdminReadProblems))]
async fn list_audit(
    _caller: Allowed<scope::AuditRead>,
    state: Data<State>,
    QueryPair(query, page): QueryPair<AuditQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("audit", query.filters()))?;
    let found = state.read(async |conn| list(conn, &query, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Deed::sample)
}
