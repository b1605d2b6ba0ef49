//! What is left behind by a process, a server or a machine that ended badly.

use std::fs;
use std::time::Duration;

use embedded_postgres::DATABASE;

use crate::place::{Owner, Place, kill, parent_of, sql};

#[test]
fn a_killed_owner_leaves_a_server_that_stops_in_good_order() {
    let place = Place::new("data");
    let owner = Owner::start(&place.data);
    sql(&owner.url, "create table kept as select 1 as n");
    owner.kill();
    place.wait_for_clean_stop();
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select n from kept"), ["1"]);
    assert!(!place.log().contains("not properly shut down"), "{}", place.log());
}

#[test]
fn a_start_right_after_a_kill_does_not_join_a_dying_server() {
    let place = Place::new("data");
    for _ in 0..5 {
        Owner::start(&place.data).kill();
        let cluster = place.start();
        assert!(!cluster.adopted());
        assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
    }
}

#[test]
fn everything_killed_at_once_is_recovered() {
    let place = Place::new("data");
    let owner = Owner::start(&place.data);
    sql(&owner.url, "create table kept as select 1 as n");
    sql(&owner.url, "checkpoint");
    place.kill_everything(owner);
    let cluster = place.start();
    assert!(!cluster.adopted());
    assert_eq!(sql(&cluster.url(DATABASE), "select n from kept"), ["1"]);
    assert!(place.log().contains("not properly shut down"), "{}", place.log());
}

#[test]
fn a_server_without_owner_and_watchdog_is_stopped_and_replaced() {
    let place = Place::new("data");
    let owner = Owner::start(&place.data);
    let orphan = place.server();
    let watchdog = parent_of(orphan);
    kill(&[watchdog]);
    owner.kill();
    let cluster = place.start();
    assert!(!cluster.adopted());
    assert_ne!(place.server(), orphan);
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
    assert!(!place.log().contains("not properly shut down"), "{}", place.log());
}

#[test]
fn a_killed_server_is_noticed_and_can_be_started_again() {
    let place = Place::new("data");
    let cluster = place.start();
    kill(&[place.server()]);
    assert!(cluster.check().unwrap_err().to_string().contains("no longer answers"));
    cluster.stop().unwrap();
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
}

#[test]
fn a_stale_pid_file_that_names_another_program_is_survived() {
    let place = Place::new("data");
    place.kill_everything(Owner::start(&place.data));
    let mut bystander = place.command("sleep").arg("60").spawn().unwrap();
    place.blame(bystander.id());
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
    assert!(bystander.try_wait().unwrap().is_none(), "the other program is left alone");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn a_stale_pid_file_that_names_the_server_of_another_cluster_is_survived() {
    let (place, other) = (Place::new("data"), Place::new("data"));
    let neighbour = other.start();
    place.kill_everything(Owner::start(&place.data));
    place.blame(other.server());
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
    assert_eq!(sql(&neighbour.url(DATABASE), "select 1"), ["1"], "the neighbour is left alone");
}

#[test]
fn a_stale_pid_file_that_names_a_zombie_is_survived() {
    let place = Place::new("data");
    place.kill_everything(Owner::start(&place.data));
    let mut zombie = place.command("true").spawn().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    place.blame(zombie.id());
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
    zombie.wait().unwrap();
}

#[test]
fn an_empty_pid_file_is_survived() {
    let place = Place::new("data");
    place.kill_everything(Owner::start(&place.data));
    fs::write(place.pid_file(), "").unwrap();
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
}

#[test]
fn a_kill_in_the_middle_of_the_first_start_is_survived() {
    let place = Place::new("data");
    for delay in [20, 100, 250, 500] {
        let mut child = Owner::spawn(&place.data);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
    assert!(!place.data.join("new").exists());
}

#[test]
fn a_half_finished_initdb_is_begun_again() {
    let place = Place::new("data");
    let new = place.data.join("new");
    fs::create_dir_all(new.join("base")).unwrap();
    fs::write(new.join("PG_VERSION"), "15\n").unwrap();
    fs::write(place.data.join("owner.lock"), "").unwrap();
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select 1"), ["1"]);
    assert!(!new.exists());
}

#[test]
fn a_half_moved_cluster_is_moved_to_its_end() {
    let place = Place::new("data");
    let cluster = place.start();
    sql(&cluster.url(DATABASE), "create table kept as select 1 as n");
    cluster.stop().unwrap();
    let complete = place.data.join("new-complete");
    fs::create_dir(&complete).unwrap();
    for name in ["PG_VERSION", "pg_wal", "global", "postgresql.conf"] {
        fs::rename(place.data.join(name), complete.join(name)).unwrap();
    }
    let cluster = place.start();
    assert_eq!(sql(&cluster.url(DATABASE), "select n from kept"), ["1"]);
    assert!(!complete.exists());
}

#[test]
fn a_large_log_is_put_aside() {
    let place = Place::new("data");
    place.start().stop().unwrap();
    let log = place.data.join("server.log");
    fs::write(&log, vec![b'x'; 5 << 20]).unwrap();
    place.start().stop().unwrap();
    assert!(place.log().len() < 100_000);
    assert_eq!(fs::metadata(place.data.join("server.log.1")).unwrap().len(), 5 << 20);
}
