//! Error responses.

use crate::harness::TestApp;
use crate::harness::document::errors;
use crate::harness::public_operations::open;
use crate::harness::site::site;
use roundup::config::Config;

/// Codes that no code names: `Error::from_status` derives them from actix's own responses.
const FROM_STATUS: [&str; 1] = ["HeadersTooLarge"];

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
fn every_error_code_is_used() {
    let mut text = String::new();
    sources(concat!(env!("CARGO_MANIFEST_DIR"), "/src").as_ref(), &mut text);
    for code in roundup::error::Code::ALL {
        let name = format!("{code:?}");
        let used = text.contains(&format!("Code::{name}"));
        assert_eq!(used, !FROM_STATUS.contains(&name.as_str()), "Code::{name}");
    }
}

#[tokio::test]
async fn the_type_of_every_problem_is_a_page() {
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
async fn every_problem_matches_its_schema() {
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
        let response = app.call(method, &uri).await;
        let problem = response.json();
        let wrong = errors(&schema, &problem);
        assert!(wrong.is_empty(), "{method} {uri}: {wrong:#?}");
        let kind = app.get(problem["type"].as_str().unwrap()).await.ok();
        for member in ["code", "title", "status"] {
            assert_eq!(kind[member], problem[member], "{method} {uri}");
        }
    }
}

#[tokio::test]
async fn a_statement_timeout_is_504_without_sql() {
    // The service's deadline is later, so the statement timeout comes first.
    let query_deadline_ms = std::time::Duration::from_mins(1);
    let app = TestApp::with(Config { query_deadline_ms, ..Config::defaults().unwrap() }).await;
    let site = site(&app).await;
    site.sql.batch_execute("begin; lock table articles").await.unwrap();
    let response = app.get("/api/v1/articles").await;
    let text = response.text().to_lowercase();
    response.problem(504, "deadline");
    assert!(!text.contains("select") && !text.contains("articles where"), "{text}");
    site.sql.batch_execute("rollback").await.unwrap();
    app.get("/api/v1/articles").await.ok();
}

#[tokio::test]
async fn an_internal_error_is_500_without_its_cause() {
    let (app, site) = open().await;
    site.sql.batch_execute("alter table articles rename column dek to dock").await.unwrap();
    let response = app.get("/api/v1/articles").await;
    let text = response.text();
    response.problem(500, "internal");
    assert!(!text.contains("dek") && !text.contains("column"), "{text}");
}

#[tokio::test]
async fn a_problem_truncates_quoted_input() {
    let app = TestApp::new().await;
    let schema = serde_json::json!({"$ref": "#/components/schemas/Problem"});
    let schema = crate::harness::document::validator(&schema);
    let uri = format!("/api/v1/articles?fields={}", "%C3%A9".repeat(1000));
    let problem = app.get(&uri).await.problem(400, "bad_parameter");
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert_eq!((message.chars().count(), message.chars().last()), (1000, Some('…')));
    assert_eq!(errors(&schema, &problem), Vec::<String>::new());
    let uri = format!("/api/v1/articles?{}=1", "x".repeat(3000));
    let problem = app.get(&uri).await.problem(400, "unknown_parameter");
    assert_eq!(errors(&schema, &problem), Vec::<String>::new());
}
