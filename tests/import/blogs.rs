//! Blogs as Blogger and WordPress export them: the counts that others found in the same files.

use crate::site::{Site, expected, shared};
use roundup::transfer::import::{Counts, Format, InputFile, Options};
use serde_json::Value;

/// Imports a file twice and compares with what is expected of it.
async fn check(name: &str, expected: &Value) {
    let Some(path) = shared(name) else { return };
    let site = Site::new().await;
    let dry = Options { dry_run: true, ..Options::default() };
    let tried = site.import(vec![InputFile::from_path(&path)], dry).await;
    assert_eq!(site.count("select count(*) from articles").await, 0, "{name}: a dry run stores");
    let report = site.file(&path).await;
    let counted = |key: &str| report.kinds.get(key).copied().unwrap_or_default() as u64;
    if name.starts_with("blogger/") {
        for (key, theirs) in [
            ("post", "post"),
            ("comment", "comment"),
            ("template", "template"),
            ("settings", "settings"),
        ] {
            assert_eq!(counted(key), expected[theirs].as_u64().unwrap_or(0), "{name}: {key}");
        }
        let drafts = site.count("select count(*) from articles where status = 'draft'").await;
        assert_eq!(drafts, expected["draft_post"].as_i64().unwrap_or(0), "{name}: drafts");
        let threaded =
            site.count("select count(*) from comments where parent_id is not null").await;
        assert_eq!(threaded, expected["threaded_replies"].as_i64().unwrap_or(0), "{name}: threads");
        let removed = site.count("select count(*) from comments where status = 'deleted'").await;
        assert_eq!(
            removed,
            expected["removed_tombstones"].as_i64().unwrap_or(0),
            "{name}: removed"
        );
        let labels = site.count("select count(*) from tags").await;
        assert!(labels <= expected["labels"].as_i64().unwrap_or(0), "{name}: labels");
    } else {
        for (kind, n) in expected["by_type"].as_object().unwrap() {
            let n = n.as_u64().unwrap();
            match kind.as_str() {
                // An item without a type is a post.
                "post" | "draft" | "null" => {}
                kind => assert_eq!(counted(kind), n, "{name}: {kind}"),
            }
        }
        let posts: u64 = ["post", "draft", "null"]
            .iter()
            .filter_map(|kind| expected["by_type"][kind].as_u64())
            .sum();
        assert_eq!(counted("post"), posts, "{name}: posts");
        let kind = |kind: &str| expected["comment_type"][kind].as_u64().unwrap_or(0);
        let said = kind("") + kind("comment") + kind("null");
        assert_eq!(counted("comment"), said, "{name}: comments");
        let notices = kind("pingback") + kind("trackback");
        assert_eq!(counted("pingback") + counted("trackback"), notices, "{name}: notices");
        assert_eq!(
            site.count("select count(*) from pingbacks").await.cast_unsigned(),
            notices,
            "{name}"
        );
        let published = expected["by_type_status"]["post:publish"].as_u64().unwrap_or(0);
        let locked = expected["password_protected"].as_u64().unwrap_or(0);
        let public = site
            .count("select count(*) from articles where status = 'published'")
            .await
            .cast_unsigned();
        assert!(public <= published && public + locked >= published, "{name}: {public} public");
        let threaded =
            site.count("select count(*) from comments where parent_id is not null").await;
        assert_eq!(
            threaded.cast_unsigned(),
            expected["threaded"].as_u64().unwrap(),
            "{name}: threads"
        );
        let depth = site.count("select coalesce(max(depth) + 1, 0)::bigint from comments").await;
        let deepest = expected["max_depth"].as_u64().unwrap();
        assert!(depth.cast_unsigned() <= deepest, "{name}: {depth} levels, {deepest} expected");
    }
    assert_eq!(tried.created, report.created, "{name}: the dry run said otherwise");
    assert_eq!(report.failed, 0, "{name}: {:?}", report.skipped);
    twice(&site, &path, name).await;
}

/// A second run changes nothing.
async fn twice(site: &Site, path: &std::path::Path, name: &str) {
    let before = site.content().await;
    let again = site.file(path).await;
    assert_eq!(again.created, Counts::default(), "{name}: created again");
    assert_eq!(again.updated, Counts::default(), "{name}: updated by nothing");
    assert_eq!(site.content().await, before, "{name}: changed");
    let public = site.public().await;
    for secret in ["pii-", "198.18.", "@example.invalid"] {
        assert!(!public.contains(secret), "{name}: {secret} is public");
    }
}

async fn all(prefix: &str) {
    let Some(expected) = expected() else { return };
    for (name, expected) in expected.as_object().unwrap() {
        if name.starts_with(prefix) && expected["parsed"] != Value::Bool(false) {
            check(name, expected).await;
        }
    }
}

#[tokio::test]
async fn real_blogger_exports_come_in_whole() {
    all("blogger/").await;
}

#[tokio::test]
async fn real_wordpress_exports_come_in_whole() {
    all("wxr/").await;
}

#[tokio::test]
async fn the_classic_backup_and_takeout_of_a_blog_are_the_same() {
    let (Some(classic), Some(takeout)) = (
        shared("blogger/gpodder-2017-07-30.xml"),
        shared("blogger/derived-gpodder-takeout2018.atom"),
    ) else {
        return;
    };
    let (one, other) = (Site::new().await, Site::new().await);
    one.file(&classic).await;
    other.file(&takeout).await;
    let (one_is, other_is) = (one.content().await, other.content().await);
    assert!(one_is.len() > 300);
    for (a, b) in one_is.iter().zip(&other_is) {
        assert_eq!(a, b);
    }
    assert_eq!(one_is.len(), other_is.len());
    let again = one.file(&takeout).await;
    assert_eq!(again.created, Counts::default());
    assert_eq!(again.updated, Counts::default());
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
async fn what_was_never_public_stays_so() {
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
async fn replies_find_their_parents_whatever_the_order_and_the_depth() {
    let site = Site::new().await;
    let comment = |id: u32, parent: u32| {
        format!(
            "<wp:comment><wp:comment_id>{id}</wp:comment_id><wp:comment_author>R{id}\
             </wp:comment_author><wp:comment_date_gmt>2014-12-04 08:15:00</wp:comment_date_gmt>\
             <wp:comment_content>c{id}</wp:comment_content><wp:comment_approved>1\
             </wp:comment_approved><wp:comment_parent>{parent}</wp:comment_parent></wp:comment>"
        )
    };
    // The deepest first: each answers the one after it in the file.
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
    let sources = [1, 2, 1].map(|id| InputFile::from_bytes("part.xml", part(id).into_bytes()));
    let report = site.import(sources.to_vec(), Options::default()).await;
    assert_eq!((report.created.articles, report.unchanged.articles), (2, 1));
    assert_eq!(report.format, "wordpress");
}

#[tokio::test]
async fn a_pasted_roundup_keeps_its_words() {
    let Some(seed) = shared("seed/iran-attacked-islamic-state.txt") else { return };
    let site = Site::new().await;
    let report = site.file(&seed).await;
    assert_eq!(report.failed, 0);
    assert_eq!(report.created.links, 9);
    assert!(report.created.comments >= 3);
    twice(&site, &seed, "the seed").await;
}

#[tokio::test]
async fn weekly_letters_in_markdown_come_in_with_their_links() {
    let Some(folder) = shared("roundups/haskellweekly") else { return };
    let site = Site::new().await;
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let sources: Vec<InputFile> = files.iter().map(|path| InputFile::from_path(path)).collect();
    let report = site.import(sources.clone(), Options::default()).await;
    assert_eq!((report.failed, report.created.articles), (0, files.len()));
    assert!(report.created.links > files.len() * 8, "{:?}", report.created);
    let again = site.import(sources, Options::default()).await;
    assert_eq!(again.created, Counts::default());
    assert_eq!(again.updated, Counts::default());
}

#[tokio::test]
async fn real_clusters_of_headlines_come_in_as_text_with_every_link() {
    let Some(path) = shared("roundups/derived-uci-roundups.jsonl") else { return };
    let site = Site::new().await;
    let text = std::fs::read_to_string(path).unwrap();
    let (mut sources, mut urls) = (Vec::new(), Vec::new());
    for (line, n) in text.lines().zip(0..) {
        let story: Value = serde_json::from_str(line).unwrap();
        let list = std::iter::once(&story["lead"]).chain(story["links"].as_array().unwrap());
        let mut roundup = String::new();
        for link in list {
            let field = |name: &str| link[name].as_str().unwrap();
            roundup += &format!("{} -- {} {}\n", field("title"), field("outlet"), field("url"));
            urls.push(field("url").to_owned());
        }
        sources.push(InputFile::from_bytes(&format!("story-{n}.txt"), roundup.into_bytes()));
    }
    let stories = sources.len();
    let report = site.import(sources, Options::default()).await;
    assert_eq!((report.failed, report.created.articles), (0, stories));
    // What is too long or too odd for a title is kept as text, with its address.
    let kept = site.column(
        "select url from links union all select concat(headline, commentary_text) from articles",
    );
    let kept = kept.await.join("\n");
    for url in urls {
        assert!(kept.contains(&url), "{url}");
    }
    let found = site.count("select count(*) from links where url is not null").await;
    assert!(found >= 6355, "{found}");
}

#[tokio::test]
async fn the_format_can_be_given() {
    let site = Site::new().await;
    let report = site.as_format("notes", "# not a heading -- Reuters\n", Format::Text).await;
    assert_eq!(report.format, "text");
    let report = site.as_format("feed", "<rss/>", Format::Blogger).await;
    assert_eq!(report.failed, 1);
    assert!(report.skipped[0].reason.contains("no Atom feed"), "{:?}", report.skipped);
}
