//! The server: listens, answers, and stops without cutting anybody off.

mod connection;
mod request_timeout;
mod shutdown;
mod timeouts;

use crate::editor;
use crate::middleware::RequestPipeline;
use crate::router::Application;
use crate::{background, jobs};
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::{ServiceFactoryExt as _, apply_fn_factory, fn_service, map_config};
use actix_web::dev::{AppConfig, Service as _, ServiceFactory};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpResponse, web};
use anyhow::{Context as _, Result};
use connection::{Connection, LINGER};
use request_timeout::Watched;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use shutdown::{Signals, run};
use socket2::{Domain, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::net::TcpStream;

/// How long requests in flight may take to finish once the service is told to stop.
const GRACE_SECONDS: u64 = 8;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Files and sockets that are no connections of clients: those to the database aside, a few.
const OTHER_FILES: u64 = 200;

/// A server that is bound and not yet running.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
}

impl Bound {
    /// Takes the address, so that a port in use is told at once.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub fn to(address: SocketAddr) -> Result<Self> {
        let listener = listen(address)
            .with_context(|| format!("cannot listen on {address} (ROUNDUP_LISTEN)"))?;
        Ok(Self { listener })
    }

    /// The address with the port that it really is.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until told to stop by a signal; requests in flight are finished.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, application: Application) -> Result<()> {
        self.serve_with(application, |_| ()).await
    }

    /// Serves these routes as well: for tests.
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
        let most = most_connections(config.max_connections, config.pool_size);
        let address = self.address()?;
        let publisher = tokio::spawn(editor::keep_publishing(state.clone()));
        let duties = tokio::spawn(background::run(state.clone(), application.jobs.clone()));
        let jobs = tokio::spawn(jobs::run(state.clone(), application.jobs.clone()));
        let signals = Signals::listen()?;
        let builder = Server::build()
            .disable_signals()
            .workers(workers)
            .max_concurrent_connections(most.div_ceil(workers))
            .shutdown_timeout(GRACE_SECONDS);
        let stop = builder.graceful_shutdown_signal();
        let stopped = state.clone();
        let server = builder.listen("http", self.listener, move || {
            state.init_worker();
            let watched = state.clone();
            let accept = fn_service(move |io: TcpStream| {
                let connection = Connection::new(io, watched.clone());
                let peer = connection.peer();
                async move { Ok((connection, Protocol::Http1, peer)) }
            });
            accept.and_then(http(address, application.clone(), more_routes, stop.clone()))
        })?;
        let done = run(server.run(), &stopped, signals).await;
        publisher.abort();
        duties.abort();
        jobs.abort();
        Ok(done?)
    }
}

/// HTTP/1.1 over watched connections, for one worker.
fn http(
    address: SocketAddr,
    application: Application,
    more_routes: fn(&mut ServiceConfig),
    stop: GracefulShutdownSignal,
) -> impl ServiceFactory<
    (Connection, Protocol, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
> {
    let keep_alive = application.state.config().keep_alive_ms;
    let app = App::new()
        .wrap(RequestPipeline::new(application.state.clone()))
        .configure(|cfg| application.configure(cfg))
        .configure(more_routes)
        .default_service(web::to(HttpResponse::NotFound));
    let app = map_config(app, |()| AppConfig::default());
    let app = apply_fn_factory(app, |request, app| {
        let (watched, request) = Watched::begin(request);
        watched.answer(app.call(request))
    });
    HttpService::build()
        .graceful_shutdown_signal(move || {
            let stop = stop.clone();
            async move { stop.notified().await }
        })
        .keep_alive(keep_alive)
        // The connection sees to heads itself, the first one and those after it.
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER)
        .local_addr(address)
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.shared());
        })
        .finish(app)
}

/// A socket that listens, with room for a burst of new connections.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A service that is started again need not wait for the last one's connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// How many connections there may be, after the limit of open files is raised as far as it goes.
fn most_connections(wanted: u32, pool_size: u16) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let room = files.map(|files| files.saturating_sub(OTHER_FILES + u64::from(pool_size)).max(16));
    match room.and_then(|room| u32::try_from(room).ok()).filter(|room| *room < wanted) {
        Some(room) => {
            log::warn!("the limit of open files leaves {room} connections, not {wanted}");
            usize::try_from(room).unwrap_or(usize::MAX)
        }
        None => usize::try_from(wanted).unwrap_or(usize::MAX),
    }
}
