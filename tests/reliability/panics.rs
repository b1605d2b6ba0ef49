//! A handler that breaks, in each place where it may.

use crate::figures::{memory, times};
use crate::postgres::Postgres;
use crate::service::database;
use crate::wire::{PATIENCE, Wire, request};
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

/// Breaks while it holds nothing, while it reads, or in the middle of a transaction.
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

/// Is still at work while others break.
async fn takes_its_time() -> &'static str {
    tokio::time::sleep(Duration::from_millis(5)).await;
    "done"
}

fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/breaks/{place}", web::get().to(breaks));
    cfg.route("/takes-its-time", web::get().to(takes_its_time));
}

/// A service with one worker in this process.
fn serve(runtime: &Runtime, url: &str) -> (SocketAddr, Data<State>) {
    let listener = HttpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    // To tell of a panic may take its time, and ten thousand of them do.
    let config = Config {
        workers: 1,
        head_timeout_ms: 10 * PATIENCE,
        query_deadline_ms: PATIENCE,
        ..Config::defaults().unwrap()
    };
    let application = runtime.block_on(async {
        let options = PoolOptions { wait: PATIENCE, ..PoolOptions::default() };
        let pool = Pool::new(Target::parse(url).unwrap(), options);
        Application::new(State::new(pool, Clock::System, config))
    });
    let state = application.state.clone();
    runtime.spawn(listener.serve_with(application, routes));
    (address, state)
}

/// `PANICS=10000` for the whole bar.
#[test]
fn a_handler_that_panics_is_a_500_and_hurts_nobody_else() {
    let (runtime, url) = (Runtime::new().unwrap(), database());
    let (address, state) = serve(&runtime, &url);
    let mut half = Wire::to(address);
    half.send("GET /livez HTTP/1.1\r\nhost");
    let (mut wire, mut other) = (Wire::to(address), Wire::to(address));
    let n = times("PANICS", 300);
    let mut before = 0;
    for n in 0..n {
        if n % 10 == 0 {
            other.send(request("GET", "/takes-its-time", &[], ""));
        }
        let place = ["nowhere", "reading", "writing"][n % 3];
        let id = format!("panic-{n}");
        wire.send(request("GET", &format!("/breaks/{place}"), &[("x-request-id", &id)], ""));
        let answer = wire.answer().unwrap();
        assert_eq!((answer.status, answer.problem().as_str()), (500, "internal"), "{place}");
        assert_eq!(answer.headers["x-request-id"], id);
        assert!(answer.headers["content-security-policy"].contains("frame-ancestors 'none'"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("purpose"));
        if n % 10 == 9 {
            assert_eq!(other.answer().unwrap().body, b"done");
        }
        if n == 99 {
            before = memory(std::process::id());
        }
    }
    // Their messages, which the test keeps, are a part of it, and so are the tests beside it.
    let grown = memory(std::process::id()).saturating_sub(before);
    println!("memory: {before} KiB after 100 panics, {grown} KiB more after {n}");
    assert!(grown < 64 << 10, "{grown} KiB more");
    half.send(": localhost\r\n\r\n");
    assert_eq!(half.answer().unwrap().status, 200);
    assert_eq!(counted(&mut wire), n);
    nothing_is_left(&state, &url);
}

/// How many answers with 500 there were, as the service counts.
fn counted(wire: &mut Wire) -> usize {
    wire.send(request("GET", "/metrics", &[], ""));
    let metrics = String::from_utf8(wire.answer().unwrap().body).unwrap();
    let broken = metrics.lines().filter(|line| {
        line.starts_with("http_server_request_duration_seconds_count") && line.contains("\"500\"")
    });
    broken.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

/// Each connection came back, or was closed with what was open on it.
fn nothing_is_left(state: &State, url: &str) {
    let began = Instant::now();
    loop {
        let (pool, (sessions, open)) = (state.pool().status(), Postgres::sessions(url));
        let whole = pool.available == pool.size && pool.waiting == 0;
        if whole && sessions == pool.size && open == 0 {
            println!("{pool:?}");
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{pool:?}, {sessions} sessions, {open} open");
        std::thread::sleep(Duration::from_millis(5));
    }
}
