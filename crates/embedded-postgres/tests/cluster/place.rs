//! A directory for one test's cluster, other processes that own a cluster, and rough handling.

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

use embedded_postgres::{Cluster, Mode, Options, start};
use tempfile::TempDir;

/// Set for a copy of this test program that is to own a cluster; see `owner_process`.
pub(crate) const OWNS: &str = "ROUNDUP_TEST_OWNS";

/// A directory of its own, which the server's account can reach when the tests run as root.
pub(crate) struct Place {
    _top: TempDir,
    pub(crate) data: PathBuf,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let top = tempfile::tempdir().unwrap();
        fs::set_permissions(top.path(), Permissions::from_mode(0o755)).unwrap();
        let data = fs::canonicalize(top.path()).unwrap().join(name);
        Self { _top: top, data }
    }

    pub(crate) fn options(&self) -> Options {
        Options { data_dir: self.data.clone(), pg_bin: None, mode: Mode::Throwaway }
    }

    #[track_caller]
    pub(crate) fn start(&self) -> Cluster {
        start(&self.options()).unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.data.join("server.log")).unwrap_or_default()
    }

    pub(crate) fn pid_file(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }

    /// The process number of the server.
    pub(crate) fn server(&self) -> u32 {
        let text = fs::read_to_string(self.pid_file()).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    /// Waits until the server has stopped in good order, which removes its pid file.
    pub(crate) fn wait_for_clean_stop(&self) {
        let began = Instant::now();
        while self.pid_file().exists() {
            assert!(began.elapsed() < Duration::from_secs(20), "still running:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(self.log().trim_end().ends_with("database system is shut down"), "{}", self.log());
    }

    /// Kills a cluster's owner, watchdog, server and its children, so that none can clean up.
    pub(crate) fn kill_everything(&self, owner: Owner) {
        let server = self.server();
        let mut victims = vec![parent_of(server), server];
        victims.extend(processes().into_iter().filter(|(_, up)| *up == server).map(|(pid, _)| pid));
        kill(&victims);
        owner.kill();
        assert!(self.pid_file().exists(), "nothing had time to tidy up");
    }

    /// Makes both of PostgreSQL's lock files name another process.
    pub(crate) fn blame(&self, pid: u32) {
        let text = fs::read_to_string(self.pid_file()).unwrap();
        let socket_dir = text.lines().nth(4).unwrap().to_owned();
        for file in [self.pid_file(), Path::new(&socket_dir).join(".s.PGSQL.5432.lock")] {
            let text = fs::read_to_string(&file).unwrap();
            let (_, rest) = text.split_once('\n').unwrap();
            fs::write(&file, format!("{pid}\n{rest}")).unwrap();
        }
    }

    /// A command run by the account that owns the cluster: PostgreSQL takes no notice of others.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if embedded_postgres::is_root() {
            command.uid(fs::metadata(&self.data).unwrap().uid()).current_dir("/");
        }
        command
    }
}

/// A process of its own that has started, or joined, a cluster.
pub(crate) struct Owner {
    child: Child,
    input: Option<ChildStdin>,
    /// Kept open, or what the test program still has to print would fail.
    _output: Lines<BufReader<ChildStdout>>,
    pub(crate) adopted: bool,
    pub(crate) url: String,
}

impl Owner {
    /// Runs this test program once more, as an owner, and waits until its cluster is up.
    pub(crate) fn start(data: &Path) -> Self {
        Self::wait(Self::spawn(data))
    }

    /// The first half of `start`.
    pub(crate) fn spawn(data: &Path) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "owner_process::an_owner_that_returns_stops_its_server",
                "--nocapture",
            ])
            .env(OWNS, data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The second half of `start`.
    pub(crate) fn wait(mut child: Child) -> Self {
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = output.by_ref().map(Result::unwrap).find(|line| line.starts_with("up "));
        let line = line.expect("the owner did not start; its output is above");
        let fields: Vec<&str> = line.split(' ').collect();
        let input = child.stdin.take();
        Self {
            child,
            input,
            _output: output,
            adopted: fields[1] == "true",
            url: fields[2].to_owned(),
        }
    }

    /// Lets the process return.
    pub(crate) fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// Kills the process outright.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The process above another: the watchdog, for a server.
pub(crate) fn parent_of(pid: u32) -> u32 {
    processes().into_iter().find(|(child, _)| *child == pid).unwrap().1
}

/// Kills processes and waits until they are gone; they are no children of this one.
pub(crate) fn kill(pids: &[u32]) {
    let words: Vec<String> = pids.iter().map(u32::to_string).collect();
    Command::new("/bin/sh")
        .args(["-c", "kill -9 \"$@\"", "sh"])
        .args(&words)
        // Children of a server that is killed first may be gone by then.
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let began = Instant::now();
    while processes().iter().any(|(pid, _)| pids.contains(pid)) {
        assert!(began.elapsed() < Duration::from_secs(10), "not even SIGKILL ends {pids:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every process that is not a zombie, with its parent.
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
        let answer = client.simple_query(text).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        answer
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0)?.to_owned()),
                _ => None,
            })
            .collect()
    })
}
