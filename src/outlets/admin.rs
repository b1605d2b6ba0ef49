//! The editors' routes for outlets.

use super::change;
use super::input::{AdminOutlet, OutletInput};
use super::merge::merge;
use super::model::OutletQuery;
use super::query;
use super::review::{OutletBatchInput, OutletBatchResult, review};
use crate::audit::{self, Actor};
use crate::auth::{Allowed, scope};
use crate::error::Result;
use crate::extract::{Body, MergePatch, QueryTriple};
use crate::extract::{EmptyQuery, FieldsQuery, Id, Query};
use crate::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::openapi::{AdminReadProblems, AdminWriteProblems};
use crate::page::{Page, PageQuery};
use crate::response::{IfMatch, JsonResponse, StoredResponse, VersionHeader, with_version_tag};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, OpenApi, ToSchema};

/// Registers the routes under `/api/v1/admin`.
pub fn configure_admin(cfg: &mut ServiceConfig) {
    cfg.service(resource("/outlets").get(admin_list_outlets).post(admin_create_outlet))
        .service(resource("/outlets/batch").post(admin_review_outlets))
        .service(
            resource("/outlets/{id}")
                .get(admin_get_outlet)
                .patch(admin_update_outlet)
                .delete(admin_delete_outlet),
        )
        .service(resource("/outlets/{id}/merge").post(admin_merge_outlet));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    admin_list_outlets,
    admin_create_outlet,
    admin_review_outlets,
    admin_get_outlet,
    admin_update_outlet,
    admin_delete_outlet,
    admin_merge_outlet
))]
pub struct AdminDocs;

/// The filter of the editors' list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ConfirmedQuery {
    /// `false`: only outlets that a text seemed to credit and no editor confirmed; `true`: only the others.
    confirmed: Option<bool>,
}

/// The outlet to merge into.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OutletMergeInput {
    /// The id of the outlet that stays.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    into: i64,
}

/// Returns the response with an outlet and the entity tag of its version.
fn outlet_response(outlet: &AdminOutlet) -> Result<StoredResponse> {
    Ok(StoredResponse::ok(outlet)?.with_version(outlet.version))
}

/// List all outlets, credited or not
///
/// By name, or most credited first.
#[utoipa::path(get, path = "/outlets", tag = "outlets", params(OutletQuery, ConfirmedQuery, PageQuery), security(("key" = ["outlets:write"])),
    responses((status = 200, description = "A page of outlets", body = Page<AdminOutlet>, example = json!(Page::sample(AdminOutlet::sample()))), AdminReadProblems))]
async fn admin_list_outlets(
    _caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    QueryTriple(query, filter, page): QueryTriple<OutletQuery, ConfirmedQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("admin outlets", query.sort, filter.confirmed))?;
    let found = state
        .read(async |conn| query::admin_page(conn, query.sort, filter.confirmed, &scan).await)
        .await?;
    JsonResponse::page(found, query.fields.as_deref(), AdminOutlet::sample)
}

/// Create an outlet
///
/// Imports and new links find it by its aliases and hosts.
#[utoipa::path(post, path = "/outlets", tag = "outlets", request_body = OutletInput, params(IdempotencyKeyHeader), security(("key" = ["outlets:write"])),
    responses((status = 201, description = "The outlet", body = AdminOutlet, example = json!(AdminOutlet::sample())), AdminWriteProblems))]
async fn admin_create_outlet(
    caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    once: IdempotencyKey,
    _query: Query<EmptyQuery>,
    body: Body<OutletInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let attempt = once.bind(caller.principal.owner(), &body.digest);
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let made = change::create(conn, &body.value, now).await?;
            let object = ("outlet", Some(made.outlet.id));
            let who = Actor::of(&caller.principal);
            let detail = json!({"name": made.outlet.name});
            audit::record(conn, &who, now, "outlet.create", object, detail).await?;
            let location = format!("/api/v1/admin/outlets/{}", made.outlet.id);
            Ok(StoredResponse::created(&made, &location)?.with_version(made.version))
        })
    })
    .await
}

/// Confirm, merge or drop up to 100 outlets at once
///
/// For outlets that readings of texts created: see `confirmed=false` of the list. Returns the outcome for each
/// outlet; a failure does not affect the others.
#[utoipa::path(post, path = "/outlets/batch", tag = "outlets", request_body = OutletBatchInput, params(IdempotencyKeyHeader), security(("key" = ["outlets:write"])),
    responses((status = 200, description = "The outcome for each outlet", body = OutletBatchResult, example = json!(OutletBatchResult::sample())), AdminWriteProblems))]
async fn admin_review_outlets(
    caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    once: IdempotencyKey,
    _query: Query<EmptyQuery>,
    body: Body<OutletBatchInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let attempt = once.bind(caller.principal.owner(), &body.digest);
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let who = Actor::of(&caller.principal);
            let results = review(conn, &body.value, &who, now).await?;
            StoredResponse::ok(&OutletBatchResult { results })
        })
    })
    .await
}

/// Get an outlet for editors
///
/// Also one that no published article credits. The `ETag` is for `If-Match`.
#[utoipa::path(get, path = "/outlets/{id}", tag = "outlets", security(("key" = ["outlets:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), FieldsQuery),
    responses((status = 200, description = "The outlet", body = AdminOutlet, example = json!(AdminOutlet::sample())), AdminReadProblems))]
async fn admin_get_outlet(
    _caller: Allowed<scope::OutletsWrite>,
    req: HttpRequest,
    state: Data<State>,
    id: Id,
    Query(query): Query<FieldsQuery>,
) -> Result<HttpResponse> {
    let found = state.read(async |conn| query::admin_find(conn, id.0).await).await?;
    let reply = JsonResponse::resource(&found, query.fields.as_deref(), AdminOutlet::sample)?;
    Ok(with_version_tag(reply, &req, found.version))
}

/// Update an outlet
///
/// A JSON merge patch (RFC 7396). A former name becomes an alias, a former slug redirects.
#[utoipa::path(patch, path = "/outlets/{id}", tag = "outlets", security(("key" = ["outlets:write"])),
    request_body(content = OutletInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The outlet", body = AdminOutlet, example = json!(AdminOutlet::sample())), AdminWriteProblems))]
async fn admin_update_outlet(
    caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    _query: Query<EmptyQuery>,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = change::locked(conn, id.0, &if_match).await?;
            let input: OutletInput = patch.apply(json!(OutletInput::of(&current.outlet)))?;
            let made = change::update(conn, &current, &input, now).await?;
            let who = Actor::of(&caller.principal);
            let detail = json!({"version": made.version, "name": made.outlet.name});
            let object = ("outlet", Some(id.0));
            audit::record(conn, &who, now, "outlet.update", object, detail).await?;
            outlet_response(&made)
        })
    })
    .await
}

/// Delete an outlet that no link credits
///
/// An outlet that links credit cannot be deleted: merge it into another.
#[utoipa::path(delete, path = "/outlets/{id}", tag = "outlets", security(("key" = ["outlets:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 204, description = "The outlet is deleted"), AdminWriteProblems))]
async fn admin_delete_outlet(
    caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = change::locked(conn, id.0, &if_match).await?;
            change::delete(conn, id.0).await?;
            let who = Actor::of(&caller.principal);
            let detail = json!({"name": current.outlet.name, "slug": current.outlet.slug});
            let object = ("outlet", Some(id.0));
            audit::record(conn, &who, now, "outlet.delete", object, detail).await?;
            Ok(StoredResponse::no_content())
        })
    })
    .await
}

/// Merge an outlet into another
///
/// Its links, names, hosts and slugs move to the other outlet, which is returned; it is deleted.
#[utoipa::path(post, path = "/outlets/{id}/merge", tag = "outlets", request_body = OutletMergeInput, security(("key" = ["outlets:write"])),
    params(("id" = i64, Path, description = "Id of the outlet that goes", minimum = 1, maximum = 9_007_199_254_740_991_i64), IdempotencyKeyHeader),
    responses((status = 200, description = "The outlet that stays", body = AdminOutlet, example = json!(AdminOutlet::sample())), AdminWriteProblems))]
async fn admin_merge_outlet(
    caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    id: Id,
    once: IdempotencyKey,
    _query: Query<EmptyQuery>,
    body: Body<OutletMergeInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let attempt = once.bind(caller.principal.owner(), &body.digest);
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let made = merge(conn, id.0, body.value.into, now).await?;
            let who = Actor::of(&caller.principal);
            let object = ("outlet", Some(id.0));
            let detail = json!({"into": made.outlet.id});
            audit::record(conn, &who, now, "outlet.merge", object, detail).await?;
            outlet_response(&made)
        })
    })
    .await
}
