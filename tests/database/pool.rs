//! Every wait has a time limit, and a connection is reused only when nothing runs on it.

use crate::server::{Frozen, PLAIN, SECURE, Server, Tls, signal};
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use diesel::{IntoSql, QueryResult};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use roundup::db::{
    ConnectErrorKind, DbErrorKind, Pool, PoolError, PoolOptions, PoolStatus, Target,
};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

fn pool(url: &str, size: usize) -> Pool {
    Pool::new(Target::parse(url).unwrap(), PoolOptions { size, ..PoolOptions::default() })
}

/// Returns a pool on the server with TLS, whose connections have a name in `pg_stat_activity`.
fn named(name: &str, size: usize) -> Pool {
    pool(&SECURE.url("roundup", "h", &format!("&application_name={name}")), size)
}

async fn backend_pid(connection: &mut AsyncPgConnection) -> i32 {
    diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()"))
        .get_result(connection)
        .await
        .unwrap()
}

async fn sleep_30_s(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    connection.batch_execute("SELECT pg_sleep(30)").await
}

/// Returns how many sessions with a name are running a query or have an open transaction.
async fn busy_sessions(name: &str) -> i64 {
    let target = Target::parse(&SECURE.socket_url("")).unwrap();
    let sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = $1 \
               AND state <> 'idle'";
    let (client, connection) = target.connect().await.unwrap();
    tokio::spawn(connection);
    client.query_one(sql, &[&name]).await.unwrap().get(0)
}

async fn wait_until_idle(name: &str, limit: Duration) {
    let began = Instant::now();
    while busy_sessions(name).await > 0 {
        assert!(began.elapsed() < limit, "still busy after {limit:?}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_checkout_has_a_time_limit_when_all_connections_are_in_use() {
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
            assert_eq!(error.kind(), ConnectErrorKind::Unreachable);
            assert!(error.to_string().contains("Connection refused"), "{error}");
            assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
        }
        other => panic!("{:?}", other.map(|_| "a connection")),
    }
}

#[tokio::test]
async fn a_checkout_has_a_time_limit_when_connecting_hangs() {
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
async fn a_connection_is_reused_after_a_transaction_and_an_error() {
    let pool = named("again", 1);
    let first = backend_pid(&mut pool.get().await.unwrap()).await;
    let mut conn = pool.get().await.unwrap();
    conn.transaction(async |conn| conn.batch_execute("SELECT 1").await).await.unwrap();
    conn.batch_execute("nonsense").await.unwrap_err();
    drop(conn);
    assert_eq!(backend_pid(&mut pool.get().await.unwrap()).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_dropped_at_its_deadline_is_cancelled_and_its_connection_closed() {
    let check = async |pool: &Pool, name: &str| {
        let mut conn = pool.get().await.unwrap();
        let first = backend_pid(&mut conn).await;
        timeout(Duration::from_millis(200), sleep_30_s(&mut conn)).await.unwrap_err();
        assert_eq!(busy_sessions(name).await, 1, "the query runs on");
        drop(conn);
        wait_until_idle(name, Duration::from_millis(500)).await;
        assert_ne!(backend_pid(&mut pool.get().await.unwrap()).await, first);
        assert_eq!(pool.status().size, 1);
    };
    check(&named("deadline", 1), "deadline").await;
    let target = SECURE.url("roundup", "h", "&application_name=worker_deadline");
    let options = PoolOptions { size: 2, workers: 1, ..Default::default() };
    let pool = Pool::new(Target::parse(&target).unwrap(), options);
    on_worker(&pool, async |pool| check(pool, "worker_deadline").await);
}

#[tokio::test]
async fn a_dropped_transaction_ends_at_once() {
    let pool = named("dropped", 1);
    let mut conn = pool.get().await.unwrap();
    let first = backend_pid(&mut conn).await;
    let work = conn.transaction(async |conn| {
        conn.batch_execute("SELECT pg_advisory_xact_lock(81)").await?;
        sleep(Duration::from_secs(30)).await;
        QueryResult::Ok(())
    });
    timeout(Duration::from_millis(200), work).await.unwrap_err();
    assert_eq!(busy_sessions("dropped").await, 1, "the transaction is open");
    drop(conn);
    wait_until_idle("dropped", Duration::from_millis(500)).await;
    assert_ne!(backend_pid(&mut pool.get().await.unwrap()).await, first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pool_recovers_from_work_dropped_at_any_moment() {
    let pool = named("storm", 4);
    let began = Instant::now();
    let work = async |pool: Pool| -> anyhow::Result<()> {
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
        async move { timeout(limit, work(pool)).await.is_ok() }
    }))
    .await;
    wait_until_idle("storm", Duration::from_secs(1)).await;
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
async fn a_suspended_server_does_not_block_the_pool() {
    let server = Server::start(Tls::Off);
    let pool = pool(&server.url("roundup", "h", ""), 2);
    let mut conn = pool.get().await.unwrap();
    let pids = vec![server.pid(), backend_pid(&mut conn).await];
    let frozen = Frozen::new(pids);
    timeout(Duration::from_millis(300), conn.batch_execute("SELECT 1")).await.unwrap_err();
    drop(conn);
    let began = Instant::now();
    assert!(pool.get().await.is_err(), "the server accepts but does not answer");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(frozen);
    pool.get().await.unwrap().batch_execute("SELECT 1").await.unwrap();
    assert_eq!(pool.status().size, 1);
}

#[tokio::test]
async fn the_pool_reconnects_after_a_server_crash() {
    let server = Server::start(Tls::Off);
    let pool = pool(&server.url("roundup", "h", ""), 2);
    let mut conn = pool.get().await.unwrap();
    let idle = backend_pid(&mut pool.get().await.unwrap()).await;
    signal("-KILL", &[backend_pid(&mut conn).await]);
    let error = conn.batch_execute("SELECT 1").await.unwrap_err();
    assert_eq!(DbErrorKind::of(&error), DbErrorKind::Unavailable, "{error:?}");
    drop(conn);
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        match pool.get().await {
            Ok(mut conn) => {
                // The idle connection works until the server has noticed the crash.
                let pid = diesel::dsl::sql::<Integer>("pg_backend_pid()");
                match diesel::select(pid).get_result::<i32>(&mut conn).await {
                    Ok(pid) if pid != idle => break,
                    Ok(_) => {}
                    Err(error) => {
                        assert_eq!(DbErrorKind::of(&error), DbErrorKind::Unavailable, "{error:?}");
                    }
                }
            }
            Err(PoolError::Connect(_)) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
        assert!(began.elapsed() < Duration::from_secs(30), "no new connection");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_connection_to_a_read_only_server_is_not_reused() {
    let pool = pool(&SECURE.url("reader", "h", ""), 1);
    let mut conn = pool.get().await.unwrap();
    let first = backend_pid(&mut conn).await;
    let error = conn.batch_execute("CREATE TABLE never ()").await.unwrap_err();
    assert_eq!(DbErrorKind::of(&error), DbErrorKind::ReadOnly);
    drop(conn);
    assert_ne!(backend_pid(&mut pool.get().await.unwrap()).await, first);
}

#[tokio::test]
async fn the_server_cancels_a_statement_at_its_timeout() {
    let options =
        PoolOptions { statement_timeout: Duration::from_millis(100), ..Default::default() };
    let pool = Pool::new(Target::parse(&SECURE.url("roundup", "h", "")).unwrap(), options);
    let mut conn = pool.get().await.unwrap();
    let error = sleep_30_s(&mut conn).await.unwrap_err();
    assert_eq!(DbErrorKind::of(&error), DbErrorKind::Timeout);
}

#[derive(diesel::QueryableByName)]
struct Session {
    #[diesel(sql_type = Text)]
    statement_timeout: String,
    #[diesel(sql_type = BigInt)]
    prepared: i64,
}

/// Runs queries that diesel keeps prepared where it may, and returns the state of the session.
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
async fn through_pgbouncer_the_session_has_no_state() {
    let direct = session("").await;
    assert_eq!((direct.statement_timeout.as_str(), direct.prepared), ("2s", 2));
    let pooled = session("&pgbouncer=true").await;
    assert_eq!((pooled.statement_timeout.as_str(), pooled.prepared), ("0", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_shared_connection_outlives_the_thread_that_asked_for_it() {
    let pool = pool(&PLAIN.url("roundup", "h", ""), 1);
    let shared = pool.clone();
    let worker = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { backend_pid(&mut shared.get().await.unwrap()).await })
    });
    let first = tokio::task::spawn_blocking(move || worker.join().unwrap()).await.unwrap();
    assert_eq!(backend_pid(&mut pool.get().await.unwrap()).await, first);
}

#[tokio::test]
async fn a_closed_pool_returns_no_connection_and_closes_those_in_use() {
    let pool = named("closed", 2);
    let conn = pool.get().await.unwrap();
    pool.close();
    assert!(matches!(pool.get().await, Err(PoolError::Closed)));
    drop(conn);
    assert_eq!(pool.status().size, 0);
}

/// Runs `work` on a worker thread, with a runtime and a part of the pool of its own.
fn on_worker<T: Send>(pool: &Pool, work: impl AsyncFnOnce(&Pool) -> T + Send) -> T {
    let worker = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            pool.init_worker();
            work(pool).await
        })
    };
    std::thread::scope(|scope| scope.spawn(worker).join().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_has_connections_of_its_own_until_it_ends() {
    let target = Target::parse(&SECURE.url("roundup", "h", "")).unwrap();
    let options = PoolOptions { size: 4, workers: 1, ..Default::default() };
    let pool = Pool::new(target, options);
    let of_worker = on_worker(&pool, async |pool| {
        let held = futures_util::future::join_all((0..3).map(|_| pool.get())).await;
        assert!(held.iter().all(Result::is_ok), "three of its own");
        let fourth = pool.get().await.unwrap();
        assert!(matches!(pool.get().await, Err(PoolError::Timeout(_))), "all four are in use");
        drop(held);
        let mut again = pool.get().await.unwrap();
        assert_eq!(pool.status(), PoolStatus { size: 4, available: 2, waiting: 0, max: 4 });
        drop(fourth);
        backend_pid(&mut again).await
    });
    let mut shared = pool.get().await.unwrap();
    assert_ne!(backend_pid(&mut shared).await, of_worker);
    assert!(matches!(pool.get().await, Err(PoolError::Timeout(_))), "the shared one is in use");
    assert_eq!(pool.status().size, 1, "the connections of the worker are closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_takes_the_first_free_connection_when_its_own_are_in_use() {
    let target = Target::parse(&SECURE.url("roundup", "h", "")).unwrap();
    let pool = Pool::new(target, PoolOptions { size: 2, workers: 1, ..Default::default() });
    let shared = pool.get().await.unwrap();
    on_worker(&pool, async |pool| {
        let own = pool.get().await.unwrap();
        let (next, ()) = tokio::join!(pool.get(), async {
            sleep(Duration::from_millis(50)).await;
            drop(own);
        });
        assert!(next.is_ok(), "its own became free");
        let (next, ()) = tokio::join!(pool.get(), async {
            sleep(Duration::from_millis(50)).await;
            drop(shared);
        });
        assert!(next.is_ok(), "the shared one became free");
    });
}
