//! What can't be started, and what the person who tried is told.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use embedded_postgres::{EmbeddedError, Options, is_root, start, start_slot};

use crate::place::Place;

#[track_caller]
fn refusal(options: &Options) -> EmbeddedError {
    match start(options) {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

#[test]
fn a_folder_without_programs_is_named() {
    let place = Place::new("data");
    let empty = place.data.with_file_name("no-postgres");
    fs::create_dir(&empty).unwrap();
    let error = refusal(&Options { pg_bin: Some(empty.clone()), ..place.options() }).to_string();
    assert_eq!(
        error,
        format!(
            "ROUNDUP_PG_BIN names {}, which does not hold both `postgres` and `initdb`",
            empty.display()
        )
    );
    assert!(!place.data.exists(), "nothing is created");
}

#[test]
fn an_old_server_is_refused() {
    let place = Place::new("data");
    let old = place.data.with_file_name("old");
    fs::create_dir_all(old.join("bin")).unwrap();
    for (name, text) in [("postgres", "echo 'postgres (PostgreSQL) 12.22'"), ("initdb", "exit 1")] {
        let program = old.join("bin").join(name);
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    }
    let error = refusal(&Options { pg_bin: Some(old), ..place.options() }).to_string();
    assert!(error.contains("PostgreSQL 12 in ") && error.contains("14 or newer"), "{error}");
}

#[test]
fn a_cluster_of_another_version_is_left_as_it_is() {
    let place = Place::new("data");
    place.start().stop().unwrap();
    fs::write(place.data.join("PG_VERSION"), "13\n").unwrap();
    let error = refusal(&place.options());
    assert!(matches!(&error, EmbeddedError::VersionMismatch { version, .. } if version == "13"));
    let message = error.to_string();
    assert!(message.contains("made by PostgreSQL 13, but this machine has PostgreSQL "));
    assert_eq!(fs::read_to_string(place.data.join("PG_VERSION")).unwrap(), "13\n");
}

#[test]
fn a_directory_with_other_files_is_left_as_it_is() {
    let place = Place::new("photos");
    fs::create_dir(&place.data).unwrap();
    fs::write(place.data.join("cat.jpg"), "").unwrap();
    let error = refusal(&place.options()).to_string();
    assert!(error.contains("holds \"cat.jpg\" but no complete database"), "{error}");
    assert_eq!(fs::read_dir(&place.data).unwrap().count(), 1);
}

#[test]
fn a_cluster_that_lost_its_version_file_is_left_as_it_is() {
    let place = Place::new("data");
    place.start().stop().unwrap();
    fs::remove_file(place.data.join("PG_VERSION")).unwrap();
    let error = refusal(&place.options());
    assert!(matches!(error, EmbeddedError::NotEmpty { .. }), "{error}");
    assert!(place.data.join("base").exists());
}

#[test]
fn a_server_that_can_not_start_shows_its_own_words() {
    let place = Place::new("data");
    place.start().stop().unwrap();
    fs::write(place.data.join("pg_hba.conf"), "nonsense\n").unwrap();
    let error = refusal(&place.options()).to_string();
    assert!(error.starts_with("the server failed: ") && error.contains("pg_hba.conf"), "{error}");
}

#[test]
fn the_folder_that_keeps_the_server_out_is_named_and_slots_go_elsewhere() {
    if !is_root() {
        eprintln!("skipped: only root runs the server as another user");
        return;
    }
    let place = Place::new("home/data");
    let home = place.data.parent().unwrap();
    fs::create_dir(home).unwrap();
    fs::set_permissions(home, Permissions::from_mode(0o700)).unwrap();
    let error = refusal(&place.options());
    assert!(matches!(&error, EmbeddedError::Unreachable { blocked, .. } if blocked == home));
    assert!(error.to_string().contains(&format!("chmod o+x {}", home.display())), "{error}");

    let slot = start_slot(&home.join("slots"), None).unwrap();
    let pool = slot.data_dir().parent().map(Path::to_owned).unwrap();
    assert!(pool.starts_with(std::env::temp_dir()), "{pool:?}");
    slot.stop().unwrap();
    fs::remove_dir_all(pool).unwrap();
}
