//! The route that reads a pasted roundup without storing it.

use crate::auth::{Allowed, scope};
use crate::editor::paste;
use crate::editor::paste::{HeadlineQuery, PasteResult, PastedText};
use crate::error::Result;
use crate::extract::Query;
use crate::extract::TextBody;
use crate::openapi::AdminWriteProblems;
use crate::response::JsonResponse;
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/articles/parse").post(admin_parse_article));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_parse_article))]
pub struct ParseDocs;

/// Read a pasted roundup
///
/// Returns the article that it would become, with the line and confidence of every credit. Stores nothing.
#[utoipa::path(post, path = "/articles/parse", tag = "articles", security(("key" = ["articles:write"])), params(HeadlineQuery),
    request_body(content((PastedText = "text/plain", example = "Bridge opens -- Harbour Gazette"),
        (PastedText = "text/markdown"), (PastedText = "text/html"))),
    responses((status = 200, description = "The article", body = PasteResult, example = json!(PasteResult::sample())), AdminWriteProblems))]
async fn admin_parse_article(
    _caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    Query(query): Query<HeadlineQuery>,
    body: TextBody,
) -> Result<JsonResponse> {
    let parsed =
        state.read(async |conn| paste::read(conn, &body, query.headline.as_deref()).await).await?;
    JsonResponse::new(&parsed)
}
