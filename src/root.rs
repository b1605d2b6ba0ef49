//! The index of the service at `/`, and what its problems mean.

use crate::error::{Code, Error, Problem, Result};
use crate::extract::{EmptyQuery, Query};
use crate::openapi::{Problems, ShortText};
use crate::response::{JsonResponse, prefers_html};
use crate::state::State;
use actix_web::http::header;
use actix_web::web::{Data, Path, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/").get(get_index))
        .service(resource("/api/v1").get(get_api_index))
        .service(resource("/problems").get(list_problems))
        .service(resource("/problems/{code}").get(get_problem));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(get_index, get_api_index, list_problems, get_problem),
    components(schemas(Problem))
)]
pub struct Docs;

/// The index of the service.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceIndex {
    /// `roundup`.
    #[schema(max_length = 50, example = "roundup")]
    name: &'static str,
    /// The version of the service.
    #[schema(max_length = 50, example = "0.1.0")]
    version: &'static str,
    /// The base path of the API.
    #[schema(max_length = 200, example = "/api/v1")]
    api: String,
    /// The paths of its lists.
    #[schema(max_items = 20, value_type = Vec<ShortText>)]
    lists: Vec<String>,
    /// The path of the OpenAPI document.
    #[schema(max_length = 200, example = "/openapi.json")]
    openapi: String,
    /// The path of the interactive documentation.
    #[schema(max_length = 200, example = "/docs/")]
    docs: String,
}

impl ServiceIndex {
    /// Returns the index of a service below this path.
    fn below(prefix: &str) -> Self {
        let path = |path: &str| format!("{prefix}{path}");
        Self {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            api: path("/api/v1"),
            lists: vec![
                path("/api/v1/articles"),
                path("/api/v1/links"),
                path("/api/v1/outlets"),
                path("/api/v1/tags"),
                path("/api/v1/comments"),
            ],
            openapi: path("/openapi.json"),
            docs: path("/docs/"),
        }
    }

    /// Returns the index as a page for a browser.
    fn html(&self) -> String {
        let item = |href: &String| format!("<li><a href=\"{href}\">{href}</a></li>");
        let lists: String = self.lists.iter().map(item).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{name}</title>\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <h1>{name} {version}</h1><p>A headless news-roundup backend: articles, source links, \
             outlets and comments as data.</p><ul>{lists}</ul>\
             <p><a href=\"{docs}\">Documentation</a>, <a href=\"{openapi}\">OpenAPI</a></p></html>\n",
            name = self.name,
            version = self.version,
            docs = self.docs,
            openapi = self.openapi,
        )
    }
}

/// The index as a page, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 100_000)]
struct IndexPage(#[expect(dead_code, reason = "only its schema is used")] String);

/// Get the index of the service
///
/// JSON, or a small HTML page for a browser.
#[utoipa::path(get, path = "/", tag = "service",
    responses((status = 200, description = "The index", content((ServiceIndex = "application/json", example = json!(ServiceIndex::below(""))), (IndexPage = "text/html"))), Problems))]
async fn get_index(
    req: HttpRequest,
    state: Data<State>,
    _query: Query<EmptyQuery>,
) -> Result<HttpResponse> {
    let index = ServiceIndex::below(&state.config().path_prefix());
    let mut response = if prefers_html(req.headers()) {
        HttpResponse::Ok().content_type("text/html; charset=utf-8").body(index.html())
    } else {
        JsonResponse::new(&index)?.respond_to(&req)
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, header::HeaderValue::from_static("Accept"));
    let description = "</openapi.json>; rel=\"service-desc\", </docs/>; rel=\"service-doc\"";
    headers.insert(header::LINK, header::HeaderValue::from_static(description));
    Ok(response)
}

/// Get the index of the API
///
/// The same as the index of the service, as JSON.
#[utoipa::path(get, path = "/api/v1", tag = "service",
    responses((status = 200, description = "The index", body = ServiceIndex, example = json!(ServiceIndex::below(""))), Problems))]
async fn get_api_index(state: Data<State>, _query: Query<EmptyQuery>) -> Result<JsonResponse> {
    JsonResponse::new(&ServiceIndex::below(&state.config().path_prefix()))
}

/// A kind of problem.
#[derive(Debug, Serialize, ToSchema)]
struct ProblemKind {
    /// Its code.
    code: Code,
    /// Its title.
    #[schema(max_length = 100, example = "Not found")]
    title: &'static str,
    /// Its HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// What it means and what to do about it.
    #[schema(max_length = 1000)]
    meaning: &'static str,
}

impl From<Code> for ProblemKind {
    fn from(code: Code) -> Self {
        let (title, meaning) = (code.title(), code.meaning());
        Self { code, title, status: code.status().as_u16(), meaning }
    }
}

/// All kinds of problems.
#[derive(Debug, Serialize, ToSchema)]
struct ProblemKinds {
    /// The kinds, one for each code.
    #[schema(max_items = 200)]
    items: Vec<ProblemKind>,
}

impl ProblemKinds {
    fn new() -> Self {
        Self { items: Code::ALL.iter().copied().map(ProblemKind::from).collect() }
    }
}

/// List the kinds of problems
///
/// Every `code` that a response can have, with its status and meaning.
#[utoipa::path(get, path = "/problems", tag = "service",
    responses((status = 200, description = "Every code", body = ProblemKinds, example = json!(ProblemKinds::new())), Problems))]
async fn list_problems(_query: Query<EmptyQuery>) -> Result<JsonResponse> {
    JsonResponse::new(&ProblemKinds::new())
}

/// Get what a problem means
///
/// The `type` of every problem is a URL of this operation.
#[utoipa::path(get, path = "/problems/{code}", tag = "service",
    params(("code" = String, Path, description = "The code", max_length = 60, example = "not_found")),
    responses((status = 200, description = "Its meaning", body = ProblemKind, example = json!(ProblemKind::from(Code::NotFound))), Problems))]
async fn get_problem(code: Path<String>, _query: Query<EmptyQuery>) -> Result<JsonResponse> {
    let found = Code::ALL.iter().copied().find(|known| known.as_str() == code.as_str());
    JsonResponse::new(&ProblemKind::from(found.ok_or_else(|| Error::not_found("kind of problem"))?))
}
