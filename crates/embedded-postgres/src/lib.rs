//! A private PostgreSQL cluster, for a machine where no `DATABASE_URL` is given.
//!
//! The server is a PostgreSQL installed on the machine. It listens on a Unix socket only, in a
//! directory that no other account can enter, and stops when the process that started it ends,
//! however that ends. A second process on the same data directory joins the running server.
//! Every call blocks. Unix only: elsewhere, name a server in `DATABASE_URL`.

mod cluster;
mod data_dir;
mod error;
mod find;
mod init;
mod install;
mod launch;
mod locks;
mod pidfile;
mod process;
mod settings;
mod slot;
mod socket;
mod user;
mod watchdog;
mod wire;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

pub use cluster::{Cluster, start};
pub use error::EmbeddedError;
pub use slot::start_slot;
pub use user::is_root;

/// The database of the service inside the cluster. It is made when it is missing.
pub const DATABASE: &str = "roundup";

/// The role that owns the cluster.
const ROLE: &str = "roundup";

/// How the cluster is to behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing acknowledged is lost, even when the machine loses power.
    Durable,
    /// For tests: quick, with room for many connections, and lost when the machine loses power.
    Throwaway,
}

/// Which cluster to run, and with what.
#[derive(Debug, Clone)]
pub struct Options {
    /// The cluster's directory. It is created when missing, and must hold nothing else.
    pub data_dir: PathBuf,
    /// A folder with `postgres` and `initdb` (or an unpacked package with a `bin`), instead of
    /// those found on the machine.
    pub pg_bin: Option<PathBuf>,
    /// How the cluster is to behave.
    pub mode: Mode,
}

/// Where the cluster lives when nobody says: `/var/lib/roundup` for root, since no other account
/// may enter root's home; else `$XDG_DATA_HOME/roundup`, `$HOME/.local/share/roundup` or `./data`.
///
/// As the XDG Base Directory Specification asks, a relative `XDG_DATA_HOME` is ignored.
pub fn default_data_dir(
    xdg_data_home: Option<&OsStr>,
    home: Option<&OsStr>,
    is_root: bool,
) -> PathBuf {
    if is_root {
        return PathBuf::from("/var/lib/roundup");
    }
    let absolute =
        |value: Option<&OsStr>| value.map(Path::new).filter(|p| p.is_absolute()).map(PathBuf::from);
    absolute(xdg_data_home)
        .or_else(|| absolute(home).map(|home| home.join(".local/share")))
        .map_or_else(|| PathBuf::from("data"), |base| base.join("roundup"))
}
