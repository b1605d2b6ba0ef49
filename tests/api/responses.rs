//! Public responses: entity tags, content codings, content types and headers.

use crate::harness::TestApp;
use crate::harness::public_operations::{LENIENT, get_with, open, reads, uri};
use actix_web::http::header;
use std::io::Read as _;

#[tokio::test]
async fn a_matching_if_none_match_gets_304() {
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
            let response = get_with(&app, &uri, &[(header::IF_NONE_MATCH, sent)]).await;
            assert_eq!(response.status.as_u16(), expected, "{uri}: If-None-Match: {sent}");
            assert_eq!(response.bytes.is_empty(), expected == 304, "{uri}: {sent}");
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(
                    response.header(name),
                    fresh.header(name),
                    "{uri}: {name} of a {expected}"
                );
            }
        }
        let two = [(header::IF_NONE_MATCH, "\"other\""), (header::IF_NONE_MATCH, etag.as_str())];
        assert_eq!(get_with(&app, &uri, &two).await.status, 304, "{uri}: a list over two lines");
        let other = get_with(&app, &uri, &[(header::IF_MATCH, "\"other\"")]).await;
        other.problem(412, "version_mismatch");
    }
}

#[tokio::test]
async fn a_change_changes_the_etag() {
    let (app, site) = open().await;
    let uri = format!("/api/v1/articles/{}", site.article);
    let before = app.get(&uri).await.header("etag").to_owned();
    site.sql.execute("update articles set headline = 'Other'", &[]).await.unwrap();
    let response = get_with(&app, &uri, &[(header::IF_NONE_MATCH, &before)]).await;
    assert_eq!(response.ok()["headline"], "Other");
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
async fn every_content_coding_has_the_same_body_and_its_own_etag() {
    let (app, site) = open().await;
    let mut coded = 0;
    for operation in reads().iter().filter(|one| one.path != "/metrics") {
        let uri = uri(operation, &site);
        let plain = app.get(&uri).await;
        assert_eq!(plain.header("content-encoding"), "", "{uri}");
        let mut tags = vec![plain.header("etag").to_owned()];
        for coding in ["gzip", "br", "zstd"] {
            let response = get_with(&app, &uri, &[(header::ACCEPT_ENCODING, coding)]).await;
            let vary = response.headers.get_all("vary").filter_map(|names| names.to_str().ok());
            let mut names = vary.flat_map(|names| names.split(", "));
            assert!(names.any(|name| name == "Accept-Encoding"), "{uri}: {response:?}");
            assert_eq!(response.header("content-type"), plain.header("content-type"), "{uri}");
            if plain.bytes.len() < 600 {
                assert_eq!(
                    (response.header("content-encoding"), &response.bytes),
                    ("", &plain.bytes)
                );
                continue;
            }
            coded += 1;
            assert_eq!(response.header("content-encoding"), coding, "{uri}");
            assert!(response.bytes.len() < plain.bytes.len(), "{uri}: {coding}");
            assert!(decode(coding, &response.bytes) == plain.bytes, "{uri}: {coding}");
            tags.push(response.header("etag").to_owned());
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
async fn an_accept_header_without_json_gets_406() {
    let (app, site) = open().await;
    for operation in reads().iter().filter(|one| one.path.starts_with("/api/")) {
        let uri = uri(operation, &site);
        for accept in ["application/xml", "text/html", "application/json;q=0", "image/*, text/csv"]
        {
            let response = get_with(&app, &uri, &[(header::ACCEPT, accept)]).await;
            response.problem(406, "not_acceptable");
        }
        for accept in [
            "application/json",
            "*/*",
            "application/*;q=0.1",
            "text/html, */*;q=0.5",
            "text/html,application/json",
        ] {
            let response = get_with(&app, &uri, &[(header::ACCEPT, accept)]).await;
            assert_eq!(response.status, 200, "{uri}: Accept: {accept}");
        }
    }
}

#[tokio::test]
async fn the_root_is_html_for_browsers_and_json_for_scripts() {
    let app = TestApp::new().await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = get_with(&app, "/", &[(header::ACCEPT, browser)]).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text().starts_with("<!doctype html>"));
    let data = app.get("/").await;
    assert_eq!(data.header("content-type"), "application/json");
    for response in [&page, &data] {
        let vary: Vec<&str> =
            response.headers.get_all("vary").map(|v| v.to_str().unwrap()).collect();
        assert_eq!(vary, ["Accept", "Accept-Encoding"]);
        assert!(response.header("link").contains("</openapi.json>; rel=\"service-desc\""));
    }
    for list in data.json()["lists"].as_array().unwrap() {
        app.get(list.as_str().unwrap()).await.ok();
    }
}

#[tokio::test]
async fn a_request_id_is_echoed_or_generated() {
    let app = TestApp::new().await;
    let name = header::HeaderName::from_static("x-request-id");
    for uri in ["/api/v1/articles", "/nowhere", "/api/v1/articles?limit=0", "/livez"] {
        let response = get_with(&app, uri, &[(name.clone(), "trace-1.2_3")]).await;
        assert_eq!(response.header("x-request-id"), "trace-1.2_3", "{uri}");
        if response.status.is_client_error() {
            assert_eq!(response.json()["request_id"], "trace-1.2_3");
        }
        for odd in ["", "two words", &"x".repeat(129), "line\tbreak"] {
            let response = get_with(&app, uri, &[(name.clone(), odd)]).await;
            assert_eq!(response.header("x-request-id").len(), 16, "{uri}: {odd:?}");
        }
    }
}

#[tokio::test]
async fn every_response_has_security_and_cache_headers() {
    let (app, site) = open().await;
    let public = "public, max-age=0, s-maxage=30, stale-if-error=86400";
    let shared = "max-age=30, stale-while-revalidate=60, stale-if-error=86400";
    for operation in reads() {
        let uri = uri(&operation, &site);
        // The change feed must not lag behind itself.
        let live =
            LENIENT.contains(&operation.path.as_str()) || operation.path == "/api/v1/changes";
        let ok = app.get(&uri).await;
        assert_eq!(ok.header("cache-control"), if live { "no-store" } else { public }, "{uri}");
        assert_eq!(ok.header("cdn-cache-control"), if live { "" } else { shared }, "{uri}");
        let refused = app.call("DELETE", &uri).await;
        assert_eq!(refused.header("cdn-cache-control"), "", "{uri}");
        assert_eq!(refused.header("cache-control"), "no-store", "{uri}");
        let path = uri.split('?').next().unwrap_or_default();
        let missing = app.get(&format!("{path}/nowhere")).await;
        assert_eq!(missing.header("cache-control"), "no-store", "{uri}");
        for response in [ok, refused, missing] {
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("access-control-allow-origin", "*"),
                ("cross-origin-resource-policy", "cross-origin"),
            ] {
                assert_eq!(response.header(name), value, "{uri}: {name}");
            }
            let policy = response.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{uri}: {policy}");
            for exposed in ["ETag", "Link", "X-Request-Id", "Retry-After"] {
                assert!(
                    response.header("access-control-expose-headers").contains(exposed),
                    "{uri}"
                );
            }
            for telling in ["server", "x-powered-by", "set-cookie"] {
                assert!(!response.headers.contains_key(telling), "{uri}: {telling}");
            }
        }
    }
}

#[tokio::test]
async fn the_base_path_of_the_api_is_its_index() {
    let app = TestApp::new().await;
    let index = app.get("/api/v1").await.ok();
    assert_eq!((&index["api"], &index["docs"]), (&"/api/v1".into(), &"/docs/".into()));
    assert_eq!(app.get("/api/v1/").await.status, 404);
    app.get("/api/v1?x=1").await.problem(400, "unknown_parameter");
}

#[tokio::test]
async fn the_docs_page_may_load_its_own_scripts_and_styles() {
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
        let response = app.get(&format!("/docs/{part}")).await;
        assert_eq!(response.status, 200, "{part}");
        assert_eq!(response.header("x-content-type-options"), "nosniff");
        assert!(!response.header("content-type").is_empty(), "{part}");
    }
    let moved = app.get("/docs").await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (308, "/docs/"));
}
