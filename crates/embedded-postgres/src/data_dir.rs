//! The data directory: created if missing, rejected if it contains files of something else.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext as _};
use crate::server_user::{ServerUser, is_root};

/// The lock that the process that runs the cluster holds until it exits.
pub(crate) const OWNER_LOCK: &str = "owner.lock";
/// The lock that the owner and its watchdog hold until the server has stopped.
pub(crate) const WATCHDOG_LOCK: &str = "watchdog.lock";
/// The directory that `initdb` writes to.
pub(crate) const INITDB_DIR: &str = "new";
/// `INITDB_DIR` after `initdb` has finished; its files are then moved into the data directory.
pub(crate) const INITDB_DONE_DIR: &str = "new-complete";
/// The server's log.
pub(crate) const LOG: &str = "server.log";
/// The previous log, renamed by log rotation.
pub(crate) const OLD_LOG: &str = "server.log.1";

/// The entries that this crate creates itself.
const OWN_ENTRIES: [&str; 6] =
    [OWNER_LOCK, WATCHDOG_LOCK, INITDB_DIR, INITDB_DONE_DIR, LOG, OLD_LOG];

/// A data directory and the account that its server runs as.
#[derive(Debug)]
pub(crate) struct DataDir {
    /// The directory, absolute and without symbolic links.
    pub(crate) path: PathBuf,
    /// The account to run the server as, when this process is root.
    pub(crate) user: Option<ServerUser>,
}

impl DataDir {
    /// Creates the directory if it is missing, and checks that it can be used.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        create(path)?;
        let path = fs::canonicalize(path).context(|| format!("open {}", path.display()))?;
        let user = ServerUser::choose(&path)?;
        if let Some(user) = &user {
            user.check_access(&path)?;
        }
        // Check before any lock file is written, so that a wrong directory stays unchanged.
        let data_dir = Self { path, user };
        if !data_dir.entry_path(OWNER_LOCK).exists() {
            data_dir.check_contents()?;
        }
        Ok(data_dir)
    }

    /// Returns the path of an entry.
    pub(crate) fn entry_path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Returns whether `initdb` is complete: `PG_VERSION` is moved last.
    pub(crate) fn is_initialised(&self) -> bool {
        self.entry_path("PG_VERSION").exists()
    }

    /// Returns an error if the directory contains files of something else and no cluster.
    pub(crate) fn check_contents(&self) -> Result<(), Error> {
        if self.entry_path(INITDB_DONE_DIR).exists() || self.is_initialised() {
            return Ok(());
        }
        let is_expected = |name: &str| {
            OWN_ENTRIES.contains(&name) || name.starts_with('.') || name == "lost+found"
        };
        match entry_names(&self.path)?.into_iter().find(|name| !is_expected(name)) {
            None => Ok(()),
            Some(entry) => Err(Error::NotEmpty { data_dir: self.path.clone(), entry }),
        }
    }

    /// Makes the directory accessible only to the server's account (mode 0700): PostgreSQL refuses to
    /// start if other users can access it.
    pub(crate) fn make_private(&self) -> Result<(), Error> {
        let action = || format!("make {} private", self.path.display());
        let meta = fs::metadata(&self.path).context(action)?;
        if let Some(user) = self.user.as_ref().filter(|user| user.uid != meta.uid()) {
            // A cluster that belongs to root is a backup that root has restored.
            if self.is_initialised() {
                user.chown_tree(&self.path)?;
            } else {
                user.chown(&self.path)?;
            }
        }
        if meta.mode() & 0o777 != 0o700 {
            fs::set_permissions(&self.path, Permissions::from_mode(0o700)).context(action)?;
        }
        Ok(())
    }
}

/// Returns the names of the entries of a directory. Invalid Unicode is replaced.
pub(crate) fn entry_names(dir: &Path) -> Result<Vec<String>, Error> {
    let action = || format!("list {}", dir.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).context(action)? {
        names.push(entry.context(action)?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Creates a private directory and its missing parents. Root gives the parents mode 0755, whatever
/// the umask, because the server runs as another account and has to pass through them.
pub(crate) fn create(dir: &Path) -> Result<(), Error> {
    if dir.is_dir() {
        return Ok(());
    }
    let action = || format!("create {}", dir.display());
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        create(parent)?;
        if is_root() {
            fs::set_permissions(parent, Permissions::from_mode(0o755)).context(action)?;
        }
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        // Another process created it meanwhile.
        Err(_) if dir.is_dir() => Ok(()),
        result => result.context(action),
    }
}

/// Removes a directory and its contents, if it exists.
pub(crate) fn remove_tree(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result.context(|| format!("remove {}", dir.display())),
    }
}
