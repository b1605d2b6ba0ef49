//! The OpenAPI 3.1 document, generated from the handlers, and the Swagger UI that shows it.

mod headers;
mod request_schemas;

use crate::extract::{EmptyQuery, Query};
use crate::middleware::name_charset;
use crate::openapi::{Problems, schemas};
use crate::public::{archive, feeds, related, search};
use crate::{
    articles, audit, comments, editor, events, health, jobs, keys, links, outlets, public, root,
    tags, webhooks,
};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{Data, ServiceConfig, redirect, resource, scope};
use bytes::Bytes;
use std::sync::LazyLock;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "roundup",
        description = "A headless news-roundup backend: articles, their source links, the outlets that published \
                       them and readers' comments, as data.\n\nLists page by cursor: `page.next` is the value for \
                       `after`, and the `Link` header (RFC 8288) has the URL of the next page. Every error response \
                       is a problem (RFC 9457).",
        license(name = "MIT", identifier = "MIT"),
        contact(name = "The roundup authors", url = "https://github.com/roundup")
    ),
    servers((url = "/", description = "This service: in production, in staging or on a local machine")),
    tags(
        (name = "articles", description = "The posts of the roundup"),
        (name = "links", description = "The sources that articles cite"),
        (name = "outlets", description = "The publishers of the sources"),
        (name = "tags", description = "The subjects of articles"),
        (name = "comments", description = "Readers' comments"),
        (name = "audit", description = "The audit log"),
        (name = "moderation", description = "Moderation of comments"),
        (name = "rules", description = "The rules that hold, mark as spam or reject comments"),
        (name = "search", description = "Full-text search"),
        (name = "feeds", description = "Feeds"),
        (name = "moving", description = "Import and export"),
        (name = "keys", description = "API keys and their scopes"),
        (name = "changes", description = "The change feed: what changed, as pages and as a stream"),
        (name = "webhooks", description = "Events sent to other servers"),
        (name = "service", description = "The service: index, health, metrics, documentation"),
    ),
    nest(
        (path = "/api/v1", api = articles::Docs),
        (path = "/api/v1", api = public::article::Docs),
        (path = "/api/v1", api = links::Docs),
        (path = "/api/v1", api = outlets::Docs),
        (path = "/api/v1", api = tags::Docs),
        (path = "/api/v1", api = comments::Docs),
        (path = "/api/v1", api = search::Docs),
        (path = "/api/v1", api = related::Docs),
        (path = "/api/v1", api = archive::Docs),
        (path = "/api/v1", api = public::ApiDocs),
        (path = "/api/v1", api = events::Docs),
        (path = "/api/v1/admin", api = editor::AdminDocs),
        (path = "/api/v1/admin", api = editor::BatchDocs),
        (path = "/api/v1/admin", api = editor::LinkDocs),
        (path = "/api/v1/admin", api = editor::ParseDocs),
        (path = "/api/v1/admin", api = editor::RevisionDocs),
        (path = "/api/v1/admin", api = outlets::AdminDocs),
        (path = "/api/v1/admin", api = tags::AdminDocs),
        (path = "/api/v1/admin", api = audit::Docs),
        (path = "/api/v1/admin", api = comments::ModerationDocs),
        (path = "/api/v1/admin", api = comments::RuleDocs),
        (path = "/api/v1/admin", api = jobs::Docs),
        (path = "/api/v1/admin", api = jobs::ExportDocs),
        (path = "/api/v1/admin", api = keys::Docs),
        (path = "/api/v1/admin", api = events::AdminDocs),
        (path = "/api/v1/admin", api = webhooks::Docs),
    ),
    modifiers(&BearerScheme, &MarkPublic),
    security(()),
)]
struct Root;

/// Declares that keys are sent as bearer tokens.
struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, document: &mut Document) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A key from `roundup keys create`: `Authorization: Bearer rk_…`"))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
    }
}

/// Marks the server as public (`x-internal: false`).
struct MarkPublic;

impl Modify for MarkPublic {
    fn modify(&self, document: &mut Document) {
        for server in document.servers.iter_mut().flatten() {
            let public = Extensions::builder().add("x-internal", false).build();
            server.extensions = Some(public);
        }
    }
}

/// Documents the route of this module.
#[derive(OpenApi)]
#[openapi(paths(get_openapi))]
struct Docs;

/// Returns the document as it is derived from the handlers and types.
fn raw() -> Document {
    let mut document = Root::openapi();
    // Merged, not nested: a path nested under "/" would begin with two slashes.
    for part in [
        root::Docs::openapi(),
        health::Docs::openapi(),
        feeds::Docs::openapi(),
        public::Docs::openapi(),
        Docs::openapi(),
    ] {
        document.merge(part);
    }
    document
}

/// Returns the document as it is served and committed: indented, with a final newline.
///
/// # Errors
/// None in practice.
pub fn json() -> serde_json::Result<String> {
    let mut document = raw();
    schemas::normalize(&mut document);
    headers::add(&mut document);
    request_schemas::complete(&mut document);
    document.to_pretty_json().map(|text| text + "\n")
}

static BYTES: LazyLock<Bytes> = LazyLock::new(|| json().unwrap_or_default().into());

/// The Content-Security-Policy of the Swagger UI, which loads its own files and calls this service. Its
/// script sets inline styles and uses icons from `data:`.
const SWAGGER_UI_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The page that shows the document: that of Swagger UI, made to fit a telephone.
const DOCS_PAGE: &str = include_str!("docs.html");

async fn get_docs_page() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(DOCS_PAGE)
}

/// Registers the routes of a service below this path.
pub fn configure(cfg: &mut ServiceConfig, prefix: &str) {
    let swagger_ui = SwaggerUi::new("/{_:.*}")
        .config(utoipa_swagger_ui::Config::new(["../openapi.json"]).try_it_out_enabled(true));
    let docs = scope("/docs")
        .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, SWAGGER_UI_POLICY)))
        .wrap(from_fn(name_charset))
        .service(redirect("", "/docs/").permanent())
        .service(resource("/").get(get_docs_page))
        .service(swagger_ui);
    cfg.app_data(Data::new(Served::below(prefix)));
    cfg.service(resource("/openapi.json").get(get_openapi)).service(docs);
}

/// Get this document
///
/// OpenAPI 3.1; `/docs` shows it in a browser.
#[utoipa::path(get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, example = json!({"openapi": "3.1.0"})), Problems))]
async fn get_openapi(document: Data<Served>, _query: Query<EmptyQuery>) -> HttpResponse {
    let body = document.0.clone();
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(body)
}

/// The document as this service serves it.
struct Served(Bytes);

impl Served {
    /// Returns the document of a service below this path.
    fn below(prefix: &str) -> Self {
        if prefix.is_empty() {
            return Self(BYTES.clone());
        }
        let text = String::from_utf8_lossy(&BYTES);
        let server = format!("\"url\": {}", serde_json::json!(prefix));
        Self(text.replacen("\"url\": \"/\"", &server, 1).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::schemas::NULLABLE;

    #[test]
    fn nullable_schemas_are_only_used_where_null_is_allowed() {
        let raw = serde_json::to_string(&raw()).unwrap();
        for name in NULLABLE {
            let reference = format!("\"$ref\":\"#/components/schemas/{name}\"");
            let optional = format!("\"oneOf\":[{{{reference}");
            assert!(raw.contains(&optional), "{name} is not used");
            assert_eq!(raw.matches(&reference).count(), raw.matches(&optional).count(), "{name}");
        }
    }

    #[test]
    fn flattened_objects_are_merged() {
        let text = json().unwrap();
        assert!(!text.contains("\"allOf\""));
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let article = &document["components"]["schemas"]["AdminArticle"];
        for property in ["id", "links", "version"] {
            assert!(article["properties"][property].is_object(), "{property} in {article}");
        }
    }
}
