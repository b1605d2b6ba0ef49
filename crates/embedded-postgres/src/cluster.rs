//! A running cluster, owned or joined.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::data_dir::{LOG, Site};
use super::error::{Doing as _, EmbeddedError};
use super::launch::{self, READY_LIMIT};
use super::watchdog::Watchdog;
use super::wire::{self, Answer};
use super::{DATABASE, Options, find, init, locks, pidfile, socket};

/// How long a server that says it is ready may be out of reach, e.g. while its owner stops it.
const OUT_OF_REACH_LIMIT: Duration = Duration::from_secs(10);

/// A cluster that can be connected to.
///
/// Dropping it does what [`Cluster::stop`] does, and only logs what goes wrong. If the process ends
/// without dropping it, the server is stopped all the same, a moment later.
#[derive(Debug)]
pub struct Cluster {
    data_dir: PathBuf,
    socket_dir: PathBuf,
    owned: Option<Owned>,
}

/// What only the owner has. The locks are let go after the server has stopped.
#[derive(Debug)]
struct Owned {
    watchdog: Watchdog,
    _owner: File,
    _server: File,
}

/// How joining a running server went.
enum Join {
    Joined(Cluster),
    Starting,
    OutOfReach,
}

/// Starts the cluster, or joins it when another process has started it. Returns once the server
/// takes connections and the database [`DATABASE`] is there.
pub fn start(options: &Options) -> Result<Cluster, EmbeddedError> {
    if !options.data_dir.exists() {
        // Nothing is created where nothing can be run.
        find::find(options.pg_bin.as_deref(), &options.data_dir, None)?;
    }
    let site = Site::prepare(&options.data_dir)?;
    let began = Instant::now();
    let mut out_of_reach: Option<Instant> = None;
    loop {
        if let Some(owner) = locks::try_own(&site)? {
            return own(&site, options, owner);
        }
        match join(&site) {
            Join::Joined(cluster) => return Ok(cluster),
            Join::Starting => out_of_reach = None,
            Join::OutOfReach => {
                let since = out_of_reach.get_or_insert_with(Instant::now);
                if since.elapsed() > OUT_OF_REACH_LIMIT {
                    return Err(EmbeddedError::Busy { data_dir: site.dir });
                }
            }
        }
        if began.elapsed() > READY_LIMIT {
            return Err(EmbeddedError::TimedOut {
                what: "the server that another process started was not ready",
                seconds: READY_LIMIT.as_secs(),
                log: site.path(LOG),
            });
        }
        sleep(Duration::from_millis(20));
    }
}

/// Starts the server, for the holder of the owner's lock.
pub(super) fn own(
    site: &Site,
    options: &Options,
    lock_of_owner: File,
) -> Result<Cluster, EmbeddedError> {
    site.refuse_strange_entries()?;
    let server = find::find(options.pg_bin.as_deref(), &site.dir, site.user.as_ref())?;
    let lock = locks::outlive_last_watchdog(site)?;
    site.make_private()?;
    init::ensure(site, &server, options.mode, &lock)?;
    let socket_dir = socket::choose(site)?;
    let watchdog = launch::launch(site, &server, &socket_dir, options.mode, &lock)?;
    log::info!("PostgreSQL {} is up: {}", server.major, socket::url(&socket_dir, DATABASE));
    let owned = Some(Owned { watchdog, _owner: lock_of_owner, _server: lock });
    Ok(Cluster { data_dir: site.dir.clone(), socket_dir, owned })
}

fn join(site: &Site) -> Join {
    let Some(file) = pidfile::read(&site.dir).filter(|file| file.ready) else {
        return Join::Starting;
    };
    match wire::ask(&file.socket_dir, DATABASE) {
        Answer::Ready => Join::Joined(Cluster {
            data_dir: site.dir.clone(),
            socket_dir: file.socket_dir,
            owned: None,
        }),
        Answer::NoDatabase | Answer::NotNow(_) => Join::Starting,
        Answer::Silent => Join::OutOfReach,
    }
}

impl Cluster {
    /// A connection URL for one database of the cluster. It holds no secret: the socket's directory
    /// is what keeps others out.
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }

    /// The cluster's directory, absolute and without links.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The directory of the server's socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Whether the server was started by another process, and will stop when that ends.
    pub fn adopted(&self) -> bool {
        self.owned.is_none()
    }

    /// Fails with the reason when the server no longer answers; for use after a connection failed.
    pub fn check(&self) -> Result<(), EmbeddedError> {
        match wire::ask(&self.socket_dir, DATABASE) {
            Answer::Ready => Ok(()),
            _ if self.adopted() => {
                Err(EmbeddedError::OwnerEnded { data_dir: self.data_dir.clone() })
            }
            Answer::NoDatabase => Err(failed(format!("the database {DATABASE} is gone"))),
            Answer::NotNow(message) => Err(failed(message)),
            Answer::Silent => {
                let log = self.data_dir.join(LOG);
                Err(failed(format!("it no longer answers; see {}", log.display())))
            }
        }
    }

    /// Stops the server at once, ending its connections, and waits until its files are written.
    /// A server that was joined is left to its owner.
    pub fn stop(mut self) -> Result<(), EmbeddedError> {
        self.stop_owned()
    }

    fn stop_owned(&mut self) -> Result<(), EmbeddedError> {
        let Some(mut owned) = self.owned.take() else { return Ok(()) };
        let began = Instant::now();
        let doing = || format!("wait for the server in {}", self.data_dir.display());
        if owned.watchdog.stop().doing(doing)? {
            if self.socket_dir != self.data_dir {
                // Empty by now; if it can't be removed, the next start takes it as it is.
                let _ = fs::remove_dir(&self.socket_dir);
            }
            return Ok(());
        }
        Err(EmbeddedError::TimedOut {
            what: "the server did not stop",
            seconds: began.elapsed().as_secs(),
            log: self.data_dir.join(LOG),
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop_owned() {
            log::warn!("{error}");
        }
    }
}

fn failed(output: String) -> EmbeddedError {
    EmbeddedError::Failed { program: "the server", output }
}
