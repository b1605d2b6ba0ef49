//! Finds a PostgreSQL server on this machine: a folder that has both `postgres` and `initdb`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::EmbeddedError;
use super::user::ServerUser;
use super::{install, user};

/// The oldest major version that is accepted.
const OLDEST: u32 = 14;

/// Where packages put servers: a folder, how the names in it begin, and what follows. Debian and
/// openSUSE, Alpine, the RPMs of postgresql.org, Homebrew twice, `MacPorts`, `Postgres.app`.
const PACKAGES: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/opt/local/lib", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// An installed server.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// The folder of its programs.
    pub(super) bin: PathBuf,
    /// Its major version.
    pub(super) major: u32,
}

/// The server for `data_dir`: of the version that made the cluster in it, else the first one that
/// is new enough. `account` must be able to run it.
pub(super) fn find(
    pg_bin: Option<&Path>,
    data_dir: &Path,
    account: Option<&ServerUser>,
) -> Result<Server, EmbeddedError> {
    let version = fs::read_to_string(data_dir.join("PG_VERSION")).ok();
    let version = version.as_deref().map(str::trim);
    match pg_bin {
        Some(dir) => pick(std::iter::once(given(dir, account)?), version, pg_bin, data_dir),
        None => pick(installed(account), version, None, data_dir),
    }
}

/// The first server that is new enough and of the version asked for.
fn pick(
    servers: impl Iterator<Item = Server>,
    version: Option<&str>,
    pg_bin: Option<&Path>,
    data_dir: &Path,
) -> Result<Server, EmbeddedError> {
    let mut passed_over = Vec::new();
    for server in servers {
        let fits = version.is_none_or(|version| version == server.major.to_string());
        if server.major >= OLDEST && fits {
            return Ok(server);
        }
        passed_over.push(format!("PostgreSQL {} in {}", server.major, server.bin.display()));
    }
    let found = passed_over.join(", ");
    Err(match (version, pg_bin) {
        (Some(version), _) if !found.is_empty() => EmbeddedError::VersionMismatch {
            data_dir: data_dir.to_owned(),
            version: version.to_owned(),
            found,
        },
        (None, Some(dir)) => EmbeddedError::UnusableBin {
            dir: dir.to_owned(),
            reason: format!("has {found}: {OLDEST} or newer is needed"),
        },
        _ => EmbeddedError::NotFound {
            seen: if found.is_empty() { found } else { format!(" (only {found})") },
            install: install::command(),
        },
    })
}

/// The server in a folder given by hand, which may also be that of an unpacked package.
fn given(dir: &Path, account: Option<&ServerUser>) -> Result<Server, EmbeddedError> {
    let unusable = |reason: &str| EmbeddedError::UnusableBin {
        dir: dir.to_owned(),
        reason: reason.to_owned(),
    };
    let folder = [dir.to_owned(), dir.join("bin"), dir.join("native/bin")]
        .into_iter()
        .find_map(|folder| with_programs(&folder))
        .ok_or_else(|| unusable("does not hold both `postgres` and `initdb`"))?;
    if let Some(account) = account {
        account.check_reach(&folder.join("postgres"))?;
    }
    server_in(folder).ok_or_else(|| unusable("holds a `postgres` that does not run here"))
}

/// Every server of this machine that `account` can run, looked up one by one.
fn installed(account: Option<&ServerUser>) -> impl Iterator<Item = Server> {
    let mut seen = BTreeSet::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> =
        std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect();
    on_path
        .into_iter()
        .chain(std::iter::once_with(told_by_pg_config).flatten())
        .chain(PACKAGES.into_iter().flat_map(|(base, prefix, tail)| newest(base, prefix, tail)))
        .filter_map(|dir| with_programs(&dir))
        .filter(move |dir| seen.insert(dir.clone()))
        .filter(move |dir| {
            account.is_none_or(|account| account.blocked_at(&dir.join("postgres")).is_none())
        })
        .filter_map(server_in)
}

fn told_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    dir.is_absolute().then_some(dir)
}

/// The folders of one kind of package, the newest version first.
fn newest(base: &str, prefix: &str, tail: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(base).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version: String =
                name.strip_prefix(prefix)?.chars().filter(char::is_ascii_digit).collect();
            Some((version.parse().unwrap_or(0), entry.path().join(tail)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// The folder, links followed, when both programs are there.
fn with_programs(dir: &Path) -> Option<PathBuf> {
    let both = |dir: &Path| dir.join("postgres").is_file() && dir.join("initdb").is_file();
    if !both(dir) {
        return None;
    }
    let real = fs::canonicalize(dir.join("postgres")).ok()?;
    let real = real.parent().filter(|real| both(real));
    real.map(Path::to_owned).or_else(|| fs::canonicalize(dir).ok())
}

fn server_in(bin: PathBuf) -> Option<Server> {
    let mut command = user::command(&bin.join("postgres"), None);
    let output = command.arg("-V").stdin(Stdio::null()).output().ok()?;
    let major = major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Server { bin, major })
}

/// The major version in what `postgres -V` says: `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("(PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(major: u32) -> Server {
        Server { bin: PathBuf::from(format!("/pg/{major}")), major }
    }

    fn picked(majors: &[u32], version: Option<&str>) -> Result<u32, String> {
        let servers = majors.iter().copied().map(server);
        let picked = pick(servers, version, None, Path::new("/data"));
        picked.map(|server| server.major).map_err(|error| error.to_string())
    }

    #[test]
    fn a_cluster_gets_the_version_that_made_it_and_a_new_one_the_first_found() {
        assert_eq!(picked(&[12, 15, 17], None), Ok(15));
        assert_eq!(picked(&[15, 17], Some("17")), Ok(17));
        let refused = picked(&[15, 17], Some("16")).unwrap_err();
        assert!(refused.starts_with("/data was made by PostgreSQL 16, but this machine has"));
        assert!(refused.contains("PostgreSQL 15 in /pg/15, PostgreSQL 17 in /pg/17"), "{refused}");
    }

    #[test]
    fn without_a_server_the_message_says_what_to_do() {
        let message = picked(&[], None).unwrap_err();
        for hint in ["no PostgreSQL 14", "Install it (", "ROUNDUP_PG_BIN", "DATABASE_URL"] {
            assert!(message.contains(hint), "{message}");
        }
        assert!(picked(&[12], None).unwrap_err().contains("(only PostgreSQL 12 in /pg/12)"));
    }

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(major("bash: postgres: not found"), None);
    }
}
