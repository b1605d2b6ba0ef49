//! The server: listens, answers, and stops without cutting anybody off.

use crate::app::{self, State};
use crate::articles;
use crate::http::Front;
use crate::{jobs, schedule};
use actix_web::web::Data;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, Result};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// How long requests in flight may take to finish once the service is told to stop.
const GRACE_SECONDS: u64 = 8;

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
        let listener = TcpListener::bind(address)
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

    /// Serves until told to stop by SIGTERM or SIGINT; requests in flight are finished.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, state: Data<State>) -> Result<()> {
        let workers = match state.config().workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n.into(),
        };
        let publisher = tokio::spawn(articles::keep_publishing(state.clone()));
        let duties = tokio::spawn(schedule::run(state.clone()));
        let jobs = tokio::spawn(jobs::run(state.clone()));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .wrap(Front::new(state.clone()))
                .configure(app::configure)
                .default_service(web::to(HttpResponse::NotFound))
        })
        .workers(workers)
        .shutdown_timeout(GRACE_SECONDS)
        .keep_alive(Duration::from_secs(75))
        .listen(self.listener)?;
        let done = server.run().await;
        publisher.abort();
        duties.abort();
        jobs.abort();
        Ok(done?)
    }
}
