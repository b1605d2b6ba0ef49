//! The public reads of articles.

use super::filter::{ArticleQuery, Filter, WordsQuery, included};
use super::model::{Article, ArticleSummary};
use super::query;
use super::together::Together;
use crate::app::State;
use crate::error::{Error, Problem, Result};
use crate::extract::{Both, Found, OneQuery, Query, Ref};
use crate::http::{Reply, moved};
use crate::links::{self, Link};
use crate::openapi::{ArticleProblems, Problems};
use crate::page::{Page, PageQuery};
use crate::permalink::Permalinks;
use crate::{outlets, pages, related};
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use diesel_async::AsyncPgConnection;
use serde::Deserialize;
use std::rc::Rc;
use utoipa::{IntoParams, OpenApi};

/// The addresses of this file.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(Together::default()))
        .service(resource("/articles").get(list_articles))
        .service(resource("/articles/{ref}").get(get_article))
        .service(resource("/articles/{ref}/links").get(list_article_links))
        .service(resource("/outlets/{ref}/articles").get(list_outlet_articles));
}

/// Their documentation.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_articles, get_article, list_article_links, list_outlet_articles))]
pub struct Docs;

/// How many articles `include=related` brings.
const INCLUDED_RELATED: i64 = 10;

/// The parameters of a single article.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OneArticle {
    /// `comments`: with the first 50 of its comments; `related`: with the 10 articles that have most
    /// in common with it. So that a page needs one request.
    #[param(
        max_length = 100,
        pattern = "^((comments|related)(,(comments|related))*)?$",
        example = "comments,related"
    )]
    include: Option<String>,
    /// `jsonld`: for search engines, as schema.org's `NewsArticle` with its citations.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Format,
    /// Only these fields: `fields=headline,links.title`.
    #[param(max_length = 1000)]
    fields: Option<String>,
}

/// How an article is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[schema(default = "json")]
#[serde(rename_all = "snake_case")]
enum Format {
    /// As all else here.
    #[default]
    Json,
    /// In the words of schema.org.
    Jsonld,
}

/// List the published articles
///
/// The front page: latest first, each with its lead source.
#[utoipa::path(get, path = "/articles", tag = "articles", params(ArticleQuery, WordsQuery, PageQuery),
    responses((status = 200, description = "A page of articles", body = Page<ArticleSummary>, example = json!(Page::sample(ArticleSummary::sample()))),
        (status = 422, description = "`q` is too long", body = Problem, content_type = "application/problem+json"), Problems))]
async fn list_articles(
    state: Data<State>,
    Query(Both(query, Both(words, page))): Query<Both<ArticleQuery, Both<WordsQuery, PageQuery>>>,
) -> Result<Reply> {
    list(&state, (query, words), page, None).await
}

/// List the published articles that credit an outlet
///
/// The latest first.
#[utoipa::path(get, path = "/outlets/{ref}/articles", tag = "outlets",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "reuters"), PageQuery),
    responses((status = 200, description = "A page of articles", body = Page<ArticleSummary>, example = json!(Page::sample(ArticleSummary::sample()))), Problems))]
async fn list_outlet_articles(
    state: Data<State>,
    which: Ref,
    Query(page): Query<PageQuery>,
) -> Result<Reply> {
    list(&state, Default::default(), page, Some(which)).await
}

async fn list(
    state: &State,
    (query, words): (ArticleQuery, WordsQuery),
    page: PageQuery,
    outlet: Option<Ref>,
) -> Result<Reply> {
    let all_links = included(query.include.as_deref(), &["links"])?.contains(&"links".to_owned());
    let found = state
        .read(async |conn| {
            let mut filter = Filter { words: words.words()?, ..query.filter(conn).await? };
            if let Some(which) = &outlet {
                filter.outlets = Some(vec![outlets::id_of(conn, which).await?]);
            }
            let scan = page.scan(&("articles", words.sort, &filter))?;
            query::page(conn, &filter, words.sort, &scan, all_links).await
        })
        .await?;
    Reply::page(found, query.fields.as_deref(), ArticleSummary::sample)
}

/// Get an article with its sources, credits and commentary
///
/// A former slug answers 301 with the address it has now.
#[utoipa::path(get, path = "/articles/{ref}", tag = "articles",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "42"), OneArticle),
    responses((status = 200, description = "The article", content((Article = "application/json", example = json!(Article::sample())), (Object = "application/ld+json"))),
        (status = 301, description = "It has another slug now"), ArticleProblems))]
async fn get_article(
    req: HttpRequest,
    state: Data<State>,
    together: Data<Together>,
    which: Ref,
    Query(query): Query<OneArticle>,
) -> Result<HttpResponse> {
    let include = included(query.include.as_deref(), &["comments", "related"])?;
    let wants = |part: &str| include.iter().any(|one| one == part);
    let found = if wants("related") {
        let read = async |conn: &AsyncPgConnection| {
            let mut found = query::find(conn, &which, wants("comments")).await?;
            if let Found::Here(article) = &mut found {
                article.related = Some(first_related(conn, article.summary.id).await?);
            }
            Ok(found)
        };
        state.read(read).await?.map(Rc::new)
    } else {
        together.find(&state, &which, wants("comments")).await?
    };
    match found {
        Found::Here(article) if query.format == Format::Jsonld => {
            // It is always whole; a field that no article has is a mistake all the same.
            if query.fields.is_some() {
                Reply::one(&*article, query.fields.as_deref(), Article::sample)?;
            }
            Ok(pages::jsonld(&article, &Permalinks::of(state.config()), &state.config().site_name))
        }
        Found::Here(article) => {
            let mut reply = Reply::one(&*article, query.fields.as_deref(), Article::sample)?;
            // What is related shows other articles.
            if !wants("related") {
                reply = reply.of_article(article.summary.id);
            }
            Ok(reply.respond_to(&req))
        }
        Found::Moved(slug) => Ok(moved(&req, &slug)),
        Found::Gone => Err(Error::purged()),
    }
}

async fn first_related(
    conn: &AsyncPgConnection,
    article: i64,
) -> Result<Page<related::RelatedArticle>> {
    let near = related::Near::to(article);
    related::related(conn, near, &near.scan(&PageQuery::default(), INCLUDED_RELATED)?).await
}

/// List the sources of an article, in order
///
/// Each with the outlets and writers it is credited to.
#[utoipa::path(get, path = "/articles/{ref}/links", tag = "articles",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "42"), OneQuery, PageQuery),
    responses((status = 200, description = "A page of links", body = Page<Link>, example = json!(Page::sample(Link::sample()))),
        (status = 301, description = "The article has another slug now"), ArticleProblems))]
async fn list_article_links(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    Query(Both(query, page)): Query<Both<OneQuery, PageQuery>>,
) -> Result<HttpResponse> {
    let found = state
        .read(async |conn| {
            let article = match query::resolve(conn, &which).await? {
                Found::Here(id) => id,
                elsewhere => return Ok(Err(elsewhere)),
            };
            let scan = page.scan(&("links of", article))?;
            let mut links = links::of_articles(conn, &[article], false).await?;
            let links = links.remove(&article).unwrap_or_default();
            Ok(Ok((article, scan.cut_all(links, |link| link.position))))
        })
        .await?;
    match found {
        Ok((article, page)) => {
            let reply = Reply::page(page, query.fields.as_deref(), Link::sample)?;
            Ok(reply.of_article(article).respond_to(&req))
        }
        Err(Found::Moved(slug)) => Ok(moved(&req, &slug)),
        Err(_) => Err(Error::purged()),
    }
}
