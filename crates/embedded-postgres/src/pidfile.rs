//! PostgreSQL's own lock files: what they say, and when a stale one has to go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::data_dir::{LOG, Site};
use super::error::{Doing as _, EmbeddedError};
use super::process::{self, Process};

/// The file a running server keeps in its data directory.
pub(super) const NAME: &str = "postmaster.pid";

/// How long a server without an owner may take to stop.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    /// The server's process number.
    pub(super) pid: u32,
    /// Where its socket is.
    pub(super) socket_dir: PathBuf,
    /// Whether it takes connections, as far as it knows itself.
    pub(super) ready: bool,
}

/// Reads the `postmaster.pid` of a data directory, when there is one that is whole.
pub(super) fn read(data_dir: &Path) -> Option<PidFile> {
    parse(&fs::read_to_string(data_dir.join(NAME)).ok()?)
}

/// Lines: process number, data directory, start time, port, socket directory, address, shared
/// memory, and from PostgreSQL 10 on the status.
fn parse(text: &str) -> Option<PidFile> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let socket_dir = PathBuf::from(lines.nth(3)?);
    let ready = lines.nth(2).is_some_and(|status| status.trim() == "ready");
    Some(PidFile { pid, socket_dir, ready })
}

/// Clears the way for a new server, for the holder of both locks: a server that lost its owner and
/// its watchdog is stopped, and lock files that would wrongly keep PostgreSQL from starting go.
///
/// A file whose process is gone stays: PostgreSQL removes it itself, and knows from the shared
/// memory it names whether backends of that server are still alive.
pub(super) fn clear(site: &Site, socket_dir: &Path) -> Result<(), EmbeddedError> {
    let socket_lock = socket_dir.join(format!(".s.PGSQL.{}.lock", super::socket::PORT));
    for file in [site.path(NAME), socket_lock] {
        clear_one(site, &file)?;
    }
    Ok(())
}

fn clear_one(site: &Site, file: &Path) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    while let Ok(text) = fs::read_to_string(file) {
        // A single-user server writes its number as a negative one.
        let pid =
            text.lines().next().and_then(|line| line.trim().trim_start_matches('-').parse().ok());
        match pid.map(|pid: u32| (pid, process::look(pid, &site.dir))) {
            Some((_, Process::Gone)) => return Ok(()),
            Some((pid, Process::Server)) => {
                if began.elapsed() > STOP_LIMIT {
                    return Err(EmbeddedError::TimedOut {
                        what: "a server left behind by a process that has ended did not stop",
                        seconds: STOP_LIMIT.as_secs(),
                        log: site.path(LOG),
                    });
                }
                log::info!("stopping database server {pid}, whose owner has ended");
                process::interrupt(pid);
                sleep(Duration::from_millis(100));
            }
            // No number (a write cut short), a zombie, or a number that another program has now.
            None | Some((_, Process::Zombie | Process::Other)) => {
                log::info!("removing the stale lock file {}", file.display());
                return remove(file);
            }
        }
    }
    Ok(())
}

fn remove(file: &Path) -> Result<(), EmbeddedError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.doing(|| format!("remove {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_on_the_eighth_line() {
        let text = "71\n/d\n1763\n5432\n/run/x y\n\n  1234 5\nready   \n";
        let expected = PidFile { pid: 71, socket_dir: PathBuf::from("/run/x y"), ready: true };
        assert_eq!(parse(text), Some(expected));
        assert!(!parse(&text.replace("ready   ", "starting")).unwrap().ready);
        assert_eq!(parse("71\n/d\n"), None);
        assert_eq!(parse(""), None);
    }
}
