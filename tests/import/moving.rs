//! Imports that are interrupted and repeated; and exports: one that is imported elsewhere and
//! exported again is the same.

use crate::harness::{db, start};
use crate::site::{Site, fixture, target, trusted};
use roundup::config::Config;
use roundup::db::Target;
use roundup::permalink::Permalinks;
use roundup::transfer::export::{self, Format};
use roundup::transfer::import::{Counts, InputFile};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

async fn exported(target: &Target, format: Format) -> String {
    let mut bytes = Vec::new();
    let permalinks = Permalinks::from_config(&Config::defaults().unwrap());
    export::write(target, format, &permalinks, &mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A blog with long threads, large enough to be stopped in the middle.
fn blog(posts: u32, comments: u32) -> String {
    let mut wxr = "<rss><channel><link>http://a.example</link>\n".to_owned();
    for post in 1..=posts {
        wxr += &format!(
            "<item><wp:post_id>{post}</wp:post_id><title>Post {post}</title>\
             <link>http://a.example/{post}/</link><wp:status>publish</wp:status>\
             <wp:post_date_gmt>2014-12-04 08:15:00</wp:post_date_gmt>\
             <category domain=\"post_tag\">Tag {}</category><content:encoded><![CDATA[\
             <a href=\"https://www.reuters.com/{post}\">One</a> -- Reuters\n\n\
             <a href=\"https://g.example/{post}\">Two</a> -- Gazette {}]]></content:encoded>\n",
            post % 7,
            post % 50,
        );
        for comment in 1..=comments {
            // Every third answers one that comes after it in the file.
            let parent = if comment % 3 == 0 { (comment + 1) % comments } else { comment / 2 };
            wxr += &format!(
                "<wp:comment><wp:comment_id>{comment}</wp:comment_id><wp:comment_author>R\
                 </wp:comment_author><wp:comment_date_gmt>2014-12-0{} 08:15:00\
                 </wp:comment_date_gmt><wp:comment_content>said {comment} of {post}\
                 </wp:comment_content><wp:comment_approved>1</wp:comment_approved>\
                 <wp:comment_parent>{parent}</wp:comment_parent></wp:comment>\n",
                4 + comment % 5
            );
        }
        wxr += "</item>\n";
    }
    wxr + "</channel></rss>"
}

/// The command itself, on the database at `url`.
fn command(url: &str, file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roundup"));
    command.arg("import").arg("--json").arg(file).env("DATABASE_URL", url);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

#[tokio::test]
async fn an_import_that_is_killed_and_repeated_stores_everything_once() {
    let mut file = tempfile::NamedTempFile::with_suffix(".xml").unwrap();
    file.write_all(blog(250, 20).as_bytes()).unwrap();
    let clean = Site::new().await;
    let report = clean.file(file.path()).await;
    assert_eq!((report.failed, report.created.articles, report.created.comments), (0, 250, 5000));

    let broken = Site::new().await;
    let url = db::url(broken.app.target.database().unwrap());
    // Once among the posts, once among the comments.
    for query in ["select count(*) from articles", "select count(*) from comments"] {
        let mut child = command(&url, file.path()).spawn().unwrap();
        let begin = Instant::now();
        while broken.count(query).await == 0 {
            assert!(begin.elapsed() < Duration::from_mins(2), "nothing was stored");
            assert!(child.try_wait().unwrap().is_none(), "the import ended too soon to be killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let stored = broken.count("select count(*) from comments").await;
    assert!(stored < 5000, "the import was over before it was killed");
    let done = command(&url, file.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["created"]["comments"].as_i64().unwrap(), 5000 - stored);
    assert_eq!(report["unchanged"]["articles"], 250);
    let (is, should) = (broken.content().await, clean.content().await);
    for (is, should) in is.iter().zip(&should) {
        assert_eq!(is, should);
    }
    assert_eq!(is.len(), should.len());
}

/// A site with rows in every table of an export.
async fn full() -> Site {
    let site = Site::new().await;
    site.text("blog.xml", &blog(30, 9)).await;
    for name in ["blogger-2009.xml", "wordpress-1.2.xml"] {
        assert_eq!(site.file(&fixture(name)).await.failed, 0, "{name}");
    }
    site.text("roundup.txt", "A -- Reuters\n\nB -- Some New Gazette\n\nsaid\nReplyDelete\n").await;
    site.sql
        .batch_execute(
            "insert into article_slugs select 'old-' || id, id from articles where id % 5 = 0; \
             insert into outlet_slugs select 'old-' || id, id from outlets where id % 50 = 0; \
             insert into tag_slugs select 'old-' || id, id from tags where id % 3 = 0; \
             insert into article_revisions select id, 1, '2020-01-01 01:02:03.456789+02', null, \
                '{\"a\": 1.10, \"b\": [\"\\\\ä\\n\"]}' from articles where id % 4 = 0; \
             insert into purged_articles values (999999, 'gone', '2020-01-01Z'); \
             delete from outlets where slug = 'le-monde'; \
             update articles set status = 'trashed' where id % 11 = 0; \
             select refresh_articles(array(select id from articles))",
        )
        .await
        .unwrap();
    site
}

#[tokio::test]
async fn an_export_imported_elsewhere_gives_the_same_export() {
    let site = full().await;
    let first = exported(&site.app.target, Format::Ndjson).await;
    for table in roundup::transfer::rows::TABLES {
        let mark = format!("{{\"table\":\"{}\",", table.name);
        assert!(first.contains(&mark), "{} is not in it", table.name);
    }
    let other = Site::new().await;
    let report = other.text("site.ndjson", &first).await;
    assert_eq!((report.failed, report.format.as_str()), (0, "ndjson"), "{:?}", report.skipped);
    assert!(report.created.articles >= 31);
    let second = exported(&other.app.target, Format::Ndjson).await;
    assert_eq!(first.len(), second.len());
    for (one, two) in first.lines().zip(second.lines()) {
        assert_eq!(one, two);
    }
    // What follows from the rows is there again.
    assert_eq!(site.content().await, other.content().await);
    assert_eq!(
        exported(&site.app.target, Format::Atom).await,
        exported(&other.app.target, Format::Atom).await
    );
    let again = other.text("site.ndjson", &first).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));
    // New rows get ids that are free.
    let more = other.text("more.txt", "C -- Reuters\n").await;
    assert_eq!((more.failed, more.created.articles), (0, 1));
    assert!(other.count("select max(id) from articles").await > 999_999);
}

#[tokio::test]
async fn an_export_is_not_imported_into_the_database_of_another_site() {
    let site = Site::new().await;
    site.text("a.txt", "A -- Reuters\n").await;
    let export = exported(&site.app.target, Format::Ndjson).await;
    let other = Site::new().await;
    other.sql.batch_execute("update site set value = 'b' where key = 'database'").await.unwrap();
    other.text("b.txt", "B -- Reuters\n").await;
    let before = other.content().await;
    let report = other.text("site.ndjson", &export).await;
    assert!(report.failed > 0);
    assert!(report.skipped[0].reason.contains("articles of its own"), "{:?}", report.skipped);
    assert_eq!(other.content().await, before);
}

#[tokio::test]
async fn an_export_that_is_cut_or_changed_is_rejected() {
    let site = Site::new().await;
    site.text("blog.xml", &blog(3, 3)).await;
    let export = exported(&site.app.target, Format::Ndjson).await;
    let lines: Vec<&str> = export.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    let short = [&lines[..lines.len() - 2], &lines[lines.len() - 1..]].concat().join("\n");
    let strange = export.replacen("\"headline\":", "\"headlines\":", 1);
    let table = export.replacen("\"table\":\"articles\"", "\"table\":\"keys\"", 1);
    for (text, reason) in [
        (cut, "the file is cut off"),
        (short, "but the file has"),
        (strange, "no column headlines"),
        (table, "no table keys"),
        (export.replacen("Post 2", "Post\\u0000", 1), "U+0000"),
        (export.replacen("\"roundup_export\":1", "\"roundup_export\":2", 1), "newer version"),
    ] {
        let report = Site::new().await.text("site.ndjson", &text).await;
        assert!(report.failed > 0, "{reason}");
        let reported = report.skipped.iter().any(|skipped| skipped.reason.contains(reason));
        assert!(reported, "{reason}: {:?}", report.skipped);
    }
}

#[tokio::test]
async fn an_atom_export_holds_published_articles_and_no_private_address() {
    let site = full().await;
    let atom = exported(&site.app.target, Format::Atom).await;
    let published = site.count("select count(*) from articles where status = 'published'").await;
    assert!(!atom.contains("pii-") && !atom.contains("198.18."));
    let feed = feed_rs::parser::parse(atom.as_bytes()).unwrap();
    let comments = "select count(*) from comments c join articles a on a.id = c.article_id \
         where a.status = 'published' and c.status = 'approved'";
    let comments = site.count(comments).await;
    assert_eq!(feed.entries.len(), usize::try_from(published + comments).unwrap());
    let entry = feed.entries.iter().find(|entry| {
        entry.title.as_ref().is_some_and(|title| title.content == "The bridge opens")
    });
    let entry = entry.unwrap();
    assert_eq!(entry.authors[0].name.as_deref(), Some("Una Marsh"));
    assert!(entry.links[0].href.starts_with("http://127.0.0.1:8080/"), "{:?}", entry.links);
    assert_eq!(entry.summary.as_ref().unwrap().content, "Ten years & two mayors");
    let html = entry.content.as_ref().unwrap().body.as_deref().unwrap();
    assert!(html.contains("<a href=\"https://www.reuters.com/bridge\">"), "{html}");
    // The feed can be read as a blog.
    let other = Site::new().await;
    let report = other.text("feed.atom", &atom).await;
    assert_eq!((report.failed, report.created.articles), (0, usize::try_from(published).unwrap()));
    assert_eq!(report.created.comments, usize::try_from(comments).unwrap());
    let threads = "select concat_ws('|', a.headline, trim(E'\\n' from c.html), c.depth, (select trim(E'\\n' from p.html) from comments p \
         where p.id = c.parent_id)) from comments c join articles a on a.id = c.article_id \
         where a.status = 'published' and c.status = 'approved' and (c.parent_id is null \
         or (select p.status from comments p where p.id = c.parent_id) = 'approved') order by 1";
    // An answer to a comment that is not in the feed begins a thread; every other one keeps its place.
    let found = other.column(threads).await;
    for row in site.column(threads).await {
        assert!(found.contains(&row), "{row}");
    }
}

#[tokio::test]
async fn an_export_for_wordpress_can_be_imported_again() {
    let site = full().await;
    let image = "update articles set image = '{\"url\": \"https://a.example/b.jpg\", \"alt\": \"B & C\", \
         \"caption\": null, \"credit\": null, \"width\": 8, \"height\": 6}' where id % 3 = 0";
    site.sql.batch_execute(image).await.unwrap();
    let wxr = exported(&site.app.target, Format::Wxr).await;
    let other = Site::new().await;
    let report = other.text("site.xml", &wxr).await;
    assert_eq!((report.failed, report.format.as_str()), (0, "wordpress"), "{:?}", report.skipped);
    for (what, query) in [
        (
            "articles",
            "select concat_ws('|', headline, status, published_at, dek, author_name, \
             comments_open, comment_count) from articles order by 1",
        ),
        (
            "pictures",
            "select concat_ws('|', headline, image ->> 'url', image ->> 'alt', \
             image ->> 'width') from articles where image is not null order by 1",
        ),
        (
            "tags",
            "select concat_ws('|', a.headline, t.position, g.name) from article_tags t \
             join articles a on a.id = t.article_id join tags g on g.id = t.tag_id order by 1",
        ),
        (
            "comments",
            "select concat_ws('|', a.headline, c.status, c.created_at, c.author_email, c.depth, \
             c.is_editor, (select p.created_at from comments p where p.id = c.parent_id), \
             row_number() over (partition by c.article_id order by c.path)) from comments c \
             join articles a on a.id = c.article_id order by 1",
        ),
        ("pingbacks", "select concat_ws('|', kind, title, url, status) from pingbacks order by 1"),
    ] {
        let (before, after) = (site.column(query).await, other.column(query).await);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "{what}");
        }
        assert_eq!(before.len(), after.len(), "{what}");
    }
    let again = other.text("site.xml", &wxr).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));
}

#[tokio::test]
async fn an_import_can_run_in_a_task_and_reports_its_progress() {
    let target = target().await;
    let file = InputFile::from_bytes("blog.xml", blog(300, 5).into_bytes());
    let size = file.size();
    let task = tokio::spawn(async move {
        let mut conn = target.establish().await.unwrap();
        let mut reported = Vec::new();
        let report = roundup::transfer::import::import_files(
            &mut conn,
            vec![file],
            trusted(),
            start(),
            &mut |progress| reported.push(progress),
        )
        .await
        .unwrap();
        (report, reported)
    });
    let (report, reported) = task.await.unwrap();
    assert_eq!(report.failed, 0);
    assert!(reported.len() > 2 && reported.iter().all(|progress| progress.total == size));
    assert_eq!(reported.last().unwrap().read, size);
}

#[tokio::test]
async fn an_import_waits_until_another_has_ended() {
    let site = Site::new().await;
    let holder = db::client(&site.app.target).await;
    holder.batch_execute("select pg_advisory_lock(hashtext('roundup import'))").await.unwrap();
    let import = site.text("a.txt", "A -- Reuters\n");
    assert!(tokio::time::timeout(Duration::from_millis(500), import).await.is_err());
    holder.batch_execute("select pg_advisory_unlock(hashtext('roundup import'))").await.unwrap();
    assert_eq!(site.text("a.txt", "A -- Reuters\n").await.failed, 0);
}
