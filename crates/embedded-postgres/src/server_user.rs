//! The account that the server runs as. PostgreSQL refuses to run as root, so root runs the server as
//! the owner of the data directory, `postgres` or `nobody`; every other account runs it as itself.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, IoContext as _};

/// The environment variables that the server inherits: no settings and secrets of this process, and
/// no `PG…` variable meant for another server.
const INHERITED_VARIABLES: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ"];

/// The account that root runs the server as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUser {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Returns whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

impl ServerUser {
    /// Returns the account for the server of `data_dir`, or `None` when this process is not root.
    ///
    /// A directory that belongs to an ordinary account keeps its owner.
    pub(crate) fn choose(data_dir: &Path) -> Result<Option<Self>, Error> {
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
            .ok_or(Error::NoServerUser)
    }

    /// Returns an account that has files but no name on this machine, as on a volume from elsewhere.
    fn unnamed(meta: &Metadata) -> Self {
        Self { name: format!("number {}", meta.uid()), uid: meta.uid(), gid: meta.gid() }
    }

    /// Gives one file or directory to this account.
    pub(crate) fn chown(&self, path: &Path) -> Result<(), Error> {
        lchown(path, Some(self.uid), Some(self.gid))
            .context(|| format!("give {} to user {}", path.display(), self.name))
    }

    /// Gives a directory and everything in it to this account, the directory itself last, so that a
    /// later run notices when this one was interrupted.
    pub(crate) fn chown_tree(&self, dir: &Path) -> Result<(), Error> {
        let action = || format!("list {}", dir.display());
        for entry in fs::read_dir(dir).context(action)? {
            let entry = entry.context(action)?;
            if entry.file_type().context(action)?.is_dir() {
                self.chown_tree(&entry.path())?;
            } else {
                self.chown(&entry.path())?;
            }
        }
        self.chown(dir)
    }

    /// Returns an error if this account may not enter a directory above `path`.
    pub(crate) fn check_access(&self, path: &Path) -> Result<(), Error> {
        match self.blocked_at(path) {
            None => Ok(()),
            Some(blocked) => {
                Err(Error::Unreachable { user: self.name.clone(), blocked, path: path.to_owned() })
            }
        }
    }

    /// Returns the topmost existing directory above `path` that this account may not enter.
    pub(crate) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.into_iter().rev().find(|dir| !self.may_enter(dir)).map(Path::to_owned)
    }

    fn may_enter(&self, dir: &Path) -> bool {
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

/// Returns a command that runs as `user`, with few of the environment variables of this process.
pub(crate) fn command(program: &Path, user: Option<&ServerUser>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(
            std::env::vars_os()
                .filter(|(name, _)| INHERITED_VARIABLES.iter().any(|inherited| name == inherited)),
        )
        // English messages; and without it macOS starts threads, which the server forbids.
        .env("LC_ALL", "C");
    if let Some(user) = user {
        // The standard library also gives up root's supplementary groups here.
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// Returns the accounts other than root in the text of `/etc/passwd`.
fn accounts(passwd: &str) -> impl Iterator<Item = ServerUser> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _password) = (fields.next()?, fields.next()?);
        let (uid, gid) = (parse_id(fields.next()?)?, parse_id(fields.next()?)?);
        (uid != 0).then(|| ServerUser { name: name.to_owned(), uid, gid })
    })
}

/// Parses a user or group id; macOS writes that of `nobody` as -2.
fn parse_id(text: &str) -> Option<u32> {
    text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_parsed_and_root_is_left_out() {
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
    fn the_directory_that_blocks_the_way_is_returned() {
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
