//! A process that owns a cluster, for the tests that kill one: this program runs itself again,
//! asking for this one test, with `OWNED_DATA_DIR` set.

#![expect(clippy::unwrap_used, reason = "an owner that fails fails the test that runs it")]

use std::io::Read as _;
use std::path::Path;

use embedded_postgres::start;

use crate::fixture::{NAME, OWNED_DATA_DIR, OtherProcess, TestDir, options, sql};

/// Run by the tests, it starts an owner and lets it return. Run by itself as that owner, it holds
/// the cluster until its input ends.
#[test]
fn an_owner_that_returns_stops_its_server() {
    if let Some(data_dir) = std::env::var_os(OWNED_DATA_DIR) {
        return own(Path::new(&data_dir));
    }
    let dir = TestDir::new("data");
    let owner = OtherProcess::start(&dir.data_dir);
    assert_eq!(sql(&owner.url, "select current_database()"), [NAME]);
    assert!(dir.pid_file().exists());
    owner.end();
    dir.wait_for_clean_stop();
}

fn own(data_dir: &Path) {
    let cluster = start(data_dir, &options()).unwrap();
    println!("\nready {} {}", cluster.is_owner(), cluster.url(NAME));
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
