//! Directories and installations that cannot be used, and the errors for them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use embedded_postgres::{Error, Options, is_root, start, start_from_pool};

use crate::fixture::{NAME, TestDir, options};

#[track_caller]
fn start_error(data_dir: &Path, options: &Options) -> Error {
    match start(data_dir, options) {
        Ok(_) => panic!("the cluster started"),
        Err(error) => error,
    }
}

#[test]
fn a_directory_without_programs_is_reported() {
    let dir = TestDir::new("data");
    let empty = dir.data_dir.with_file_name("no-postgres");
    fs::create_dir(&empty).unwrap();
    let error = start_error(&dir.data_dir, &Options { bin_dir: Some(empty.clone()), ..options() })
        .to_string();
    assert_eq!(
        error,
        format!(
            "the PostgreSQL directory {} does not hold both `postgres` and `initdb`",
            empty.display()
        )
    );
    assert!(!dir.data_dir.exists(), "the data directory was created");
}

#[test]
fn an_old_version_is_rejected() {
    let dir = TestDir::new("data");
    let old = dir.data_dir.with_file_name("old");
    fs::create_dir_all(old.join("bin")).unwrap();
    for (name, text) in [("postgres", "echo 'postgres (PostgreSQL) 12.22'"), ("initdb", "exit 1")] {
        let program = old.join("bin").join(name);
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    }
    let error =
        start_error(&dir.data_dir, &Options { bin_dir: Some(old), ..options() }).to_string();
    assert!(error.contains("PostgreSQL 12 in ") && error.contains("14 or newer"), "{error}");
}

#[test]
fn a_cluster_of_another_version_is_not_changed() {
    let dir = TestDir::new("data");
    dir.start().stop().unwrap();
    fs::write(dir.data_dir.join("PG_VERSION"), "13\n").unwrap();
    let error = start_error(&dir.data_dir, &options());
    assert!(matches!(&error, Error::VersionMismatch { version, .. } if version == "13"));
    let message = error.to_string();
    assert!(message.contains("initialised by PostgreSQL 13, but this machine has PostgreSQL "));
    assert_eq!(fs::read_to_string(dir.data_dir.join("PG_VERSION")).unwrap(), "13\n");
}

#[test]
fn a_directory_with_other_files_is_not_changed() {
    let dir = TestDir::new("photos");
    fs::create_dir(&dir.data_dir).unwrap();
    fs::write(dir.data_dir.join("cat.jpg"), "").unwrap();
    let error = start_error(&dir.data_dir, &options()).to_string();
    assert!(error.contains("holds \"cat.jpg\" but no complete database"), "{error}");
    assert_eq!(fs::read_dir(&dir.data_dir).unwrap().count(), 1);
}

#[test]
fn a_cluster_without_its_version_file_is_not_changed() {
    let dir = TestDir::new("data");
    dir.start().stop().unwrap();
    fs::remove_file(dir.data_dir.join("PG_VERSION")).unwrap();
    let error = start_error(&dir.data_dir, &options());
    assert!(matches!(error, Error::NotEmpty { .. }), "{error}");
    assert!(dir.data_dir.join("base").exists());
}

#[test]
fn the_error_of_a_server_that_cannot_start_shows_its_log() {
    let dir = TestDir::new("data");
    dir.start().stop().unwrap();
    fs::write(dir.data_dir.join("pg_hba.conf"), "nonsense\n").unwrap();
    let error = start_error(&dir.data_dir, &options()).to_string();
    assert!(error.starts_with("the server failed: ") && error.contains("pg_hba.conf"), "{error}");
}

#[test]
fn a_directory_that_the_server_may_not_enter_is_reported_and_pools_go_elsewhere() {
    if !is_root() {
        eprintln!("skipped: only root runs the server as another user");
        return;
    }
    let dir = TestDir::new("home/data");
    let home = dir.data_dir.parent().unwrap();
    fs::create_dir(home).unwrap();
    fs::set_permissions(home, Permissions::from_mode(0o700)).unwrap();
    let error = start_error(&dir.data_dir, &options());
    assert!(matches!(&error, Error::Unreachable { blocked, .. } if blocked == home));
    assert!(error.to_string().contains(&format!("chmod o+x {}", home.display())), "{error}");

    let cluster = start_from_pool(&home.join("pool"), &options()).unwrap();
    let pool_dir = cluster.data_dir().parent().map(Path::to_owned).unwrap();
    assert!(pool_dir.starts_with(std::env::temp_dir()), "{pool_dir:?}");
    cluster.stop().unwrap();
    fs::remove_dir_all(pool_dir).unwrap();
}

#[test]
fn a_cluster_of_another_role_is_reported_at_once() {
    let dir = TestDir::new("data");
    dir.start().stop().unwrap();
    let other = Options { role: "other".to_owned(), ..options() };
    let error = start_error(&dir.data_dir, &other).to_string();
    assert_eq!(error, "the server failed: role \"other\" does not exist");
    let cluster = dir.start();
    let error = start_error(&dir.data_dir, &other).to_string();
    assert_eq!(error, "the server failed: role \"other\" does not exist", "to one that attaches");
    assert!(cluster.url(NAME).starts_with("postgres://app@"), "{}", cluster.url(NAME));
}

/// Inside a runtime, tokio refuses to block the thread for another one.
#[tokio::test]
async fn a_cluster_can_be_started_from_async_code() {
    let dir = TestDir::new("data");
    let cluster = dir.start();
    cluster.check().unwrap();
    cluster.stop().unwrap();
}
