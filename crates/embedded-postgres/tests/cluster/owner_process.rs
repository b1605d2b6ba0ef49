//! A process that owns a cluster, for the tests that kill one: this program runs itself again,
//! asking for this one test, with `ROUNDUP_TEST_OWNS` set to the data directory.

#![expect(clippy::unwrap_used, reason = "an owner that fails fails the test that runs it")]

use std::io::Read as _;
use std::path::PathBuf;

use embedded_postgres::{DATABASE, Mode, Options, start};

use crate::place::{OWNS, Owner, Place, sql};

/// Run by the tests, it starts an owner and lets it return. Run by itself as that owner, it holds
/// the cluster until its input ends.
#[test]
fn an_owner_that_returns_stops_its_server() {
    if let Some(data_dir) = std::env::var_os(OWNS) {
        return own(PathBuf::from(data_dir));
    }
    let place = Place::new("data");
    let owner = Owner::start(&place.data);
    assert_eq!(sql(&owner.url, "select current_database()"), [DATABASE]);
    assert!(place.pid_file().exists());
    owner.end();
    place.wait_for_clean_stop();
}

fn own(data_dir: PathBuf) {
    let options = Options { data_dir, pg_bin: None, mode: Mode::Throwaway };
    let cluster = start(&options).unwrap();
    println!("\nup {} {}", cluster.adopted(), cluster.url(DATABASE));
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
