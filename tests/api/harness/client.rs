//! A client that holds a key.

use super::{Reply, TestApp};
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
    /// A client with a new key of these scopes, made as an operator makes one.
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

    /// A client with this secret.
    pub fn with_key(&self, secret: &str) -> Client<'_> {
        let headers = vec![("Authorization".to_owned(), format!("Bearer {secret}"))];
        Client { app: self, headers, peer: None }
    }

    /// A client without a key.
    pub fn reader(&self) -> Client<'_> {
        Client { app: self, headers: Vec::new(), peer: None }
    }
}

impl Client<'_> {
    /// The same with one header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, from this network address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        self.peer = Some(SocketAddr::new(address.parse().unwrap(), 50_000));
        self
    }

    /// The same, for the version that the answer was of.
    #[must_use]
    pub fn if_match(&self, reply: &Reply) -> Self {
        self.clone().header("If-Match", reply.header("etag"))
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
    pub async fn get(&self, uri: &str) -> Reply {
        self.call("GET", uri).await
    }

    /// Any method, without a body.
    pub async fn call(&self, method: &str, uri: &str) -> Reply {
        self.app.send(self.request(method, uri)).await
    }

    /// Any method with a JSON body.
    pub async fn send(&self, method: &str, uri: &str, body: &impl Serialize) -> Reply {
        self.app.send(self.request(method, uri).set_json(body)).await
    }

    /// Any method with a body of any kind.
    pub async fn send_as(&self, method: &str, uri: &str, kind: &str, body: &str) -> Reply {
        let request = self.request(method, uri).insert_header(("content-type", kind));
        self.app.send(request.set_payload(body.to_owned())).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, uri: &str, body: &impl Serialize) -> Reply {
        self.send("POST", uri, body).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, uri: &str, body: &impl Serialize) -> Reply {
        self.send("PUT", uri, body).await
    }

    /// PATCH with a JSON merge patch.
    pub async fn patch(&self, uri: &str, body: &impl Serialize) -> Reply {
        self.send("PATCH", uri, body).await
    }
}
