//! The application in this process, with its own database and a fixed clock.

pub mod client;
pub mod db;
pub mod document;
mod documented;
pub mod fault_proxy;
pub mod public_operations;
pub mod raw_http;
pub mod replicated;
mod response;
pub mod site;
pub mod volume;

pub use response::Response;

use actix_http::Request;
use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpResponse, web};
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use roundup::cache::Change;
use roundup::clock::Clock;
use roundup::config::Config;
use roundup::db::{Pool, PoolOptions, Target};
use roundup::middleware::RequestPipeline;
use roundup::router::Application;
use roundup::state::{SharedState, State};
use serde_json::Value;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

type Call = dyn Fn(Request) -> LocalBoxFuture<'static, Result<ServiceResponse<BoxBody>, Error>>;

/// The application and its database.
pub struct TestApp {
    call: Rc<Call>,
    pub state: SharedState,
    pub application: Application,
    pub target: Target,
    clears_cache: bool,
    /// Background tasks; they end with the application.
    _background: JoinSet<()>,
}

/// The time at the start of every test.
pub fn start() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// The default settings with timeouts that a busy machine does not reach.
pub fn patient() -> Config {
    let long = Duration::from_secs(30);
    Config { pool_wait_ms: long, query_deadline_ms: long, ..Config::defaults().unwrap() }
}

impl TestApp {
    /// Starts the application with default settings.
    pub async fn new() -> Self {
        Self::with(patient()).await
    }

    /// Starts the application with these settings. It clears its cache before each request, so that a
    /// test may change the database directly.
    pub async fn with(config: Config) -> Self {
        Self::on(db::fresh().await, config).await
    }

    /// Does the same on an existing database.
    pub async fn on(target: Target, config: Config) -> Self {
        let state = Self::state(&target, config);
        Self { clears_cache: true, ..Self::of(state, target, None).await }
    }

    /// Starts an instance that keeps its cache, on a database that others may share. It receives
    /// notifications from `notifications`, or none.
    pub async fn of(state: State, target: Target, notifications: Option<Target>) -> Self {
        Self::of_application(Application::new(state), target, notifications).await
    }

    /// Does the same with an application.
    pub async fn of_application(
        application: Application,
        target: Target,
        notifications: Option<Target>,
    ) -> Self {
        let state = application.state.clone();
        let mut background = JoinSet::new();
        if let Some(notifications) = notifications {
            let coherence = Arc::clone(state.cache().invalidation());
            background.spawn(async move {
                roundup::cache::follow(coherence, notifications).await;
            });
        }
        background.spawn(roundup::jobs::run(state.clone(), application.jobs.clone()));
        let call = service(application.clone()).await;
        Self { call, state, application, target, clears_cache: false, _background: background }
    }

    /// Builds the state of an instance on this database.
    pub fn state(target: &Target, config: Config) -> State {
        let wait = config.pool_wait_ms;
        let options = PoolOptions { size: 4, wait, ..PoolOptions::default() };
        State::new(Pool::new(target.clone(), options), Clock::fixed(start()), config)
    }

    /// Connects to the test's database.
    pub async fn sql(&self) -> tokio_postgres::Client {
        db::client(&self.target).await
    }

    /// Sends a request, from the loopback address unless it has another.
    pub async fn send(&self, request: TestRequest) -> Response {
        if self.clears_cache {
            self.state.invalidate(Change::Everything);
        }
        let mut request = request.to_request();
        request.head_mut().peer_addr.get_or_insert(([127, 0, 0, 1], 50_000).into());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let line = format!("{method} {uri}");
        let response = match (self.call)(request).await {
            Ok(response) => response,
            Err(error) => panic!("{line}: {error}"),
        };
        let response = Response::of(line, response).await;
        documented::assert_documented(&method, uri.path(), &response);
        response
    }

    /// GET. Before a search, what was written is indexed: in a running service that takes up to a second.
    pub async fn get(&self, uri: &str) -> Response {
        if ["/search", "/related", "include=related", "q="].iter().any(|part| uri.contains(part)) {
            self.index_changes().await;
        }
        self.send(TestRequest::get().uri(uri)).await
    }

    /// Updates the search index.
    pub async fn index_changes(&self) {
        let mut conn = self.state.pool().get().await.unwrap();
        roundup::search_index::index_changes(&mut conn).await.unwrap();
    }

    /// Appends the events of what was written; returns how many. The first call makes none.
    pub async fn append_events(&self) -> u64 {
        let mut conn = self.state.pool().get().await.unwrap();
        roundup::events::append_events(&mut conn).await.unwrap()
    }

    /// Sends any method without a body.
    pub async fn call(&self, method: &str, uri: &str) -> Response {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.send(TestRequest::default().method(method).uri(uri)).await
    }

    /// Imports a roundup from a string, as `roundup import` does.
    pub async fn import(&self, name: &str, text: &str) -> roundup::transfer::import::Report {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        self.import_file(&path).await
    }

    /// Imports a file, as `roundup import` does.
    pub async fn import_file(&self, path: &std::path::Path) -> roundup::transfer::import::Report {
        let args = roundup::transfer::import::Args {
            files: vec![path.to_owned()],
            ..roundup::transfer::import::Args::default()
        };
        let now = self.state.clock().now();
        roundup::transfer::import::import(&self.target, &args, now).await.unwrap()
    }
}

async fn service(application: Application) -> Rc<Call> {
    let app = App::new()
        .wrap(RequestPipeline::new(application.state.clone()))
        .configure(|cfg| application.configure(cfg))
        .default_service(web::to(HttpResponse::NotFound));
    let service = Rc::new(init_service(app).await);
    Rc::new(move |request| {
        let service = Rc::clone(&service);
        Box::pin(async move { service.call(request).await })
    })
}

impl Response {
    /// Asserts the status 200 and returns the JSON body.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(StatusCode::OK)
    }
}
