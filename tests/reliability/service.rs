//! The built program as a child process, with its own database.

use crate::connection::{Connection, Response, request};
use embedded_postgres::{Cluster, Options, start_from_pool};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The URL of a database of the tests' server, which `TEST_DATABASE_URL` names or which is a
/// throwaway cluster of this process.
fn database_url(name: &str) -> String {
    if let Some(url) = std::env::var_os("TEST_DATABASE_URL") {
        let mut url = url::Url::parse(url.to_str().unwrap()).unwrap();
        url.set_path(name);
        return url.into();
    }
    let cluster = CLUSTER.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reliability");
        start_from_pool(&root, &Options::new("roundup")).unwrap()
    });
    cluster.url(name)
}

/// Creates an empty database and returns its URL.
pub fn database() -> String {
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("r_{}_{n}", std::process::id());
    let server = database_url("postgres");
    sql(&server, &format!("drop database if exists {name} with (force)"));
    sql(&server, &format!("create database {name}"));
    database_url(&name)
}

/// Runs SQL on a new connection and returns the first column.
#[track_caller]
pub fn sql(url: &str, text: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = loop {
            match tokio_postgres::connect(url, tokio_postgres::NoTls).await {
                Ok(connected) => break connected,
                Err(error) if is_transient(&error) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => panic!("{url}: {error:?}"),
            }
        };
        let connection = tokio::spawn(connection);
        let response = client.simple_query(text).await.unwrap_or_else(|e| panic!("{text}: {e:?}"));
        drop(client);
        connection.await.unwrap().unwrap();
        response
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0)?.to_owned()),
                _ => None,
            })
            .collect()
    })
}

/// Whether a connection was not made because a signal came (EINTR), or because the server's socket
/// had no room in its queue (EAGAIN).
fn is_transient(error: &tokio_postgres::Error) -> bool {
    let cause =
        std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        matches!(cause.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
    })
}

/// A running service.
pub struct Service {
    process: Child,
    pub address: SocketAddr,
    pub url: String,
    settings: Vec<(String, String)>,
    /// A key with every scope.
    pub key: String,
    dir: TempDir,
}

/// The program on this database with default settings.
pub fn command(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roundup"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ROUNDUP_") {
            command.env_remove(name);
        }
    }
    command.env("DATABASE_URL", url);
    command
}

impl Service {
    /// Starts the service with these settings on a new database, and creates a key.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::on(database(), settings)
    }

    /// Does the same on this database.
    pub fn on(url: String, settings: &[(&str, &str)]) -> Self {
        let migrated = command(&url).arg("migrate").output().unwrap();
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        let words = ["keys", "create", "--name", "t", "--scope", "admin"];
        let made = command(&url).args(words).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let key = String::from_utf8(made.stdout).unwrap().lines().last().unwrap().to_owned();
        let mut service = Self::keyless(url, settings);
        service.key = key;
        service
    }

    /// Does the same without a key, so the database need not exist.
    pub fn keyless(url: String, settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let settings: Vec<_> = settings.iter().map(own).collect();
        let (process, address) =
            launch(&url, &settings, "127.0.0.1:0".parse().unwrap(), &dir.path().join("log"));
        Self { process, address, url, settings, key: String::new(), dir }
    }

    /// Starts the service again on the same port after it has ended.
    pub fn restart(&mut self) {
        (self.process, self.address) =
            launch(&self.url, &self.settings, self.address, &self.log_file());
    }

    fn log_file(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// Asserts that the log has one error with the request id of this response.
    #[track_caller]
    pub fn assert_logged_once(&self, response: &Response) {
        let id = &response.headers["x-request-id"];
        let log = self.log();
        let errors = log.lines().filter(|line| line.contains(" ERROR ") && line.contains(id));
        assert_eq!(errors.count(), 1, "{id}: {log}");
    }

    /// Returns the log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Kills the process.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        signal(self.pid(), "TERM");
    }

    /// Waits until the process has ended.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.process.wait().unwrap()
    }

    /// Opens a connection.
    pub fn connect(&self) -> Connection {
        Connection::to(self.address)
    }

    /// Sends a request with the key on a new connection.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Response {
        self.try_ask(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.log()))
    }

    /// Does the same, but the request may fail.
    pub fn try_ask(&self, method: &str, path: &str, body: &str) -> io::Result<Response> {
        let mut client = Connection::try_to(self.address)?;
        io::Write::write_all(&mut client.stream, self.request(method, path, body).as_bytes())?;
        client.response()
    }

    /// Formats a request with the key.
    pub fn request(&self, method: &str, path: &str, body: &str) -> String {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        request(method, path, &headers, body)
    }

    /// Sends a GET that must succeed and returns its JSON.
    pub fn get(&self, path: &str) -> Value {
        let response = self.ask("GET", path, "");
        assert_eq!(response.status, 200, "{path}: {}", String::from_utf8_lossy(&response.body));
        response.json()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a signal to a process.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.unwrap().success(), "kill -{name} {pid}");
}

fn launch(
    url: &str,
    settings: &[(String, String)],
    listen: SocketAddr,
    log: &Path,
) -> (Child, SocketAddr) {
    let log = File::options().create(true).append(true).open(log).unwrap();
    let mut process = command(url)
        .env("ROUNDUP_LISTEN", listen.to_string())
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut out = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    let address = address.expect("the service prints its URL").parse().unwrap();
    // Further output is discarded; the pipe must stay open.
    std::thread::spawn(move || io::copy(&mut out, &mut io::sink()));
    (process, address)
}
