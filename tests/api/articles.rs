//! Reading articles: members, filters, fields and redirects.

use crate::harness::TestApp;
use crate::harness::site::{SLUG, article, refresh, set_status, site, tag};
use serde_json::{Value, json};
use tokio_postgres::Client;

#[tokio::test]
async fn an_empty_site_lists_no_articles() {
    let app = TestApp::new().await;
    let page = app.get("/api/v1/articles").await.ok();
    insta::assert_json_snapshot!(page, @r#"
    {
      "items": [],
      "page": {
        "limit": 20,
        "next": null,
        "prev": null,
        "total": null
      }
    }
    "#);
}

/// Removes the ids of outlets, which depend on the list of known outlets.
fn without_outlet_ids(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::Object(members) => {
                if let Some(Value::Object(outlet)) = members.get_mut("outlet") {
                    outlet.remove("id");
                }
                members.values_mut().for_each(walk);
            }
            _ => {}
        }
    }
    walk(&mut value);
    value
}

#[tokio::test]
async fn a_roundup_is_served_as_it_was_written() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let uri = format!("/api/v1/articles/{SLUG}");
    let mut whole = without_outlet_ids(app.get(&uri).await.ok());
    assert_eq!(
        whole,
        without_outlet_ids(app.get(&format!("/api/v1/articles/{}", site.article)).await.ok())
    );
    let links = whole["links"].take();
    let quote = whole["quote"].take();
    assert!(quote["text"].as_str().unwrap().contains("“We would rather explain a bill"), "{quote}");
    assert_eq!(quote["html"].as_str().unwrap().matches("<p>").count(), 3, "{quote}");
    insta::assert_json_snapshot!("harbour-bridge", whole);
    let some = json!([links[0], links[2], links[4], links[5]]);
    insta::assert_json_snapshot!("harbour-bridge-links", some);
    assert_eq!(links.as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn a_list_has_the_lead_link_and_on_request_all_links() {
    let app = TestApp::new().await;
    site(&app).await;
    let item = app.get("/api/v1/articles").await.ok()["items"][0].clone();
    assert_eq!(item["links"].as_array().unwrap().len(), 1);
    assert_eq!(item["links"][0]["role"], "lead");
    assert!(item.get("quote").is_none() && item.get("commentary").is_none(), "{item}");
    let all = app.get("/api/v1/articles?include=links").await.ok()["items"][0].clone();
    assert_eq!(all["links"].as_array().unwrap().len(), 7);
    let whole = app.get(&format!("/api/v1/articles/{SLUG}")).await.ok();
    assert_eq!(whole["links"], all["links"]);
    assert!(whole.get("comments").is_none());
    let with = app.get(&format!("/api/v1/articles/{SLUG}?include=comments")).await.ok();
    let thread = app.get(&format!("/api/v1/articles/{SLUG}/comments?limit=50")).await.ok();
    assert_eq!(with["comments"], thread);
}

#[tokio::test]
async fn fields_selects_the_members_of_a_response() {
    let app = TestApp::new().await;
    site(&app).await;
    let list = app.get("/api/v1/articles?fields=slug,links.title,links.credits.outlet.slug").await;
    insta::assert_json_snapshot!(list.ok()["items"], @r#"
    [
      {
        "links": [
          {
            "credits": [
              {
                "outlet": {
                  "slug": "harbour-gazette"
                }
              }
            ],
            "title": "Harbour Bridge Reopens After Two-Year Repair"
          }
        ],
        "slug": "harbour-bridge-reopens-after-two-year-repair"
      }
    ]
    "#);
    let uri = format!("/api/v1/articles/{SLUG}?include=comments&fields=dek,comments.page.limit");
    let one = app.get(&uri).await.ok();
    insta::assert_json_snapshot!(one, @r#"
    {
      "comments": {
        "page": {
          "limit": 50
        }
      },
      "dek": "Night Ferry To Keep Running Until Autumn"
    }
    "#);
    for (uri, near) in [
        ("/api/v1/articles?fields=headlin", "headline"),
        ("/api/v1/articles?fields=id,links.titel", "title"),
        ("/api/v1/articles?fields=id.id", ""),
        ("/api/v1/articles?fields=,", ""),
        ("/api/v1/articles?include=link", ""),
        ("/api/v1/articles?sort=newest", ""),
        ("/api/v1/articles?published_after=yesterday", ""),
        ("/api/v1/articles?published_before=2014-02-30", ""),
    ] {
        let problem = app.get(uri).await.problem(400, "bad_parameter");
        let name = uri.split(['?', '=']).nth(1).unwrap();
        assert_eq!(problem["errors"][0]["parameter"], name, "{problem}");
        assert_eq!(
            problem["errors"][0]["did_you_mean"].as_str().unwrap_or_default(),
            near,
            "{problem}"
        );
    }
}

/// Creates four published articles with different tags, sources, authors and languages.
async fn several(app: &TestApp) -> Client {
    let sql = app.sql().await;
    for (n, (slug, names, outlet, author, lang)) in [
        ("one", &["Iraq", "Iran"][..], "reuters", "Ann", "en"),
        ("two", &["Iraq"], "bbc", "Ben", "en"),
        ("three", &["Syria"], "reuters", "Ann", "de"),
        ("four", &[], "afp", "Cleo", "fr"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = article(&sql, slug, "published", &format!("2014-12-0{}Z", n + 1)).await;
        let update = "update articles set author_name = $2, lang = $3, comment_count = $4,
                             updated_at = published_at - interval '1 day' * (id * 7 % 5) where id = $1";
        let comments = [2, 0, 9, 1][n];
        sql.execute(update, &[&id, &author, &lang, &comments]).await.unwrap();
        let link = "with l as (insert into links (article_id, role, position, title, url, domain)
                        values ($1, 'lead', 0, 'x', 'https://' || $2 || '.example/x', $2 || '.example') returning id)
                    insert into link_credits (link_id, position, outlet_id)
                    select l.id, 0, o.id from l, outlets o where o.slug = $2";
        assert_eq!(sql.execute(link, &[&id, &outlet]).await.unwrap(), 1, "no outlet {outlet}");
        tag(&sql, id, names).await;
        refresh(&sql, id).await;
    }
    sql
}

#[tokio::test]
async fn filters_are_combined_with_and_and_commas_with_or() {
    let app = TestApp::new().await;
    let sql = several(&app).await;
    let reuters: i64 =
        sql.query_one("select id from outlets where slug = 'reuters'", &[]).await.unwrap().get(0);
    sql.execute(
        "insert into tag_slugs select 'mesopotamia', id from tags where slug = 'iraq'",
        &[],
    )
    .await
    .unwrap();
    sql.execute(
        "insert into outlet_slugs select 'old-wire', id from outlets where slug = 'reuters'",
        &[],
    )
    .await
    .unwrap();
    let by_id = format!("outlet={reuters}");
    for (query, expected) in [
        ("", "four three two one"),
        ("tag=iraq", "two one"),
        ("tag=iraq,syria", "three two one"),
        ("tag=mesopotamia", "two one"),
        ("tag=nothing", ""),
        ("tag=iraq,nothing", "two one"),
        ("tag=iran&outlet=reuters", "one"),
        ("tag=syria&outlet=bbc", ""),
        ("outlet=reuters", "three one"),
        ("outlet=reuters,bbc", "three two one"),
        ("outlet=old-wire", "three one"),
        ("outlet=british-broadcasting-corporation,afp", "four two"),
        (by_id.as_str(), "three one"),
        ("domain=bbc.example", "two"),
        ("domain=www.bbc.example,AFP.example", "four two"),
        ("author=Ann", "three one"),
        ("author=Ann,Cleo", "four three one"),
        ("author=ann", ""),
        ("lang=en", "two one"),
        ("lang=de,fr&author=Cleo", "four"),
        ("published_after=2014-12-02", "four three two"),
        ("published_after=2014-12-02T00:00:01Z", "four three"),
        ("published_before=2014-12-03T01:00:00%2B01:00", "two one"),
        ("published_after=2014-12-02&published_before=2014-12-03", "two"),
        ("published_after=2014-12-03&published_before=2014-12-02", ""),
        ("tag=iraq&published_after=2014-12-02", "two"),
        ("outlet=reuters&published_before=2014-12-02", "one"),
        ("sort=published_at", "one two three four"),
        ("sort=-comment_count", "three one four two"),
        ("sort=-updated_at&lang=en", "one two"),
        ("sort=-comment_count&outlet=reuters", "three one"),
        ("sort=published_at&tag=iraq", "one two"),
    ] {
        let page = app.get(&format!("/api/v1/articles?count=exact&{query}")).await.ok();
        let slugs: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["slug"].as_str().unwrap())
            .collect();
        assert_eq!(slugs.join(" "), expected, "{query}");
        assert_eq!(page["page"]["total"], slugs.len(), "{query}");
    }
}

#[tokio::test]
async fn a_former_slug_redirects_and_keeps_the_query() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    // Short slugs also occur elsewhere in the path.
    for former in ["old-name", "a", "api", "v1", "articles", "li"] {
        let insert = "insert into article_slugs (slug, article_id) values ($1, $2)";
        site.sql.execute(insert, &[&former, &site.article]).await.unwrap();
        for rest in ["", "?fields=slug", "/links?limit=1&fields=title", "/comments?sort=newest"] {
            let response = app.get(&format!("/api/v1/articles/{former}{rest}")).await;
            assert_eq!(response.status, 301, "{former}{rest}: {}", response.text());
            assert_eq!(response.header("location"), format!("/api/v1/articles/{SLUG}{rest}"));
            let location = response.header("location").to_owned();
            app.get(&location).await.ok();
        }
    }
    set_status(&site.sql, site.article, "archived").await;
    app.get("/api/v1/articles/old-name").await.problem(404, "not_found");
}

#[tokio::test]
async fn an_empty_filter_is_rejected() {
    let app = TestApp::new().await;
    for name in ["tag", "outlet", "domain", "author", "lang", "published_after", "updated_after"] {
        let problem =
            app.get(&format!("/api/v1/articles?{name}=")).await.problem(400, "bad_parameter");
        assert_eq!(problem["errors"][0]["parameter"], name);
        assert_eq!(app.get(&format!("/api/v1/articles?{name}")).await.status, 400, "{name}");
    }
    for rest in ["q=", "include=", "fields=", "q=&include="] {
        let response = app.get(&format!("/api/v1/articles?{rest}")).await;
        assert_ne!(response.text(), "", "{rest}");
        assert!(!response.text().contains("has no value"), "{rest}: {}", response.text());
    }
    for uri in ["/api/v1/links?url=", "/api/v1/search?q=a&type=", "/feeds/articles.atom?limit="] {
        app.get(uri).await.problem(400, "bad_parameter");
    }
}
