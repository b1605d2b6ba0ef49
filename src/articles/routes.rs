//! The public lists of articles and of their links.

use super::filter::{ArticleQuery, Filter, WordsQuery, included};
use super::model::ArticleSummary;
use super::query;
use super::view::ArticleView;
use crate::error::{Error, Problem, Result};
use crate::extract::{FieldsQuery, Lookup, Query, QueryPair, QueryTriple, Ref};
use crate::links::{self, Link};
use crate::openapi::{ArticleProblems, Problems};
use crate::outlets;
use crate::page::{Page, PageQuery};
use crate::response::{JsonResponse, moved_permanently};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/articles").get(list_articles))
        .service(resource("/articles/{ref}/links").get(list_article_links))
        .service(resource("/outlets/{ref}/articles").get(list_outlet_articles));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_articles, list_article_links, list_outlet_articles))]
pub struct Docs;

/// List the published articles
///
/// The front page: newest first, each article with its lead source.
#[utoipa::path(get, path = "/articles", tag = "articles", params(ArticleQuery, WordsQuery, PageQuery),
    responses((status = 200, description = "A page of articles", body = Page<ArticleSummary>, example = json!(Page::sample(ArticleSummary::sample()))),
        (status = 422, description = "`q` is too long", body = Problem, content_type = "application/problem+json"), Problems))]
async fn list_articles(
    state: Data<State>,
    QueryTriple(query, words, page): QueryTriple<ArticleQuery, WordsQuery, PageQuery>,
) -> Result<JsonResponse> {
    list(&state, (query, words), page, None).await
}

/// List the published articles that credit an outlet
///
/// Newest first.
#[utoipa::path(get, path = "/outlets/{ref}/articles", tag = "outlets",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "coast-radio"), PageQuery),
    responses((status = 200, description = "A page of articles", body = Page<ArticleSummary>, example = json!(Page::sample(ArticleSummary::sample()))), Problems))]
async fn list_outlet_articles(
    state: Data<State>,
    which: Ref,
    Query(page): Query<PageQuery>,
) -> Result<JsonResponse> {
    list(&state, Default::default(), page, Some(which)).await
}

async fn list(
    state: &State,
    (query, words): (ArticleQuery, WordsQuery),
    page: PageQuery,
    outlet: Option<Ref>,
) -> Result<JsonResponse> {
    let all_links = included(query.include.as_deref(), &["links"])?.contains(&"links".to_owned());
    let mut found = state
        .read(async |conn| {
            let filter = query.filter(conn, state.config().lang.as_deref()).await?;
            let mut filter = Filter { words: words.words()?, ..filter };
            if let Some(which) = &outlet {
                filter.outlets = Some(vec![outlets::id_of(conn, which).await?]);
            }
            let scan = page.scan(&("articles", words.sort, &filter))?;
            query::page(conn, &filter, words.sort, &scan, all_links).await
        })
        .await?;
    let view = ArticleView::of(state);
    found.items.iter_mut().for_each(|article| view.apply(article));
    JsonResponse::page(found, query.fields.as_deref(), ArticleSummary::sample)
}

/// List the sources of an article, in order
///
/// Each with the outlets and authors that it is credited to.
#[utoipa::path(get, path = "/articles/{ref}/links", tag = "articles",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1"), FieldsQuery, PageQuery),
    responses((status = 200, description = "A page of links", body = Page<Link>, example = json!(Page::sample(Link::sample()))),
        (status = 301, description = "The article has another slug now"), ArticleProblems))]
async fn list_article_links(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<HttpResponse> {
    let found = state
        .read(async |conn| {
            let article = match query::resolve(conn, &which).await? {
                Lookup::Found(id) => id,
                other => return Ok(Err(other)),
            };
            let scan = page.scan(&("links of", article))?;
            let mut links = links::of_articles(conn, &[article], false).await?;
            let links = links.remove(&article).unwrap_or_default();
            Ok(Ok((article, scan.page_of_all(links, |link| link.position))))
        })
        .await?;
    match found {
        Ok((article, page)) => {
            let reply = JsonResponse::page(page, query.fields.as_deref(), Link::sample)?;
            Ok(reply.depending_on_article(article).respond_to(&req))
        }
        Err(Lookup::Moved(slug)) => Ok(moved_permanently(&req, &slug)),
        Err(_) => Err(Error::purged()),
    }
}
