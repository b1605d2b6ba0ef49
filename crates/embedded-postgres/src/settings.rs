//! The server's settings, given on its command line so that they also hold for clusters that were
//! initialised before.

use std::ffi::OsString;
use std::path::Path;

use crate::socket::PORT;
use crate::{Mode, Options};

/// The settings of every cluster.
const COMMON: [&str; 5] = [
    // No network: the socket in a private directory is the only way in.
    "listen_addresses=",
    "unix_socket_permissions=0700",
    // For small queries, compiling costs more than it saves.
    "jit=off",
    "logging_collector=off",
    // English, so that programs can tell errors apart that have no kind of their own in a client
    // library.
    "lc_messages=C",
];

const DURABLE: [&str; 2] = ["max_connections=100", "shared_buffers=128MB"];

/// Non-durable settings (PostgreSQL's manual, chapter "Performance Tips").
const THROWAWAY: [&str; 9] = [
    "max_connections=200",
    "shared_buffers=128MB",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=4GB",
];

/// One system call instead of opening every file when a server starts after a crash.
const LINUX: &str = "recovery_init_sync_method=syncfs";

/// Returns the arguments of `postgres`.
pub(crate) fn arguments(data_dir: &Path, socket_dir: &Path, options: &Options) -> Vec<OsString> {
    let mut socket_directories = OsString::from("unix_socket_directories=");
    socket_directories.push(socket_dir);
    let of_mode: &[&str] = match options.mode {
        Mode::Durable => &DURABLE,
        Mode::Throwaway => &THROWAWAY,
    };
    let settings = COMMON
        .iter()
        .chain(of_mode)
        .chain(cfg!(target_os = "linux").then_some(&LINUX))
        .map(OsString::from)
        .chain([
            format!("cluster_name={}", options.database).into(),
            format!("port={PORT}").into(),
            socket_directories,
        ]);
    let mut arguments = vec!["-D".into(), data_dir.into()];
    for setting in settings {
        arguments.extend(["-c".into(), setting]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_throwaway_cluster_may_lose_data() {
        let durable = Options::new("app");
        let throwaway = durable.clone().throwaway();
        let of = |options: &Options| arguments(Path::new("/d"), Path::new("/s"), options);
        assert!(of(&throwaway).contains(&"fsync=off".into()));
        assert!(!of(&durable).contains(&"fsync=off".into()));
        assert!(of(&durable).contains(&"unix_socket_directories=/s".into()));
        assert!(of(&durable).contains(&"cluster_name=app".into()));
    }
}
