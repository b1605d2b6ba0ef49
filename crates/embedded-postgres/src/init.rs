//! Makes a new cluster, so that a kill at any moment leaves none or a whole one.
//!
//! `initdb` works in `new`. When it has finished that becomes `new-complete`, in one step, and its
//! entries are moved to their place, `PG_VERSION` last. A later start removes the first or goes on
//! with the second.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Output, Stdio};

use super::data_dir::{self, COMPLETE, NEW, Site};
use super::error::{Doing as _, EmbeddedError};
use super::find::Server;
use super::{Mode, ROLE, user};

/// The locales to try. `C.UTF-8` sorts alike everywhere, but some systems lack it; from 17 on the
/// server brings its own. The last one knows no letters beyond ASCII.
const LOCALES: [(u32, &[&str]); 3] = [
    (0, &["--locale=C.UTF-8"]),
    (17, &["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]),
    (0, &["--no-locale"]),
];

/// Sees to it that the data directory holds a whole cluster. `initdb` inherits `lock`, so that no
/// other start meddles while it runs, even when this process is killed.
pub(super) fn ensure(
    site: &Site,
    server: &Server,
    mode: Mode,
    lock: &File,
) -> Result<(), EmbeddedError> {
    let (new, complete) = (site.path(NEW), site.path(COMPLETE));
    data_dir::remove_tree(&new)?;
    if !site.is_initialised() {
        if !complete.exists() {
            run_initdb(site, server, mode, lock)?;
            fs::rename(&new, &complete).doing(|| format!("rename {}", new.display()))?;
        }
        unpack(site, &complete, mode)?;
    }
    data_dir::remove_tree(&complete)
}

fn run_initdb(site: &Site, server: &Server, mode: Mode, lock: &File) -> Result<(), EmbeddedError> {
    log::info!("making a database in {}", site.dir.display());
    let locales = LOCALES.iter().filter(|(from, _)| server.major >= *from);
    let mut output = String::new();
    for (_, locale) in locales {
        let result = initdb(site, server, mode, locale, lock)?;
        if result.status.success() {
            return Ok(());
        }
        String::from_utf8_lossy(&result.stderr).trim().clone_into(&mut output);
        log::debug!("initdb {locale:?}: {output}");
        data_dir::remove_tree(&site.path(NEW))?;
    }
    Err(EmbeddedError::Failed { program: "initdb", output })
}

fn initdb(
    site: &Site,
    server: &Server,
    mode: Mode,
    locale: &[&str],
    lock: &File,
) -> Result<Output, EmbeddedError> {
    let doing = || format!("run {}", server.bin.join("initdb").display());
    let mut command = user::command(&server.bin.join("initdb"), site.user.as_ref());
    command.arg("-D").arg(site.path(NEW)).args(["-U", ROLE, "-A", "trust", "-E", "UTF8"]);
    command.args(locale).current_dir(&site.dir);
    if mode == Mode::Throwaway {
        command.args(["--no-sync", "--wal-segsize=1"]);
    }
    // Nothing that it writes there may end it, when this process ends first.
    command.stdout(Stdio::null());
    // It reads nothing: its standard input is a place to hold the lock.
    command.stdin(Stdio::from(lock.try_clone().doing(doing)?)).output().doing(doing)
}

/// Moves the finished cluster to its place.
fn unpack(site: &Site, complete: &Path, mode: Mode) -> Result<(), EmbeddedError> {
    let mut names = data_dir::names(complete)?;
    names.sort_by_key(|name| name == "PG_VERSION");
    for name in names {
        fs::rename(complete.join(&name), site.path(&name))
            .doing(|| format!("move {name} into {}", site.dir.display()))?;
    }
    if mode == Mode::Durable {
        // Else a power cut could undo the moves in any order.
        let dir = File::open(&site.dir).and_then(|dir| dir.sync_all());
        dir.doing(|| format!("write {} to disk", site.dir.display()))?;
    }
    Ok(())
}
