//! Managing the rules over HTTP.

use super::check::{RuleSet, Sample};
use super::content::Content;
use super::model::{Fired, Rule, RuleForm};
use super::query;
use crate::audit;
use crate::auth::{Allowed, Principal, scope};
use crate::comments::policy::Precondition;
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
use safe_html::{Markup, Voice, render};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::{OpenApi, ToSchema};

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/rules").get(list_rules).post(create_rule))
        .service(resource("/rules/test").post(test_rules))
        .service(
            resource("/rules/{id}")
                .get(get_rule)
                .put(replace_rule)
                .patch(change_rule)
                .delete(delete_rule),
        );
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_rules,
    create_rule,
    test_rules,
    get_rule,
    replace_rule,
    change_rule,
    delete_rule
))]
pub struct Docs;

/// List the rules, in force or not
///
/// All that are in force are asked about each comment.
#[utoipa::path(get, path = "/rules", tag = "rules", params(FieldsQuery, PageQuery), security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "A page of rules", body = Page<Rule>, example = json!(Page::sample(Rule::sample()))), AdminReadProblems))]
async fn list_rules(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&"rules")?;
    let found = state.read(async |conn| query::page(conn, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Rule::sample)
}

/// Make a rule
///
/// It is in force for the next comment.
#[utoipa::path(post, path = "/rules", tag = "rules", request_body = RuleForm, security(("key" = ["comments:moderate"])),
    params(crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminWriteProblems))]
async fn create_rule(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<RuleForm>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let once = once.bind(caller.principal.owner(), &body.digest);
    let form = body.value.check()?;
    State::write_once(&state, once, move |conn| {
        Box::pin(async move {
            let rule = query::create(conn, form, now).await?;
            record(conn, &caller.principal, now, "rule.create", &rule).await?;
            let place = format!("/api/v1/admin/rules/{}", rule.id);
            Ok(StoredResponse::created(&rule, &place)?.with_version(rule.version))
        })
    })
    .await
}

/// Get a rule
///
/// `ETag` is for `If-Match` when it is changed.
#[utoipa::path(get, path = "/rules/{id}", tag = "rules", security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminReadProblems))]
async fn get_rule(
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
/// It holds for what is posted from then on; comments that stand already stay.
#[utoipa::path(put, path = "/rules/{id}", tag = "rules", request_body = RuleForm, security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminWriteProblems))]
async fn replace_rule(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
    body: Body<RuleForm>,
) -> Result<StoredResponse> {
    put(&state, caller.principal, id.0, known, move |_| Ok(body.value)).await
}

/// Change a rule
///
/// A JSON merge patch (RFC 7396) of what PUT takes.
#[utoipa::path(patch, path = "/rules/{id}", tag = "rules", security(("key" = ["comments:moderate"])),
    request_body(content = RuleForm, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The rule", body = Rule, example = json!(Rule::sample())), AdminWriteProblems))]
async fn change_rule(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let apply =
        move |form: RuleForm| patch.apply(serde_json::to_value(form).map_err(Error::internal)?);
    put(&state, caller.principal, id.0, known, apply).await
}

/// Replaces a rule with what `change` makes of it.
async fn put(
    state: &Data<State>,
    who: Principal,
    id: i64,
    known: IfMatch,
    change: impl FnOnce(RuleForm) -> Result<RuleForm> + Send + 'static,
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

/// Remove a rule
///
/// Comments that it held or marked stay as they are.
#[utoipa::path(delete, path = "/rules/{id}", tag = "rules", security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 204, description = "It is gone"), AdminWriteProblems))]
async fn delete_rule(
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

/// A comment to try the rules on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SampleComment {
    /// Its text, in Markdown.
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
    /// The network address that it comes from.
    #[serde(default)]
    #[schema(max_length = 50, value_type = Option<String>, example = "192.0.2.7")]
    address: Option<IpAddr>,
    /// What stands in the form's hidden field.
    #[serde(default)]
    #[schema(max_length = 1000)]
    honeypot: Option<String>,
    /// How long the form was open, in seconds.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1_000_000, example = 30.0)]
    form_seconds: Option<f64>,
    /// The reader has an approved comment.
    #[serde(default)]
    #[schema(default = false)]
    known: bool,
}

/// What the rules would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct TestResult {
    /// `approved`, `pending`, `spam`, or null when it would be refused.
    #[schema(max_length = 20, example = "pending")]
    status: Option<&'static str>,
    /// As it would stand in `held_because`.
    #[schema(max_items = 300, value_type = Vec<ShortText>, example = json!(["max_links", "first_comment"]))]
    held_because: Vec<String>,
    /// Each rule that applies, and what it found.
    #[schema(max_items = 200)]
    fired: Vec<Fired>,
}

impl TestResult {
    /// A result with every field filled.
    fn sample() -> Self {
        let Rule { id, name, kind, action, .. } = Rule::sample();
        let because = "says `cheap pills`".to_owned();
        let fired = Fired { id, name, kind, action, because };
        let held_because = vec!["words".to_owned()];
        Self { status: Some("pending"), held_because, fired: vec![fired] }
    }
}

/// Try the rules on a sample
///
/// Says what the rules and the policy would do with a comment, and why. Nothing is stored.
#[utoipa::path(post, path = "/rules/test", tag = "rules", request_body = SampleComment, security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "What would be done", body = TestResult, example = json!(TestResult::sample())), AdminWriteProblems))]
async fn test_rules(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    body: Body<SampleComment>,
) -> Result<StoredResponse> {
    let given = body.value;
    let now = state.clock().now();
    let html = render(&given.text, Markup::Markdown, Voice::Reader);
    let content = Content::of(&given.text, &html);
    let before = content.hash.clone();
    let (rules, posted_before_at) = state
        .read(async |conn| {
            let before = crate::comments::posting::same_text(conn, before.as_deref(), None).await?;
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
    let verdict = Precondition::of(state.config().comment_policy, given.known, fired.clone());
    let Precondition { status, held_because, .. } = verdict;
    StoredResponse::ok(&TestResult { status, held_because, fired })
}
