//! The directory of one test's cluster, other processes that own a cluster, and ways to kill them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, here as in the tests themselves"
)]

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Lines};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use embedded_postgres::{Cluster, Options, start};
use tempfile::TempDir;

/// The role and the database of the clusters.
pub(crate) const NAME: &str = "app";

/// The environment variable with the data directory, for a copy of this test program that is to own
/// a cluster; see `owner_process`.
pub(crate) const OWNED_DATA_DIR: &str = "EMBEDDED_POSTGRES_TEST_DATA_DIR";

/// A temporary directory, which the server's account can enter when the tests run as root.
pub(crate) struct TestDir {
    _top: TempDir,
    pub(crate) data_dir: PathBuf,
}

impl TestDir {
    pub(crate) fn new(name: &str) -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::set_permissions(top.path(), Permissions::from_mode(0o755)).unwrap();
        let data_dir = fs::canonicalize(top.path()).unwrap().join(name);
        Self { _top: top, data_dir }
    }

    #[track_caller]
    pub(crate) fn start(&self) -> Cluster {
        start(&self.data_dir, &options()).unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data_dir.join("server.log")).unwrap_or_default()
    }

    pub(crate) fn pid_file(&self) -> PathBuf {
        self.data_dir.join("postmaster.pid")
    }

    /// Returns the process id of the server.
    pub(crate) fn server_pid(&self) -> u32 {
        let text = fs::read_to_string(self.pid_file()).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    /// Waits until the server has shut down cleanly, which removes its lock file.
    pub(crate) fn wait_for_clean_stop(&self) {
        let began = Instant::now();
        while self.pid_file().exists() {
            assert!(began.elapsed() < Duration::from_secs(20), "still running:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(self.log().trim_end().ends_with("database system is shut down"), "{}", self.log());
    }

    /// Kills a cluster's owner, watchdog, server and backends, so that none can clean up.
    pub(crate) fn kill_everything(&self, owner: OtherProcess) {
        let server = self.server_pid();
        let mut victims = vec![parent_of(server), server];
        victims.extend(processes().into_iter().filter(|(_, up)| *up == server).map(|(pid, _)| pid));
        kill(&victims);
        owner.kill();
        assert!(self.pid_file().exists(), "the server removed its lock file");
    }

    /// Writes the id of another process into both of PostgreSQL's lock files.
    pub(crate) fn write_pid_into_lock_files(&self, pid: u32) {
        let text = fs::read_to_string(self.pid_file()).unwrap();
        let socket_dir = text.lines().nth(4).unwrap().to_owned();
        for file in [self.pid_file(), Path::new(&socket_dir).join(".s.PGSQL.5432.lock")] {
            let text = fs::read_to_string(&file).unwrap();
            let (_, rest) = text.split_once('\n').unwrap();
            fs::write(&file, format!("{pid}\n{rest}")).unwrap();
        }
    }

    /// Returns a command that runs as the account that owns the cluster, since PostgreSQL ignores
    /// lock files that name processes of others.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if embedded_postgres::is_root() {
            command.uid(fs::metadata(&self.data_dir).unwrap().uid()).current_dir("/");
        }
        command
    }
}

/// Returns the options of the clusters.
pub(crate) fn options() -> Options {
    Options::new(NAME).throwaway()
}

/// Another process that has started a cluster, or attached to one.
pub(crate) struct OtherProcess {
    child: Child,
    input: Option<ChildStdin>,
    /// Kept open, because printing to a closed pipe would fail in that process.
    _output: Lines<BufReader<ChildStdout>>,
    pub(crate) is_owner: bool,
    pub(crate) url: String,
}

impl OtherProcess {
    /// Runs this test program once more, as an owner, and waits until its cluster is ready.
    pub(crate) fn start(data_dir: &Path) -> Self {
        Self::wait(Self::spawn(data_dir))
    }

    /// Runs this test program once more, as an owner.
    pub(crate) fn spawn(data_dir: &Path) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "owner_process::an_owner_that_returns_stops_its_server",
                "--nocapture",
            ])
            .env(OWNED_DATA_DIR, data_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until the cluster of a spawned owner is ready.
    pub(crate) fn wait(mut child: Child) -> Self {
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = output.by_ref().map(Result::unwrap).find(|line| line.starts_with("ready "));
        let line = line.expect("the owner did not start; its output is above");
        let fields: Vec<&str> = line.split(' ').collect();
        let input = child.stdin.take();
        Self {
            child,
            input,
            _output: output,
            is_owner: fields[1] == "true",
            url: fields[2].to_owned(),
        }
    }

    /// Makes the process return from `main`.
    pub(crate) fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// Kills the process.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Returns the parent of a process: for a server, its watchdog.
pub(crate) fn parent_of(pid: u32) -> u32 {
    processes().into_iter().find(|(child, _)| *child == pid).unwrap().1
}

/// Kills processes that are not children of this one, and waits until they have ended.
pub(crate) fn kill(pids: &[u32]) {
    let pids_as_text: Vec<String> = pids.iter().map(u32::to_string).collect();
    Command::new("/bin/sh")
        .args(["-c", "kill -9 \"$@\"", "sh"])
        .args(&pids_as_text)
        // The backends of a server that was killed first may have ended by then.
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let began = Instant::now();
    while processes().iter().any(|(pid, _)| pids.contains(pid)) {
        assert!(began.elapsed() < Duration::from_secs(10), "{pids:?} still run after SIGKILL");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns every process that is not a zombie, with its parent.
fn processes() -> Vec<(u32, u32)> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat="]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| !row[2].starts_with('Z'))
        .map(|row| (row[0].parse().unwrap(), row[1].parse().unwrap()))
        .collect()
}

/// Runs SQL on a new connection and returns the rows' first column.
#[track_caller]
pub(crate) fn sql(url: &str, text: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error:?}"));
        let connection = tokio::spawn(connection);
        let messages = client.simple_query(text).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        messages
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0)?.to_owned()),
                _ => None,
            })
            .collect()
    })
}
