//! The OpenAPI 3.1 document, made from the handlers, and the page that shows it.

mod exact;
mod headers;

use crate::extract::{EmptyQuery, Query};
use crate::middleware::name_charset;
use crate::openapi::Problems;
use crate::public::{archive, feeds, related, search};
use crate::{
    articles, audit, comments, editor, export, health, jobs, keys, links, outlets, public, root,
    tags,
};
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{ServiceConfig, redirect, resource, scope};
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
        (path = "/api/v1", api = public::article::Docs),
        (path = "/api/v1", api = links::Docs),
        (path = "/api/v1", api = outlets::Docs),
        (path = "/api/v1", api = tags::Docs),
        (path = "/api/v1", api = comments::Docs),
        (path = "/api/v1/admin", api = editor::AdminDocs),
        (path = "/api/v1/admin", api = editor::LinkDocs),
        (path = "/api/v1/admin", api = editor::ParseDocs),
        (path = "/api/v1/admin", api = editor::RevisionDocs),
        (path = "/api/v1/admin", api = outlets::AdminDocs),
        (path = "/api/v1/admin", api = tags::AdminDocs),
        (path = "/api/v1/admin", api = audit::Docs),
        (path = "/api/v1/admin", api = comments::ModerationDocs),
        (path = "/api/v1/admin", api = comments::RuleDocs),
        (path = "/api/v1", api = search::Docs),
        (path = "/api/v1", api = related::Docs),
        (path = "/api/v1", api = archive::Docs),
        (path = "/api/v1", api = public::ApiDocs),
        (path = "/api/v1/admin", api = jobs::Docs),
        (path = "/api/v1/admin", api = export::Docs),
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
#[openapi(paths(get_openapi))]
struct Docs;

/// The document.
pub fn document() -> Document {
    let mut document = raw();
    crate::openapi::shape::finish(&mut document);
    headers::tell(&mut document);
    document
}

/// The document as the handlers and types give it.
fn raw() -> Document {
    let mut document = Root::openapi();
    // Not nested: under "/" their paths would begin with two slashes.
    for outside in [
        root::Docs::openapi(),
        health::Docs::openapi(),
        feeds::Docs::openapi(),
        public::Docs::openapi(),
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

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    let page = SwaggerUi::new("/{_:.*}")
        .config(utoipa_swagger_ui::Config::new(["/openapi.json"]).try_it_out_enabled(true));
    let docs = scope("/docs")
        .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, PAGE_POLICY)))
        .wrap(from_fn(name_charset))
        .service(redirect("", "/docs/").permanent())
        .service(page);
    cfg.service(resource("/openapi.json").get(get_openapi)).service(docs);
}

/// Get this document
///
/// OpenAPI 3.1, made from the handlers; `/docs` shows it to people.
#[utoipa::path(get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, example = json!({"openapi": "3.1.0"})), Problems))]
async fn get_openapi(_query: Query<EmptyQuery>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json")).body(BYTES.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::shape::OR_NULL;

    #[test]
    fn what_may_be_null_by_its_own_type_stands_nowhere_else() {
        let raw = serde_json::to_string(&raw()).unwrap();
        for name in OR_NULL {
            let reference = format!("\"$ref\":\"#/components/schemas/{name}\"");
            let optional = format!("\"oneOf\":[{{{reference}");
            assert!(raw.contains(&optional), "{name} is not used");
            assert_eq!(raw.matches(&reference).count(), raw.matches(&optional).count(), "{name}");
        }
    }

    #[test]
    fn no_object_is_left_in_parts() {
        let text = json().unwrap();
        assert!(!text.contains("\"allOf\""));
        let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        let article = &whole["components"]["schemas"]["AdminArticle"];
        for member in ["id", "links", "version"] {
            assert!(article["properties"][member].is_object(), "{member} in {article}");
        }
    }
}
