//! The route for changes of many articles at once.

use crate::auth::{Allowed, scope};
use crate::editor::batch::{ArticleBatchInput, ArticleBatchResult};
use crate::editor::prepare::Editor;
use crate::error::Result;
use crate::extract::{Body, EmptyQuery, Query};
use crate::openapi::AdminWriteProblems;
use crate::response::StoredResponse;
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::OpenApi;

/// Registers the routes.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/articles/batch").post(admin_tag_articles));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_tag_articles))]
pub struct BatchDocs;

/// Add and remove tags of up to 100 articles
///
/// Returns the outcome for each article; a failure does not affect the others. Each article is changed in a
/// transaction of its own and gets a revision, if its tags change. No `If-Match` is needed, because nothing
/// else of the article changes. A repeated request changes nothing.
#[utoipa::path(post, path = "/articles/batch", tag = "articles", request_body = ArticleBatchInput, security(("key" = ["articles:write"])),
    responses((status = 200, description = "The outcome for each article", body = ArticleBatchResult, example = json!(ArticleBatchResult::sample())), AdminWriteProblems))]
async fn admin_tag_articles(
    caller: Allowed<scope::ArticlesWrite>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    body: Body<ArticleBatchInput>,
) -> Result<StoredResponse> {
    let batch = Arc::new(body.value);
    batch.check()?;
    let editor = Editor::of(&caller.principal, &state).allowing(true);
    let (tags_of, by) = (Arc::clone(&batch), editor.clone());
    let added = State::write(&state, move |conn| {
        Box::pin(async move { tags_of.added_tags(conn, &by).await })
    })
    .await?;
    let (mut results, mut seen) = (Vec::new(), HashSet::new());
    for id in batch.ids.iter().copied().filter(|id| seen.insert(*id)) {
        let (batch, editor, added) = (Arc::clone(&batch), editor.clone(), added.clone());
        let outcome = State::write(&state, move |conn| {
            Box::pin(async move { batch.apply(conn, &editor, id, &added).await })
        })
        .await?;
        results.push(outcome);
    }
    StoredResponse::ok(&ArticleBatchResult { results })
}
