//! The real application in this process, with a database of its own and a clock that stands still.

pub mod chaos;
pub mod client;
pub mod db;
pub mod document;
pub mod pair;
pub mod reads;
mod reply;
pub mod site;
mod told;
pub mod volume;
pub mod wire;

pub use reply::Reply;

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
    forgets: bool,
    /// Ends with the application.
    _listening: JoinSet<()>,
}

/// A file of the data beside the project; none, with a note, where there is no such folder.
pub fn shared(name: &str) -> Option<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// When every test begins.
pub fn start() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// The default settings, but for a busy machine: nothing is too late within half a minute.
pub fn patient() -> Config {
    let long = Duration::from_secs(30);
    Config { pool_wait_ms: long, query_deadline_ms: long, ..Config::defaults().unwrap() }
}

impl TestApp {
    /// With the default settings.
    pub async fn new() -> Self {
        Self::with(patient()).await
    }

    /// With these settings. It forgets what it has cached before each request, so that a test may
    /// change the database behind its back.
    pub async fn with(config: Config) -> Self {
        Self::on(db::fresh().await, config).await
    }

    /// The same on a database that is there already.
    pub async fn on(target: Target, config: Config) -> Self {
        let state = Self::state(&target, config);
        Self { forgets: true, ..Self::of(state, target, None).await }
    }

    /// An instance that caches, on a database that may be shared with others. It hears of changes
    /// by way of `hears`, which may lead elsewhere; or not at all.
    pub async fn of(state: State, target: Target, hears: Option<Target>) -> Self {
        let application = Application::new(state);
        let state = application.state.clone();
        let mut listening = JoinSet::new();
        if let Some(hears) = hears {
            let invalidation = Arc::clone(state.cache().invalidation());
            listening.spawn(roundup::cache::listen(invalidation, hears, false));
        }
        listening.spawn(roundup::jobs::run(state.clone(), application.jobs.clone()));
        let call = service(application.clone()).await;
        Self { call, state, application, target, forgets: false, _listening: listening }
    }

    /// The state of an instance on this database.
    pub fn state(target: &Target, config: Config) -> State {
        let wait = config.pool_wait_ms;
        let options = PoolOptions { size: 4, wait, ..PoolOptions::default() };
        State::new(Pool::new(target.clone(), options), Clock::fixed(start()), config)
    }

    /// A plain client of the test's own database.
    pub async fn sql(&self) -> tokio_postgres::Client {
        db::client(&self.target).await
    }

    /// Sends any request; one that does not say from where comes from this machine.
    pub async fn send(&self, request: TestRequest) -> Reply {
        if self.forgets {
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
        let reply = Reply::of(line, response).await;
        told::expect(&method, uri.path(), &reply);
        reply
    }

    /// GET.
    pub async fn get(&self, uri: &str) -> Reply {
        self.send(TestRequest::get().uri(uri)).await
    }

    /// Any method, without a body.
    pub async fn call(&self, method: &str, uri: &str) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.send(TestRequest::default().method(method).uri(uri)).await
    }

    /// Imports a roundup that stands in the test, as `roundup import` does.
    pub async fn import(&self, name: &str, text: &str) -> roundup::import::Report {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        self.import_file(&path).await
    }

    /// Imports a file.
    pub async fn import_file(&self, path: &std::path::Path) -> roundup::import::Report {
        let args = roundup::import::Args {
            files: vec![path.to_owned()],
            format: None,
            dry_run: false,
            keep_addresses: false,
            json: false,
        };
        let now = self.state.clock().now();
        roundup::import::import(&self.target, &args, now).await.unwrap()
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

impl Reply {
    /// The body of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(StatusCode::OK)
    }
}
