//! HTTP methods and query parameters of every public read.

use crate::harness::document::{Operation, errors, operations};
use crate::harness::public_operations::{LENIENT, open, reads, uri, with};
use crate::harness::raw_http::{ask, serve};
use crate::harness::site::fill;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn every_read_matches_its_schema() {
    let (app, site) = open().await;
    let mut bodies = 0;
    for operation in reads() {
        let response = app.get(&uri(&operation, &site)).await;
        assert_eq!(response.status, 200, "{}: {}", operation.name(), response.text());
        if let Some(schema) = operation.schema("200", response.header("content-type")) {
            let wrong = errors(&schema, &response.json());
            assert!(wrong.is_empty(), "{}: {wrong:#?}", operation.name());
            bodies += 1;
        }
    }
    assert!(bodies > 10, "only {bodies} bodies were looked at");
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let (app, site) = open().await;
    let address = serve(&app);
    for operation in reads() {
        let uri = uri(&operation, &site);
        let mut get = ask(address, "GET", uri.as_bytes()).await;
        let mut head = ask(address, "HEAD", uri.as_bytes()).await;
        assert_eq!((get.status, head.status), (200, 200), "{uri}");
        assert!(head.body.is_empty(), "{uri}: {} bytes", head.body.len());
        let length = get.headers["content-length"].parse::<usize>().unwrap();
        assert_eq!(length, get.body.len(), "{uri}");
        for headers in [&mut get.headers, &mut head.headers] {
            // The second response is from the cache.
            let own = ["date", "x-request-id", "age", "cache-status"];
            headers.retain(|name, _| !own.contains(&name.as_str()));
            if operation.path == "/metrics" {
                headers.retain(|name, _| !["content-length", "etag"].contains(&name.as_str()));
            }
        }
        assert_eq!(get.headers, head.headers, "{uri}");
    }
    let missing = ask(address, "HEAD", b"/api/v1/articles/0").await;
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[tokio::test]
async fn a_response_without_a_body_has_no_content_headers() {
    let (app, _) = open().await;
    let address = serve(&app);
    let etag = ask(address, "GET", b"/api/v1/tags").await.headers["etag"].clone();
    let target = format!("/api/v1/tags HTTP/1.1\r\nif-none-match: {etag}\r\nx-ignore:");
    let not_modified = ask(address, "GET", target.as_bytes()).await;
    assert_eq!((not_modified.status, not_modified.body.len()), (304, 0));
    assert_ne!(not_modified.headers.get("content-length").map(String::as_str), Some("0"));
    let preflight = ask(address, "OPTIONS", b"/api/v1/tags").await;
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
    assert_eq!(preflight.headers.get("content-length"), None);
}

#[tokio::test]
async fn options_lists_the_methods_and_allows_any_origin() {
    let (app, site) = open().await;
    for operation in reads() {
        let response = app.call("OPTIONS", &uri(&operation, &site)).await;
        let name = operation.name();
        assert_eq!((response.status.as_u16(), response.bytes.len()), (204, 0), "{name}");
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert!(
                response.header("allow").split(", ").any(|m| m == method),
                "{name}: {response:?}"
            );
        }
        assert_eq!(response.header("access-control-allow-origin"), "*", "{name}");
        assert_eq!(
            response.header("access-control-allow-methods"),
            response.header("allow"),
            "{name}"
        );
        assert_eq!(response.header("access-control-allow-headers"), "*", "{name}");
        assert!(!response.headers.contains_key("access-control-allow-credentials"), "{name}");
    }
    assert_eq!(app.call("OPTIONS", "/nowhere").await.status, 404);
}

#[tokio::test]
async fn a_wrong_method_is_405_with_allow() {
    let (app, site) = open().await;
    let all = operations();
    for operation in reads() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            if all.iter().any(|one| one.path == operation.path && one.method == method) {
                continue;
            }
            let response = app.call(method, &uri(&operation, &site)).await;
            let allow = response.header("allow").to_owned();
            assert!(
                allow.contains("GET") && allow.contains("HEAD"),
                "{}: {allow}",
                operation.name()
            );
            let problem = response.problem(405, "method_not_allowed");
            assert!(problem["detail"].as_str().unwrap().contains(&allow), "{problem}");
        }
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_rejected_with_its_name() {
    let (app, site) = open().await;
    // oEmbed ignores unknown parameters.
    let strict =
        |one: &&Operation| !LENIENT.contains(&one.path.as_str()) && !one.path.ends_with("/oembed");
    for operation in reads().iter().filter(strict) {
        let uri = uri(operation, &site);
        let problem = app.get(&with(&uri, "zzz%0Azzz", "1")).await;
        problem.problem(400, "bad_parameter");
        let problem = app.get(&with(&uri, "zzzzzzzz", "1")).await.problem(400, "unknown_parameter");
        assert_eq!(problem["errors"][0]["parameter"], "zzzzzzzz", "{problem}");
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().unwrap();
            let misspelt = format!("{name}{}", name.chars().last().unwrap());
            let response = app.get(&with(&uri, &misspelt, "1")).await;
            let problem = response.problem(400, "unknown_parameter");
            assert_eq!(problem["errors"][0]["parameter"], misspelt, "{problem}");
            assert_eq!(problem["errors"][0]["did_you_mean"], name, "{problem}");
        }
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_rejected() {
    let (app, site) = open().await;
    for operation in reads() {
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().unwrap();
            let twice = with(&with(&fill(&operation.path, &site), name, "1"), name, "1");
            let problem = app.get(&twice).await.problem(400, "repeated_parameter");
            assert_eq!(problem["errors"][0]["parameter"], name, "{problem}");
        }
    }
    let both = app.get("/api/v1/tags?limit=1&limit=2&colour=red&sort=name&sort=name").await;
    let problem = both.problem(400, "unknown_parameter");
    assert_eq!(
        problem["errors"].as_array().unwrap().len(),
        3,
        "every mistake is reported: {problem}"
    );
}

#[tokio::test]
async fn a_limit_that_is_too_large_is_rejected() {
    let (app, site) = open().await;
    let mut lists = 0;
    for operation in reads() {
        if operation.parameters("query").iter().all(|parameter| parameter["name"] != "limit") {
            continue;
        }
        lists += 1;
        let uri = uri(&operation, &site);
        for limit in ["0", "101", "-1", "9223372036854775807"] {
            let problem =
                app.get(&with(&uri, "limit", limit)).await.problem(400, "limit_out_of_range");
            assert_eq!(problem["errors"][0]["parameter"], "limit", "{problem}");
        }
        for limit in ["abc", "", "1.5", "1e1", "9223372036854775808", "%EF%BC%91"] {
            let problem = app.get(&with(&uri, "limit", limit)).await.problem(400, "bad_parameter");
            assert_eq!(problem["errors"][0]["parameter"], "limit", "{problem}");
        }
        for limit in ["1", "100"] {
            let response = app.get(&with(&uri, "limit", limit)).await;
            // The change feed has no pages.
            let is_feed = uri.starts_with("/api/v1/changes");
            if response.header("content-type") != "application/json" || is_feed {
                assert_eq!(response.status, 200, "{uri}");
                continue;
            }
            let response = response.ok();
            let page = if response["page"].is_null() {
                &response["replies"]["page"]
            } else {
                &response["page"]
            };
            assert_eq!(page["limit"].to_string(), limit, "{uri}");
        }
    }
    assert!(lists >= 9, "only {lists} lists were looked at");
}

#[tokio::test]
async fn a_trailing_slash_is_404() {
    let (app, site) = open().await;
    for operation in reads().iter().filter(|one| one.path != "/") {
        let slashed = format!("{}/", fill(&operation.path, &site));
        app.get(&slashed).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_value_longer_than_documented_is_rejected() {
    let (app, site) = open().await;
    let mut values = 0;
    for operation in reads() {
        for parameter in operation.parameters("query") {
            let Some(most) = parameter["schema"]["maxLength"].as_u64() else { continue };
            let name = parameter["name"].as_str().unwrap();
            let value = "x".repeat(usize::try_from(most).unwrap() + 1);
            let uri = with(&fill(&operation.path, &site), name, &value);
            let (status, code) =
                if name == "q" { (422, "invalid") } else { (400, "bad_parameter") };
            let problem = app.get(&uri).await.problem(status, code);
            assert_eq!(problem["errors"][0]["parameter"], name, "{problem}");
            values += 1;
        }
    }
    assert!(values > 20, "only {values} parameters have a length");
}

#[tokio::test]
async fn a_half_closed_connection_still_gets_its_response() {
    let (app, _) = open().await;
    let sql = app.sql().await;
    sql.batch_execute("begin; lock table articles").await.unwrap();
    let mut stream = TcpStream::connect(serve(&app)).await.unwrap();
    stream.write_all(b"GET /api/v1/articles HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    // So the service waits for rows when the client closes its side.
    tokio::time::sleep(Duration::from_millis(300)).await;
    sql.batch_execute("rollback").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with('}'), "{answer}");
}
