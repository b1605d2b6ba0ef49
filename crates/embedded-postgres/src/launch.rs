//! Starts the server of a cluster and waits until it can be used.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::data_dir::{LOG, OLD_LOG, Site};
use super::error::{Doing as _, EmbeddedError};
use super::find::Server;
use super::process::{self, Process};
use super::watchdog::{self, Watchdog};
use super::wire::{self, Answer};
use super::{DATABASE, Mode, pidfile, settings};

/// How long a server may take to be ready; it repeats what a crash interrupted first.
pub(super) const READY_LIMIT: Duration = Duration::from_mins(5);

/// How long the backends of a killed server may take to notice and end.
const LEFTOVER_LIMIT: Duration = Duration::from_secs(15);

/// The size at which the log of earlier runs is put aside, in bytes.
const LARGE_LOG: u64 = 4 << 20;

/// How much of the log is shown with an error, in bytes and in lines.
const LOG_TAIL: (u64, usize) = (8 << 10, 6);

/// Starts the server, again when what is left of a killed one is still in its way.
pub(super) fn launch(
    site: &Site,
    server: &Server,
    socket_dir: &Path,
    mode: Mode,
    lock: &File,
) -> Result<Watchdog, EmbeddedError> {
    rotate_log(site)?;
    let arguments = settings::arguments(&site.dir, socket_dir, mode);
    let began = Instant::now();
    loop {
        pidfile::clear(site, socket_dir)?;
        let mut watchdog = Watchdog::start(site, server, &arguments, lock)?;
        match wait_until_ready(site, &mut watchdog, socket_dir) {
            Ok(()) => return Ok(watchdog),
            Err(error) => {
                watchdog.stop().doing(|| "wait for the server".to_owned())?;
                if !is_leftover(&error) || began.elapsed() > LEFTOVER_LIMIT {
                    return Err(error);
                }
            }
        }
        sleep(Duration::from_millis(200));
    }
}

/// Whether the server was kept from starting by one that is about to be gone.
fn is_leftover(error: &EmbeddedError) -> bool {
    let signs = ["pre-existing shared memory block", "lock file", "already in use"];
    matches!(error, EmbeddedError::Failed { output, .. } if signs.iter().any(|s| output.contains(s)))
}

fn wait_until_ready(
    site: &Site,
    watchdog: &mut Watchdog,
    socket_dir: &Path,
) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    let mut next_note = Duration::from_secs(10);
    while began.elapsed() < READY_LIMIT {
        if is_ready(site, socket_dir)? {
            return Ok(());
        }
        let pid = watchdog::server_pid(site);
        let dead = |pid| matches!(process::look(pid, &site.dir), Process::Gone | Process::Zombie);
        if watchdog.has_ended() || pid.is_some_and(dead) {
            return Err(EmbeddedError::Failed { program: "the server", output: log_tail(site) });
        }
        if began.elapsed() > next_note {
            log::info!("the database is still starting after {} s", next_note.as_secs());
            next_note += Duration::from_secs(10);
        }
        sleep(Duration::from_millis(5));
    }
    Err(EmbeddedError::TimedOut {
        what: "the server was not ready",
        seconds: READY_LIMIT.as_secs(),
        log: site.path(LOG),
    })
}

/// Whether the server that the watchdog started takes connections. Makes the database if need be.
fn is_ready(site: &Site, socket_dir: &Path) -> Result<bool, EmbeddedError> {
    let Some(file) = pidfile::read(&site.dir) else { return Ok(false) };
    if !file.ready || Some(file.pid) != watchdog::server_pid(site) {
        return Ok(false);
    }
    match wire::ask(socket_dir, DATABASE) {
        Answer::Ready => Ok(true),
        Answer::NoDatabase => wire::create_database(socket_dir, DATABASE).map(|()| true),
        Answer::NotNow(_) | Answer::Silent => Ok(false),
    }
}

/// Puts a large log aside, in place of the one put aside before.
fn rotate_log(site: &Site) -> Result<(), EmbeddedError> {
    let log = site.path(LOG);
    match fs::symlink_metadata(&log) {
        Ok(meta) if meta.len() > LARGE_LOG => {
            fs::rename(&log, site.path(OLD_LOG)).doing(|| format!("rename {}", log.display()))
        }
        _ => Ok(()),
    }
}

/// The last lines of the server's log.
fn log_tail(site: &Site) -> String {
    let (bytes, lines) = LOG_TAIL;
    let mut text = Vec::new();
    let read = File::open(site.path(LOG)).and_then(|mut file| {
        let start = file.metadata()?.len().saturating_sub(bytes);
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut text)
    });
    if let Err(error) = read {
        return format!("its log {} can't be read: {error}", site.path(LOG).display());
    }
    let text = String::from_utf8_lossy(&text);
    let tail: Vec<&str> = text.lines().rev().take(lines).collect();
    tail.into_iter().rev().collect::<Vec<_>>().join("\n")
}
