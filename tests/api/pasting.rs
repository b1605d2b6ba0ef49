//! Texts that editors paste: with a headline of their own, without sources, and pasted again.

use crate::harness::{Response, TestApp};
use actix_web::http::StatusCode;
use serde_json::{Value, json};

const ARTICLES: &str = "/api/v1/admin/articles";

const TEXT: &str = "Tram line opens -- AFP\n\nMore News\n\n\
    Riders wait in the rain -- Ida Brook, Tram Courier\n\
    Who pays for the depot? -- Reuters\n";

/// Returns title, URL and credited names of each link.
fn links(article: &Value) -> Vec<(String, Value, Vec<String>)> {
    let names = |link: &Value| {
        let credits = link["credits"].as_array().unwrap().iter();
        credits.map(|credit| credit["outlet"]["name"].as_str().unwrap_or("-").to_owned()).collect()
    };
    let links = article["links"].as_array().unwrap().iter();
    links.map(|l| (l["title"].as_str().unwrap().to_owned(), l["url"].clone(), names(l))).collect()
}

fn link_path(article: &Value, at: usize) -> String {
    format!("{ARTICLES}/{}/links/{}", article["id"], article["links"][at]["id"])
}

async fn pasted(app: &TestApp, text: &str) -> Response {
    let editor = app.key("articles:write,outlets:write").await;
    editor.send_as("POST", ARTICLES, "text/plain", text).await
}

#[tokio::test]
async fn a_pasted_text_is_answered_with_its_report() {
    let app = TestApp::new().await;
    let made = pasted(&app, TEXT).await.expect(StatusCode::CREATED);
    let report = &made["report"];
    let credits = report["credits"].as_array().unwrap();
    assert_eq!(credits.len(), 3, "{report}");
    assert_eq!((&credits[1]["line"], &credits[1]["confidence"]), (&json!(5), &json!("low")));
    assert!(credits[1]["probability"].as_f64().unwrap() < 0.98, "{report}");
    assert_eq!(credits[2]["confidence"], "high");
    assert_eq!(report["uncertain"][0]["line"], 5);

    let editor = app.key("articles:write").await;
    let body = json!({"headline": "As JSON", "links": []});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    assert_eq!(made.get("report"), None, "nothing was read");
}

#[tokio::test]
async fn the_headline_can_be_given_beside_the_text() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let text = "Tram line opens -- AFP\nWho pays for the depot? -- Reuters\n";
    for (headline, roles) in
        [("Morning links", ["more", "more"]), ("tram line opens", ["lead", "more"])]
    {
        let query = format!("?headline={}", headline.replace(' ', "%20"));
        for at in [format!("{ARTICLES}{query}"), format!("{ARTICLES}/parse{query}")] {
            let read = editor.send_as("POST", &at, "text/plain", text).await.json();
            let article = read.get("article").unwrap_or(&read);
            assert_eq!(article["headline"], headline, "{at}");
            assert_eq!(article["links"].as_array().unwrap().len(), 2, "{at}: {article}");
            for (link, role) in article["links"].as_array().unwrap().iter().zip(roles) {
                assert_eq!(link["role"], role, "{at}: {article}");
            }
        }
    }
    // Markdown and HTML without a headline.
    let html = "<ul><li><a href=\"https://www.reuters.com/a\">Tram opens</a> (Reuters)</li></ul>";
    let markdown = "- [Tram opens](https://www.reuters.com/a) (Reuters)\n";
    for (kind, text) in [("text/html", html), ("text/markdown", markdown)] {
        let at = format!("{ARTICLES}?headline=Links");
        let made = editor.send_as("POST", &at, kind, text).await.expect(StatusCode::CREATED);
        assert_eq!(
            (&made["headline"], &made["links"][0]["title"]),
            (&json!("Links"), &json!("Tram opens"))
        );
    }
    let at = format!("{ARTICLES}?headline=Links");
    let problem =
        editor.post(&at, &json!({"headline": "Other"})).await.problem(400, "bad_parameter");
    assert_eq!(problem["errors"][0]["parameter"], "headline");
}

#[tokio::test]
async fn a_text_without_a_source_is_refused_unless_prose_is_accepted() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let prose = "A letter to readers\n\nThe tram runs again. We thank everybody who walked.\n";
    let problem =
        editor.send_as("POST", ARTICLES, "text/plain", prose).await.problem(422, "no_sources");
    assert!(problem["detail"].as_str().unwrap().contains("accept=prose"), "{problem}");
    assert_eq!(editor.get(ARTICLES).await.ok()["items"], json!([]));

    let at = format!("{ARTICLES}?accept=prose");
    let made = editor.send_as("POST", &at, "text/plain", prose).await;
    let article = made.json();
    assert_eq!(article["headline"], "A letter to readers", "{article}");
    let path = format!("{ARTICLES}/{}", article["id"]);
    let again = editor.if_match(&made);
    again.send_as("PUT", &path, "text/plain", prose).await.problem(422, "no_sources");
    let accepted = format!("{path}?accept=prose");
    again.send_as("PUT", &accepted, "text/plain", prose).await.ok();
    editor
        .send_as("POST", &format!("{ARTICLES}?accept=all"), "text/plain", prose)
        .await
        .problem(400, "bad_parameter");
    editor.post(&at, &json!({"headline": "x"})).await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn a_text_pasted_again_keeps_ids_urls_and_credits_written_by_hand() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let text = format!("{TEXT}\nMy Comment: We shall see.\n");
    let made = editor.send_as("POST", ARTICLES, "text/plain", &text).await;
    let first = made.json();
    let path = format!("{ARTICLES}/{}", first["id"]);
    let urls = "https://www.afp.com/tram\nhttps://courier.example/rain\n";
    let filled = editor
        .if_match(&made)
        .send_as("POST", &format!("{path}/links/addresses"), "text/plain", urls)
        .await;
    let credits = json!({"credits": [{"outlet": {"name": "The Tram Post"}, "bylines": ["Ida B."]}],
        "title": "Riders wait in the heavy rain"});
    let patched = editor.if_match(&filled).patch(&link_path(&first, 1), &credits).await;
    let tagged = editor.if_match(&patched).patch(&path, &json!({"tags": ["Trams"]})).await;

    // Another order, a new source, one less; the second has its URL and its first title.
    let text = "Tram line opens -- AFP\n\nMore News\n\n\
        Depot stays shut -- BBC\n\
        Riders wait in the rain -- Ida Brook, Tram Courier https://courier.example/rain?utm_source=x\n";
    let changed = editor.if_match(&tagged).send_as("PUT", &path, "text/plain", text).await.ok();
    let name = |name: &str| vec![name.to_owned()];
    assert_eq!(
        links(&changed),
        [
            ("Tram line opens".to_owned(), json!("https://www.afp.com/tram"), name("AFP")),
            ("Depot stays shut".to_owned(), Value::Null, name("BBC")),
            (
                "Riders wait in the heavy rain".to_owned(),
                json!("https://courier.example/rain?utm_source=x"),
                name("The Tram Post")
            ),
        ]
    );
    assert_eq!(changed["links"][0]["id"], first["links"][0]["id"]);
    assert_eq!(changed["links"][2]["id"], first["links"][1]["id"]);
    assert_eq!(changed["links"][2]["credits"][0]["bylines"], json!(["Ida B."]));
    assert_eq!(changed["tags"][0]["name"], "Trams", "what a text cannot say stays");
    assert_eq!(changed["commentary"], Value::Null, "the text has none any more");
    assert_eq!(changed["report"]["credits"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn readers_comments_are_stored_once() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let text = "Tram line opens -- AFP\n\nMy Comment: At last.\n\n\
        1 comment:\n\nJames said...\nI rode it.\nDecember 4, 2014 at 7:14 PM\n";
    let made = editor.send_as("POST", ARTICLES, "text/plain", text).await;
    let article = made.json();
    assert_eq!(article["comment_count"], 1, "{article}");
    let path = format!("{ARTICLES}/{}", article["id"]);
    let again = editor.if_match(&made).send_as("PUT", &path, "text/plain", text).await.ok();
    assert_eq!(again["comment_count"], 1);
    let unread = again["report"]["unread"].as_array().unwrap();
    let is_said = |note: &&Value| note["reason"].as_str().unwrap().contains("not again");
    assert!(unread.iter().any(|note| is_said(&note)), "{again}");
    let all = app.sql().await.query("select author_name from comments", &[]).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].get::<_, Option<String>>(0).as_deref(), Some("James"));
}

#[tokio::test]
async fn urls_fill_the_links_that_have_none_in_order() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let body = json!({"headline": "Tram", "links": [
        {"title": "One", "credits": []},
        {"title": "Two", "url": "https://www.bbc.com/two"},
        {"title": "Three"}]});
    let made = editor.post(ARTICLES, &body).await;
    let path = format!("{ARTICLES}/{}/links/addresses", made.json()["id"]);
    let editor = editor.if_match(&made);
    let send = async |text: &str| editor.send_as("POST", &path, "text/plain", text).await;
    for (text, code) in [
        ("", "no_url"),
        ("# only a note\n", "no_url"),
        ("not a url\n", "url"),
        ("ftp://one.example/a\n", "url"),
        ("https://one.example/a\nhttps://one.example/b\nhttps://one.example/c\n", "too_many"),
    ] {
        let problem = send(text).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["code"], code, "{text}: {problem}");
    }
    send("https://www.bbc.com/two\n").await.problem(409, "duplicate_link");
    let filled = send("https://www.reuters.com/one\r\n\r\nhttps://three.example/\r\n").await.ok();
    let names = |name: &str| vec![name.to_owned()];
    assert_eq!(
        links(&filled),
        [
            ("One".to_owned(), json!("https://www.reuters.com/one"), names("Reuters")),
            ("Two".to_owned(), json!("https://www.bbc.com/two"), names("BBC")),
            ("Three".to_owned(), json!("https://three.example/"), vec![]),
        ]
    );
    assert_eq!(filled["version"], 2);
    let stale = editor.send_as("POST", &path, "text/plain", "https://four.example/").await;
    stale.problem(412, "version_mismatch");
    editor
        .send_as("POST", &path, "application/json", "{}")
        .await
        .problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn the_example_is_read_without_a_doubt() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    for (kind, file) in [("text/plain", "txt"), ("text/markdown", "md")] {
        let text = std::fs::read_to_string(format!("examples/harbour-bridge.{file}")).unwrap();
        let at = format!("{ARTICLES}/parse");
        let read = editor.send_as("POST", &at, kind, &text).await.ok();
        assert_eq!(read["report"]["uncertain"], json!([]), "{kind}");
        let links = read["article"]["links"].as_array().unwrap();
        let count = |test: fn(&Value) -> bool| links.iter().filter(|link| test(link)).count();
        assert_eq!(count(|link| link["credits"].as_array().unwrap().len() == 2), 1);
        assert_eq!(count(|link| link["credits"][0]["bylines"] != json!([])), 1);
        assert_eq!(count(|link| link["credit"].as_str().unwrap().ends_with("(subscription)")), 1);
    }
}
