//! A model of the change feed: writers commit in any order, and each follower's copy equals the site.

use crate::harness::{TestApp, db};
use roundup::db::Target;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

const WRITERS: u64 = 8;
const FOLLOWERS: usize = 3;

/// The number of transactions; more in a longer run: `MODEL_CHANGES=1000000`.
fn transactions() -> u64 {
    let given = std::env::var_os("MODEL_CHANGES").and_then(|text| text.to_str()?.parse().ok());
    given.unwrap_or(1200)
}

/// Returns a number below `n`.
fn random(n: u64) -> u64 {
    getrandom::u64().unwrap() % n
}

/// What a follower knows: the headline or the text of each object that is public.
#[derive(Default)]
struct Copy {
    cursor: String,
    objects: BTreeMap<(String, i64), String>,
    seen: BTreeSet<String>,
}

impl Copy {
    /// Applies a change that must be possible after the ones before.
    fn apply(&mut self, change: &Value) {
        let cursor = change["cursor"].as_str().unwrap().to_owned();
        assert!(self.seen.insert(cursor), "seen twice: {change}");
        let object = &change["object"];
        let key = (object["type"].as_str().unwrap().to_owned(), object["id"].as_i64().unwrap());
        let (kind, what) = change["type"].as_str().unwrap().split_once('.').unwrap();
        if !["article", "comment"].contains(&kind) {
            return;
        }
        let was_public = self.objects.contains_key(&key);
        assert_eq!(was_public, what != "published", "{change}");
        if ["withdrawn", "deleted"].contains(&what) {
            self.objects.remove(&key);
            return;
        }
        // What the object is now may be newer than the change; its own change follows then.
        let text = ["headline", "text"].iter().find_map(|name| object["data"][name].as_str());
        self.objects.insert(key, text.unwrap_or_default().to_owned());
    }
}

/// Runs transactions of random length until none are left.
async fn write(target: Target, left: Arc<AtomicU64>) {
    let mut sql = db::client(&target).await;
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
        let transaction = sql.transaction().await.unwrap();
        let mut failed = false;
        for _ in 0..=random(3) {
            let n = i64::try_from(random(u64::MAX) >> 1).unwrap();
            let statement = match random(8) {
                0 | 1 => "insert into articles (slug, status, headline, published_at, created_at, updated_at)
                          values ('m' || $1::bigint, case when $1 % 3 = 0 then 'draft' else 'published' end,
                                  'first', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z')",
                2 => "update articles set headline = 'h' || $1::bigint
                      where id = (select id from articles order by id desc offset $1 % 20 limit 1)",
                3 => "update articles set status = case when status = 'published' then 'draft' else 'published' end
                      where id = (select id from articles order by id desc offset $1 % 20 limit 1)",
                4 => "delete from articles
                      where id = (select id from articles order by id desc offset $1 % 20 limit 1)",
                5 | 6 => "insert into comments (article_id, root_id, depth, path, status, text, html, listed_at)
                      select a.id, c.id, 0, int8send(c.id),
                          case when $1 % 2 = 0 then 'pending' else 'approved' end, 'first', '', '2026-01-01Z'
                      from (select id from articles order by id desc offset $1 % 20 limit 1) a,
                          (select $1 % 1000000000 + 1 as id) c",
                _ => "update comments set text = 't' || $1::bigint,
                          status = case when $1 % 2 = 0 then 'approved' else 'spam' end
                      where id = (select id from comments order by id offset $1 % 20 limit 1)",
            };
            if transaction.execute(statement, &[&n]).await.is_err() {
                // A deadlock, or a row that is gone.
                failed = true;
                break;
            }
            sleep(Duration::from_micros(random(4000))).await;
        }
        if failed || random(10) == 0 {
            transaction.rollback().await.unwrap();
        } else {
            let _ = transaction.commit().await;
        }
    }
}

/// Reads the feed until the writers are done and nothing is left.
async fn follow(app: &TestApp, done: &AtomicBool) -> Copy {
    let mut copy = Copy::default();
    loop {
        let was_done = done.load(Ordering::Relaxed);
        let limit = 1 + random(100);
        let url = match copy.cursor.as_str() {
            "" => format!("/api/v1/changes?limit={limit}&include=object"),
            since => format!("/api/v1/changes?limit={limit}&include=object&since={since}"),
        };
        let page = app.get(&url).await.ok();
        if random(5) == 0 {
            // It is killed before it has stored anything, and comes back.
            continue;
        }
        let items = page["items"].as_array().unwrap();
        for change in items {
            copy.apply(change);
        }
        page["cursor"].as_str().unwrap().clone_into(&mut copy.cursor);
        if was_done && items.is_empty() {
            return copy;
        }
        if items.is_empty() {
            sleep(Duration::from_millis(random(20))).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_copy_equals_the_site() {
    let app = TestApp::new().await;
    app.append_events().await;
    let left = Arc::new(AtomicU64::new(transactions()));
    let done = AtomicBool::new(false);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        writers.spawn(write(app.target.clone(), Arc::clone(&left)));
    }
    let append = async {
        while writers.try_join_next().is_none_or(|ended| ended.is_ok()) {
            // An appender is killed in the middle; another one goes on.
            let pass = app.append_events();
            if random(4) == 0 {
                let _ = tokio::time::timeout(Duration::from_micros(random(3000)), pass).await;
            } else {
                tokio::join!(pass, app.append_events());
            }
            if writers.is_empty() {
                break;
            }
        }
        app.append_events().await;
        done.store(true, Ordering::Relaxed);
    };
    let following = futures_util::future::join_all((0..FOLLOWERS).map(|_| follow(&app, &done)));
    let ((), copies) = tokio::join!(append, following);
    let sql = app.sql().await;
    let site = "select 'article', id, headline from articles where status = 'published' union all
                select 'comment', c.id, c.text from comments c join articles a on a.id = c.article_id
                where c.status = 'approved' and a.status = 'published'";
    let rows = sql.query(site, &[]).await.unwrap();
    let site: BTreeMap<(String, i64), String> =
        rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
    assert!(!site.is_empty());
    let events: i64 = sql.query_one("select last_id from event_log", &[]).await.unwrap().get(0);
    let kept: i64 = sql.query_one("select count(*) from events", &[]).await.unwrap().get(0);
    assert_eq!(events, kept, "ids have no gaps");
    for copy in copies {
        assert_eq!(copy.objects, site);
    }
}
