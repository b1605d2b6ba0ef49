//! The data directory: made when missing, refused when it holds something that is not ours.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::{Doing as _, EmbeddedError};
use super::user::{ServerUser, is_root};

/// Held by the process that owns the cluster, for its whole life.
pub(super) const OWNER_LOCK: &str = "owner.lock";
/// Held by the owner and by its watchdog, so until the server has stopped.
pub(super) const WATCHDOG_LOCK: &str = "watchdog.lock";
/// Where `initdb` works.
pub(super) const NEW: &str = "new";
/// What `initdb` has finished, while it is being moved to its place.
pub(super) const COMPLETE: &str = "new-complete";
/// The server's log, and the one before it.
pub(super) const LOG: &str = "server.log";
pub(super) const OLD_LOG: &str = "server.log.1";

const OURS: [&str; 6] = [OWNER_LOCK, WATCHDOG_LOCK, NEW, COMPLETE, LOG, OLD_LOG];

/// A data directory and the account its server runs as.
#[derive(Debug)]
pub(super) struct Site {
    /// The directory, absolute and without links.
    pub(super) dir: PathBuf,
    /// The account to give up root for, when this process is root.
    pub(super) user: Option<ServerUser>,
}

impl Site {
    /// Makes the directory when it is missing and checks that it can be used.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, EmbeddedError> {
        create(data_dir)?;
        let dir = fs::canonicalize(data_dir).doing(|| format!("open {}", data_dir.display()))?;
        let user = ServerUser::choose(&dir)?;
        if let Some(user) = &user {
            user.check_reach(&dir)?;
        }
        // Before the first lock file is written, so that a wrong path leaves no trace.
        let site = Self { dir, user };
        if !site.path(OWNER_LOCK).exists() {
            site.refuse_strange_entries()?;
        }
        Ok(site)
    }

    /// A path in the directory.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether there is a whole cluster: `PG_VERSION` is the last file to be put in place.
    pub(super) fn is_initialised(&self) -> bool {
        self.path("PG_VERSION").exists()
    }

    /// Fails when the directory holds no cluster, yet files that are not ours.
    pub(super) fn refuse_strange_entries(&self) -> Result<(), EmbeddedError> {
        if self.path(COMPLETE).exists() || self.is_initialised() {
            return Ok(());
        }
        let harmless =
            |name: &str| OURS.contains(&name) || name.starts_with('.') || name == "lost+found";
        match names(&self.dir)?.into_iter().find(|name| !harmless(name)) {
            None => Ok(()),
            Some(entry) => Err(EmbeddedError::NotEmpty { data_dir: self.dir.clone(), entry }),
        }
    }

    /// Makes the directory private to the account of the server, which insists on that.
    pub(super) fn make_private(&self) -> Result<(), EmbeddedError> {
        let doing = || format!("make {} private", self.dir.display());
        let meta = fs::metadata(&self.dir).doing(doing)?;
        if let Some(user) = self.user.as_ref().filter(|user| user.uid != meta.uid()) {
            // A cluster that belongs to root is a backup that root has restored.
            if self.is_initialised() {
                user.own_tree(&self.dir)?;
            } else {
                user.own(&self.dir)?;
            }
        }
        if meta.mode() & 0o777 != 0o700 {
            fs::set_permissions(&self.dir, Permissions::from_mode(0o700)).doing(doing)?;
        }
        Ok(())
    }
}

/// The names in a directory; those that are no Unicode are shown with replacement characters.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, EmbeddedError> {
    let doing = || format!("list {}", dir.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).doing(doing)? {
        names.push(entry.doing(doing)?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Makes a private directory and what is missing above it. Root does the latter so that others may
/// pass, whatever the umask: the server runs as another account.
pub(super) fn create(dir: &Path) -> Result<(), EmbeddedError> {
    if dir.is_dir() {
        return Ok(());
    }
    let doing = || format!("create {}", dir.display());
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        create(parent)?;
        if is_root() {
            fs::set_permissions(parent, Permissions::from_mode(0o755)).doing(doing)?;
        }
    }
    match DirBuilder::new().mode(0o700).create(dir) {
        // Another process was quicker.
        Err(_) if dir.is_dir() => Ok(()),
        result => result.doing(doing),
    }
}

/// Removes a directory with all it holds; that it is not there is no error.
pub(super) fn remove_tree(dir: &Path) -> Result<(), EmbeddedError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result.doing(|| format!("remove {}", dir.display())),
    }
}
