//! Runs one throwaway PostgreSQL for all test processes of a `cargo nextest run`.
//!
//! `.config/nextest.toml` names this program as a setup script. It starts a copy of itself, which
//! runs the server until nextest has ended, and hands the server's URL to the tests in the variable
//! `TEST_DATABASE_URL`. Where that is set already, the tests use that server and nothing is started.

use embedded_postgres::{Options, start};
use rustix::process::{Pid, getppid, test_kill_process};
use std::error::Error;
use std::fs::{self, File, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How often the server's process looks whether nextest still runs.
const POLL: Duration = Duration::from_millis(100);

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        None => start_server(),
        Some(nextest) => run_until_end_of(&nextest),
    }
}

/// Starts the server's process and passes its URL on.
fn start_server() -> Result<(), Box<dyn Error>> {
    if std::env::var_os("TEST_DATABASE_URL").is_some() {
        return Ok(());
    }
    let variables = std::env::var_os("NEXTEST_ENV").ok_or("this is a setup script of nextest")?;
    let nextest = getppid().ok_or("nextest has ended")?;
    let mut server = Command::new(std::env::current_exe()?)
        .arg(nextest.as_raw_nonzero().to_string())
        // An interrupt from the terminal is for nextest, whose tests still need the server.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut url = String::new();
    let output = server.stdout.take().ok_or("the output is a pipe")?;
    BufReader::new(output).read_line(&mut url)?;
    if url.is_empty() {
        return Err("the throwaway PostgreSQL did not start".into());
    }
    write!(File::options().append(true).open(variables)?, "TEST_DATABASE_URL={url}")?;
    Ok(())
}

/// Runs a new server and prints its URL.
fn run_until_end_of(nextest: &str) -> Result<(), Box<dyn Error>> {
    let nextest = nextest.parse().ok().and_then(Pid::from_raw).ok_or("no process number")?;
    let folder = tempfile::tempdir()?;
    // PostgreSQL's account needs access when the tests run as root.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    let data_dir = fs::canonicalize(folder.path())?.join("data");
    let cluster = start(&data_dir, &Options::new("roundup").throwaway())?;
    println!("{}", cluster.url("postgres"));
    while test_kill_process(nextest).is_ok() {
        std::thread::sleep(POLL);
    }
    Ok(())
}
