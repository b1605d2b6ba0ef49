//! The routes for single links of an article. Each change is an edit of the article: it needs the version
//! of the article, creates a new one, and leaves no gap between positions.

use crate::articles::ArticleView;
use crate::auth::{Allowed, scope};
use crate::editor::input::ArticleInput;
use crate::editor::link_urls::{self, UrlList};
use crate::editor::model::AdminArticle;
use crate::editor::prepare::Editor;
use crate::editor::query;
use crate::editor::routes::{DuplicateQuery, article_response};
use crate::editor::update;
use crate::error::{Code, Error, FieldError, Result};
use crate::extract::{Body, MergePatch, PlainText};
use crate::extract::{EmptyQuery, Id, Query};
use crate::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::links::{Link, LinkInput};
use crate::openapi::{AdminReadProblems, AdminWriteProblems, ArticleProblems};
use crate::outlets;
use crate::response::{IfMatch, JsonResponse, StoredResponse, VersionHeader, with_version_tag};
use crate::state::State;
use actix_web::web::{Data, Path, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use utoipa::{OpenApi, ToSchema};

/// Registers the routes.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/articles/{id}/links").post(admin_create_link))
        .service(resource("/articles/{id}/links/addresses").post(admin_fill_link_urls))
        .service(
            resource("/articles/{id}/links/{link_id}")
                .get(admin_get_link)
                .patch(admin_update_link)
                .delete(admin_delete_link),
        )
        .service(resource("/articles/{id}/links/{link_id}/move").post(admin_move_link));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    admin_create_link,
    admin_fill_link_urls,
    admin_get_link,
    admin_update_link,
    admin_delete_link,
    admin_move_link
))]
pub struct LinkDocs;

/// The position to move a link to.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkPosition {
    /// The new position from 0; larger than the last moves to the end.
    #[schema(minimum = 0, maximum = 500, example = 0)]
    position: usize,
}

/// Returns the position of the link with this id in the input.
fn position_of(input: &ArticleInput, id: i64) -> Result<usize> {
    let found = input.links.iter().position(|link| link.id == Some(id));
    found.ok_or_else(|| Error::not_found("link"))
}

fn link_at(article: &AdminArticle, at: usize) -> Result<&Link> {
    article.article.summary.links.get(at).ok_or_else(|| Error::not_found("link"))
}

fn link_response(article: &AdminArticle, at: usize) -> Result<StoredResponse> {
    Ok(StoredResponse::ok(link_at(article, at)?)?.with_version(article.editor_fields.version))
}

/// Converts JSON pointers into the article to pointers into the link that was sent.
fn own_pointers(error: Error, at: usize) -> Error {
    let prefix = format!("/links/{at}");
    error.with_pointers(|pointer| pointer.strip_prefix(&prefix).map(str::to_owned))
}

/// Create a link at the end of an article
///
/// `If-Match` is the `ETag` of the article: links are part of it.
#[utoipa::path(post, path = "/articles/{id}/links", tag = "articles", request_body = LinkInput, security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), DuplicateQuery, VersionHeader, IdempotencyKeyHeader),
    responses((status = 201, description = "The link; the `ETag` is the article's", body = Link, example = json!(Link::sample())), AdminWriteProblems))]
async fn admin_create_link(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    once: IdempotencyKey,
    Query(query): Query<DuplicateQuery>,
    body: Body<LinkInput>,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, &state).allowing(query.allow_duplicates);
    let attempt = once.bind(caller.principal.owner(), &body.digest);
    State::write_once(&state, attempt, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id.0, &if_match).await?;
            let mut input = ArticleInput::of(&current);
            let at = input.links.len();
            if at >= 500 {
                let error = FieldError::field("", "too_many", "an article has at most 500 links");
                return Err(Error::fields(Code::Invalid, vec![error]));
            }
            input.links.push(LinkInput { id: None, ..body.value });
            let made = update::change(conn, &editor, &current, input, "article.add_link").await;
            let made = made.map_err(|error| own_pointers(error, at))?;
            let link = link_at(&made, at)?;
            let location = format!("{}/links/{}", made.location(), link.id);
            Ok(StoredResponse::created(link, &location)?.with_version(made.editor_fields.version))
        })
    })
    .await
}

/// Fill in the URLs of an article's links
///
/// The body has one URL a line. The links without a URL get them in order; empty lines and lines that begin with
/// `#` are skipped. A link without a credit is credited to the outlet at the host.
#[utoipa::path(post, path = "/articles/{id}/links/addresses", tag = "articles", security(("key" = ["articles:write"])),
    request_body(content = UrlList, content_type = "text/plain"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), DuplicateQuery, VersionHeader),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn admin_fill_link_urls(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    id: Id,
    if_match: IfMatch,
    Query(query): Query<DuplicateQuery>,
    body: PlainText,
) -> Result<StoredResponse> {
    let editor = Editor::of(&caller.principal, &state).allowing(query.allow_duplicates);
    let view = ArticleView::of(&state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id.0, &if_match).await?;
            let mut input = ArticleInput::of(&current);
            link_urls::fill(&mut input.links, &body.text)?;
            let action = "article.fill_link_urls";
            let made = update::change(conn, &editor, &current, input, action).await?;
            article_response(&view, made)
        })
    })
    .await
}

/// Get a link of an article in any status
///
/// The `ETag` is that of the article, for `If-Match` in an update of the link.
#[utoipa::path(get, path = "/articles/{id}/links/{link_id}", tag = "articles", security(("key" = ["articles:read"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("link_id" = i64, Path, description = "Id of the link", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The link; the `ETag` is the article's", body = Link, example = json!(Link::sample())), ArticleProblems, AdminReadProblems))]
async fn admin_get_link(
    _caller: Allowed<scope::ArticlesRead>,
    req: HttpRequest,
    state: Data<State>,
    ids: Path<(i64, i64)>,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    let (id, link) = ids.into_inner();
    let found = state.read(async |conn| query::find(conn, id).await).await?;
    let at = position_of(&ArticleInput::of(&found), link)?;
    Ok(with_version_tag(
        JsonResponse::new(link_at(&found, at)?)?,
        &req,
        found.editor_fields.version,
    ))
}

/// Update a link of an article
///
/// A JSON merge patch (RFC 7396). A changed `credit` is parsed again, unless the patch has `credits`. `credits`
/// confirm the outlets that they name.
#[utoipa::path(patch, path = "/articles/{id}/links/{link_id}", tag = "articles", security(("key" = ["articles:write"])),
    request_body(content = LinkInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("link_id" = i64, Path, description = "Id of the link", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        DuplicateQuery, VersionHeader),
    responses((status = 200, description = "The link; the `ETag` is the article's", body = Link, example = json!(Link::sample())), AdminWriteProblems))]
async fn admin_update_link(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    ids: Path<(i64, i64)>,
    if_match: IfMatch,
    Query(query): Query<DuplicateQuery>,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let (id, link) = ids.into_inner();
    let editor = Editor::of(&caller.principal, &state).allowing(query.allow_duplicates);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id, &if_match).await?;
            let mut input = ArticleInput::of(&current);
            let at = position_of(&input, link)?;
            let is_credited = patch.0.get("credits").is_some();
            if let Some(current) = input.links.get_mut(at) {
                *current = patched(patch, current, link)?;
            }
            let made = update::change(conn, &editor, &current, input, "article.change_link").await;
            let made = made.map_err(|error| own_pointers(error, at))?;
            if is_credited {
                // Also if the credits are the same as before.
                outlets::confirm(conn, &outlets_of(link_at(&made, at)?)).await?;
            }
            link_response(&made, at)
        })
    })
    .await
}

fn outlets_of(link: &Link) -> Vec<i64> {
    link.credits.iter().filter_map(|credit| Some(credit.outlet.as_ref()?.id)).collect()
}

/// Applies a merge patch to a link.
fn patched(patch: MergePatch, current: &LinkInput, id: i64) -> Result<LinkInput> {
    let mut before = json!(current);
    let given = |name: &str| patch.0.get(name).is_some();
    let affects_credits = given("credit") || (given("url") && current.credit.is_none());
    if let Some(before) = before.as_object_mut() {
        if affects_credits && !given("credits") {
            before.remove("credits");
        }
        // An editor who changes these fields has checked the link.
        if given("title") || given("credit") || given("credits") {
            before.remove("uncertain");
        }
    }
    Ok(LinkInput { id: Some(id), ..patch.apply(before)? })
}

/// Move a link of an article to another position
///
/// The other links keep their order. Position 0 is the first.
#[utoipa::path(post, path = "/articles/{id}/links/{link_id}/move", tag = "articles", request_body = LinkPosition, security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("link_id" = i64, Path, description = "Id of the link", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The link; the `ETag` is the article's", body = Link, example = json!(Link::sample())), AdminWriteProblems))]
async fn admin_move_link(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    ids: Path<(i64, i64)>,
    if_match: IfMatch,
    _query: Query<EmptyQuery>,
    body: Body<LinkPosition>,
) -> Result<StoredResponse> {
    let (id, link) = ids.into_inner();
    let editor = Editor::of(&caller.principal, &state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id, &if_match).await?;
            let mut input = ArticleInput::of(&current);
            let at = position_of(&input, link)?;
            let moved = input.links.remove(at);
            let to = body.value.position;
            if to > input.links.len() {
                let message = format!("the last position is {}", input.links.len());
                let error = FieldError::field("/position", "out_of_range", message);
                return Err(Error::fields(Code::Invalid, vec![error]));
            }
            input.links.insert(to, moved);
            let made = update::change(conn, &editor, &current, input, "article.move_link").await?;
            link_response(&made, to)
        })
    })
    .await
}

/// Delete a link of an article
///
/// Later links move up. The previous version of the article stays among its revisions.
#[utoipa::path(delete, path = "/articles/{id}/links/{link_id}", tag = "articles", security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("link_id" = i64, Path, description = "Id of the link", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 204, description = "The link is deleted; the `ETag` is the article's"), AdminWriteProblems))]
async fn admin_delete_link(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    ids: Path<(i64, i64)>,
    if_match: IfMatch,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let (id, link) = ids.into_inner();
    let editor = Editor::of(&caller.principal, &state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id, &if_match).await?;
            let mut input = ArticleInput::of(&current);
            let at = position_of(&input, link)?;
            input.links.remove(at);
            let made =
                update::change(conn, &editor, &current, input, "article.remove_link").await?;
            Ok(StoredResponse::no_content().with_version(made.editor_fields.version))
        })
    })
    .await
}
