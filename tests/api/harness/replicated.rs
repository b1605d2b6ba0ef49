//! A throwaway primary with a streaming replica, each on a socket in one temporary folder.
//!
//! A shell is the parent of both and waits for its standard input to end, so that they stop and
//! the folder goes away however the test ends.

use roundup::db::Target;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SCRIPT: &str = r#"
settings="-c fsync=off -c listen_addresses= -c max_connections=30 -c shared_buffers=16MB"
"$1/initdb" -D primary -A trust -U roundup -E UTF8 --locale=C.UTF-8 --no-sync >log 2>&1 || exit 1
"$1/postgres" -D primary -p 5432 -k "$PWD" $settings >>log 2>&1 &
primary=$!
until "$1/psql" -h "$PWD" -U roundup -c 'select 1' postgres >>log 2>&1; do sleep 0.1; done
"$1/pg_basebackup" -D replica -R -c fast -X stream -h "$PWD" -U roundup >>log 2>&1 || kill $primary
"$1/postgres" -D replica -p 5433 -k "$PWD" $settings >>log 2>&1 &
replica=$!
until "$1/psql" -h "$PWD" -p 5433 -U roundup -c 'select 1' postgres >>log 2>&1; do sleep 0.1; done
touch ready
read -r _
kill -QUIT $replica $primary
wait
cd / && rm -rf "$OLDPWD"
"#;

/// A primary and its replica.
pub struct Replicated {
    folder: PathBuf,
    shell: Child,
}

impl Replicated {
    /// Starts them.
    pub async fn start() -> Self {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("roundup-pair-").tempdir().unwrap().keep();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh"]).arg(programs);
        command.current_dir(&folder).stdin(Stdio::piped()).process_group(0);
        give_to_postgres(&folder, &mut command);
        let pair = Self { shell: command.spawn().unwrap(), folder };
        let began = Instant::now();
        while !pair.folder.join("ready").exists() {
            let log = || fs::read_to_string(pair.folder.join("log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_mins(2), "no servers: {}", log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        pair
    }

    /// Returns the target of the primary.
    pub fn primary(&self) -> Target {
        self.target(5432)
    }

    /// Returns the target of the replica.
    pub fn replica(&self) -> Target {
        self.target(5433)
    }

    fn target(&self, port: u16) -> Target {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        Target::parse(&format!("postgres://roundup@{folder}:{port}/postgres")).unwrap()
    }
}

impl Drop for Replicated {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Returns the folder that has all of the programs.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = (14..=18).rev().map(|n| PathBuf::from(format!("/usr/lib/postgresql/{n}/bin")));
    let all = ["initdb", "postgres", "psql", "pg_basebackup"];
    std::env::split_paths(&path)
        .chain(usual)
        .find(|folder| all.iter().all(|name| folder.join(name).exists()))
        .unwrap_or_else(|| panic!("the programs {} are not installed", all.join(", ")))
}

/// PostgreSQL does not run as root.
fn give_to_postgres(folder: &Path, command: &mut Command) {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:")).unwrap();
    let ids: Vec<u32> = line.split(':').skip(2).take(2).map(|id| id.parse().unwrap()).collect();
    chown(folder, Some(ids[0]), Some(ids[1])).unwrap();
    command.uid(ids[0]).gid(ids[1]);
}
