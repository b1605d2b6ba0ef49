//! Initialises a cluster so that a kill at any moment leaves either none or a complete one.
//!
//! `initdb` works in `new`. When it has finished, that directory is renamed to `new-complete`, and
//! its entries are moved into the data directory, `PG_VERSION` last. A later start deletes `new` or
//! goes on moving from `new-complete`.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Output, Stdio};

use crate::data_dir::{self, DataDir, INITDB_DIR, INITDB_DONE_DIR};
use crate::error::{Error, IoContext as _};
use crate::find::Installation;
use crate::{Mode, Options, server_user};

/// The locale arguments to try, with the first major version that knows them. `C.UTF-8` sorts alike
/// everywhere, but some systems lack it; from 17 on the server has its own. `--no-locale` knows no
/// letters beyond ASCII.
const LOCALES: [(u32, &[&str]); 3] = [
    (0, &["--locale=C.UTF-8"]),
    (17, &["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
    (0, &["--no-locale"]),
];

/// Makes sure that the data directory holds a complete cluster. `initdb` inherits `lock`, so that no
/// other start interferes while it runs, even when this process is killed.
pub(crate) fn ensure_initialised(
    data_dir: &DataDir,
    installation: &Installation,
    options: &Options,
    lock: &File,
) -> Result<(), Error> {
    let (new, done) = (data_dir.entry_path(INITDB_DIR), data_dir.entry_path(INITDB_DONE_DIR));
    data_dir::remove_tree(&new)?;
    if !data_dir.is_initialised() {
        if !done.exists() {
            initialise(data_dir, installation, options, lock)?;
            fs::rename(&new, &done).context(|| format!("rename {}", new.display()))?;
        }
        move_into_place(data_dir, &done, options.mode)?;
    }
    data_dir::remove_tree(&done)
}

/// Runs `initdb` with the first locale that works.
fn initialise(
    data_dir: &DataDir,
    installation: &Installation,
    options: &Options,
    lock: &File,
) -> Result<(), Error> {
    log::info!("initialising a database in {}", data_dir.path.display());
    let locales = LOCALES.iter().filter(|(since, _)| installation.major >= *since);
    let mut output = String::new();
    for (_, locale) in locales {
        let result = run_initdb(data_dir, installation, options, locale, lock)?;
        if result.status.success() {
            return Ok(());
        }
        String::from_utf8_lossy(&result.stderr).trim().clone_into(&mut output);
        log::debug!("initdb {locale:?}: {output}");
        data_dir::remove_tree(&data_dir.entry_path(INITDB_DIR))?;
    }
    Err(Error::Failed { program: "initdb", output })
}

fn run_initdb(
    data_dir: &DataDir,
    installation: &Installation,
    options: &Options,
    locale: &[&str],
    lock: &File,
) -> Result<Output, Error> {
    let program = installation.bin_dir.join("initdb");
    let action = || format!("run {}", program.display());
    let mut command = server_user::command(&program, data_dir.user.as_ref());
    command.arg("-D").arg(data_dir.entry_path(INITDB_DIR));
    command.args(["-U", &options.role, "-A", "trust", "-E", "UTF8"]);
    command.args(locale).current_dir(&data_dir.path);
    if options.mode == Mode::Throwaway {
        command.args(["--no-sync", "--wal-segsize=1"]);
    }
    // Not a pipe, which would end `initdb` when this process ends first.
    command.stdout(Stdio::null());
    // `initdb` reads no input: its standard input is where it holds the lock.
    command.stdin(Stdio::from(lock.try_clone().context(action)?)).output().context(action)
}

/// Moves the entries of a finished `initdb` into the data directory.
fn move_into_place(data_dir: &DataDir, done: &Path, mode: Mode) -> Result<(), Error> {
    let mut names = data_dir::entry_names(done)?;
    names.sort_by_key(|name| name == "PG_VERSION");
    for name in names {
        fs::rename(done.join(&name), data_dir.entry_path(&name))
            .context(|| format!("move {name} into {}", data_dir.path.display()))?;
    }
    if mode == Mode::Durable {
        // Without it, a power cut could undo the moves in any order.
        let synced = File::open(&data_dir.path).and_then(|dir| dir.sync_all());
        synced.context(|| format!("write {} to disk", data_dir.path.display()))?;
    }
    Ok(())
}
