//! The public reads of the document, to be asked one after the other on the small site.

use super::document::{Operation, operations};
use super::site::{Site, fill, site};
use super::{Reply, TestApp};
use actix_web::http::header;
use actix_web::test::TestRequest;

/// Addresses that take any query: a prober's or a scraper's parameter must not make them fail.
pub const LENIENT: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The public reads of the document.
pub fn reads() -> Vec<Operation> {
    let public = |one: &Operation| one.method == "GET" && !one.path.starts_with("/api/v1/admin");
    operations().into_iter().filter(public).collect()
}

/// The address of an operation on this site, with the parameters that it cannot do without.
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

/// The same address with one more parameter.
pub fn with(uri: &str, name: &str, value: &str) -> String {
    format!("{uri}{}{name}={value}", if uri.contains('?') { '&' } else { '?' })
}

/// An application with the small site, and what is on it.
pub async fn open() -> (TestApp, Site) {
    let app = TestApp::new().await;
    let site = site(&app).await;
    (app, site)
}

pub async fn get_with(app: &TestApp, uri: &str, headers: &[(header::HeaderName, &str)]) -> Reply {
    let mut request = TestRequest::get().uri(uri);
    for (name, value) in headers {
        request = request.append_header((name.clone(), *value));
    }
    app.send(request).await
}
