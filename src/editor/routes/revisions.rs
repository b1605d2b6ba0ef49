//! The routes for revisions of articles.

use crate::articles::ArticleView;
use crate::auth::{Allowed, scope};
use crate::editor::model::{AdminArticle, Revision, RevisionWithArticle};
use crate::editor::prepare::Editor;
use crate::editor::query;
use crate::editor::routes::article_response;
use crate::editor::update;
use crate::error::Result;
use crate::extract::{EmptyQuery, FieldsQuery, Id, Query, QueryPair};
use crate::openapi::{AdminReadProblems, AdminWriteProblems, ArticleProblems};
use crate::page::{Page, PageQuery};
use crate::response::{IfMatch, JsonResponse, StoredResponse, VersionHeader};
use crate::state::State;
use crate::timestamps::Timestamp as _;
use actix_web::web::{Data, Path, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/articles/{id}/revisions").get(admin_list_revisions))
        .service(resource("/articles/{id}/revisions/{n}").get(admin_get_revision))
        .service(resource("/articles/{id}/revisions/{n}/restore").post(admin_restore_revision));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_list_revisions, admin_get_revision, admin_restore_revision))]
pub struct RevisionDocs;

/// List the revisions of an article
///
/// Newest first. Every write to an article or its links makes one; `admin_get_revision` returns its content.
#[utoipa::path(get, path = "/articles/{id}/revisions", tag = "articles", security(("key" = ["articles:read"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), FieldsQuery, PageQuery),
    responses((status = 200, description = "A page of versions", body = Page<Revision>, example = json!(Page::sample(Revision::sample()))), ArticleProblems, AdminReadProblems))]
async fn admin_list_revisions(
    _caller: Allowed<scope::ArticlesRead>,
    state: Data<State>,
    id: Id,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("revisions", id.0))?;
    let found = state
        .read(async |conn| {
            query::find(conn, id.0).await?;
            query::versions(conn, id.0, &scan).await
        })
        .await?;
    JsonResponse::page(found, query.fields.as_deref(), Revision::sample)
}

/// Get a revision of an article
///
/// With its links; `admin_restore_revision` restores it.
#[utoipa::path(get, path = "/articles/{id}/revisions/{n}", tag = "articles", security(("key" = ["articles:read"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("n" = i32, Path, description = "Version", minimum = 1, maximum = 2_147_483_647)),
    responses((status = 200, description = "The version", body = RevisionWithArticle, example = json!(RevisionWithArticle::sample())), ArticleProblems, AdminReadProblems))]
async fn admin_get_revision(
    _caller: Allowed<scope::ArticlesRead>,
    state: Data<State>,
    path: Path<(i64, i32)>,
    _query: Query<EmptyQuery>,
) -> Result<JsonResponse> {
    let (id, version) = path.into_inner();
    let mut found = state.read(async |conn| query::version(conn, id, version).await).await?;
    // The input keeps its precision, so that storing it again changes nothing.
    found.article.published_at = found.article.published_at.whole_seconds();
    for correction in &mut found.article.corrections {
        correction.at = correction.at.whole_seconds();
    }
    JsonResponse::new(&found)
}

/// Restore a revision of an article
///
/// The content of the revision becomes a new version. Slug, status, publication time and corrections stay.
#[utoipa::path(post, path = "/articles/{id}/revisions/{n}/restore", tag = "articles", security(("key" = ["articles:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("n" = i32, Path, description = "Version", minimum = 1, maximum = 2_147_483_647), VersionHeader),
    responses((status = 200, description = "The article", body = AdminArticle, example = json!(AdminArticle::sample())), AdminWriteProblems))]
async fn admin_restore_revision(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    path: Path<(i64, i32)>,
    if_match: IfMatch,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let (id, version) = path.into_inner();
    // The revision may cite a URL twice, if that was allowed when it was written.
    let editor = Editor::of(&caller.principal, &state).allowing(true);
    let view = ArticleView::of(&state);
    State::write(&state, move |conn| {
        Box::pin(async move {
            let current = update::editable(conn, id, &if_match).await?;
            article_response(&view, update::revert(conn, &editor, &current, version).await?)
        })
    })
    .await
}
