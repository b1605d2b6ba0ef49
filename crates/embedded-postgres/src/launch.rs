//! Starts the server of a cluster and waits until it accepts connections.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::{self, ServerState};
use crate::data_dir::{DataDir, LOG, OLD_LOG};
use crate::error::{Error, IoContext as _};
use crate::find::Installation;
use crate::postmaster_pid::{self, PostmasterPid};
use crate::process::{self, ProcessState};
use crate::watchdog::{self, Watchdog};
use crate::{Options, settings};

/// The time limit for a start, which after a crash includes recovery.
pub(crate) const READY_TIMEOUT: Duration = Duration::from_mins(5);

/// How long the backends of a killed server may take to end.
const LEFTOVER_TIMEOUT: Duration = Duration::from_secs(15);

/// The size from which the log is rotated at a start, in bytes.
const MAX_LOG_SIZE: u64 = 4 << 20;

/// How much of the end of the log an error shows: bytes and lines.
const LOG_TAIL: (u64, usize) = (8 << 10, 6);

/// Starts the server. Tries again as long as the remains of a killed server prevent it.
pub(crate) fn launch(
    data_dir: &DataDir,
    installation: &Installation,
    socket_dir: &Path,
    options: &Options,
    lock: &File,
) -> Result<Watchdog, Error> {
    rotate_log(data_dir)?;
    let arguments = settings::arguments(&data_dir.path, socket_dir, options);
    let began = Instant::now();
    loop {
        postmaster_pid::remove_stale(data_dir, socket_dir)?;
        let mut watchdog = Watchdog::start(data_dir, installation, &arguments, lock)?;
        match wait_until_ready(data_dir, &mut watchdog, socket_dir, options) {
            Ok(()) => return Ok(watchdog),
            Err(error) => {
                watchdog.stop().context(|| "wait for the server".to_owned())?;
                if !is_leftover(&error) || began.elapsed() > LEFTOVER_TIMEOUT {
                    return Err(error);
                }
            }
        }
        sleep(Duration::from_millis(200));
    }
}

/// Returns whether the start failed because processes of a killed server are still ending.
fn is_leftover(error: &Error) -> bool {
    let signs = ["pre-existing shared memory block", "lock file", "already in use"];
    matches!(error, Error::Failed { output, .. } if signs.iter().any(|sign| output.contains(sign)))
}

fn wait_until_ready(
    data_dir: &DataDir,
    watchdog: &mut Watchdog,
    socket_dir: &Path,
    options: &Options,
) -> Result<(), Error> {
    let began = Instant::now();
    let mut next_note = Duration::from_secs(10);
    while began.elapsed() < READY_TIMEOUT {
        if is_ready(data_dir, socket_dir, options)? {
            return Ok(());
        }
        let has_ended = |pid| {
            matches!(process::state(pid, &data_dir.path), ProcessState::Gone | ProcessState::Zombie)
        };
        if watchdog.has_ended() || watchdog::server_pid(data_dir).is_some_and(has_ended) {
            return Err(Error::Failed { program: "the server", output: log_tail(data_dir) });
        }
        if began.elapsed() > next_note {
            log::info!("the database is still starting after {} s", next_note.as_secs());
            next_note += Duration::from_secs(10);
        }
        sleep(Duration::from_millis(5));
    }
    Err(Error::TimedOut {
        what: "the server was not ready",
        seconds: READY_TIMEOUT.as_secs(),
        log: data_dir.entry_path(LOG),
    })
}

/// Returns whether the server that the watchdog has started accepts connections. Creates the
/// database when it does not exist.
fn is_ready(data_dir: &DataDir, socket_dir: &Path, options: &Options) -> Result<bool, Error> {
    let Some(postmaster) = PostmasterPid::read(&data_dir.path) else { return Ok(false) };
    if !postmaster.is_ready || Some(postmaster.pid) != watchdog::server_pid(data_dir) {
        return Ok(false);
    }
    let (role, database) = (&options.role, &options.database);
    match client::server_state(socket_dir, role, database) {
        ServerState::Ready => Ok(true),
        ServerState::NoDatabase => {
            client::create_database(socket_dir, role, database).map(|()| true)
        }
        ServerState::NotReady | ServerState::NoServer => Ok(false),
        ServerState::Rejects(output) => Err(Error::Failed { program: "the server", output }),
    }
}

/// Renames a large log, replacing the one renamed before.
fn rotate_log(data_dir: &DataDir) -> Result<(), Error> {
    let log = data_dir.entry_path(LOG);
    match fs::symlink_metadata(&log) {
        Ok(meta) if meta.len() > MAX_LOG_SIZE => fs::rename(&log, data_dir.entry_path(OLD_LOG))
            .context(|| format!("rename {}", log.display())),
        _ => Ok(()),
    }
}

/// Returns the last lines of the server's log.
fn log_tail(data_dir: &DataDir) -> String {
    let (bytes, lines) = LOG_TAIL;
    let mut text = Vec::new();
    let read = File::open(data_dir.entry_path(LOG)).and_then(|mut file| {
        let start = file.metadata()?.len().saturating_sub(bytes);
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut text)
    });
    if let Err(error) = read {
        return format!("its log {} cannot be read: {error}", data_dir.entry_path(LOG).display());
    }
    let text = String::from_utf8_lossy(&text);
    let tail: Vec<&str> = text.lines().rev().take(lines).collect();
    tail.into_iter().rev().collect::<Vec<_>>().join("\n")
}
