//! A sample site: one roundup with sources, tags and a thread.

use super::TestApp;
use tokio_postgres::Client;

/// The roundup of the examples.
pub const HARBOUR: &str = include_str!("../../fixtures/harbour-bridge.txt");

/// The outlets that the example credits.
const OUTLETS: [&str; 5] =
    ["Harbour Gazette", "Coast Radio", "Morning Ledger", "The Islander", "Bridge & Tunnel Review"];

/// The slug of its article.
pub const SLUG: &str = "harbour-bridge-reopens-after-two-year-repair";

/// The stored article, and a connection.
pub struct Site {
    pub sql: Client,
    pub article: i64,
    pub comment: i64,
}

/// Imports the example, with two tags and a thread of five comments.
pub async fn site(app: &TestApp) -> Site {
    let sql = app.sql().await;
    for name in OUTLETS {
        let slug = safe_html::slug::slugify(name);
        let key = safe_html::names::fold_outlet_name(name);
        let insert = "with o as (insert into outlets (slug, name, created_at, updated_at)
                          values ($1, $2, '2026-01-01Z', '2026-01-01Z') returning id)
                      insert into outlet_aliases (key, outlet_id, name) select $3, id, $2 from o";
        sql.execute(insert, &[&slug, &name, &key]).await.unwrap();
    }
    let report = app.import("harbour-bridge.txt", HARBOUR).await;
    assert_eq!((report.created.articles, report.created.outlets), (1, 0), "{report:?}");
    let article = sql.query_one("select id from articles", &[]).await.unwrap().get(0);
    tag(&sql, article, &["Bridges", "City council"]).await;
    let comment: i64 = sql.query_one("select min(id) from comments", &[]).await.unwrap().get(0);
    let reply = reply(&sql, comment, "approved", "So do I.").await;
    super::site::reply(&sql, reply, "approved", "And I.").await;
    super::site::reply(&sql, comment, "pending", "Buy pills.").await;
    Site { sql, article, comment }
}

/// Tags an article, as the service does.
pub async fn tag(sql: &Client, article: i64, names: &[&str]) {
    for (position, name) in names.iter().enumerate() {
        let slug = safe_html::slug::slugify(name);
        let make = "insert into tags (slug, name, created_at) values ($1, $2, '2026-03-01Z')
                    on conflict (slug) do update set name = excluded.name returning id";
        let tag: i64 = sql.query_one(make, &[&slug, name]).await.unwrap().get(0);
        let give = "insert into article_tags (article_id, tag_id, position) values ($1, $2, $3)";
        let position = i16::try_from(position).unwrap();
        sql.execute(give, &[&article, &tag, &position]).await.unwrap();
    }
    refresh(sql, article).await;
}

/// Updates what is derived from an article, as every write does.
pub async fn refresh(sql: &Client, article: i64) {
    sql.execute("select refresh_articles(array[$1::bigint])", &[&article]).await.unwrap();
}

/// Sets the status of an article.
pub async fn set_status(sql: &Client, article: i64, status: &str) {
    let update = "update articles set status = $2 where id = $1";
    sql.execute(update, &[&article, &status]).await.unwrap();
    refresh(sql, article).await;
}

/// Inserts a root comment and returns its id.
pub async fn comment(sql: &Client, article: i64, status: &str, text: &str) -> i64 {
    let insert = "
        with new as (select nextval(pg_get_serial_sequence('comments', 'id')) as id)
        insert into comments (id, article_id, root_id, depth, path, status, author_name, text,
                              html, created_at, listed_at)
        select id, $1, id, 0, int8send(id), $2, 'Reader', $3, '<p>' || $3 || '</p>',
               '2026-03-01Z'::timestamptz + id * interval '1 second',
               '2026-03-01Z'::timestamptz + id * interval '1 second' from new returning id";
    sql.query_one(insert, &[&article, &status, &text]).await.unwrap().get(0)
}

/// Inserts a reply and returns its id.
pub async fn reply(sql: &Client, parent: i64, status: &str, text: &str) -> i64 {
    let insert = "
        with new as (select nextval(pg_get_serial_sequence('comments', 'id')) as id)
        insert into comments (id, article_id, parent_id, root_id, depth, path, status, author_name,
                              text, html, created_at, listed_at)
        select new.id, p.article_id, p.id, p.root_id, p.depth + 1, p.path || int8send(new.id), $2,
               'Reader', $3, '<p>' || $3 || '</p>',
               '2026-03-01Z'::timestamptz + new.id * interval '1 second',
               '2026-03-01Z'::timestamptz + new.id * interval '1 second'
        from new, comments p where p.id = $1 returning id";
    sql.query_one(insert, &[&parent, &status, &text]).await.unwrap().get(0)
}

/// Inserts an article with only a headline and returns its id.
pub async fn article(sql: &Client, slug: &str, status: &str, published_at: &str) -> i64 {
    let insert = "
        insert into articles (slug, status, headline, published_at, created_at, updated_at)
        values ($1, $2, $1, $3::text::timestamptz, '2026-03-01Z', '2026-03-01Z') returning id";
    sql.query_one(insert, &[&slug, &status, &published_at]).await.unwrap().get(0)
}

/// Replaces the path parameters of an operation with values of this site.
pub fn fill(path: &str, site: &Site) -> String {
    let mut filled = Vec::new();
    let mut before = "";
    for segment in path.split('/') {
        let (segment, format) = match segment.strip_suffix(".{format}") {
            Some(feed) => (feed, ".atom"),
            None => (segment, ""),
        };
        let value = match (before, segment.starts_with('{')) {
            ("articles", true) => site.article.to_string(),
            ("comments", true) => site.comment.to_string(),
            ("outlets", true) => "harbour-gazette".to_owned(),
            ("tags", true) => "bridges".to_owned(),
            ("sitemaps", true) => "0.xml".to_owned(),
            ("problems", true) => "not_found".to_owned(),
            _ => segment.to_owned(),
        };
        filled.push(value + format);
        before = segment;
    }
    filled.join("/")
}
