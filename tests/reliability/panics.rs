//! Handlers that panic.

use crate::connection::{Connection, TEST_TIMEOUT, request};
use crate::measurements::{count_from_env, resident_kib};
use crate::postgres::Postgres;
use crate::service::database;
use actix_web::web::{self, Data, Path};
use diesel_async::SimpleAsyncConnection as _;
use roundup::clock::Clock;
use roundup::config::Config;
use roundup::db::{Pool, PoolOptions, Target};
use roundup::error::Result;
use roundup::router::Application;
use roundup::server::HttpListener;
use roundup::state::State;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Panics without a connection, during a read, or in a transaction.
async fn breaks(state: Data<State>, place: Path<String>) -> Result<&'static str> {
    match place.as_str() {
        "reading" => state.read(async |_| panic!("on\npurpose")).await,
        "writing" => {
            let work = State::write(&state, |conn| {
                Box::pin(async move {
                    conn.batch_execute("create table half_done ()").await?;
                    panic!("on\npurpose")
                })
            });
            work.await
        }
        _ => panic!("on\npurpose"),
    }
}

/// Works while other handlers panic.
async fn takes_its_time() -> &'static str {
    tokio::time::sleep(Duration::from_millis(5)).await;
    "done"
}

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/breaks/{place}", web::get().to(breaks));
    cfg.route("/takes-its-time", web::get().to(takes_its_time));
}

/// Starts a service with one worker in this process.
fn serve(runtime: &Runtime, url: &str) -> (SocketAddr, Data<State>) {
    let bound = HttpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.local_addr().unwrap();
    // Printing a backtrace is slow, and ten thousand of them take long.
    let config = Config {
        workers: 1,
        head_timeout_ms: 10 * TEST_TIMEOUT,
        query_deadline_ms: TEST_TIMEOUT,
        ..Config::defaults().unwrap()
    };
    let application = runtime.block_on(async {
        let options = PoolOptions { wait: TEST_TIMEOUT, ..PoolOptions::default() };
        let pool = Pool::new(Target::parse(url).unwrap(), options);
        Application::new(State::new(pool, Clock::System, config))
    });
    let state = application.state.clone();
    runtime.spawn(bound.serve_with(application, routes));
    (address, state)
}

/// `PANICS=10000` is the number of docs/reliability.md.
#[test]
fn a_panicking_handler_is_500_and_affects_no_other_request() {
    let (runtime, url) = (Runtime::new().unwrap(), database());
    let (address, state) = serve(&runtime, &url);
    let mut half = Connection::to(address);
    half.send("GET /livez HTTP/1.1\r\nhost");
    let (mut connection, mut other) = (Connection::to(address), Connection::to(address));
    let n = count_from_env("PANICS", 300);
    let mut before = 0;
    for n in 0..n {
        if n % 10 == 0 {
            other.send(request("GET", "/takes-its-time", &[], ""));
        }
        let place = ["nowhere", "reading", "writing"][n % 3];
        let id = format!("panic-{n}");
        connection.send(request("GET", &format!("/breaks/{place}"), &[("x-request-id", &id)], ""));
        let response = connection.response().unwrap();
        assert_eq!((response.status, response.problem().as_str()), (500, "internal"), "{place}");
        assert_eq!(response.headers["x-request-id"], id);
        assert!(response.headers["content-security-policy"].contains("frame-ancestors 'none'"));
        assert!(!String::from_utf8_lossy(&response.body).contains("purpose"));
        if n % 10 == 9 {
            assert_eq!(other.response().unwrap().body, b"done");
        }
        if n == 99 {
            before = resident_kib(std::process::id());
        }
    }
    // This includes their messages, which the test runner keeps, and other tests.
    let grown = resident_kib(std::process::id()).saturating_sub(before);
    println!("memory: {before} KiB after 100 panics, {grown} KiB more after {n}");
    assert!(grown < 64 << 10, "{grown} KiB more");
    half.send(": localhost\r\n\r\n");
    assert_eq!(half.response().unwrap().status, 200);
    assert_eq!(counted(&mut connection), n);
    nothing_is_left(&state, &url);
}

/// Returns the number of responses with 500, from the metrics.
fn counted(connection: &mut Connection) -> usize {
    connection.send(request("GET", "/metrics", &[], ""));
    let metrics = String::from_utf8(connection.response().unwrap().body).unwrap();
    let broken = metrics.lines().filter(|line| {
        line.starts_with("http_server_request_duration_seconds_count") && line.contains("\"500\"")
    });
    broken.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

/// Asserts that each connection was returned to the pool, or closed with its transaction.
fn nothing_is_left(state: &State, url: &str) {
    let began = Instant::now();
    loop {
        let (pool, (sessions, open)) = (state.pool().status(), Postgres::sessions(url));
        let whole = pool.available == pool.size && pool.waiting == 0;
        if whole && sessions == pool.size && open == 0 {
            println!("{pool:?}");
            return;
        }
        assert!(began.elapsed() < TEST_TIMEOUT, "{pool:?}, {sessions} sessions, {open} open");
        std::thread::sleep(Duration::from_millis(5));
    }
}
