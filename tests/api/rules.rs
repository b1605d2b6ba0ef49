//! Comment rules: matching, actions and management.

use crate::comment_posting::{app, comment};
use crate::harness::TestApp;
use crate::harness::client::Client;
use crate::harness::site::site;
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use roundup::comments::Policy;
use serde_json::{Value, json};

const RULES: &str = "/api/v1/admin/rules";

/// Deletes the default rules.
async fn delete_default_rules(app: &TestApp) {
    app.sql().await.execute("delete from comment_rules", &[]).await.unwrap();
}

async fn create_rule(editor: &Client<'_>, rule: &Value) -> Value {
    editor.post(RULES, rule).await.expect(StatusCode::CREATED)
}

#[tokio::test]
async fn rules_match_comments() {
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    delete_default_rules(&app).await;
    let editor = app.key("comments:moderate").await;
    let cases = [
        (
            json!({"kind": "max_links", "threshold": 1}),
            json!({"text": "https://a.example/ and https://b.example/"}),
            json!({"text": "https://a.example/"}),
        ),
        (
            json!({"kind": "words", "terms": ["cheap pills"]}),
            json!({"text": "Get CHEAP\npills!"}),
            json!({"text": "cheappills or cheap pillses"}),
        ),
        (
            json!({"kind": "regex", "terms": ["^buy .*now$"]}),
            json!({"text": "Buy it now"}),
            json!({"text": "I buy it now"}),
        ),
        (
            json!({"kind": "hosts", "terms": ["spam.example"]}),
            json!({"text": "[x](http://www.SPAM.example/y)"}),
            json!({"text": "http://nospam.example/"}),
        ),
        (
            json!({"kind": "email_domains", "terms": ["@mail.example"]}),
            json!({"text": "a", "author": {"name": "A", "email": "a@x.MAIL.example"}}),
            json!({"text": "a", "author": {"name": "A", "email": "a@gmail.example"}}),
        ),
        (
            json!({"kind": "honeypot"}),
            json!({"text": "a", "honeypot": "x"}),
            json!({"text": "a", "honeypot": ""}),
        ),
        (
            json!({"kind": "too_fast", "threshold": 3}),
            json!({"text": "a", "form_seconds": 2.9}),
            json!({"text": "a", "form_seconds": 3}),
        ),
        (
            json!({"kind": "repeated_text", "threshold": 24}),
            json!({"text": "This is said again and again!"}),
            json!({"text": "Yes."}),
        ),
    ];
    let path = format!("/api/v1/articles/{article}/comments");
    for comment_text in ["This is said again and again", "Yes."] {
        app.reader().post(&path, &comment("A", comment_text)).await.expect(StatusCode::CREATED);
    }
    for (mut rule, mut hit, mut miss) in cases {
        rule["action"] = "hold".into();
        let created = editor.post(RULES, &rule).await;
        let etag = created.header("etag").to_owned();
        let created = created.expect(StatusCode::CREATED);
        for sample in [&mut hit, &mut miss] {
            if sample["author"].is_null() {
                sample["author"] = json!({"name": "A"});
            }
        }
        let held = app.reader().post(&path, &hit).await.expect(StatusCode::ACCEPTED);
        assert_eq!(held["held_because"], json!([rule["kind"]]), "{rule}");
        app.reader().post(&path, &miss).await.expect(StatusCode::CREATED);
        let rule_url = format!("{RULES}/{}", created["id"]);
        let removed = editor.clone().header("If-Match", &etag).call("DELETE", &rule_url).await;
        assert_eq!(removed.status, StatusCode::NO_CONTENT);
        editor.get(&rule_url).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn ip_range_rules_match_clients() {
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    let editor = app.key("comments:moderate").await;
    let terms = ["192.0.2.0/24", "2001:db8::/32"];
    create_rule(&editor, &json!({"kind": "address_ranges", "action": "spam", "terms": terms}))
        .await;
    let path = format!("/api/v1/articles/{article}/comments");
    for (from, status) in
        [("192.0.2.77", 202), ("192.0.3.1", 201), ("2001:db8:7::1", 202), ("::1", 201)]
    {
        let response = app.reader().from(from).post(&path, &comment("A", "Hello.")).await;
        assert_eq!(response.status.as_u16(), status, "{from}");
    }
    let spam = editor.get("/api/v1/admin/comments?status=spam&count=exact").await.ok();
    assert_eq!(spam["page"]["total"], 2);
}

#[tokio::test]
async fn a_rejecting_rule_is_named_in_the_audit_log() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let editor = app.key("comments:moderate").await;
    create_rule(&editor, &json!({"kind": "words", "action": "reject", "terms": ["pills"]})).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    let problem = app.reader().post(&path, &comment("A", "pills http://x.example")).await;
    let problem = problem.problem(422, "comment_refused");
    assert_eq!(problem["errors"][0]["code"], "words");
    assert!(!problem.to_string().contains("pills"), "the response does not reveal the term");
    let count_query = "select count(*) from comments where text like 'pills%'";
    assert_eq!(site.sql.query_one(count_query, &[]).await.unwrap().get::<_, i64>(0), 0);
    let audit_query =
        "select detail->'held_because'->>0 from audit where action = 'comment.refuse'";
    assert_eq!(site.sql.query_one(audit_query, &[]).await.unwrap().get::<_, &str>(0), "words");
    let held = app.reader().post(&path, &comment("A", "See http://x.example")).await;
    let held = held.expect(StatusCode::ACCEPTED);
    let audit_query =
        "select detail->'rules'->0->>'because' from audit where action = 'comment.hold'
                 and object_id = $1";
    let because = site.sql.query_one(audit_query, &[&held["id"].as_i64()]).await.unwrap();
    assert_eq!(because.get::<_, &str>(0), "has 1 link, more than 0");
}

#[tokio::test]
async fn a_rule_that_cannot_be_evaluated_holds_the_comment() {
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    let path = format!("/api/v1/articles/{article}/comments");
    for (kind, terms) in [("regex", "{(}"), ("address_ranges", "{10.0.0.0/8,nowhere}")] {
        let sql = app.sql().await;
        delete_default_rules(&app).await;
        app.reader()
            .post(&path, &comment("A", &format!("{kind}: before")))
            .await
            .expect(StatusCode::CREATED);
        let insert = "insert into comment_rules (kind, action, terms, created_at, updated_at)
                      values ($1, 'reject', $2::text::text[], now(), now())";
        sql.execute(insert, &[&kind, &terms]).await.unwrap();
        let held = app.reader().post(&path, &comment("A", &format!("{kind}: after"))).await;
        assert_eq!(held.expect(StatusCode::ACCEPTED)["held_because"], json!([kind]));
    }
}

#[tokio::test]
async fn default_rules_hold_links_of_unknown_readers() {
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    let path = format!("/api/v1/articles/{article}/comments");
    let link =
        |text: &str| json!({"author": {"name": "A", "email": "a@example.org"}, "text": text});
    app.reader().post(&path, &link("See http://x.example")).await.expect(StatusCode::ACCEPTED);
    app.reader().post(&path, &link("No link.")).await.expect(StatusCode::CREATED);
    app.reader().post(&path, &link("See http://y.example")).await.expect(StatusCode::CREATED);
    let many: Vec<String> = (0..6).map(|n| format!("http://x{n}.example")).collect();
    app.reader().post(&path, &link(&many.join(" "))).await.expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_rule_is_created_updated_replaced_and_deleted() {
    let app = TestApp::new().await;
    let editor = app.key("comments:moderate").await;
    let default_count =
        editor.get(&format!("{RULES}?count=exact")).await.ok()["page"]["total"].clone();
    assert_eq!(default_count, 6, "a new site has rules");
    let response =
        editor.post(RULES, &json!({"kind": "words", "action": "hold", "terms": [" pills "]})).await;
    let rule_url = response.header("location").to_owned();
    let created = response.json();
    assert_eq!(created["terms"], json!(["pills"]));
    assert_eq!((&created["enabled"], &created["version"]), (&json!(true), &json!(1)));
    editor.patch(&rule_url, &json!({"enabled": false})).await.problem(428, "precondition_required");
    let read = editor.get(&rule_url).await;
    assert_eq!(read.header("etag"), "\"v1\"");
    let first = editor.if_match(&read);
    let changed = first.patch(&rule_url, &json!({"enabled": false, "name": "Pills"})).await.ok();
    assert_eq!(
        (&changed["enabled"], &changed["version"], &changed["terms"]),
        (&json!(false), &json!(2), &json!(["pills"]))
    );
    let stale =
        first.patch(&rule_url, &json!({"enabled": true})).await.problem(412, "version_mismatch");
    assert_eq!(stale["current_version"], 2);
    let any = editor.clone().header("If-Match", "*");
    let replaced = any.put(&rule_url, &json!({"kind": "honeypot", "action": "spam"})).await.ok();
    assert_eq!((&replaced["terms"], &replaced["name"]), (&json!([]), &Value::Null));
    assert_eq!(any.call("DELETE", &rule_url).await.status, StatusCode::NO_CONTENT);
    let audit_actions =
        app.sql().await.query("select action from audit order by id", &[]).await.unwrap();
    let audit_actions: Vec<&str> = audit_actions.iter().map(|row| row.get(0)).collect();
    assert_eq!(audit_actions, ["rule.create", "rule.change", "rule.change", "rule.delete"]);
    app.key("articles:write").await.get(RULES).await.problem(403, "missing_scope");
}

#[tokio::test]
async fn an_invalid_rule_is_rejected() {
    let app = TestApp::new().await;
    let editor = app.key("comments:moderate").await;
    let cases = [
        (json!({"kind": "words"}), "/terms"),
        (json!({"kind": "words", "terms": [" "]}), "/terms/0"),
        (json!({"kind": "max_links"}), "/threshold"),
        (json!({"kind": "max_links", "threshold": 1, "terms": ["x"]}), "/terms"),
        (json!({"kind": "honeypot", "threshold": 1}), "/threshold"),
        (json!({"kind": "too_fast", "threshold": 0}), "/threshold"),
        (json!({"kind": "regex", "terms": ["ok", "("]}), "/terms/1"),
        (json!({"kind": "regex", "terms": ["(?:a{1000}){1000}"]}), "/terms/0"),
        (json!({"kind": "regex", "terms": ["(a)\\1"]}), "/terms/0"),
        (json!({"kind": "address_ranges", "terms": ["10.0.0.1/8"]}), "/terms/0"),
        (json!({"kind": "hosts", "terms": ["not a host"]}), "/terms/0"),
        (json!({"kind": "unknown", "terms": ["x"]}), "/kind"),
    ];
    for (mut rule, pointer) in cases {
        rule["action"] = "hold".into();
        let problem = editor.post(RULES, &rule).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}

#[tokio::test]
async fn testing_a_sample_stores_nothing() {
    let app = TestApp::new().await;
    let editor = app.key("comments:moderate").await;
    let sample =
        json!({"text": "The casino at https://a.example/ ", "honeypot": "x", "form_seconds": 1});
    let response = editor.post(&format!("{RULES}/test"), &sample).await.ok();
    assert_eq!(response["status"], "spam");
    let reasons = json!(["max_links", "honeypot", "too_fast", "words", "first_comment"]);
    assert_eq!(response["held_because"], reasons);
    let because: Vec<&str> = response["fired"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["because"].as_str().unwrap())
        .collect();
    assert_eq!(
        because,
        [
            "has 1 link, more than 0",
            "fills in the hidden field",
            "was filled in within 1 s, less than 2",
            "says `casino`"
        ]
    );
    let good = json!({"text": "Well said.", "known": true});
    let response = editor.post(&format!("{RULES}/test"), &good).await.ok();
    assert_eq!(response, json!({"status": "approved", "held_because": [], "fired": []}));
    let stored = app.sql().await.query_one("select count(*) from comments", &[]).await.unwrap();
    assert_eq!(stored.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn repeated_text_is_accepted_after_the_time_window() {
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    let path = format!("/api/v1/articles/{article}/comments");
    let repeated = comment("A", "The same procedure as every year, James.");
    app.reader().post(&path, &repeated).await.expect(StatusCode::CREATED);
    let held = app.reader().post(&path, &repeated).await.expect(StatusCode::ACCEPTED);
    assert_eq!(held["held_because"], json!(["repeated_text"]));
    app.state.clock().advance(TimeDelta::hours(25));
    app.reader().post(&path, &repeated).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_pathological_regex_runs_in_linear_time() {
    let app = app(Policy::Open).await;
    let article = site(&app).await.article;
    let editor = app.key("comments:moderate").await;
    create_rule(
        &editor,
        &json!({"kind": "regex", "action": "hold", "terms": ["(a+)+$", "(x+x+)+y"]}),
    )
    .await;
    let path = format!("/api/v1/articles/{article}/comments");
    let text = format!("{}!", "a".repeat(9_000)) + &"x".repeat(9_000);
    let start = std::time::Instant::now();
    let response = app.reader().post(&path, &comment("Bob", &text)).await.json();
    assert_eq!(response["held_because"], json!([]));
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}
