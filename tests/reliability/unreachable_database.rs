//! PostgreSQL that is frozen or cut off.

use crate::connection::{Connection, Response, TEST_TIMEOUT, request};
use crate::fault_proxy::{Fault, Proxy};
use crate::measurements::{Durations, timed};
use crate::postgres::Postgres;
use crate::service::{Service, sql};
use crate::writers::article;
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

/// An admin list, which is never cached.
const LIST: &str = "/api/v1/admin/articles";

/// Sends the same request from `n` threads, which return the responses and their durations.
pub fn crowd(service: &Service, n: usize) -> Vec<JoinHandle<(Response, Duration)>> {
    let address = service.address;
    let text = service.request("GET", LIST, "");
    let one = move || {
        let (response, took) = timed(|| {
            let mut connection = Connection::to(address);
            connection.send(&text);
            connection.response().unwrap()
        });
        if response.status != 200 {
            response.problem();
        }
        if response.status == 503 {
            assert_eq!(response.headers["retry-after"], "1");
        }
        (response, took)
    };
    (0..n).map(|_| spawn(one.clone())).collect()
}

/// Asserts that concurrent requests fail with 503 or 504 and are logged.
#[track_caller]
fn assert_all_fail(service: &Service, what: &str) {
    let mut took = Durations::default();
    for one in crowd(service, 16) {
        let (response, time) = one.join().unwrap();
        assert!([503, 504].contains(&response.status), "{what}");
        service.assert_logged_once(&response);
        took.push(time);
    }
    took.print(&format!("{what}: failed after"));
}

/// Asserts that requests that need no database succeed, a cached read included, and returns the durations.
#[track_caller]
pub fn works_without_a_database(service: &Service) -> Durations {
    let keyless = request("GET", "/api/v1/admin/articles", &[], "");
    let all = [
        (request("GET", "/livez", &[], ""), 200),
        (request("GET", "/openapi.json", &[], ""), 200),
        (request("OPTIONS", "/api/v1/articles", &[], ""), 204),
        (request("GET", "/metrics", &[], ""), 200),
        (request("GET", "/nowhere", &[], ""), 404),
        (request("GET", "/api/v1/articles?nonsense=1", &[], ""), 400),
        (request("GET", "/api/v1/articles", &[], ""), 200),
        (keyless, 401),
    ];
    let one = |(text, status): &(String, u16)| {
        let (response, took) = timed(|| {
            let mut connection = service.connect();
            connection.send(text);
            connection.response().unwrap()
        });
        assert_eq!(response.status, *status, "{text}");
        took
    };
    all.iter().map(one).collect()
}

/// Waits until the service uses the database again.
#[track_caller]
pub fn is_back(service: &Service) {
    let began = Instant::now();
    while service.ask("GET", LIST, "").status != 200 {
        assert!(began.elapsed() < TEST_TIMEOUT, "it does not come back");
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("back {:?} after the fault", began.elapsed());
}

/// Waits until concurrent requests succeed with no more connections than before: the four of the pool
/// and the one for notifications.
#[track_caller]
fn is_whole(service: &Service, url: &str) {
    assert!(crowd(service, 16).into_iter().all(|one| one.join().unwrap().0.status == 200));
    let began = Instant::now();
    loop {
        let now = Postgres::sessions(url);
        if matches!(now, (0..=5, 0)) {
            println!("sessions and open transactions: {now:?}");
            return;
        }
        assert!(began.elapsed() < TEST_TIMEOUT, "sessions and open transactions: {now:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_frozen_database_delays_nobody_past_the_deadline_and_leaks_no_connection() {
    let postgres = Postgres::start();
    let service = Service::on(postgres.url(), &[("ROUNDUP_POOL_SIZE", "4")]);
    service.get("/api/v1/articles");
    for _ in 0..2 {
        is_whole(&service, &service.url);
        let frozen = postgres.freeze();
        // All get a response while the database is still frozen.
        assert_all_fail(&service, "frozen");
        works_without_a_database(&service).print("frozen: without it");
        assert_eq!(service.ask("GET", "/readyz", "").status / 100, 5);
        Postgres::thaw(&frozen);
        is_back(&service);
        is_whole(&service, &service.url);
    }
}

/// Starts a service whose database is behind a fault proxy.
pub fn behind(proxy: &Proxy, postgres: &Postgres) -> Service {
    let url =
        format!("postgres://roundup@{}/roundup?sslmode=disable&connect_timeout=1", proxy.address);
    let service = Service::on(url, &[("ROUNDUP_POOL_SIZE", "4")]);
    assert_eq!(sql(&postgres.url(), "select count(*) from keys"), ["1"]);
    service
}

#[test]
fn a_cut_connection_fails_at_once_and_recovers() {
    let postgres = Postgres::start();
    let proxy = Proxy::to(&postgres.socket_dir());
    let service = behind(&proxy, &postgres);
    service.get("/api/v1/articles");
    for fault in [Fault::Cut, Fault::Discard, Fault::HalfOpen] {
        is_whole(&service, &postgres.url());
        proxy.set(fault);
        assert_all_fail(&service, &format!("{fault:?}"));
        works_without_a_database(&service).print(&format!("{fault:?}: without it"));
        let write = service.ask("POST", "/api/v1/admin/articles", &article("not now"));
        assert!([503, 504].contains(&write.status), "{fault:?}");
        proxy.set(Fault::None);
        is_back(&service);
    }
    is_whole(&service, &postgres.url());
}
