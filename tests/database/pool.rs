//! Nothing waits without end, and nothing half-done is used again.

use crate::server::{Frozen, PLAIN, SECURE, Server, Tls, signal};
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use diesel::{IntoSql, QueryResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use roundup::db::{
    ConnectKind, DbError, DbFault, Pool, PoolError, PoolOptions, PoolStatus, Target, classify,
    within,
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

fn pool(url: &str, size: usize) -> Pool {
    Pool::new(Target::parse(url).unwrap(), PoolOptions { size, ..PoolOptions::default() })
}

/// A pool on the server with TLS, under a name of its own in `pg_stat_activity`.
fn named(name: &str, size: usize) -> Pool {
    pool(&SECURE.url("roundup", "h", &format!("&application_name={name}")), size)
}

async fn backend(connection: &mut AsyncPgConnection) -> i32 {
    diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()"))
        .get_result(connection)
        .await
        .unwrap()
}

async fn slow(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    connection.batch_execute("SELECT pg_sleep(30)").await
}

/// How many sessions under a name are running a query or hold a transaction open.
async fn busy(name: &str) -> i64 {
    let target = Target::parse(&SECURE.socket_url("")).unwrap();
    let sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1 \
               AND state <> 'idle'";
    let (client, driver) = target.connect().await.unwrap();
    tokio::spawn(driver);
    client.query_one(sql, &[&name]).await.unwrap().get(0)
}

async fn wait_until_quiet(name: &str, limit: Duration) {
    let began = Instant::now();
    while busy(name).await > 0 {
        assert!(began.elapsed() < limit, "still busy after {limit:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_checkout_ends_at_its_deadline_when_all_connections_are_in_use() {
    let options = PoolOptions { size: 1, wait: Duration::from_secs(2), ..Default::default() };
    let pool = Pool::new(Target::parse(&SECURE.url("roundup", "h", "")).unwrap(), options);
    let held = pool.get().await.unwrap();
    let began = Instant::now();
    assert!(matches!(pool.get().await, Err(PoolError::Timeout(wait)) if wait == options.wait));
    let took = began.elapsed();
    assert!(took >= options.wait, "{took:?}");
    drop(held);
    pool.get().await.unwrap();
    let status = pool.status();
    assert_eq!((status.size, status.available, status.waiting, status.max), (1, 1, 0, 1));
}

#[tokio::test]
async fn a_refused_connection_is_reported_at_once() {
    let pool = pool("postgres://u:s3cr3t@127.0.0.1:1/d", 4);
    match pool.get().await {
        Err(PoolError::Connect(error)) => {
            assert_eq!(error.kind(), ConnectKind::Unreachable);
            assert!(error.to_string().contains("Connection refused"), "{error}");
            assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
        }
        other => panic!("{:?}", other.map(|_| "a connection")),
    }
}

#[tokio::test]
async fn a_checkout_ends_at_its_deadline_when_connecting_hangs() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = format!("postgres://u@127.0.0.1:{port}/d");
    let options = PoolOptions { size: 2, wait: Duration::from_millis(300), ..Default::default() };
    let pool = Pool::new(Target::parse(&url).unwrap(), options);
    let began = Instant::now();
    let results = futures_util::future::join_all((0..8).map(|_| pool.get())).await;
    assert!(results.iter().all(Result::is_err));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_hanging_host_leaves_time_for_the_next_one() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (hangs, works) = (silent.local_addr().unwrap().port(), SECURE.port);
    let url = format!("postgres://roundup@127.0.0.1:{hangs},127.0.0.1:{works}/postgres");
    pool(&url, 1).get().await.unwrap();
}

#[tokio::test]
async fn a_healthy_connection_is_used_again() {
    let pool = named("again", 1);
    let first = backend(&mut pool.get().await.unwrap()).await;
    let mut conn = pool.get().await.unwrap();
    conn.transaction(async |conn| conn.batch_execute("SELECT 1").await).await.unwrap();
    conn.batch_execute("nonsense").await.unwrap_err();
    drop(conn);
    assert_eq!(backend(&mut pool.get().await.unwrap()).await, first);
}

#[tokio::test]
async fn a_query_past_its_deadline_is_cancelled_and_its_connection_not_used_again() {
    let pool = named("deadline", 1);
    let mut conn = pool.get().await.unwrap();
    let first = backend(&mut conn).await;
    let began = Instant::now();
    let deadline = Duration::from_millis(200);
    let error = within(deadline, slow(&mut conn)).await.unwrap_err();
    assert!(matches!(error, DbError::Deadline(_)) && error.fault() == DbFault::Timeout);
    assert!(began.elapsed() < deadline + Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(busy("deadline").await, 1, "the query still runs");
    drop(conn);
    wait_until_quiet("deadline", Duration::from_millis(200)).await;
    assert_ne!(backend(&mut pool.get().await.unwrap()).await, first);
    assert_eq!(pool.status().size, 1);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_over_at_once() {
    let pool = named("dropped", 1);
    let mut conn = pool.get().await.unwrap();
    let first = backend(&mut conn).await;
    let work = conn.transaction(async |conn| {
        conn.batch_execute("SELECT pg_advisory_xact_lock(81)").await?;
        sleep(Duration::from_secs(30)).await;
        QueryResult::Ok(())
    });
    tokio::time::timeout(Duration::from_millis(200), work).await.unwrap_err();
    assert_eq!(busy("dropped").await, 1, "the transaction is open");
    drop(conn);
    wait_until_quiet("dropped", Duration::from_millis(500)).await;
    assert_ne!(backend(&mut pool.get().await.unwrap()).await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_dropped_at_any_moment_leaves_the_pool_whole() {
    let pool = named("storm", 4);
    let began = Instant::now();
    let work = async |pool: Pool| -> Result<(), DbError> {
        let mut conn = pool.get().await?;
        conn.transaction(async |conn| {
            conn.batch_execute("SELECT pg_sleep(0.002)").await?;
            diesel::select(diesel::dsl::sql::<Integer>("1")).get_result::<i32>(conn).await
        })
        .await?;
        Ok(())
    };
    futures_util::future::join_all((0..300_u64).map(|n| {
        let pool = pool.clone();
        let limit = Duration::from_micros(n * 7919 % 40_000);
        async move { tokio::time::timeout(limit, work(pool)).await.is_ok() }
    }))
    .await;
    wait_until_quiet("storm", Duration::from_secs(1)).await;
    for _ in 0..100 {
        work(pool.clone()).await.unwrap();
    }
    let status = pool.status();
    assert!(
        status.size <= 4 && status.available == status.size && status.waiting == 0,
        "{status:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_query_to_a_frozen_server_ends_at_our_deadline() {
    let server = Server::start(Tls::Off);
    let pool = pool(&server.url("roundup", "h", ""), 2);
    let mut conn = pool.get().await.unwrap();
    let pids = vec![server.pid(), backend(&mut conn).await];
    let frozen = Frozen::new(pids);
    let (began, deadline) = (Instant::now(), Duration::from_millis(300));
    let error = within(deadline, conn.batch_execute("SELECT 1")).await.unwrap_err();
    assert_eq!(error.fault(), DbFault::Timeout);
    assert!(began.elapsed() < deadline + Duration::from_secs(5), "{:?}", began.elapsed());
    drop(conn);
    let began = Instant::now();
    assert!(pool.get().await.is_err(), "the server accepts but does not answer");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(frozen);
    pool.get().await.unwrap().batch_execute("SELECT 1").await.unwrap();
    assert_eq!(pool.status().size, 1);
}

#[tokio::test]
async fn a_server_that_crashes_is_found_again_when_it_is_back() {
    let server = Server::start(Tls::Off);
    let pool = pool(&server.url("roundup", "h", ""), 2);
    let mut conn = pool.get().await.unwrap();
    let idle = backend(&mut pool.get().await.unwrap()).await;
    signal("-KILL", &[backend(&mut conn).await]);
    let error = conn.batch_execute("SELECT 1").await.unwrap_err();
    assert_eq!(classify(&error), DbFault::Unavailable, "{error:?}");
    drop(conn);
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        match pool.get().await {
            Ok(mut conn) => {
                // The idle connection works until the server has noticed its crash.
                let pid = diesel::dsl::sql::<Integer>("pg_backend_pid()");
                match diesel::select(pid).get_result::<i32>(&mut conn).await {
                    Ok(pid) if pid != idle => break,
                    Ok(_) => {}
                    Err(error) => assert_eq!(classify(&error), DbFault::Unavailable, "{error:?}"),
                }
            }
            Err(PoolError::Connect(_)) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        assert!(began.elapsed() < Duration::from_secs(30), "not back");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_stops_taking_writes_is_left() {
    let pool = pool(&SECURE.url("reader", "h", ""), 1);
    let mut conn = pool.get().await.unwrap();
    let first = backend(&mut conn).await;
    let error = conn.batch_execute("CREATE TABLE never ()").await.unwrap_err();
    assert_eq!(classify(&error), DbFault::ReadOnly);
    drop(conn);
    let mut conn = pool.get().await.unwrap();
    let second = backend(&mut conn).await;
    assert_ne!(second, first);
    conn.discard();
    assert_ne!(backend(&mut pool.get().await.unwrap()).await, second);
}

#[tokio::test]
async fn the_server_ends_a_statement_too() {
    let options =
        PoolOptions { statement_timeout: Duration::from_millis(100), ..Default::default() };
    let pool = Pool::new(Target::parse(&SECURE.url("roundup", "h", "")).unwrap(), options);
    let mut conn = pool.get().await.unwrap();
    let error = slow(&mut conn).await.unwrap_err();
    assert_eq!(classify(&error), DbFault::Timeout);
}

#[derive(diesel::QueryableByName)]
struct Session {
    #[diesel(sql_type = Text)]
    statement_timeout: String,
    #[diesel(sql_type = BigInt)]
    prepared: i64,
}

/// Runs queries that diesel keeps prepared where it may, and looks at the session.
async fn session(more: &str) -> Session {
    let mut conn = pool(&SECURE.url("roundup", "h", more), 1).get().await.unwrap();
    diesel::select(1.into_sql::<Integer>()).get_result::<i32>(&mut conn).await.unwrap();
    diesel::select(true.into_sql::<Bool>()).get_result::<bool>(&mut conn).await.unwrap();
    diesel::sql_query(
        "SELECT current_setting('statement_timeout') AS statement_timeout, count(*) AS prepared \
         FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1%'",
    )
    .get_result(&mut conn)
    .await
    .unwrap()
}

#[tokio::test]
async fn through_pgbouncer_nothing_is_left_in_the_session() {
    let direct = session("").await;
    assert_eq!((direct.statement_timeout.as_str(), direct.prepared), ("2s", 2));
    let pooled = session("&pgbouncer=true").await;
    assert_eq!((pooled.statement_timeout.as_str(), pooled.prepared), ("0", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_connection_outlives_the_worker_that_asked_for_it() {
    let pool = pool(&PLAIN.url("roundup", "h", ""), 1);
    let shared = pool.clone();
    let worker = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { backend(&mut shared.get().await.unwrap()).await })
    });
    let first = tokio::task::spawn_blocking(move || worker.join().unwrap()).await.unwrap();
    assert_eq!(backend(&mut pool.get().await.unwrap()).await, first);
}

#[tokio::test]
async fn a_closed_pool_gives_nothing_and_closes_what_comes_back() {
    let pool = named("closed", 2);
    let conn = pool.get().await.unwrap();
    pool.close();
    assert!(matches!(pool.get().await, Err(PoolError::Closed)));
    drop(conn);
    assert_eq!(pool.status().size, 0);
}

/// A worker's thread, with a runtime of its own, that has settled with a pool.
fn on_a_worker<T: Send>(pool: &Pool, work: impl AsyncFnOnce(&Pool) -> T + Send) -> T {
    let worker = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            pool.settle_here();
            work(pool).await
        })
    };
    std::thread::scope(|scope| scope.spawn(worker).join().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_keeps_its_part_of_the_connections_until_it_ends() {
    let target = Target::parse(&SECURE.url("roundup", "h", "")).unwrap();
    let options = PoolOptions { size: 4, workers: 1, ..Default::default() };
    let pool = Pool::new(target, options);
    let theirs = on_a_worker(&pool, async |pool| {
        let held = futures_util::future::join_all((0..3).map(|_| pool.get())).await;
        assert!(held.iter().all(Result::is_ok), "its own three");
        let fourth = pool.get().await.unwrap();
        assert!(matches!(pool.get().await, Err(PoolError::Timeout(_))), "there are four in all");
        drop(held);
        let mut again = pool.get().await.unwrap();
        assert_eq!(pool.status(), PoolStatus { size: 4, available: 2, waiting: 0, max: 4 });
        drop(fourth);
        backend(&mut again).await
    });
    let mut common = pool.get().await.unwrap();
    assert_ne!(backend(&mut common).await, theirs);
    assert!(matches!(pool.get().await, Err(PoolError::Timeout(_))), "one is for all, and in use");
    assert_eq!(pool.status().size, 1, "the worker has ended, and its connections with it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_connections_are_all_in_use_takes_what_comes_free_first() {
    let target = Target::parse(&SECURE.url("roundup", "h", "")).unwrap();
    let pool = Pool::new(target, PoolOptions { size: 2, workers: 1, ..Default::default() });
    let common = pool.get().await.unwrap();
    on_a_worker(&pool, async |pool| {
        let own = pool.get().await.unwrap();
        let (next, ()) = tokio::join!(pool.get(), async {
            sleep(Duration::from_millis(50)).await;
            drop(own);
        });
        assert!(next.is_ok(), "its own came free");
        let (next, ()) = tokio::join!(pool.get(), async {
            sleep(Duration::from_millis(50)).await;
            drop(common);
        });
        assert!(next.is_ok(), "one of all came free");
    });
}
