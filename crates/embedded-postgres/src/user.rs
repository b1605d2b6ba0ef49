//! The account the server runs as. PostgreSQL refuses to run as root, so root hands the server and
//! its files to `postgres` or, without one, to `nobody`; anyone else runs it as themselves.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{Doing as _, EmbeddedError};

/// What of the environment the server sees: nothing of the service's settings and secrets, and no
/// `PG…` variable meant for another server.
const KEPT: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ"];

/// An account that the server is started as by root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerUser {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

/// Whether this process acts as root.
pub fn is_root() -> bool {
    // The standard library has no geteuid(); `id` is as certain to be there as `sh`.
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "0")
}

impl ServerUser {
    /// The account for the server of `data_dir`; none when this process is not root.
    ///
    /// A directory that belongs to an ordinary account keeps it.
    pub(super) fn choose(data_dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        if !is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let named = |name: &str| accounts(&passwd).find(|user| user.name == name);
        let owner = fs::metadata(data_dir).ok().filter(|meta| meta.uid() != 0).and_then(|meta| {
            accounts(&passwd)
                .find(|user| user.uid == meta.uid())
                .or_else(|| data_dir.join("PG_VERSION").exists().then(|| Self::unnamed(&meta)))
        });
        owner
            .or_else(|| named("postgres"))
            .or_else(|| named("_postgres"))
            .or_else(|| named("nobody"))
            .map(Some)
            .ok_or(EmbeddedError::NoServerUser)
    }

    /// An account that has files but no name on this machine, as on a volume from elsewhere.
    fn unnamed(meta: &Metadata) -> Self {
        Self { name: format!("number {}", meta.uid()), uid: meta.uid(), gid: meta.gid() }
    }

    /// Gives one file or directory to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        lchown(path, Some(self.uid), Some(self.gid))
            .doing(|| format!("give {} to user {}", path.display(), self.name))
    }

    /// Gives a directory and all in it to this account, the directory itself last, so that an
    /// interrupted run is seen and done again.
    pub(super) fn own_tree(&self, dir: &Path) -> Result<(), EmbeddedError> {
        let listing = || format!("list {}", dir.display());
        for entry in fs::read_dir(dir).doing(listing)? {
            let entry = entry.doing(listing)?;
            if entry.file_type().doing(listing)?.is_dir() {
                self.own_tree(&entry.path())?;
            } else {
                self.own(&entry.path())?;
            }
        }
        self.own(dir)
    }

    /// Fails, naming the culprit, when a folder above `path` may not be passed by this account.
    pub(super) fn check_reach(&self, path: &Path) -> Result<(), EmbeddedError> {
        match self.blocked_at(path) {
            None => Ok(()),
            Some(blocked) => Err(EmbeddedError::Unreachable {
                user: self.name.clone(),
                blocked,
                path: path.to_owned(),
            }),
        }
    }

    /// The uppermost existing folder above `path` that this account may not pass through.
    pub(super) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.into_iter().rev().find(|dir| !self.may_pass(dir)).map(Path::to_owned)
    }

    fn may_pass(&self, dir: &Path) -> bool {
        let Ok(meta) = fs::metadata(dir) else { return true };
        let bit = if meta.uid() == self.uid {
            0o100
        } else if meta.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        meta.mode() & bit != 0
    }
}

/// A command of the server, run as `user` with a small environment.
pub(super) fn command(program: &Path, user: Option<&ServerUser>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)))
        // English messages, and macOS turns to threads, which the server forbids, without it.
        .env("LC_ALL", "C");
    if let Some(user) = user {
        // The standard library also gives up root's supplementary groups here.
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// The accounts of an `/etc/passwd` text.
fn accounts(passwd: &str) -> impl Iterator<Item = ServerUser> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _password) = (fields.next()?, fields.next()?);
        let (uid, gid) = (number(fields.next()?)?, number(fields.next()?)?);
        (uid != 0).then(|| ServerUser { name: name.to_owned(), uid, gid })
    })
}

/// An id; macOS writes that of `nobody` as -2.
fn number(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_and_root_is_never_one_of_them() {
        let passwd =
            "root:x:0:0::/:/bin/sh\n# note\nnobody:*:-2:-2::/:/x\npostgres:x:101:104::/:/x";
        let found: Vec<_> = accounts(passwd).map(|user| (user.name, user.uid, user.gid)).collect();
        assert_eq!(
            found,
            [
                ("nobody".to_owned(), 4_294_967_294, 4_294_967_294),
                ("postgres".to_owned(), 101, 104)
            ]
        );
    }

    #[test]
    fn the_folder_in_the_way_is_named() {
        use std::os::unix::fs::PermissionsExt as _;
        let top = tempfile::tempdir().unwrap();
        let closed = top.path().join("closed");
        let data = closed.join("inner/data");
        fs::create_dir_all(&data).unwrap();
        fs::set_permissions(top.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = ServerUser { name: "stranger".to_owned(), uid: 4_000_001, gid: 4_000_001 };
        assert_eq!(stranger.blocked_at(&data), Some(closed.clone()));
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(stranger.blocked_at(&data), None);
    }
}
