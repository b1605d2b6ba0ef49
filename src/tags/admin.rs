//! The editors' routes for tags.

use super::change;
use super::input::{AdminTag, TagInput};
use super::model::TagQuery;
use super::query;
use crate::audit::{self, Actor};
use crate::auth::{Allowed, scope};
use crate::error::Result;
use crate::extract::{Body, MergePatch, QueryPair};
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
use utoipa::{OpenApi, ToSchema};

/// Registers the routes under `/api/v1/admin`.
pub fn configure_admin(cfg: &mut ServiceConfig) {
    cfg.service(resource("/tags").get(admin_list_tags).post(admin_create_tag))
        .service(
            resource("/tags/{id}")
                .get(admin_get_tag)
                .patch(admin_update_tag)
                .delete(admin_delete_tag),
        )
        .service(resource("/tags/{id}/merge").post(admin_merge_tag));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    admin_list_tags,
    admin_create_tag,
    admin_get_tag,
    admin_update_tag,
    admin_delete_tag,
    admin_merge_tag
))]
pub struct AdminDocs;

/// The tag to merge into.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TagMergeInput {
    /// The id of the tag that stays.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    into: i64,
}

/// Returns the response with a tag and the entity tag of its version.
fn tag_response(tag: &AdminTag) -> Result<StoredResponse> {
    Ok(StoredResponse::ok(tag)?.with_version(tag.version))
}

/// List all tags, used or not
///
/// The public list has only those of published articles.
#[utoipa::path(get, path = "/tags", tag = "tags", params(TagQuery, PageQuery), security(("key" = ["outlets:write"])),
    responses((status = 200, description = "A page of tags", body = Page<AdminTag>, example = json!(Page::sample(AdminTag::sample()))), AdminReadProblems))]
async fn admin_list_tags(
    _caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    QueryPair(query, page): QueryPair<TagQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("admin tags", query.sort))?;
    let found = state.read(async |conn| query::admin_page(conn, query.sort, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), AdminTag::sample)
}

/// Create a tag
///
/// Articles create the tags that they name; use this for a tag with a slug of its own.
#[utoipa::path(post, path = "/tags", tag = "tags", request_body = TagInput, params(IdempotencyKeyHeader), security(("key" = ["outlets:write"])),
    responses((status = 201, description = "The tag", body = AdminTag, example = json!(AdminTag::sample())), AdminWriteProblems))]
async fn admin_create_tag(
    caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    once: IdempotencyKey,
    _query: Query<EmptyQuery>,
    body: Body<TagInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let attempt = once.bind(caller.principal.owner(), &body.digest);
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let made = change::create(conn, &body.value, now).await?;
            let object = ("tag", Some(made.id));
            let who = Actor::of(&caller.principal);
            let detail = json!({"name": made.name});
            audit::record(conn, &who, now, "tag.create", object, detail).await?;
            let location = format!("/api/v1/admin/tags/{}", made.id);
            Ok(StoredResponse::created(&made, &location)?.with_version(made.version))
        })
    })
    .await
}

/// Get a tag for editors
///
/// The `ETag` is for `If-Match` in an update.
#[utoipa::path(get, path = "/tags/{id}", tag = "tags", security(("key" = ["outlets:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), FieldsQuery),
    responses((status = 200, description = "The tag", body = AdminTag, example = json!(AdminTag::sample())), AdminReadProblems))]
async fn admin_get_tag(
    _caller: Allowed<scope::OutletsWrite>,
    req: HttpRequest,
    state: Data<State>,
    id: Id,
    Query(query): Query<FieldsQuery>,
) -> Result<HttpResponse> {
    let found = state.read(async |conn| change::find(conn, id.0).await).await?;
    let reply = JsonResponse::resource(&found, query.fields.as_deref(), AdminTag::sample)?;
    Ok(with_version_tag(reply, &req, found.version))
}

/// Update a tag
///
/// A JSON merge patch (RFC 7396). A former slug redirects.
#[utoipa::path(patch, path = "/tags/{id}", tag = "tags", security(("key" = ["outlets:write"])),
    request_body(content = TagInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The tag", body = AdminTag, example = json!(AdminTag::sample())), AdminWriteProblems))]
async fn admin_update_tag(
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
            let input: TagInput = patch.apply(json!(TagInput::of(&current)))?;
            let made = change::update(conn, &current, &input).await?;
            let who = Actor::of(&caller.principal);
            let detail = json!({"version": made.version, "name": made.name});
            let object = ("tag", Some(id.0));
            audit::record(conn, &who, now, "tag.update", object, detail).await?;
            tag_response(&made)
        })
    })
    .await
}

/// Delete a tag that no article has
///
/// A tag that articles have cannot be deleted: merge it into another.
#[utoipa::path(delete, path = "/tags/{id}", tag = "tags", security(("key" = ["outlets:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 204, description = "The tag is deleted"), AdminWriteProblems))]
async fn admin_delete_tag(
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
            let detail = json!({"name": current.name, "slug": current.slug});
            let object = ("tag", Some(id.0));
            audit::record(conn, &who, now, "tag.delete", object, detail).await?;
            Ok(StoredResponse::no_content())
        })
    })
    .await
}

/// Merge a tag into another
///
/// Its articles and slugs move to the other tag, which is returned; it is deleted.
#[utoipa::path(post, path = "/tags/{id}/merge", tag = "tags", request_body = TagMergeInput, security(("key" = ["outlets:write"])),
    params(("id" = i64, Path, description = "Id of the tag that goes", minimum = 1, maximum = 9_007_199_254_740_991_i64), IdempotencyKeyHeader),
    responses((status = 200, description = "The tag that stays", body = AdminTag, example = json!(AdminTag::sample())), AdminWriteProblems))]
async fn admin_merge_tag(
    caller: Allowed<scope::OutletsWrite>,
    state: Data<State>,
    id: Id,
    once: IdempotencyKey,
    _query: Query<EmptyQuery>,
    body: Body<TagMergeInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let attempt = once.bind(caller.principal.owner(), &body.digest);
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let made = change::merge(conn, id.0, body.value.into).await?;
            let who = Actor::of(&caller.principal);
            let object = ("tag", Some(id.0));
            let detail = json!({"into": made.id});
            audit::record(conn, &who, now, "tag.merge", object, detail).await?;
            tag_response(&made)
        })
    })
    .await
}
