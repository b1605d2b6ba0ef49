//! The database server to connect to, parsed from a `DATABASE_URL`.
//!
//! Accepts what libpq accepts: `postgres://` and `postgresql://` URLs, Unix sockets
//! (`postgres://user@%2Fdir/db`, `?host=/dir`), several hosts, and `key=value` strings. Without a
//! host it is `localhost`. An unknown parameter is an error that names it. Neither errors nor `Debug`
//! nor `Display` show the password. The `PG*` variables and `~/.pgpass` are not read.

use super::connection_string::{Parameters, encode};
use super::tls::{SslMode, Tls};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, TargetSessionAttrs};

/// The default time limit for connecting to one host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The default time after which a connection whose data is not acknowledged is closed.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// Why a database URL was rejected: the part and the problem, never a value of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("database URL: {part}: {problem}")]
pub struct TargetError {
    part: String,
    problem: String,
}

impl TargetError {
    pub(super) fn new(part: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { part: part.into(), problem: problem.into() }
    }

    /// Returns the part or parameter that is wrong, such as `port` or `sslmode`.
    pub fn part(&self) -> &str {
        &self.part
    }
}

/// One server of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// A name or IP address, and the IP address to use instead of looking up the name.
    Tcp(String, Option<IpAddr>),
    /// The directory of a Unix socket.
    Unix(PathBuf),
}

/// The servers, database, user and options of a connection.
///
/// `Display` is a URL that `psql` accepts, without the password.
#[derive(Clone)]
pub struct Target {
    pub(super) config: Config,
    pub(super) hosts: Vec<(Host, u16)>,
    pub(super) tls: Tls,
    pub(super) random_start: bool,
    pub(super) attempt_limit: Duration,
    pgbouncer: bool,
    /// Whether a server of this target was seen to write its messages in English.
    pub(super) is_english: Arc<AtomicBool>,
}

impl Target {
    /// Parses a URL or a `key=value` string, and reads the certificate files that it names.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let mut given = Parameters::parse(url)?;
        let mut config = Config::new();
        let password = given.take("password");
        let password_given = password.is_some();
        if let Some(password) = password {
            config.password(password);
        }
        let hosts = take_hosts(&mut given)?;
        take_session(&mut given, &mut config)?;
        take_socket(&mut given, &mut config)?;
        let any_tcp = hosts.iter().any(|(host, _)| matches!(host, Host::Tcp(..)));
        let tls = Tls::take(&mut given, any_tcp)?;
        let limit = match number::<u64>(&mut given, "connect_timeout", "seconds")? {
            None | Some(0) => CONNECT_TIMEOUT,
            Some(seconds) => Duration::from_secs(seconds),
        };
        let random_start =
            choice(&mut given, "load_balance_hosts", &[("disable", false), ("random", true)])?;
        let pgbouncer = choice(&mut given, "pgbouncer", &[("true", true), ("false", false)])?;
        given.finish(password_given)?;
        Ok(Self {
            config,
            hosts,
            tls,
            random_start: random_start.unwrap_or(false),
            attempt_limit: limit,
            pgbouncer: pgbouncer.unwrap_or(false),
            is_english: Arc::default(),
        })
    }

    /// Returns whether connections go through PgBouncer in transaction mode: `pgbouncer=true`.
    pub fn pgbouncer(&self) -> bool {
        self.pgbouncer
    }

    /// Marks the connections as going through PgBouncer.
    pub(super) fn set_pgbouncer(&mut self) {
        self.pgbouncer = true;
    }

    /// Returns the name of the user.
    pub(super) fn user(&self) -> Option<&str> {
        self.config.get_user()
    }

    /// Returns the name of the database, which by default is that of the user.
    pub fn database(&self) -> Option<&str> {
        self.config.get_dbname().or_else(|| self.config.get_user())
    }

    /// Returns the same target with another database.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    /// Lowers the time limit for each host, so that every host is tried within `total`.
    pub(super) fn fit_attempts_into(&mut self, total: Duration) {
        let hosts = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX).max(1);
        self.attempt_limit = self.attempt_limit.min(total / hosts);
    }

    /// Makes the server cancel each statement of a session after `limit`.
    ///
    /// The setting is sent while connecting, so it costs no round trip and survives `DISCARD ALL`. An
    /// `options=-c statement_timeout=…` in the URL takes precedence.
    pub(super) fn limit_statements(&mut self, limit: Duration) {
        let own = self.config.get_options().unwrap_or_default();
        let options = format!("-c statement_timeout={} {own}", limit.as_millis());
        self.config.options(options.trim_end());
    }
}

fn take_hosts(given: &mut Parameters) -> Result<Vec<(Host, u16)>, TargetError> {
    let names = given.take("host").unwrap_or_default();
    let addresses = given.take("hostaddr").unwrap_or_default();
    let addresses = addresses
        .split(',')
        .filter(|text| !text.is_empty())
        .map(str::parse::<IpAddr>)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_not_ip| TargetError::new("hostaddr", "must be IP addresses"))?;
    let mut hosts: Vec<Host> = match (names.as_str(), addresses.as_slice()) {
        ("", []) => vec![Host::Tcp("localhost".to_owned(), None)],
        ("", some) => some.iter().map(|ip| Host::Tcp(ip.to_string(), Some(*ip))).collect(),
        (names, _) => names.split(',').map(host).collect::<Result<_, _>>()?,
    };
    if !names.is_empty() && !addresses.is_empty() {
        if addresses.len() != hosts.len() {
            return Err(TargetError::new("hostaddr", "needs one address for each host"));
        }
        for (host, given) in hosts.iter_mut().zip(addresses) {
            if let Host::Tcp(_, address) = host {
                *address = Some(given);
            }
        }
    }
    let ports = given.take("port").unwrap_or_default();
    let ports = ports.split(',').map(port).collect::<Result<Vec<_>, _>>()?;
    match ports.as_slice() {
        [one] => Ok(hosts.into_iter().map(|host| (host, *one)).collect()),
        _ if ports.len() == hosts.len() => Ok(hosts.into_iter().zip(ports).collect()),
        _ => Err(TargetError::new("port", "needs one number, or one for each host")),
    }
}

fn host(name: &str) -> Result<Host, TargetError> {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"/@?#[]%\\".contains(c);
    match name {
        "" => Err(TargetError::new("host", "a name between the commas is empty")),
        path if path.starts_with('/') => Ok(Host::Unix(PathBuf::from(path))),
        name if name.chars().all(plain) => Ok(Host::Tcp(name.to_owned(), None)),
        _ => Err(TargetError::new("host", "is neither a host name nor an absolute path")),
    }
}

fn port(text: &str) -> Result<u16, TargetError> {
    match (text, text.parse::<u16>()) {
        ("", _) => Ok(5432),
        (_, Ok(port)) if port != 0 => Ok(port),
        _ => Err(TargetError::new("port", "must be a number from 1 to 65535")),
    }
}

fn take_session(given: &mut Parameters, config: &mut Config) -> Result<(), TargetError> {
    if let Some(user) = given.take("user") {
        config.user(user);
    }
    if let Some(name) = given.take("dbname") {
        config.dbname(name);
    }
    if let Some(options) = given.take("options") {
        config.options(options);
    }
    config.application_name(given.take("application_name").unwrap_or_else(|| "roundup".to_owned()));
    let session = [
        ("any", TargetSessionAttrs::Any),
        ("read-write", TargetSessionAttrs::ReadWrite),
        ("read-only", TargetSessionAttrs::ReadOnly),
    ];
    if let Some(session) = choice(given, "target_session_attrs", &session)? {
        config.target_session_attrs(session);
    }
    let binding = [
        ("disable", ChannelBinding::Disable),
        ("prefer", ChannelBinding::Prefer),
        ("require", ChannelBinding::Require),
    ];
    if let Some(binding) = choice(given, "channel_binding", &binding)? {
        config.channel_binding(binding);
    }
    Ok(())
}

/// Takes the keepalives and time-outs of the socket, in the units of libpq.
fn take_socket(given: &mut Parameters, config: &mut Config) -> Result<(), TargetError> {
    let on = choice(given, "keepalives", &[("1", true), ("0", false)])?;
    config.keepalives(on.unwrap_or(true));
    let seconds = |given: &mut Parameters, name, default| {
        number::<u64>(given, name, "seconds").map(|n| n.map_or(default, Duration::from_secs))
    };
    config.keepalives_idle(seconds(given, "keepalives_idle", KEEPALIVE_IDLE)?);
    config.keepalives_interval(seconds(given, "keepalives_interval", KEEPALIVE_INTERVAL)?);
    let count = number(given, "keepalives_count", "probes")?;
    let retries = number(given, "keepalives_retries", "probes")?;
    config.keepalives_retries(count.or(retries).unwrap_or(KEEPALIVE_RETRIES));
    match number::<u64>(given, "tcp_user_timeout", "milliseconds")? {
        None => config.tcp_user_timeout(TCP_USER_TIMEOUT),
        Some(0) => config,
        Some(milliseconds) => config.tcp_user_timeout(Duration::from_millis(milliseconds)),
    };
    Ok(())
}

fn number<T: std::str::FromStr>(
    given: &mut Parameters,
    name: &str,
    unit: &str,
) -> Result<Option<T>, TargetError> {
    let Some(text) = given.take(name) else { return Ok(None) };
    match text.trim().parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(TargetError::new(name, format!("must be a number of {unit}"))),
    }
}

fn choice<T: Copy>(
    given: &mut Parameters,
    name: &str,
    choices: &[(&str, T)],
) -> Result<Option<T>, TargetError> {
    let Some(text) = given.take(name) else { return Ok(None) };
    let found = choices.iter().find(|(choice, _)| *choice == text);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
        TargetError::new(name, format!("must be one of {}", names.join(", ")))
    })
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{}@", encode(user))?;
        }
        for (index, (host, port)) in self.hosts.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(name, _) if name.contains(':') => write!(f, "{comma}[{name}]:{port}")?,
                Host::Tcp(name, _) => write!(f, "{comma}{name}:{port}")?,
                Host::Unix(path) => write!(f, "{comma}{}:{port}", encode(&path.to_string_lossy()))?,
            }
        }
        write!(f, "/{}", encode(self.config.get_dbname().unwrap_or_default()))?;
        match (&self.tls.connector, self.tls.mode) {
            (None, mode) if mode != SslMode::Disable => Ok(()),
            (_, mode) => write!(f, "?sslmode={}", mode.name()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests;
