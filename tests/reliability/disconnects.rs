//! Clients that disconnect, graceful shutdown, and the memory budget for bodies.

use crate::connection::{Connection, TEST_TIMEOUT, request};
use crate::measurements::count_from_env;
use crate::postgres::Postgres;
use crate::service::{Service, signal, sql};
use crate::writers::{article, assert_stored};
use socket2::SockRef;
use std::collections::BTreeSet;
use std::io::{ErrorKind, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

/// `ABORTS=10000` is the number of docs/reliability.md.
#[test]
fn disconnecting_clients_leave_no_partial_write_and_leak_no_connection() {
    let service = Service::start(&[("ROUNDUP_POOL_SIZE", "4")]);
    let watch = Watch::begin(&service.url);
    let n = count_from_env("ABORTS", 800);
    all_hang_up(&service, n);
    // Writes of disconnected clients may still wait for a connection, up to the pool's timeout.
    let began = Instant::now();
    let read = || service.ask("GET", "/api/v1/admin/articles?limit=1", "");
    while read().status != 200 {
        assert!(began.elapsed() < TEST_TIMEOUT, "it does not come back");
    }
    for n in 0..1000 {
        let response = read();
        let details = || format!("{n}: {}\n{}", response.problem(), service.log());
        assert_eq!(response.status, 200, "{}", details());
    }
    watch.end();
    let began = Instant::now();
    // The four of the pool and the one for notifications.
    while !matches!(Postgres::sessions(&service.url), (0..=5, 0)) {
        let now = Postgres::sessions(&service.url);
        assert!(began.elapsed() < TEST_TIMEOUT, "sessions and open transactions: {now:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_stored(&service.url, &BTreeSet::new());
    let log = service.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// Sends `n` writes from eight clients that disconnect before the response.
fn all_hang_up(service: &Service, n: usize) {
    let threads: Vec<JoinHandle<()>> = (0..8)
        .map(|thread| {
            let address = service.address;
            let texts: Vec<String> = (0..n / 8)
                .map(|i| {
                    let body = article(&format!("headline {thread} {i}"));
                    service.request("POST", "/api/v1/admin/articles", &body)
                })
                .collect();
            spawn(move || {
                for text in texts {
                    hang_up(address, &text);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Watches for idle transactions in the background.
struct Watch {
    stop: Arc<AtomicBool>,
    looking: JoinHandle<f64>,
}

impl Watch {
    fn begin(url: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (url, stopped) = (url.to_owned(), Arc::clone(&stop));
        let looking = spawn(move || {
            let longest = "select coalesce(max(extract(epoch from now() - state_change)), 0)
                           from pg_stat_activity where datname = current_database()
                           and state like 'idle in transaction%'";
            let mut seen = 0.0;
            while !stopped.load(Ordering::SeqCst) {
                seen = f64::max(seen, sql(&url, longest)[0].parse().unwrap());
                std::thread::sleep(Duration::from_millis(50));
            }
            seen
        });
        Self { stop, looking }
    }

    /// Asserts that no transaction was idle for longer than the deadline of a request.
    #[track_caller]
    fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        let seen = self.looking.join().unwrap();
        println!("the longest that a transaction was idle: {seen} s");
        assert!(seen < 10.0, "a transaction was left open for {seen} s");
    }
}

/// Sends a request or a part of it, and resets the connection after a random time.
fn hang_up(address: std::net::SocketAddr, text: &str) {
    let dice = getrandom::u64().unwrap();
    let mut connection = Connection::to(address);
    let whole = !dice.is_multiple_of(4);
    let some = usize::try_from(dice >> 32).unwrap() % text.len();
    let part = if whole { text.as_bytes() } else { &text.as_bytes()[..some] };
    // The service may have closed the connection already.
    let _ = connection.stream.write_all(part);
    std::thread::sleep(Duration::from_micros(dice % 20_000));
    SockRef::from(&connection.stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn sigterm_completes_requests_in_progress() {
    let mut service = Service::start(&[("ROUNDUP_QUERY_DEADLINE_MS", "30000")]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let lock = runtime.block_on(async {
        let (client, driver) =
            tokio_postgres::connect(&service.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(driver);
        client.batch_execute("begin; lock table articles in access exclusive mode").await.unwrap();
        client
    });
    let mut readers: Vec<Connection> = (0..4).map(|_| service.connect()).collect();
    for connection in &mut readers {
        connection.send(service.request("GET", "/api/v1/admin/articles", ""));
    }
    let mut writer = service.connect();
    writer.send(service.request("POST", "/api/v1/admin/articles", &article("headline last")));
    let waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock'
                   and datname = current_database()";
    while sql(&service.url, waiting).len() < 5 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let text = service.request("POST", "/api/v1/admin/articles", &article("headline half"));
    let (first, second) = text.split_at(text.len() / 2 + 100);
    let mut half = service.connect();
    half.send(first);
    std::thread::sleep(Duration::from_millis(200));
    service.terminate();
    while Connection::try_to(service.address).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    half.send(second);
    runtime.block_on(lock.batch_execute("rollback")).unwrap();
    for connection in &mut readers {
        assert_eq!(connection.response().unwrap().status, 200);
    }
    assert_eq!(writer.response().unwrap().status, 201);
    assert_eq!(half.response().unwrap().status, 201);
    assert!(service.wait().success());
    assert_stored(
        &service.url,
        &BTreeSet::from(["headline last".to_owned(), "headline half".to_owned()]),
    );
}

#[test]
fn sigterm_fails_readiness_before_closing_the_listener() {
    let mut service = Service::start(&[("ROUNDUP_DRAIN_MS", "1500")]);
    let ask = |connection: &mut Connection, path| {
        connection.stream.write_all(request("GET", path, &[], "").as_bytes())?;
        connection.response()
    };
    let mut kept = service.connect();
    assert!(!ask(&mut kept, "/livez").unwrap().headers.contains_key("connection"));
    service.terminate();
    let began = Instant::now();
    while ask(&mut service.connect(), "/readyz").unwrap().status == 200 {
        assert!(began.elapsed() < TEST_TIMEOUT, "{}", service.log());
    }
    let not_ready = ask(&mut service.connect(), "/readyz").unwrap();
    assert_eq!((not_ready.status, not_ready.problem().as_str()), (503, "unavailable"));
    // Clients that do not look at readiness are still served, kept-alive connections for the last time.
    let article = service.request("POST", "/api/v1/admin/articles", &article("headline late"));
    kept.send(article);
    let written = kept.response().unwrap();
    assert_eq!((written.status, written.headers["connection"].as_str()), (201, "close"));
    assert_eq!(kept.until_closed(), "");
    let read = ask(&mut service.connect(), "/api/v1/articles").unwrap();
    assert_eq!((read.status, read.headers["connection"].as_str()), (200, "close"));
    while Connection::try_to(service.address).is_ok() {
        assert!(began.elapsed() < TEST_TIMEOUT, "{}", service.log());
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(service.wait().success());
}

#[test]
fn sigint_and_a_second_sigterm_skip_the_drain() {
    for signals in [["TERM", "TERM"].as_slice(), &["INT"]] {
        let mut service = Service::start(&[("ROUNDUP_DRAIN_MS", "600000")]);
        // It handles signals from its first response on.
        assert_eq!(service.ask("GET", "/livez", "").status, 200);
        let began = Instant::now();
        for (n, name) in signals.iter().enumerate() {
            // A second signal that arrives before the first was handled merges with it.
            while n > 0 && service.ask("GET", "/readyz", "").status == 200 {}
            signal(service.pid(), name);
        }
        assert!(service.wait().success());
        assert!(began.elapsed() < TEST_TIMEOUT, "{signals:?}");
    }
}

/// Sends a request with a large body without its end.
fn unended(service: &Service) -> Connection {
    let mut connection = service.connect();
    connection.send("POST /api/v1/articles/1/comments HTTP/1.1\r\nhost: localhost\r\n");
    connection.send("content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n");
    connection.send(format!("380000\r\n{}\r\n", "x".repeat(0x38_0000)));
    connection
}

#[test]
fn large_bodies_beyond_the_memory_budget_are_503() {
    let service = Service::start(&[]);
    // 3.5 MiB each, with a shared budget of 8 MiB.
    let mut connections = [unended(&service), unended(&service), unended(&service)];
    for connection in &connections {
        connection.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    }
    let (refused, response) = (0..3)
        .cycle()
        .find_map(|n| match connections[n].response() {
            Ok(response) => Some((n, response)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        })
        .unwrap();
    assert_eq!((response.status, response.problem().as_str()), (503, "unavailable"));
    assert!(response.headers.contains_key("retry-after"));
    service.assert_logged_once(&response);
    // Small bodies are still accepted, and bodies in progress go on. Two that claim the rest of the
    // budget at once may both be rejected, but not all three.
    let small = r#"{"text":"x","author":{"name":"Ann"}}"#;
    assert_eq!(service.ask("POST", "/api/v1/articles/1/comments", small).status, 404);
    let ended = |connection: &mut Connection| {
        connection.stream.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
        connection.stream.write_all(b"0\r\n\r\n").ok()?;
        connection.response().ok().map(|response| response.problem())
    };
    let rest = connections.iter_mut().enumerate().filter(|(n, _)| *n != refused);
    let rest: Vec<_> = rest.filter_map(|(_, connection)| ended(connection)).collect();
    assert!(rest.contains(&"malformed_request".to_owned()), "{rest:?}");
    assert_eq!(ended(&mut unended(&service)).as_deref(), Some("malformed_request"));
}
