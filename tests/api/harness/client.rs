//! A client with an API key.

use super::{Response, TestApp};
use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde::Serialize;
use std::net::SocketAddr;

/// Sends requests with the same headers.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a TestApp,
    headers: Vec<(String, String)>,
    peer: Option<SocketAddr>,
}

impl TestApp {
    /// Creates a key with these scopes and returns a client that sends it.
    pub async fn key(&self, scopes: &str) -> Client<'_> {
        let sql = self.sql().await;
        let secret = format!("rk_test_{}", getrandom::u64().unwrap());
        let list: Vec<&str> = scopes.split(',').collect();
        sql.execute(
            "insert into keys (name, prefix, secret_hash, scopes, created_at)
             values ($1, 'rk_test', sha256($2::text::bytea), $3, '2026-03-01T12:00:00Z')",
            &[&scopes, &secret, &list],
        )
        .await
        .unwrap();
        self.with_key(&secret)
    }

    /// Returns a client that sends this secret.
    pub fn with_key(&self, secret: &str) -> Client<'_> {
        let headers = vec![("Authorization".to_owned(), format!("Bearer {secret}"))];
        Client { app: self, headers, peer: None }
    }

    /// Returns a client without a key.
    pub fn reader(&self) -> Client<'_> {
        Client { app: self, headers: Vec::new(), peer: None }
    }
}

impl Client<'_> {
    /// Adds a header to every request.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends every request from this IP address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        self.peer = Some(SocketAddr::new(address.parse().unwrap(), 50_000));
        self
    }

    /// Adds the `ETag` of a response as `If-Match`.
    #[must_use]
    pub fn if_match(&self, response: &Response) -> Self {
        self.clone().header("If-Match", response.header("etag"))
    }

    fn request(&self, method: &str, uri: &str) -> TestRequest {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = TestRequest::default().method(method).uri(uri);
        if let Some(peer) = self.peer {
            request = request.peer_addr(peer);
        }
        let insert = |request: TestRequest, (name, value): &(String, String)| {
            request.insert_header((name.as_str(), value.as_str()))
        };
        self.headers.iter().fold(request, insert)
    }

    /// GET.
    pub async fn get(&self, uri: &str) -> Response {
        self.call("GET", uri).await
    }

    /// Sends any method without a body.
    pub async fn call(&self, method: &str, uri: &str) -> Response {
        self.app.send(self.request(method, uri)).await
    }

    /// Sends any method with a JSON body.
    pub async fn send(&self, method: &str, uri: &str, body: &impl Serialize) -> Response {
        self.app.send(self.request(method, uri).set_json(body)).await
    }

    /// Sends any method with a body of this content type.
    pub async fn send_as(&self, method: &str, uri: &str, kind: &str, body: &str) -> Response {
        let request = self.request(method, uri).insert_header(("content-type", kind));
        self.app.send(request.set_payload(body.to_owned())).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, uri: &str, body: &impl Serialize) -> Response {
        self.send("POST", uri, body).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, uri: &str, body: &impl Serialize) -> Response {
        self.send("PUT", uri, body).await
    }

    /// PATCH with a JSON merge patch.
    pub async fn patch(&self, uri: &str, body: &impl Serialize) -> Response {
        self.send("PATCH", uri, body).await
    }
}
