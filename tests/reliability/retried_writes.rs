//! Writes that are retried because their response was lost.

use crate::connection::{Connection, Response, TEST_TIMEOUT, request};
use crate::fault_proxy::Proxy;
use crate::measurements::count_from_env;
use crate::postgres::Postgres;
use crate::service::{Service, sql};
use crate::unreachable_database::behind;
use crate::writers::article;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

/// How many clients send the same write at the same time.
const SENDERS: usize = 5;

/// Counts of the failures that clients saw.
#[derive(Debug, Default)]
struct Seen {
    lost: AtomicUsize,
    in_use: AtomicUsize,
    away: AtomicUsize,
}

/// Repeats a write until it succeeds and returns the response. One response in five is lost.
fn send(address: SocketAddr, text: &str, seen: &Seen) -> Response {
    let began = Instant::now();
    loop {
        let mut connection = Connection::to(address);
        connection.send(text);
        if getrandom::u32().unwrap().is_multiple_of(5) {
            let moment = u64::from(getrandom::u32().unwrap() % 10_000);
            std::thread::sleep(Duration::from_micros(moment));
            seen.lost.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        let response = connection.response().unwrap();
        let reason = match response.status {
            201 => return response,
            409 => &seen.in_use,
            503 | 504 => &seen.away,
            other => panic!("{other}"),
        };
        response.problem();
        reason.fetch_add(1, Ordering::Relaxed);
        assert!(began.elapsed() < TEST_TIMEOUT, "it is never done");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Formats a write of this headline with this idempotency key.
fn write(service: &Service, key: usize, headline: &str) -> String {
    let (bearer, key) = (format!("Bearer {}", service.key), format!("\"key-{key}\""));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", key.as_str()),
    ];
    request("POST", "/api/v1/admin/articles", &headers, &article(headline))
}

/// `KEYS=1000` is the number of docs/reliability.md.
#[test]
fn a_retried_write_whose_response_was_lost_is_executed_once() {
    let postgres = Postgres::start();
    let proxy = Proxy::to(&postgres.socket_dir());
    let service = behind(&proxy, &postgres);
    let (seen, keys) = (Seen::default(), count_from_env("KEYS", 60));
    for n in 0..keys {
        let text = write(&service, n, &format!("headline once {n}"));
        // The service loses responses of the database too, at any step of a write.
        if n % 5 == 0 {
            proxy.cut_at_response(1 + u64::try_from(n / 5 % 20).unwrap());
        }
        let answers: Vec<Response> = scope(|threads| {
            let one = || send(service.address, &text, &seen);
            let all: Vec<_> = (0..SENDERS).map(|_| threads.spawn(one)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let first = |response: &&Response| !response.headers.contains_key("idempotent-replayed");
        assert!(answers.iter().filter(first).count() <= 1, "{answers:#?}");
        for response in &answers {
            assert_eq!(response.body, answers[0].body);
            assert_eq!(response.headers["location"], answers[0].headers["location"]);
        }
    }
    println!("{keys} keys, each sent by {SENDERS}: {seen:?}");
    let count = "select count(*) || '|' || count(distinct headline) from articles";
    assert_eq!(sql(&postgres.url(), count), [format!("{keys}|{keys}")]);
    assert!(seen.lost.into_inner() > keys / 2 && seen.away.into_inner() > 0, "nothing was cut");
    for n in 0..keys {
        let mut connection = service.connect();
        connection.send(write(&service, n, "something else"));
        let response = connection.response().unwrap();
        let expected = (422, "idempotency_key_reused");
        assert_eq!((response.status, response.problem().as_str()), expected, "{n}");
    }
    assert_eq!(sql(&postgres.url(), count), [format!("{keys}|{keys}")]);
}
