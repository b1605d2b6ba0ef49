//! The directory of the server's Unix socket.
//!
//! It is the data directory, which is private, known to every process that uses the cluster, and
//! safe from programs that clean `/tmp`. Where the data directory cannot hold a socket (its path is
//! longer than the 104 bytes of macOS or the 108 of Linux allow, or the file system has no sockets),
//! it is a private directory in `/tmp`. Processes that attach read it from `postmaster.pid`.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sha2::{Digest as _, Sha256};

use crate::data_dir::DataDir;
use crate::error::{Error, IoContext as _};

/// The port in the socket's name; no network port is opened.
pub(crate) const PORT: u16 = 5432;

/// The maximum length of a directory whose socket can be reached on every system, in bytes.
const MAX_DIR_LENGTH: usize = 80;

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns the path of the lock file of the socket in `dir`.
pub(crate) fn lock_file(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}.lock"))
}

/// Returns the directory for the socket, creating it if need be.
pub(crate) fn choose_dir(data_dir: &DataDir) -> Result<PathBuf, Error> {
    if is_plain(&data_dir.path) && supports_sockets(&data_dir.path) {
        return Ok(data_dir.path.clone());
    }
    let name = format!("embedded-postgres-{}", path_hash(&data_dir.path));
    // Another account may have created the name, by mistake or to do harm.
    for candidate in [name.clone(), format!("{name}-2"), format!("{name}-3")] {
        let dir = Path::new("/tmp").join(candidate);
        if create_private(&dir, data_dir)? {
            return Ok(dir);
        }
    }
    Err(Error::Io {
        action: format!("create a private directory /tmp/{name} for the database's socket"),
        source: std::io::ErrorKind::AlreadyExists.into(),
    })
}

/// Returns sixteen hexadecimal digits that stand for a path.
pub(crate) fn path_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Returns whether a path is short enough and free of the commas and quotes that have a meaning in
/// `unix_socket_directories`.
fn is_plain(dir: &Path) -> bool {
    let bytes = dir.as_os_str().as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@".contains(byte);
    bytes.len() <= MAX_DIR_LENGTH && bytes.iter().all(plain)
}

/// Returns whether sockets can be created here, which shared folders of virtual machines and network
/// file systems often do not support.
fn supports_sockets(dir: &Path) -> bool {
    let probe = dir.join(".probe");
    let was_created = UnixListener::bind(&probe).is_ok();
    let was_removed = fs::remove_file(&probe).is_ok();
    was_created && was_removed
}

/// Creates a directory for the server's account alone. Returns whether it is that, also when it
/// existed before.
fn create_private(dir: &Path, data_dir: &DataDir) -> Result<bool, Error> {
    if DirBuilder::new().mode(0o700).create(dir).is_ok()
        && let Some(user) = &data_dir.user
    {
        user.chown(dir)?;
    }
    let action = || format!("look at {}", dir.display());
    let owner = fs::metadata(&data_dir.path).context(action)?.uid();
    let found = fs::symlink_metadata(dir).context(action)?;
    Ok(found.is_dir() && found.uid() == owner && found.mode() & 0o777 == 0o700)
}

/// Returns a connection URL for a database behind the socket in `dir`.
pub(crate) fn url(dir: &Path, role: &str, database: &str) -> String {
    let encode = |bytes| percent_encode(bytes, RESERVED);
    let (role, database) = (encode(role.as_bytes()), encode(database.as_bytes()));
    format!("postgres://{role}@{}/{database}", encode(dir.as_os_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_the_directory_as_its_host() {
        let url = url(Path::new("/run/a b/c@d"), "an app", "t?1");
        assert_eq!(url, "postgres://an%20app@%2Frun%2Fa%20b%2Fc%40d/t%3F1");
    }

    #[test]
    fn only_short_plain_paths_hold_a_socket() {
        assert!(is_plain(Path::new("/var/lib/app")));
        assert!(!is_plain(Path::new("/srv/news, etc")));
        assert!(!is_plain(Path::new(&"/long".repeat(17))));
    }

    #[test]
    fn a_hash_is_stable_and_differs_between_paths() {
        assert_eq!(path_hash(Path::new("/a")).len(), 16);
        assert_eq!(path_hash(Path::new("/a")), path_hash(Path::new("/a")));
        assert_ne!(path_hash(Path::new("/a")), path_hash(Path::new("/b")));
    }
}
