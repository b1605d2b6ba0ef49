//! The route of the audit log.

use super::model::{AuditEvent, AuditQuery};
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
    cfg.service(resource("/audit").get(admin_list_audit_events));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_list_audit_events))]
pub struct Docs;

/// List the events of the audit log
///
/// Newest first. Events must match all filters.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery, PageQuery), security(("key" = ["audit:read"])),
    responses((status = 200, description = "A page of events", body = Page<AuditEvent>, example = json!(Page::sample(AuditEvent::sample()))), AdminReadProblems))]
async fn admin_list_audit_events(
    _caller: Allowed<scope::AuditRead>,
    state: Data<State>,
    QueryPair(query, page): QueryPair<AuditQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("audit", query.filters()))?;
    let found = state.read(async |conn| list(conn, &query, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), AuditEvent::sample)
}
