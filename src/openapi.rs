//! The OpenAPI 3.1 document, made from the handlers, and the page that shows it.

use crate::error::Code;
use crate::{articles, comments, health, keys, links, outlets, site, tags};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{ServiceConfig, redirect, resource};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, Ref, RefOr, Response};
use utoipa::{IntoResponses, Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "roundup",
        description = "A headless news-roundup backend: articles, their source links, the outlets that published \
                       them and readers' comments, as data.\n\nLists page by cursor: `page.next` is the value for \
                       `after`, and the `Link` header (RFC 8288) has the whole address. Every answer that is not a \
                       success is a problem (RFC 9457).",
        license(name = "MIT", identifier = "MIT"),
        contact(name = "The roundup authors", url = "https://github.com/roundup")
    ),
    servers((url = "/", description = "This service")),
    tags(
        (name = "articles", description = "The posts of the roundup"),
        (name = "links", description = "The sources that articles cite"),
        (name = "outlets", description = "Who published the sources"),
        (name = "tags", description = "Subjects"),
        (name = "comments", description = "What readers answer"),
        (name = "keys", description = "Who may do what"),
        (name = "service", description = "The service itself"),
    ),
    nest(
        (path = "/api/v1", api = articles::Docs),
        (path = "/api/v1", api = links::Docs),
        (path = "/api/v1", api = outlets::Docs),
        (path = "/api/v1", api = tags::Docs),
        (path = "/api/v1", api = comments::Docs),
        (path = "/api/v1/admin", api = keys::Docs),
        (path = "/", api = site::Docs),
        (path = "/", api = health::Docs),
    ),
    modifiers(&KeyScheme),
    security(()),
)]
struct Root;

/// Declares how a key is given.
struct KeyScheme;

impl Modify for KeyScheme {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "A key made with `roundup keys create`: `Authorization: Bearer rk_…`",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
    }
}

/// The problems that any public address can answer with.
#[derive(Debug)]
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::NotFound,
            Code::NotAcceptable,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// The problems that any address for the holder of a key can answer with.
#[derive(Debug)]
pub struct AdminProblems;

impl IntoResponses for AdminProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::Unauthenticated,
            Code::MissingScope,
            Code::NotFound,
            Code::NotAcceptable,
            Code::Conflict,
            Code::Gone,
            Code::VersionMismatch,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::Invalid,
            Code::PreconditionRequired,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// The responses for these codes, by status.
fn problems(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let reference = RefOr::Ref(Ref::from_schema_name("Problem"));
    let one = |code: &Code| {
        let content = ContentBuilder::new().schema(Some(reference.clone())).build();
        let response = ResponseBuilder::new()
            .description(code.title())
            .content("application/problem+json", content)
            .build();
        (code.status().as_str().to_owned(), RefOr::T(response))
    };
    codes.iter().map(one).collect()
}

/// The document.
pub fn document() -> Document {
    Root::openapi()
}

/// The document as it is served and committed: indented, with a final newline.
///
/// # Errors
/// None in practice.
pub fn json() -> serde_json::Result<String> {
    document().to_pretty_json().map(|text| text + "\n")
}

static BYTES: LazyLock<Bytes> = LazyLock::new(|| json().unwrap_or_default().into());

/// The addresses of this file.
pub fn configure(cfg: &mut ServiceConfig) {
    let page = SwaggerUi::new("/docs/{_:.*}")
        .config(utoipa_swagger_ui::Config::new(["/openapi.json"]).try_it_out_enabled(true));
    cfg.service(resource("/openapi.json").get(openapi))
        .service(redirect("/docs", "/docs/").permanent())
        .service(page);
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(BYTES.clone())
}
