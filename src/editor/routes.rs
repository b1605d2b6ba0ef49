//! The editors' routes for articles.

mod batch;
mod links;
mod paste;
mod revisions;

pub use batch::BatchDocs;
pub use links::LinkDocs;
pub use paste::ParseDocs;
pub use revisions::RevisionDocs;

use crate::articles::ArticleView;
use crate::articles::filter::{AdminSort, ArticleQuery, included};
use crate::articles::model::ArticleStatus;
use crate::auth::{Allowed, scope};
use crate::editor::input::ArticleInput;
use crate::editor::model::{AdminArticle, AdminArticleSummary, WrittenArticle};
use crate::editor::paste as pasted;
use crate::editor::paste::{PasteQuery, PastedText};
use crate::editor::prepare::Editor;
use crate::editor::query;
use crate::editor::query::statuses;
use crate::editor::update;
use crate::error::Result;
use crate::extract::{EmptyQuery, FieldsQuery, Id, Query};
use crate::extract::{JsonOrText, MergePatch, QueryPair, QueryTriple};
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
    batch::configure(cfg);
    paste::configure(cfg);
    links::configure(cfg);
    revisions::configure(cfg);
    cfg.service(resource("/articles").get(admin_list_articles).post(admin_create_article))
        .service(
            resource("/articles/{id}")
                .get(admin_get_article)
                .put(admin_replace_article)
                .patch(admin_update_article)
                .delete(admin_delete_article),
        )
        .service(resource("/articles/{id}/restore").post(admin_restore_article));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    admin_list_articles,
    admin_create_article,
    admin_get_article,
    admin_replace_article,
    admin_update_article,
    admin_delete_article,
    admin_restore_article
))]
pub struct AdminDocs;

/// The query parameters of the editors' list beyond the public filters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AdminArticleQuery {
    /// Only articles in one of these statuses, comma-separated: `draft`, `scheduled`, `published`,
    /// `archived`, `trashed`. All if left out.
    #[param(
        max_length = 100,
        pattern = "^((draft|scheduled|published|archived|trashed)(,(draft|scheduled|published|archived|trashed))*)?$",
        example = "draft,scheduled"
    )]
    status: Option<String>,
    /// The sort order; newest first by default.
    #[serde(default)]
    #[param(inline, required = false)]
    sort: AdminSort,
}

/// Whether an article may cite a URL twice.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DuplicateQuery {
    /// `true`: the article may cite a URL twice; otherwise that is 409.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub(super) allow_duplicates: bool,
}

/// Whether to delete an article permanently.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PurgeQuery {
    /// `true`: permanently, with its comments and revisions; its URL then returns 410.
    #[serde(default)]
    #[param(required = false, default = false)]
    purge: bool,
}

/// Returns the response with an article and the entity tag of its version.
pub(super) fn article_response(
    view: &ArticleView,
    mut article: AdminArticle,
) -> Result<StoredResponse> {
    view.set_urls(&mut article.article.summary);
    Ok(StoredResponse::ok(&article)?.with_version(article.editor_fields.version))
}

/// List the articles in any status
///
/// By publication date; articles without one by the time they were stored.
#[utoipa::path(get, path = "/articles", tag = "articles", params(ArticleQuery, AdminArticleQuery, PageQuery),
    security(("key" = ["articles:read"])),
    responses((status = 200, description = "A page of articles", body = Page<AdminArticleSummary>, example = json!(Page::sample(AdminArticleSummary::sample()))), AdminReadProblems))]
async fn admin_list_articles(
    _caller: Allowed<scope::ArticlesRead>,
    state: Data<State>,
    QueryTriple(query, admin_query, page): QueryTriple<ArticleQuery, AdminArticleQuery, PageQuery>,
) -> Result<JsonResponse> {
    let all_links = included(query.include.as_deref(), &["links"])?.contains(&"links".to_owned());
    let status = statuses(admin_query.status.as_deref())?;
    let mut found = state
        .read(async |conn| {
            let filter = query.filter(conn, state.config().lang.as_deref()).await?;
            let scan = page.scan(&("admin articles", admin_query.sort, &filter, &status))?;
            let which = (&filter, status.as_deref());
            query::page(conn, which, admin_query.sort, &scan, all_links).await
        })
        .await?;
    let view = ArticleView::of(&state);
    found.items.iter_mut().for_each(|one| view.set_urls(&mut one.summary));
    JsonResponse::page(found, query.fields.as_deref(), AdminArticleSummary::sample)
}

/// Create an article with its links, credits and tags
///
/// A body of `text/plain`, `text/markdown` or `text/html` is read as a pasted roundup and becomes a draft;
/// `report` says what was read from which line, and how certain that is.
#[utoipa::path(post, path = "/articles", tag = "articles", params(DuplicateQuery, PasteQuery, IdempotencyKeyHeader),
    security(("key" = ["articles:write"])),
    request_body(content((ArticleInput = "application/json"), (PastedText = "text/plain"), (PastedText = "text/markdown"), (PastedText = "text/html"))),
    responses((status = 201, description = "The article", body = WrittenArticle, example = json!(WrittenArticle::sample())), AdminWriteProblems))]
async fn admin_create_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    once: IdempotencyKey,
    QueryPair(query, paste): QueryPair<DuplicateQuery, PasteQuery>,
    body: JsonOrText<ArticleInput>,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, &state).allowing(query.allow_duplicates);
    let principal = format!("key:{}", caller.principal.key);
    let attempt = match &body {
        JsonOrText::Json(body) => once.bind(principal, &body.digest),
        JsonOrText::Text(body) => once.bind(principal, &body.digest),
    };
    let view = ArticleView::of(&state);
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let mut written = match body {
                JsonOrText::Json(body) => {
                    paste.check_json()?;
                    WrittenArticle::of(update::create(conn, &editor, body.value).await?)
                }
                JsonOrText::Text(body) => {
                    let parsed = pasted::read_article(conn, &body, &paste).await?;
                    pasted::store(conn, &editor.reading_text(), parsed).await?
                }
            };
            view.set_urls(&mut written.article.article.summary);
            let response = StoredResponse::created(&written, &written.article.location())?;
            Ok(response.with_version(written.article.editor_fields.version))
        })
    })
    .await
}

/// Get an article in any status
///
/// The `ETag` is for `If-Match` in an update.
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
    let mut found = state.read(async |conn| query::find(conn, id.0).await).await?;
    ArticleView::of(&state).set_urls(&mut found.article.summary);
    let reply = JsonResponse::resource(&found, query.fields.as_deref(), AdminArticle::sample)?;
    Ok(with_version_tag(reply, &req, found.editor_fields.version))
}

/// Replace an article
///
/// Fields left out are emptied, except `slug`, `status` and `published_at`, which stay.
/// Links keep their ids if they name them, or if title and URL are unchanged.
///
/// A pasted text replaces what a text can say: headline, dek, quote, commentary and links. A link with the URL or
/// the title of a stored one keeps its id, its URL if the text has none, and the credits that were written by hand.
#[utoipa::path(put, path = "/articles/{id}", tag = "articles", security(("key" = ["articles:write"])),
    request_body(content((ArticleInput = "application/json"), (PastedText = "text/plain"), (PastedText = "text/markdown"), (PastedText = "text/html"))),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), DuplicateQuery, PasteQuery, VersionHeader),
    responses((status = 200, description = "The article", body = WrittenArticle, example = json!(WrittenArticle::sample())), AdminWriteProblems))]
async fn admin_replace_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    QueryPair(query, paste): QueryPair<DuplicateQuery, PasteQuery>,
    body: JsonOrText<ArticleInput>,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, &state).allowing(query.allow_duplicates);
    let view = ArticleView::of(&state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id.0, &if_match).await?;
            let mut written = match body {
                JsonOrText::Json(body) => {
                    paste.check_json()?;
                    let action = "article.update";
                    let made = update::change(conn, &editor, &current, body.value, action).await?;
                    WrittenArticle::of(made)
                }
                JsonOrText::Text(body) => {
                    let parsed = pasted::read_article(conn, &body, &paste).await?;
                    pasted::replace(conn, &editor.reading_text(), &current, parsed).await?
                }
            };
            view.set_urls(&mut written.article.article.summary);
            let version = written.article.editor_fields.version;
            Ok(StoredResponse::ok(&written)?.with_version(version))
        })
    })
    .await
}

/// Update fields of an article
///
/// A JSON merge patch (RFC 7396) of the body of PUT: fields left out stay, `null` empties a field, arrays
/// are replaced.
#[utoipa::path(patch, path = "/articles/{id}", tag = "articles", security(("key" = ["articles:write"])),
    request_body(content = ArticleInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), DuplicateQuery, VersionHeader),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn admin_update_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    Query(query): Query<DuplicateQuery>,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, &state).allowing(query.allow_duplicates);
    let view = ArticleView::of(&state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id.0, &if_match).await?;
            let input = patched(patch, &current)?;
            let made = update::change(conn, &editor, &current, input, "article.update").await?;
            article_response(&view, made)
        })
    })
    .await
}

/// Applies a merge patch to an article.
fn patched(patch: MergePatch, current: &AdminArticle) -> Result<ArticleInput> {
    let mut before = json!(ArticleInput::of(current));
    let publish = patch.0.get("status").and_then(Value::as_str) == Some("published");
    let now = publish && patch.0.get("published_at").is_none();
    // Publishing a scheduled article without naming a time publishes it now.
    if let Some(before) = before.as_object_mut()
        && now
        && current.editor_fields.status == ArticleStatus::Scheduled
    {
        before.remove("published_at");
    }
    patch.apply(before)
}

/// Move an article to the trash, or delete it permanently
///
/// From the trash it can be restored. With `purge=true` it is deleted permanently, and its URL
/// returns 410.
#[utoipa::path(delete, path = "/articles/{id}", tag = "articles", security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), PurgeQuery, VersionHeader),
    responses((status = 200, description = "The article, in the trash", body = AdminArticle, example = json!(AdminArticle::sample())),
        (status = 204, description = "The article is deleted permanently"), AdminWriteProblems))]
async fn admin_delete_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    Query(query): Query<PurgeQuery>,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, &state);
    let view = ArticleView::of(&state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::locked(conn, id.0, &if_match).await?;
            if query.purge {
                update::purge(conn, &editor, &current).await?;
                return Ok(StoredResponse::no_content());
            }
            article_response(&view, update::trash(conn, &editor, current).await?)
        })
    })
    .await
}

/// Restore an article from the trash
///
/// Restores the article to the status it had before it was deleted.
#[utoipa::path(post, path = "/articles/{id}/restore", tag = "articles", security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), OptionalVersionHeader),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn admin_restore_article(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: Option<IfMatch>,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, &state);
    let view = ArticleView::of(&state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let if_match = if_match.unwrap_or_else(IfMatch::any);
            let current = update::locked(conn, id.0, &if_match).await?;
            article_response(&view, update::restore(conn, &editor, current).await?)
        })
    })
    .await
}
