//! The routes of the archive and of old permalinks.

use crate::articles::{self, ArticleView};
use crate::error::{Code, Error, Result};
use crate::extract::{EmptyQuery, Query};
use crate::openapi::Problems;
use crate::public::archive::model::{Archive, ResolveQuery, Resolved};
use crate::public::archive::query;
use crate::response::JsonResponse;
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/archive").get(get_archive))
        .service(resource("/resolve").get(resolve_path));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(get_archive, resolve_path))]
pub struct Docs;

/// Count the articles of each year and month
///
/// Published articles, in the time zone of the site.
#[utoipa::path(get, path = "/archive", tag = "articles",
    responses((status = 200, description = "The years and their months", body = Archive, example = json!(Archive::sample())), Problems))]
async fn get_archive(state: Data<State>, _query: Query<EmptyQuery>) -> Result<JsonResponse> {
    let zone = state.config().time_zone;
    let months = state.read(async |conn| query::months(conn, zone).await).await?;
    JsonResponse::new(&Archive::of(months, state.permalinks(), zone))
}

/// Find the article of an old URL
///
/// By a permalink of the system it was imported from, or by a current or former slug.
#[utoipa::path(get, path = "/resolve", tag = "articles", params(ResolveQuery),
    responses((status = 200, description = "The article", body = Resolved, example = json!(Resolved::sample())), Problems))]
async fn resolve_path(
    state: Data<State>,
    Query(ResolveQuery { path }): Query<ResolveQuery>,
) -> Result<JsonResponse> {
    let missing = || {
        Error::parameter(
            "path",
            Code::BadParameter,
            "`path` is required: the path or URL to resolve",
        )
    };
    let path = path.filter(|path| !path.is_empty()).ok_or_else(missing)?;
    let found = state
        .read(async |conn| {
            let Some((id, matched)) = query::resolve(conn, &path).await? else { return Ok(None) };
            let article = articles::summaries(conn, &[id], false).await?.pop();
            Ok(article.map(|article| (article, matched)))
        })
        .await?;
    let (mut article, matched) = found.ok_or_else(|| Error::not_found("article"))?;
    ArticleView::of(&state).apply(&mut article);
    let links = state.permalinks();
    let url = links.article(article.id, &article.slug, article.published_at);
    JsonResponse::new(&Resolved { matched, url, article })
}
