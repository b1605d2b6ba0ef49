//! The HTTP server: accepts connections, serves requests, and shuts down gracefully.

mod connection;
mod connection_state;
mod request_timeout;
mod shutdown;
mod timeouts;

use crate::editor;
use crate::middleware::RequestPipeline;
use crate::router::Application;
use crate::{background, events, jobs, search_index, webhooks};
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{ServiceFactoryExt as _, apply_fn_factory, fn_service, map_config};
use actix_web::dev::{AppConfig, Service as _, ServiceFactory};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpResponse, web};
use anyhow::{Context as _, Result};
use connection::Connection;
use connection_state::LINGER_TIMEOUT;
use request_timeout::TrackedRequest;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shutdown::{Signals, run};
use socket2::{Domain, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::net::TcpStream;

/// How long requests in flight may take to finish after a shutdown has begun, in seconds.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 8;

/// The number of connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// The number of open files that are no connections, neither of clients nor to the database.
const OTHER_FILES: u64 = 200;

/// A bound socket that does not accept connections yet.
#[derive(Debug)]
pub struct HttpListener {
    listener: TcpListener,
}

impl HttpListener {
    /// Binds a socket. Done before everything else, so that a port in use is reported at once.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn bind(address: SocketAddr) -> Result<Self> {
        let listener = listen(address)
            .with_context(|| format!("cannot listen on {address} (ROUNDUP_LISTEN)"))?;
        Ok(Self { listener })
    }

    /// Returns the address with the port that the system has chosen.
    ///
    /// # Errors
    /// When the system does not return it.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until a signal stops the service, and finishes requests in flight.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, application: Application) -> Result<()> {
        self.serve_with(application, |_| ()).await
    }

    /// Serves with additional routes, for tests.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve_with(
        self,
        application: Application,
        more_routes: fn(&mut ServiceConfig),
    ) -> Result<()> {
        let state = application.state.clone();
        let config = state.config();
        let workers = config.worker_threads();
        let max_connections = max_connections(config.max_connections, config.pool_size);
        let address = self.local_addr()?;
        let publisher = tokio::spawn(editor::keep_publishing(state.clone()));
        let indexer = tokio::spawn(search_index::keep_indexing(state.clone()));
        let appender = tokio::spawn(events::keep_appending(state.clone()));
        let hub = application.events.clone().into_inner();
        let reader = tokio::spawn(events::keep_reading(state.clone(), hub));
        let deliverer =
            tokio::spawn(webhooks::keep_delivering(state.clone(), application.deliverer.clone()));
        let background = tokio::spawn(background::run(state.clone(), application.jobs.clone()));
        let jobs = tokio::spawn(jobs::run(state.clone(), application.jobs.clone()));
        let signals = Signals::install()?;
        let builder = Server::build()
            .disable_signals()
            .workers(workers)
            .max_concurrent_connections(max_connections.div_ceil(workers))
            .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS);
        let stop = builder.graceful_shutdown_signal();
        let run_state = state.clone();
        let server = builder.listen("http", self.listener, move || {
            state.init_worker();
            let state = state.clone();
            let accept = fn_service(move |io: TcpStream| {
                let connection = Connection::new(io, state.clone());
                let peer = connection.peer_addr();
                async move { Ok((connection, Protocol::Http1, peer)) }
            });
            accept.and_then(http_service(address, &application, more_routes, stop.clone()))
        })?;
        let result = run(server.run(), &run_state, signals).await;
        publisher.abort();
        indexer.abort();
        appender.abort();
        reader.abort();
        deliverer.abort();
        background.abort();
        jobs.abort();
        Ok(result?)
    }
}

/// Returns the HTTP/1.1 service of one worker.
fn http_service(
    address: SocketAddr,
    application: &Application,
    more_routes: fn(&mut ServiceConfig),
    stop: GracefulShutdownSignal,
) -> impl ServiceFactory<
    (Connection, Protocol, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
> + use<> {
    let keep_alive = application.state.config().keep_alive_ms;
    let app = App::new()
        .wrap(RequestPipeline::new(application.state.clone()))
        .configure(|cfg| application.configure(cfg))
        .configure(more_routes)
        .default_service(web::to(HttpResponse::NotFound));
    let app = map_config(app, |()| AppConfig::default());
    let app = apply_fn_factory(app, |request, app| {
        let (tracked, request) = TrackedRequest::start(request);
        tracked.respond(app.call(request))
    });
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let stop = stop.clone();
            async move { stop.notified().await }
        })
        .keep_alive(keep_alive)
        // `Connection` has this timeout, for the first head and for later ones.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER_TIMEOUT)
        .local_addr(address)
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.state());
        })
        .finish(app)
}

/// Returns a listening socket, with a backlog for bursts of new connections.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Otherwise a restarted service would wait until the system forgets its old connections.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Raises the limit of open files to its maximum. Returns the number of connections that fit under
/// it, at most `wanted`.
fn max_connections(wanted: u32, pool_size: u16) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let room = files.map(|files| files.saturating_sub(OTHER_FILES + u64::from(pool_size)).max(16));
    match room.and_then(|room| u32::try_from(room).ok()).filter(|room| *room < wanted) {
        Some(room) => {
            log::warn!("the limit of open files allows {room} connections, not {wanted}");
            usize::try_from(room).unwrap_or(usize::MAX)
        }
        None => usize::try_from(wanted).unwrap_or(usize::MAX),
    }
}
