//! A newer edition of the seed reaches a database that has an older one, and respects its editors.

use crate::harness::TestApp;
use diesel_async::AsyncPgConnection;
use roundup::db::migrate;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Makes the database one of the first edition: without the rows that later editions added.
const TO_FIRST_EDITION: &str = "
    delete from site where key = 'outlet_seed';
    insert into site (key, value) values ('known_outlets', '2026-01-01T00:00:00+00:00');
    delete from outlets where slug not in ('cgtn', 'kommersant', 'reuters', 'wsj', 'npr')";

async fn open() -> (TestApp, Client, AsyncPgConnection) {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let (_, conn) = migrate(&app.target).await.unwrap();
    (app, sql, conn)
}

async fn seed(conn: &mut AsyncPgConnection) {
    roundup::outlets::seed(conn, crate::harness::start()).await.unwrap();
}

async fn count(sql: &Client) -> i64 {
    sql.query_one("select count(*) from outlets", &[]).await.unwrap().get(0)
}

async fn outlet(app: &TestApp, slug: &str) -> Value {
    app.get(&format!("/api/v1/outlets/{slug}")).await.ok()
}

fn holds(outlet: &Value, field: &str, item: &str) -> bool {
    outlet[field].as_array().unwrap().contains(&json!(item))
}

#[tokio::test]
async fn a_new_database_has_the_whole_seed() {
    let (_app, sql, mut conn) = open().await;
    let seeded = i64::try_from(roundup::outlets::seed::seed_outlets().len()).unwrap();
    assert_eq!(count(&sql).await, seeded);
    sql.execute("delete from outlets where slug = 'aftenposten'", &[]).await.unwrap();
    seed(&mut conn).await;
    assert_eq!(count(&sql).await, seeded - 1, "a deleted outlet came back");
}

#[tokio::test]
async fn a_newer_edition_adds_outlets_names_and_hosts() {
    let (app, sql, mut conn) = open().await;
    sql.batch_execute(TO_FIRST_EDITION).await.unwrap();
    // The first edition listed CCTV as a name of CGTN, and Kommersant under its Latin name only.
    sql.batch_execute(
        "insert into outlet_aliases select 'cctv', id, 'CCTV' from outlets where slug = 'cgtn';
         insert into outlet_hosts select 'cctv.com', id from outlets where slug = 'cgtn';
         delete from outlet_aliases where name = 'Коммерсантъ'",
    )
    .await
    .unwrap();
    seed(&mut conn).await;
    let aftenposten = outlet(&app, "aftenposten").await;
    assert_eq!(
        (&aftenposten["country"], &aftenposten["hosts"]),
        (&json!("NO"), &json!(["aftenposten.no"]))
    );
    assert!(holds(&outlet(&app, "kommersant").await, "aliases", "Коммерсантъ"));
    let cctv = outlet(&app, "cctv").await;
    assert!(cctv["name"] == "CCTV" && holds(&cctv, "hosts", "cctv.com"), "{cctv}");
    assert!(!holds(&outlet(&app, "cgtn").await, "aliases", "CCTV"));
    let stored = count(&sql).await;
    seed(&mut conn).await;
    assert_eq!(count(&sql).await, stored);
}

#[tokio::test]
async fn a_newer_edition_leaves_the_outlets_of_editors_alone() {
    let (app, sql, mut conn) = open().await;
    sql.batch_execute(TO_FIRST_EDITION).await.unwrap();
    // NPR was deleted, Reuters renamed, The Wall Street Journal merged into Kommersant.
    let editor = app.key("outlets:write").await;
    let path = |slug: &str| format!("/api/v1/admin/outlets/{slug}");
    let reuters = outlet(&app, "reuters").await["id"].clone();
    let wsj = outlet(&app, "wsj").await["id"].clone();
    let kommersant = outlet(&app, "kommersant").await["id"].clone();
    sql.execute("delete from outlets where slug = 'npr'", &[]).await.unwrap();
    let read = editor.get(&path(&reuters.to_string())).await;
    let renamed = json!({"name": "Reuters of London", "slug": "reuters-of-london", "aliases": []});
    editor.if_match(&read).patch(&path(&reuters.to_string()), &renamed).await.ok();
    let merge = format!("{}/merge", path(&wsj.to_string()));
    editor.post(&merge, &json!({"into": kommersant})).await.ok();
    seed(&mut conn).await;
    for slug in ["npr", "ap"] {
        app.get(&format!("/api/v1/outlets/{slug}")).await.problem(404, "not_found");
    }
    let renamed = outlet(&app, "reuters-of-london").await;
    assert!(!holds(&renamed, "aliases", "Thomson Reuters"), "{renamed}");
    let names = "select count(*) from outlets where name in ('Reuters', 'The Wall Street Journal')";
    assert_eq!(sql.query_one(names, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_newer_edition_describes_an_outlet_that_was_made_by_reading() {
    let (app, sql, mut conn) = open().await;
    sql.batch_execute(TO_FIRST_EDITION).await.unwrap();
    sql.batch_execute(
        "with o as (insert into outlets (slug, name, lang, created_at, updated_at)
                    values ('the-nyrb', 'NYRB', 'fr', now(), now()),
                           ('focus', 'Focus', null, now(), now()) returning id, name)
         insert into outlet_aliases (key, outlet_id, name) select lower(name), id, name from o",
    )
    .await
    .unwrap();
    seed(&mut conn).await;
    let review = outlet(&app, "the-nyrb").await;
    assert_eq!((&review["name"], &review["lang"]), (&json!("NYRB"), &json!("fr")));
    assert_eq!((&review["country"], &review["kind"]), (&json!("US"), &json!("magazine")));
    assert!(holds(&review, "hosts", "nybooks.com"), "{review}");
    assert!(holds(&review, "aliases", "The New York Review of Books"), "{review}");
    // Several outlets are called Focus, so the name alone does not say that it is the seed's.
    // It has nothing but its name, and no published article credits it.
    app.get("/api/v1/outlets/focus").await.problem(404, "not_found");
}
