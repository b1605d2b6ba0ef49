//! The metrics of `/metrics`.

use crate::harness::document::operations;
use crate::harness::{TestApp, patient};
use roundup::config::Config;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the request counts by status and the number of lines.
async fn counted(app: &TestApp) -> (BTreeMap<String, u64>, usize) {
    let text = app.get("/metrics").await.text();
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("http_server_request_duration_seconds_count{") else {
            continue;
        };
        if rest.contains("http_route=\"/metrics\"") {
            continue;
        }
        let status = rest.split("status_code=\"").nth(1).unwrap().split('"').next().unwrap();
        let count: u64 = rest.rsplit(' ').next().unwrap().parse().unwrap();
        *counts.entry(status.to_owned()).or_default() += count;
    }
    // The first request for the metrics is counted in the second.
    let series = |line: &&str| !line.starts_with('#') && !line.contains("http_route=\"/metrics\"");
    (counts, text.lines().filter(series).count())
}

/// A request with a unique path and sometimes a unique method.
async fn strange(app: &TestApp, n: usize) -> u16 {
    let uri = match n % 6 {
        0 => format!("/{n}"),
        1 => format!("/api/v1/articles/slug-{n}"),
        2 => format!("/api/v1/nothing-{n}/{n}"),
        3 => format!("/api/v1/outlets/{}/links", 1_000_000 + n),
        4 => format!("/api/v1/articles?tag=t{n}"),
        _ => format!("/api/v1/articles?page={n}"),
    };
    let method = if n.is_multiple_of(11) { format!("M{n}") } else { "GET".to_owned() };
    app.call(&method, &uri).await.status.as_u16()
}

/// `STRANGE=10000` is the number of docs/reliability.md.
#[tokio::test]
async fn unusual_requests_are_counted_without_new_series() {
    let app = TestApp::new().await;
    for n in 0..66 {
        strange(&app, n).await;
    }
    let (before, lines) = counted(&app).await;
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let requests = std::env::var_os("STRANGE");
    let requests = requests.map_or(2000, |n| n.to_string_lossy().parse().unwrap());
    for n in 66..66 + requests {
        *seen.entry(strange(&app, n).await.to_string()).or_default() += 1;
    }
    let (mut after, now) = counted(&app).await;
    assert_eq!(now, lines, "series that hang on what a client asks");
    let routes: BTreeSet<String> = operations().into_iter().map(|one| one.path).collect();
    println!("{requests} requests, {now} series, {} routes", routes.len());
    assert!(now <= 200 + 10 * routes.len(), "{now} series");
    for (status, count) in before {
        *after.get_mut(&status).unwrap() -= count;
    }
    assert_eq!(after, seen);
}

#[tokio::test]
async fn the_metrics_are_served_only_to_permitted_clients() {
    let app = TestApp::with(Config {
        trusted_proxies: "10.0.0.0/8".parse().unwrap(),
        metrics_from: Some("127.0.0.0/8,192.0.2.7".parse().unwrap()),
        ..patient()
    })
    .await;
    let from = |address: &str| app.reader().from(address);
    for peer in ["127.0.0.1", "127.9.9.9", "192.0.2.7", "::ffff:192.0.2.7"] {
        assert_eq!(from(peer).get("/metrics").await.status, 200, "{peer}");
    }
    for peer in ["192.0.2.8", "10.0.0.1", "2001:db8::1"] {
        from(peer).get("/metrics").await.problem(404, "not_found");
    }
    let by_proxy = from("10.0.0.1").header("X-Forwarded-For", "192.0.2.7");
    assert_eq!(by_proxy.get("/metrics").await.status, 200);
    // Behind an unknown proxy, every client seems to be local.
    for (header, value) in [("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=198.51.100.1")] {
        let any = from("127.0.0.1").header(header, value);
        any.get("/metrics").await.problem(404, "not_found");
    }
    let spoofed = from("192.0.2.8").header("X-Forwarded-For", "127.0.0.1");
    spoofed.get("/metrics").await.problem(404, "not_found");
}
