//! Outlets that readings of texts created: they teach nothing, and editors confirm, merge or drop them.

use crate::harness::TestApp;
use crate::harness::client::Client;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

const ARTICLES: &str = "/api/v1/admin/articles";
const OUTLETS: &str = "/api/v1/admin/outlets";

const TEXT: &str = "Tram line opens -- AFP\n\nMore News\n\n\
    Riders wait in the rain -- Tram Courier https://courier.example/rain\n\
    Who pays for the depot? -- Tram Courier https://courier.example/depot\n";

async fn unconfirmed(editor: &Client<'_>) -> Vec<Value> {
    let page = editor.get(&format!("{OUTLETS}?confirmed=false")).await.ok();
    page["items"].as_array().unwrap().clone()
}

fn names(list: &[Value]) -> Vec<&str> {
    list.iter().map(|outlet| outlet["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_reading_teaches_nothing() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let parse = format!("{ARTICLES}/parse");
    let before = editor.send_as("POST", &parse, "text/plain", TEXT).await.ok();
    editor.send_as("POST", ARTICLES, "text/plain", TEXT).await.expect(StatusCode::CREATED);
    app.import("tram.txt", TEXT).await;
    let after = editor.send_as("POST", &parse, "text/plain", TEXT).await.ok();
    assert_eq!(before["report"], after["report"]);
    assert_eq!(names(&unconfirmed(&editor).await), ["Tram Courier"]);
    // What was stored from the text by JSON without a change is as uncertain as before.
    editor.post(ARTICLES, &before["article"]).await.expect(StatusCode::CREATED);
    assert_eq!(names(&unconfirmed(&editor).await), ["Tram Courier"]);
    let known = editor.get(&format!("{OUTLETS}?confirmed=true&limit=1&count=exact")).await.ok();
    assert!(known["page"]["total"].as_i64().unwrap() > 4000, "{known}");
}

#[tokio::test]
async fn an_editor_confirms_by_what_they_write() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let text = "Trams\n\nOne -- Aaa Courier\nTwo -- Bbb Courier\nThree -- Ccc Courier\nFour -- Ddd Courier\n";
    let made = editor.send_as("POST", ARTICLES, "text/plain", text).await;
    let article = made.json();
    let list = unconfirmed(&editor).await;
    assert_eq!(names(&list), ["Aaa Courier", "Bbb Courier", "Ccc Courier", "Ddd Courier"]);
    let path =
        |at: usize| format!("{ARTICLES}/{}/links/{}", article["id"], article["links"][at]["id"]);

    // A change of another field confirms nothing.
    let whole = format!("{ARTICLES}/{}", article["id"]);
    let made = editor.if_match(&made).patch(&whole, &json!({"dek": "By rail"})).await;
    assert_eq!(unconfirmed(&editor).await.len(), 4);
    // Credits restated by hand, and a reading called certain, do.
    let same = json!({"credits": article["links"][0]["credits"]});
    let made = editor.if_match(&made).patch(&path(0), &same).await;
    assert_eq!(names(&unconfirmed(&editor).await), ["Bbb Courier", "Ccc Courier", "Ddd Courier"]);
    let made = editor.if_match(&made).patch(&path(1), &json!({"uncertain": false})).await;
    assert_eq!(names(&unconfirmed(&editor).await), ["Ccc Courier", "Ddd Courier"]);
    // So does a change of the outlet itself.
    let ccc = format!("{OUTLETS}/{}", list[2]["id"]);
    let read = editor.get(&ccc).await;
    let named = editor.if_match(&read).patch(&ccc, &json!({"name": "The Ccc"})).await.ok();
    assert_eq!(named["confirmed"], true);
    // And an outlet that is named in JSON.
    let body = json!({"headline": "More", "links": [
        {"title": "Five", "credits": [{"outlet": {"name": "Ddd Courier"}}]},
        {"title": "Six", "credits": [{"outlet": {"name": "Eee Courier"}}]},
        {"title": "Seven", "credit": "Fff Courier"}]});
    editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    assert_eq!(names(&unconfirmed(&editor).await), ["Fff Courier"], "a credit line is read");
    let parse = format!("{ARTICLES}/parse");
    let read = editor.send_as("POST", &parse, "text/plain", "Trams\n\nOne -- Aaa Courier\n").await;
    assert_eq!(read.ok()["report"]["credits"][0]["confidence"], "high");
    drop(made);
}

#[tokio::test]
async fn hosts_are_proposed_where_links_agree() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    editor.send_as("POST", ARTICLES, "text/plain", TEXT).await.expect(StatusCode::CREATED);
    let found = unconfirmed(&editor).await;
    let proposed = json!([{"host": "courier.example", "link_count": 2}]);
    assert_eq!(found[0]["proposed_hosts"], proposed, "{found:?}");

    // A host at which another outlet is credited is not proposed.
    let body = json!({"headline": "Other", "status": "published", "links": [
        {"title": "Five", "url": "https://courier.example/5", "credits": [{"outlet": {"name": "Reuters"}}]}]});
    editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    assert_eq!(unconfirmed(&editor).await[0]["proposed_hosts"], json!([]));
}

#[tokio::test]
async fn outlets_are_confirmed_merged_and_dropped_in_a_batch() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let text = "Trams\n\nOne -- Aaa Courier\nTwo -- Bbb Courier\nThe third of the day -- Ida Brook, Ccc Courier\nFour -- Ddd Courier\n";
    let made = editor.send_as("POST", ARTICLES, "text/plain", text).await;
    let whole = format!("{ARTICLES}/{}", made.json()["id"]);
    editor.if_match(&made).patch(&whole, &json!({"status": "published"})).await.ok();
    let ids: Vec<i64> =
        unconfirmed(&editor).await.iter().map(|outlet| outlet["id"].as_i64().unwrap()).collect();
    let [aaa, bbb, ccc, ddd] = ids[..] else { panic!("{ids:?}") };
    let batch = async |body: Value| editor.post(&format!("{OUTLETS}/batch"), &body).await;
    let outcomes = async |body: Value| {
        let results = batch(body).await.ok()["results"].as_array().unwrap().clone();
        let outcome = |one: &Value| (one["changed"].as_bool().unwrap(), one["error"].clone());
        results.iter().map(outcome).collect::<Vec<_>>()
    };
    let (ok, nothing) = ((true, Value::Null), (false, Value::Null));
    let done = outcomes(json!({"ids": [aaa, aaa, 999_999_999], "action": "confirm"})).await;
    assert_eq!(done, [ok.clone(), (false, json!("not_found"))]);
    assert_eq!(outcomes(json!({"ids": [aaa], "action": "confirm"})).await, [nothing]);
    let done = outcomes(json!({"ids": [bbb, aaa], "action": "merge", "into": aaa})).await;
    assert_eq!(done, [ok.clone(), (false, json!("is_target"))]);
    let done = outcomes(json!({"ids": [aaa, ccc], "action": "drop"})).await;
    assert_eq!(done, [(false, json!("is_confirmed")), ok.clone()]);
    assert_eq!(outcomes(json!({"ids": [ddd], "action": "drop"})).await, [ok]);

    let article = app.get(&format!("/api/v1/articles/{}", made.json()["id"])).await.ok();
    let credits: Vec<&Value> =
        article["links"].as_array().unwrap().iter().map(|link| &link["credits"]).collect();
    assert_eq!(credits[0][0]["outlet"]["name"], "Aaa Courier");
    assert_eq!(credits[1][0]["outlet"]["name"], "Aaa Courier");
    assert_eq!(*credits[2], json!([{"outlet": null, "bylines": ["Ida Brook"]}]));
    assert_eq!(*credits[3], json!([]));
    assert_eq!(article["links"][3]["credit"], "Ddd Courier", "the credit stays as written");
    assert_eq!(article["outlet_count"], 1, "{article}");
    app.get(&format!("/api/v1/outlets/{ddd}")).await.problem(404, "not_found");

    for (body, pointer) in [
        (json!({"ids": [aaa], "action": "merge"}), "/into"),
        (json!({"ids": [aaa], "action": "merge", "into": 999_999_999}), "/into"),
        (json!({"ids": [aaa], "action": "drop", "into": bbb}), "/into"),
        (json!({"ids": [], "action": "drop"}), "/ids"),
    ] {
        let problem = batch(body).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let audit = app.key("audit:read").await;
    let events = audit.get("/api/v1/admin/audit?limit=100").await.ok();
    for action in ["outlet.confirm", "outlet.merge", "outlet.drop"] {
        let is_it = |event: &Value| event["action"] == action;
        assert!(events["items"].as_array().unwrap().iter().any(is_it), "{action}: {events}");
    }
}

#[tokio::test]
async fn an_unconfirmed_outlet_goes_with_its_last_link() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let made = editor.send_as("POST", ARTICLES, "text/plain", TEXT).await;
    editor.post(OUTLETS, &json!({"name": "Kept Courier"})).await.expect(StatusCode::CREATED);
    let mut sql = app.target.establish().await.unwrap();
    assert_eq!(roundup::outlets::delete_unused(&mut sql).await.unwrap(), 0);
    let path = format!("{ARTICLES}/{}", made.json()["id"]);
    editor.if_match(&made).patch(&path, &json!({"links": []})).await.ok();
    assert_eq!(roundup::outlets::delete_unused(&mut sql).await.unwrap(), 1);
    assert_eq!(unconfirmed(&editor).await, Vec::<Value>::new());
    let page = editor.get(&format!("{OUTLETS}?sort=name&limit=100&confirmed=true")).await.ok();
    assert!(page["page"]["next"].is_string());
}
