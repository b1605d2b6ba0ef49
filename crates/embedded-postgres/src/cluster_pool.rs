//! A pool of throwaway clusters for tests. Each process takes a free one, and on the next run finds
//! it initialised.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::cluster::{self, Cluster};
use crate::data_dir::{self, DataDir, OWNER_LOCK, WATCHDOG_LOCK};
use crate::error::{Error, IoContext as _};
use crate::server_user::ServerUser;
use crate::socket::path_hash;
use crate::{Options, locks};

/// The maximum number of clusters in a pool, and so of processes that use it at once.
const MAX_CLUSTERS: usize = 64;

/// The first cluster of a pool.
const FIRST: &str = "cluster-0";

/// Starts a throwaway cluster in the first free `cluster-<n>` of `pool_dir`, whatever the mode of
/// the options. No other process attaches to it.
///
/// When this process is root, the server runs as another account. If that account may not enter one
/// of the directories above `pool_dir` (a checkout in `/root`, say), the pool is
/// `embedded-postgres-<hash of pool_dir>` in the system's temporary directory instead.
pub fn start_from_pool(pool_dir: &Path, options: &Options) -> Result<Cluster, Error> {
    let pool_dir = reachable_dir(pool_dir)?;
    let options = options.clone().throwaway();
    for number in 0..MAX_CLUSTERS {
        let data_dir = DataDir::open(&pool_dir.join(format!("cluster-{number}")))?;
        if let Some(owner_lock) = locks::try_owner_lock(&data_dir)? {
            return start_or_recreate(&data_dir, &options, owner_lock);
        }
    }
    Err(Error::PoolExhausted { pool_dir, size: MAX_CLUSTERS })
}

/// Starts a cluster of the pool. One that does not start, because another version has initialised
/// it or a power cut has damaged it, is deleted and initialised again.
fn start_or_recreate(
    data_dir: &DataDir,
    options: &Options,
    owner_lock: File,
) -> Result<Cluster, Error> {
    let second_handle = owner_lock.try_clone().context(|| "keep a lock".to_owned())?;
    match cluster::start_as_owner(data_dir, options, owner_lock) {
        Err(
            error @ (Error::VersionMismatch { .. } | Error::Failed { .. } | Error::NotEmpty { .. }),
        ) => {
            log::warn!("initialising {} again: {error}", data_dir.path.display());
            drop(locks::wait_for_watchdog_lock(data_dir)?);
            delete_cluster(data_dir)?;
            cluster::start_as_owner(data_dir, options, second_handle)
        }
        result => result,
    }
}

fn delete_cluster(data_dir: &DataDir) -> Result<(), Error> {
    for name in data_dir::entry_names(&data_dir.path)? {
        let path = data_dir.entry_path(&name);
        if [OWNER_LOCK, WATCHDOG_LOCK].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            data_dir::remove_tree(&path)?;
        } else {
            fs::remove_file(&path).context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Returns the pool's directory, or its replacement in the temporary directory.
fn reachable_dir(pool_dir: &Path) -> Result<PathBuf, Error> {
    let action = |dir: &Path| format!("use {} for throwaway databases", dir.display());
    data_dir::create(&pool_dir.join(FIRST))?;
    let pool_dir = fs::canonicalize(pool_dir).context(|| action(pool_dir))?;
    let user = ServerUser::choose(&pool_dir.join(FIRST))?;
    if user.is_none_or(|user| user.blocked_at(&pool_dir.join(FIRST)).is_none()) {
        return Ok(pool_dir);
    }
    let replacement =
        std::env::temp_dir().join(format!("embedded-postgres-{}", path_hash(&pool_dir)));
    data_dir::create(&replacement.join(FIRST))?;
    // The name is predictable, and every account may create it.
    let meta = fs::symlink_metadata(&replacement).context(|| action(&replacement))?;
    if meta.is_dir() && meta.uid() == 0 {
        Ok(replacement)
    } else {
        Err(io::Error::other("it belongs to another user")).context(|| action(&replacement))
    }
}
