//! Starting, stopping and sharing clusters, and pools of them.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use embedded_postgres::{Error, Mode, Options, default_data_dir, start, start_from_pool};

use crate::fixture::{NAME, OtherProcess, TestDir, options, sql};

#[test]
fn a_first_start_creates_the_database_and_a_restart_keeps_its_data() {
    let dir = TestDir::new("below/data");
    let options = Options { mode: Mode::Durable, ..options() };
    let cluster = start(&dir.data_dir, &options).unwrap();
    assert!(cluster.is_owner());
    assert_eq!(cluster.data_dir(), dir.data_dir);
    let url = cluster.url(NAME);
    sql(&url, "create table kept (word text); insert into kept values ('Ünïcode')");
    assert_eq!(
        sql(&url, "select lower('Ü') || pg_encoding_to_char(encoding) from pg_database"),
        ["üUTF8"; 4]
    );
    assert_eq!(sql(&url, "show fsync"), ["on"]);
    assert_eq!(sql(&url, "show listen_addresses"), [""]);
    cluster.stop().unwrap();
    dir.wait_for_clean_stop();

    let cluster = start(&dir.data_dir, &options).unwrap();
    assert_eq!(sql(&cluster.url(NAME), "select word from kept"), ["Ünïcode"]);
    assert!(!dir.log().contains("recovery"), "{}", dir.log());
}

#[test]
fn a_dropped_database_is_created_again() {
    let dir = TestDir::new("data");
    let cluster = dir.start();
    sql(&cluster.url("postgres"), "drop database app");
    assert!(cluster.check().unwrap_err().to_string().contains("the database app does not exist"));
    cluster.stop().unwrap();
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
}

#[test]
fn a_throwaway_cluster_has_non_durable_settings() {
    let dir = TestDir::new("data");
    let cluster = dir.start();
    let settings = "select setting from pg_settings where name in \
        ('fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum', 'jit', 'wal_level', \
        'max_connections') order by name";
    let expected = ["off", "off", "off", "off", "200", "off", "minimal"];
    assert_eq!(sql(&cluster.url(NAME), settings), expected);
}

#[test]
fn a_data_directory_may_have_any_name() {
    let long = "deep".repeat(30);
    let dir = TestDir::new(&format!("it's \"a\" $(touch x) news, room\\/{long}"));
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "show data_directory"), [dir.data_dir.to_str().unwrap()]);
    assert!(cluster.socket_dir().starts_with("/tmp"), "{:?}", cluster.socket_dir());
    let socket_dir = cluster.socket_dir().to_owned();
    cluster.stop().unwrap();
    assert!(!socket_dir.exists(), "the socket directory in /tmp was left behind");
}

#[test]
fn a_second_process_attaches_and_gets_an_error_when_the_owner_has_ended() {
    let dir = TestDir::new("data");
    let owner = OtherProcess::start(&dir.data_dir);
    let attached = dir.start();
    assert!(owner.is_owner);
    assert!(!attached.is_owner());
    assert_eq!(attached.url(NAME), owner.url);
    assert_eq!(sql(&attached.url(NAME), "select 1"), ["1"]);
    attached.check().unwrap();
    attached.stop().unwrap();
    assert_eq!(sql(&owner.url, "select 1"), ["1"], "the owner's server still runs");

    let attached = dir.start();
    owner.end();
    let error = attached.check().unwrap_err();
    assert!(matches!(error, Error::OwnerEnded { .. }), "{error}");
    assert!(dir.start().is_owner(), "the next process starts it");
}

#[test]
fn six_processes_may_start_a_new_cluster_at_once() {
    let dir = TestDir::new("data");
    let children: Vec<_> = (0..6).map(|_| OtherProcess::spawn(&dir.data_dir)).collect();
    let (owners, others): (Vec<OtherProcess>, Vec<OtherProcess>) =
        children.into_iter().map(OtherProcess::wait).partition(|owner| owner.is_owner);
    assert_eq!((owners.len(), others.len()), (1, 5));
    for other in others {
        assert_eq!(sql(&other.url, "select 1"), ["1"]);
        other.end();
    }
    for owner in owners {
        owner.end();
    }
    dir.wait_for_clean_stop();
}

#[test]
fn clusters_of_a_pool_are_not_shared_and_stay_initialised() {
    let dir = TestDir::new("pool");
    let first = start_from_pool(&dir.data_dir, &options()).unwrap();
    let second = start_from_pool(&dir.data_dir, &options()).unwrap();
    assert_ne!(first.data_dir(), second.data_dir());
    assert!(first.is_owner() && second.is_owner());
    let data_dir = first.data_dir().to_owned();
    sql(&first.url(NAME), "create database template_of_a_test");
    drop(first);
    let again = start_from_pool(&dir.data_dir, &options()).unwrap();
    assert_eq!(again.data_dir(), data_dir);
    assert_eq!(sql(&again.url("template_of_a_test"), "select 1"), ["1"]);
}

#[test]
fn a_cluster_of_a_pool_from_another_version_is_recreated() {
    let dir = TestDir::new("pool");
    let cluster = start_from_pool(&dir.data_dir, &options()).unwrap();
    let version = cluster.data_dir().join("PG_VERSION");
    cluster.stop().unwrap();
    fs::write(&version, "13\n").unwrap();
    let cluster = start_from_pool(&dir.data_dir, &options()).unwrap();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    assert_ne!(fs::read_to_string(&version).unwrap(), "13\n");
}

#[test]
fn the_default_data_directory_depends_on_the_account() {
    let at = |xdg: Option<&str>, home: Option<&str>, root| {
        default_data_dir("app", xdg.map(OsStr::new), home.map(OsStr::new), root)
    };
    assert_eq!(at(Some("/x"), Some("/home/a"), true), Path::new("/var/lib/app"));
    assert_eq!(at(Some("/x"), Some("/home/a"), false), Path::new("/x/app"));
    assert_eq!(at(Some("x"), Some("/home/a"), false), Path::new("/home/a/.local/share/app"));
    assert_eq!(at(Some(""), None, false), Path::new("data"));
}
