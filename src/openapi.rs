//! The OpenAPI 3.1 document, made from the handlers, and the page that shows it.

mod exact;
mod headers;
mod shape;
mod walk;

use crate::error::Code;
use crate::extract::{NoParams, Query};
use crate::http::name_charset;
use crate::{
    archive, articles, audit, comments, feeds, health, jobs, keys, links, outlets, pages, related,
    search, site, tags,
};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{ServiceConfig, redirect, resource, scope};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, Ref, RefOr, Response};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};
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
    servers((url = "/", description = "This service: in production, in staging or on a local machine")),
    tags(
        (name = "articles", description = "The posts of the roundup"),
        (name = "links", description = "The sources that articles cite"),
        (name = "outlets", description = "Who published the sources"),
        (name = "tags", description = "Subjects"),
        (name = "comments", description = "What readers answer"),
        (name = "audit", description = "Who did what, and when"),
        (name = "moderation", description = "Deciding on what readers answer"),
        (name = "rules", description = "What holds, marks as spam or refuses a comment"),
        (name = "search", description = "Finding it again"),
        (name = "feeds", description = "The same for feed readers"),
        (name = "moving", description = "Moving in and out"),
        (name = "keys", description = "Who may do what"),
        (name = "service", description = "The service itself"),
    ),
    nest(
        (path = "/api/v1", api = articles::Docs),
        (path = "/api/v1", api = links::Docs),
        (path = "/api/v1", api = outlets::Docs),
        (path = "/api/v1", api = tags::Docs),
        (path = "/api/v1", api = comments::Docs),
        (path = "/api/v1/admin", api = articles::AdminDocs),
        (path = "/api/v1/admin", api = articles::LinkDocs),
        (path = "/api/v1/admin", api = articles::ParseDocs),
        (path = "/api/v1/admin", api = articles::RevisionDocs),
        (path = "/api/v1/admin", api = outlets::AdminDocs),
        (path = "/api/v1/admin", api = tags::AdminDocs),
        (path = "/api/v1/admin", api = audit::Docs),
        (path = "/api/v1/admin", api = comments::ModerationDocs),
        (path = "/api/v1/admin", api = comments::RuleDocs),
        (path = "/api/v1", api = search::Docs),
        (path = "/api/v1", api = related::Docs),
        (path = "/api/v1", api = archive::Docs),
        (path = "/api/v1", api = pages::ApiDocs),
        (path = "/api/v1/admin", api = jobs::Docs),
        (path = "/api/v1/admin", api = jobs::ExportDocs),
        (path = "/api/v1/admin", api = keys::Docs),
    ),
    modifiers(&KeyScheme, &Audience),
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

/// Declares for whom the service is.
struct Audience;

impl Modify for Audience {
    fn modify(&self, document: &mut Document) {
        for server in document.servers.iter_mut().flatten() {
            let public = Extensions::builder().add("x-internal", false).build();
            server.extensions = Some(public);
        }
    }
}

/// The documentation of this file's own address.
#[derive(OpenApi)]
#[openapi(paths(openapi))]
struct Docs;

/// One of several short texts, such as names or hosts: for their schema alone.
#[derive(Debug, ToSchema)]
#[schema(max_length = 300)]
pub struct ShortText(#[expect(dead_code, reason = "only its schema is used")] String);

/// The problems that any public address can answer with.
#[derive(Debug)]
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::NotFound,
            Code::NotAcceptable,
            Code::VersionMismatch,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// The problems that a public address of an article can answer with.
#[derive(Debug)]
pub struct ArticleProblems;

impl IntoResponses for ArticleProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.extend(problems(&[Code::Gone]));
        all
    }
}

/// The problems that a reader can meet who takes back what they wrote.
#[derive(Debug)]
pub struct WithdrawProblems;

impl IntoResponses for WithdrawProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = PostProblems::responses();
        all.remove(Code::RateLimited.status().as_str());
        all
    }
}

/// The problems that a reader who writes can meet.
#[derive(Debug)]
pub struct PostProblems;

impl IntoResponses for PostProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            Code::BadParameter,
            Code::EditTokenRefused,
            Code::NotFound,
            Code::NotAcceptable,
            Code::CommentsClosed,
            Code::Gone,
            Code::TooLarge,
            Code::UnsupportedMediaType,
            Code::Invalid,
            Code::RateLimited,
            Code::Internal,
            Code::Unavailable,
            Code::Deadline,
        ])
    }
}

/// The problems that a read by the holder of a key can answer with.
#[derive(Debug)]
pub struct AdminReadProblems;

impl IntoResponses for AdminReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut all = Problems::responses();
        all.extend(problems(&[Code::Unauthenticated, Code::MissingScope]));
        all
    }
}

/// The problems that a change by the holder of a key can answer with.
#[derive(Debug)]
pub struct AdminWriteProblems;

impl IntoResponses for AdminWriteProblems {
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
    let mut document = raw();
    shape::finish(&mut document);
    headers::tell(&mut document);
    document
}

/// The document as the handlers and types give it.
fn raw() -> Document {
    let mut document = Root::openapi();
    // Not nested: under "/" their paths would begin with two slashes.
    for outside in [
        site::Docs::openapi(),
        health::Docs::openapi(),
        feeds::Docs::openapi(),
        pages::Docs::openapi(),
        Docs::openapi(),
    ] {
        document.merge(outside);
    }
    document
}

/// The document as it is served and committed: indented, with a final newline.
///
/// # Errors
/// None in practice.
pub fn json() -> serde_json::Result<String> {
    let mut document = document();
    exact::complete(&mut document);
    document.to_pretty_json().map(|text| text + "\n")
}

static BYTES: LazyLock<Bytes> = LazyLock::new(|| json().unwrap_or_default().into());

/// What the page may load: its own parts and what it asks of this service. Its script sets styles
/// in the page and draws signs from `data:`.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The addresses of this file.
pub fn configure(cfg: &mut ServiceConfig) {
    let page = SwaggerUi::new("/{_:.*}")
        .config(utoipa_swagger_ui::Config::new(["/openapi.json"]).try_it_out_enabled(true));
    let docs = scope("/docs")
        .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, PAGE_POLICY)))
        .wrap(from_fn(name_charset))
        .service(redirect("", "/docs/").permanent())
        .service(page);
    cfg.service(resource("/openapi.json").get(openapi)).service(docs);
}

/// This document
///
/// OpenAPI 3.1, made from the handlers; `/docs` shows it to people.
#[utoipa::path(get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, example = json!({"openapi": "3.1.0"})), Problems))]
async fn openapi(_query: Query<NoParams>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(BYTES.clone())
}
