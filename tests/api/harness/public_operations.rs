//! The public read operations of the OpenAPI document, with URLs for the sample site.

use super::document::{Operation, operations};
use super::site::{Site, fill, site};
use super::{Response, TestApp};
use actix_web::http::header;
use actix_web::test::TestRequest;

/// Paths that accept any query, because probes and scrapers may add parameters.
pub const LENIENT: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// Returns the public read operations whose responses end: `change_stream.rs` tests the stream.
pub fn reads() -> Vec<Operation> {
    let public = |one: &Operation| {
        one.method == "GET"
            && !one.path.starts_with("/api/v1/admin")
            && !one.path.ends_with("/stream")
    };
    operations().into_iter().filter(public).collect()
}

/// Returns the URL of an operation on this site with its required parameters.
pub fn uri(operation: &Operation, site: &Site) -> String {
    let mut uri = fill(&operation.path, site);
    for parameter in operation.parameters("query") {
        if parameter["required"] == true {
            let value = parameter["example"].as_str().unwrap_or_default();
            uri += if uri.contains('?') { "&" } else { "?" };
            uri += &format!("{}={value}", parameter["name"].as_str().unwrap());
        }
    }
    uri
}

/// Adds a parameter to a URL.
pub fn with(uri: &str, name: &str, value: &str) -> String {
    format!("{uri}{}{name}={value}", if uri.contains('?') { '&' } else { '?' })
}

/// Starts an application with the sample site.
pub async fn open() -> (TestApp, Site) {
    let app = TestApp::new().await;
    let site = site(&app).await;
    (app, site)
}

pub async fn get_with(
    app: &TestApp,
    uri: &str,
    headers: &[(header::HeaderName, &str)],
) -> Response {
    let mut request = TestRequest::get().uri(uri);
    for (name, value) in headers {
        request = request.append_header((name.clone(), *value));
    }
    app.send(request).await
}
