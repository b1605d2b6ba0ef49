//! Starts after a process, a server or a machine has crashed.

use std::fs;
use std::time::Duration;

use crate::fixture::{NAME, OtherProcess, TestDir, kill, parent_of, sql};

#[test]
fn the_server_of_a_killed_owner_shuts_down_cleanly() {
    let dir = TestDir::new("data");
    let owner = OtherProcess::start(&dir.data_dir);
    sql(&owner.url, "create table kept as select 1 as n");
    owner.kill();
    dir.wait_for_clean_stop();
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select n from kept"), ["1"]);
    assert!(!dir.log().contains("not properly shut down"), "{}", dir.log());
}

#[test]
fn a_start_right_after_a_kill_does_not_attach_to_the_stopping_server() {
    let dir = TestDir::new("data");
    for _ in 0..5 {
        OtherProcess::start(&dir.data_dir).kill();
        let cluster = dir.start();
        assert!(cluster.is_owner());
        assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    }
}

#[test]
fn a_cluster_recovers_after_all_its_processes_were_killed() {
    let dir = TestDir::new("data");
    let owner = OtherProcess::start(&dir.data_dir);
    sql(&owner.url, "create table kept as select 1 as n");
    sql(&owner.url, "checkpoint");
    dir.kill_everything(owner);
    let cluster = dir.start();
    assert!(cluster.is_owner());
    assert_eq!(sql(&cluster.url(NAME), "select n from kept"), ["1"]);
    assert!(dir.log().contains("not properly shut down"), "{}", dir.log());
}

#[test]
fn a_server_without_owner_and_watchdog_is_stopped_and_replaced() {
    let dir = TestDir::new("data");
    let owner = OtherProcess::start(&dir.data_dir);
    let orphan = dir.server_pid();
    let watchdog = parent_of(orphan);
    kill(&[watchdog]);
    owner.kill();
    let cluster = dir.start();
    assert!(cluster.is_owner());
    assert_ne!(dir.server_pid(), orphan);
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    assert!(!dir.log().contains("not properly shut down"), "{}", dir.log());
}

#[test]
fn a_killed_server_is_reported_and_can_be_started_again() {
    let dir = TestDir::new("data");
    let cluster = dir.start();
    kill(&[dir.server_pid()]);
    assert!(cluster.check().unwrap_err().to_string().contains("no longer answers"));
    cluster.stop().unwrap();
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
}

#[test]
fn a_stale_lock_file_with_the_pid_of_another_program_is_removed() {
    let dir = TestDir::new("data");
    dir.kill_everything(OtherProcess::start(&dir.data_dir));
    let mut program = dir.command("sleep").arg("60").spawn().unwrap();
    dir.write_pid_into_lock_files(program.id());
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    assert!(program.try_wait().unwrap().is_none(), "the other program still runs");
    program.kill().unwrap();
    program.wait().unwrap();
}

#[test]
fn a_stale_lock_file_with_the_pid_of_another_server_is_removed() {
    let (dir, other) = (TestDir::new("data"), TestDir::new("data"));
    let other_cluster = other.start();
    dir.kill_everything(OtherProcess::start(&dir.data_dir));
    dir.write_pid_into_lock_files(other.server_pid());
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    assert_eq!(sql(&other_cluster.url(NAME), "select 1"), ["1"], "the other server still runs");
}

#[test]
fn a_stale_lock_file_with_the_pid_of_a_zombie_is_removed() {
    let dir = TestDir::new("data");
    dir.kill_everything(OtherProcess::start(&dir.data_dir));
    let mut zombie = dir.command("true").spawn().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    dir.write_pid_into_lock_files(zombie.id());
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    zombie.wait().unwrap();
}

#[test]
fn an_empty_lock_file_is_removed() {
    let dir = TestDir::new("data");
    dir.kill_everything(OtherProcess::start(&dir.data_dir));
    fs::write(dir.pid_file(), "").unwrap();
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
}

#[test]
fn a_kill_during_the_first_start_leaves_a_directory_that_starts() {
    let dir = TestDir::new("data");
    for delay in [20, 100, 250, 500] {
        let mut child = OtherProcess::spawn(&dir.data_dir);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    assert!(!dir.data_dir.join("new").exists());
}

#[test]
fn an_interrupted_initdb_is_run_again() {
    let dir = TestDir::new("data");
    let new = dir.data_dir.join("new");
    fs::create_dir_all(new.join("base")).unwrap();
    fs::write(new.join("PG_VERSION"), "15\n").unwrap();
    fs::write(dir.data_dir.join("owner.lock"), "").unwrap();
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select 1"), ["1"]);
    assert!(!new.exists());
}

#[test]
fn an_interrupted_move_into_place_is_completed() {
    let dir = TestDir::new("data");
    let cluster = dir.start();
    sql(&cluster.url(NAME), "create table kept as select 1 as n");
    cluster.stop().unwrap();
    let complete = dir.data_dir.join("new-complete");
    fs::create_dir(&complete).unwrap();
    for name in ["PG_VERSION", "pg_wal", "global", "postgresql.conf"] {
        fs::rename(dir.data_dir.join(name), complete.join(name)).unwrap();
    }
    let cluster = dir.start();
    assert_eq!(sql(&cluster.url(NAME), "select n from kept"), ["1"]);
    assert!(!complete.exists());
}

#[test]
fn a_large_log_is_rotated() {
    let dir = TestDir::new("data");
    dir.start().stop().unwrap();
    let log = dir.data_dir.join("server.log");
    fs::write(&log, vec![b'x'; 5 << 20]).unwrap();
    dir.start().stop().unwrap();
    assert!(dir.log().len() < 100_000);
    assert_eq!(fs::metadata(dir.data_dir.join("server.log.1")).unwrap().len(), 5 << 20);
}
