//! A database for each test: a copy of a migrated template.
//!
//! The server is a throwaway cluster of the process, or the one that `TEST_DATABASE_URL` names: a
//! developer's own, or the one that all processes of a `cargo nextest run` share.

use embedded_postgres::{Cluster, Options, start_from_pool};
use roundup::clock::Clock;
use roundup::db::{Target, migrate};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;
use tokio_postgres::Client;

static SERVER: OnceLock<Server> = OnceLock::new();
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

enum Server {
    Own(Cluster),
    Given(url::Url),
}

impl Server {
    fn get() -> &'static Self {
        SERVER.get_or_init(|| match std::env::var_os("TEST_DATABASE_URL") {
            Some(url) => Self::Given(url.to_str().unwrap().parse().unwrap()),
            None => Self::Own(throwaway_cluster()),
        })
    }
}

fn throwaway_cluster() -> Cluster {
    start_from_pool(
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres"),
        &Options::new("roundup"),
    )
    .unwrap()
}

/// The URL of a database on the tests' server.
pub fn url(database: &str) -> String {
    match Server::get() {
        Server::Own(cluster) => cluster.url(database),
        Server::Given(url) => {
            let mut url = url.clone();
            url.set_path(database);
            url.into()
        }
    }
}

/// A connection.
pub async fn client(target: &Target) -> Client {
    let (client, driver) = target.connect().await.unwrap();
    tokio::spawn(driver);
    client
}

/// A new, migrated database.
pub async fn fresh() -> Target {
    let template = TEMPLATE.get_or_init(template).await;
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("t_{}_{n}", std::process::id());
    let admin = client(&Target::parse(&url("postgres")).unwrap()).await;
    admin.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
    admin.batch_execute(&format!("create database {name} template {template}")).await.unwrap();
    Target::parse(&url(&name)).unwrap()
}

/// A new, migrated database on a server whose log can be read.
pub struct Logged {
    pub target: Target,
    pub log: PathBuf,
    /// Runs the server if that is not the tests' usual one.
    _cluster: Option<Cluster>,
}

impl Logged {
    pub async fn new() -> Self {
        let log = |cluster: &Cluster| cluster.data_dir().join("server.log");
        if let Server::Own(cluster) = Server::get() {
            return Self { target: fresh().await, log: log(cluster), _cluster: None };
        }
        let cluster = throwaway_cluster();
        let admin = client(&Target::parse(&cluster.url("postgres")).unwrap()).await;
        admin.batch_execute("drop database if exists logged with (force)").await.unwrap();
        admin.batch_execute("create database logged").await.unwrap();
        let target = Target::parse(&cluster.url("logged")).unwrap();
        fill(&target).await;
        Self { target, log: log(&cluster), _cluster: Some(cluster) }
    }
}

/// Migrates an empty database and stores the known outlets, as the service does when it starts.
async fn fill(target: &Target) {
    let (_, mut conn) = migrate(target).await.unwrap();
    let clock = Clock::fixed(super::start());
    roundup::outlets::seed(&mut conn, clock.now()).await.unwrap();
}

/// The name of the template, which is made if it is not there. It holds a digest of what the template
/// is made from, so that a later run of the same sources finds it.
async fn template() -> String {
    let name = format!("template_{}", digest());
    let admin = client(&Target::parse(&url("postgres")).unwrap()).await;
    // Several test processes may share a server: one of them makes the template.
    admin.batch_execute("select pg_advisory_lock(7)").await.unwrap();
    if matches!(Server::get(), Server::Own(_)) {
        drop_old_databases(&name);
    }
    let done = "select 1 from pg_database where datname = $1 and not datallowconn";
    if admin.query_opt(done, &[&name]).await.unwrap().is_none() {
        admin.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
        admin.batch_execute(&format!("create database {name}")).await.unwrap();
        fill(&Target::parse(&url(&name)).unwrap()).await;
        // A database can be copied only while nobody is connected to it.
        admin
            .batch_execute(&format!("alter database {name} allow_connections false"))
            .await
            .unwrap();
        let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
        admin.query(end, &[&name]).await.unwrap();
    }
    admin.batch_execute("select pg_advisory_unlock(7)").await.unwrap();
    name
}

/// A digest of the schema and of the known outlets.
fn digest() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["migrations", "sql", "src/outlets"] {
        list_sources(&root.join(folder), &mut files);
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in &files {
        hash.update(std::fs::read(file).unwrap());
    }
    hash.finalize()[..4].iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn list_sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list_sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "sql" || extension == "tsv")
        {
            files.push(path);
        }
    }
}

/// Drops what earlier runs have left in the process's own cluster, which may be a gigabyte, in the
/// background: hundreds of databases take longer than the tests should wait.
fn drop_old_databases(template: &str) {
    let (template, own) = (template.to_owned(), format!("t_{}_%", std::process::id()));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let admin = client(&Target::parse(&url("postgres")).unwrap()).await;
            let list = "select datname::text from pg_database
                        where datname ~ '^(t|m|template)_' and datname not like $1
                        and datname not in ($2, 'template0', 'template1')";
            for row in admin.query(list, &[&own, &template]).await.unwrap() {
                let drop =
                    format!("drop database if exists {} with (force)", row.get::<_, &str>(0));
                // The tests may end first; the next run drops the rest.
                let _ = admin.batch_execute(&drop).await;
            }
        });
    });
}
