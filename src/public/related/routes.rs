//! The routes of related and adjacent articles.

use crate::articles::{self, ArticleView};
use crate::error::{Code, Error, Result};
use crate::extract::{EmptyQuery, Lookup, Query, QueryPair, Ref};
use crate::openapi::ArticleProblems;
use crate::page::{DEFAULT_LIMIT, Page, PageQuery};
use crate::public::related::model::{AdjacentArticles, RelatedArticle, RelatedQuery};
use crate::public::related::query;
use crate::public::related::query::{DEFAULT_DAYS, RelatedRange};
use crate::response::{JsonResponse, moved_permanently};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/articles/{ref}/related").get(list_related_articles))
        .service(resource("/articles/{ref}/adjacent").get(get_adjacent_articles));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_related_articles, get_adjacent_articles))]
pub struct Docs;

/// List the articles related to an article
///
/// The nearest first, each with the reasons: sources, outlets, tags and words that both have. At most
/// 100, from the days around it.
#[utoipa::path(get, path = "/articles/{ref}/related", tag = "articles",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1"), RelatedQuery, PageQuery),
    responses((status = 200, description = "A page of articles", body = Page<RelatedArticle>, example = json!(Page::sample(RelatedArticle::example()))),
        (status = 301, description = "The article has another slug now"), ArticleProblems))]
async fn list_related_articles(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    QueryPair(query, page): QueryPair<RelatedQuery, PageQuery>,
) -> Result<HttpResponse> {
    let days = query.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=3650).contains(&days) {
        let message = format!("`days` must be 1 to 3650, not {days}");
        return Err(Error::parameter("days", Code::BadParameter, message));
    }
    let found = state
        .read(async |conn| {
            let article = match articles::resolve(conn, &which).await? {
                Lookup::Found(id) => id,
                other => return Ok(Err(other)),
            };
            let range = RelatedRange::to(article).within(days);
            query::related(conn, range, &range.scan(&page, DEFAULT_LIMIT)?).await.map(Ok)
        })
        .await?;
    match found {
        Ok(mut page) => {
            let view = ArticleView::of(&state);
            page.items.iter_mut().for_each(|related| view.apply(&mut related.article));
            let reply = JsonResponse::page(page, query.fields.as_deref(), RelatedArticle::sample)?;
            Ok(reply.respond_to(&req))
        }
        Err(other) => moved_or_gone(&req, &other),
    }
}

/// Get the articles before and after an article
///
/// By publication time.
#[utoipa::path(get, path = "/articles/{ref}/adjacent", tag = "articles",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1")),
    responses((status = 200, description = "The articles before and after it", body = AdjacentArticles, example = json!(AdjacentArticles::sample())),
        (status = 301, description = "The article has another slug now"), ArticleProblems))]
async fn get_adjacent_articles(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    let found = state
        .read(async |conn| match articles::resolve(conn, &which).await? {
            Lookup::Found(id) => query::adjacent(conn, id).await.map(Ok),
            other => Ok(Err(other)),
        })
        .await?;
    match found {
        Ok(adjacent) => Ok(JsonResponse::new(&adjacent)?.respond_to(&req)),
        Err(other) => moved_or_gone(&req, &other),
    }
}

/// Returns the response for an article that has another slug or was deleted permanently.
fn moved_or_gone(req: &HttpRequest, found: &Lookup<i64>) -> Result<HttpResponse> {
    match found {
        Lookup::Moved(slug) => Ok(moved_permanently(req, slug)),
        _ => Err(Error::purged()),
    }
}
