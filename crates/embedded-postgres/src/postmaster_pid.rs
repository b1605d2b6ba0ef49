//! PostgreSQL's own lock files, `postmaster.pid` and `.s.PGSQL.<port>.lock`: their contents, and
//! when a stale one has to be removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::data_dir::{DataDir, LOG};
use crate::error::{Error, IoContext as _};
use crate::process::{self, ProcessState};
use crate::socket;

/// The lock file of a running server in its data directory.
const FILE_NAME: &str = "postmaster.pid";

/// How long a server without an owner may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);

/// The contents of `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PostmasterPid {
    /// The server's process id.
    pub(crate) pid: u32,
    /// The directory of its socket.
    pub(crate) socket_dir: PathBuf,
    /// Whether the server says that it accepts connections.
    pub(crate) is_ready: bool,
}

impl PostmasterPid {
    /// Reads the file of a data directory, if there is a complete one.
    pub(crate) fn read(data_dir: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data_dir.join(FILE_NAME)).ok()?)
    }

    /// Parses the lines: process id, data directory, start time, port, socket directory, address,
    /// shared memory, and from PostgreSQL 10 on the status.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let socket_dir = PathBuf::from(lines.nth(3)?);
        let is_ready = lines.nth(2).is_some_and(|status| status.trim() == "ready");
        Some(Self { pid, socket_dir, is_ready })
    }
}

/// Prepares the data directory for a new server, for the holder of both locks: stops a server that
/// has lost its owner and its watchdog, and removes lock files that would wrongly prevent a start.
///
/// A file whose process no longer exists stays: PostgreSQL removes it itself, and knows from the
/// shared memory that it names whether backends of that server are still alive.
pub(crate) fn remove_stale(data_dir: &DataDir, socket_dir: &Path) -> Result<(), Error> {
    remove_one(data_dir, &data_dir.entry_path(FILE_NAME))?;
    remove_one(data_dir, &socket::lock_file(socket_dir))
}

fn remove_one(data_dir: &DataDir, file: &Path) -> Result<(), Error> {
    let began = Instant::now();
    while let Ok(text) = fs::read_to_string(file) {
        // A single-user server writes its process id as a negative number.
        let pid =
            text.lines().next().and_then(|line| line.trim().trim_start_matches('-').parse().ok());
        match pid.map(|pid: u32| (pid, process::state(pid, &data_dir.path))) {
            Some((_, ProcessState::Gone)) => return Ok(()),
            Some((pid, ProcessState::Server)) => {
                if began.elapsed() > STOP_TIMEOUT {
                    return Err(Error::TimedOut {
                        what: "a server whose owner has ended did not stop",
                        seconds: STOP_TIMEOUT.as_secs(),
                        log: data_dir.entry_path(LOG),
                    });
                }
                log::info!("stopping database server {pid}, whose owner has ended");
                process::interrupt(pid);
                sleep(Duration::from_millis(100));
            }
            // No process id (the file was not completely written), a zombie, or a process id that
            // another program has now.
            None | Some((_, ProcessState::Zombie | ProcessState::Other)) => {
                log::info!("removing the stale lock file {}", file.display());
                return remove_file(file);
            }
        }
    }
    Ok(())
}

fn remove_file(file: &Path) -> Result<(), Error> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.context(|| format!("remove {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_on_the_eighth_line() {
        let text = "71\n/d\n1763\n5432\n/run/x y\n\n  1234 5\nready   \n";
        let expected =
            PostmasterPid { pid: 71, socket_dir: PathBuf::from("/run/x y"), is_ready: true };
        assert_eq!(PostmasterPid::parse(text), Some(expected));
        let starting = text.replace("ready   ", "starting");
        assert!(!PostmasterPid::parse(&starting).unwrap().is_ready);
        assert_eq!(PostmasterPid::parse("71\n/d\n"), None);
        assert_eq!(PostmasterPid::parse(""), None);
    }
}
