//! Tags are known by their names: different names are different tags, also where their slugs are alike.

use crate::harness::TestApp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ARTICLES: &str = "/api/v1/admin/articles";
const TAGS: &str = "/api/v1/admin/tags";
const SEVEN: [&str; 7] = ["C#", "C++", "C", "权力", "权利", "عالم", "علم"];

fn names(article: &Value) -> Vec<&str> {
    article["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn names_that_differ_are_different_tags() {
    let app = TestApp::new().await;
    let editor = app.key("admin").await;
    let all = editor.post(ARTICLES, &json!({"headline": "All", "tags": SEVEN})).await.json();
    assert_eq!(names(&all), SEVEN);
    let slugs: Vec<&str> =
        all["tags"].as_array().unwrap().iter().map(|tag| tag["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs[..3], ["c-sharp", "c-plus-plus", "c"]);
    let numbered: BTreeSet<&str> = slugs[3..5].iter().copied().collect();
    assert_eq!(numbered, BTreeSet::from(["quan-li", "quan-li-2"]));
    // One after the other, each finds its own.
    for name in SEVEN {
        let body =
            json!({"headline": "One", "status": "published", "tags": [name, {"name": name}]});
        let one = editor.post(ARTICLES, &body).await.json();
        assert_eq!(names(&one), [name]);
    }
    // Case and accents make no difference.
    let one =
        editor.post(ARTICLES, &json!({"headline": "One", "tags": ["c#", "Ｃ++"]})).await.json();
    assert_eq!(names(&one), ["C#", "C++"]);
    for slug in slugs {
        let found = app.get(&format!("/api/v1/articles?tag={slug}")).await.ok();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{slug}");
    }
}

#[tokio::test]
async fn a_name_is_never_given_to_another_tag_silently() {
    let app = TestApp::new().await;
    let editor = app.key("admin").await;
    let power = editor.post(TAGS, &json!({"name": "权力"})).await;
    assert_eq!(power.json()["slug"], "quan-li");
    let rights = editor.post(TAGS, &json!({"name": "权利"})).await;
    assert_eq!(rights.json()["slug"], "quan-li-2");
    editor.post(TAGS, &json!({"name": "权利 ", "slug": "rights"})).await.problem(409, "name_taken");
    editor
        .post(TAGS, &json!({"name": "Rights", "slug": "quan-li"}))
        .await
        .problem(409, "slug_taken");
    let path = format!("{TAGS}/{}", power.json()["id"]);
    editor.if_match(&power).patch(&path, &json!({"name": "权利"})).await.problem(409, "name_taken");

    // A former name still means the renamed tag, and a merged one the tag that stays.
    let renamed = editor.if_match(&power).patch(&path, &json!({"name": "Power"})).await;
    assert_eq!(renamed.json()["slug"], "quan-li");
    let body = json!({"headline": "One", "tags": ["权力", "power", "权利"]});
    let one = editor.post(ARTICLES, &body).await.json();
    assert_eq!(names(&one), ["Power", "权利"]);
    let politics = editor.post(TAGS, &json!({"name": "Politics"})).await.json();
    let merge = format!("{path}/merge");
    let into = json!({"into": politics["id"]});
    assert_eq!(editor.if_match(&renamed).post(&merge, &into).await.status, 200);
    let one = editor.post(ARTICLES, &body).await.json();
    assert_eq!(names(&one), ["Politics", "权利"]);
}

#[tokio::test]
async fn a_tag_that_was_stored_by_sql_is_found_by_its_name() {
    let app = TestApp::new().await;
    let editor = app.key("admin").await;
    let insert = "insert into tags (slug, name, created_at) values
        ('quan-li', '权力', now()), ('own', 'Bridges', now())";
    app.sql().await.batch_execute(insert).await.unwrap();
    let body = json!({"headline": "One", "tags": ["权力", "权利", "Bridges"]});
    let one = editor.post(ARTICLES, &body).await.json();
    assert_eq!(names(&one), ["权力", "权利", "Bridges"]);
    assert_eq!(one["tags"][2]["slug"], "own");
}

#[tokio::test]
async fn persian_and_arabic_slugs_keep_their_sounds() {
    let app = TestApp::new().await;
    let editor = app.key("admin").await;
    for (headline, slug) in [("ایران و عراق", "iran-w-araq"), ("عالم", "aalm"), ("علم", "alm")]
    {
        let made = editor.post(ARTICLES, &json!({"headline": headline})).await.json();
        assert_eq!(made["slug"], slug, "{headline}");
    }
}
