//! An exhausted pool and slow queries.

use crate::connection::TEST_TIMEOUT;
use crate::measurements::{Durations, count_from_env, timed};
use crate::service::{Service, sql};
use crate::unreachable_database::{crowd, is_back, works_without_a_database};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// A lock on the articles, which blocks every query on them.
struct Lock(Runtime, tokio_postgres::Client);

impl Lock {
    fn take(url: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let client = runtime.block_on(async {
            let (client, driver) =
                tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
            tokio::spawn(driver);
            let lock = "begin; lock table articles in access exclusive mode";
            client.batch_execute(lock).await.unwrap();
            client
        });
        Self(runtime, client)
    }

    fn release(self) {
        self.0.block_on(self.1.batch_execute("rollback")).unwrap();
    }

    /// Counts the readers that wait for the lock, without the scheduler's query.
    fn waiting(url: &str) -> usize {
        let waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock'
                       and datname = current_database() and query not ilike '%for update%'";
        sql(url, waiting).len()
    }
}

/// `CROWD=400` is the number of docs/reliability.md.
#[test]
fn an_exhausted_pool_is_503_and_health_checks_still_respond() {
    let service =
        Service::start(&[("ROUNDUP_POOL_SIZE", "4"), ("ROUNDUP_QUERY_DEADLINE_MS", "30000")]);
    assert_eq!(service.get("/api/v1/articles")["items"], json!([]));
    let lock = Lock::take(&service.url);
    let n = count_from_env("CROWD", 40);
    let crowd = crowd(&service, n);
    // A background task may hold a connection too.
    while Lock::waiting(&service.url) < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let (began, mut quick) = (Instant::now(), Durations::default());
    // Requests with a connection go on waiting; the others get their response long before.
    while crowd.iter().filter(|one| one.is_finished()).count() < n - 4 {
        quick.extend(works_without_a_database(&service));
        assert!(began.elapsed() < Duration::from_secs(25), "they wait for a connection");
    }
    quick.print("without a database");
    lock.release();
    is_back(&service);
    let all: Vec<_> = crowd.into_iter().map(|one| one.join().unwrap()).collect();
    let statuses: Vec<u16> = all.iter().map(|(response, _)| response.status).collect();
    let refused = all.iter().filter(|(response, _)| response.status == 503).map(|(_, took)| *took);
    refused.collect::<Durations>().print("503 for an exhausted pool after");
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert!(refused >= n - 4 && statuses.iter().all(|s| [200, 503].contains(s)), "{statuses:?}");
    assert_eq!(service.get("/api/v1/articles")["items"], json!([]));
}

/// `SLOW=50` is the number of docs/reliability.md.
#[test]
fn a_slow_query_is_504_and_is_cancelled_in_the_database() {
    let deadline = Duration::from_millis(500);
    let service = Service::start(&[("ROUNDUP_QUERY_DEADLINE_MS", "500")]);
    let (mut here, mut there) = (Durations::default(), Durations::default());
    for _ in 0..count_from_env("SLOW", 4) {
        let lock = Lock::take(&service.url);
        let (response, took) = timed(|| service.ask("GET", "/api/v1/admin/articles", ""));
        let answered = Instant::now();
        assert_eq!((response.status, response.problem().as_str()), (504, "deadline"));
        let late = took.checked_sub(deadline).expect("it waits until its deadline");
        assert!(late < TEST_TIMEOUT / 6, "{late:?} past its deadline");
        here.push(late);
        while Lock::waiting(&service.url) > 0 {
            assert!(answered.elapsed() < TEST_TIMEOUT, "it goes on in the database");
            std::thread::sleep(Duration::from_millis(1));
        }
        there.push(late + answered.elapsed());
        lock.release();
        assert_eq!(service.ask("GET", "/api/v1/admin/articles", "").status, 200);
    }
    here.print("past the deadline, for the client");
    there.print("past the deadline, in the database");
}
