//! The service or PostgreSQL ended without warning, in the middle of writing.

use crate::postgres::Postgres;
use crate::service::Service;
use crate::writers::{Writers, compare};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[test]
fn a_killed_service_loses_nothing_that_it_acknowledged() {
    let mut service = Service::start(&[]);
    let mut acknowledged = BTreeSet::new();
    for round in 0..5 {
        let writers = Writers::begin(&service);
        writers.wait_for(20);
        std::thread::sleep(Duration::from_millis(7 * round));
        service.kill();
        acknowledged.extend(writers.end());
        let began = Instant::now();
        service.restart();
        assert_eq!(service.ask("GET", "/readyz", "").status, 200);
        println!("first answer {:?} after the start", began.elapsed());
        compare(&service.url, &acknowledged);
    }
}

#[test]
fn a_killed_database_loses_nothing_and_the_service_finds_it_again() {
    let mut postgres = Postgres::start();
    let mut service = Service::on(postgres.url(), &[]);
    let pid = service.pid();
    let mut acknowledged = BTreeSet::new();
    for _ in 0..3 {
        let writers = Writers::begin(&service);
        writers.wait_for(20);
        postgres.kill();
        assert_eq!(service.ask("GET", "/livez", "").status, 200);
        postgres.again();
        let began = Instant::now();
        writers.wait_for(1);
        println!("first write {:?} after PostgreSQL was back", began.elapsed());
        acknowledged.extend(writers.end());
        compare(&service.url, &acknowledged);
        assert!(service.lives() && service.pid() == pid, "the service went down with it");
    }
}
