//! The editors' side of articles: written, changed, thrown away and brought back.

mod links;
mod paste;
mod revisions;

pub use links::LinkDocs;
pub use paste::ParseDocs;
pub use revisions::RevisionDocs;

use crate::articles::filter::{AdminSort, ArticleQuery, included};
use crate::articles::model::Status;
use crate::auth::{Allowed, scope};
use crate::editor::input::ArticleInput;
use crate::editor::model::{AdminArticle, AdminSummary};
use crate::editor::paste as pasted;
use crate::editor::paste::Pasted;
use crate::editor::prepare::Editor;
use crate::editor::query;
use crate::editor::query::statuses;
use crate::editor::update;
use crate::error::Result;
use crate::extract::{Body, JsonOrText, MergePatch, QueryTriple};
use crate::extract::{EmptyQuery, FieldsQuery, Id, Query};
use crate::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::openapi::{AdminReadProblems, AdminWriteProblems, ArticleProblems};
use crate::page::{Page, PageQuery};
use crate::response::{
    IfMatch, JsonResponse, OptionalVersionHeader, StoredResponse, VersionHeader, with_version_tag,
};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, OpenApi};

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    paste::configure(cfg);
    links::configure(cfg);
    revisions::configure(cfg);
    cfg.service(resource("/articles").get(admin_list_articles).post(create_article))
        .service(
            resource("/articles/{id}")
                .get(admin_get_article)
                .put(put_article)
                .patch(patch_article)
                .delete(delete_article),
        )
        .service(resource("/articles/{id}/restore").post(restore_article));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    admin_list_articles,
    create_article,
    admin_get_article,
    put_article,
    patch_article,
    delete_article,
    restore_article
))]
pub struct AdminDocs;

/// What an editor's list of articles takes beyond the public filters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeskQuery {
    /// Articles that stand here: `draft`, `scheduled`, `published`, `archived` or `trashed`; a
    /// comma is "or". All of them, if left out.
    #[param(
        max_length = 100,
        pattern = "^((draft|scheduled|published|archived|trashed)(,(draft|scheduled|published|archived|trashed))*)?$",
        example = "draft,scheduled"
    )]
    status: Option<String>,
    /// The order: latest first unless said otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    sort: AdminSort,
}

/// Whether an address may stand twice in one article.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DuplicateQuery {
    /// `true`: the same address may stand twice in this article; otherwise that is 409.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub(super) allow_duplicates: bool,
}

/// How an article is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PurgeQuery {
    /// `true`: for good, with its comments and versions; its address answers 410 from then on.
    #[serde(default)]
    #[param(required = false, default = false)]
    purge: bool,
}

/// An answer of what an article is now, with the tag of its version.
pub(super) fn told(article: &AdminArticle) -> Result<StoredResponse> {
    Ok(StoredResponse::ok(article)?.with_version(article.desk.version))
}

/// List the articles in any status
///
/// By date, those that have none by when they were stored.
#[utoipa::path(get, path = "/articles", tag = "articles", params(ArticleQuery, DeskQuery, PageQuery),
    security(("key" = ["articles:read"])),
    responses((status = 200, description = "A page of articles", body = Page<AdminSummary>, example = json!(Page::sample(AdminSummary::sample()))), AdminReadProblems))]
async fn admin_list_articles(
    _caller: Allowed<scope::ArticlesRead>,
    state: Data<State>,
    QueryTriple(query, desk, page): QueryTriple<ArticleQuery, DeskQuery, PageQuery>,
) -> Result<JsonResponse> {
    let all_links = included(query.include.as_deref(), &["links"])?.contains(&"links".to_owned());
    let status = statuses(desk.status.as_deref())?;
    let found = state
        .read(async |conn| {
            let filter = query.filter(conn).await?;
            let scan = page.scan(&("admin articles", desk.sort, &filter, &status))?;
            let which = (&filter, status.as_deref());
            query::page(conn, which, desk.sort, &scan, all_links).await
        })
        .await?;
    JsonResponse::page(found, query.fields.as_deref(), AdminSummary::sample)
}

/// Write an article with its links, credits and tags
///
/// As `text/plain` or `text/markdown` a roundup is taken as it is pasted and becomes a draft.
#[utoipa::path(post, path = "/articles", tag = "articles", params(DuplicateQuery, IdempotencyKeyHeader),
    security(("key" = ["articles:write"])),
    request_body(content((ArticleInput = "application/json"), (Pasted = "text/plain"), (Pasted = "text/markdown"), (Pasted = "text/html"))),
    responses((status = 201, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn create_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    once: IdempotencyKey,
    Query(query): Query<DuplicateQuery>,
    body: JsonOrText<ArticleInput>,
) -> Result<StoredResponse> {
    let editor =
        Editor::of(&caller.principal, state.clock().now()).allowing(query.allow_duplicates);
    let principal = format!("key:{}", caller.principal.key);
    let attempt = match &body {
        JsonOrText::Json(body) => once.bind(principal, &body.digest),
        JsonOrText::Text(body) => once.bind(principal, &body.digest),
    };
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let made = match body {
                JsonOrText::Json(body) => update::create(conn, &editor, body.value).await?,
                JsonOrText::Text(body) => pasted::store(conn, &editor, &body).await?,
            };
            let answer = StoredResponse::created(&made, &made.location())?;
            Ok(answer.with_version(made.desk.version))
        })
    })
    .await
}

/// Get an article in any status, with the tag of its version
///
/// `ETag` is for `If-Match` when it is changed.
#[utoipa::path(get, path = "/articles/{id}", tag = "articles", security(("key" = ["articles:read"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), FieldsQuery),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), ArticleProblems, AdminReadProblems))]
async fn admin_get_article(
    _caller: Allowed<scope::ArticlesRead>,
    req: HttpRequest,
    state: Data<State>,
    id: Id,
    Query(query): Query<FieldsQuery>,
) -> Result<HttpResponse> {
    let found = state.read(async |conn| query::find(conn, id.0).await).await?;
    let reply = JsonResponse::resource(&found, query.fields.as_deref(), AdminArticle::sample)?;
    Ok(with_version_tag(reply, &req, found.desk.version))
}

/// Write an article anew, whole
///
/// What is left out is emptied, but for `slug`, `status` and the time of publication, which stay.
/// Links keep their ids where they name them, or have the title and address that they had.
#[utoipa::path(put, path = "/articles/{id}", tag = "articles", request_body = ArticleInput, security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), DuplicateQuery, VersionHeader),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn put_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    Query(query): Query<DuplicateQuery>,
    body: Body<ArticleInput>,
) -> Result<StoredResponse> {
    let editor =
        Editor::of(&caller.principal, state.clock().now()).allowing(query.allow_duplicates);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id.0, &if_match).await?;
            let made =
                update::change(conn, &editor, &current, body.value, "article.update").await?;
            told(&made)
        })
    })
    .await
}

/// Change some fields of an article
///
/// A JSON merge patch (RFC 7396) on what PUT takes: what is left out stays, `null` empties, arrays
/// are replaced whole.
#[utoipa::path(patch, path = "/articles/{id}", tag = "articles", security(("key" = ["articles:write"])),
    request_body(content = ArticleInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), DuplicateQuery, VersionHeader),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn patch_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    Query(query): Query<DuplicateQuery>,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let editor =
        Editor::of(&caller.principal, state.clock().now()).allowing(query.allow_duplicates);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id.0, &if_match).await?;
            let input = patched(patch, &current)?;
            let made = update::change(conn, &editor, &current, input, "article.update").await?;
            told(&made)
        })
    })
    .await
}

fn patched(patch: MergePatch, current: &AdminArticle) -> Result<ArticleInput> {
    let mut before = json!(ArticleInput::of(current));
    let publish = patch.0.get("status").and_then(Value::as_str) == Some("published");
    let now = publish && patch.0.get("published_at").is_none();
    // Who publishes what was to come later, and names no time, means now.
    if let Some(before) = before.as_object_mut()
        && now
        && current.desk.status == Status::Scheduled
    {
        before.remove("published_at");
    }
    patch.apply(before)
}

/// Throw an article away, or delete it for good
///
/// It goes to the trash, from which it can be restored. With `purge=true` nothing is left of it but
/// its address, which answers 410.
#[utoipa::path(delete, path = "/articles/{id}", tag = "articles", security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), PurgeQuery, VersionHeader),
    responses((status = 200, description = "The article, in the trash", body = AdminArticle, example = json!(AdminArticle::sample())),
        (status = 204, description = "It is gone for good"), AdminWriteProblems))]
async fn delete_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    Query(query): Query<PurgeQuery>,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, state.clock().now());
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::locked(conn, id.0, &if_match).await?;
            if query.purge {
                update::purge(conn, &editor, &current).await?;
                return Ok(StoredResponse::no_content());
            }
            told(&update::trash(conn, &editor, current).await?)
        })
    })
    .await
}

/// Take an article out of the trash
///
/// It stands again where it stood.
#[utoipa::path(post, path = "/articles/{id}/restore", tag = "articles", security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), OptionalVersionHeader),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn restore_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: Option<IfMatch>,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, state.clock().now());
    State::write(&state, move |conn| {
        Box::pin(async move {
            let if_match = if_match.unwrap_or_else(IfMatch::any);
            let current = update::locked(conn, id.0, &if_match).await?;
            told(&update::restore(conn, &editor, current).await?)
        })
    })
    .await
}
