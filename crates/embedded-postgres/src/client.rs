//! Connects to the server, to see whether it is ready and to create the database.

use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};

use crate::error::Error;
use crate::socket;

/// The time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time limit for connecting and creating a database.
const CREATE_TIMEOUT: Duration = Duration::from_mins(1);

/// The state of a server, as far as one database is concerned.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServerState {
    /// The database accepts connections.
    Ready,
    /// The server accepts connections, but has no such database.
    NoDatabase,
    /// The server is starting, recovering or stopping.
    NotReady,
    /// The server rejects the connection for a reason that waiting does not change.
    Rejects(String),
    /// No server answers on the socket.
    NoServer,
}

/// Connects to `database` and returns how that went.
pub(crate) fn server_state(socket_dir: &Path, role: &str, database: &str) -> ServerState {
    let config = config(socket_dir, role, database);
    let attempt = async {
        let (client, connection) = config.connect(NoTls).await?;
        // Without its client, the connection tells the server that it ends, and closes.
        drop(client);
        connection.await
    };
    let error = match block_on(CONNECT_TIMEOUT, attempt) {
        Ok(Ok(())) => return ServerState::Ready,
        Ok(Err(error)) => error,
        Err(_) => return ServerState::NoServer,
    };
    match error.as_db_error().map(|error| (error.code(), error.message())) {
        None => ServerState::NoServer,
        Some((&SqlState::UNDEFINED_DATABASE, _)) => ServerState::NoDatabase,
        Some((&SqlState::TOO_MANY_CONNECTIONS, _)) => ServerState::Ready,
        Some((
            &SqlState::CANNOT_CONNECT_NOW | &SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN,
            _,
        )) => ServerState::NotReady,
        Some((_, message)) => ServerState::Rejects(message.to_owned()),
    }
}

/// Creates a database, unless it exists.
pub(crate) fn create_database(socket_dir: &Path, role: &str, name: &str) -> Result<(), Error> {
    let config = config(socket_dir, role, "postgres");
    let statement = format!("create database \"{}\"", name.replace('"', "\"\""));
    let work = async {
        let (client, connection) = config.connect(NoTls).await?;
        let run = async move { client.batch_execute(&statement).await };
        let (created, ended) = tokio::join!(run, connection);
        created.and(ended)
    };
    let output = match block_on(CREATE_TIMEOUT, work) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) if error.code() == Some(&SqlState::DUPLICATE_DATABASE) => return Ok(()),
        Ok(Err(error)) => error.as_db_error().map_or(error.to_string(), ToString::to_string),
        Err(error) => error.to_string(),
    };
    Err(Error::Failed { program: "create database", output })
}

fn config(socket_dir: &Path, role: &str, database: &str) -> Config {
    let mut config = Config::new();
    config.host_path(socket_dir).port(socket::PORT).user(role).dbname(database);
    config
}

/// Runs `work` for at most `limit`. On a thread of its own, because tokio refuses to block a thread
/// that drives another runtime, and the caller may be on one.
fn block_on<T: Send>(limit: Duration, work: impl Future<Output = T> + Send) -> io::Result<T> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { tokio::time::timeout(limit, work).await }).map_err(io::Error::from)
    };
    thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(|panic| resume_unwind(panic))
}
