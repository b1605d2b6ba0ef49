//! What readers type into the fields of a comment.

use crate::comment_posting::{app, comment};
use crate::harness::site::site;
use actix_web::http::StatusCode;
use roundup::comments::Policy;
use serde_json::{Value, json};

#[tokio::test]
async fn texts_keep_their_words_lines_and_links() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    let rel = "rel=\"nofollow ugc noopener\"";
    for (text, html) in [
        (
            "See https://harbour.example/plan.",
            format!(
                "<p>See <a href=\"https://harbour.example/plan\" {rel}>https://harbour.example/plan</a>.</p>\n"
            ),
        ),
        (
            "(www.harbour.example)",
            format!(
                "<p>(<a href=\"http://www.harbour.example\" {rel}>www.harbour.example</a>)</p>\n"
            ),
        ),
        ("The bridge\nis open", "<p>The bridge<br>\nis open</p>\n".to_owned()),
        ("I wrote List<String>", "<p>I wrote List&lt;String&gt;</p>\n".to_owned()),
        (
            "<Harbour Editor>\nSo *do* I",
            "<p>&lt;Harbour Editor&gt;<br>\nSo <em>do</em> I</p>\n".to_owned(),
        ),
        (
            "~~two~~ | ferries\n--- | ---\n1 | 2",
            "<table><thead><tr><th><del>two</del></th><th>ferries</th></tr></thead><tbody>\n\
             <tr><td>1</td><td>2</td></tr>\n</tbody></table>\n"
                .to_owned(),
        ),
    ] {
        let made = app.reader().post(&path, &comment("Ann", text)).await.json();
        assert_eq!(made["html"], html, "{made}");
        assert_eq!(made["text"], text);
    }
}

#[tokio::test]
async fn empty_optional_fields_are_absent() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    let new = json!({"author": {"name": "Ann", "email": "", "url": ""}, "text": "Open.",
        "author_token": "", "honeypot": ""});
    let made = app.reader().post(&path, &new).await.expect(StatusCode::CREATED);
    assert_eq!(made["author"]["url"], Value::Null);
    assert!(made["author_token"].is_string());
    let stored = "select author_email from comments where author_name = 'Ann'";
    let email: Option<String> = site.sql.query_one(stored, &[]).await.unwrap().get(0);
    assert_eq!(email, None);
    for (new, pointer) in [
        (json!({"author": {"name": ""}, "text": "x"}), "/author/name"),
        (json!({"author": {"name": "Ann"}, "text": ""}), "/text"),
    ] {
        let problem = app.reader().post(&path, &new).await.problem(422, "invalid");
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!("blank")));
    }
    // The fields of editors too.
    let editor = app.key("articles:write,articles:read,comments:moderate").await;
    let new = json!({"headline": "Ferry", "dek": "", "lang": "",
        "author": {"name": "Bo", "url": ""},
        "links": [{"title": "Source", "url": "", "credit": ""}]});
    let made = editor.post("/api/v1/admin/articles", &new).await.expect(StatusCode::CREATED);
    for pointer in ["/dek", "/lang", "/author/url", "/links/0/url", "/links/0/credit"] {
        assert_eq!(made.pointer(pointer), Some(&Value::Null), "{pointer}");
    }
    let answer = json!({"text": "Thank you.", "author_name": "", "author_url": ""});
    let uri = format!("/api/v1/admin/comments/{}/replies", site.comment);
    let made = editor.post(&uri, &answer).await.expect(StatusCode::CREATED);
    assert_eq!(made["author"]["name"], "articles:write,articles:read,comments:moderate");
}

#[tokio::test]
async fn addresses_in_any_script_are_taken_and_invisible_names_are_not() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    let url = "https://пристань.example/паром?q=ü";
    let new = json!({"author": {"name": "Ann", "email": "änn@пристань.example", "url": url},
        "text": "Open."});
    let made = app.reader().post(&path, &new).await.expect(StatusCode::CREATED);
    assert_eq!(made["author"]["url"], url);
    let editor = app.key("comments:moderate").await;
    let uri = format!("/api/v1/admin/comments/{}/replies", site.comment);
    let answer = json!({"text": "Thank you.", "author_url": url});
    assert_eq!(editor.post(&uri, &answer).await.json()["author"]["url"], url);
    for (url, message) in [
        ("harbour.example", "must be an absolute URL, such as https://example.org/"),
        ("javascript:alert(1)", "must be an absolute URL that begins with http:// or https://"),
        ("https://a.example/a b", "must be an absolute URL, such as https://example.org/"),
    ] {
        let new = json!({"author": {"name": "Ann", "url": url}, "text": "x"});
        let problem = app.reader().post(&path, &new).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["message"], message, "{url}");
    }
    for name in ["\u{200b}\u{2060}", "\u{3164}", "\u{202e}\u{ad}", "\u{2800}", " \u{fe0f}"] {
        let new = json!({"author": {"name": name}, "text": "Open."});
        let problem = app.reader().post(&path, &new).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/author/name", "{name:?}");
        let answer = json!({"text": "Open.", "author_name": name});
        let problem = editor.post(&uri, &answer).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/author_name", "{name:?}");
    }
}
