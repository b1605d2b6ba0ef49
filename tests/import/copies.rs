//! Comments that two systems hold, comments in files of other kinds, and pages under other URLs.

use crate::site::{Site, trusted};
use roundup::transfer::import::{Counts, InputFile};

fn file(name: &str, text: &str) -> InputFile {
    InputFile::from_bytes(name, text.as_bytes().to_vec())
}

fn blog(comments: &str) -> String {
    format!(
        "<rss><channel><link>https://a.example</link><item><title>Ferry sails</title>\
         <link>https://a.example/2024/03/ferry-sails/</link><wp:post_id>7</wp:post_id>\
         <wp:post_name>ferry-sails</wp:post_name><wp:status>publish</wp:status>\
         <wp:post_date_gmt>2024-03-05 10:00:00</wp:post_date_gmt>\
         <content:encoded>It sails.</content:encoded>{comments}</item></channel></rss>"
    )
}

fn comment(id: u32, parent: u32, text: &str, original: Option<u32>) -> String {
    let meta = original.map(|id| {
        format!(
            "<wp:commentmeta><wp:meta_key>dsq_post_id</wp:meta_key>\
             <wp:meta_value>{id}</wp:meta_value></wp:commentmeta>"
        )
    });
    format!(
        "<wp:comment><wp:comment_id>{id}</wp:comment_id><wp:comment_author>Ann</wp:comment_author>\
         <wp:comment_content>{text}</wp:comment_content><wp:comment_approved>1</wp:comment_approved>\
         <wp:comment_parent>{parent}</wp:comment_parent>{}</wp:comment>",
        meta.unwrap_or_default()
    )
}

fn disqus(url: &str) -> String {
    let post = |id: u32, parent: Option<u32>, text: &str| {
        let parent = parent.map(|id| format!("<parent dsq:id=\"{id}\"/>")).unwrap_or_default();
        format!(
            "<post dsq:id=\"{id}\"><message>&lt;p&gt;{text}&lt;/p&gt;</message>\
             <createdAt>2024-03-06T10:00:00Z</createdAt><author><name>Ann</name></author>\
             <thread dsq:id=\"5\"/>{parent}</post>"
        )
    };
    format!(
        "<disqus xmlns=\"http://disqus.com\" xmlns:dsq=\"http://disqus.com/disqus-internals\">\
         <thread dsq:id=\"5\"><link>{url}</link></thread>{}{}</disqus>",
        post(77, None, "First"),
        post(78, Some(77), "Second"),
    )
}

const THREADS: &str = "select concat_ws('|', c.source, c.source_id, (select p.source_id from comments p \
    where p.id = c.parent_id)) from comments c order by c.source, c.source_id";

#[tokio::test]
async fn a_comment_that_wordpress_copied_from_disqus_is_one() {
    // The answer to the copy stands before it, and one comment is of WordPress alone.
    let comments = comment(2, 1, "Second", Some(78))
        + &comment(1, 0, "First", Some(77))
        + &comment(3, 1, "Third", None);
    let (blog, disqus) = (blog(&comments), disqus("https://a.example/2024/03/ferry-sails/"));
    let expected = ["disqus|77", "disqus|78|77", "wordpress|3|77"];
    let together = Site::new().await;
    let files = vec![file("site.xml", &blog), file("disqus.xml", &disqus)];
    let report = together.import(files.clone(), trusted()).await;
    assert_eq!((report.failed, report.created.comments), (0, 3));
    assert!(report.uncertain.is_empty(), "{:?}", report.uncertain);
    assert_eq!(together.column(THREADS).await, expected);
    let again = together.import(files, trusted()).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));

    let apart = Site::new().await;
    apart.text("site.xml", &blog).await;
    let report = apart.text("disqus.xml", &disqus).await;
    assert_eq!((report.failed, report.created.comments), (0, 0));
    assert_eq!(apart.column(THREADS).await, expected);
    let again = apart.text("site.xml", &blog).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));
}

#[tokio::test]
async fn a_thread_finds_its_page_under_every_spelling() {
    for url in [
        "http://www.a.example/2024/03/ferry-sails/",
        "//a.example/2024/03/ferry-sails",
        "https://a.example//2024/03/ferry-sails/index.html",
        "https://a.example/2024/03/Ferry-Sails/?utm_source=x&#038;y=1",
        "https://b.example/posts/ferry-sails.html",
        "https://b.example/former-slug/",
    ] {
        let site = Site::new().await;
        site.text("site.xml", &blog("")).await;
        let former = "insert into article_slugs select 'former-slug', id from articles";
        site.sql.batch_execute(former).await.unwrap();
        let report = site.text("disqus.xml", &disqus(&url.replace('&', "&amp;"))).await;
        assert_eq!((report.failed, report.created.comments), (0, 2), "{url}");
    }
    let site = Site::new().await;
    site.text("site.xml", &blog("")).await;
    assert_eq!(site.text("disqus.xml", &disqus("https://a.example/other/")).await.failed, 1);
}

#[tokio::test]
async fn comments_in_the_form_that_disqus_takes_make_no_articles() {
    let text = "<rss xmlns:dsq=\"http://www.disqus.com/\"><channel><item><title>Ferry</title>\
        <link>https://a.example/2024/03/ferry-sails/</link>\
        <dsq:thread_identifier>17</dsq:thread_identifier>\
        <wp:comment><wp:comment_id>2</wp:comment_id><wp:comment_content>Re</wp:comment_content>\
        <wp:comment_approved>1</wp:comment_approved><wp:comment_parent>1</wp:comment_parent>\
        </wp:comment><wp:comment><wp:comment_id>1</wp:comment_id>\
        <wp:comment_content>Yes</wp:comment_content><wp:comment_approved>1</wp:comment_approved>\
        </wp:comment></item></channel></rss>";
    let site = Site::new().await;
    site.text("site.xml", &blog("")).await;
    let report = site.text("comments.xml", text).await;
    assert_eq!((report.failed, report.created.articles, report.created.comments), (0, 0, 2));
    assert_eq!(site.column(THREADS).await, ["disqus|wxr-1", "disqus|wxr-2|wxr-1"]);
}

#[tokio::test]
async fn comments_of_comentario_find_their_pages() {
    let text = r#"{"version": 3,
        "pages": [{"id": "p1", "path": "/2024/03/ferry-sails/", "title": "Ferry"}],
        "comments": [
            {"id": "c1", "parentId": null, "pageId": "p1", "markdown": "Yes", "isApproved": true,
             "isPending": false, "isDeleted": false, "createdTime": "2024-03-06T10:00:00Z",
             "userCreated": "u1"},
            {"id": "c2", "parentId": "c1", "pageId": "p1", "markdown": "No", "isApproved": false,
             "isPending": true, "createdTime": "2024-03-06T11:00:00Z", "userCreated": null}],
        "commenters": [{"id": "u1", "name": "Ann", "email": "ann@a.example", "websiteUrl": null}]}"#;
    let site = Site::new().await;
    site.text("site.xml", &blog("")).await;
    let report = site.text("comentario.json", text).await;
    assert_eq!((report.failed, report.format.as_str()), (0, "commento"), "{:?}", report.skipped);
    assert!(report.recognised[0].by.contains("pageId"));
    let rows =
        "select concat_ws('|', source_id, status, author_name, depth) from comments order by path";
    assert_eq!(site.column(rows).await, ["c1|approved|Ann|0", "c2|pending|1"]);
}

#[tokio::test]
async fn relative_urls_and_shortcodes_become_links() {
    let body = "<a href=\"/2024/02/bridge/\">The bridge</a> and <img src=\"//cdn.example/b.jpg\">\n\n\
        [embed]https://v.example/1[/embed]\n\nhttps://v.example/2\n\n\
        [caption id=\"x\"]<img src=\"../quay.jpg\"/> The quay[/caption]";
    let text = blog("").replace("It sails.", &format!("<![CDATA[{body}]]>"));
    let site = Site::new().await;
    assert_eq!(site.text("site.xml", &text).await.failed, 0);
    let urls = "select url from links order by position";
    assert_eq!(
        site.column(urls).await,
        ["https://a.example/2024/02/bridge/", "https://v.example/1", "https://v.example/2"]
    );
    let html = &site.column("select commentary_html from articles").await[0];
    for part in [
        "src=\"https://cdn.example/b.jpg\"",
        "src=\"https://a.example/2024/03/quay.jpg\"",
        "<figcaption>The quay</figcaption>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
}

#[tokio::test]
async fn the_language_and_the_site_can_be_named() {
    let text = "---\ntitle: Ferry\ndate: 2024-03-05\nlang: en\nimage: /ferry.jpg\n---\n\
        It [sails](/times/).\n";
    let site = Site::new().await;
    let options = roundup::transfer::import::Options {
        lang: Some("de".to_owned()),
        base_url: Some("https://a.example/".to_owned()),
        ..trusted()
    };
    assert_eq!(site.import(vec![file("ferry.md", text)], options).await.failed, 0);
    let row = "select concat_ws('|', lang, image ->> 'url', (select url from links)) from articles";
    assert_eq!(site.column(row).await, ["de|https://a.example/ferry.jpg|https://a.example/times/"]);
    let other = Site::new().await;
    let report = other.text("ferry.md", text).await;
    assert!(report.uncertain.iter().any(|remark| remark.raw == "/ferry.jpg"), "{report:?}");
    assert_eq!(other.column("select lang from articles").await, ["en"]);
}

#[tokio::test]
async fn a_dry_run_waits_for_no_lock_and_stores_nothing() {
    let site = Site::new().await;
    site.text("site.xml", &blog("")).await;
    let before = site.content().await;
    let holder = site.app.sql().await;
    holder
        .batch_execute(
            "begin; select pg_advisory_lock(hashtext('roundup import')); \
             select * from articles for update; lock table outlets in exclusive mode",
        )
        .await
        .unwrap();
    let newer = blog(&comment(1, 0, "First", None)).replace("It sails.", "A -- New Gazette");
    let files = vec![file("site.xml", &newer), file("d.xml", &disqus("/2024/03/ferry-sails"))];
    let options = roundup::transfer::import::Options { dry_run: true, ..trusted() };
    let limit = std::time::Duration::from_secs(20);
    let report = tokio::time::timeout(limit, site.import(files, options)).await.unwrap();
    assert_eq!((report.failed, report.updated.articles, report.created.comments), (0, 1, 3));
    holder.batch_execute("rollback").await.unwrap();
    assert_eq!(site.content().await, before);
}
