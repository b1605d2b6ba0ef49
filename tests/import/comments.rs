//! Comments that were kept elsewhere find the articles that came before them.

use crate::site::{Site, shared};
use roundup::transfer::import::{Counts, InputFile, Options};

/// A blog whose posts have these addresses.
fn blog(addresses: &[&str]) -> InputFile {
    let mut items = String::new();
    for (address, id) in addresses.iter().zip(1..) {
        items += &format!(
            "<item><wp:post_id>{id}</wp:post_id><title>T{id}</title><link>{address}</link>\
             <wp:status>publish</wp:status></item>"
        );
    }
    let wxr = format!("<rss><channel><link>http://b.example</link>{items}</channel></rss>");
    InputFile::from_bytes("blog.xml", wxr.into_bytes())
}

/// Imports comments beside the posts that they belong to, the comments first in the run.
async fn with_blog(
    name: &str,
    addresses: &[&str],
) -> Option<(Site, roundup::transfer::import::Report)> {
    let path = shared(name)?;
    let site = Site::new().await;
    let sources = vec![InputFile::from_path(&path), blog(addresses)];
    let report = site.import(sources.clone(), Options::default()).await;
    assert_eq!(report.failed, 0, "{name}: {:?}", report.skipped);
    let again = site.import(sources, Options::default()).await;
    assert_eq!(again.created, Counts::default(), "{name}");
    assert_eq!(again.updated, Counts::default(), "{name}");
    let public = site.public().await;
    assert!(!public.contains("pii-") && !public.contains("198.18."), "{name}");
    Some((site, report))
}

#[tokio::test]
async fn comments_from_disqus_go_under_the_pages_of_their_threads() {
    let pages = ["http://example.org/", "http://x.example/blog/2013/02/12/redacted/index.html"];
    if let Some((site, report)) = with_blog("comments/isso-disqus.xml", &pages).await {
        assert_eq!((report.kinds["comment"], report.kinds["orphan"]), (6, 1));
        // The front page is no article: its four comments have no home.
        assert_eq!(report.created.comments, 1);
        assert_eq!(report.skipped.iter().filter(|s| s.kind == "orphan").count(), 5);
        assert_eq!(site.column("select author_name from comments").await, ["Empty"]);
    }
    let page = ["https://elsewhere.example/p/2011/03/05/podcast-229"];
    if let Some((site, report)) = with_blog("comments/remark42-disqus.xml", &page).await {
        assert_eq!(report.created.comments, 4);
        let shown = site.count("select count(*) from comments where status = 'approved'").await;
        assert_eq!(shown, 3);
        // "2011-x09-30" is no time.
        let unknown = site.column("select id::text from comments where created_at is null").await;
        assert_eq!(unknown.len(), 1);
    }
    if let Some((site, _)) = with_blog("comments/remark42-disqus-deleted-post.xml", &page).await {
        let gone = site.count("select count(*) from comments where status = 'deleted'").await;
        assert_eq!(gone, 1);
    }
    if let Some((_, report)) = with_blog("comments/remark42-disqus-deleted-thread.xml", &page).await
    {
        assert_eq!(report.created.comments, 0);
    }
}

#[tokio::test]
async fn comments_from_isso_remark42_and_commento_come_in() {
    let pages = ["/posts/0001/", "/posts/0007"];
    if let Some((_, report)) = with_blog("comments/isso-generic.json", &pages).await {
        assert_eq!((report.created.comments, report.format.as_str()), (2, "mixed"));
    }
    let pages = ["http://a.example/blog/post/1", "http://a.example/blog/post/2"];
    if let Some((site, report)) = with_blog("comments/remark42-commento.json", &pages).await {
        assert_eq!(report.created.comments, 3);
        let name = "select author_name from comments where parent_id is not null";
        assert_eq!(site.column(name).await, ["Saturnin Uf"]);
    }
    let page = ["https://radio-t.com/p/2017/12/16/podcast-576/"];
    if let Some((site, report)) = with_blog("comments/remark42-tree_bench.json", &page).await {
        assert!(report.created.comments > 50, "{:?}", report.created);
        assert!(site.count("select max(depth)::bigint from comments").await > 0);
    }
    if let Some((_, report)) = with_blog("comments/isso-wordpress.xml", &[]).await {
        assert_eq!(report.kinds["comment"], 8);
    }
}

#[tokio::test]
async fn a_tree_keeps_its_shape_and_what_was_deleted_its_place() {
    let page = ["url"];
    for name in ["comments/remark42-tree.json", "comments/remark42-tree_del.json"] {
        // Their pages have no address: they are read, and reported as nobody's.
        if let Some((_, report)) = with_blog(name, &page).await {
            assert!(report.kinds["comment"] > 5, "{name}");
            assert_eq!(report.kinds["comment"], report.kinds["orphan"], "{name}");
        }
    }
    let site = Site::new().await;
    let tree = r#"{"comments":[{"comment":{"id":"1","text":"gone","delete":true,
        "locator":{"url":"https://b.example/a"},"time":"2020-01-01T00:00:00Z"},"replies":[
        {"comment":{"id":"2","pid":"1","text":"<b>here</b>","user":{"name":"R"},
        "locator":{"url":"https://b.example/a"},"time":"2020-01-01T00:00:01.5+01:00"}}]}]}"#;
    let sources = vec![
        blog(&["https://b.example/a/"]),
        InputFile::from_bytes("tree.json", tree.as_bytes().to_vec()),
    ];
    let report = site.import(sources, Options::default()).await;
    assert_eq!((report.failed, report.created.comments), (0, 2));
    let page = site.app.get("/api/v1/articles/1/comments").await.ok();
    assert_eq!(page["items"][0]["status"], "deleted");
    assert_eq!(page["items"][0]["text"], serde_json::Value::Null);
    assert_eq!(page["items"][1]["html"], "<b>here</b>");
    assert_eq!(page["items"][1]["depth"], 1);
    assert_eq!(page["items"][1]["created_at"], "2019-12-31T23:00:01.500Z");
}

#[tokio::test]
async fn a_backup_of_remark42_is_read_line_by_line() {
    let site = Site::new().await;
    let backup = "{\"version\":1,\"users\":[],\"posts\":[]}\n\
        {\"id\":\"1\",\"text\":\"a\",\"user\":{\"name\":\"R\"},\"locator\":{\"url\":\"https://b.example/a\"}}\n\
        {\"id\":\"2\",\"pid\":\"1\",\"text\":\"b\",\"locator\":{\"url\":\"https://b.example/a\"}}\n";
    let sources = vec![
        InputFile::from_bytes("backup.json", backup.as_bytes().to_vec()),
        blog(&["https://b.example/a"]),
    ];
    let report = site.import(sources, Options::default()).await;
    assert_eq!((report.failed, report.created.comments), (0, 2));
    // Nobody said when they were written.
    assert_eq!(site.count("select count(*) from comments where created_at is null").await, 2);
}

#[tokio::test]
async fn comments_without_any_article_fail() {
    let site = Site::new().await;
    let list =
        r#"[{"id":"/nowhere/","comments":[{"id":0,"text":"a","created":"2020-01-01 00:00:00"}]}]"#;
    let report = site.text("list.json", list).await;
    assert_eq!(report.failed, 1);
    let told = report.skipped.last().unwrap();
    assert!(told.reason.contains("import the articles first"), "{told:?}");
}

#[tokio::test]
async fn what_was_done_here_since_is_not_undone() {
    let site = Site::new().await;
    let list = r#"[{"id":"/a/","comments":[{"id":1,"text":"bad"},{"id":2,"text":"typo"},{"id":3,"text":"c"}]}]"#;
    let sources = |list: &str| {
        vec![
            blog(&["http://b.example/a/"]),
            InputFile::from_bytes("list.json", list.as_bytes().to_vec()),
        ]
    };
    site.import(sources(list), Options::default()).await;
    site.sql
        .batch_execute(
            "update comments set status = 'deleted', text = '', html = '' where source_id = '1'; \
             update comments set text = 'mended', edited_at = now() where source_id = '2'",
        )
        .await
        .unwrap();
    let again = site.import(sources(list), Options::default()).await;
    assert_eq!(again.updated, Counts::default());
    let newer = list.replace("\"c\"", "\"changed there\"");
    let again = site.import(sources(&newer), Options::default()).await;
    assert_eq!(again.updated.comments, 1);
    let texts = site.column("select text from comments order by source_id").await;
    assert_eq!(texts, ["", "mended", "changed there"]);
}
