//! The metrics of `/metrics`.

use crate::comment_posting::comment;
use crate::harness::document::operations;
use crate::harness::site::{article, site};
use crate::harness::{TestApp, patient};
use actix_web::http::StatusCode;
use roundup::comments::Policy;
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

#[tokio::test]
async fn the_metrics_are_in_the_format_of_prometheus() {
    let app = crate::comment_posting::app(Policy::Hold).await;
    let site = site(&app).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    app.reader().post(&path, &comment("Ann", "Held.")).await.expect(StatusCode::ACCEPTED);
    article(&site.sql, "due", "scheduled", "2026-02-01Z").await;
    article(&site.sql, "later", "scheduled", "2027-02-01Z").await;
    let response = app.get("/metrics").await;
    assert_eq!(response.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(response.header("cache-control"), "no-store");
    let text = response.text();
    let (mut helps, mut types) = (BTreeSet::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.len() > 5 && helps.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(types.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
        } else {
            assert!(!line.starts_with('#'), "{line}");
            let name = line.split(['{', ' ']).next().unwrap();
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let kind = types.get(name).or_else(|| types.get(base?)).expect(line);
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert_eq!(kind == "histogram", base.is_some_and(|base| types.contains_key(base)));
        }
    }
    assert_eq!(helps, types.keys().cloned().collect());
    let version = format!("roundup_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"));
    // The sample site has a held comment, too.
    for wanted in ["roundup_held_comments 2", "roundup_due_articles 1", version.as_str()] {
        assert!(text.lines().any(|line| line == wanted), "{wanted}: {text}");
    }
    let names: &[&str] = if cfg!(target_os = "linux") {
        &["cpu_seconds_total", "start_time_seconds", "resident_memory_bytes", "open_fds", "max_fds"]
    } else {
        &[]
    };
    for name in names {
        let name = format!("process_{name} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&name)).expect(&name);
        assert!(value.parse::<f64>().unwrap() >= 0.0, "{name}");
    }
}

#[tokio::test]
async fn crawlers_get_rules_and_the_sitemap() {
    let config = Config {
        public_url: Some("https://api.example.org".parse().unwrap()),
        ..Config::defaults().unwrap()
    };
    let app = TestApp::with(config).await;
    let response = app.get("/robots.txt").await;
    assert_eq!(response.header("content-type"), "text/plain; charset=utf-8");
    let text = response.text();
    for line in [
        "User-agent: *",
        "Disallow: /api/v1/admin/",
        "Sitemap: https://api.example.org/sitemap.xml",
    ] {
        assert!(text.lines().any(|found| found == line), "{text}");
    }
}
