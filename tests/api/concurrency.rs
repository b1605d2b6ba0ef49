//! Concurrent writes: no lost update, no duplicate, no loss.

use crate::fixtures::strings::hostile_strings;
use crate::harness::TestApp;
use actix_web::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const ARTICLES: &str = "/api/v1/admin/articles";

#[tokio::test]
async fn of_64_concurrent_updates_of_a_version_one_succeeds() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &json!({"headline": "x"})).await;
    let at = made.header("location").to_owned();
    let one = editor.if_match(&made);
    let bodies: Vec<Value> = (0..64).map(|n| json!({"dek": format!("writer {n}")})).collect();
    let replies = join_all(bodies.iter().map(|body| one.patch(&at, body))).await;
    let won: Vec<usize> = (0..64).filter(|n| replies[*n].status == StatusCode::OK).collect();
    assert_eq!(won.len(), 1, "{:?}", replies.iter().map(|r| r.status.as_u16()).collect::<Vec<_>>());
    assert!(replies.iter().all(|r| [200, 412].contains(&r.status.as_u16())));
    let now = editor.get(&at).await.ok();
    assert_eq!((&now["version"], &now["dek"]), (&json!(2), &json!(format!("writer {}", won[0]))));
}

#[tokio::test]
async fn every_acknowledged_edit_is_a_revision() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor
        .post(ARTICLES, &json!({"headline": "x", "links": [{"title": "a", "credit": "AP"}]}))
        .await;
    let at = made.header("location").to_owned();
    let end = Instant::now() + Duration::from_secs(2);
    let done = Cell::new(0);
    let writer = async |writer: usize| {
        let (mut acknowledged, mut refused) = (Vec::new(), 0);
        for n in 0.. {
            // A busy machine may take longer for the minimum number of edits.
            if Instant::now() > end && done.get() >= 20 {
                break;
            }
            let current = editor.get(&at).await;
            let dek = format!("writer {writer}, edit {n}");
            let response = editor.if_match(&current).patch(&at, &json!({"dek": dek})).await;
            match response.status.as_u16() {
                200 => {
                    done.set(done.get() + 1);
                    acknowledged.push((response.json()["version"].as_i64().unwrap(), dek));
                }
                412 => refused += 1,
                // No connection was free in time.
                503 => {}
                _ => panic!("{}: {}", response.status, response.text()),
            }
        }
        (acknowledged, refused)
    };
    let all = join_all((0..8).map(writer)).await;
    let refused: usize = all.iter().map(|(_, refused)| refused).sum();
    let mut acknowledged: Vec<(i64, String)> = all.into_iter().flat_map(|(done, _)| done).collect();
    acknowledged.sort();
    let sql = app.sql().await;
    let query =
        "select version, body ->> 'dek' from article_revisions where version > 1 order by version";
    let rows = sql.query(query, &[]).await.unwrap();
    let kept: Vec<(i64, String)> =
        rows.iter().map(|row| (i64::from(row.get::<_, i32>(0)), row.get(1))).collect();
    assert_eq!(kept, acknowledged);
    for (n, (version, _)) in kept.iter().enumerate() {
        assert_eq!(*version, i64::try_from(n).unwrap() + 2, "the versions are consecutive");
    }
    assert!(kept.len() >= 20 && refused > 0, "{} edits, {refused} refused", kept.len());
}

#[tokio::test]
async fn concurrent_requests_with_one_idempotency_key_create_one_article() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await.header("Idempotency-Key", "k-1");
    let body = json!({"headline": "once"});
    let replies = join_all((0..16).map(|_| editor.post(ARTICLES, &body))).await;
    let made = replies
        .iter()
        .filter(|r| r.status == StatusCode::CREATED && r.header("idempotent-replayed").is_empty());
    assert_eq!(made.count(), 1);
    for response in &replies {
        assert!([201, 409].contains(&response.status.as_u16()), "{}", response.text());
    }
    let page = editor.get(&format!("{ARTICLES}?count=exact")).await.ok();
    assert_eq!(page["page"]["total"], 1);
}

#[tokio::test]
async fn concurrent_articles_with_one_headline_get_different_slugs() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let body = json!({"headline": "The same", "tags": ["One", "Two"], "links": [
        {"title": "a", "credit": "A Gazette That Nobody Knew"}]});
    let replies = join_all((0..16).map(|_| editor.post(ARTICLES, &body))).await;
    let made: Vec<Value> = replies.into_iter().map(|r| r.expect(StatusCode::CREATED)).collect();
    let slugs: BTreeSet<&str> = made.iter().map(|a| a["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs.len(), 16);
    let outlets: BTreeSet<i64> = made
        .iter()
        .map(|a| a["links"][0]["credits"][0]["outlet"]["id"].as_i64().unwrap())
        .collect();
    assert_eq!(outlets.len(), 1, "one outlet was made, not several of one name");
}

#[tokio::test]
async fn a_new_comment_does_not_change_the_version_of_its_article() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &json!({"headline": "x", "status": "published"})).await;
    let sql = app.sql().await;
    sql.execute(
        "insert into comments (article_id, root_id, depth, path, status, text, html, listed_at)
         values ($1, 1, 0, '\\x0000000000000001', 'approved', 'a', 'a', '2026-03-01T12:00:00Z')",
        &[&made.json()["id"].as_i64().unwrap()],
    )
    .await
    .unwrap();
    let at = made.header("location").to_owned();
    let after = editor.if_match(&made).patch(&at, &json!({"dek": "x"})).await.ok();
    assert_eq!((&after["comment_count"], &after["version"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn hostile_text_is_stored_unchanged_or_rejected_with_its_field() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    for (n, text) in hostile_strings().into_iter().enumerate() {
        let body = json!({
            "headline": text, "dek": text, "quote": {"text": text},
            "commentary": {"label": text, "text": text}, "links_heading": text,
            "author": {"name": text}, "corrections": [{"note": text}],
            "links": [{"title": text, "credit": text, "section": text, "quote": {"text": text},
                       "credits": [{"bylines": [text]}]}],
        });
        let response = editor.post(ARTICLES, &body).await;
        if response.status == StatusCode::CREATED {
            let made = response.json();
            let read = editor.get(&format!("{ARTICLES}/{}", made["id"])).await.ok();
            for at in [
                "/headline",
                "/dek",
                "/quote/text",
                "/commentary/label",
                "/commentary/text",
                "/links_heading",
                "/author/name",
                "/corrections/0/note",
                "/links/0/title",
                "/links/0/credit",
                "/links/0/section",
                "/links/0/quote/text",
                "/links/0/credits/0/bylines/0",
            ] {
                assert_eq!(read.pointer(at).unwrap(), &json!(text), "{n}: {at}");
            }
        } else {
            let problem = response.problem(422, "invalid");
            for error in problem["errors"].as_array().unwrap() {
                let known = ["too_short", "too_long", "blank", "forbidden_character"];
                assert!(known.contains(&error["code"].as_str().unwrap()), "{n}: {error}");
            }
        }
        // Names may exist already; the response is a documented one.
        for body in [
            json!({"headline": "x", "links": [{"title": "a", "credit": text}]}),
            json!({"headline": "x", "tags": [text]}),
            json!({"headline": "x", "links": [{"title": "a", "url": text}]}),
        ] {
            let status = editor.post(ARTICLES, &body).await.status.as_u16();
            assert!([201, 422].contains(&status), "{n}: {status}: {body}");
        }
    }
}
