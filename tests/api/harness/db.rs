//! A database for each test: a copy of a migrated template in a throwaway cluster.
//!
//! The cluster is the process's own and lives as long as it does. `TEST_DATABASE_URL` names a
//! server to use instead.

use embedded_postgres::{Cluster, start_slot};
use roundup::clock::Clock;
use roundup::db::{Target, migrate};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;
use tokio_postgres::Client;

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The address of a database of the tests' server.
pub fn url(database: &str) -> String {
    let given = std::env::var_os("TEST_DATABASE_URL");
    let cluster = CLUSTER.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
        given.is_none().then(|| start_slot(&root, None).unwrap())
    });
    match (cluster, given) {
        (Some(cluster), _) => cluster.url(database),
        (None, given) => {
            let mut url = url::Url::parse(given.unwrap().to_str().unwrap()).unwrap();
            url.set_path(database);
            url.into()
        }
    }
}

/// The log of the tests' own server; none when another is used.
pub fn log() -> Option<PathBuf> {
    url("postgres");
    let cluster = CLUSTER.get()?.as_ref()?;
    Some(cluster.data_dir().join("server.log"))
}

/// A client, its driver spawned.
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

/// The template: named by what the migrations, `sql/` and the list of outlets say, so that a warm cluster
/// need not migrate again.
async fn template() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut hash = Sha256::new();
    let mut steps: Vec<_> = std::fs::read_dir(root.join("migrations"))
        .unwrap()
        .map(|step| step.unwrap().path())
        .collect();
    steps.sort();
    for step in steps.iter().filter(|step| step.is_dir()) {
        hash.update(std::fs::read(step.join("up.sql")).unwrap());
    }
    let mut files: Vec<_> =
        std::fs::read_dir(root.join("sql")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    hash.update(std::fs::read(root.join("src/outlets/known.tsv")).unwrap());
    let digest = hash.finalize();
    let name =
        format!("template_{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
    let admin = client(&Target::parse(&url("postgres")).unwrap()).await;
    // Several test processes may share a server: one of them makes the template.
    admin.batch_execute("select pg_advisory_lock(7)").await.unwrap();
    sweep(&admin, &name).await;
    let done = "select 1 from pg_database where datname = $1 and not datallowconn";
    if admin.query_opt(done, &[&name]).await.unwrap().is_none() {
        admin.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
        admin.batch_execute(&format!("create database {name}")).await.unwrap();
        let target = Target::parse(&url(&name)).unwrap();
        let (_, mut conn) = migrate(&target).await.unwrap();
        let clock = Clock::fixed(super::start());
        roundup::outlets::seed(&mut conn, clock.now()).await.unwrap();
        drop(conn);
        // A template must have no connection while it is copied; the one dropped may linger.
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

/// Drops what earlier runs left on the tests' own server, which nobody else uses: a run may leave
/// a gigabyte.
async fn sweep(admin: &Client, template: &str) {
    if log().is_none() {
        return;
    }
    let list = "select datname::text from pg_database
                where datname ~ '^(t|m|template)_' and datname not in ($1, 'template0', 'template1')";
    for row in admin.query(list, &[&template]).await.unwrap() {
        let name: String = row.get(0);
        admin.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
    }
}
