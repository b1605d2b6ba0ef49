//! Imports over HTTP.

use super::*;
use crate::harness::site::HARBOUR;
use crate::harness::{patient, start};
use roundup::config::Config;
use roundup::transfer::import::{InputFile, Options, import_files};
use serde_json::json;

#[tokio::test]
async fn an_import_over_http_has_the_report_of_the_command_line() {
    let (app, other) = (TestApp::new().await, TestApp::new().await);
    let client = app.key("imports:write").await;
    let wxr = blog(300, 5);
    let job = import(&client, "?filename=blog.xml", &wxr).await;
    let size = wxr.len();
    let mut conn = other.target.establish().await.unwrap();
    let source = InputFile::from_bytes("blog.xml", wxr.into_bytes());
    let report =
        import_files(&mut conn, vec![source], Options::default(), start(), &mut |_| {}).await;
    assert_eq!(job["report"], serde_json::to_value(report.unwrap()).unwrap());
    assert_eq!(job["report"]["created"]["comments"], 1500);
    assert_eq!((&job["state"], &job["message"]), (&json!("done"), &Value::Null));
    assert_eq!((&job["kind"], &job["name"]), (&json!("import"), &json!("blog.xml")));
    assert_eq!(job["progress"]["read"], size);
    assert_eq!(job["progress"]["total"], size);
    assert!(job["progress"]["records"].as_i64().unwrap() >= 1800, "{job}");
    assert!(job["started_at"].is_string() && job["finished_at"].is_string());
    let deeds = "select count(*) from audit where object_kind = 'job' and \
                 (action = 'import.create' and key_name = 'imports:write' and detail ->> 'filename' = 'blog.xml' \
                  or action = 'import.finish' and key_id is null and detail ->> 'state' = 'done')";
    assert_eq!(count(&app, deeds).await, 2);
    // The cache is invalidated.
    assert_eq!(app.get("/api/v1/articles?count=exact").await.ok()["page"]["total"], 300);
}

#[tokio::test]
async fn a_repeated_upload_changes_nothing_and_is_listed() {
    let app = TestApp::new().await;
    let client = app.key("imports:write").await;
    let first = import(&client, "", &blog(5, 3)).await;
    let shown = app.get("/api/v1/articles?include=links").await.text();
    let second = import(&client, "", &blog(5, 3)).await;
    assert_eq!(first["report"]["created"], second["report"]["unchanged"]);
    let none = json!({"articles": 0, "links": 0, "outlets": 0, "comments": 0, "pingbacks": 0});
    assert_eq!((&second["report"]["created"], &second["report"]["updated"]), (&none, &none));
    assert_eq!(app.get("/api/v1/articles?include=links").await.text(), shown);
    let page = client.get("/api/v1/admin/jobs?limit=1&count=exact").await.ok();
    assert_eq!((&page["items"][0]["id"], &page["page"]["total"]), (&second["id"], &json!(2)));
    assert_eq!(page["items"][0]["report"], Value::Null);
    let next = page["page"]["next"].as_str().unwrap();
    let page = client.get(&format!("/api/v1/admin/jobs?limit=1&after={next}")).await.ok();
    assert_eq!(page["items"][0]["id"], first["id"]);
    client.get("/api/v1/admin/jobs/99").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_dry_run_over_http_stores_nothing() {
    let app = TestApp::new().await;
    let client = app.key("imports:write").await;
    let job = import(&client, "?dry_run=true", &blog(5, 3)).await;
    assert_eq!((&job["state"], &job["report"]["dry_run"]), (&json!("done"), &json!(true)));
    assert_eq!(job["report"]["created"]["articles"], 5);
    assert_eq!(count(&app, "select count(*) from articles").await, 0);
    let real = import(&client, "?dry_run=false", &blog(5, 3)).await;
    assert_eq!(real["report"]["created"], job["report"]["created"]);
}

#[tokio::test]
async fn imports_run_one_at_a_time_across_instances() {
    let app = TestApp::new().await;
    let other = TestApp::on(app.target.clone(), patient()).await;
    let (client, elsewhere) = (app.key("imports:write").await, other.key("imports:write").await);
    let sql = app.sql().await;
    // Concurrent imports would violate this.
    sql.batch_execute("create unique index one on jobs ((true)) where state = 'running'")
        .await
        .unwrap();
    // An import on the command line holds the lock.
    sql.batch_execute("select pg_advisory_lock(hashtext('roundup import'))").await.unwrap();
    let mut jobs = Vec::new();
    for n in 0..6 {
        let client = if n % 2 == 0 { &client } else { &elsewhere };
        jobs.push(send(client, &format!("?filename={n}.xml"), &blog(20 + n, 2)).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    for location in &jobs {
        assert_eq!(elsewhere.get(location).await.ok()["state"], "queued");
    }
    sql.batch_execute("select pg_advisory_unlock(hashtext('roundup import'))").await.unwrap();
    for location in &jobs {
        let job = ended(&client, location).await;
        assert_eq!(job["state"], "done", "{job}");
    }
    let order = "select array_agg(object_id order by id)::text = array_agg(object_id order by object_id)::text
                 from audit where action = 'import.finish'";
    assert!(sql.query_one(order, &[]).await.unwrap().get::<_, bool>(0), "not in their order");
}

#[tokio::test]
async fn an_unsupported_file_fails_with_a_reason() {
    let app = TestApp::new().await;
    let client = app.key("imports:write").await;
    for (query, file, reason) in [
        ("", "{\"a\": 1}", "JSON of an unknown kind"),
        ("?format=wxr", "garbage", ""),
        ("?format=ndjson", "garbage", ""),
        ("?filename=a.xml", "<rss><channel><item>", ""),
        ("?filename=a.txt", "", "the file is empty"),
        ("", "SQLite format 3\0", "an SQLite database"),
    ] {
        let job = import(&client, query, file).await;
        assert_eq!(job["state"], "failed", "{query} {file}: {job}");
        let message = job["message"].as_str().unwrap();
        assert!(message.contains("1 failed") && message.contains(reason), "{message}");
        assert_eq!(job["report"]["failed"], 1, "{job}");
        assert!(job["report"]["skipped"][0]["reason"].as_str().unwrap().len() > 5, "{job}");
    }
    assert_eq!(count(&app, "select count(*) from articles").await, 0);
}

#[tokio::test]
async fn an_unsupported_upload_is_rejected_at_once() {
    let app = TestApp::new().await;
    let client = app.key("imports:write").await;
    let send = async |query: &str, kind: &str| {
        client.send_as("POST", &format!("{IMPORTS}{query}"), kind, "A -- Reuters").await
    };
    send("?format=pdf", "text/plain").await.problem(400, "bad_parameter");
    send("?formt=text", "text/plain").await.problem(400, "unknown_parameter");
    send("?dry_run=maybe", "text/plain").await.problem(400, "bad_parameter");
    send("?filename=a%00b", "text/plain").await.problem(400, "bad_parameter");
    send("", "application/x-www-form-urlencoded").await.problem(415, "unsupported_media_type");
    send("", "text/plain; charset=latin1").await.problem(415, "unsupported_media_type");
    assert_eq!(count(&app, "select count(*) from jobs").await, 0);
    let pooled = Config { pgbouncer: true, ..patient() };
    let app = TestApp::with(pooled).await;
    let client = app.key("imports:write").await;
    let refused = client.send_as("POST", IMPORTS, "text/plain", "A -- Reuters").await;
    refused.problem(409, "conflict");
}

#[tokio::test]
async fn an_uploaded_roundup_is_identified_by_its_name() {
    let app = TestApp::new().await;
    let client = app.key("imports:write").await;
    let changed = HARBOUR.replace("Night Ferry To Keep Running", "The Night Ferry Runs");
    for (query, file, created, updated) in [
        ("?filename=bridge.txt", HARBOUR, 1, 0),
        ("?filename=bridge.txt", changed.as_str(), 0, 1),
        ("?filename=other.txt", HARBOUR, 1, 0),
        // Without a name, by its content.
        ("", HARBOUR, 1, 0),
        ("", HARBOUR, 0, 0),
        ("", changed.as_str(), 1, 0),
    ] {
        let job = import(&client, query, file).await;
        assert_eq!(job["report"]["created"]["articles"], created, "{query}: {job}");
        assert_eq!(job["report"]["updated"]["articles"], updated, "{query}: {job}");
    }
    let markdown = client.send_as("POST", IMPORTS, "text/markdown", "A -- Reuters\n").await;
    let location = markdown.header("location").to_owned();
    assert_eq!(ended(&client, &location).await["report"]["format"], "markdown");
}

#[tokio::test]
async fn uploads_with_one_idempotency_key_are_one_job() {
    let app = TestApp::new().await;
    let client = app.key("imports:write").await.header("Idempotency-Key", "a");
    let first = client.send_as("POST", IMPORTS, "text/plain", HARBOUR).await;
    let again = client.send_as("POST", IMPORTS, "text/plain", HARBOUR).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.expect(StatusCode::ACCEPTED), again.expect(StatusCode::ACCEPTED));
    let other = client.send_as("POST", IMPORTS, "text/plain", "B -- Reuters").await;
    other.problem(422, "idempotency_key_reused");
    assert_eq!(count(&app, "select count(*) from jobs").await, 1);
}
