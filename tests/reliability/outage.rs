//! A PostgreSQL outage: cached pages are served, other requests fail at once.

use crate::connection::{Connection, Response, TEST_TIMEOUT, request};
use crate::measurements::{Durations, count_from_env, resident_kib, timed};
use crate::postgres::Postgres;
use crate::service::{Service, sql};
use crate::unreachable_database::is_back;
use crate::writers::article;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const STALE: &str = "roundup; fwd=stale; fwd-status=503; detail=stale-if-error";

/// How long a cached response counts as fresh, after which one request finds that the database is
/// down; with a margin for a busy machine.
const NOTICED: Duration = Duration::from_secs(2);

/// Inserts 200 articles with three comments each.
const FILL: &str = "
    insert into articles (slug, status, headline, dek, published_at, created_at, updated_at)
    select 'part-' || n, 'published', 'Part ' || n, repeat('What the council decided. ', 9), at, at, at
    from (select n, timestamptz '2015-01-01' + n * interval '53 minutes' as at
          from generate_series(1, 200) n) a;
    insert into links (article_id, role, position, title, credit, published_at)
    select id, case p when 0 then 'lead' else 'more' end, p, 'Report ' || p, 'AP', published_at
    from articles, generate_series(0, 8) p;
    with new as (select nextval(pg_get_serial_sequence('comments', 'id')) as id, a.id as article
                 from articles a, generate_series(1, 3))
    insert into comments (id, article_id, root_id, depth, path, status, author_name, text, html,
                          created_at, listed_at)
    select id, article, id, 0, int8send(id), 'approved', 'Reader', 'Yes.', '<p>Yes.</p>', now(), now()
    from new";

/// The URLs that are read all the time, with their entity tags.
type Hot = BTreeMap<String, String>;

/// Reads the front page, the feeds and each article with its comments, so that they are cached.
fn warm(service: &Service) -> Hot {
    let ids = sql(&service.url, "select id from articles where status = 'published'");
    assert_eq!(ids.len(), 200);
    let lists = ["/api/v1/articles", "/api/v1/comments"].map(str::to_owned).into_iter();
    let feeds = ["atom", "rss", "json"].map(|format| format!("/feeds/articles.{format}"));
    let articles = ids.iter().flat_map(|id| {
        let at = format!("/api/v1/articles/{id}");
        [format!("{at}/comments"), format!("/feeds/articles/{id}/comments.atom"), at]
    });
    let began = Instant::now();
    let read = |path: String| loop {
        let response = service.ask("GET", &path, "");
        assert_eq!(response.status, 200, "{path}");
        if response.headers["cache-status"] == "roundup; hit" {
            return (path, response.headers["etag"].clone());
        }
        assert!(began.elapsed() < TEST_TIMEOUT, "{path} is not kept");
    };
    lists.chain(feeds).chain(articles).map(read).collect()
}

/// Reads the URLs in turn for this time, calls `check` with each response, and returns the durations.
fn read(at: SocketAddr, hot: &Hot, time: Duration, look: impl Fn(&Response, Instant)) -> Durations {
    let (mut connection, began, mut spread) =
        (Connection::to(at), Instant::now(), Durations::default());
    for (path, etag) in hot.iter().cycle() {
        if began.elapsed() > time {
            break;
        }
        let asked = Instant::now();
        connection.send(request("GET", path, &[], ""));
        let response = connection.response().unwrap();
        spread.push(asked.elapsed());
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(&response.headers["etag"], etag, "{path}");
        look(&response, asked);
        sleep(Duration::from_millis(1));
    }
    spread
}

/// Requests that need the database.
fn cold(n: u32) -> (&'static str, String, String) {
    match n % 4 {
        0 => ("GET", format!("/api/v1/articles?author=nobody-{n}"), String::new()),
        1 => ("GET", format!("/api/v1/outlets/nobody-{n}"), String::new()),
        2 => ("POST", "/api/v1/admin/articles".to_owned(), article("headline never")),
        _ => {
            let body = r#"{"text": "No.", "author": {"name": "Ann"}}"#.to_owned();
            ("POST", format!("/api/v1/articles/{}/comments", 1 + n % 200), body)
        }
    }
}

/// Asserts that such a request fails, and returns how long it took.
fn is_refused(service: &Service, n: u32) -> Duration {
    let (method, path, body) = cold(n);
    let (response, took) = timed(|| service.ask(method, &path, &body));
    assert_eq!((response.status, response.problem().as_str()), (503, "unavailable"), "{path}");
    assert_eq!(response.headers["retry-after"], "1");
    took
}

/// Runs three readers and something else at the same time, and returns the durations of the reads.
fn readers(
    service: &Service,
    hot: &Hot,
    time: Duration,
    look: impl Fn(&Response, Instant) + Sync,
    meanwhile: impl FnOnce(),
) -> Durations {
    let at = service.address;
    scope(|threads| {
        let reader = || read(at, hot, time, &look);
        let readers = [threads.spawn(reader), threads.spawn(reader), threads.spawn(reader)];
        meanwhile();
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    })
}

/// Does the same during the outage, when every response is marked as stale.
fn readers_without_it(service: &Service, hot: &Hot, time: Duration) -> Durations {
    let (killed, mut refused) = (Instant::now(), Durations::default());
    let marked = |response: &Response, asked: Instant| {
        let (cache_status, age) = (&response.headers["cache-status"], &response.headers["age"]);
        if asked > killed + NOTICED {
            assert_eq!(cache_status, STALE);
            assert!(age.parse::<u64>().unwrap() >= 1, "{age}");
        }
    };
    let reads = readers(service, hot, time, marked, || {
        for n in 0.. {
            refused.push(is_refused(service, n));
            assert_eq!(service.ask("GET", "/livez", "").status, 200);
            assert_eq!(service.ask("GET", "/readyz", "").status, 503);
            sleep(Duration::from_millis(20));
            if killed.elapsed() > time {
                break;
            }
        }
    });
    refused.print("refused after");
    reads
}

/// `DOWN=30`, in seconds, is the number of docs/reliability.md.
#[test]
fn during_an_outage_cached_pages_are_served_and_others_are_503() {
    let mut postgres = Postgres::start();
    let mut service = Service::on(postgres.url(), &[("ROUNDUP_COMMENT_RATE", "0")]);
    sql(&service.url, FILL);
    // The first body makes the service build its validators, which stay in memory.
    for n in 1_000_000..1_000_004 {
        let (method, path, body) = cold(n);
        let status = service.ask(method, &path, &body).status;
        assert!([200, 201, 202, 404].contains(&status), "{path}: {status}");
    }
    let hot = warm(&service);
    let time = Duration::from_secs(u64::try_from(count_from_env("DOWN", 4)).unwrap());
    let usual = readers(&service, &hot, time, |_, _| (), || ());
    let before = resident_kib(service.pid());
    postgres.kill();
    let down = readers_without_it(&service, &hot, time);
    let after = resident_kib(service.pid());
    assert_stored(&usual, &down);
    println!("memory: {before} KiB, {after} KiB at the end");
    assert!(after * 10 <= before * 11, "{before} KiB before, {after} KiB at the end");
    postgres.start_again();
    is_back(&service);
    let began = Instant::now();
    while service.ask("GET", "/api/v1/articles", "").headers["cache-status"] == STALE {
        assert!(began.elapsed() < TEST_TIMEOUT, "it does not ask again");
    }
    assert!(service.is_running());
    let written = "select 1 from articles where headline = 'headline never'";
    assert_eq!(sql(&postgres.url(), written).len(), 1, "what was refused was written");
}

/// Returns how much longer reads took than usual.
fn assert_stored(usual: &Durations, down: &Durations) {
    usual.print("from memory, as usual");
    down.print("from memory, while it is down");
    let ratio = down.percentile(99).as_secs_f64() / usual.percentile(99).as_secs_f64();
    println!("p99 {ratio:.2} times the usual one");
}
