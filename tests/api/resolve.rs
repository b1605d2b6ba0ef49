//! Old permalinks and slugs.

use crate::harness::TestApp;
use crate::harness::site::{article, set_status};
use roundup::config::Config;

#[tokio::test]
async fn an_old_permalink_resolves_to_its_article() {
    let mut config = Config::defaults().unwrap();
    config.permalink = Some("https://example.org/{slug}".into());
    let app = TestApp::with(config).await;
    let sql = app.sql().await;
    let id = article(&sql, "a-story", "published", "2014-12-04Z").await;
    let other = article(&sql, "another", "published", "2014-12-05Z").await;
    for path in [
        "/2014/12/us-and-iran.html",
        "/?p=17",
        "/café/",
        "/2019/05/%d9%85%d9%88%d8%b3%d8%aa/",
        "/%D0%BC%D0%BE%D1%81%D1%82/",
        &format!("/{}", "x".repeat(5000)),
    ] {
        let insert = "insert into article_paths (hash, path, article_id) values (sha256($1::text::bytea), $1, $2)";
        sql.execute(insert, &[&path, &id]).await.unwrap();
    }
    let former = "insert into article_slugs (slug, article_id) values ('its-old-name', $1)";
    sql.execute(former, &[&id]).await.unwrap();
    for (path, matched) in [
        ("/2014/12/us-and-iran.html", "path"),
        ("http://old.example/2014/12/us-and-iran.html", "path"),
        ("http://old.example/2014/12/us-and-iran.html?m=1%23c5", "path"),
        ("2014/12/us-and-iran.html", "path"),
        ("/2014/12/us-and-iran.html/", "path"),
        ("/?p=17", "path"),
        ("/caf%25C3%25A9", "path"),
        ("/caf%25c3%25a9/", "path"),
        ("/?fbclid=x%26p=17%26utm_source=y", "path"),
        ("/2019/05/%25d9%2585%25d9%2588%25d8%25b3%25d8%25aa/", "path"),
        ("/2019/05/%25D9%2585%25D9%2588%25D8%25B3%25D8%25AA", "path"),
        ("/2019/05/%D9%85%D9%88%D8%B3%D8%AA/", "path"),
        ("/%25d0%25bc%25d0%25be%25d1%2581%25d1%2582", "path"),
        ("/%D0%BC%D0%BE%D1%81%D1%82/", "path"),
        (&format!("/{}", "x".repeat(5000)), "path"),
        ("/2014/12/a-story.html", "slug"),
        ("/A-Story/", "slug"),
        ("/blog/its-old-name", "former_slug"),
        (&format!("/api/v1/articles/{id}"), "id"),
    ] {
        let found = app.get(&format!("/api/v1/resolve?path={path}")).await.ok();
        assert_eq!(
            (found["article"]["id"].as_i64(), &found["matched"]),
            (Some(id), &matched.into()),
            "{path}"
        );
        assert_eq!(found["url"], "https://example.org/a-story", "{path}");
    }
    let iran = article(&sql, "iran-w-araq", "published", "2014-12-04Z").await;
    let last = app.get("/api/v1/resolve?path=/2019/05/%25d8%25a7%25db%258c%25d8%25b1%25d8%25a7%25d9%2586-%25d9%2588-%25d8%25b9%25d8%25b1%25d8%25a7%25d9%2582/").await.ok();
    assert_eq!((last["article"]["id"].as_i64(), &last["matched"]), (Some(iran), &"slug".into()));
    for path in
        ["/nowhere", "/", "/?p=18", "/2014/12/", &format!("/{other}"), "/a-story.pdf", "%3A%2F%2F"]
    {
        app.get(&format!("/api/v1/resolve?path={path}")).await.problem(404, "not_found");
    }
    let problem = app.get("/api/v1/resolve").await.problem(400, "bad_parameter");
    assert_eq!(problem["errors"][0]["parameter"], "path");
    set_status(&sql, id, "archived").await;
    for path in ["/2014/12/us-and-iran.html", "/a-story", "/its-old-name"] {
        app.get(&format!("/api/v1/resolve?path={path}")).await.problem(404, "not_found");
    }
}
