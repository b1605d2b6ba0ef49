//! Tests whether the time of a rejection reveals anything about a key, with Welch's t-test.
//!
//! `cargo bench --bench key_timing [-- SAMPLES]` needs PostgreSQL's programs. Requests go through
//! the real application in this process to a database on a socket, without network noise. Each pair
//! compares two kinds of key in random order, 2 × SAMPLES requests in all (by default about 50,000
//! of each kind), each with another key. The slowest twentieth is discarded as noise from the
//! machine. A |t| above 4.5 is a detectable difference; a pair of two equal kinds shows the effect
//! of chance.

use actix_http::Request;
use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error};
use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use embedded_postgres::{Options, start_from_pool};
use roundup::clock::Clock;
use roundup::config::Config;
use roundup::db::{Pool, PoolOptions, Target, migrate};
use roundup::middleware::RequestPipeline;
use roundup::router::Application;
use roundup::state::State;
use std::path::Path;
use std::time::Instant;

/// The number of keys of a kind, large enough that the position of a key in the index does not
/// matter.
const KEYS: usize = 1000;

/// The characters of a secret.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn main() -> Result<()> {
    let samples = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(50_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("key_timing");
    let cluster = start_from_pool(&root, &Options::new("roundup"))?;
    let target = Target::parse(&cluster.url("postgres"))?;
    runtime.block_on(compare_all(&target, samples))?;
    cluster.stop()?;
    Ok(())
}

async fn compare_all(target: &Target, samples: usize) -> Result<()> {
    let (admin, driver) = target.connect().await?;
    tokio::spawn(driver);
    admin.batch_execute("drop database if exists key_timing with (force)").await?;
    admin.batch_execute("create database key_timing").await?;
    let target = target.clone().with_database("key_timing");
    drop(migrate(&target).await?);
    let (client, driver) = target.connect().await?;
    tokio::spawn(driver);
    let revoked = store(&client, "now()", "null").await?;
    let expired = store(&client, "null", "now() - interval '1 day'").await?;
    let good = store(&client, "null", "null").await?;
    client.batch_execute("vacuum analyze keys").await?;
    let pool = Pool::new(target, PoolOptions::default());
    let application = Application::new(State::new(pool, Clock::System, Config::defaults()?));
    let app = App::new().wrap(RequestPipeline::new(application.state.clone()));
    let app = init_service(app.configure(|cfg| application.configure(cfg))).await;
    let first: Vec<String> = good.iter().flat_map(|key| changed(key, "rk_".len())).collect();
    let last: Vec<String> = good.iter().flat_map(|key| changed(key, key.len() - 1)).collect();
    let nobodys: Vec<String> = first.iter().map(|_| secret()).collect::<Result<_>>()?;
    for (name, one, other) in [
        ("two of the same kind", &first, &first),
        ("the first or the last letter is wrong", &first, &last),
        ("nobody's or a letter is wrong", &nobodys, &last),
        ("nobody's or revoked", &nobodys, &revoked),
        ("nobody's or expired", &nobodys, &expired),
    ] {
        let times = measure(&app, [one, other], samples).await?;
        say(&format!("{name:<40} {}", Welch::of(times)));
    }
    Ok(())
}

fn secret() -> Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    Ok(format!("rk_{}", BASE64.encode(random)))
}

/// Stores keys, with the times at which they were revoked or expired.
async fn store(client: &tokio_postgres::Client, revoked: &str, ends: &str) -> Result<Vec<String>> {
    let secrets: Vec<String> = (0..KEYS).map(|_| secret()).collect::<Result<_>>()?;
    let insert = format!(
        "insert into keys (name, prefix, secret_hash, scopes, created_at, revoked_at, expires_at)
         values ('bench', 'rk', sha256($1::text::bytea), '{{admin}}', now(), {revoked}, {ends})"
    );
    for secret in &secrets {
        client.execute(&insert, &[secret]).await?;
    }
    Ok(secrets)
}

/// Returns the secret with every other character at one position.
fn changed(secret: &str, at: usize) -> Vec<String> {
    let put = |letter: &u8| {
        let letters = secret.bytes().enumerate();
        letters.map(|(n, old)| char::from(if n == at { *letter } else { old })).collect()
    };
    LETTERS.iter().map(put).filter(|other: &String| other != secret).collect()
}

/// Returns the times of the rejections in microseconds.
async fn measure(
    app: &impl Service<Request, Response = ServiceResponse<BoxBody>, Error = Error>,
    kinds: [&[String]; 2],
    samples: usize,
) -> Result<[Vec<f64>; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..samples * 2 + 1000 {
        let dice = usize::try_from(getrandom::u64()? >> 1)?;
        let which = dice % 2;
        let (Some(kind), Some(times)) = (kinds.get(which), times.get_mut(which)) else { continue };
        let Some(secret) = kind.get(dice / 2 % kind.len()) else { continue };
        let request = TestRequest::get()
            .uri("/api/v1/admin/keys")
            .insert_header((AUTHORIZATION, format!("Bearer {secret}")))
            .to_request();
        let begun = Instant::now();
        let answer = app.call(request).await;
        let took = begun.elapsed();
        ensure!(answer.is_ok_and(|answer| answer.status() == 401), "a key was not refused");
        // The first requests are a warm-up.
        if n >= 1000 {
            times.push(took.as_secs_f64() * 1e6);
        }
    }
    Ok(times)
}

/// The result of Welch's t-test of two samples.
struct Welch {
    means: [f64; 2],
    counts: [usize; 2],
    t: f64,
}

impl Welch {
    fn of(mut times: [Vec<f64>; 2]) -> Self {
        let mut all = times.concat();
        all.sort_by(f64::total_cmp);
        let most = all.get(all.len() * 19 / 20).copied().unwrap_or(f64::MAX);
        for kind in &mut times {
            kind.retain(|time| *time < most);
        }
        let [one, other] = times.each_ref().map(|kind| moments(kind));
        let t = (one.0 - other.0) / (one.1 + other.1).sqrt();
        Self { means: [one.0, other.0], counts: times.map(|kind| kind.len()), t }
    }
}

/// Returns the mean, and the variance of the mean.
#[expect(clippy::cast_precision_loss, reason = "there are not so many samples")]
fn moments(times: &[f64]) -> (f64, f64) {
    let n = times.len() as f64;
    let mean = times.iter().sum::<f64>() / n;
    let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance / n)
}

impl std::fmt::Display for Welch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ([one, other], [n, m]) = (self.means, self.counts);
        write!(f, "t = {:>6.2}  means {one:.2} and {other:.2} µs of {n} and {m}", self.t)
    }
}

#[expect(clippy::print_stdout, reason = "what a bench is for")]
fn say(line: &str) {
    println!("{line}");
}
