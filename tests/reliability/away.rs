//! PostgreSQL that is frozen, cut off or fully used: nobody waits without end, and what needs no
//! database is answered all the while.

use crate::postgres::Postgres;
use crate::proxy::{Fault, Proxy};
use crate::service::{Service, sql};
use crate::wire::{Answer, PATIENCE, Wire, request};
use crate::writers::article;
use serde_json::json;
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

/// An editor's list: it always comes from the database, never from memory.
const LIST: &str = "/api/v1/admin/articles";

/// Asks for the same address in so many threads; returns the answers once they have them.
fn crowd(service: &Service, n: usize) -> Vec<JoinHandle<Answer>> {
    let address = service.address;
    let text = service.request("GET", LIST, "");
    let one = move || {
        let mut wire = Wire::to(address);
        wire.send(&text);
        let answer = wire.answer().unwrap();
        if answer.status != 200 {
            answer.problem();
        }
        if answer.status == 503 {
            assert_eq!(answer.headers["retry-after"], "1");
        }
        answer
    };
    (0..n).map(|_| spawn(one.clone())).collect()
}

/// What is answered without the database.
#[track_caller]
fn works_without_a_database(service: &Service) {
    let keyless = request("GET", "/api/v1/admin/articles", &[], "");
    for (text, status) in [
        (request("GET", "/livez", &[], ""), 200),
        (request("GET", "/openapi.json", &[], ""), 200),
        (request("OPTIONS", "/api/v1/articles", &[], ""), 204),
        (request("GET", "/metrics", &[], ""), 200),
        (request("GET", "/nowhere", &[], ""), 404),
        (request("GET", "/api/v1/articles?nonsense=1", &[], ""), 400),
        (keyless, 401),
    ] {
        let mut wire = service.wire();
        wire.send(&text);
        let answer = wire.answer().unwrap();
        assert_eq!(answer.status, status, "{text}");
    }
}

/// Waits until the service answers from the database again.
#[track_caller]
fn is_back(service: &Service) {
    let began = Instant::now();
    while service.ask("GET", LIST, "").status != 200 {
        assert!(began.elapsed() < PATIENCE, "it does not come back");
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("back {:?} after the fault", began.elapsed());
}

#[test]
fn with_a_frozen_database_nobody_waits_past_the_deadline_and_no_connection_is_lost() {
    let postgres = Postgres::start();
    let service = Service::on(postgres.url(), &[("ROUNDUP_POOL_SIZE", "4")]);
    for _ in 0..2 {
        assert!(crowd(&service, 16).into_iter().all(|one| one.join().unwrap().status == 200));
        let frozen = postgres.freeze();
        let began = Instant::now();
        // All are answered while it is still frozen.
        for one in crowd(&service, 16) {
            let answer = one.join().unwrap();
            assert!([503, 504].contains(&answer.status));
            service.told_once(&answer);
        }
        println!("all had their answer after {:?}", began.elapsed());
        works_without_a_database(&service);
        assert_eq!(service.ask("GET", "/readyz", "").status / 100, 5);
        Postgres::thaw(&frozen);
        is_back(&service);
        assert!(crowd(&service, 16).into_iter().all(|one| one.join().unwrap().status == 200));
        let began = Instant::now();
        // The pool's four, and the one that hears of changes.
        while !matches!(Postgres::sessions(&service.url), (0..=5, 0)) {
            let now = Postgres::sessions(&service.url);
            assert!(began.elapsed() < PATIENCE, "sessions and open transactions: {now:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A service whose database is behind a wire that can be cut.
fn behind(proxy: &Proxy, postgres: &Postgres) -> Service {
    let url =
        format!("postgres://roundup@{}/roundup?sslmode=disable&connect_timeout=1", proxy.address);
    let service = Service::on(url, &[("ROUNDUP_POOL_SIZE", "4")]);
    assert_eq!(sql(&postgres.url(), "select count(*) from keys"), ["1"]);
    service
}

#[test]
fn a_cut_wire_is_told_at_once_and_mended_by_itself() {
    let postgres = Postgres::start();
    let proxy = Proxy::to(&postgres.socket_dir());
    let service = behind(&proxy, &postgres);
    for fault in [Fault::Cut, Fault::Swallow, Fault::HalfOpen] {
        is_back(&service);
        proxy.set(fault);
        let began = Instant::now();
        for one in crowd(&service, 16) {
            assert!([503, 504].contains(&one.join().unwrap().status), "{fault:?}");
        }
        println!("{fault:?}: all had their answer after {:?}", began.elapsed());
        works_without_a_database(&service);
        let write = service.ask("POST", "/api/v1/admin/articles", &article("not now"));
        assert!([503, 504].contains(&write.status), "{fault:?}");
        proxy.set(Fault::None);
        is_back(&service);
    }
}

#[test]
fn a_write_whose_answer_is_lost_on_the_wire_is_done_once_however_often_it_is_sent() {
    let postgres = Postgres::start();
    let proxy = Proxy::to(&postgres.socket_dir());
    let service = behind(&proxy, &postgres);
    let bearer = format!("Bearer {}", service.key);
    let mut cut = 0;
    for n in 0..60 {
        let key = format!("\"key-{n}\"");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key.as_str()),
        ];
        let body = article(&format!("headline once {n}"));
        let text = request("POST", "/api/v1/admin/articles", &headers, &body);
        proxy.cut_at_answer(1 + n % 20);
        let began = Instant::now();
        loop {
            let mut wire = service.wire();
            wire.send(&text);
            match wire.answer().unwrap().status {
                201 => break,
                409 | 503 | 504 => cut += 1,
                other => panic!("{other}"),
            }
            assert!(began.elapsed() < PATIENCE, "{n} is never done");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    let count = "select count(*) || '|' || count(distinct headline) from articles";
    assert_eq!(sql(&postgres.url(), count), ["60|60"]);
    assert!(cut > 10, "only {cut} were cut");
}

#[test]
fn when_every_connection_is_in_use_the_rest_are_told_so_and_what_needs_none_is_answered() {
    let service = Service::start(&[
        ("ROUNDUP_POOL_SIZE", "4"),
        ("ROUNDUP_POOL_WAIT_MS", "500"),
        ("ROUNDUP_QUERY_DEADLINE_MS", "30000"),
    ]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lock = runtime.block_on(async {
        let (client, driver) =
            tokio_postgres::connect(&service.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(driver);
        client.batch_execute("begin; lock table articles in access exclusive mode").await.unwrap();
        client
    });
    let crowd = crowd(&service, 40);
    let waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock'
                   and datname = current_database()";
    while sql(&service.url, waiting).len() < 4 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let began = Instant::now();
    works_without_a_database(&service);
    let quick = began.elapsed();
    // Those that hold a connection wait on; the others have their answer long before.
    let began = Instant::now();
    while crowd.iter().filter(|one| one.is_finished()).count() < 36 {
        assert!(began.elapsed() < Duration::from_secs(25), "they wait for a connection");
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("without a database {quick:?}; all others refused after {:?}", began.elapsed());
    runtime.block_on(lock.batch_execute("rollback")).unwrap();
    let statuses: Vec<u16> = crowd.into_iter().map(|one| one.join().unwrap().status).collect();
    // What the service does by itself may hold a connection too.
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert!(refused >= 36 && statuses.iter().all(|s| [200, 503].contains(s)), "{statuses:?}");
    is_back(&service);
    assert_eq!(service.get("/api/v1/articles")["items"], json!([]));
}
