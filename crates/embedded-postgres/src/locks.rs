//! The two advisory locks of a data directory. The system releases both when their holders end.
//!
//! The owner lock tells other processes to attach to the server instead of starting one. The
//! watchdog lock, which `initdb` and the watchdog inherit, makes the next owner wait until the
//! server of the previous one has stopped.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::data_dir::{DataDir, LOG, OWNER_LOCK, WATCHDOG_LOCK};
use crate::error::{Error, IoContext as _};

/// How long the server of a process that has ended may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);

/// Takes the owner lock, unless another process (or another call in this one) holds it.
pub(crate) fn try_owner_lock(data_dir: &DataDir) -> Result<Option<File>, Error> {
    try_lock(&data_dir.entry_path(OWNER_LOCK))
}

/// Takes the watchdog lock once the server of the previous owner has stopped.
pub(crate) fn wait_for_watchdog_lock(data_dir: &DataDir) -> Result<File, Error> {
    let began = Instant::now();
    loop {
        if let Some(lock) = try_lock(&data_dir.entry_path(WATCHDOG_LOCK))? {
            return Ok(lock);
        }
        if began.elapsed() > STOP_TIMEOUT {
            return Err(Error::TimedOut {
                what: "the server of a process that has ended did not stop",
                seconds: STOP_TIMEOUT.as_secs(),
                log: data_dir.entry_path(LOG),
            });
        }
        sleep(Duration::from_millis(10));
    }
}

fn try_lock(path: &Path) -> Result<Option<File>, Error> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(error).context(|| format!("lock {}", path.display()))
        }
    }
}

/// Opens a lock file. Root opens it in a directory that another account may write to, so it must
/// not be a symbolic link to some other file.
fn open(path: &Path) -> Result<File, Error> {
    let action = || format!("open the lock file {}", path.display());
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .context(action)?;
    let named = fs::symlink_metadata(path).context(action)?;
    let opened = file.metadata().context(action)?;
    if named.is_file() && (named.dev(), named.ino()) == (opened.dev(), opened.ino()) {
        Ok(file)
    } else {
        Err(io::Error::other("it is a symbolic link")).context(action)
    }
}
