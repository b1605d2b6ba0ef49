//! The routes for keys.

use super::model::{CreatedKey, Key, KeyInput};
use super::query;
use crate::audit;
use crate::auth::{Allowed, scope};
use crate::error::Result;
use crate::extract::Body;
use crate::extract::{FieldsQuery, Id, QueryPair};
use crate::idempotency::IdempotencyKey;
use crate::openapi::{AdminReadProblems, AdminWriteProblems};
use crate::page::{Page, PageQuery};
use crate::response::{JsonResponse, StoredResponse};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use serde_json::json;
use utoipa::OpenApi;

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/keys").get(admin_list_keys).post(admin_create_key))
        .service(resource("/keys/{id}").delete(admin_revoke_key));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_list_keys, admin_create_key, admin_revoke_key))]
pub struct Docs;

/// List the keys, without their secrets
///
/// Including revoked and expired ones. Only a hash of each secret is stored.
#[utoipa::path(get, path = "/keys", tag = "keys", params(FieldsQuery, PageQuery), security(("key" = ["keys:manage"])),
    responses((status = 200, description = "A page of keys", body = Page<Key>, example = json!(Page::sample(Key::sample()))), AdminReadProblems))]
async fn admin_list_keys(
    _caller: Allowed<scope::KeysManage>,
    state: Data<State>,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&"keys")?;
    let found = state.read(async |conn| query::page(conn, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Key::sample)
}

/// Create a key
///
/// The secret is in this response and cannot be read again. A key can only give scopes that it has.
#[utoipa::path(post, path = "/keys", tag = "keys", request_body = KeyInput, security(("key" = ["keys:manage"])),
    params(crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The key with its secret", body = CreatedKey, example = json!(CreatedKey::sample())), AdminWriteProblems))]
async fn admin_create_key(
    caller: Allowed<scope::KeysManage>,
    state: Data<State>,
    once: IdempotencyKey,
    body: Body<KeyInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    caller.principal.check_may_manage(&body.value.scopes)?;
    let once = once.bind(caller.principal.owner(), &body.digest);
    State::write_once(&state, once, move |conn| {
        Box::pin(async move {
            let (key, secret) = query::create(conn, &body.value, now).await?;
            let who = audit::Actor::of(&caller.principal);
            let object = ("key", Some(key.id));
            audit::record(conn, &who, now, "key.create", object, json!({})).await?;
            let location = format!("/api/v1/admin/keys/{}", key.id);
            let without_secret = CreatedKey { key: key.clone(), secret: None };
            let created = CreatedKey { key, secret: Some(secret) };
            StoredResponse::created(&created, &location)?.replayed_as(&without_secret)
        })
    })
    .await
}

/// Revoke a key
///
/// It is invalid from now on. A revoked key stays in the list. A key can only revoke those whose scopes it
/// has.
#[utoipa::path(delete, path = "/keys/{id}", tag = "keys", security(("key" = ["keys:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The key, revoked", body = Key, example = json!(Key::sample())), AdminWriteProblems))]
async fn admin_revoke_key(
    caller: Allowed<scope::KeysManage>,
    state: Data<State>,
    id: Id,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let key = query::locked(conn, id.0).await?;
            caller.principal.check_may_manage(&key.scopes)?;
            let key = query::revoke(conn, id.0, now).await?;
            let who = audit::Actor::of(&caller.principal);
            audit::record(conn, &who, now, "key.revoke", ("key", Some(id.0)), json!({})).await?;
            StoredResponse::ok(&key)
        })
    })
    .await
}
