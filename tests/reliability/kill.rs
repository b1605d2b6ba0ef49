//! The service or PostgreSQL killed while writing.

use crate::measurements::{Durations, count_from_env, timed};
use crate::postgres::Postgres;
use crate::service::Service;
use crate::writers::{Writers, assert_stored};
use std::collections::BTreeSet;
use std::time::Duration;

/// `KILLS=50` is the number of docs/reliability.md.
#[test]
fn a_killed_service_loses_no_acknowledged_write() {
    let mut service = Service::start(&[]);
    let (mut acknowledged, mut starts) = (BTreeSet::new(), Durations::default());
    for _ in 0..count_from_env("KILLS", 5) {
        let writers = Writers::begin(&service);
        writers.wait_for(20);
        std::thread::sleep(Duration::from_micros(getrandom::u64().unwrap() % 50_000));
        service.kill();
        // The clients go on and reconnect.
        let (ready, took) = timed(|| {
            service.restart();
            service.ask("GET", "/readyz", "")
        });
        assert_eq!(ready.status, 200);
        starts.push(took);
        writers.wait_for(1);
        acknowledged.extend(writers.end());
        assert_stored(&service.url, &acknowledged);
    }
    starts.print("from the start to the first 200");
}

/// `CRASHES=20` is the number of docs/reliability.md.
#[test]
fn a_killed_database_loses_no_acknowledged_write_and_is_reconnected() {
    let mut postgres = Postgres::start();
    let mut service = Service::on(postgres.url(), &[]);
    let pid = service.pid();
    let (mut acknowledged, mut gaps) = (BTreeSet::new(), Durations::default());
    for _ in 0..count_from_env("CRASHES", 3) {
        let writers = Writers::begin(&service);
        writers.wait_for(20);
        std::thread::sleep(Duration::from_micros(getrandom::u64().unwrap() % 50_000));
        postgres.kill();
        assert_eq!(service.ask("GET", "/livez", "").status, 200);
        postgres.start_again();
        gaps.push(timed(|| writers.wait_for(1)).1);
        acknowledged.extend(writers.end());
        assert_stored(&service.url, &acknowledged);
        assert!(service.is_running() && service.pid() == pid, "the service ended with it");
    }
    gaps.print("from PostgreSQL being back to the first write");
}
