//! A running cluster: started by this process, or by another one on the same data directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::{self, ServerState};
use crate::data_dir::{DataDir, LOG};
use crate::error::{Error, IoContext as _};
use crate::launch::{self, READY_TIMEOUT};
use crate::postmaster_pid::PostmasterPid;
use crate::server_user::ServerUser;
use crate::watchdog::Watchdog;
use crate::{Options, find, initdb, locks, socket};

/// How long a server that says it is ready may be unreachable, e.g. while its owner stops it.
const UNREACHABLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A cluster that accepts connections.
///
/// Dropping it does what [`Cluster::stop`] does, and logs errors instead of returning them. If the
/// process ends without dropping it, the watchdog stops the server a moment later.
#[derive(Debug)]
pub struct Cluster {
    data_dir: PathBuf,
    socket_dir: PathBuf,
    role: String,
    database: String,
    server: Option<OwnServer>,
}

/// A server that this process has started. The locks are released after the server has stopped.
#[derive(Debug)]
struct OwnServer {
    watchdog: Watchdog,
    _owner_lock: File,
    _watchdog_lock: File,
}

/// The result of connecting to the server of another process.
enum Attach {
    Attached(Cluster),
    NotReady,
    Unreachable,
}

/// Starts the cluster in `data_dir`, or attaches to it when another process has started it. Returns
/// once the database of the options accepts connections.
///
/// The directory is created when it is missing, and must hold nothing else.
pub fn start(data_dir: &Path, options: &Options) -> Result<Cluster, Error> {
    if !data_dir.exists() {
        // Without a PostgreSQL to run, no directory is created.
        let user = ServerUser::choose(data_dir)?;
        find::find(options.bin_dir.as_deref(), data_dir, user.as_ref())?;
    }
    let data_dir = DataDir::open(data_dir)?;
    let began = Instant::now();
    let mut unreachable_since: Option<Instant> = None;
    loop {
        if let Some(owner_lock) = locks::try_owner_lock(&data_dir)? {
            return start_as_owner(&data_dir, options, owner_lock);
        }
        match attach(&data_dir, options)? {
            Attach::Attached(cluster) => return Ok(cluster),
            Attach::NotReady => unreachable_since = None,
            Attach::Unreachable => {
                let since = unreachable_since.get_or_insert_with(Instant::now);
                if since.elapsed() > UNREACHABLE_TIMEOUT {
                    return Err(Error::InUse { data_dir: data_dir.path });
                }
            }
        }
        if began.elapsed() > READY_TIMEOUT {
            return Err(Error::TimedOut {
                what: "the server that another process had started was not ready",
                seconds: READY_TIMEOUT.as_secs(),
                log: data_dir.entry_path(LOG),
            });
        }
        sleep(Duration::from_millis(20));
    }
}

/// Initialises the cluster if need be and starts its server, for the holder of the owner lock.
pub(crate) fn start_as_owner(
    data_dir: &DataDir,
    options: &Options,
    owner_lock: File,
) -> Result<Cluster, Error> {
    data_dir.check_contents()?;
    let installation =
        find::find(options.bin_dir.as_deref(), &data_dir.path, data_dir.user.as_ref())?;
    let watchdog_lock = locks::wait_for_watchdog_lock(data_dir)?;
    data_dir.make_private()?;
    initdb::ensure_initialised(data_dir, &installation, options, &watchdog_lock)?;
    let socket_dir = socket::choose_dir(data_dir)?;
    let watchdog = launch::launch(data_dir, &installation, &socket_dir, options, &watchdog_lock)?;
    let server = OwnServer { watchdog, _owner_lock: owner_lock, _watchdog_lock: watchdog_lock };
    let cluster = Cluster::new(data_dir, socket_dir, options, Some(server));
    log::info!("PostgreSQL {} is running: {}", installation.major, cluster.url(&options.database));
    Ok(cluster)
}

/// Connects once to the server of another process.
fn attach(data_dir: &DataDir, options: &Options) -> Result<Attach, Error> {
    let Some(pid) = PostmasterPid::read(&data_dir.path).filter(|pid| pid.is_ready) else {
        return Ok(Attach::NotReady);
    };
    Ok(match client::server_state(&pid.socket_dir, &options.role, &options.database) {
        ServerState::Ready => {
            Attach::Attached(Cluster::new(data_dir, pid.socket_dir, options, None))
        }
        ServerState::NoDatabase | ServerState::NotReady => Attach::NotReady,
        ServerState::NoServer => Attach::Unreachable,
        ServerState::Rejects(message) => return Err(server_failed(message)),
    })
}

impl Cluster {
    fn new(
        data_dir: &DataDir,
        socket_dir: PathBuf,
        options: &Options,
        server: Option<OwnServer>,
    ) -> Self {
        Self {
            data_dir: data_dir.path.clone(),
            socket_dir,
            role: options.role.clone(),
            database: options.database.clone(),
            server,
        }
    }

    /// Returns a connection URL for a database of the cluster. It holds no password: the permissions
    /// of the socket's directory keep other accounts out.
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, &self.role, database)
    }

    /// Returns the data directory, absolute and without symbolic links.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Returns the directory of the server's Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Returns whether this process has started the server. Else another process has, and the
    /// server will stop when that process ends.
    pub fn is_owner(&self) -> bool {
        self.server.is_some()
    }

    /// Returns the reason when the server no longer accepts connections; for use after a connection
    /// has failed.
    pub fn check(&self) -> Result<(), Error> {
        match client::server_state(&self.socket_dir, &self.role, &self.database) {
            ServerState::Ready => Ok(()),
            _ if !self.is_owner() => Err(Error::OwnerEnded { data_dir: self.data_dir.clone() }),
            ServerState::NoDatabase => {
                Err(server_failed(format!("the database {} does not exist", self.database)))
            }
            ServerState::Rejects(message) => Err(server_failed(message)),
            ServerState::NotReady => Err(server_failed("it is starting or stopping".to_owned())),
            ServerState::NoServer => {
                let log = self.data_dir.join(LOG);
                Err(server_failed(format!("it no longer answers; see {}", log.display())))
            }
        }
    }

    /// Stops the server with a fast shutdown, which ends its connections, and waits until its files
    /// are written. The server of another process is left running.
    pub fn stop(mut self) -> Result<(), Error> {
        self.stop_server()
    }

    fn stop_server(&mut self) -> Result<(), Error> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let began = Instant::now();
        let action = || format!("wait for the server in {}", self.data_dir.display());
        if server.watchdog.stop().context(action)? {
            if self.socket_dir != self.data_dir {
                // It is empty now. If it stays, the next start uses it as it is.
                let _ = fs::remove_dir(&self.socket_dir);
            }
            return Ok(());
        }
        Err(Error::TimedOut {
            what: "the server did not stop",
            seconds: began.elapsed().as_secs(),
            log: self.data_dir.join(LOG),
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop_server() {
            log::warn!("{error}");
        }
    }
}

fn server_failed(output: String) -> Error {
    Error::Failed { program: "the server", output }
}
