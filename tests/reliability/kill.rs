//! The service or PostgreSQL ended without warning, in the middle of writing.

use crate::figures::{Spread, timed, times};
use crate::postgres::Postgres;
use crate::service::Service;
use crate::writers::{Writers, compare};
use std::collections::BTreeSet;
use std::time::Duration;

/// `KILLS=50` for the whole bar.
#[test]
fn a_killed_service_loses_nothing_that_it_acknowledged() {
    let mut service = Service::start(&[]);
    let (mut acknowledged, mut starts) = (BTreeSet::new(), Spread::default());
    for _ in 0..times("KILLS", 5) {
        let writers = Writers::begin(&service);
        writers.wait_for(20);
        std::thread::sleep(Duration::from_micros(getrandom::u64().unwrap() % 50_000));
        service.kill();
        // Its writers do not go away: they knock until it is there again.
        let (ready, took) = timed(|| {
            service.restart();
            service.ask("GET", "/readyz", "")
        });
        assert_eq!(ready.status, 200);
        starts.push(took);
        writers.wait_for(1);
        acknowledged.extend(writers.end());
        compare(&service.url, &acknowledged);
    }
    starts.print("from the start to the first 200");
}

/// `CRASHES=20` for the whole bar.
#[test]
fn a_killed_database_loses_nothing_and_the_service_finds_it_again() {
    let mut postgres = Postgres::start();
    let mut service = Service::on(postgres.url(), &[]);
    let pid = service.pid();
    let (mut acknowledged, mut gaps) = (BTreeSet::new(), Spread::default());
    for _ in 0..times("CRASHES", 3) {
        let writers = Writers::begin(&service);
        writers.wait_for(20);
        std::thread::sleep(Duration::from_micros(getrandom::u64().unwrap() % 50_000));
        postgres.kill();
        assert_eq!(service.ask("GET", "/livez", "").status, 200);
        postgres.again();
        gaps.push(timed(|| writers.wait_for(1)).1);
        acknowledged.extend(writers.end());
        compare(&service.url, &acknowledged);
        assert!(service.lives() && service.pid() == pid, "the service went down with it");
    }
    gaps.print("from PostgreSQL being back to the first write");
}
