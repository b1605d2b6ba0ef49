//! Opens connections to a [`Target`]: tries each host and each of its addresses in turn, with the
//! encryption that the target asks for. Each attempt has a time limit, and errors list all attempts.

use super::error::DbErrorKind;
use super::messages;
use super::target::{Host, Target};
use diesel_async::AsyncPgConnection;
use futures_util::future::{BoxFuture, FutureExt};
use std::error::Error as _;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::{MakeTlsConnect, NoTlsStream};
use tokio_postgres::{CancelToken, Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Sends and receives the bytes of a [`Client`]. It has to be polled (spawned) as long as the client
/// is used.
pub type ConnectionFuture = BoxFuture<'static, Result<(), tokio_postgres::Error>>;

type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// The time limit for a cancel request, which needs a connection of its own.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// Why no connection could be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectErrorKind {
    /// The host or socket does not exist or refuses connections, or the connection was lost.
    Unreachable,
    /// The time limit has passed.
    TimedOut,
    /// The server does not offer TLS, or its certificate is not accepted.
    Tls,
    /// The server rejects the user, password or database. Waiting does not help.
    Login,
    /// The server is starting, stopping or recovering, or has no connection left.
    NotReady,
    /// The server does not meet `target_session_attrs`: it is read-only, or it is not.
    WrongRole,
    /// The server rejects the connection for another reason, which the text gives.
    Other,
}

/// The error of a connection attempt: the target without its password, and the error of each host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    target: String,
    kind: ConnectErrorKind,
    attempts: Vec<String>,
}

impl ConnectError {
    /// Returns the kind of the error; with several hosts, that of the last one.
    pub fn kind(&self) -> ConnectErrorKind {
        self.kind
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}: {}", self.target, self.attempts.join("; "))
    }
}

impl std::error::Error for ConnectError {}

/// A client with the connection that serves it.
pub(super) enum OpenConnection {
    Plain(Client, Box<Connection<Socket, NoTlsStream>>),
    Tls(Client, Box<Connection<Socket, TlsStream>>),
}

/// The error of one attempt.
struct AttemptError {
    kind: ConnectErrorKind,
    text: String,
    /// Whether an attempt with the other kind of encryption may succeed.
    try_other_mode: bool,
}

impl AttemptError {
    fn new(kind: ConnectErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), try_other_mode: false }
    }

    fn timed_out(limit: Duration) -> Self {
        Self::new(ConnectErrorKind::TimedOut, format!("no connection within {limit:?}"))
    }
}

impl From<tokio_postgres::Error> for AttemptError {
    fn from(error: tokio_postgres::Error) -> Self {
        let kind = kind(&error);
        // A failed handshake, or a rejection that may come from a `hostssl` or `hostnossl` line.
        let try_other_mode = kind == ConnectErrorKind::Tls
            || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        Self { kind, text: with_sources(&error), try_other_mode }
    }
}

impl Target {
    /// Connects, and returns the client with the future that serves it.
    pub async fn connect(&self) -> Result<(Client, ConnectionFuture), ConnectError> {
        match Box::pin(self.open()).await? {
            OpenConnection::Plain(client, connection) => Ok((client, connection.boxed())),
            OpenConnection::Tls(client, connection) => Ok((client, connection.boxed())),
        }
    }

    /// Connects for use with diesel. The current runtime drives the connection.
    ///
    /// The session's messages are in English where the role may set that, because
    /// [`DbErrorKind`](super::DbErrorKind) is read from them.
    pub async fn establish(&self) -> Result<AsyncPgConnection, ConnectError> {
        let open = Box::pin(self.open()).await?;
        let setup = async {
            let mut connection = match open {
                OpenConnection::Plain(client, connection) => {
                    AsyncPgConnection::try_from_client_and_connection(client, *connection).await?
                }
                OpenConnection::Tls(client, connection) => {
                    AsyncPgConnection::try_from_client_and_connection(client, *connection).await?
                }
            };
            let set = messages::use_english(&mut connection, self).await;
            set.map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
            Ok::<_, diesel::ConnectionError>(connection)
        };
        let error = match timeout(self.attempt_limit, setup).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => AttemptError::new(setup_kind(&error), format!("setting up: {error}")),
            Err(_) => AttemptError::timed_out(self.attempt_limit),
        };
        Err(self.error(error.kind, vec![error.text]))
    }

    /// Asks the server to cancel the query that a connection is running. Logs errors.
    pub(crate) async fn cancel(&self, token: CancelToken) {
        let request = async {
            let sent = match &self.tls.connector {
                Some(connector) => token.cancel_query(connector.clone()).await,
                None => token.cancel_query(NoTls).await,
            };
            // A Unix socket next to TCP hosts has no name to verify a certificate for.
            if sent.is_err() && self.tls.connector.is_some() && self.has_unix_host() {
                return token.cancel_query(NoTls).await;
            }
            sent
        };
        match timeout(CANCEL_TIMEOUT, request).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!("cancel request failed: {}", with_sources(&error)),
            Err(_) => log::warn!("cancel request was not answered within {CANCEL_TIMEOUT:?}"),
        }
    }

    fn has_unix_host(&self) -> bool {
        self.hosts.iter().any(|(host, _)| matches!(host, Host::Unix(_)))
    }

    fn error(&self, kind: ConnectErrorKind, attempts: Vec<String>) -> ConnectError {
        ConnectError { target: self.to_string(), kind, attempts }
    }

    pub(super) async fn open(&self) -> Result<OpenConnection, ConnectError> {
        let mut attempts = Vec::new();
        let mut last = ConnectErrorKind::Unreachable;
        let start = if self.random_start { random_below(self.hosts.len()) } else { 0 };
        for (host, port) in self.hosts.iter().cycle().skip(start).take(self.hosts.len()) {
            match self.open_host(host, *port).await {
                Ok(connection) => return Ok(connection),
                Err(error) => {
                    last = error.kind;
                    let place = match host {
                        Host::Tcp(name, _) => name.clone(),
                        Host::Unix(folder) => folder.display().to_string(),
                    };
                    attempts.push(format!("{place} port {port}: {}", error.text));
                }
            }
        }
        Err(self.error(last, attempts))
    }

    /// Tries the addresses of one host, which share its time limit.
    async fn open_host(&self, host: &Host, port: u16) -> Result<OpenConnection, AttemptError> {
        let limit = self.attempt_limit;
        let (name, addresses) = match host {
            Host::Unix(folder) => {
                let mut config = self.config.clone();
                config.host_path(folder).port(port);
                let connecting = Box::pin(attempt(&config, None));
                return timeout(limit, connecting)
                    .await
                    .unwrap_or_else(|_| Err(AttemptError::timed_out(limit)));
            }
            Host::Tcp(name, Some(address)) => (name, vec![*address]),
            Host::Tcp(name, None) => match timeout(limit, addresses(name, port)).await {
                Ok(found) => (name, found?),
                Err(_) => return Err(AttemptError::timed_out(limit)),
            },
        };
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut last = AttemptError::new(ConnectErrorKind::Unreachable, "the name has no address");
        for address in addresses {
            let mut config = self.config.clone();
            config.host(name).hostaddr(address).port(port);
            last = match timeout(share, Box::pin(self.negotiate(&mut config))).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => error,
                Err(_) => AttemptError::timed_out(share),
            };
        }
        Err(last)
    }

    /// Tries the kinds of encryption that the `sslmode` allows.
    async fn negotiate(&self, config: &mut Config) -> Result<OpenConnection, AttemptError> {
        let mut first: Option<AttemptError> = None;
        for mode in self.tls.attempts() {
            config.ssl_mode(*mode);
            match attempt(config, self.tls.connector.as_ref()).await {
                Ok(connection) => return Ok(connection),
                Err(error) if error.try_other_mode => {
                    first.get_or_insert(error);
                }
                Err(error) => return Err(first.unwrap_or(error)),
            }
        }
        let mode = self.tls.mode.name();
        let error =
            first.unwrap_or_else(|| AttemptError::new(ConnectErrorKind::Tls, "nothing to try"));
        Err(AttemptError { text: format!("with sslmode={mode}: {}", error.text), ..error })
    }
}

async fn addresses(name: &str, port: u16) -> Result<Vec<IpAddr>, AttemptError> {
    match tokio::net::lookup_host((name, port)).await {
        Ok(found) => Ok(found.map(|address: SocketAddr| address.ip()).collect()),
        Err(error) => {
            let text = format!("looking up the name: {error}");
            Err(AttemptError::new(ConnectErrorKind::Unreachable, text))
        }
    }
}

/// Connects to one address, with TLS if there is a connector.
async fn attempt(
    config: &Config,
    tls: Option<&MakeRustlsConnect>,
) -> Result<OpenConnection, AttemptError> {
    let Some(connector) = tls else {
        let (client, connection) = config.connect(NoTls).await?;
        return Ok(OpenConnection::Plain(client, Box::new(connection)));
    };
    let (client, connection) = config.connect(connector.clone()).await?;
    Ok(OpenConnection::Tls(client, Box::new(connection)))
}

fn kind(error: &tokio_postgres::Error) -> ConnectErrorKind {
    let Some(code) = error.code() else {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        return match (error.to_string().as_str(), cause.map(std::io::Error::kind)) {
            ("error performing TLS handshake", _) => ConnectErrorKind::Tls,
            ("authentication error" | "invalid configuration", _) => ConnectErrorKind::Login,
            // The client's error for `target_session_attrs`.
            ("error connecting to server", Some(std::io::ErrorKind::PermissionDenied)) => {
                ConnectErrorKind::WrongRole
            }
            (_, Some(std::io::ErrorKind::TimedOut)) => ConnectErrorKind::TimedOut,
            _ => ConnectErrorKind::Unreachable,
        };
    };
    match *code {
        SqlState::CANNOT_CONNECT_NOW
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN => ConnectErrorKind::NotReady,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INVALID_PASSWORD
        | SqlState::UNDEFINED_DATABASE
        | SqlState::INSUFFICIENT_PRIVILEGE => ConnectErrorKind::Login,
        _ => ConnectErrorKind::Other,
    }
}

/// Returns the kind of an error of the first statements on a connection.
fn setup_kind(error: &diesel::ConnectionError) -> ConnectErrorKind {
    match error {
        diesel::ConnectionError::CouldntSetupConfiguration(error)
            if DbErrorKind::of(error) == DbErrorKind::Unavailable =>
        {
            ConnectErrorKind::Unreachable
        }
        _ => ConnectErrorKind::Other,
    }
}

/// Returns the text of an error and of its sources, which tokio-postgres leaves out of its own.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

/// Returns a random index below `count`, or zero when the system provides no random numbers.
fn random_below(count: usize) -> usize {
    let random = getrandom::u32().unwrap_or_default();
    usize::try_from(random).unwrap_or_default().checked_rem(count).unwrap_or_default()
}
