//! Rate limits of comments and reports.

use crate::comment_posting::comment;
use crate::harness::client::Client;
use crate::harness::site::site;
use crate::harness::{Response, TestApp};
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use roundup::comments::Policy;
use roundup::config::Config;
use serde_json::json;

async fn limited(comments: u32, article: u32, reports: u32) -> TestApp {
    let config = Config {
        comment_policy: Policy::Open,
        comment_rate: comments,
        article_comment_rate: article,
        report_rate: reports,
        article_report_rate: 0,
        trusted_proxies: "10.0.0.0/8".parse().unwrap(),
        ..Config::defaults().unwrap()
    };
    TestApp::with(config).await
}

async fn post(client: &Client<'_>, article: i64) -> Response {
    let path = format!("/api/v1/articles/{article}/comments");
    client.post(&path, &comment("A", "Hello.")).await
}

#[tokio::test]
async fn the_comment_limit_admits_exactly_its_quota() {
    let app = limited(5, 0, 0).await;
    let article = site(&app).await.article;
    let reader = app.reader().from("192.0.2.1");
    for round in 0..2 {
        for left in (0..5).rev() {
            let response = post(&reader, article).await;
            assert_eq!(response.header("ratelimit-policy"), "\"client\";q=5;w=60");
            assert_eq!(response.header("ratelimit"), format!("\"client\";r={left};t=60"));
            response.expect(StatusCode::CREATED);
        }
        app.state.clock().advance(TimeDelta::seconds(20));
        let response = post(&reader, article).await;
        assert_eq!(response.header("retry-after"), "40", "round {round}");
        assert_eq!(response.header("ratelimit"), "\"client\";r=0;t=40");
        response.problem(429, "rate_limited");
        post(&app.reader().from("192.0.2.2"), article).await.expect(StatusCode::CREATED);
        app.state.clock().advance(TimeDelta::seconds(40));
    }
    app.reader().from("192.0.2.1").get("/api/v1/comments").await.ok();
}

#[tokio::test]
async fn a_429_has_the_rate_limit_headers() {
    let app = limited(5, 0, 0).await;
    let response = post(&app.reader(), 999_999).await;
    assert_eq!(response.header("ratelimit"), "\"client\";r=4;t=60");
    response.problem(404, "not_found");
}

#[tokio::test]
async fn forwarding_headers_count_only_from_a_trusted_proxy() {
    let app = limited(1, 0, 0).await;
    let article = site(&app).await.article;
    let spoof = |n: usize, peer: &str| {
        let header = if n.is_multiple_of(2) { "X-Forwarded-For" } else { "Forwarded" };
        let hop = format!("198.51.100.{n}");
        let value = if n.is_multiple_of(2) { hop } else { format!("for={hop}") };
        app.reader().from(peer).header(header, &value)
    };
    post(&spoof(0, "192.0.2.1"), article).await.expect(StatusCode::CREATED);
    for n in 1..10 {
        post(&spoof(n, "192.0.2.1"), article).await.problem(429, "rate_limited");
    }
    for n in 1..10 {
        post(&spoof(n, "10.1.2.3"), article).await.expect(StatusCode::CREATED);
    }
    post(&spoof(3, "10.9.9.9"), article).await.problem(429, "rate_limited");
}

#[tokio::test]
async fn an_ipv6_prefix_of_64_bits_is_one_client() {
    let app = limited(1, 0, 0).await;
    let article = site(&app).await.article;
    post(&app.reader().from("2001:db8:1:2::1"), article).await.expect(StatusCode::CREATED);
    post(&app.reader().from("2001:db8:1:2:ffff::9"), article).await.problem(429, "rate_limited");
    post(&app.reader().from("2001:db8:1:3::1"), article).await.expect(StatusCode::CREATED);
    post(&app.reader().from("::ffff:192.0.2.1"), article).await.expect(StatusCode::CREATED);
    post(&app.reader().from("192.0.2.1"), article).await.problem(429, "rate_limited");
}

#[tokio::test]
async fn each_article_has_its_own_limit() {
    let app = limited(0, 3, 0).await;
    let article = site(&app).await.article;
    for n in 0..3 {
        let from = format!("192.0.2.{n}");
        post(&app.reader().from(&from), article).await.expect(StatusCode::CREATED);
    }
    let response = post(&app.reader().from("192.0.2.9"), article).await;
    assert_eq!(response.header("ratelimit"), "\"article\";r=0;t=60");
    response.problem(429, "rate_limited");
}

#[tokio::test]
async fn a_limit_of_zero_is_no_limit() {
    let app = limited(0, 0, 0).await;
    let article = site(&app).await.article;
    for _ in 0..30 {
        let response = post(&app.reader(), article).await;
        assert_eq!(response.header("ratelimit"), "");
        assert!(response.status.is_success());
    }
}

#[tokio::test]
async fn reports_count_once_per_client_and_are_limited() {
    let app = limited(0, 0, 3).await;
    let site = site(&app).await;
    let path = format!("/api/v1/comments/{}/reports", site.comment);
    let report = json!({"reason": "It is an advertisement."});
    let editor = app.key("comments:moderate").await;
    let count = async || {
        let queued = editor.get("/api/v1/admin/comments?reported=true").await.ok();
        queued["items"][0]["report_count"].as_i64()
    };
    assert_eq!(count().await, None);
    for _ in 0..3 {
        let response = app.reader().from("192.0.2.1").post(&path, &report).await;
        assert_eq!(response.status, StatusCode::NO_CONTENT);
    }
    app.reader().from("192.0.2.1").post(&path, &report).await.problem(429, "rate_limited");
    assert_eq!(count().await, Some(1));
    app.reader().from("192.0.2.2").post(&path, &report).await;
    assert_eq!(count().await, Some(2));
    let one = editor.get(&format!("/api/v1/admin/comments/{}", site.comment)).await.ok();
    assert_eq!(one["reports"].as_array().unwrap().len(), 2);
    assert_eq!(one["reports"][0]["reason"], report["reason"]);
    let public = app.get(&format!("/api/v1/comments/{}", site.comment)).await.text();
    assert!(!public.contains("report"), "{public}");
    let approve = json!({"ids": [site.comment], "action": "reject"});
    editor.post("/api/v1/admin/comments/batch", &approve).await.ok();
    let gone = app.reader().from("192.0.2.3").post(&path, &report).await;
    gone.problem(404, "not_found");
    let approve = json!({"ids": [site.comment], "action": "approve"});
    editor.post("/api/v1/admin/comments/batch", &approve).await.ok();
    assert_eq!(count().await, None, "approving settles the reports");
    let empty = app.reader().from("192.0.2.4").post(&path, &json!({"reason": ""})).await;
    empty.problem(422, "invalid");
}
