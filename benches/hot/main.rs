//! Compares cached responses with plain actix-web handlers that return the same bytes.
//!
//! `cargo bench --bench hot [-- SECONDS ROUNDS CONNECTIONS]` needs `wrk` and PostgreSQL's programs.
//! The servers take turns, so that other load on the machine affects all alike; medians are
//! printed. "bare" sends only body and content type, "same" all headers of the real response except
//! the request id.
//!
//! With the argument `serve` it only prints the URLs and waits for the end of its input, for
//! `benches/hot/instructions`.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::{Context as _, Result, bail};
use embedded_postgres::{Options, start_from_pool};
use roundup::cache::follow;
use roundup::clock::Clock;
use roundup::config::Config;
use roundup::db::{Pool, PoolOptions, Target, migrate};
use roundup::router::Application;
use roundup::server::HttpListener;
use roundup::state::State;
use roundup::transfer::import;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Duration and number of rounds, number of connections.
struct Load {
    seconds: u32,
    rounds: u32,
    connections: u32,
}

/// A request to measure, and its response.
struct Case {
    name: &'static str,
    path: String,
    headers: Vec<String>,
    answer: Answer,
}

/// A response as read from the socket.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let mut next = |default| numbers.next().unwrap_or(default);
    let load = Load { seconds: next(2), rounds: next(5), connections: next(64) };
    let only_serve = std::env::args().any(|arg| arg == "serve");
    if !only_serve && Command::new("wrk").arg("-v").output().is_err() {
        say("skipped: wrk is not on this machine (on Debian: apt-get install wrk)");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hot");
    let cluster = start_from_pool(&root, &Options::new("roundup"))?;
    let target = Target::parse(&cluster.url("postgres"))?;
    let server = runtime.block_on(roundup(&target))?;
    let cases = cases(server)?;
    let bare = bare(&cases)?;
    for (n, case) in cases.iter().enumerate() {
        let addresses = [
            format!("http://{server}{}", case.path),
            format!("http://{bare}/same/{n}"),
            format!("http://{bare}/bare/{n}"),
        ];
        if only_serve {
            say(&[&[case.name.to_owned()], &addresses[..], &case.headers].concat().join("\t"));
            continue;
        }
        let rates = measure(case, &addresses, &load)?;
        say(&format!("{:<20} {:>6} bytes  {rates}", case.name, case.answer.body.len()));
    }
    if only_serve {
        std::io::stdin().read_to_end(&mut Vec::new())?;
    }
    cluster.stop()?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what a bench is for")]
fn say(line: &str) {
    println!("{line}");
}

/// Starts the service on a new database with twenty copies of the example. Returns its socket
/// address.
async fn roundup(target: &Target) -> Result<SocketAddr> {
    let (admin, driver) = target.connect().await?;
    tokio::spawn(driver);
    admin.batch_execute("drop database if exists hot with (force)").await?;
    admin.batch_execute("create database hot").await?;
    let target = target.clone().with_database("hot");
    let (_, mut conn) = migrate(&target).await?;
    let now = Clock::System.now();
    roundup::outlets::seed(&mut conn, now).await.map_err(anyhow::Error::from)?;
    let file = |n: u32| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hot-{n}.txt"));
    for n in 0..20 {
        std::fs::write(file(n), include_str!("../../examples/harbour-bridge.txt"))?;
    }
    let files = (0..20).map(file).collect();
    let args = import::Args { files, ..import::Args::default() };
    import::import(&target, &args, now).await.map_err(anyhow::Error::from)?;
    let pool = Pool::new(target.clone(), PoolOptions::default());
    let application = Application::new(State::new(pool, Clock::System, Config::defaults()?));
    tokio::spawn(follow(Arc::clone(application.state.cache().invalidation()), target));
    let listener = HttpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || actix_web::rt::System::new().block_on(listener.serve(application)));
    Ok(address)
}

/// Returns the cases: an article and the front page, each with 200 and 304.
fn cases(server: SocketAddr) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (name, known, path) in [
        ("hot article", "hot article, 304", "/api/v1/articles/1?include=comments"),
        ("hot front page", "hot front page, 304", "/api/v1/articles"),
    ] {
        // Twice: the second response comes from the cache.
        ask(server, path, &[])?;
        let answer = ask(server, path, &[])?;
        let etag = answer.headers.iter().find(|(name, _)| name == "etag");
        let etag = etag.context("no ETag")?.1.to_str()?.to_owned();
        let headers = vec![format!("If-None-Match: {etag}")];
        let path = path.to_owned();
        cases.push(Case { name, path: path.clone(), headers: Vec::new(), answer });
        let answer = ask(server, &path, &headers)?;
        cases.push(Case { name: known, path, headers, answer });
    }
    Ok(cases)
}

fn ask(server: SocketAddr, path: &str, headers: &[String]) -> Result<Answer> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n")?;
    for header in headers {
        write!(stream, "{header}\r\n")?;
    }
    write!(stream, "\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes)?;
    let (head, body) = text.split_once("\r\n\r\n").context("no end of the headers")?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(": ").context("no header")?;
        // The headers that actix adds by itself.
        if !["connection", "content-length", "date"].contains(&name) {
            headers.push((name.parse()?, value.parse()?));
        }
    }
    Ok(Answer { status: status.parse()?, headers, body: Bytes::from(body.to_owned()) })
}

/// Starts plain handlers for those responses: `/bare/N` with the content type only, `/same/N` with
/// all headers. Returns their socket address.
fn bare(cases: &[Case]) -> Result<SocketAddr> {
    let answers: Vec<Answer> = cases.iter().map(|case| case.answer.clone()).collect();
    let answers = Data::new(answers);
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::spawn(move || {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(answers.clone())
                .route("/bare/{n}", web::get().to(async |req: HttpRequest| answer(&req, false)))
                .route("/same/{n}", web::get().to(async |req: HttpRequest| answer(&req, true)))
        });
        let server = server.workers(workers).listen(listener)?;
        actix_web::rt::System::new().block_on(server.run())
    });
    Ok(address)
}

fn answer(req: &HttpRequest, all: bool) -> HttpResponse {
    let answers = req.app_data::<Data<Vec<Answer>>>();
    let n = req.match_info().get("n").and_then(|n| n.parse::<usize>().ok());
    let Some(found) = answers.zip(n).and_then(|(answers, n)| answers.get(n)) else {
        return HttpResponse::NotFound().finish();
    };
    let mut response = HttpResponse::with_body(found.status, found.body.clone());
    for (name, value) in &found.headers {
        if all || name == "content-type" || name == "etag" {
            response.headers_mut().insert(name.clone(), value.clone());
        }
    }
    response.map_into_boxed_body()
}

/// Measures a case and its two plain handlers in turns. Returns the medians as a line.
fn measure(case: &Case, addresses: &[String; 3], load: &Load) -> Result<String> {
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..load.rounds {
        for (address, rates) in addresses.iter().zip(&mut rates) {
            rates.push(wrk(address, &case.headers, load)?);
        }
    }
    let [own, same, bare] = rates.map(median);
    Ok(format!(
        "roundup {own:>7.0}/s   same {same:>7.0}/s ({:.2})   bare {bare:>7.0}/s ({:.2})",
        own / same,
        own / bare,
    ))
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

fn wrk(address: &str, headers: &[String], load: &Load) -> Result<f64> {
    let mut command = Command::new("wrk");
    command.args(["-t", "2", "-c", &load.connections.to_string()]);
    command.args(["-d", &format!("{}s", load.seconds)]);
    for header in headers {
        command.args(["-H", header]);
    }
    let output = command.arg(address).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        bail!("{address}: {text}");
    }
    let rate = text.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    rate.and_then(|rate| rate.trim().parse().ok()).with_context(|| format!("{address}: {text}"))
}
