//! Comments of other comment systems, on the articles that were imported before them or beside
//! them.

use crate::site::{Site, fixture};
use roundup::transfer::import::{Counts, InputFile, Options, Report};

/// A blog whose posts have these URLs.
fn blog(urls: &[&str]) -> InputFile {
    let mut items = String::new();
    for (url, id) in urls.iter().zip(1..) {
        items += &format!(
            "<item><wp:post_id>{id}</wp:post_id><title>T{id}</title><link>{url}</link>\
             <wp:status>publish</wp:status></item>"
        );
    }
    let wxr = format!("<rss><channel><link>http://b.example</link>{items}</channel></rss>");
    InputFile::from_bytes("blog.xml", wxr.into_bytes())
}

/// Imports comments beside the blog that they belong to, the comments first.
async fn with_blog(name: &str, urls: &[&str]) -> (Site, Report) {
    let site = Site::new().await;
    let files = vec![InputFile::from_path(&fixture(name)), blog(urls)];
    let report = site.import(files.clone(), Options::default()).await;
    let again = site.import(files, Options::default()).await;
    assert_eq!(again.created, Counts::default(), "{name}");
    assert_eq!(again.updated, Counts::default(), "{name}");
    let public = site.public().await;
    assert!(!public.contains("pii-") && !public.contains("198.18."), "{name}");
    (site, report)
}

/// The page that the comments of the fixtures are on.
const PAGE: &str = "https://elsewhere.example/2020/06/the-bridge-opens/";

#[tokio::test]
async fn comments_from_disqus_are_stored_under_the_pages_of_their_threads() {
    let (site, report) = with_blog("disqus.xml", &["https://bridge.example/", PAGE]).await;
    // The front page is no article, so its comment is an orphan, as are two of lost threads.
    assert_eq!((report.kinds["comment"], report.created.comments), (8, 4));
    assert_eq!(report.skipped.iter().filter(|skipped| skipped.kind == "orphan").count(), 3);
    assert_eq!(report.failed, 1);
    let shown = site.count("select count(*) from comments where status = 'approved'").await;
    assert_eq!(shown, 2);
    let undated = site.column("select source_id from comments where created_at is null").await;
    assert_eq!(undated, ["4"]);
    let reply = "select author_name from comments where parent_id is not null";
    assert_eq!(site.column(reply).await, ["Emil"]);
}

#[tokio::test]
async fn comments_from_isso_commento_and_remark42_are_stored() {
    for (name, created, failed, orphans, reply) in [
        ("isso.json", 2, 1, 1, ""),
        ("commento.json", 5, 0, 1, "Una Marsh"),
        ("remark42-tree.json", 4, 0, 1, "deleted"),
        ("remark42-backup.json", 2, 0, 0, "Lea"),
    ] {
        // Some name the page with a slash at the end, some without.
        let page = [PAGE.trim_end_matches('/')];
        let (site, report) = with_blog(name, &page).await;
        assert_eq!((report.created.comments, report.failed), (created, failed), "{name}");
        assert_eq!(report.format, "mixed", "{name}");
        let skipped = report.skipped.iter().filter(|skipped| skipped.kind == "orphan");
        assert_eq!(skipped.count(), orphans, "{name}");
        let first = "select author_name from comments where parent_id is not null order by depth";
        assert_eq!(site.column(first).await[0], reply, "{name}");
    }
}

#[tokio::test]
async fn a_deleted_comment_keeps_its_place_in_the_thread() {
    let site = Site::new().await;
    let tree = r#"{"comments":[{"comment":{"id":"1","text":"gone","delete":true,
        "locator":{"url":"https://b.example/a"},"time":"2020-01-01T00:00:00Z"},"replies":[
        {"comment":{"id":"2","pid":"1","text":"<b>here</b>","user":{"name":"R"},
        "locator":{"url":"https://b.example/a"},"time":"2020-01-01T00:00:01.5+01:00"}}]}]}"#;
    let files = vec![
        blog(&["https://b.example/a/"]),
        InputFile::from_bytes("tree.json", tree.as_bytes().to_vec()),
    ];
    let report = site.import(files, Options::default()).await;
    assert_eq!((report.failed, report.created.comments), (0, 2));
    let page = site.app.get("/api/v1/articles/1/comments").await.ok();
    assert_eq!(page["items"][0]["status"], "deleted");
    assert_eq!(page["items"][0]["text"], serde_json::Value::Null);
    assert_eq!(page["items"][1]["html"], "<b>here</b>");
    assert_eq!(page["items"][1]["depth"], 1);
    assert_eq!(page["items"][1]["created_at"], "2019-12-31T23:00:01Z");
}

#[tokio::test]
async fn a_backup_of_remark42_is_read_line_by_line() {
    let site = Site::new().await;
    let backup = "{\"version\":1,\"users\":[],\"posts\":[]}\n\
        {\"id\":\"1\",\"text\":\"a\",\"user\":{\"name\":\"R\"},\"locator\":{\"url\":\"https://b.example/a\"}}\n\
        {\"id\":\"2\",\"pid\":\"1\",\"text\":\"b\",\"locator\":{\"url\":\"https://b.example/a\"}}\n";
    let files = vec![
        InputFile::from_bytes("backup.json", backup.as_bytes().to_vec()),
        blog(&["https://b.example/a"]),
    ];
    let report = site.import(files, Options::default()).await;
    assert_eq!((report.failed, report.created.comments), (0, 2));
    // The file does not say when they were written.
    assert_eq!(site.count("select count(*) from comments where created_at is null").await, 2);
}

#[tokio::test]
async fn comments_without_any_article_fail() {
    let site = Site::new().await;
    let list =
        r#"[{"id":"/nowhere/","comments":[{"id":0,"text":"a","created":"2020-01-01 00:00:00"}]}]"#;
    let report = site.text("list.json", list).await;
    assert_eq!(report.failed, 1);
    let error = report.skipped.last().unwrap();
    assert!(error.reason.contains("import the articles first"), "{error:?}");
}

#[tokio::test]
async fn an_edit_or_removal_here_is_kept() {
    let site = Site::new().await;
    let list = r#"[{"id":"/a/","comments":[{"id":1,"text":"bad"},{"id":2,"text":"typo"},{"id":3,"text":"c"}]}]"#;
    let files = |list: &str| {
        vec![
            blog(&["http://b.example/a/"]),
            InputFile::from_bytes("list.json", list.as_bytes().to_vec()),
        ]
    };
    site.import(files(list), Options::default()).await;
    site.sql
        .batch_execute(
            "update comments set status = 'deleted', text = '', html = '' where source_id = '1'; \
             update comments set text = 'mended', edited_at = now() where source_id = '2'",
        )
        .await
        .unwrap();
    let again = site.import(files(list), Options::default()).await;
    assert_eq!(again.updated, Counts::default());
    let newer = list.replace("\"c\"", "\"changed there\"");
    let again = site.import(files(&newer), Options::default()).await;
    assert_eq!(again.updated.comments, 1);
    let texts = site.column("select text from comments order by source_id").await;
    assert_eq!(texts, ["", "mended", "changed there"]);
}
