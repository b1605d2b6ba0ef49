//! The route of search.

use crate::articles::ArticleView;
use crate::error::{Problem, Result};
use crate::extract::QueryPair;
use crate::openapi::Problems;
use crate::page::{Page, PageQuery};
use crate::public::search::model::{SearchHit, SearchQuery};
use crate::public::search::query;
use crate::response::JsonResponse;
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/search").get(search));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(search))]
pub struct Docs;

/// Search articles, links and comments
///
/// Best match first. Each text is analysed in the language of its article; accents are ignored. Stop
/// words (`the`) and excluded words alone match nothing.
#[utoipa::path(get, path = "/search", tag = "search", params(SearchQuery, PageQuery),
    responses((status = 200, description = "A page of results", body = Page<SearchHit>, example = json!(Page::sample(SearchHit::example()))),
        (status = 422, description = "`q` is too long", body = Problem, content_type = "application/problem+json"), Problems))]
async fn search(
    state: Data<State>,
    QueryPair(query, page): QueryPair<SearchQuery, PageQuery>,
) -> Result<JsonResponse> {
    let mut found = state
        .read(async |conn| {
            let wanted = query.search_filter(conn, state.config().lang.as_deref()).await?;
            let scan = page.scan(&("search", &wanted))?;
            query::page(conn, &wanted, &scan).await
        })
        .await?;
    let view = ArticleView::of(&state);
    let articles = found.items.iter_mut().filter_map(|hit| hit.article.as_mut());
    articles.for_each(|article| view.apply(article));
    JsonResponse::page(found, query.fields.as_deref(), SearchHit::sample)
}
