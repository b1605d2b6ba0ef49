#![doc = include_str!("../README.md")]

mod client;
mod cluster;
mod cluster_pool;
mod data_dir;
mod error;
mod find;
mod initdb;
mod install_hint;
mod launch;
mod locks;
mod packages;
mod postmaster_pid;
mod process;
mod server_user;
mod settings;
mod socket;
mod watchdog;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use cluster::{Cluster, start};
pub use cluster_pool::start_from_pool;
pub use error::Error;
pub use find::find_bin_dir;
pub use server_user::is_root;

/// The durability of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No acknowledged write is lost, even when the machine loses power.
    Durable,
    /// PostgreSQL's non-durable settings, and room for many connections: for tests. The data can be
    /// corrupt after a power cut.
    Throwaway,
}

/// How to run a cluster.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of `postgres` and `initdb`, or an unpacked package that has one; `None`
    /// searches this machine.
    pub bin_dir: Option<PathBuf>,
    /// The durability of the cluster.
    pub mode: Mode,
    /// The superuser role that owns the cluster and that connects to it. It is fixed when the
    /// cluster is initialised.
    pub role: String,
    /// The database to create when it does not exist.
    pub database: String,
}

impl Options {
    /// A durable cluster whose role and database are both called `name`.
    pub fn new(name: &str) -> Self {
        Self {
            bin_dir: None,
            mode: Mode::Durable,
            role: name.to_owned(),
            database: name.to_owned(),
        }
    }

    /// The same with non-durable settings, for tests.
    #[must_use]
    pub fn throwaway(self) -> Self {
        Self { mode: Mode::Throwaway, ..self }
    }
}

/// Returns whether a data directory holds a cluster. One that cannot be read may hold one.
pub fn has_cluster(data_dir: &Path) -> bool {
    data_dir.join("PG_VERSION").try_exists().unwrap_or(true)
}

/// Returns the usual data directory of an application called `name`: `/var/lib/<name>` for root,
/// since no other account may enter root's home; else `$XDG_DATA_HOME/<name>`,
/// `$HOME/.local/share/<name>` or `./data`.
///
/// As the XDG Base Directory Specification asks, a relative `XDG_DATA_HOME` is ignored.
pub fn default_data_dir(
    name: &str,
    xdg_data_home: Option<&OsStr>,
    home: Option<&OsStr>,
    is_root: bool,
) -> PathBuf {
    if is_root {
        return Path::new("/var/lib").join(name);
    }
    let absolute =
        |value: Option<&OsStr>| value.map(Path::new).filter(|p| p.is_absolute()).map(PathBuf::from);
    absolute(xdg_data_home)
        .or_else(|| absolute(home).map(|home| home.join(".local/share")))
        .map_or_else(|| PathBuf::from("data"), |base| base.join(name))
}
