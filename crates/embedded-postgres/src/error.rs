//! What can go wrong with the private cluster, in words for the person who started the service.

use std::io;
use std::path::PathBuf;

/// Why the private PostgreSQL could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No usable PostgreSQL on this machine.
    #[error(
        "no PostgreSQL 14 or newer was found on this machine{seen}. Install it ({install}), or set \
         ROUNDUP_PG_BIN to the folder that holds `postgres` and `initdb`, or set DATABASE_URL to \
         use a server elsewhere"
    )]
    NotFound {
        /// What was found but is too old; empty, or begins with a space.
        seen: String,
        /// The command that installs PostgreSQL here.
        install: String,
    },

    /// The folder given by hand is of no use.
    #[error("ROUNDUP_PG_BIN names {}, which {reason}", dir.display())]
    UnusableBin {
        /// The folder given.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The cluster was made by another major version than those installed.
    #[error(
        "{} was made by PostgreSQL {version}, but this machine has {found}. Install PostgreSQL \
         {version} or point ROUNDUP_PG_BIN at it; to change the version, dump the data with the \
         old one and load it into a new directory. Nothing was changed",
        data_dir.display()
    )]
    VersionMismatch {
        /// The cluster's directory.
        data_dir: PathBuf,
        /// The major version written in its `PG_VERSION`.
        version: String,
        /// The versions found, with their folders.
        found: String,
    },

    /// The account that runs the server can't get to a path.
    #[error(
        "the server runs as user {user}, which may not pass through {}, so it can't reach {}. \
         Choose another place (ROUNDUP_DATA_DIR, e.g. /var/lib/roundup), or allow it: chmod o+x {}",
        blocked.display(), path.display(), blocked.display()
    )]
    Unreachable {
        /// The account that runs the server.
        user: String,
        /// The folder without permission to pass.
        blocked: PathBuf,
        /// What was to be reached.
        path: PathBuf,
    },

    /// Root may not run PostgreSQL, and there is no account to run it as.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor \
         `nobody` to run it as: start roundup as an ordinary user, or set DATABASE_URL"
    )]
    NoServerUser,

    /// The data directory holds something that is not ours.
    #[error(
        "{} holds {entry:?} but no complete database: choose an empty directory (ROUNDUP_DATA_DIR) \
         or restore a backup into it. Nothing was changed",
        data_dir.display()
    )]
    NotEmpty {
        /// The directory.
        data_dir: PathBuf,
        /// The first unexpected entry.
        entry: String,
    },

    /// `initdb` or the server ended with an error.
    #[error("{program} failed: {output}")]
    Failed {
        /// What was run.
        program: &'static str,
        /// The last lines it wrote.
        output: String,
    },

    /// Something did not happen in time.
    #[error("{what} within {seconds} s; see {}", log.display())]
    TimedOut {
        /// What did not happen.
        what: &'static str,
        /// How long was waited, in seconds.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },

    /// Another process owns the cluster, and its server can't be reached from here.
    #[error(
        "another roundup runs on {}, but its database can't be reached from here (is it in another \
         container?): stop it, or give both one server with DATABASE_URL",
        data_dir.display()
    )]
    Busy {
        /// The cluster's directory.
        data_dir: PathBuf,
    },

    /// The server that was joined stopped, because the process that started it ended.
    #[error(
        "the database in {} has stopped: it belonged to another roundup process, which has ended. \
         Start this command again",
        data_dir.display()
    )]
    OwnerEnded {
        /// The cluster's directory.
        data_dir: PathBuf,
    },

    /// Every slot of the pool is taken.
    #[error("all {slots} database slots in {} are taken by running processes", root.display())]
    NoFreeSlot {
        /// The pool's directory.
        root: PathBuf,
        /// How many slots there are.
        slots: usize,
    },

    /// The operating system refused something.
    #[error("could not {doing}: {source}")]
    Io {
        /// What was attempted.
        doing: String,
        /// Why it was refused.
        source: io::Error,
    },
}

/// Says what was being done when the operating system refused.
pub(super) trait Doing<T> {
    /// Wraps the error with `what`, an infinitive without "to".
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EmbeddedError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io { doing: what(), source })
    }
}
