//! The routes for rules.

use super::check::{RuleSet, Sample};
use super::content::Content;
use super::model::{Rule, RuleInput, RuleMatch};
use super::query;
use crate::audit;
use crate::auth::{Allowed, Principal, scope};
use crate::comments::policy::Decision;
use crate::error::{Error, Result};
use crate::extract::{Body, MergePatch, QueryPair};
use crate::extract::{EmptyQuery, FieldsQuery, Id, Query};
use crate::idempotency::IdempotencyKey;
use crate::openapi::{AdminReadProblems, AdminWriteProblems, ShortText};
use crate::page::{Page, PageQuery};
use crate::response::{IfMatch, JsonResponse, StoredResponse, VersionHeader};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use safe_html::{AuthorRole, Markup, render};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::{OpenApi, ToSchema};

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/rules").get(admin_list_rules).post(admin_create_rule))
        .service(resource("/rules/test").post(admin_test_rules))
        .service(
            resource("/rules/{id}")
                .get(admin_get_rule)
                .put(admin_replace_rule)
                .patch(admin_update_rule)
                .delete(admin_delete_rule),
        );
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    admin_list_rules,
    admin_create_rule,
    admin_test_rules,
    admin_get_rule,
    admin_replace_rule,
    admin_update_rule,
    admin_delete_rule
))]
pub struct Docs;

/// List all rules
///
/// Every enabled rule is applied to every comment.
#[utoipa::path(get, path = "/rules", tag = "rules", params(FieldsQuery, PageQuery), security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "A page of rules", body = Page<Rule>, example = json!(Page::sample(Rule::sample()))), AdminReadProblems))]
async fn admin_list_rules(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&"rules")?;
    let found = state.read(async |conn| query::page(conn, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Rule::sample)
}

/// Create a rule
///
/// It applies from the next comment on.
#[utoipa::path(post, path = "/rules", tag = "rules", request_body = RuleInput, security(("key" = ["comments:moderate"])),
    params(crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminWriteProblems))]
async fn admin_create_rule(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<RuleInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let once = once.bind(caller.principal.owner(), &body.digest);
    let form = body.value.check()?;
    State::write_once(&state, once, move |conn| {
        Box::pin(async move {
            let rule = query::create(conn, form, now).await?;
            record(conn, &caller.principal, now, "rule.create", &rule).await?;
            let location = format!("/api/v1/admin/rules/{}", rule.id);
            Ok(StoredResponse::created(&rule, &location)?.with_version(rule.version))
        })
    })
    .await
}

/// Get a rule
///
/// The `ETag` is for `If-Match` in an update.
#[utoipa::path(get, path = "/rules/{id}", tag = "rules", security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminReadProblems))]
async fn admin_get_rule(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let rule = state.read(async |conn| query::find(conn, id.0).await).await?;
    Ok(StoredResponse::ok(&rule)?.with_version(rule.version))
}

/// Replace a rule
///
/// It applies from the next comment on; existing comments stay as they are.
#[utoipa::path(put, path = "/rules/{id}", tag = "rules", request_body = RuleInput, security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminWriteProblems))]
async fn admin_replace_rule(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
    body: Body<RuleInput>,
) -> Result<StoredResponse> {
    put(&state, caller.principal, id.0, known, move |_| Ok(body.value)).await
}

/// Update a rule
///
/// A JSON merge patch (RFC 7396) of what PUT takes.
#[utoipa::path(patch, path = "/rules/{id}", tag = "rules", security(("key" = ["comments:moderate"])),
    request_body(content = RuleInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminWriteProblems))]
async fn admin_update_rule(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let apply =
        move |form: RuleInput| patch.apply(serde_json::to_value(form).map_err(Error::internal)?);
    put(&state, caller.principal, id.0, known, apply).await
}

/// Replaces a rule with the result of `change`.
async fn put(
    state: &Data<State>,
    who: Principal,
    id: i64,
    known: IfMatch,
    change: impl FnOnce(RuleInput) -> Result<RuleInput> + Clone + Send + 'static,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(state, move |conn| {
        Box::pin(async move {
            let form = change(query::take(conn, id, &known).await?.form())?.check()?;
            let rule = query::replace(conn, id, form, now).await?;
            record(conn, &who, now, "rule.change", &rule).await?;
            Ok(StoredResponse::ok(&rule)?.with_version(rule.version))
        })
    })
    .await
}

/// Delete a rule
///
/// Comments that it held or marked stay as they are.
#[utoipa::path(delete, path = "/rules/{id}", tag = "rules", security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 204, description = "It is deleted"), AdminWriteProblems))]
async fn admin_delete_rule(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    State::write(&state, move |conn| {
        Box::pin(async move {
            let rule = query::take(conn, id.0, &known).await?;
            query::remove(conn, id.0).await?;
            record(conn, &caller.principal, now, "rule.delete", &rule).await?;
            Ok(StoredResponse::no_content())
        })
    })
    .await
}

async fn record(
    conn: &mut AsyncPgConnection,
    who: &Principal,
    now: DateTime<Utc>,
    action: &str,
    rule: &Rule,
) -> Result<()> {
    let detail = serde_json::to_value(rule).map_err(Error::internal)?;
    let who = audit::Actor::of(who);
    audit::record(conn, &who, now, action, ("rule", Some(rule.id)), detail).await
}

/// A comment to test the rules with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleTestInput {
    /// The text in Markdown.
    #[schema(max_length = 20_000, example = "Cheap pills at https://spam.example/")]
    text: String,
    /// The author's name.
    #[serde(default)]
    #[schema(max_length = 100, example = "James")]
    author_name: String,
    /// The author's e-mail address.
    #[serde(default)]
    #[schema(max_length = 254, example = "james@example.org")]
    author_email: Option<String>,
    /// The author's page.
    #[serde(default)]
    #[schema(max_length = 2000, example = "https://example.org/")]
    author_url: Option<String>,
    /// The IP address of the client.
    #[serde(default)]
    #[schema(max_length = 50, value_type = Option<String>, example = "192.0.2.7")]
    address: Option<IpAddr>,
    /// The content of the form's hidden field (honeypot).
    #[serde(default)]
    #[schema(max_length = 1000)]
    honeypot: Option<String>,
    /// The time from opening to sending the form, in seconds.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000, example = 30.0)]
    form_seconds: Option<f64>,
    /// The reader has an approved comment.
    #[serde(default)]
    #[schema(default = false)]
    known: bool,
}

/// The result of a test of the rules.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RuleTestResult {
    /// The resulting status: `approved`, `pending`, `spam`, or null if it would be rejected.
    #[schema(max_length = 20, example = "pending")]
    status: Option<&'static str>,
    /// The resulting `held_because`.
    #[schema(max_items = 300, value_type = Vec<ShortText>, example = json!(["max_links", "first_comment"]))]
    held_because: Vec<String>,
    /// The matching rules, with the text that each matched.
    #[schema(max_items = 200)]
    fired: Vec<RuleMatch>,
}

impl RuleTestResult {
    /// Returns a result with every field present.
    fn sample() -> Self {
        let Rule { id, name, kind, action, .. } = Rule::sample();
        let because = "says `cheap pills`".to_owned();
        let fired = RuleMatch { id, name, kind, action, because };
        let held_because = vec!["words".to_owned()];
        Self { status: Some("pending"), held_because, fired: vec![fired] }
    }
}

/// Test the rules
///
/// Returns what the rules and the policy would do with a comment, and why. Stores nothing.
#[utoipa::path(post, path = "/rules/test", tag = "rules", request_body = RuleTestInput, security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "The result", body = RuleTestResult, example = json!(RuleTestResult::sample())), AdminWriteProblems))]
async fn admin_test_rules(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    body: Body<RuleTestInput>,
) -> Result<StoredResponse> {
    let given = body.value;
    let now = state.clock().now();
    let html = render(&given.text, Markup::Markdown, AuthorRole::Reader);
    let content = Content::of(&given.text, &html);
    let before = content.hash.clone();
    let (rules, posted_before_at) = state
        .read(async |conn| {
            let before = crate::comments::posting::same_text(conn, before.as_deref()).await?;
            Ok((query::enabled(conn).await?, before))
        })
        .await?;
    let sample = Sample {
        content: &content,
        name: &given.author_name,
        email: given.author_email.as_deref(),
        url: given.author_url.as_deref(),
        address: given.address,
        honeypot: given.honeypot.as_deref(),
        form_seconds: given.form_seconds,
        posted_before_at,
        known: given.known,
        now,
    };
    let fired = RuleSet::of(&rules).check(&sample);
    let decision = Decision::of(state.config().comment_policy, given.known, fired.clone());
    let Decision { status, held_because, .. } = decision;
    StoredResponse::ok(&RuleTestResult { status, held_because, fired })
}
