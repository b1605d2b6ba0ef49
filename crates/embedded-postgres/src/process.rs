//! The state of another process, by its id. `kill(pid, 0)` cannot tell a zombie from a running
//! process, so `/proc` is read where there is one, and `ps` is run elsewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// The state of a process id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ProcessState {
    /// No process has this id.
    Gone,
    /// The process has ended, but its parent has not read its exit status yet.
    Zombie,
    /// The process is the running PostgreSQL server of the data directory.
    Server,
    /// The process is another running program.
    Other,
}

/// Returns the state of process `pid`, which may be the server of `data_dir`.
pub(crate) fn state(pid: u32, data_dir: &Path) -> ProcessState {
    if Path::new("/proc/self/stat").exists() {
        state_from_proc(pid, data_dir)
    } else {
        state_from_ps(pid, data_dir)
    }
}

fn state_from_proc(pid: u32, data_dir: &Path) -> ProcessState {
    let entry = PathBuf::from(format!("/proc/{pid}"));
    let Ok(stat) = fs::read_to_string(entry.join("stat")) else { return ProcessState::Gone };
    // "pid (name) state …", where the name may hold brackets itself.
    let Some((head, tail)) = stat.rsplit_once(") ") else { return ProcessState::Gone };
    if tail.starts_with(['Z', 'X']) {
        return ProcessState::Zombie;
    }
    let name = head.split_once('(').map_or("", |(_, name)| name);
    // A server's working directory is its data directory. An unreadable one belongs to another
    // account: then PostgreSQL itself, which can tell, has to decide.
    let works_there = fs::read_link(entry.join("cwd")).map_or(true, |cwd| cwd == data_dir);
    if ["postgres", "postmaster"].contains(&name) && works_there {
        ProcessState::Server
    } else {
        ProcessState::Other
    }
}

fn state_from_ps(pid: u32, data_dir: &Path) -> ProcessState {
    let output = Command::new("ps")
        .args(["-ww", "-o", "stat=,command=", "-p", &pid.to_string()])
        .stdin(Stdio::null())
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    match text.unwrap_or_default().trim() {
        "" => ProcessState::Gone,
        line if line.starts_with('Z') => ProcessState::Zombie,
        line if line.contains("postgres") && line.contains(&*data_dir.to_string_lossy()) => {
            ProcessState::Server
        }
        _ => ProcessState::Other,
    }
}

/// Sends SIGINT, which asks a server for a fast shutdown. It may have ended meanwhile.
pub(crate) fn interrupt(pid: u32) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    match kill_process(pid, Signal::INT) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => log::warn!("could not stop process {}: {error}", pid.as_raw_nonzero()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_zombie_and_missing_processes_are_told_apart() {
        let dir = Path::new("/");
        let mut child = Command::new("sleep").arg("30").spawn().unwrap();
        for state in [state, state_from_ps] {
            assert_eq!(state(child.id(), dir), ProcessState::Other);
        }
        child.kill().unwrap();
        while state(child.id(), dir) == ProcessState::Other {
            std::thread::yield_now();
        }
        for state in [state, state_from_ps] {
            assert_eq!(state(child.id(), dir), ProcessState::Zombie);
        }
        child.wait().unwrap();
        for state in [state, state_from_ps] {
            assert_eq!(state(child.id(), dir), ProcessState::Gone);
        }
    }

    #[test]
    fn interrupt_sends_sigint() {
        use std::os::unix::process::ExitStatusExt as _;
        let mut child = Command::new("sleep").arg("30").spawn().unwrap();
        interrupt(child.id());
        assert_eq!(child.wait().unwrap().signal(), Some(2));
    }
}
