//! A pool of throwaway clusters for tests: each process takes a free one, and finds it warm, that
//! is initialised, on the next run.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::cluster::{self, Cluster};
use super::data_dir::{self, OWNER_LOCK, Site, WATCHDOG_LOCK};
use super::error::{Doing as _, EmbeddedError};
use super::socket::path_hash;
use super::user::ServerUser;
use super::{Mode, Options, locks};

/// More than any machine runs test processes at once.
const SLOTS: usize = 64;

const FIRST: &str = "slot-0";

/// Starts a throwaway cluster in the first free `slot-N` of `root`. It is never shared.
///
/// When this process is root, the server runs as another account. If that account may not pass
/// through the folders above `root` (a checkout in `/root`, say), the pool is
/// `roundup-slots-<hash of root>` in the system's temporary directory instead.
pub fn start_slot(root: &Path, pg_bin: Option<&Path>) -> Result<Cluster, EmbeddedError> {
    let root = reachable(root)?;
    for number in 0..SLOTS {
        let site = Site::prepare(&root.join(format!("slot-{number}")))?;
        if let Some(owner) = locks::try_own(&site)? {
            return warm_or_new(&site, pg_bin, owner);
        }
    }
    Err(EmbeddedError::NoFreeSlot { root, slots: SLOTS })
}

/// Starts the cluster of a slot. Nothing in it is dear, so one that does not start (made by another
/// version, or broken by a power cut) is made anew.
fn warm_or_new(
    site: &Site,
    pg_bin: Option<&Path>,
    owner: fs::File,
) -> Result<Cluster, EmbeddedError> {
    let options = Options {
        data_dir: site.dir.clone(),
        pg_bin: pg_bin.map(Path::to_owned),
        mode: Mode::Throwaway,
    };
    let again = owner.try_clone().doing(|| "keep a lock".to_owned())?;
    match cluster::own(site, &options, owner) {
        Err(
            error @ (EmbeddedError::VersionMismatch { .. }
            | EmbeddedError::Failed { .. }
            | EmbeddedError::NotEmpty { .. }),
        ) => {
            log::warn!("making {} anew: {error}", site.dir.display());
            drop(locks::outlive_last_watchdog(site)?);
            wipe(site)?;
            cluster::own(site, &options, again)
        }
        result => result,
    }
}

fn wipe(site: &Site) -> Result<(), EmbeddedError> {
    for name in data_dir::names(&site.dir)? {
        let path = site.path(&name);
        if [OWNER_LOCK, WATCHDOG_LOCK].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            data_dir::remove_tree(&path)?;
        } else {
            fs::remove_file(&path).doing(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// The pool's directory, or the one that stands in for it.
fn reachable(root: &Path) -> Result<PathBuf, EmbeddedError> {
    let doing = |dir: &Path| format!("use {} for throwaway databases", dir.display());
    data_dir::create(&root.join(FIRST))?;
    let root = fs::canonicalize(root).doing(|| doing(root))?;
    let user = ServerUser::choose(&root.join(FIRST))?;
    if user.is_none_or(|user| user.blocked_at(&root.join(FIRST)).is_none()) {
        return Ok(root);
    }
    let stand_in = std::env::temp_dir().join(format!("roundup-slots-{}", path_hash(&root)));
    data_dir::create(&stand_in.join(FIRST))?;
    // The name can be guessed, and anyone may write beside it.
    let meta = fs::symlink_metadata(&stand_in).doing(|| doing(&stand_in))?;
    if meta.is_dir() && meta.uid() == 0 {
        Ok(stand_in)
    } else {
        Err(io::Error::other("it belongs to another user")).doing(|| doing(&stand_in))
    }
}
