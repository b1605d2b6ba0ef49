//! Requests and data that once leaked, blocked or broke something.

use crate::comment_posting::{app as app_with_policy, comment};
use crate::harness::site::site;
use crate::harness::{TestApp, patient, start};
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use diesel::QueryableByName;
use diesel_async::AsyncPgConnection;
use futures_util::future::{join, join_all};
use roundup::config::{CommentPolicy as Policy, Config};
use roundup::editor::publish_due;
use roundup::state::State;
use roundup::transfer::import::{InputFile, Options, import_files};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Barrier;

const ARTICLES: &str = "/api/v1/admin/articles";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

async fn count_tags(conn: &AsyncPgConnection) -> roundup::error::Result<i64> {
    use diesel_async::RunQueryDsl as _;
    let count = diesel::sql_query("select count(*) as n from tags");
    Ok(count.get_result::<Number>(&mut &*conn).await?.n)
}

async fn execute(conn: &AsyncPgConnection, statement: &str) -> roundup::error::Result<usize> {
    use diesel_async::RunQueryDsl as _;
    Ok(diesel::sql_query(statement).execute(&mut &*conn).await?)
}

#[tokio::test]
async fn all_statements_of_a_read_see_the_same_moment() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let seen = app.state.read(async |conn| {
        let first = count_tags(conn).await?;
        let insert = "insert into tags (slug, name, created_at) values ('new', 'New', now())";
        sql.batch_execute(insert).await.unwrap();
        Ok((first, count_tags(conn).await?))
    });
    assert_eq!(seen.await.unwrap(), (0, 0));
    // The connection is reused, and its next read sees the row.
    assert_eq!(app.state.read(count_tags).await.unwrap(), 1);
    let write = app.state.read(async |conn| execute(conn, "delete from tags").await);
    assert!(write.await.is_err(), "a read cannot write");
}

/// An editor takes an article back, writes something private into it, and publishes it without.
#[tokio::test]
async fn a_draft_shows_in_no_response_while_it_is_published_and_taken_back() {
    let config = Config { cache_bytes: 0, ..patient() };
    let app = TestApp::with(config).await;
    let editor = app.key("articles:write,outlets:write").await.header("If-Match", "*");
    let link = |title: &str| json!([{"title": title, "url": "https://leak.example/1"}]);
    let body = json!({"headline": "OPEN", "status": "published", "tags": ["leak"],
        "links": link("OPEN link")});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let at = format!("{ARTICLES}/{}", made["id"]);
    let (draft, public) = (
        json!({"status": "draft", "headline": "SECRET", "dek": "SECRET", "links": link("SECRET")}),
        json!({"status": "published", "headline": "OPEN", "dek": null, "links": link("OPEN link")}),
    );
    let done = AtomicBool::new(false);
    let writes = async {
        for _ in 0..40 {
            editor.patch(&at, &draft).await.ok();
            editor.patch(&at, &public).await.ok();
        }
        done.store(true, Ordering::Relaxed);
    };
    let uris = [
        "/api/v1/articles?limit=3".to_owned(),
        "/api/v1/articles?tag=leak".to_owned(),
        "/feeds/articles.atom".to_owned(),
        format!("/api/v1/articles/{}", made["id"]),
        "/api/v1/links?url=https://leak.example/1".to_owned(),
        "/api/v1/search?q=leak%20link".to_owned(),
    ];
    let reads = async {
        while !done.load(Ordering::Relaxed) {
            for response in join_all(uris.iter().map(|uri| app.get(uri))).await {
                assert!(!response.text().contains("SECRET"), "{}", response.text());
            }
        }
    };
    join(writes, reads).await;
}

#[tokio::test]
async fn editors_who_swap_tags_and_outlets_do_not_block_each_other() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await.header("If-Match", "*");
    let body = |name: &str| json!({"tags": [name], "links": [{"title": "x", "credits": [{"outlet": {"name": name}}]}]});
    let swap = async |n: usize| {
        let names =
            if n.is_multiple_of(2) { ["Swap One", "Swap Two"] } else { ["Swap Two", "Swap One"] };
        let mut new = body(names[0]);
        new["headline"] = json!(format!("swap {n}"));
        new["status"] = json!("published");
        let made = editor.post(ARTICLES, &new).await.expect(StatusCode::CREATED);
        let at = format!("{ARTICLES}/{}", made["id"]);
        for round in 1..20 {
            editor.patch(&at, &body(names[round % 2])).await.ok();
        }
    };
    join_all((0..4).map(swap)).await;
    let sql = app.sql().await;
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    sql.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
    assert_eq!(sql.query_one(deadlocks, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_write_that_meets_a_deadlock_is_repeated() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    sql.batch_execute(
        "create table locked (id int primary key); insert into locked values (1), (2)",
    )
    .await
    .unwrap();
    let (attempts, barrier) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
    let lock_both = |ids: [i32; 2]| {
        let (attempts, barrier) = (Arc::clone(&attempts), Arc::clone(&barrier));
        State::write(&app.state, move |conn| {
            Box::pin(async move {
                let is_first = attempts.fetch_add(1, Ordering::Relaxed) < 2;
                for id in ids {
                    let lock = format!("select from locked where id = {id} for update");
                    execute(conn, &lock).await?;
                    if is_first && id == ids[0] {
                        barrier.wait().await;
                    }
                }
                Ok(())
            })
        })
    };
    let (one, other) = join(lock_both([1, 2]), lock_both([2, 1])).await;
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(attempts.load(Ordering::Relaxed), 3, "one of them was repeated once");
}

#[tokio::test]
async fn an_article_that_cannot_be_published_does_not_stop_the_others() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let schedule = async |headline: &str| {
        let body = json!({"headline": headline, "status": "scheduled",
            "published_at": "2026-03-01T13:00:00Z"});
        let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
        format!("{ARTICLES}/{}", made["id"])
    };
    let (failing, good) = (schedule("failing").await, schedule("good").await);
    let sql = app.sql().await;
    sql.batch_execute(
        "create function fail() returns trigger language plpgsql as $$
         begin raise exception 'it fails'; end $$;
         create trigger fail before update on articles for each row
         when (new.headline = 'failing' and new.status = 'published') execute function fail()",
    )
    .await
    .unwrap();
    app.state.clock().advance(TimeDelta::hours(2));
    assert_eq!(publish_due(&app.state).await.unwrap(), 1);
    assert_eq!(editor.get(&good).await.ok()["status"], "published");
    let article = editor.get(&failing).await.ok();
    assert_eq!(article["status"], "scheduled");
    assert!(article["publish_error"].is_string(), "{article}");
    let metrics = app.get("/metrics").await.text();
    assert!(metrics.contains("publish_errors_total 1"), "{metrics}");
    sql.batch_execute("drop trigger fail on articles").await.unwrap();
    assert_eq!(publish_due(&app.state).await.unwrap(), 1);
    let article = editor.get(&failing).await.ok();
    assert_eq!(
        (&article["status"], &article["publish_error"]),
        (&json!("published"), &json!(null))
    );
}

/// Returns a text of which PostgreSQL's search makes more words than it can store.
fn many_words() -> String {
    let letters: Vec<char> = ('\u{10400}'..'\u{10428}').collect();
    let word =
        |n: usize| -> String { (0..20).map(|i| letters[(n * 7 + i * i + n / 40) % 40]).collect() };
    (0..4700).flat_map(|n| [word(2 * n), "-".to_owned(), word(2 * n + 1), " ".to_owned()]).collect()
}

#[tokio::test]
async fn a_text_with_too_many_words_for_the_search_is_published() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let body = json!({"headline": "Long", "status": "published",
        "quote": {"text": many_words()}, "commentary": {"text": many_words()}});
    editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    assert_eq!(app.get("/api/v1/search?q=long").await.ok()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_gives_no_scope_that_it_lacks() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await;
    let manager = app.key("keys:manage,articles:write").await;
    let keys = "/api/v1/admin/keys";
    let new = |scopes: &[&str]| json!({"name": "x", "scopes": scopes});
    for scopes in [&["admin"][..], &["articles:read", "outlets:write"]] {
        let problem = manager.post(keys, &new(scopes)).await.problem(403, "missing_scope");
        assert!(
            problem["detail"].as_str().unwrap().contains(scopes[scopes.len() - 1]),
            "{problem}"
        );
    }
    let own = manager.post(keys, &new(&["articles:read"])).await.expect(StatusCode::CREATED);
    let wide = admin.post(keys, &new(&["admin"])).await.expect(StatusCode::CREATED);
    let revoke = async |key: &Value| manager.call("DELETE", &format!("{keys}/{}", key["id"])).await;
    revoke(&wide).await.problem(403, "missing_scope");
    assert!(revoke(&own).await.ok()["revoked_at"].is_string());
}

#[tokio::test]
async fn stored_responses_hold_no_secrets_and_belong_to_their_caller() {
    let app = app_with_policy(Policy::First).await;
    let site = site(&app).await;
    let comments = format!("/api/v1/articles/{}/comments", site.article);
    let body = comment("A", "My comment.");
    let reader = app.reader().header("Idempotency-Key", "1");
    let first = reader.post(&comments, &body).await.json();
    let key = app.key("admin").await.header("Idempotency-Key", "1");
    let new = json!({"name": "x", "scopes": ["articles:read"]});
    let created = key.post("/api/v1/admin/keys", &new).await.json();
    let stored = "select string_agg(convert_from(body, 'UTF8'), '') from idempotency_keys";
    let stored: String = site.sql.query_one(stored, &[]).await.unwrap().get(0);
    for secret in [&first["edit_token"], &first["author_token"], &created["secret"]] {
        assert!(!stored.contains(secret.as_str().unwrap()), "{stored}");
    }
    // Another client with the same key and body posts a comment of its own.
    let other = reader.clone().from("192.0.2.7").post(&comments, &body).await;
    assert_eq!(other.header("idempotent-replayed"), "");
    assert_ne!(other.json()["id"], first["id"]);
}

#[tokio::test]
async fn what_is_erased_leaves_no_trace() {
    const MARK: &str = "Zyxwvuts";
    let app = app_with_policy(Policy::Open).await;
    let site = site(&app).await;
    let admin = app.key("admin").await;
    let rule = json!({"kind": "regex", "action": "hold", "terms": ["zyxwv[a-z]+"]});
    admin.post("/api/v1/admin/rules", &rule).await.expect(StatusCode::CREATED);
    let comments = format!("/api/v1/articles/{}/comments", site.article);
    let body = json!({"author": {"name": MARK, "email": "zyxwvuts@a.example",
        "url": "https://zyxwvuts.example/"}, "text": format!("I am {MARK}.")});
    let reader = app.reader().header("Idempotency-Key", MARK);
    let made = reader.post(&comments, &body).await.expect(StatusCode::ACCEPTED);
    let approve = json!({"ids": [made["id"]], "action": "approve"});
    admin.post("/api/v1/admin/comments/batch", &approve).await.ok();
    let reply = json!({"author": {"name": "B"}, "text": "No.", "parent_id": made["id"]});
    app.reader().post(&comments, &reply).await.expect(StatusCode::CREATED);
    let report = json!({"reason": format!("it is {MARK}")});
    app.reader().post(&format!("/api/v1/comments/{}/reports", made["id"]), &report).await;
    let erase = json!({"email": "zyxwvuts@a.example"});
    admin.post("/api/v1/admin/comments/erase", &erase).await.ok();
    let article = json!({"headline": format!("About {MARK}"), "status": "published"});
    let once = admin.clone().header("Idempotency-Key", "of the article");
    let made = once.post(ARTICLES, &article).await;
    let at = format!("{ARTICLES}/{}?purge=true", made.json()["id"]);
    admin.if_match(&made).call("DELETE", &at).await;
    let tables = "select table_name::text from information_schema.tables
        where table_schema = 'public' and table_type = 'BASE TABLE'";
    for table in site.sql.query(tables, &[]).await.unwrap() {
        let table: String = table.get(0);
        // The address of what was public returns 410.
        if table == "purged_articles" {
            continue;
        }
        let left = format!(
            "select count(*) from {table} x where x::text ilike '%zyxwvuts%'
             or x::text like '%' || encode('{MARK}', 'hex') || '%'"
        );
        let left: i64 = site.sql.query_one(&left, &[]).await.unwrap().get(0);
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn a_purged_draft_was_never_there() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &json!({"headline": "Secret", "slug": "secret"})).await;
    let at = format!("{ARTICLES}/{}?purge=true", made.json()["id"]);
    editor.if_match(&made).call("DELETE", &at).await;
    app.get("/api/v1/articles/secret").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_strangers_spam_does_not_harm_the_reader_whose_email_it_names() {
    let app = app_with_policy(Policy::First).await;
    let site = site(&app).await;
    let admin = app.key("admin").await;
    let comments = format!("/api/v1/articles/{}/comments", site.article);
    let body = |text: &str| json!({"author": {"name": "V", "email": "v@x.example"}, "text": text});
    let reader = app.reader().from("192.0.2.1");
    let first = reader.post(&comments, &body("First.")).await.expect(StatusCode::ACCEPTED);
    let approve = json!({"ids": [first["id"]], "action": "approve"});
    admin.post("/api/v1/admin/comments/batch", &approve).await.ok();
    let mut spam = body("Pills.");
    spam["honeypot"] = json!("x");
    let stranger = app.reader().from("198.51.100.1");
    let spam = stranger.post(&comments, &spam).await.expect(StatusCode::ACCEPTED);
    assert_eq!(spam["held_because"], json!(["honeypot"]));
    reader.post(&comments, &body("Second.")).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_made_up_token_takes_no_lock() {
    let app = app_with_policy(Policy::Open).await;
    let site = site(&app).await;
    let lock = format!("begin; select from articles where id = {} for update", site.article);
    site.sql.batch_execute(&lock).await.unwrap();
    let stranger = app.reader().header("Roundup-Edit-Token", "et_x");
    let uri = format!("/api/v1/comments/{}", site.comment);
    stranger.call("DELETE", &uri).await.problem(403, "edit_token_refused");
    site.sql.batch_execute("rollback").await.unwrap();
}

/// A line of an export, as a key for imports may send it.
fn export(database: &str) -> String {
    let at = "2020-01-01T00:00:00+00:00";
    let article = json!({"id": 1, "slug": "x", "status": "published", "version": 1, "headline": "H",
        "dek": null, "lang": null, "quote_text": "q", "quote_html": "<script>alert(1)</script>",
        "commentary_label": null, "commentary_text": "c",
        "commentary_html": "<img src=x onerror=alert(1)>", "links_heading": null,
        "author_name": "a", "author_url": "javascript:alert(1)", "published_at": at,
        "published_at_uncertain": false, "comments_open": true, "corrections": [], "source": null,
        "source_id": null, "source_hash": null, "guid": null, "image": null, "created_at": at, "updated_at": at});
    let comment = json!({"id": 1, "article_id": 1, "parent_id": null, "root_id": 1, "depth": 0,
        "path": "\\x0000000000000001", "status": "approved", "author_name": "The editor",
        "author_url": null, "author_email": null, "author_hash": null, "is_editor": true,
        "text": "t", "html": "<iframe src=javascript:alert(1)></iframe>", "created_at": at,
        "listed_at": at, "edited_at": null, "uncertain": false, "held_because": [], "source": null,
        "source_id": null, "version": 1, "author_token_hash": null, "text_hash": null,
        "report_count": 0, "former_status": null});
    let lines = [
        json!({"roundup_export": 1, "database": database}),
        json!({"table": "articles", "row": article}),
        json!({"table": "comments", "row": comment}),
        json!({"end": {"rows": 2}}),
    ];
    lines.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect()
}

#[tokio::test]
async fn an_export_brings_no_scripts_and_no_forged_editors() {
    let app = TestApp::new().await;
    let importer = app.key("imports:write").await;
    let uri = "/api/v1/admin/imports?filename=x.ndjson";
    let body = export("00000000-0000-4000-8000-000000000000");
    let job = importer.send_as("POST", uri, "application/x-ndjson", &body).await.json();
    let at = format!("/api/v1/admin/jobs/{}", job["id"]);
    let mut done = importer.get(&at).await.ok();
    while ["queued", "running"].contains(&done["state"].as_str().unwrap()) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        done = importer.get(&at).await.ok();
    }
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["report"]["kinds"], json!({"sanitised": 2}));
    let article = app.get("/api/v1/articles/1?include=comments").await;
    let text = article.text();
    let article = article.json();
    for part in ["<script", "onerror", "javascript:", "<iframe"] {
        assert!(!text.contains(part), "{part}: {text}");
    }
    assert_eq!(article["comments"]["items"][0]["author"]["is_editor"], false);
}

#[tokio::test]
async fn one_odd_comment_does_not_stop_an_import() {
    let long = "x".repeat(6000);
    // Random letters, because PostgreSQL compresses index entries.
    let random: String = (0..400).map(|_| getrandom::u64().unwrap().to_string()).collect();
    let comment = |id: &str, email: &str, date: &str, text: &str| {
        format!(
            "<wp:comment><wp:comment_id>{id}</wp:comment_id><wp:comment_author>a</wp:comment_author>\
             <wp:comment_author_email>{email}</wp:comment_author_email>\
             <wp:comment_date_gmt>{date}</wp:comment_date_gmt>\
             <wp:comment_content><![CDATA[{text}]]></wp:comment_content>\
             <wp:comment_approved>1</wp:comment_approved><wp:comment_type>comment</wp:comment_type>\
             <wp:comment_parent>0</wp:comment_parent></wp:comment>"
        )
    };
    let date = "2020-01-01 00:00:00";
    let odd = [
        comment("2", &format!("{random}@b.example"), date, "email"),
        comment(&random, "a@b.example", date, "id"),
        comment("3", "a@b.example", "294276-12-31 00:00:00", "date"),
        comment("4", "a@b.example", date, &many_words()),
        comment("5", "a@b.example", date, &long),
    ];
    for odd in odd {
        let app = TestApp::new().await;
        let good = comment("1", "a@b.example", date, "good");
        let file = format!(
            "<rss xmlns:content='c' xmlns:wp='http://wordpress.org/export/1.2/'><channel>\
             <link>http://a.example</link><item><title>Post</title><link>http://a.example/p/</link>\
             <wp:post_id>1</wp:post_id><wp:post_type>post</wp:post_type><wp:status>publish</wp:status>\
             <wp:post_date_gmt>2020-01-01 00:00:00</wp:post_date_gmt>{good}{odd}</item></channel></rss>"
        );
        let mut conn = app.target.establish().await.unwrap();
        let files = vec![InputFile::from_bytes("wp.xml", file.into_bytes())];
        let report =
            import_files(&mut conn, files, Options::default(), start(), &mut |_| {}).await.unwrap();
        assert_eq!((report.failed, report.created.comments), (0, 2), "{:?}", report.skipped);
    }
}

#[tokio::test]
async fn a_cached_article_closes_when_its_time_for_comments_is_over() {
    let config = Config { comment_days: 10, ..patient() };
    let target = crate::harness::db::fresh().await;
    let app = TestApp::of(TestApp::state(&target, config), target, None).await;
    let editor = app.key("articles:write").await;
    let body = json!({"headline": "x", "status": "published"});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let uri = format!("/api/v1/articles/{}", made["id"]);
    assert_eq!(app.get(&uri).await.ok()["comments_open"], true);
    let since = app.state.clock().now();
    app.state.clock().advance(TimeDelta::days(10));
    roundup::articles::invalidate_closed(&app.state, since).await.unwrap();
    assert_eq!(app.get(&uri).await.ok()["comments_open"], false);
}

#[tokio::test]
async fn a_regular_expression_that_would_take_long_is_refused() {
    let app = TestApp::new().await;
    let moderator = app.key("comments:moderate").await;
    let rule = json!({"kind": "regex", "action": "hold", "terms": [r"(\w{1,60} ){1,12}z$"]});
    let problem = moderator.post("/api/v1/admin/rules", &rule).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/terms/0");
    assert!(problem["detail"].as_str().unwrap().contains("too complex"), "{problem}");
}

#[tokio::test]
async fn one_client_runs_a_few_searches_at_a_time() {
    let app = TestApp::new().await;
    let uris: Vec<String> = (0..8).map(|n| format!("/api/v1/search?q=word{n}")).collect();
    // Not by `get`, which would index before each.
    let responses = join_all(uris.iter().map(|uri| app.call("GET", uri))).await;
    let refused: Vec<_> = responses.iter().filter(|response| response.status == 429).collect();
    // Four are running or waiting; on a busy machine, one may wait too long.
    assert!((4..8).contains(&refused.len()), "{}", refused.len());
    assert!(refused.iter().all(|response| response.header("retry-after") == "1"));
    assert!(responses.iter().all(|response| [200, 429].contains(&response.status.as_u16())));
    // Lists without a search are not limited.
    let uris: Vec<String> = (0..8).map(|n| format!("/api/v1/articles?limit={}", n + 1)).collect();
    let lists = join_all(uris.iter().map(|uri| app.get(uri))).await;
    assert!(lists.iter().all(|response| response.status == 200));
}
