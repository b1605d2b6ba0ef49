//! Empty databases on a throwaway server that lives as long as this process.

use embedded_postgres::{Cluster, Options, start_from_pool};
use roundup::db::Target;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::Client;

static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The address of a database of the server; `TEST_DATABASE_URL` names one to use instead.
fn url(database: &str) -> String {
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
