//! Nothing becomes public because a file was there.

use crate::site::{Site, trusted};
use roundup::transfer::import::{Counts, Format, InputFile, Options};
use serde_json::json;

#[tokio::test]
async fn what_is_no_post_is_refused_with_a_reason() {
    let site = Site::new().await;
    for (name, text, reason) in [
        (".env", "SECRET_KEY=hunter2\n", "settings"),
        ("notes", "SECRET_KEY=hunter2\nUSER=ann\n", "settings"),
        ("bookmarks.yaml", "- url: https://hunter2.example\n", "not the name of a roundup"),
        ("list.mbox", "From a@b.example x\nSubject: hunter2\n\nA -- Reuters\n", "mailbox"),
        ("subscribers.csv", "email\nhunter2@a.example\n", "CSV"),
        ("feed.xml", "<rss><channel><title>hunter2</title></channel></rss>", "no posts"),
        ("a.md", "---\ntitle: [hunter2\n---\nText\n", "not valid YAML"),
    ] {
        let report = site.text(name, text).await;
        assert_eq!((report.failed, report.created), (1, Counts::default()), "{name}");
        assert!(report.skipped[0].reason.contains(reason), "{name}: {:?}", report.skipped);
    }
    assert!(!site.public().await.contains("hunter2"));
}

#[tokio::test]
async fn what_may_be_no_post_is_a_draft() {
    let site = Site::new().await;
    for (name, text) in [
        ("shopping.txt", "Bread\nMilk -- two litres\n"),
        ("prose.txt", "We met at https://a.example/ and hunter2 was said.\n"),
        ("page.md", "# About hunter2\n\n- [Ferry](https://a.example/) -- Reuters\n"),
        ("2024-01-02.md", "Dear diary: hunter2\n"),
        ("export.txt", "TITLE: hunter2\nEMAIL: hunter2@a.example\nFerry sails -- Reuters\n"),
        ("draft.md", "---\ntitle: hunter2\ndate: 2024-01-02\ndraft: true\n---\nText\n"),
        ("hidden.md", "---\ntitle: hunter2\ndate: 2024-01-02\npublished: false\n---\nText\n"),
        ("undated.md", "---\ntitle: hunter2\n---\nText\n"),
    ] {
        let report = site.text(name, text).await;
        assert_eq!((report.failed, report.created.articles), (0, 1), "{name}: {report:?}");
    }
    assert_eq!(site.count("select count(*) from articles where status <> 'draft'").await, 0);
    assert!(!site.public().await.contains("hunter2"));
}

#[tokio::test]
async fn a_status_that_the_file_does_not_state_is_that_of_the_article() {
    let site = Site::new().await;
    site.text("page.md", "# Ferries\n\n- [Ferry](https://a.example/) -- Reuters\n").await;
    let editor = site.app.key("articles:write").await;
    let at = "/api/v1/admin/articles/1";
    let article = editor.get(at).await;
    editor.if_match(&article).patch(at, &json!({"status": "published"})).await.ok();
    let report = site
        .text("page.md", "# Ferries\n\n- [Ferry](https://a.example/) -- Reuters\n\nMore.\n")
        .await;
    assert_eq!((report.failed, report.updated.articles), (0, 1), "{report:?}");
    assert_eq!(site.column("select status from articles").await, ["published"]);
}

#[tokio::test]
async fn a_format_that_is_named_still_publishes_no_secrets() {
    let site = Site::new().await;
    let file = InputFile::from_bytes("env", b"SECRET_KEY=hunter2\nFerry -- Reuters\n".to_vec());
    let options = Options { format: Some(Format::Text), ..trusted() };
    let report = site.import(vec![file], options).await;
    assert_eq!((report.failed, report.created.articles), (0, 1));
    assert_eq!(site.column("select status from articles").await, ["draft"]);
    assert!(!serde_json::to_string(&report).unwrap().contains("hunter2"));
}

#[tokio::test]
async fn what_only_members_or_nobody_could_read_stays_private() {
    let site = Site::new().await;
    let ghost = r#"{"db":[{"meta":{"exported_on":1},"data":{"posts":[
        {"id":"1","title":"Open","html":"<p>x</p>","status":"published","visibility":"public"},
        {"id":"2","title":"hunter2","html":"<p>hunter2</p>","status":"published","visibility":"paid"}],
        "members":[{"id":"m","name":"Bo","email":"hunter2@b.example"}],
        "comments":[{"id":"c","post_id":"1","member_id":"m","status":"published","html":"<p>y</p>"}]}}]}"#;
    let movable_type = "AUTHOR: a\nTITLE: Out\nSTATUS: Publish\nDATE: 12/30/2004 01:14:33 PM\n-----\n\
        BODY:\nx\n-----\nCOMMENT:\nAUTHOR: R\nEMAIL: hunter2@c.example\nIP: 198.51.100.7\n\
        DATE: 12/31/2004 01:00:00 AM\nz\n-----\n--------\nTITLE: hunter2\nSTATUS: Draft\n-----\n\
        BODY:\nhunter2\n-----\n--------\n";
    let report = site.text("site.ghost.json", ghost).await;
    assert_eq!((report.failed, report.created.articles, report.created.comments), (0, 2, 1));
    let report = site.text("export.txt", movable_type).await;
    assert_eq!((report.failed, report.created.articles, report.created.comments), (0, 2, 1));
    let public = site.public().await;
    assert!(public.contains("Open") && public.contains("Out"), "{public}");
    assert!(!public.contains("hunter2") && !public.contains("198.51.100"), "{public}");
    let again = site.text("export.txt", movable_type).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));
}
