//! Empty databases on a throwaway server that lives as long as this process, and migrations of them
//! step by step.

use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};
use embedded_postgres::{Cluster, Options, start_from_pool};
use roundup::db::{MIGRATIONS, Target};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::Client;

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The address of a database of the server; `TEST_DATABASE_URL` names one to use instead.
pub(crate) fn url(database: &str) -> String {
    let given = std::env::var_os("TEST_DATABASE_URL");
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("postgres");
    let start =
        || given.is_none().then(|| start_from_pool(&root, &Options::new("roundup")).unwrap());
    if let Some(cluster) = CLUSTER.get_or_init(start) {
        return cluster.url(database);
    }
    let mut url = url::Url::parse(given.unwrap().to_str().unwrap()).unwrap();
    url.set_path(database);
    url.into()
}

/// A client, its driver spawned.
pub(crate) async fn client(target: &Target) -> Client {
    let (client, driver) = target.connect().await.unwrap();
    tokio::spawn(driver);
    client
}

/// A new database with nothing in it.
pub(crate) async fn database() -> Target {
    let name = format!("m_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let admin = client(&Target::parse(&url("postgres")).unwrap()).await;
    admin.batch_execute(&format!("drop database if exists {name} with (force)")).await.unwrap();
    admin.batch_execute(&format!("create database {name}")).await.unwrap();
    Target::parse(&url(&name)).unwrap()
}

type Harness = AsyncMigrationHarness<AsyncPgConnection>;

/// Runs migrations by hand, on a thread of their own, as diesel's harness is synchronous.
pub(crate) async fn with_harness<T: Send + 'static>(
    target: &Target,
    run: impl FnOnce(&mut Harness) -> T + Send + 'static,
) -> T {
    let conn = target.establish().await.unwrap();
    tokio::task::spawn_blocking(move || run(&mut Harness::new(conn))).await.unwrap()
}

/// Returns the migrations, the oldest first.
pub(crate) fn migrations() -> Vec<Box<dyn Migration<Pg>>> {
    let mut steps: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().unwrap();
    steps.sort_by_key(|step| step.name().version().as_owned());
    steps
}
