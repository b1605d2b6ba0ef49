//! The public routes of tags.

use super::model::{Tag, TagQuery};
use super::query;
use crate::error::{Error, Result};
use crate::extract::{FieldsQuery, Lookup, Query, QueryPair, Ref};
use crate::openapi::Problems;
use crate::page::{Page, PageQuery};
use crate::response::{JsonResponse, moved_permanently};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use utoipa::OpenApi;

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/tags").get(list_tags)).service(resource("/tags/{slug}").get(get_tag));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_tags, get_tag))]
pub struct Docs;

/// List the tags that published articles have
///
/// Each with its number of articles.
#[utoipa::path(get, path = "/tags", tag = "tags", params(TagQuery, PageQuery),
    responses((status = 200, description = "A page of tags", body = Page<Tag>, example = json!(Page::sample(Tag::sample()))), Problems))]
async fn list_tags(
    state: Data<State>,
    QueryPair(query, page): QueryPair<TagQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&("tags", query.sort))?;
    let found = state.read(async |conn| query::page(conn, query.sort, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Tag::sample)
}

/// Get a tag
///
/// A former slug redirects with 301.
#[utoipa::path(get, path = "/tags/{slug}", tag = "tags",
    params(("slug" = String, Path, description = "Slug or id", max_length = 200, example = "iraq"), FieldsQuery),
    responses((status = 200, description = "The tag", body = Tag, example = json!(Tag::sample())),
        (status = 301, description = "It has another slug now"), Problems))]
async fn get_tag(
    req: HttpRequest,
    state: Data<State>,
    which: Ref,
    Query(query): Query<FieldsQuery>,
) -> Result<HttpResponse> {
    match state.read(async |conn| query::find(conn, &which).await).await? {
        Some(Lookup::Found(tag)) => {
            Ok(JsonResponse::resource(&tag, query.fields.as_deref(), Tag::sample)?.respond_to(&req))
        }
        Some(Lookup::Moved(slug)) => Ok(moved_permanently(&req, &slug)),
        Some(Lookup::Gone) | None => Err(Error::not_found("tag")),
    }
}
