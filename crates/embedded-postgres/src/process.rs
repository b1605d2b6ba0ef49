//! What is known about another process by its number: the standard library has no `kill(pid, 0)`,
//! so `/proc` is asked where there is one, and `ps` elsewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The state of a process number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Process {
    /// No process has this number.
    Gone,
    /// It has ended, but its parent has not asked for its status yet.
    Zombie,
    /// It runs, and is the PostgreSQL server of the data directory asked about.
    Server,
    /// It runs, and is something else.
    Other,
}

/// Looks at process `pid`, which may be the server of `data_dir`.
pub(super) fn look(pid: u32, data_dir: &Path) -> Process {
    if Path::new("/proc/self/stat").exists() {
        look_in_proc(pid, data_dir)
    } else {
        look_with_ps(pid, data_dir)
    }
}

fn look_in_proc(pid: u32, data_dir: &Path) -> Process {
    let entry = PathBuf::from(format!("/proc/{pid}"));
    let Ok(stat) = fs::read_to_string(entry.join("stat")) else { return Process::Gone };
    // "pid (name) state …", and the name may hold brackets itself.
    let Some((head, tail)) = stat.rsplit_once(") ") else { return Process::Gone };
    if tail.starts_with(['Z', 'X']) {
        return Process::Zombie;
    }
    let name = head.split_once('(').map_or("", |(_, name)| name);
    // A server works inside its data directory. Unreadable means another account's: let
    // PostgreSQL, which can tell, decide.
    let here = fs::read_link(entry.join("cwd")).map_or(true, |cwd| cwd == data_dir);
    if ["postgres", "postmaster"].contains(&name) && here {
        Process::Server
    } else {
        Process::Other
    }
}

fn look_with_ps(pid: u32, data_dir: &Path) -> Process {
    let output = Command::new("ps")
        .args(["-ww", "-o", "stat=,command=", "-p", &pid.to_string()])
        .stdin(Stdio::null())
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    match text.unwrap_or_default().trim() {
        "" => Process::Gone,
        line if line.starts_with('Z') => Process::Zombie,
        line if line.contains("postgres") && line.contains(&*data_dir.to_string_lossy()) => {
            Process::Server
        }
        _ => Process::Other,
    }
}

/// Asks a server for a fast shutdown (SIGINT). That it may be gone already is no error.
pub(super) fn interrupt(pid: u32) {
    let asked = Command::new("/bin/sh")
        .args(["-c", "kill -INT \"$1\"", "sh", &pid.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if let Err(error) = asked {
        log::warn!("could not ask process {pid} to stop: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_a_zombie_and_a_missing_process_are_told_apart() {
        let dir = Path::new("/");
        let mut child = Command::new("sleep").arg("30").spawn().unwrap();
        for look in [look, look_with_ps] {
            assert_eq!(look(child.id(), dir), Process::Other);
        }
        child.kill().unwrap();
        while look(child.id(), dir) == Process::Other {
            std::thread::yield_now();
        }
        for look in [look, look_with_ps] {
            assert_eq!(look(child.id(), dir), Process::Zombie);
        }
        child.wait().unwrap();
        for look in [look, look_with_ps] {
            assert_eq!(look(child.id(), dir), Process::Gone);
        }
    }
}
