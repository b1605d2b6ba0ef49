//! The routes for webhooks.

use super::model::{Delivery, DeliveryWithBody, Webhook, WebhookInput, WebhookWithSecret};
use super::{query, secret};
use crate::audit;
use crate::auth::{Allowed, Principal, Scope, scope};
use crate::error::{Code, Error, Result};
use crate::extract::{Body, EmptyQuery, FieldsQuery, Id, MergePatch, Query, QueryPair};
use crate::idempotency::IdempotencyKey;
use crate::openapi::{AdminReadProblems, AdminWriteProblems};
use crate::page::{Page, PageQuery};
use crate::response::{IfMatch, JsonResponse, StoredResponse, VersionHeader};
use crate::state::State;
use actix_web::web::{Data, Path, ServiceConfig, resource};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, OpenApi, ToSchema};

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/webhooks").get(admin_list_webhooks).post(admin_create_webhook))
        .service(
            resource("/webhooks/{id}")
                .get(admin_get_webhook)
                .patch(admin_update_webhook)
                .delete(admin_delete_webhook),
        )
        .service(resource("/webhooks/{id}/secret").post(admin_rotate_webhook_secret))
        .service(resource("/webhooks/{id}/test").post(admin_test_webhook))
        .service(resource("/webhooks/{id}/deliveries").get(admin_list_webhook_deliveries))
        .service(resource("/webhooks/{id}/deliveries/{n}").get(admin_get_webhook_delivery))
        .service(
            resource("/webhooks/{id}/deliveries/{n}/retry").post(admin_retry_webhook_delivery),
        );
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    admin_list_webhooks,
    admin_create_webhook,
    admin_get_webhook,
    admin_update_webhook,
    admin_delete_webhook,
    admin_rotate_webhook_secret,
    admin_test_webhook,
    admin_list_webhook_deliveries,
    admin_get_webhook_delivery,
    admin_retry_webhook_delivery
))]
pub struct Docs;

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DeliveryState {
    /// It is tried again.
    Pending,
    /// The receiver answered with 2xx.
    Delivered,
    /// All tries have failed.
    Failed,
}

/// The filters of the list of deliveries.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeliveryQuery {
    /// Only deliveries in this state.
    #[param(inline)]
    state: Option<DeliveryState>,
    /// Only these fields of each item: `fields=id,state`.
    #[param(max_length = 1000)]
    fields: Option<String>,
}

/// List the webhooks, without their secrets
///
/// Oldest first.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(FieldsQuery, PageQuery), security(("key" = ["webhooks:manage"])),
    responses((status = 200, description = "A page of webhooks", body = Page<Webhook>, example = json!(Page::sample(Webhook::sample()))), AdminReadProblems))]
async fn admin_list_webhooks(
    _caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&"webhooks")?;
    let found = state.read(async |conn| query::page(conn, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Webhook::sample)
}

/// Create a webhook
///
/// Events are sent to it from now on, signed with the secret in this response, which cannot be read again
/// (Standard Webhooks). Types that only editors see need the scope `changes:read` too.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = WebhookInput, security(("key" = ["webhooks:manage"])),
    params(crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The webhook with its secret", body = WebhookWithSecret, example = json!(WebhookWithSecret::sample())), AdminWriteProblems))]
async fn admin_create_webhook(
    caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<WebhookInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let once = once.bind(caller.principal.owner(), &body.digest);
    let form = body.value.check()?;
    check_may_see(&caller.principal, &form)?;
    State::write_once(&state, once, move |conn| {
        Box::pin(async move {
            let secret = secret::generate()?;
            let webhook = query::create(conn, form, &secret, now).await?;
            record(conn, &caller.principal, now, "webhook.create", &webhook).await?;
            let location = format!("/api/v1/admin/webhooks/{}", webhook.id);
            let without_secret = WebhookWithSecret { webhook: webhook.clone(), secret: None };
            let version = webhook.version;
            let created = WebhookWithSecret { webhook, secret: Some(secret::to_text(&secret)) };
            let response = StoredResponse::created(&created, &location)?.with_version(version);
            response.replayed_as(&without_secret)
        })
    })
    .await
}

/// Get a webhook
///
/// The `ETag` is for `If-Match` in an update.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The webhook", body = Webhook, example = json!(Webhook::sample())), AdminReadProblems))]
async fn admin_get_webhook(
    _caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let webhook = state.read(async |conn| query::find(conn, id.0).await).await?;
    Ok(StoredResponse::ok(&webhook)?.with_version(webhook.version))
}

/// Update a webhook
///
/// A JSON merge patch (RFC 7396). A webhook that is enabled again is sent what was pending.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    request_body(content = WebhookInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The webhook", body = Webhook, example = json!(Webhook::sample())), AdminWriteProblems))]
async fn admin_update_webhook(
    caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let before = query::take(conn, id.0, &known).await?;
            let form = serde_json::to_value(before.clone().form()).map_err(Error::internal)?;
            let form = patch.apply::<WebhookInput>(form)?.check()?;
            check_may_see(&caller.principal, &form)?;
            let webhook = query::replace(conn, &before, form, now).await?;
            record(conn, &caller.principal, now, "webhook.update", &webhook).await?;
            Ok(StoredResponse::ok(&webhook)?.with_version(webhook.version))
        })
    })
    .await
}

/// Delete a webhook
///
/// With its deliveries.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 204, description = "It is deleted"), AdminWriteProblems))]
async fn admin_delete_webhook(
    caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let webhook = query::take(conn, id.0, &known).await?;
            query::remove(conn, id.0).await?;
            record(conn, &caller.principal, now, "webhook.delete", &webhook).await?;
            Ok(StoredResponse::no_content())
        })
    })
    .await
}

/// Rotate the secret of a webhook
///
/// Messages are signed with the new secret, which cannot be read again, and for 24 hours with the former one
/// too.
#[utoipa::path(post, path = "/webhooks/{id}/secret", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The webhook with its new secret", body = WebhookWithSecret, example = json!(WebhookWithSecret::sample())), AdminWriteProblems))]
async fn admin_rotate_webhook_secret(
    caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            query::take(conn, id.0, &IfMatch::any()).await?;
            let secret = secret::generate()?;
            let webhook = query::rotate(conn, id.0, &secret, now).await?;
            record(conn, &caller.principal, now, "webhook.rotate", &webhook).await?;
            let version = webhook.version;
            let rotated = WebhookWithSecret { webhook, secret: Some(secret::to_text(&secret)) };
            Ok(StoredResponse::ok(&rotated)?.with_version(version))
        })
    })
    .await
}

/// Send a test to a webhook
///
/// A message of the type `webhook.test`, also if the webhook is disabled. The delivery says what was answered.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 202, description = "The delivery", body = Delivery, example = json!(Delivery::sample())), AdminWriteProblems))]
async fn admin_test_webhook(
    _caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let webhook = query::take(conn, id.0, &IfMatch::any()).await?;
            let number = getrandom::u64().map_err(Error::internal)?;
            let delivery =
                query::create_test(conn, &webhook, &format!("test_{number:016x}"), now).await?;
            let location = format!("/api/v1/admin/webhooks/{}/deliveries/{}", id.0, delivery.id);
            StoredResponse::accepted(&delivery, &location)
        })
    })
    .await
}

/// List the deliveries of a webhook
///
/// Newest first, with what was answered; they are kept for 30 days.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), DeliveryQuery, PageQuery),
    responses((status = 200, description = "A page of deliveries", body = Page<Delivery>, example = json!(Page::sample(Delivery::sample()))), AdminReadProblems))]
async fn admin_list_webhook_deliveries(
    _caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    id: Id,
    QueryPair(query, page): QueryPair<DeliveryQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("deliveries", id.0, query.state))?;
    let wanted = query.state.map(|state| match state {
        DeliveryState::Pending => "pending",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    });
    let found = state
        .read(async |conn| {
            query::find(conn, id.0).await?;
            query::deliveries(conn, id.0, wanted, &scan).await
        })
        .await?;
    JsonResponse::page(found, query.fields.as_deref(), Delivery::sample)
}

/// Get a delivery
///
/// With the body that was sent.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries/{n}", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("n" = i64, Path, description = "Id of the delivery", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The delivery", body = DeliveryWithBody, example = json!(DeliveryWithBody::sample())), AdminReadProblems))]
async fn admin_get_webhook_delivery(
    _caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    path: Path<(i64, i64)>,
    _query: Query<EmptyQuery>,
) -> Result<JsonResponse> {
    let (id, delivery) = path.into_inner();
    let found = state.read(async |conn| query::delivery(conn, id, delivery).await).await?;
    JsonResponse::new(&found)
}

/// Try a delivery again
///
/// Now, with the same id and body; in any state.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{n}/retry", tag = "webhooks", security(("key" = ["webhooks:manage"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("n" = i64, Path, description = "Id of the delivery", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 202, description = "The delivery", body = DeliveryWithBody, example = json!(DeliveryWithBody::sample())), AdminWriteProblems))]
async fn admin_retry_webhook_delivery(
    _caller: Allowed<scope::WebhooksManage>,
    state: Data<State>,
    path: Path<(i64, i64)>,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let (id, delivery) = path.into_inner();
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let delivery = query::retry(conn, id, delivery, now).await?;
            let number = delivery.delivery.id;
            let location = format!("/api/v1/admin/webhooks/{id}/deliveries/{number}");
            StoredResponse::accepted(&delivery, &location)
        })
    })
    .await
}

/// Checks that the caller may see what the webhook is sent.
fn check_may_see(caller: &Principal, form: &WebhookInput) -> Result<()> {
    if form.wants_editor_events() && !caller.may(Scope::ChangesRead) {
        let detail = "types that only editors see need the scope `changes:read`";
        return Err(Error::new(Code::MissingScope, detail));
    }
    Ok(())
}

async fn record(
    conn: &mut AsyncPgConnection,
    who: &Principal,
    now: DateTime<Utc>,
    action: &str,
    webhook: &Webhook,
) -> Result<()> {
    let detail = json!({ "url": webhook.url, "types": webhook.types, "enabled": webhook.enabled });
    let who = audit::Actor::of(who);
    audit::record(conn, &who, now, action, ("webhook", Some(webhook.id)), detail).await
}
