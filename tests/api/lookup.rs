//! Looking up who cites a URL, however it is written.

use crate::fixtures::urls::urls;
use crate::harness::TestApp;
use crate::harness::site::{article, refresh, set_status};
use roundup::links::{self, LinkRole, NewCredit, NewLink};
use serde_json::{Value, json};

const PAGE: &str = "https://www.example.com/news/Story-1/?id=5&b=a%20b";

/// Ten variants of the URL of one page.
const DECORATIONS: [&str; 10] = [
    "http://example.com/news/Story-1?b=a+b&id=5",
    "https://m.example.com/news/Story-1?id=5&b=a%20b",
    "https://amp.example.com/news/Story-1/?id=5&b=a%20b",
    "https://www.example.com/news/Story-1/amp?id=5&b=a%20b",
    "https://www.example.com/news/Story-1?id=5&b=a%20b#comments",
    "https://www.example.com/news/Story-1?id=5&b=a%20b&utm_source=x&utm_medium=y",
    "https://www.example.com/news/Story-1?fbclid=abc&id=5&b=a%20b",
    "https://WWW.EXAMPLE.COM:443/news//Story-1?id=5&b=a%20b",
    "https://user:secret@www.example.com/news/Story-1?id=5&b=a%20b&",
    "https://www.google.com/url?q=https%3A%2F%2Fwww.example.com%2Fnews%2FStory-1%3Fid%3D5%26b%3Da%2520b",
];

fn link(url: &str) -> NewLink {
    NewLink {
        role: LinkRole::More,
        title: "A story".into(),
        url: Some(url.into()),
        credit: None,
        credits: vec![NewCredit { outlet: None, bylines: Vec::new() }],
        section: None,
        quote: None,
        uncertain: false,
        credited_by_hand: false,
    }
}

/// Creates an article that cites these URLs.
async fn cite(app: &TestApp, slug: &str, urls: &[&str]) -> i64 {
    let sql = app.sql().await;
    let id = article(&sql, slug, "published", "2014-12-04Z").await;
    let list: Vec<NewLink> = urls.iter().map(|url| link(url)).collect();
    let mut conn = app.target.establish().await.unwrap();
    links::insert(&mut conn, id, &list, None).await.unwrap();
    refresh(&sql, id).await;
    id
}

/// Adds a parameter to the query of a URL.
fn with(url: &str, more: &str) -> String {
    let (page, fragment) = url.split_once('#').map_or((url, None), |(page, end)| (page, Some(end)));
    let glue = if page.contains('?') { '&' } else { '?' };
    let fragment = fragment.map_or_else(String::new, |end| format!("#{end}"));
    format!("{page}{glue}{more}{fragment}")
}

/// Replaces the `www.` of the host.
fn host(url: &str, prefix: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    format!("{scheme}://{prefix}{}", rest.strip_prefix("www.").unwrap_or(rest))
}

/// Returns ten variants of a URL.
fn decorated(url: &str) -> [String; 10] {
    let (scheme, rest) = url.split_once("://").unwrap();
    let other = if scheme == "https" { "http" } else { "https" };
    let (page, query) = url
        .split_once(['?', '#'])
        .map_or((url, ""), |(page, _)| (page, url.strip_prefix(page).unwrap()));
    let slash = match page.strip_suffix('/') {
        Some(without) => format!("{without}{query}"),
        None => format!("{page}/{query}"),
    };
    let escaped: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
    [
        format!("{other}://{rest}"),
        slash,
        format!("{}#comment-12", url.split('#').next().unwrap()),
        with(url, "utm_source=weekly&utm_medium=email&UTM_Campaign=x"),
        with(url, "fbclid=IwAR0&gclid=1&mc_cid=2"),
        host(url, "www."),
        host(url, "m."),
        host(url, "amp."),
        with(&host(&format!("{other}://{rest}"), "mobile."), "igshid=abc&spref=tw"),
        format!("https://www.google.com/url?sa=t&url={escaped}&usg=AOv"),
    ]
}

#[tokio::test]
async fn urls_of_many_shapes_are_found_in_ten_variants_each() {
    let urls = urls();
    let app = TestApp::new().await;
    for (n, chunk) in urls.chunks(400).enumerate() {
        let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
        cite(&app, &format!("issue-{n}"), &chunk).await;
    }
    let mut missed = Vec::new();
    for chunk in urls.chunks(10) {
        let asked: Vec<String> = chunk.iter().flat_map(|url| decorated(url)).collect();
        let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
        let found = look_up(&app, &asked).await;
        for (n, decoration) in asked.iter().enumerate() {
            let own = &chunk[n / 10];
            let links = found["items"][n]["links"].as_array().unwrap();
            if !links.iter().any(|link| link["url"] == own.as_str()) {
                missed.push(format!("{own} as {decoration}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} are missed: {missed:#?}", missed.len());
}

#[tokio::test]
async fn all_urls_of_a_video_are_one_page() {
    let app = TestApp::new().await;
    cite(&app, "a", &["https://youtu.be/dQw4w9WgXcQ"]).await;
    let shared = [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "http://youtube.com/watch?v=dQw4w9WgXcQ&si=abcDEF",
        "https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=youtu.be",
        "https://youtu.be/dQw4w9WgXcQ?si=abcDEF",
        "https://youtu.be/dQw4w9WgXcQ/#top",
        "https://www.youtube.com/embed/dQw4w9WgXcQ",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ",
        "https://www.youtube.com/live/dQw4w9WgXcQ?si=x",
        "https://music.youtube.com/watch?v=dQw4w9WgXcQ",
    ];
    let found = look_up(&app, &shared).await;
    for (n, url) in shared.iter().enumerate() {
        assert_eq!(found["items"][n]["citation_count"], 1, "{url}");
    }
    let another = look_up(&app, &["https://youtu.be/dQw4w9WgXcR"]).await;
    assert_eq!(another["items"][0]["citation_count"], 0);
}

async fn look_up(app: &TestApp, urls: &[&str]) -> Value {
    app.reader().post("/api/v1/links/lookup", &json!({"urls": urls})).await.ok()
}

#[tokio::test]
async fn every_variant_of_a_url_is_found() {
    let app = TestApp::new().await;
    cite(&app, "a", &[PAGE]).await;
    let found = look_up(&app, &DECORATIONS).await;
    for (n, url) in DECORATIONS.iter().enumerate() {
        let item = &found["items"][n];
        assert_eq!((&item["url"], &item["citation_count"]), (&json!(url), &json!(1)), "{item:#}");
        assert_eq!(item["links"][0]["url"], PAGE, "as it was written");
        assert_eq!(item["links"][0]["article"]["slug"], "a");
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("url", url);
        let list = app.get(&format!("/api/v1/links?{}", query.finish())).await.ok();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{url}");
    }
}

#[tokio::test]
async fn a_lookup_counts_and_lists_the_latest() {
    let app = TestApp::new().await;
    for n in 0..7 {
        cite(&app, &format!("s{n}"), &[PAGE]).await;
    }
    let last = cite(&app, "last", &[DECORATIONS[0], "https://youtu.be/dQw4w9WgXcQ"]).await;
    let youtube = "https://www.youtube.com/watch?v=dQw4w9WgXcQ&si=abc";
    let found =
        look_up(&app, &[PAGE, youtube, "https://example.org/nobody", "no address", PAGE]).await;
    let counts: Vec<_> =
        (0..5).map(|n| found["items"][n]["citation_count"].as_i64().unwrap()).collect();
    assert_eq!(counts, [8, 1, 0, 0, 8]);
    assert_eq!(found["items"][0]["links"].as_array().unwrap().len(), 5);
    assert_eq!(found["items"][0]["links"][0]["article"]["id"], last);
    assert_eq!(found["items"][3]["key"], Value::Null);
    set_status(&app.sql().await, last, "archived").await;
    assert_eq!(look_up(&app, &[youtube]).await["items"][0]["citation_count"], 0);
}

#[tokio::test]
async fn an_invalid_lookup_is_rejected_with_its_member() {
    let app = TestApp::new().await;
    let post = async |body: Value| app.reader().post("/api/v1/links/lookup", &body).await;
    let problem =
        post(json!({"urls": vec!["https://example.org/"; 101]})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/urls");
    post(json!({"urls": []})).await.problem(422, "invalid");
    post(json!({"urls": ["a"], "more": 1})).await.problem(422, "invalid");
    let long = "x".repeat(10_001);
    let problem = post(json!({"urls": ["a", long]})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/urls/1");
}

#[tokio::test]
async fn citation_keys_of_older_rules_are_recomputed() {
    let app = TestApp::new().await;
    cite(&app, "a", &[PAGE, "mailto:a@example.org"]).await;
    let many: Vec<String> = (0..1500).map(|n| format!("https://example.org/{n}")).collect();
    cite(&app, "b", &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let sql = app.sql().await;
    let age =
        "update links set url_rules = 0, url_hash = 'x', domain = 'old' where url not like '%/77'";
    let aged = usize::try_from(sql.execute(age, &[]).await.unwrap()).unwrap();
    assert_eq!(look_up(&app, &[PAGE]).await["items"][0]["citation_count"], 0);
    let mut conn = app.target.establish().await.unwrap();
    assert_eq!(links::rekey(&mut conn).await.unwrap(), (aged, aged));
    assert_eq!(links::rekey(&mut conn).await.unwrap(), (0, 0), "nothing is left to do");
    let found = look_up(&app, &[PAGE, "http://example.org/1499/"]).await;
    assert_eq!(found["items"][0]["links"][0]["domain"], "example.com");
    assert_eq!(found["items"][1]["citation_count"], 1);
}

#[tokio::test]
async fn outlets_are_ranked_by_period_and_as_partners() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    sql.batch_execute(
        "insert into outlets (id, slug, name, created_at, updated_at)
         select 1000000 + n, 'o' || n, 'Outlet ' || n, now(), now() from generate_series(1, 3) n;
         insert into articles (id, slug, status, headline, published_at, created_at, updated_at)
         values (1, 'a', 'published', 'A', '2014-12-31Z', now(), now()), (2, 'b', 'published', 'B', '2015-01-05Z', now(), now()),
                (3, 'c', 'draft', 'C', '2015-01-05Z', now(), now());
         insert into links (id, article_id, role, position, title) select n, 1 + n % 3, 'more', n, 'x' from generate_series(1, 6) n;
         insert into link_credits (link_id, position, outlet_id)
         values (3, 0, 1000001), (3, 1, 1000002), (6, 0, 1000001), (1, 0, 1000002), (1, 1, 1000003), (4, 0, 1000002), (2, 0, 1000003);
         select refresh_articles(array[1, 2, 3])",
    )
    .await
    .unwrap();
    let stats = app.get("/api/v1/outlets/stats").await.ok();
    assert_eq!((&stats["from"], &stats["to"]), (&json!("2013-01-06"), &json!("2015-01-06")));
    let board = |period: &Value| -> Vec<String> {
        let outlets = period["outlets"].as_array().unwrap().iter();
        outlets
            .map(|o| format!("{} {}", o["outlet"]["slug"].as_str().unwrap(), o["link_count"]))
            .collect()
    };
    assert_eq!(stats["items"][0]["begins_on"], "2015-01-01");
    assert_eq!(board(&stats["items"][0]), ["o2 2", "o3 1"]);
    assert_eq!(board(&stats["items"][1]), ["o1 2", "o2 1"]);
    let uri = "/api/v1/outlets/stats?by=week&from=2014-12-29&to=2015-01-05&top=1";
    let week = app.get(uri).await.ok();
    assert_eq!(week["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (board(&week["items"][0]), &week["items"][0]["outlet_count"]),
        (vec!["o1 2".to_owned()], &json!(2))
    );
    for bad in
        ["from=2015-01-01&to=2014-01-01", "by=day&from=2010-01-01&to=2015-01-01", "top=0", "from=x"]
    {
        app.get(&format!("/api/v1/outlets/stats?{bad}")).await.problem(400, "bad_parameter");
    }
    let partners = app.get("/api/v1/outlets/o2/partners").await.ok();
    assert_eq!(partners["link_count"], 3);
    let names: Vec<_> = (0..2).map(|n| partners["items"][n]["outlet"]["slug"].clone()).collect();
    assert_eq!(
        (names, partners["items"].as_array().unwrap().len()),
        (vec![json!("o1"), json!("o3")], 2)
    );
    let alone = app.get("/api/v1/outlets/reuters/partners").await.ok();
    assert_eq!(alone, json!({"link_count": 0, "items": []}));
}
