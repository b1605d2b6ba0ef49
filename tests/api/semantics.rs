//! What HTTP and the ground rules of the API ask of every public read, over all of them.

use crate::harness::document::{Operation, errors, operations};
use crate::harness::site::{Site, fill, site};
use crate::harness::wire::{ask, serve};
use crate::harness::{Reply, TestApp};
use actix_web::http::header;
use actix_web::test::TestRequest;
use roundup::config::Config;
use std::io::Read as _;

/// Addresses that take any query: a prober's or a scraper's parameter must not make them fail.
const LENIENT: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The public reads of the document.
fn reads() -> Vec<Operation> {
    let public = |one: &Operation| one.method == "GET" && !one.path.starts_with("/api/v1/admin");
    operations().into_iter().filter(public).collect()
}

/// The address of an operation on this site, with the parameters that it cannot do without.
fn uri(operation: &Operation, site: &Site) -> String {
    let mut uri = fill(&operation.path, site);
    for parameter in operation.parameters("query") {
        if parameter["required"] == true {
            let value = parameter["example"].as_str().unwrap_or_default();
            uri += if uri.contains('?') { "&" } else { "?" };
            uri += &format!("{}={value}", parameter["name"].as_str().unwrap());
        }
    }
    uri
}

/// The same address with one more parameter.
fn with(uri: &str, name: &str, value: &str) -> String {
    format!("{uri}{}{name}={value}", if uri.contains('?') { '&' } else { '?' })
}

/// An application with the small site, and what is on it.
async fn open() -> (TestApp, Site) {
    let app = TestApp::new().await;
    let site = site(&app).await;
    (app, site)
}

async fn get_with(app: &TestApp, uri: &str, headers: &[(header::HeaderName, &str)]) -> Reply {
    let mut request = TestRequest::get().uri(uri);
    for (name, value) in headers {
        request = request.append_header((name.clone(), *value));
    }
    app.send(request).await
}

#[tokio::test]
async fn every_read_answers_as_its_schema_says() {
    let (app, site) = open().await;
    let mut bodies = 0;
    for operation in reads() {
        let reply = app.get(&uri(&operation, &site)).await;
        assert_eq!(reply.status, 200, "{}: {}", operation.name(), reply.text());
        if let Some(schema) = operation.schema("200", reply.header("content-type")) {
            let wrong = errors(&schema, &reply.json());
            assert!(wrong.is_empty(), "{}: {wrong:#?}", operation.name());
            bodies += 1;
        }
    }
    assert!(bodies > 10, "only {bodies} bodies were looked at");
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
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
            headers.retain(|name, _| !["date", "x-request-id"].contains(&name.as_str()));
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
async fn an_answer_without_a_body_does_not_claim_one() {
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
        let reply = app.call("OPTIONS", &uri(&operation, &site)).await;
        let name = operation.name();
        assert_eq!((reply.status.as_u16(), reply.bytes.len()), (204, 0), "{name}");
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert!(reply.header("allow").split(", ").any(|m| m == method), "{name}: {reply:?}");
        }
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{name}");
        assert_eq!(reply.header("access-control-allow-methods"), reply.header("allow"), "{name}");
        assert!(reply.header("access-control-allow-headers").contains("If-None-Match"), "{name}");
        assert!(!reply.headers.contains_key("access-control-allow-credentials"), "{name}");
    }
    assert_eq!(app.call("OPTIONS", "/nowhere").await.status, 404);
}

#[tokio::test]
async fn a_wrong_method_is_refused_with_the_right_ones() {
    let (app, site) = open().await;
    let all = operations();
    for operation in reads() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            if all.iter().any(|one| one.path == operation.path && one.method == method) {
                continue;
            }
            let reply = app.call(method, &uri(&operation, &site)).await;
            let allow = reply.header("allow").to_owned();
            assert!(
                allow.contains("GET") && allow.contains("HEAD"),
                "{}: {allow}",
                operation.name()
            );
            let problem = reply.problem(405, "method_not_allowed");
            assert!(problem["detail"].as_str().unwrap().contains(&allow), "{problem}");
        }
    }
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_by_name() {
    let (app, site) = open().await;
    for operation in reads().iter().filter(|one| !LENIENT.contains(&one.path.as_str())) {
        let uri = uri(operation, &site);
        let problem = app.get(&with(&uri, "zzz%0Azzz", "1")).await;
        problem.problem(400, "bad_parameter");
        let problem = app.get(&with(&uri, "zzzzzzzz", "1")).await.problem(400, "unknown_parameter");
        assert_eq!(problem["errors"][0]["parameter"], "zzzzzzzz", "{problem}");
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().unwrap();
            let misspelt = format!("{name}{}", name.chars().last().unwrap());
            let reply = app.get(&with(&uri, &misspelt, "1")).await;
            let problem = reply.problem(400, "unknown_parameter");
            assert_eq!(problem["errors"][0]["parameter"], misspelt, "{problem}");
            assert_eq!(problem["errors"][0]["did_you_mean"], name, "{problem}");
        }
    }
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused() {
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
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "every mistake is told: {problem}");
}

#[tokio::test]
async fn a_limit_is_never_cut() {
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
            let reply = app.get(&with(&uri, "limit", limit)).await.ok();
            let page =
                if reply["page"].is_null() { &reply["replies"]["page"] } else { &reply["page"] };
            assert_eq!(page["limit"].to_string(), limit, "{uri}");
        }
    }
    assert!(lists >= 9, "only {lists} lists were looked at");
}

/// Texts that have broken services: what is no UTF-8, no text, no name, or not small.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "%00",
        "a%00b",
        "%ff",
        "%c3%28",
        "%F0%9F",
        "%ED%A0%80",
        "%0a",
        "%0d%0aX-Evil:1",
        "%",
        "%zz",
        "%2e%2e",
        "..%2f..",
        "%2F",
        "a%2Fb",
        "%5c",
        "%7f",
        "%EF%BB%BF",
        "%E2%80%AE",
        "'",
        "%27%3B--",
        "%22",
        "\\",
        "*",
        "-1",
        "0",
        "9007199254740992",
        "9223372036854775808",
        "1e400",
        "NaN",
        "null",
        "true",
        "{}",
        "[]",
        "%F0%9F%A6%80",
        "ı",
        "a,b,,c",
        ",",
        "%2B",
        "+",
        "%25",
        "%2525",
        "2014-13-45",
        "0000-00-00",
        "99999-01-01",
        "-4713-01-01T00:00:00Z",
        "9999-12-31T23:59:60Z",
        "eyJ0IjoiIn0",
        "=",
        "==",
        "%3D",
    ]
    .map(|text| if text.is_ascii() { text.to_owned() } else { "%C4%B1".to_owned() })
    .into();
    texts.push("x".repeat(5000));
    texts.push("%00".repeat(1000));
    texts.push("1,".repeat(400) + "1");
    texts.push("9".repeat(400));
    texts
}

#[tokio::test]
async fn no_text_in_an_address_breaks_the_service() {
    let (app, site) = open().await;
    let check = async |uri: String| {
        let Ok(_) = uri.parse::<actix_web::http::Uri>() else { return };
        let reply = app.get(&uri).await;
        let status = reply.status.as_u16();
        let start: String = uri.chars().take(120).collect();
        assert!(status < 500, "{start}: {status} {}", reply.text());
        if status >= 400 {
            assert_eq!(reply.header("content-type"), "application/problem+json", "{start}");
        }
    };
    for operation in reads() {
        let names: Vec<_> = operation.parameters("query");
        for text in hostile() {
            if let Some((before, after)) = operation.path.split_once('{') {
                let after = after.split_once('}').unwrap().1;
                check(format!("{before}{text}{after}")).await;
            }
            for name in &names {
                let name = name["name"].as_str().unwrap();
                check(with(&fill(&operation.path, &site), name, &text)).await;
            }
            check(format!("{}?{text}", fill(&operation.path, &site))).await;
        }
    }
}

#[tokio::test]
async fn no_bytes_in_a_request_line_break_the_service() {
    let (app, _) = open().await;
    let address = serve(&app);
    let targets: [&[u8]; 8] = [
        b"/api/v1/articles/\xff\xfe",
        b"/api/v1/articles/\xc3\xa9",
        b"/api/v1/articles?tag=\xff",
        b"/api/v1/articles?tag=\xc3\xa9",
        b"/\x00",
        b"//api/v1/articles",
        b"/api/v1/../v1/articles",
        b"http://elsewhere.example/api/v1/tags?limit=0",
    ];
    for target in targets {
        let answer = ask(address, "GET", target).await;
        let shown = String::from_utf8_lossy(target);
        assert!((400..500).contains(&answer.status), "{shown}: {}", answer.status);
    }
    let long = [b"/api/v1/articles?tag=".as_slice(), &[b'x'; 200_000]].concat();
    assert!((400..500).contains(&ask(address, "GET", &long).await.status));
    assert_eq!(ask(address, "GET", b"/livez").await.status, 200);
}

#[tokio::test]
async fn a_slash_at_the_end_is_another_address() {
    let (app, site) = open().await;
    for operation in reads().iter().filter(|one| one.path != "/") {
        let slashed = format!("{}/", fill(&operation.path, &site));
        app.get(&slashed).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_client_that_has_the_body_is_not_sent_it_again() {
    let (app, site) = open().await;
    for operation in reads().iter().filter(|one| one.path != "/metrics") {
        let uri = uri(operation, &site);
        let fresh = app.get(&uri).await;
        let etag = fresh.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 10, "{uri}: {etag}");
        let weak = format!("W/{etag}");
        let listed = format!("\"other\", {etag} , \"third\"");
        for (sent, expected) in [
            (etag.as_str(), 304),
            (weak.as_str(), 304),
            (listed.as_str(), 304),
            ("*", 304),
            ("\"other\"", 200),
            ("other", 200),
            ("", 200),
            ("\"", 200),
        ] {
            let reply = get_with(&app, &uri, &[(header::IF_NONE_MATCH, sent)]).await;
            assert_eq!(reply.status.as_u16(), expected, "{uri}: If-None-Match: {sent}");
            assert_eq!(reply.bytes.is_empty(), expected == 304, "{uri}: {sent}");
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(reply.header(name), fresh.header(name), "{uri}: {name} of a {expected}");
            }
        }
        let two = [(header::IF_NONE_MATCH, "\"other\""), (header::IF_NONE_MATCH, etag.as_str())];
        assert_eq!(get_with(&app, &uri, &two).await.status, 304, "{uri}: a list over two lines");
    }
}

#[tokio::test]
async fn a_change_gives_another_tag() {
    let (app, site) = open().await;
    let uri = format!("/api/v1/articles/{}", site.article);
    let before = app.get(&uri).await.header("etag").to_owned();
    site.sql.execute("update articles set headline = 'Other'", &[]).await.unwrap();
    let reply = get_with(&app, &uri, &[(header::IF_NONE_MATCH, &before)]).await;
    assert_eq!(reply.ok()["headline"], "Other");
}

fn decode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain).unwrap(),
        "zstd" => zstd::Decoder::new(bytes).unwrap().read_to_end(&mut plain).unwrap(),
        _ => bytes.take(u64::MAX).read_to_end(&mut plain).unwrap(),
    };
    plain
}

#[tokio::test]
async fn every_coding_gives_the_same_body_under_a_tag_of_its_own() {
    let (app, site) = open().await;
    let mut coded = 0;
    for operation in reads().iter().filter(|one| one.path != "/metrics") {
        let uri = uri(operation, &site);
        let plain = app.get(&uri).await;
        assert_eq!(plain.header("content-encoding"), "", "{uri}");
        let mut tags = vec![plain.header("etag").to_owned()];
        for coding in ["gzip", "br", "zstd"] {
            let reply = get_with(&app, &uri, &[(header::ACCEPT_ENCODING, coding)]).await;
            let mut vary = reply.headers.get_all("vary");
            assert!(vary.any(|name| name == "Accept-Encoding"), "{uri}: {reply:?}");
            assert_eq!(reply.header("content-type"), plain.header("content-type"), "{uri}");
            if plain.bytes.len() < 600 {
                assert_eq!((reply.header("content-encoding"), &reply.bytes), ("", &plain.bytes));
                continue;
            }
            coded += 1;
            assert_eq!(reply.header("content-encoding"), coding, "{uri}");
            assert!(reply.bytes.len() < plain.bytes.len(), "{uri}: {coding}");
            assert!(decode(coding, &reply.bytes) == plain.bytes, "{uri}: {coding}");
            tags.push(reply.header("etag").to_owned());
            let again = [(header::ACCEPT_ENCODING, coding), (header::IF_NONE_MATCH, &tags[0])];
            assert_eq!(get_with(&app, &uri, &again).await.status, 304, "{uri}: another coding's");
        }
        tags.sort();
        let all = tags.len();
        tags.dedup();
        assert_eq!(tags.len(), all, "{uri}: {tags:?}");
    }
    assert!(coded > 10, "only {coded} coded bodies were looked at");
    let none = [(header::ACCEPT_ENCODING, "identity;q=0, *;q=0")];
    get_with(&app, "/api/v1/articles", &none).await.problem(406, "not_acceptable");
}

#[tokio::test]
async fn a_client_that_takes_no_json_is_told() {
    let (app, site) = open().await;
    for operation in reads().iter().filter(|one| one.path.starts_with("/api/")) {
        let uri = uri(operation, &site);
        for accept in ["application/xml", "text/html", "application/json;q=0", "image/*, text/csv"]
        {
            let reply = get_with(&app, &uri, &[(header::ACCEPT, accept)]).await;
            reply.problem(406, "not_acceptable");
        }
        for accept in [
            "application/json",
            "*/*",
            "application/*;q=0.1",
            "text/html, */*;q=0.5",
            "text/html,application/json",
        ] {
            let reply = get_with(&app, &uri, &[(header::ACCEPT, accept)]).await;
            assert_eq!(reply.status, 200, "{uri}: Accept: {accept}");
        }
    }
}

#[tokio::test]
async fn the_front_door_is_a_page_for_a_browser_and_data_for_a_script() {
    let app = TestApp::new().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = get_with(&app, "/", &[(header::ACCEPT, browser)]).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text().starts_with("<!doctype html>"));
    let data = app.get("/").await;
    assert_eq!(data.header("content-type"), "application/json");
    for reply in [&page, &data] {
        let vary: Vec<&str> = reply.headers.get_all("vary").map(|v| v.to_str().unwrap()).collect();
        assert_eq!(vary, ["Accept", "Accept-Encoding"]);
        assert!(reply.header("link").contains("</openapi.json>; rel=\"service-desc\""));
    }
    for list in data.json()["lists"].as_array().unwrap() {
        app.get(list.as_str().unwrap()).await.ok();
    }
}

#[tokio::test]
async fn a_request_id_goes_through_or_is_made() {
    let app = TestApp::new().await;
    let name = header::HeaderName::from_static("x-request-id");
    for uri in ["/api/v1/articles", "/nowhere", "/api/v1/articles?limit=0", "/livez"] {
        let reply = get_with(&app, uri, &[(name.clone(), "trace-1.2_3")]).await;
        assert_eq!(reply.header("x-request-id"), "trace-1.2_3", "{uri}");
        if reply.status.is_client_error() {
            assert_eq!(reply.json()["request_id"], "trace-1.2_3");
        }
        for odd in ["", "two words", &"x".repeat(129), "line\tbreak"] {
            let reply = get_with(&app, uri, &[(name.clone(), odd)]).await;
            assert_eq!(reply.header("x-request-id").len(), 16, "{uri}: {odd:?}");
        }
    }
}

#[tokio::test]
async fn every_answer_is_safe_to_open_and_says_how_long_it_keeps() {
    let (app, site) = open().await;
    let public = "public, max-age=0, s-maxage=30, stale-while-revalidate=60, stale-if-error=86400";
    for operation in reads() {
        let uri = uri(&operation, &site);
        let live = LENIENT.contains(&operation.path.as_str());
        let ok = app.get(&uri).await;
        assert_eq!(ok.header("cache-control"), if live { "no-store" } else { public }, "{uri}");
        let refused = app.call("DELETE", &uri).await;
        assert_eq!(refused.header("cache-control"), "no-store", "{uri}");
        let missing = app.get(&format!("{uri}/nowhere")).await;
        assert_eq!(missing.header("cache-control"), "no-store", "{uri}");
        for reply in [ok, refused, missing] {
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("access-control-allow-origin", "*"),
                ("cross-origin-resource-policy", "cross-origin"),
            ] {
                assert_eq!(reply.header(name), value, "{uri}: {name}");
            }
            let policy = reply.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{uri}: {policy}");
            for exposed in ["ETag", "Link", "X-Request-Id", "Retry-After"] {
                assert!(reply.header("access-control-expose-headers").contains(exposed), "{uri}");
            }
            for telling in ["server", "x-powered-by", "set-cookie"] {
                assert!(!reply.headers.contains_key(telling), "{uri}: {telling}");
            }
        }
    }
}

#[tokio::test]
async fn the_page_of_the_documentation_may_load_its_own_parts() {
    let app = TestApp::new().await;
    let page = app.get("/docs/").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").to_owned();
    for directive in
        ["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"]
    {
        assert!(policy.contains(directive), "{policy}");
    }
    let text = page.text();
    assert!(!text.contains("src=\"http") && !text.contains("href=\"http"), "{text}");
    for part in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        assert!(text.contains(part), "{text}");
        let reply = app.get(&format!("/docs/{part}")).await;
        assert_eq!(reply.status, 200, "{part}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(!reply.header("content-type").is_empty(), "{part}");
    }
    let moved = app.get("/docs").await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (308, "/docs/"));
}

/// Codes that no handler names: answers of actix's own that `Error::from_status` recognises.
const FROM_STATUS: [&str; 3] = ["RequestTimeout", "UriTooLong", "HeadersTooLarge"];

fn sources(dir: &std::path::Path, into: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_code_of_the_table_is_used() {
    let mut text = String::new();
    sources(concat!(env!("CARGO_MANIFEST_DIR"), "/src").as_ref(), &mut text);
    for code in roundup::error::Code::ALL {
        let name = format!("{code:?}");
        let used = text.contains(&format!("Code::{name}"));
        assert_eq!(used, !FROM_STATUS.contains(&name.as_str()), "Code::{name}");
    }
}

#[tokio::test]
async fn the_type_of_every_problem_answers() {
    let app = TestApp::new().await;
    let list = app.get("/problems").await.ok();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), roundup::error::Code::ALL.len());
    for kind in items {
        let code = kind["code"].as_str().unwrap();
        assert_eq!(app.get(&format!("/problems/{code}")).await.ok(), *kind);
        assert_eq!(roundup::error::Code::ALL.iter().filter(|c| c.as_str() == code).count(), 1);
    }
    let problem = app.get("/problems/nothing").await.problem(404, "not_found");
    assert_eq!(problem["type"], "/problems/not_found");
    assert_eq!(problem["errors"], serde_json::json!([]));
}

#[tokio::test]
async fn every_problem_has_the_form_of_the_document() {
    let (app, site) = open().await;
    let schema = serde_json::json!({"$ref": "#/components/schemas/Problem"});
    let schema = crate::harness::document::validator(&schema);
    for (method, uri) in [
        ("GET", "/nowhere".to_owned()),
        ("GET", "/api/v1/articles/nowhere".to_owned()),
        ("GET", "/api/v1/articles?limit=0&sort=best&colour=red".to_owned()),
        ("DELETE", format!("/api/v1/articles/{}", site.article)),
        ("GET", "/api/v1/articles?after=x".to_owned()),
        ("GET", "/api/v1/articles?fields=headlin".to_owned()),
    ] {
        let reply = app.call(method, &uri).await;
        let problem = reply.json();
        let wrong = errors(&schema, &problem);
        assert!(wrong.is_empty(), "{method} {uri}: {wrong:#?}");
        let kind = app.get(problem["type"].as_str().unwrap()).await.ok();
        for member in ["code", "title", "status"] {
            assert_eq!(kind[member], problem[member], "{method} {uri}");
        }
    }
}

#[tokio::test]
async fn a_statement_that_the_database_ends_is_a_504_without_its_sql() {
    // Our own deadline is put off, so that it is the database's that passes.
    let query_deadline_ms = std::time::Duration::from_mins(1);
    let app = TestApp::with(Config { query_deadline_ms, ..Config::defaults().unwrap() }).await;
    let site = site(&app).await;
    site.sql.batch_execute("begin; lock table articles").await.unwrap();
    let reply = app.get("/api/v1/articles").await;
    let text = reply.text().to_lowercase();
    reply.problem(504, "deadline");
    assert!(!text.contains("select") && !text.contains("articles where"), "{text}");
    site.sql.batch_execute("rollback").await.unwrap();
    app.get("/api/v1/articles").await.ok();
}

#[tokio::test]
async fn a_defect_is_a_500_that_keeps_its_cause_to_itself() {
    let (app, site) = open().await;
    site.sql.batch_execute("alter table articles rename column dek to dock").await.unwrap();
    let reply = app.get("/api/v1/articles").await;
    let text = reply.text();
    reply.problem(500, "internal");
    assert!(!text.contains("dek") && !text.contains("column"), "{text}");
}
