//! The directory of the server's socket.
//!
//! It is the data directory, which is private, found by every process that knows it, and safe from
//! those that tidy `/tmp`. Where that can't hold a socket (its path is longer than the 104 bytes
//! of macOS or the 108 of Linux allow, or the file system has no sockets) it is a private one in
//! `/tmp`, named by a hash. Joining processes read which from `postmaster.pid`.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::data_dir::Site;
use super::error::{Doing as _, EmbeddedError};

/// The port in the name of the socket; no network port is opened.
pub(super) const PORT: u16 = 5432;

/// The longest directory whose socket can still be reached on every system, in bytes.
const LONGEST_DIR: usize = 80;

/// The path of the socket in its directory.
pub(super) fn file(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

/// The directory for the socket of this data directory.
pub(super) fn choose(site: &Site) -> Result<PathBuf, EmbeddedError> {
    if is_plain(&site.dir) && takes_sockets(&site.dir) {
        return Ok(site.dir.clone());
    }
    let name = format!("roundup-{}", path_hash(&site.dir));
    // Another account may have taken the name, in error or in malice.
    for candidate in [name.clone(), format!("{name}-2"), format!("{name}-3")] {
        let dir = Path::new("/tmp").join(candidate);
        if claim(&dir, site)? {
            return Ok(dir);
        }
    }
    Err(EmbeddedError::Io {
        doing: format!("make a private directory /tmp/{name} for the database's socket"),
        source: std::io::ErrorKind::AlreadyExists.into(),
    })
}

/// Sixteen hexadecimal digits that stand for a path.
pub(super) fn path_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a string can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The server reads its socket directories as a list with commas and quotes.
fn is_plain(dir: &Path) -> bool {
    let bytes = dir.as_os_str().as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@".contains(byte);
    bytes.len() <= LONGEST_DIR && bytes.iter().all(plain)
}

/// Whether sockets can be made here: shares of virtual machines and networks often refuse.
fn takes_sockets(dir: &Path) -> bool {
    let probe = dir.join(".probe");
    let made = UnixListener::bind(&probe).is_ok();
    let gone = fs::remove_file(&probe).is_ok();
    made && gone
}

/// Makes a directory for the server's account alone, or takes it when it is that already.
fn claim(dir: &Path, site: &Site) -> Result<bool, EmbeddedError> {
    if DirBuilder::new().mode(0o700).create(dir).is_ok()
        && let Some(user) = &site.user
    {
        user.own(dir)?;
    }
    let doing = || format!("look at {}", dir.display());
    let owner = fs::metadata(&site.dir).doing(doing)?.uid();
    let found = fs::symlink_metadata(dir).doing(doing)?;
    Ok(found.is_dir() && found.uid() == owner && found.mode() & 0o777 == 0o700)
}

/// A connection URL for a database behind the socket in `dir`.
pub(super) fn url(dir: &Path, database: &str) -> String {
    let (host, database) = (encoded(dir.as_os_str().as_bytes()), encoded(database.as_bytes()));
    format!("postgres://{}@{host}/{database}", super::ROLE)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_directory_in_one_host() {
        let url = url(Path::new("/run/a b/c@d"), "t?1");
        assert_eq!(url, "postgres://roundup@%2Frun%2Fa%20b%2Fc%40d/t%3F1");
    }

    #[test]
    fn only_short_plain_paths_hold_a_socket() {
        assert!(is_plain(Path::new("/var/lib/roundup")));
        assert!(!is_plain(Path::new("/srv/news, etc")));
        assert!(!is_plain(Path::new(&"/long".repeat(17))));
    }

    #[test]
    fn a_hash_is_stable_and_tells_paths_apart() {
        assert_eq!(path_hash(Path::new("/a")).len(), 16);
        assert_eq!(path_hash(Path::new("/a")), path_hash(Path::new("/a")));
        assert_ne!(path_hash(Path::new("/a")), path_hash(Path::new("/b")));
    }
}
