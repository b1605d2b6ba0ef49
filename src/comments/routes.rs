//! The public routes of comments.

use super::model::{CommentWithArticle, CommentWithContext, ThreadComment, ThreadQuery, View};
use super::posting::{
    self, EditToken, OptionalEditTokenHeader, create_comment, delete_comment, update_comment,
};
use super::query::{self, Thread};
use super::reports::{self, create_comment_report};
use super::tree::nest;
use crate::articles;
use crate::error::{Error, Result};
use crate::extract::{FieldsQuery, Id, Lookup, Query, QueryPair, Ref};
use crate::openapi::{ArticleProblems, Problems, TokenReadProblems};
use crate::page::{DEFAULT_LIMIT, Page, PageQuery};
use crate::response::{JsonResponse, moved_permanently};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/comments").get(list_comments))
        .service(
            resource("/comments/{id}")
                .get(get_comment)
                .patch(update_comment)
                .delete(delete_comment),
        )
        .service(resource("/comments/{id}/reports").post(create_comment_report))
        .service(
            resource("/articles/{ref}/comments").get(list_article_comments).post(create_comment),
        );
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        list_comments,
        get_comment,
        list_article_comments,
        posting::routes::create_comment,
        posting::routes::update_comment,
        posting::routes::delete_comment,
        reports::create_comment_report
    ),
    components(schemas(posting::OwnCommentInput))
)]
pub struct Docs;

/// List the newest comments of all articles
///
/// The latest first, each with the article it answers.
#[utoipa::path(get, path = "/comments", tag = "comments", params(FieldsQuery, PageQuery),
    responses((status = 200, description = "A page of comments", body = Page<CommentWithArticle>, example = json!(Page::sample(CommentWithArticle::sample()))), Problems))]
async fn list_comments(
    state: Data<State>,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&"comments")?;
    let found = state.read(async |conn| query::latest(conn, None, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), CommentWithArticle::sample)
}

/// Get a comment with its ancestors and replies
///
/// The page parameters page through its replies. With its edit token, the author also gets a comment that is
/// not published; that response is never cached.
#[utoipa::path(get, path = "/comments/{id}", tag = "comments",
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), OptionalEditTokenHeader, PageQuery),
    responses((status = 200, description = "The comment", body = CommentWithContext, example = json!(CommentWithContext::sample())), TokenReadProblems))]
async fn get_comment(
    state: Data<State>,
    id: Id,
    Query(page): Query<PageQuery>,
    token: Option<EditToken>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("comments below", id.0))?;
    let read = async |conn: &_| {
        if let Some(token) = &token {
            token.check(conn, id.0).await?;
        }
        query::find(conn, id.0, token.is_some(), &scan).await
    };
    let found = state.read(read).await?;
    Ok(JsonResponse::new(&found)?.depending_on_article(found.listed.article.id))
}

/// List the comments of an article
///
/// In reading order, with `depth`. `around` returns the page that a comment is on.
#[utoipa::path(get, path = "/articles/{ref}/comments", tag = "comments",
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1"), ThreadQuery, PageQuery),
    responses((status = 200, description = "A page of comments", body = Page<ThreadComment>, example = json!(Page::sample(ThreadComment::sample()))),
        (status = 301, description = "The article has another slug now"), ArticleProblems))]
async fn list_article_comments(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    QueryPair(query, page): QueryPair<ThreadQuery, PageQuery>,
) -> Result<HttpResponse> {
    let found = state
        .read(async |conn| {
            let article = match articles::resolve(conn, &which).await? {
                Lookup::Found(id) => id,
                other => return Ok(Err(other)),
            };
            let thread = Thread { article, sort: query.sort };
            let scan = thread.scan(&page, DEFAULT_LIMIT)?;
            let page = match query.around {
                Some(comment) => query::thread_around(conn, thread, comment, &scan).await?,
                None => query::thread(conn, thread, &scan).await?,
            };
            Ok(Ok((article, page)))
        })
        .await?;
    match found {
        Ok((article, Page { items, page })) => {
            let items = match query.view {
                View::Flat => items.into_iter().map(ThreadComment::flat).collect(),
                View::Tree => nest(items),
            };
            let page = Page { items, page };
            let reply = JsonResponse::page(page, query.fields.as_deref(), ThreadComment::sample)?;
            Ok(reply.depending_on_article(article).respond_to(&req))
        }
        Err(Lookup::Moved(slug)) => Ok(moved_permanently(&req, &slug)),
        Err(_) => Err(Error::purged()),
    }
}
