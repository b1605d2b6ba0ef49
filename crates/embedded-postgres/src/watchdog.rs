//! One line of shell between this process and the server, which stops the server when this process
//! ends, in whatever way: it waits on a pipe that the system closes then.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::data_dir::{LOG, Site, WATCHDOG_LOCK};
use super::error::{Doing as _, EmbeddedError};
use super::find::Server;
use super::user;

/// Its first argument is the log, the rest the server's command line: nothing is interpolated.
/// Signals meant for the service (a closed terminal, a stopped unit) must not end the watchdog
/// before the server; they are ignored only after the server, which must see them, has started.
const SCRIPT: &str = r#"umask 077
exec 2>>"$1" || exit 1
shift
"$@" </dev/null >&2 &
server=$!
trap '' HUP INT QUIT TERM
echo "$server"
read -r closed
kill -INT "$server" 2>/dev/null
wait "$server""#;

/// How long a fast shutdown may take before it is given up on.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// A running watchdog.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Starts the server under a watchdog that holds `lock` until the server has ended, and which
    /// writes the server's process number into the lock's file.
    pub(super) fn start(
        site: &Site,
        server: &Server,
        arguments: &[OsString],
        lock: &File,
    ) -> Result<Self, EmbeddedError> {
        let doing = || format!("start the server in {}", server.bin.display());
        let mut lock = lock.try_clone().doing(doing)?;
        lock.set_len(0).and_then(|()| lock.rewind()).doing(doing)?;
        let mut command = user::command(Path::new("/bin/sh"), site.user.as_ref());
        command.args(["-c", SCRIPT, "sh"]).arg(site.path(LOG));
        command.arg(server.bin.join("postgres")).args(arguments);
        // Its own group: Ctrl-C in the terminal is for this process, which may still need the
        // server to finish what it is doing.
        command.current_dir(&site.dir).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::from(lock)).stderr(Stdio::null());
        Ok(Self { shell: command.spawn().doing(doing)? })
    }

    /// Whether the shell itself has ended.
    pub(super) fn has_ended(&mut self) -> bool {
        matches!(self.shell.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// Stops the server and waits until it has ended; `false` when it takes too long.
    pub(super) fn stop(&mut self) -> io::Result<bool> {
        drop(self.shell.stdin.take());
        let began = Instant::now();
        while began.elapsed() < STOP_LIMIT {
            if let Some(status) = self.shell.try_wait()? {
                if !status.success() {
                    log::warn!("the database server ended with an error: {status}");
                }
                return Ok(true);
            }
            sleep(Duration::from_millis(2));
        }
        Ok(false)
    }
}

/// The process number of the server that a watchdog started, once it has.
pub(super) fn server_pid(site: &Site) -> Option<u32> {
    let text = fs::read_to_string(site.path(WATCHDOG_LOCK)).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}
