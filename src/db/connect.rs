//! Opens connections to a [`Target`]: each host and each of its addresses in turn, encrypted as the
//! target asks, every attempt under a time limit, and with errors that say what was tried.

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

/// What moves the bytes of a [`Client`]: poll it (spawn it) for as long as the client lives.
pub type Driver = BoxFuture<'static, Result<(), tokio_postgres::Error>>;

type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// How long a cancel request may take; it is sent on a connection of its own.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// What kind of failure kept us from connecting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectKind {
    /// No answer: refused, no such host, no such socket, or the connection broke off.
    Unreachable,
    /// Nothing conclusive within the time limit.
    TimedOut,
    /// No encrypted connection of the wanted kind: not offered, or the certificate is not accepted.
    Tls,
    /// The server refuses this user, password or database. Waiting does not help.
    Login,
    /// The server is starting, stopping, recovering, or has no connection left.
    NotReady,
    /// The server does not accept writes (or does), against `target_session_attrs`.
    WrongRole,
    /// The server refuses for another reason, given in the text.
    Other,
}

/// No connection: the target (without its password) and what happened at each host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    target: String,
    kind: ConnectKind,
    attempts: Vec<String>,
}

impl ConnectError {
    /// The kind of failure; with several hosts, that of the last one tried.
    pub fn kind(&self) -> ConnectKind {
        self.kind
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {}: {}", self.target, self.attempts.join("; "))
    }
}

impl std::error::Error for ConnectError {}

/// A connection before it is known what it is used for.
pub(super) enum Link {
    Plain(Client, Box<Connection<Socket, NoTlsStream>>),
    Tls(Client, Box<Connection<Socket, TlsStream>>),
}

/// Why one attempt failed.
struct Refusal {
    kind: ConnectKind,
    text: String,
    /// Whether the same with or without TLS may fare better.
    other_way: bool,
}

impl Refusal {
    fn new(kind: ConnectKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), other_way: false }
    }

    fn timed_out(limit: Duration) -> Self {
        Self::new(ConnectKind::TimedOut, format!("no connection within {limit:?}"))
    }
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Self {
        let kind = kind(&error);
        // A failed handshake, or a refusal that may come from a `hostssl` or `hostnossl` line.
        let other_way = kind == ConnectKind::Tls
            || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        Self { kind, text: with_causes(&error), other_way }
    }
}

impl Target {
    /// Connects and hands out the plain client, with the future that drives it.
    pub async fn connect(&self) -> Result<(Client, Driver), ConnectError> {
        match Box::pin(self.open()).await? {
            Link::Plain(client, connection) => Ok((client, connection.boxed())),
            Link::Tls(client, connection) => Ok((client, connection.boxed())),
        }
    }

    /// Connects for use with diesel; the driver is spawned on the current runtime.
    pub async fn establish(&self) -> Result<AsyncPgConnection, ConnectError> {
        let link = Box::pin(self.open()).await?;
        let setup = async {
            match link {
                Link::Plain(client, connection) => {
                    AsyncPgConnection::try_from_client_and_connection(client, *connection).await
                }
                Link::Tls(client, connection) => {
                    AsyncPgConnection::try_from_client_and_connection(client, *connection).await
                }
            }
        };
        let refusal = match timeout(self.attempt_limit, setup).await {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => Refusal::new(ConnectKind::Other, format!("setting up: {error}")),
            Err(_) => Refusal::timed_out(self.attempt_limit),
        };
        Err(self.failed(refusal.kind, vec![refusal.text]))
    }

    /// Asks the server to stop what a connection is doing. Best effort, within a time limit.
    pub(crate) async fn cancel(&self, token: CancelToken) {
        let request = async {
            let sent = match &self.tls.connector {
                Some(connector) => token.cancel_query(connector.clone()).await,
                None => token.cancel_query(NoTls).await,
            };
            // A unix socket next to TCP hosts: there is no name to make a TLS session for.
            if sent.is_err() && self.tls.connector.is_some() && self.any_unix() {
                return token.cancel_query(NoTls).await;
            }
            sent
        };
        match timeout(CANCEL_TIMEOUT, request).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::warn!("cancel request failed: {}", with_causes(&error)),
            Err(_) => log::warn!("cancel request got no answer within {CANCEL_TIMEOUT:?}"),
        }
    }

    fn any_unix(&self) -> bool {
        self.hosts.iter().any(|(host, _)| matches!(host, Host::Unix(_)))
    }

    fn failed(&self, kind: ConnectKind, attempts: Vec<String>) -> ConnectError {
        ConnectError { target: self.to_string(), kind, attempts }
    }

    pub(super) async fn open(&self) -> Result<Link, ConnectError> {
        let mut attempts = Vec::new();
        let mut last = ConnectKind::Unreachable;
        let start = if self.random_start { random_below(self.hosts.len()) } else { 0 };
        for (host, port) in self.hosts.iter().cycle().skip(start).take(self.hosts.len()) {
            match self.open_host(host, *port).await {
                Ok(link) => return Ok(link),
                Err(refusal) => {
                    last = refusal.kind;
                    let place = match host {
                        Host::Tcp(name, _) => name.clone(),
                        Host::Unix(folder) => folder.display().to_string(),
                    };
                    attempts.push(format!("{place} port {port}: {}", refusal.text));
                }
            }
        }
        Err(self.failed(last, attempts))
    }

    /// Tries the addresses of one host; together they have the time limit of the host.
    async fn open_host(&self, host: &Host, port: u16) -> Result<Link, Refusal> {
        let limit = self.attempt_limit;
        let (name, addresses) = match host {
            Host::Unix(folder) => {
                let mut config = self.config.clone();
                config.host_path(folder).port(port);
                let attempt = Box::pin(dial(&config, None));
                return timeout(limit, attempt)
                    .await
                    .unwrap_or_else(|_| Err(Refusal::timed_out(limit)));
            }
            Host::Tcp(name, Some(address)) => (name, vec![*address]),
            Host::Tcp(name, None) => match timeout(limit, addresses(name, port)).await {
                Ok(found) => (name, found?),
                Err(_) => return Err(Refusal::timed_out(limit)),
            },
        };
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
        let mut last = Refusal::new(ConnectKind::Unreachable, "the name has no address");
        for address in addresses {
            let mut config = self.config.clone();
            config.host(name).hostaddr(address).port(port);
            last = match timeout(share, Box::pin(self.negotiate(&mut config))).await {
                Ok(Ok(link)) => return Ok(link),
                Ok(Err(refusal)) => refusal,
                Err(_) => Refusal::timed_out(share),
            };
        }
        Err(last)
    }

    /// Goes through the ways that the `sslmode` allows.
    async fn negotiate(&self, config: &mut Config) -> Result<Link, Refusal> {
        let mut first: Option<Refusal> = None;
        for mode in self.tls.attempts() {
            config.ssl_mode(*mode);
            match dial(config, self.tls.connector.as_ref()).await {
                Ok(link) => return Ok(link),
                Err(refusal) if refusal.other_way => {
                    first.get_or_insert(refusal);
                }
                Err(refusal) => return Err(first.unwrap_or(refusal)),
            }
        }
        let mode = self.tls.mode.name();
        let refusal = first.unwrap_or_else(|| Refusal::new(ConnectKind::Tls, "nothing to try"));
        Err(Refusal { text: format!("with sslmode={mode}: {}", refusal.text), ..refusal })
    }
}

async fn addresses(name: &str, port: u16) -> Result<Vec<IpAddr>, Refusal> {
    match tokio::net::lookup_host((name, port)).await {
        Ok(found) => Ok(found.map(|address: SocketAddr| address.ip()).collect()),
        Err(error) => {
            let text = format!("looking up the name: {error}");
            Err(Refusal::new(ConnectKind::Unreachable, text))
        }
    }
}

/// One attempt: one address, one way of encryption. Without a connector it is plain.
async fn dial(config: &Config, tls: Option<&MakeRustlsConnect>) -> Result<Link, Refusal> {
    let Some(connector) = tls else {
        let (client, connection) = config.connect(NoTls).await?;
        return Ok(Link::Plain(client, Box::new(connection)));
    };
    let (client, connection) = config.connect(connector.clone()).await?;
    Ok(Link::Tls(client, Box::new(connection)))
}

fn kind(error: &tokio_postgres::Error) -> ConnectKind {
    let Some(code) = error.code() else {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        return match (error.to_string().as_str(), cause.map(std::io::Error::kind)) {
            ("error performing TLS handshake", _) => ConnectKind::Tls,
            ("authentication error" | "invalid configuration", _) => ConnectKind::Login,
            // How the client reports that `target_session_attrs` is not met.
            ("error connecting to server", Some(std::io::ErrorKind::PermissionDenied)) => {
                ConnectKind::WrongRole
            }
            (_, Some(std::io::ErrorKind::TimedOut)) => ConnectKind::TimedOut,
            _ => ConnectKind::Unreachable,
        };
    };
    match *code {
        SqlState::CANNOT_CONNECT_NOW
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN => ConnectKind::NotReady,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | SqlState::INVALID_PASSWORD
        | SqlState::UNDEFINED_DATABASE
        | SqlState::INSUFFICIENT_PRIVILEGE => ConnectKind::Login,
        _ => ConnectKind::Other,
    }
}

/// The text of an error with its causes, which the drivers leave out of their own texts.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// A random index; zero when the system has no randomness to give.
fn random_below(count: usize) -> usize {
    let random = getrandom::u32().unwrap_or_default();
    usize::try_from(random).unwrap_or_default().checked_rem(count).unwrap_or_default()
}
