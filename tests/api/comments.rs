//! Reading comments: threads, placeholders of removed comments, and what is private.

use crate::harness::TestApp;
use crate::harness::site::{Site, comment, reply, site};
use serde_json::Value;

/// Returns the ids of a page, each with a mark for each step of its depth: `1 2> 3>>`.
fn shape(items: &Value) -> String {
    let one = |item: &Value| {
        let depth = usize::try_from(item["depth"].as_u64().unwrap()).unwrap();
        let gone = if item["status"] == "deleted" { "x" } else { "" };
        let mut text = format!("{}{}{gone}", item["id"], ">".repeat(depth));
        if let Some(replies) = item.get("replies") {
            text += &format!("({})", shape(replies));
        }
        text
    };
    items.as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Creates an article with three root comments and replies to the first and the second.
async fn thread(app: &TestApp) -> Site {
    let mut site = site(app).await;
    let sql = &site.sql;
    sql.batch_execute(
        "truncate comments restart identity cascade;
         update articles set comment_count = 0, last_comment_at = null",
    )
    .await
    .unwrap();
    let one = comment(sql, site.article, "approved", "one").await;
    let two = comment(sql, site.article, "approved", "two").await;
    let three = reply(sql, one, "approved", "three").await;
    reply(sql, three, "approved", "four").await;
    reply(sql, two, "approved", "five").await;
    reply(sql, one, "approved", "six").await;
    comment(sql, site.article, "approved", "seven").await;
    site.comment = one;
    site
}

async fn set(site: &Site, id: i64, status: &str) {
    site.sql
        .execute("update comments set status = $2 where id = $1", &[&id, &status])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_thread_is_flat_in_reading_order_or_nested() {
    let app = TestApp::new().await;
    let site = thread(&app).await;
    let uri = format!("/api/v1/articles/{}/comments", site.article);
    for (query, expected) in [
        ("", "1 3> 4>> 6> 2 5> 7"),
        ("?sort=newest", "7 2 5> 1 3> 4>> 6>"),
        ("?view=flat&limit=3", "1 3> 4>>"),
        ("?view=tree", "1(3>(4>>()) 6>()) 2(5>()) 7()"),
        ("?view=tree&sort=newest&limit=3", "7() 2(5>())"),
        ("?view=tree&limit=2", "1(3>())"),
    ] {
        let page = app.get(&format!("{uri}{query}")).await.ok();
        assert_eq!(shape(&page["items"]), expected, "{query}");
    }
    let first = app.get(&format!("{uri}?view=tree&limit=2")).await.ok();
    let next = first["page"]["next"].as_str().unwrap();
    let second = app.get(&format!("{uri}?view=tree&limit=3&after={next}")).await.ok();
    assert_eq!(
        shape(&second["items"]),
        "4>>() 6>() 2()",
        "what answers an earlier page stands on top"
    );
    let flat = app.get(&format!("{uri}?limit=3&after={next}")).await.ok();
    assert_eq!(shape(&flat["items"]), "4>> 6> 2", "a cursor serves both views");
}

#[tokio::test]
async fn a_comment_is_served_with_its_author_and_both_forms_of_its_text() {
    let app = TestApp::new().await;
    let site = thread(&app).await;
    let uri = format!("/api/v1/articles/{}/comments?limit=2&view=tree", site.article);
    insta::assert_json_snapshot!(app.get(&uri).await.ok()["items"], @r#"
    [
      {
        "article_id": 1,
        "author": {
          "is_editor": false,
          "name": "Reader",
          "url": null
        },
        "created_at": "2026-03-01T00:00:01Z",
        "depth": 0,
        "edited_at": null,
        "html": "<p>one</p>",
        "id": 1,
        "parent_id": null,
        "replies": [
          {
            "article_id": 1,
            "author": {
              "is_editor": false,
              "name": "Reader",
              "url": null
            },
            "created_at": "2026-03-01T00:00:03Z",
            "depth": 1,
            "edited_at": null,
            "html": "<p>three</p>",
            "id": 3,
            "parent_id": 1,
            "replies": [],
            "reply_count": 1,
            "status": "approved",
            "text": "three",
            "uncertain": false
          }
        ],
        "reply_count": 2,
        "status": "approved",
        "text": "one",
        "uncertain": false
      }
    ]
    "#);
    let uri = format!("/api/v1/articles/{}/comments?view=tree&fields=id,replies", site.article);
    let item = app.get(&uri).await.ok()["items"][0].clone();
    assert_eq!((item["id"].as_i64(), item["replies"].as_array().unwrap().len()), (Some(1), 2));
    for wrong in ["view=list", "sort=best", "sort=-created_at", "fields=email"] {
        let uri = format!("/api/v1/articles/{}/comments?{wrong}", site.article);
        app.get(&uri).await.problem(400, "bad_parameter");
    }
}

#[tokio::test]
async fn a_removed_comment_with_visible_replies_leaves_a_placeholder() {
    let app = TestApp::new().await;
    let site = thread(&app).await;
    let uri = format!("/api/v1/articles/{}/comments", site.article);
    let seen = async || shape(&app.get(&uri).await.ok()["items"]);
    let count = async || {
        app.get(&format!("/api/v1/articles/{}", site.article)).await.ok()["comment_count"].clone()
    };
    set(&site, 3, "deleted").await;
    assert_eq!((seen().await.as_str(), count().await), ("1 3>x 4>> 6> 2 5> 7", 6.into()));
    let place = app.get("/api/v1/comments/3").await.ok();
    for hidden in ["author", "text", "html", "edited_at"] {
        assert_eq!(place[hidden], Value::Null, "{hidden}");
    }
    set(&site, 7, "spam").await;
    set(&site, 5, "rejected").await;
    assert_eq!((seen().await.as_str(), count().await), ("1 3>x 4>> 6> 2", 4.into()));
    set(&site, 4, "deleted").await;
    assert_eq!(seen().await, "1 6> 2", "a line of places without a comment goes");
    app.get("/api/v1/comments/3").await.problem(404, "not_found");
    set(&site, 4, "approved").await;
    assert_eq!(seen().await, "1 3>x 4>> 6> 2");
    set(&site, 1, "pending").await;
    assert_eq!(seen().await, "1x 3>x 4>> 6> 2");
}

#[tokio::test]
async fn unapproved_comments_are_never_public() {
    let app = TestApp::new().await;
    let site = thread(&app).await;
    for status in ["pending", "rejected", "spam", "deleted"] {
        let hidden = comment(&site.sql, site.article, status, "hidden words").await;
        let below = reply(&site.sql, site.comment, status, "hidden words").await;
        for uri in [
            "/api/v1/comments?limit=100".to_owned(),
            format!("/api/v1/articles/{}/comments?limit=100", site.article),
            format!("/api/v1/articles/{}/comments?limit=100&sort=newest&view=tree", site.article),
            format!("/api/v1/articles/{}?include=comments", site.article),
            format!("/api/v1/comments/{}", site.comment),
        ] {
            let response = app.get(&uri).await;
            assert!(!response.text().contains("hidden words"), "{uri} shows what is {status}");
            response.ok();
        }
        for id in [hidden, below] {
            app.get(&format!("/api/v1/comments/{id}")).await.problem(404, "not_found");
        }
    }
    let latest = app.get("/api/v1/comments?count=exact").await.ok();
    assert_eq!(latest["page"]["total"], 7);
    let article = app.get(&format!("/api/v1/articles/{}", site.article)).await.ok();
    assert_eq!(article["comment_count"], 7);
}

#[tokio::test]
async fn a_comment_has_its_ancestors_and_its_replies() {
    let app = TestApp::new().await;
    let site = thread(&app).await;
    let first = app.get("/api/v1/comments/1?count=exact").await.ok();
    assert_eq!(shape(&first["ancestors"]), "");
    assert_eq!(shape(&first["replies"]["items"]), "3> 4>> 6>");
    assert_eq!(first["replies"]["page"]["total"], 3);
    assert_eq!(first["article"]["id"], site.article);
    let last = app.get("/api/v1/comments/4").await.ok();
    assert_eq!(shape(&last["ancestors"]), "1 3>");
    assert_eq!(shape(&last["replies"]["items"]), "");
    let page = app.get("/api/v1/comments/1?limit=2").await.ok();
    let next = page["replies"]["page"]["next"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/comments/1?limit=2&after={next}")).await.ok();
    assert_eq!(shape(&rest["replies"]["items"]), "6>");
    let elsewhere = app.get(&format!("/api/v1/comments/2?after={next}")).await;
    elsewhere.problem(400, "cursor_mismatch");
    for missing in ["0", "999", "x", "1x", "-1"] {
        app.get(&format!("/api/v1/comments/{missing}")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn recent_comments_are_listed_with_their_articles() {
    let app = TestApp::new().await;
    let site = thread(&app).await;
    let page = app.get("/api/v1/comments?fields=id,article.slug").await.ok();
    let ids: Vec<i64> =
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [7, 6, 5, 4, 3, 2, 1]);
    let article = app.get(&format!("/api/v1/articles/{}", site.article)).await.ok();
    assert_eq!(page["items"][0]["article"]["slug"], article["slug"]);
    assert_eq!(article["last_comment_at"], app.get("/api/v1/comments/7").await.ok()["created_at"]);
}

#[tokio::test]
async fn emails_and_ip_addresses_are_never_public() {
    let app = TestApp::new().await;
    let site = thread(&app).await;
    let update = "update comments set author_email = 'pii-1@example.invalid', author_hash = '\\x70696931',
                         client_hash = '\\x70696932', edit_token_hash = '\\x70696933',
                         held_because = '{pii-held}', source = 'pii-source', source_id = 'pii-' || id";
    site.sql.execute(update, &[]).await.unwrap();
    for uri in [
        "/api/v1/comments".to_owned(),
        "/api/v1/comments/1".to_owned(),
        format!("/api/v1/articles/{}/comments", site.article),
        format!("/api/v1/articles/{}?include=comments", site.article),
    ] {
        let text = app.get(&uri).await.text();
        assert!(
            !text.contains("pii") && !text.contains("email") && !text.contains("cGlp"),
            "{uri}: {text}"
        );
    }
}
