//! Blogs of Blogger and WordPress, and roundups in files of their own.

use crate::site::{Site, fixture};
use roundup::transfer::import::{Counts, InputFile, Options};
use serde_json::json;

/// What an import of a fixture stores.
struct Expected {
    file: &'static str,
    articles: usize,
    links: usize,
    comments: usize,
    pingbacks: usize,
    published: i64,
    drafts: i64,
    /// Comments that reply to another.
    replies: i64,
    deleted: i64,
    depth: i64,
}

const BLOGS: [Expected; 4] = [
    Expected {
        file: "blogger-2009.xml",
        articles: 5,
        links: 5,
        comments: 6,
        pingbacks: 0,
        published: 3,
        drafts: 1,
        replies: 3,
        deleted: 1,
        depth: 2,
    },
    Expected {
        file: "blogger-public-feed.xml",
        articles: 1,
        links: 0,
        comments: 1,
        pingbacks: 0,
        published: 1,
        drafts: 0,
        replies: 0,
        deleted: 0,
        depth: 0,
    },
    Expected {
        file: "wordpress-1.2.xml",
        articles: 9,
        links: 2,
        comments: 6,
        pingbacks: 2,
        published: 2,
        drafts: 2,
        replies: 2,
        deleted: 1,
        depth: 2,
    },
    Expected {
        file: "wordpress-1.0.wxr",
        articles: 3,
        links: 0,
        comments: 1,
        pingbacks: 0,
        published: 2,
        drafts: 1,
        replies: 0,
        deleted: 0,
        depth: 0,
    },
];

#[tokio::test]
async fn a_blog_is_imported_completely_and_only_once() {
    for expected in BLOGS {
        let name = expected.file;
        let path = fixture(name);
        let site = Site::new().await;
        let dry = Options { dry_run: true, ..Options::default() };
        let tried = site.import(vec![InputFile::from_path(&path)], dry).await;
        assert_eq!(
            site.count("select count(*) from articles").await,
            0,
            "{name}: a dry run stores"
        );
        let report = site.file(&path).await;
        assert_eq!(tried.created, report.created, "{name}: the dry run reported something else");
        assert_eq!(report.failed, 0, "{name}: {:?}", report.skipped);
        let created = report.created;
        assert_eq!(
            (created.articles, created.links, created.comments, created.pingbacks),
            (expected.articles, expected.links, expected.comments, expected.pingbacks),
            "{name}"
        );
        for (count, query) in [
            (expected.published, "articles where status = 'published'"),
            (expected.drafts, "articles where status = 'draft'"),
            (expected.replies, "comments where parent_id is not null"),
            (expected.deleted, "comments where status = 'deleted'"),
        ] {
            let found = site.count(&format!("select count(*) from {query}")).await;
            assert_eq!(found, count, "{name}: {query}");
        }
        let depth = "select coalesce(max(depth), 0)::bigint from comments";
        assert_eq!(site.count(depth).await, expected.depth, "{name}: depth");
        is_unchanged_by_another_import(&site, &path, name).await;
    }
}

/// Imports the file again: nothing changes, and no private address is public.
async fn is_unchanged_by_another_import(site: &Site, path: &std::path::Path, name: &str) {
    let before = site.content().await;
    let again = site.file(path).await;
    assert_eq!(again.created, Counts::default(), "{name}: created again");
    assert_eq!(again.updated, Counts::default(), "{name}: updated without a change");
    assert_eq!(site.content().await, before, "{name}: changed");
    let public = site.public().await;
    for private in ["pii-", "198.18.", "@example.invalid", "noreply@"] {
        assert!(!public.contains(private), "{name}: {private} is public");
    }
}

#[tokio::test]
async fn the_classic_backup_and_takeout_of_a_blog_are_the_same() {
    let (classic, takeout) = (fixture("blogger-2009.xml"), fixture("blogger-takeout-2018.atom"));
    let (one, other) = (Site::new().await, Site::new().await);
    one.file(&classic).await;
    other.file(&takeout).await;
    let (one_content, other_content) = (one.content().await, other.content().await);
    assert!(one_content.len() > 20, "{}", one_content.len());
    // Only the backup says in which language the blog is, so the hashes of the records differ.
    let bare = |line: &str| match line.rsplit_once('|') {
        Some((bare, _)) if line.starts_with("article|") => bare.to_owned(),
        _ => line.to_owned(),
    };
    for (a, b) in one_content.iter().zip(&other_content) {
        assert_eq!(bare(a), bare(b));
    }
    assert_eq!(one_content.len(), other_content.len());
    let languages = "select distinct lang from articles";
    assert_eq!(one.column(languages).await, ["en"]);
    assert_eq!(other.column(languages).await, [""]);
    let again = one.file(&takeout).await;
    assert_eq!(again.created, Counts::default());
    assert_eq!(again.updated, Counts::default());
    assert_eq!(one.column(languages).await, ["en"]);
}

const ROUNDUP: &str = "<a href=\"https://www.wsj.com/a\">Bridge opens</a> -- WSJ<br>\
    <br>It took ten years.<br><br><a href=\"https://www.wsj.com/a\">Read more ....</a><br><br>\
    <b>More News On The Bridge</b><br><br><a href=\"https://www.reuters.com/b\">Who pays?</a> -- \
    Reuters<br><br><b>My Comment:</b> At last.";

fn classic(entries: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' \
         xmlns:thr='http://purl.org/syndication/thread/1.0'><id>tag:blogger.com,1999:blog-1.archive\
         </id>{entries}</feed>"
    )
}

fn escaped(html: &str) -> String {
    html.replace('&', "&amp;").replace('<', "&lt;")
}

fn post() -> String {
    format!(
        "<entry><id>tag:blogger.com,1999:blog-1.post-10</id>\
         <published>2014-12-04T08:15:00.000-05:00</published>\
         <category scheme='http://schemas.google.com/g/2005#kind' \
         term='http://schemas.google.com/blogger/2008/kind#post'/>\
         <category scheme='http://www.blogger.com/atom/ns#' term='Bridges'/>\
         <title type='text'>The Bridge</title><content type='html'>{}</content>\
         <link rel='alternate' type='text/html' \
         href='http://a.example/2014/12/the-bridge-is.html'/>\
         <author><name>The editor</name><email>noreply@blogger.com</email></author></entry>",
        escaped(ROUNDUP)
    )
}

#[tokio::test]
async fn a_roundup_on_blogger_becomes_sources_and_text() {
    let site = Site::new().await;
    let report = site.text("blog.xml", &classic(&post())).await;
    assert_eq!((report.failed, report.created.articles, report.created.links), (0, 1, 2));
    let article = site.app.get("/api/v1/articles/the-bridge-is").await.ok();
    assert_eq!(article["headline"], "The Bridge");
    assert_eq!(article["published_at"], "2014-12-04T13:15:00Z");
    assert_eq!(article["published_at_uncertain"], false);
    assert_eq!(article["author"]["name"], "The editor");
    assert_eq!(article["tags"][0]["slug"], "bridges");
    assert_eq!(article["quote"]["text"], "It took ten years.");
    assert_eq!(article["commentary"]["label"], "My Comment");
    assert_eq!(article["links_heading"], "More News On The Bridge");
    assert_eq!(article["links"][0]["role"], "lead");
    assert_eq!(article["links"][0]["url"], "https://www.wsj.com/a");
    assert_eq!(article["links"][1]["credits"][0]["outlet"]["slug"], "reuters");
    let paths = site.column("select path from article_paths").await;
    assert_eq!(paths, ["/2014/12/the-bridge-is.html"]);
}

#[tokio::test]
async fn an_import_uses_the_new_name_of_a_renamed_tag() {
    let site = Site::new().await;
    site.text("blog.xml", &classic(&post())).await;
    let editor = site.app.key("outlets:write").await;
    let at = site.column("select '/api/v1/admin/tags/' || id from tags").await.remove(0);
    let tag = editor.get(&at).await;
    let renamed = editor
        .if_match(&tag)
        .patch(&at, &json!({"name": "Crossings", "slug": "crossings"}))
        .await
        .ok();
    assert_eq!(renamed["article_count"], 1);
    // The changed post still has the former name.
    site.text("blog.xml", &classic(&post().replace("The Bridge", "The Old Bridge"))).await;
    let article = site.app.get("/api/v1/articles/the-bridge-is").await.ok();
    assert_eq!(article["headline"], "The Old Bridge");
    assert_eq!(article["tags"], json!([{"slug": "crossings", "name": "Crossings"}]));
    assert_eq!(site.count("select count(*) from tags").await, 1);
}

#[tokio::test]
async fn an_imported_outlet_does_not_take_the_former_slug_of_another() {
    let site = Site::new().await;
    let editor = site.app.key("outlets:write").await;
    let at = "/api/v1/admin/outlets";
    let made = editor
        .post(at, &json!({"name": "Harbour Gazette", "slug": "the-gazette", "kind": "newspaper"}))
        .await;
    let renamed = json!({"slug": "harbour-gazette"});
    let url = made.header("location").to_owned();
    editor.if_match(&made).patch(&url, &renamed).await.ok();
    let post = post().replace("Reuters", "The Gazette");
    site.text("blog.xml", &classic(&post)).await;
    let article = site.app.get("/api/v1/articles/the-bridge-is").await.ok();
    assert_eq!(article["links"][1]["credits"][0]["outlet"]["slug"], "the-gazette-2");
    let former = site.app.get("/api/v1/outlets/the-gazette").await;
    assert_eq!(former.header("location"), "/api/v1/outlets/harbour-gazette");
}

#[tokio::test]
async fn posts_that_were_not_public_stay_private() {
    let site = Site::new().await;
    let item = |id: u32, status: &str, kind: &str, more: &str| {
        format!(
            "<item><title>T{id}</title><link>http://a.example/?p={id}</link>\
             <wp:post_id>{id}</wp:post_id><wp:status>{status}</wp:status>\
             <wp:post_type>{kind}</wp:post_type><wp:post_date_gmt>2014-12-04 08:15:00\
             </wp:post_date_gmt>{more}<content:encoded><![CDATA[<p>x</p>]]></content:encoded></item>"
        )
    };
    let items = [
        item(1, "publish", "post", ""),
        item(2, "draft", "post", ""),
        item(3, "private", "post", ""),
        item(4, "publish", "post", "<wp:post_password>secret</wp:post_password>"),
        item(5, "publish", "page", ""),
        item(6, "trash", "post", ""),
        item(7, "publish", "attachment", ""),
        item(8, "odd", "post", ""),
        item(9, "pending", "post", ""),
    ];
    let wxr = format!(
        "<rss version='2.0'><channel><link>http://a.example</link>{}</channel></rss>",
        items.concat()
    );
    let report = site.text("wp.xml", &wxr).await;
    assert_eq!((report.failed, report.created.articles), (0, 8));
    assert_eq!(report.skipped.len(), 1);
    assert_eq!(report.skipped[0].kind, "attachment");
    assert!(report.uncertain.iter().any(|remark| remark.raw == "odd"));
    let statuses = site.column("select status from articles order by source_id").await;
    assert_eq!(
        statuses,
        ["published", "draft", "archived", "archived", "archived", "trashed", "draft", "draft"]
    );
    let page = site.app.get("/api/v1/articles").await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn replies_find_their_parents_in_any_order_and_depth() {
    let site = Site::new().await;
    let comment = |id: u32, parent: u32| {
        format!(
            "<wp:comment><wp:comment_id>{id}</wp:comment_id><wp:comment_author>R{id}\
             </wp:comment_author><wp:comment_date_gmt>2014-12-04 08:15:00</wp:comment_date_gmt>\
             <wp:comment_content>c{id}</wp:comment_content><wp:comment_approved>1\
             </wp:comment_approved><wp:comment_parent>{parent}</wp:comment_parent></wp:comment>"
        )
    };
    // The deepest first: each replies to the one after it in the file.
    let thread: String = (1..=320).rev().map(|id| comment(id, id - 1)).collect();
    let wxr = format!(
        "<rss><channel><link>http://a.example</link><item><wp:post_id>1</wp:post_id>\
         <title>T</title><wp:status>publish</wp:status>{thread}</item></channel></rss>"
    );
    let report = site.text("wp.xml", &wxr).await;
    assert_eq!((report.failed, report.created.comments), (0, 320));
    let deep = site.count("select count(*) from comments where depth = 299").await;
    assert_eq!(deep, 21);
    let first = "select author_name from comments where depth = 0";
    assert_eq!(site.column(first).await, ["R1"]);
    let wrong = "select count(*) from comments c join comments p on p.id = c.parent_id \
                 where c.path <> p.path || int8send(c.id) or c.depth <> p.depth + 1 \
                 or c.root_id <> p.root_id";
    assert_eq!(site.count(wrong).await, 0);
}

#[tokio::test]
async fn several_parts_of_one_export_are_one_blog() {
    let site = Site::new().await;
    let part = |id: u32| {
        format!(
            "<rss><channel><link>http://a.example</link><item><wp:post_id>{id}</wp:post_id>\
             <title>T</title><wp:status>publish</wp:status></item></channel></rss>"
        )
    };
    let parts = [1, 2, 1].map(|id| InputFile::from_bytes("part.xml", part(id).into_bytes()));
    let report = site.import(parts.to_vec(), Options::default()).await;
    assert_eq!((report.created.articles, report.unchanged.articles), (2, 1));
    assert_eq!(report.format, "wordpress");
}

#[tokio::test]
async fn a_pasted_roundup_keeps_its_words() {
    let path = fixture("roundup.txt");
    let site = Site::new().await;
    let report = site.file(&path).await;
    assert_eq!((report.failed, report.created.articles, report.created.links), (0, 1, 6));
    assert_eq!(report.created.comments, 2);
    let stored = site.column(
        "select concat_ws(' ', headline, dek, quote_text, commentary_text, links_heading) \
         from articles union all select concat_ws(' -- ', title, credit) from links \
         union all select text from comments",
    );
    let stored = stored.await.join(" ");
    let text = std::fs::read_to_string(&path).unwrap();
    let words = text.replace("ReplyDelete", " ").replace("Read more ....", "");
    for word in words.split_whitespace().filter(|word| !["My", "Comment:"].contains(word)) {
        assert!(stored.contains(word), "{word}");
    }
    is_unchanged_by_another_import(&site, &path, "roundup.txt").await;
}

#[tokio::test]
async fn letters_in_markdown_are_imported_with_their_links() {
    let files: Vec<InputFile> = (1..=3)
        .map(|n| InputFile::from_path(&fixture(&format!("letters/letter-{n}.md"))))
        .collect();
    let site = Site::new().await;
    let report = site.import(files.clone(), Options::default()).await;
    assert_eq!((report.failed, report.created.articles, report.created.links), (0, 3, 9));
    let again = site.import(files, Options::default()).await;
    assert_eq!(again.created, Counts::default());
    assert_eq!(again.updated, Counts::default());
}

#[tokio::test]
async fn headlines_of_all_kinds_are_imported_with_their_urls() {
    let site = Site::new().await;
    let text = std::fs::read_to_string(fixture("headlines.tsv")).unwrap();
    let (mut roundup, mut urls) = (String::new(), Vec::new());
    for line in text.lines() {
        let [title, outlet, url] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        roundup += &format!("{title} -- {outlet} {url}\n");
        urls.push(url);
    }
    let report = site.text("story.txt", &roundup).await;
    assert_eq!((report.failed, report.created.articles), (0, 1));
    // A line that is too long or too unusual for a title is kept as text, with its URL.
    let kept = site.column(
        "select url from links union all select concat(headline, commentary_text) from articles",
    );
    let kept = kept.await.join("\n");
    for url in &urls {
        assert!(kept.contains(url), "{url}");
    }
    let found = site.count("select count(*) from links where url is not null").await;
    assert!(usize::try_from(found).unwrap() + 1 >= urls.len(), "{found}");
}
