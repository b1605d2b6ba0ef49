//! A shell between this process and the server, which stops the server when this process ends, in
//! whatever way: it waits on a pipe that the system then closes.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::data_dir::{DataDir, LOG, WATCHDOG_LOCK};
use crate::error::{Error, IoContext as _};
use crate::find::Installation;
use crate::server_user;

/// The watchdog. Its first argument is the log, the rest is the server's command line, so that
/// nothing is interpolated. Signals meant for this process (a closed terminal, a stopped unit) must
/// not end the watchdog before the server; it ignores them only after it has started the server,
/// which would inherit that.
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

/// The time limit for a fast shutdown.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);

/// A running watchdog.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Starts the server under a watchdog that holds `lock` until the server has ended. The watchdog
    /// writes the server's process id into the lock file.
    pub(crate) fn start(
        data_dir: &DataDir,
        installation: &Installation,
        arguments: &[OsString],
        lock: &File,
    ) -> Result<Self, Error> {
        let action = || format!("start the server in {}", installation.bin_dir.display());
        let mut lock = lock.try_clone().context(action)?;
        lock.set_len(0).and_then(|()| lock.rewind()).context(action)?;
        let mut command = server_user::command(Path::new("/bin/sh"), data_dir.user.as_ref());
        command.args(["-c", SCRIPT, "sh"]).arg(data_dir.entry_path(LOG));
        command.arg(installation.bin_dir.join("postgres")).args(arguments);
        // A process group of its own: Ctrl-C in the terminal is for this process, which may still
        // need the server to finish its work.
        command.current_dir(&data_dir.path).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::from(lock)).stderr(Stdio::null());
        Ok(Self { shell: command.spawn().context(action)? })
    }

    /// Returns whether the shell itself has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.shell.try_wait(), Ok(Some(_)) | Err(_))
    }

    /// Stops the server and waits until it has ended. Returns whether it did within the time limit.
    pub(crate) fn stop(&mut self) -> io::Result<bool> {
        drop(self.shell.stdin.take());
        let began = Instant::now();
        while began.elapsed() < STOP_TIMEOUT {
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

/// Returns the process id of the server that a watchdog has started, once it is known.
pub(crate) fn server_pid(data_dir: &DataDir) -> Option<u32> {
    let text = fs::read_to_string(data_dir.entry_path(WATCHDOG_LOCK)).ok()?;
    text.strip_suffix('\n')?.parse().ok()
}
