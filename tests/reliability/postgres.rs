//! A PostgreSQL of one test, which can be killed and frozen.

use crate::service::{signal, sql};
use embedded_postgres::{Cluster, Options, start};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A durable server, as in production.
pub struct Postgres {
    cluster: Option<Cluster>,
    data: PathBuf,
    _top: TempDir,
}

impl Postgres {
    /// Starts a new server.
    pub fn start() -> Self {
        let top = tempfile::tempdir().unwrap();
        // The account of PostgreSQL needs access when the tests run as root.
        fs::set_permissions(top.path(), Permissions::from_mode(0o755)).unwrap();
        let data = fs::canonicalize(top.path()).unwrap().join("data");
        let mut server = Self { cluster: None, data, _top: top };
        server.start_again();
        server
    }

    /// Starts the server again after it was killed; returns once it accepts connections.
    pub fn start_again(&mut self) {
        if let Some(cluster) = self.cluster.take() {
            // The server has ended already.
            let _ = cluster.stop();
        }
        self.cluster = Some(start(&self.data, &Options::new("roundup")).unwrap());
    }

    /// Returns the URL of its database.
    pub fn url(&self) -> String {
        self.cluster.as_ref().unwrap().url("roundup")
    }

    /// Returns the directory of its socket.
    pub fn socket_dir(&self) -> String {
        self.cluster.as_ref().unwrap().socket_dir().to_str().unwrap().to_owned()
    }

    /// Returns the process id of the postmaster.
    fn postmaster(&self) -> u32 {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    /// Returns its process ids, the postmaster first.
    fn processes(&self) -> Vec<u32> {
        let first = self.postmaster();
        let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let children = rows.filter(|row| row[1] == first.to_string()).map(|row| row[0]);
        [first].into_iter().chain(children.map(|pid| pid.parse().unwrap())).collect()
    }

    /// Kills the server.
    pub fn kill(&self) {
        for pid in self.processes() {
            // The other processes end by themselves without the postmaster.
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).output().unwrap();
        }
    }

    /// Freezes every process.
    pub fn freeze(&self) -> Vec<u32> {
        // Without the postmaster no process starts, and one that ends stays a zombie.
        signal(self.postmaster(), "STOP");
        let pids = self.processes();
        for pid in &pids {
            signal(*pid, "STOP");
        }
        pids
    }

    /// Resumes frozen processes.
    pub fn thaw(pids: &[u32]) {
        for pid in pids {
            // The process of a session that has just ended disappears when the postmaster resumes.
            let _ = Command::new("kill").args(["-CONT", &pid.to_string()]).output().unwrap();
        }
    }

    /// Counts the sessions of the service, and those with an open transaction.
    pub fn sessions(url: &str) -> (usize, usize) {
        let rows = sql(
            url,
            "select state from pg_stat_activity where datname = current_database()
             and backend_type = 'client backend' and pid <> pg_backend_pid()",
        );
        (rows.len(), rows.iter().filter(|state| state.contains("transaction")).count())
    }
}
