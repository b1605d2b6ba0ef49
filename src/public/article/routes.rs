//! The routes of an article.

use super::batch_loader::BatchLoader;
use super::json_ld::json_ld;
use super::model::ArticlePage;
use super::query::{self, PageOptions};
use crate::articles::included;
use crate::error::{Error, Result};
use crate::extract::{EmptyQuery, Lookup, Query, Ref};
use crate::openapi::ArticleProblems;
use crate::page::{Page, PageQuery};
use crate::public::related;
use crate::response::{JsonResponse, moved_permanently};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use diesel_async::AsyncPgConnection;
use serde::Deserialize;
use std::rc::Rc;
use utoipa::{IntoParams, OpenApi};

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(BatchLoader::default()))
        .service(resource("/articles/{ref}").get(get_article))
        .service(resource("/articles/{ref}/jsonld").get(get_article_json_ld));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(get_article, get_article_json_ld))]
pub struct Docs;

/// The number of articles that `include=related` returns.
const INCLUDED_RELATED: i64 = 10;

/// The parameters of a single article.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OneArticle {
    /// `comments`: the first 50 comments; `related`: the 10 most related articles. So a
    /// page needs one request.
    #[param(
        max_length = 100,
        pattern = "^((comments|related)(,(comments|related))*)?$",
        example = "comments,related"
    )]
    include: Option<String>,
    /// Only these fields: `fields=headline,links.title`.
    #[param(max_length = 1000)]
    fields: Option<String>,
}

/// Get an article with its sources, credits and commentary
///
/// A former slug redirects with 301.
#[utoipa::path(get, path = "/articles/{ref}", tag = "articles",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1"), OneArticle),
    responses((status = 200, description = "The article", body = ArticlePage, example = json!(ArticlePage::sample())),
        (status = 301, description = "It has another slug now"), ArticleProblems))]
async fn get_article(
    req: HttpRequest,
    state: Data<State>,
    loader: Data<BatchLoader>,
    which: Ref,
    Query(query): Query<OneArticle>,
) -> Result<HttpResponse> {
    let include = included(query.include.as_deref(), &["comments", "related"])?;
    let wants = |part: &str| include.iter().any(|one| one == part);
    let found = if wants("related") {
        let options = PageOptions::of(&state, wants("comments"));
        let read = async |conn: &AsyncPgConnection| {
            let mut found = query::find(conn, &which, &options).await?;
            if let Lookup::Found(article) = &mut found {
                let id = article.article.summary.id;
                let mut related = first_related(conn, id).await?;
                related.items.iter_mut().for_each(|one| options.view.apply(&mut one.article));
                article.related = Some(related);
            }
            Ok(found)
        };
        state.read(read).await?.map(Rc::new)
    } else {
        loader.find(&state, &which, wants("comments")).await?
    };
    match found {
        Lookup::Found(article) => {
            let mut reply =
                JsonResponse::resource(&*article, query.fields.as_deref(), ArticlePage::sample)?;
            // Related articles make the response depend on other articles too.
            if !wants("related") {
                reply = reply.depending_on_article(article.article.summary.id);
            }
            Ok(reply.respond_to(&req))
        }
        Lookup::Moved(slug) => Ok(moved_permanently(&req, &slug)),
        Lookup::Gone => Err(Error::purged()),
    }
}

/// Get an article as JSON-LD
///
/// A `NewsArticle` of schema.org with its citations, for search engines. It can be embedded in a script
/// element as it is.
#[utoipa::path(get, path = "/articles/{ref}/jsonld", tag = "articles",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1")),
    responses((status = 200, description = "The article", content((Object = "application/ld+json"))),
        (status = 301, description = "It has another slug now"), ArticleProblems))]
async fn get_article_json_ld(
    req: HttpRequest,
    state: Data<State>,
    loader: Data<BatchLoader>,
    which: Ref,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    match loader.find(&state, &which, false).await? {
        Lookup::Found(article) => {
            let config = state.config();
            Ok(json_ld(&article.article, state.permalinks(), &config.site_name))
        }
        Lookup::Moved(slug) => Ok(moved_permanently(&req, &slug)),
        Lookup::Gone => Err(Error::purged()),
    }
}

async fn first_related(
    conn: &AsyncPgConnection,
    article: i64,
) -> Result<Page<related::RelatedArticle>> {
    let range = related::RelatedRange::to(article);
    related::related(conn, range, &range.scan(&PageQuery::default(), INCLUDED_RELATED)?).await
}
