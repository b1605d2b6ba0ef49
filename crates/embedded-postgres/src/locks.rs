//! Who may touch a data directory.
//!
//! Two advisory locks, both gone the moment their holders are: the owner's tells others that the
//! cluster is to be joined, not started; the watchdog's, which `initdb` and the watchdog inherit,
//! tells the next owner to wait until the server of the last one has stopped.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::data_dir::{LOG, OWNER_LOCK, Site, WATCHDOG_LOCK};
use super::error::{Doing as _, EmbeddedError};

/// How long the server of an owner that has ended may take to stop.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// Takes the owner's lock, unless another process (or another call in this one) has it.
pub(super) fn try_own(site: &Site) -> Result<Option<File>, EmbeddedError> {
    try_lock(&site.path(OWNER_LOCK))
}

/// Takes the watchdog's lock, once the server of the last owner has stopped.
pub(super) fn outlive_last_watchdog(site: &Site) -> Result<File, EmbeddedError> {
    let began = Instant::now();
    loop {
        if let Some(lock) = try_lock(&site.path(WATCHDOG_LOCK))? {
            return Ok(lock);
        }
        if began.elapsed() > STOP_LIMIT {
            return Err(EmbeddedError::TimedOut {
                what: "the server of a process that has ended did not stop",
                seconds: STOP_LIMIT.as_secs(),
                log: site.path(LOG),
            });
        }
        sleep(Duration::from_millis(10));
    }
}

fn try_lock(path: &Path) -> Result<Option<File>, EmbeddedError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).doing(|| format!("lock {}", path.display())),
    }
}

/// Opens a lock file. Root opens it in a directory that another account may write, so what was
/// opened must be the file itself, not what a link points to.
fn open(path: &Path) -> Result<File, EmbeddedError> {
    let doing = || format!("open the lock file {}", path.display());
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .doing(doing)?;
    let (named, opened) = (fs::symlink_metadata(path).doing(doing)?, file.metadata().doing(doing)?);
    if named.is_file() && (named.dev(), named.ino()) == (opened.dev(), opened.ino()) {
        Ok(file)
    } else {
        Err(io::Error::other("it is a link, not a file")).doing(doing)
    }
}
