//! The server's settings, given on its command line so that they hold for old clusters as well.

use std::ffi::OsString;
use std::path::Path;

use super::Mode;
use super::socket::PORT;

const BOTH: [&str; 5] = [
    // No network: the socket in a private directory is the only way in.
    "listen_addresses=",
    "unix_socket_permissions=0700",
    // Small queries only: compiling them costs more than it saves.
    "jit=off",
    "logging_collector=off",
    "cluster_name=roundup",
];

const DURABLE: [&str; 2] = ["max_connections=100", "shared_buffers=128MB"];

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

/// One call instead of opening every file, when a server starts after a crash; from 14 on.
const ON_LINUX: &str = "recovery_init_sync_method=syncfs";

/// The arguments of `postgres`.
pub(super) fn arguments(data_dir: &Path, socket_dir: &Path, mode: Mode) -> Vec<OsString> {
    let mut directories = OsString::from("unix_socket_directories=");
    directories.push(socket_dir);
    let own: &[&str] = match mode {
        Mode::Durable => &DURABLE,
        Mode::Throwaway => &THROWAWAY,
    };
    let settings = BOTH
        .iter()
        .chain(own)
        .chain(cfg!(target_os = "linux").then_some(&ON_LINUX))
        .map(OsString::from)
        .chain([format!("port={PORT}").into(), directories]);
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
        let of = |mode| arguments(Path::new("/d"), Path::new("/s"), mode);
        assert!(of(Mode::Throwaway).contains(&"fsync=off".into()));
        assert!(!of(Mode::Durable).contains(&"fsync=off".into()));
        assert!(of(Mode::Durable).contains(&"unix_socket_directories=/s".into()));
    }
}
