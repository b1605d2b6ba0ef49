//! Starting, stopping, joining and sharing out clusters.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use embedded_postgres::{
    DATABASE, EmbeddedError, Mode, Options, default_data_dir, start, start_slot,
};

use crate::place::{Owner, Place, sql};

#[test]
fn a_first_start_makes_the_database_and_a_restart_keeps_its_data() {
    let place = Place::new("below/data");
    let options = Options { mode: Mode::Durable, ..place.options() };
    let cluster = start(&options).unwrap();
    assert!(!cluster.adopted());
    assert_eq!(cluster.data_dir(), place.data);
    let url = cluster.url(DATABASE);
    sql(&url, "create table kept (word text); insert into kept values ('Ünïcode')");
    assert_eq!(
        sql(&url, "select lower('Ü') || pg_encoding_to_char(encoding) from pg_database"),
        ["üUTF8"; 4]
    );
    assert_eq!(sql(&url, "show fsync"), ["on"]);
    assert_eq!(sql(&url, "show listen_addresses"), [""]);
    cluster.stop().unwrap();
    place.wait_for_clean_stop();

    let cluster = start(&options).unwrap();
    assert_eq!(sql(&cluster.url(DATABASE), "select word from kept"), ["Ünïcode"]);
    assert!(!place.log().contains("recovery"), "{}", place.log());
}

#[test]
fn a_database_that_was_dropped_is_made_again() {
    let place = Place::new("data");
    let cluster = place.start();
    sql(&cluster.url("postgres"), "drop database roundup");
    assert!(cluster.check().unwrap_err().to_string().contains("roundup is gone"));
    cluster.stop().unwrap();
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
}

#[test]
fn a_throwaway_cluster_is_quick_rather_than_safe() {
    let place = Place::new("data");
    let cluster = place.start();
    let settings = "select setting from pg_settings where name in \
        ('fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum', 'jit', 'wal_level', \
        'max_connections') order by name";
    let expected = ["off", "off", "off", "off", "200", "off", "minimal"];
    assert_eq!(sql(&cluster.url(DATABASE), settings), expected);
}

#[test]
fn spaces_quotes_and_long_names_in_the_path_are_fine() {
    let long = "deep".repeat(30);
    let place = Place::new(&format!("it's \"a\" $(touch x) news, room\\/{long}"));
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "show data_directory"), [place.data.to_str().unwrap()]);
    assert!(cluster.socket_dir().starts_with("/tmp"), "{:?}", cluster.socket_dir());
    let socket_dir = cluster.socket_dir().to_owned();
    cluster.stop().unwrap();
    assert!(!socket_dir.exists(), "nothing is left in /tmp");
}

#[test]
fn a_second_process_joins_and_is_told_when_the_owner_ends() {
    let place = Place::new("data");
    let owner = Owner::start(&place.data);
    let joined = place.start();
    assert!(!owner.adopted);
    assert!(joined.adopted());
    assert_eq!(joined.url(DATABASE), owner.url);
    assert_eq!(sql(&joined.url(DATABASE), "select 1"), ["1"]);
    joined.check().unwrap();
    joined.stop().unwrap();
    assert_eq!(sql(&owner.url, "select 1"), ["1"], "a guest does not turn off the light");

    let joined = place.start();
    owner.end();
    let error = joined.check().unwrap_err();
    assert!(matches!(error, EmbeddedError::OwnerEnded { .. }), "{error}");
    assert!(!place.start().adopted(), "the next one owns it");
}

#[test]
fn six_processes_may_start_a_new_cluster_at_once() {
    let place = Place::new("data");
    let children: Vec<_> = (0..6).map(|_| Owner::spawn(&place.data)).collect();
    let (guests, owners): (Vec<Owner>, Vec<Owner>) =
        children.into_iter().map(Owner::wait).partition(|owner| owner.adopted);
    assert_eq!((owners.len(), guests.len()), (1, 5));
    for guest in guests {
        assert_eq!(sql(&guest.url, "select 1"), ["1"]);
        guest.end();
    }
    for owner in owners {
        owner.end();
    }
    place.wait_for_clean_stop();
}

#[test]
fn slots_are_never_shared_and_stay_warm() {
    let place = Place::new("slots");
    let first = start_slot(&place.data, None).unwrap();
    let second = start_slot(&place.data, None).unwrap();
    assert_ne!(first.data_dir(), second.data_dir());
    assert!(!first.adopted() && !second.adopted());
    let slot = first.data_dir().to_owned();
    sql(&first.url(DATABASE), "create database template_of_a_test");
    drop(first);
    let again = start_slot(&place.data, None).unwrap();
    assert_eq!(again.data_dir(), slot);
    assert_eq!(sql(&again.url("template_of_a_test"), "select 1"), ["1"]);
}

#[test]
fn a_slot_of_another_version_is_made_anew() {
    let place = Place::new("slots");
    let slot = start_slot(&place.data, None).unwrap();
    let version = slot.data_dir().join("PG_VERSION");
    slot.stop().unwrap();
    fs::write(&version, "13\n").unwrap();
    let slot = start_slot(&place.data, None).unwrap();
    assert_eq!(sql(&slot.url(DATABASE), "select 1"), ["1"]);
    assert_ne!(fs::read_to_string(&version).unwrap(), "13\n");
}

#[test]
fn the_default_place_follows_the_account() {
    let at = |xdg: Option<&str>, home: Option<&str>, root| {
        default_data_dir(xdg.map(OsStr::new), home.map(OsStr::new), root)
    };
    assert_eq!(at(Some("/x"), Some("/home/a"), true), Path::new("/var/lib/roundup"));
    assert_eq!(at(Some("/x"), Some("/home/a"), false), Path::new("/x/roundup"));
    assert_eq!(at(Some("x"), Some("/home/a"), false), Path::new("/home/a/.local/share/roundup"));
    assert_eq!(at(Some(""), None, false), Path::new("data"));
}
