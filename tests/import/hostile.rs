//! Files that are broken, or meant as harm: each ends in an error that says where, none in a
//! panic, and what stood before the fault is stored.

use crate::site::{Site, shared};
use roundup::transfer::import::{Format, InputFile, Options};
use std::io::Write as _;
use zip::write::SimpleFileOptions;

fn item(id: u32) -> String {
    format!(
        "<item><wp:post_id>{id}</wp:post_id><title>T{id}</title>\
         <wp:status>publish</wp:status></item>\n"
    )
}

/// A WordPress export that goes wrong in its third post.
fn wxr(fault: &str) -> Vec<u8> {
    let head = "<rss><channel><link>http://a.example</link>\n";
    [head.as_bytes(), item(1).as_bytes(), item(2).as_bytes(), fault.as_bytes()].concat()
}

#[tokio::test]
async fn what_stood_before_the_fault_is_stored_and_the_fault_has_its_line() {
    for (fault, reason) in [
        ("<item><title>cut", "the file is cut off"),
        ("<item><title>crossed</item></title>", "expected"),
        ("<item></channel></rss>", "expected"),
        ("<item><title>&bomb;</title><!DOCTYPE x []></item>", "document type"),
        ("</channel></rss><more/>", "there is more text"),
    ] {
        let site = Site::new().await;
        let source = InputFile::from_bytes("wp.xml", wxr(fault));
        let report = site.import(vec![source], Options::default()).await;
        assert_eq!((report.failed, report.created.articles), (1, 2), "{fault}: {report:?}");
        let told = report.skipped.last().unwrap();
        assert!(told.reason.contains(reason), "{fault}: {told:?}");
        assert_eq!(told.position, "wp.xml:4", "{fault}");
        assert!(told.reason.contains("byte"), "{fault}: {told:?}");
    }
}

#[tokio::test]
async fn what_is_not_text_is_refused_where_it_stands() {
    let site = Site::new().await;
    let mut bytes = wxr("<item><title>");
    bytes.extend_from_slice(b"\n\xFF</title></item></channel></rss>");
    let report =
        site.import(vec![InputFile::from_bytes("wp.xml", bytes)], Options::default()).await;
    assert_eq!((report.failed, report.created.articles), (1, 2));
    assert_eq!(report.skipped[0].position, "wp.xml:5");
    assert!(
        report.skipped[0].reason.starts_with("the text is not valid UTF-8"),
        "{:?}",
        report.skipped
    );
}

#[tokio::test]
async fn a_post_with_a_character_that_cannot_be_stored_is_left_out_alone() {
    for bad in ["\u{0}", "\u{1}", "&#0;", "&#x1F;"] {
        let site = Site::new().await;
        let fault = format!(
            "<item><wp:post_id>3</wp:post_id><title>a{bad}</title></item>{}</channel></rss>",
            item(4)
        );
        let source = InputFile::from_bytes("wp.xml", wxr(&fault));
        let report = site.import(vec![source], Options::default()).await;
        assert_eq!((report.failed, report.created.articles), (1, 3), "{bad:?}: {report:?}");
        assert_eq!(report.skipped[0].position, "wp.xml:4", "{bad:?}");
        assert!(report.skipped[0].reason.contains("U+00"), "{:?}", report.skipped);
    }
}

#[tokio::test]
async fn entity_bombs_are_refused_at_once() {
    let Some(folder) = shared("hostile/xmlbombs") else { return };
    let site = Site::new().await;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        for format in [None, Some(Format::Wordpress), Some(Format::Blogger)] {
            let options = Options { format, ..Options::default() };
            let report = site.import(vec![InputFile::from_path(&path)], options).await;
            assert_eq!(report.failed, 1, "{}: {report:?}", path.display());
        }
    }
    assert_eq!(site.count("select count(*) from articles").await, 0);
}

#[tokio::test]
async fn malformed_exports_of_wordpress_fail_with_their_line() {
    for (name, line) in [("malformed-simple.xml", ":14"), ("malformed.xml", ":90")] {
        let Some(path) = shared(&format!("wxr/wordpress-importer/{name}")) else { return };
        let report = Site::new().await.file(&path).await;
        assert_eq!(report.failed, 1);
        let position = &report.skipped.last().unwrap().position;
        assert!(position.ends_with(line), "{position}");
    }
    // A "]]>" in the text is no fault to us, as it is none to WordPress.
    let Some(path) = shared("wxr/wordpress-importer/crazy-cdata.xml") else { return };
    let report = Site::new().await.file(&path).await;
    assert_eq!((report.failed, report.created.articles), (0, 1), "{report:?}");
}

#[tokio::test]
async fn every_json_file_of_the_test_suite_is_survived() {
    let Some(folder) = shared("hostile/JSONTestSuite") else { return };
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            sources.push(InputFile::from_path(&path));
        }
    }
    assert!(sources.len() > 300);
    let site = Site::new().await;
    for format in [Format::Isso, Format::Commento, Format::Remark42, Format::Ndjson] {
        let options = Options { format: Some(format), ..Options::default() };
        let report = site.import(sources.clone(), options).await;
        assert!(report.failed > 150, "{format:?}: {}", report.failed);
    }
    assert_eq!(site.count("select count(*) from articles").await, 0);
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test]
async fn an_archive_from_takeout_is_looked_into() {
    let site = Site::new().await;
    let whole = [wxr(""), b"</channel></rss>".to_vec()].concat();
    let zip = archive(&[
        ("Takeout/Blogger/Blogs/a/settings.csv", b"a,b"),
        ("Takeout/Blogger/Blogs/a/theme-classic.html", b"<html>"),
        ("Takeout/Blogger/Blogs/a/wp.xml", &whole),
        ("__MACOSX/Takeout/._wp.xml", b"junk"),
    ]);
    let report = site.import(vec![InputFile::from_bytes("t.zip", zip)], Options::default()).await;
    assert_eq!((report.failed, report.created.articles), (0, 2), "{report:?}");
    assert_eq!(report.kinds["file"], 3);
    let Some(feed) = shared("blogger/derived-gpodder-takeout2018.atom") else { return };
    let zip = archive(&[("Takeout/Blogger/Blogs/g/feed.atom", &std::fs::read(feed).unwrap())]);
    let report = site.import(vec![InputFile::from_bytes("t.zip", zip)], Options::default()).await;
    assert_eq!((report.created.articles, report.created.comments), (115, 125));
}

#[tokio::test]
async fn archives_that_lead_out_or_blow_up_are_refused() {
    let site = Site::new().await;
    let whole = [wxr(""), b"</channel></rss>".to_vec()].concat();
    let zip = archive(&[("../../etc/feed.xml", &whole), ("a/..\\..\\wp.xml", &whole)]);
    let report = site.import(vec![InputFile::from_bytes("t.zip", zip)], Options::default()).await;
    assert_eq!((report.failed, report.created.articles), (2, 0), "{report:?}");
    assert!(report.skipped[0].reason.contains("leads out"), "{report:?}");
    let mut bomb = wxr("<item><title>");
    bomb.resize(64 << 20, b' ');
    let zip = archive(&[("wp.xml", &bomb)]);
    assert!(zip.len() < 1 << 20);
    let report = site.import(vec![InputFile::from_bytes("t.zip", zip)], Options::default()).await;
    assert_eq!(report.failed, 1);
    assert!(report.skipped[0].reason.contains("ZIP bomb"), "{report:?}");
    let report = site
        .import(vec![InputFile::from_bytes("t.zip", b"PK\x03\x04x".to_vec())], Options::default())
        .await;
    assert_eq!(report.failed, 1);
}

#[tokio::test]
async fn an_archive_of_more_files_than_any_blog_has_is_refused_unread() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for n in 0..=100_000 {
        zip.start_file(format!("{n}.png"), stored).unwrap();
    }
    let zip = zip.finish().unwrap().into_inner();
    let report = Site::new()
        .await
        .import(vec![InputFile::from_bytes("t.zip", zip)], Options::default())
        .await;
    assert_eq!((report.failed, report.skipped.len()), (1, 1));
    assert!(report.skipped[0].reason.contains("more than 100000"), "{:?}", report.skipped);
}

#[tokio::test]
async fn files_of_no_known_kind_say_so() {
    let site = Site::new().await;
    for (name, bytes, reason) in [
        ("a.xml", b"<html></html>".to_vec(), "of an unknown kind"),
        ("a.json", b"{\"a\":1}".to_vec(), "of an unknown kind"),
        ("a.csv", b"a,b".to_vec(), "of an unknown kind"),
        ("a.db", b"SQLite format 3\0".to_vec(), "SQLite"),
        ("a.xml", b"\xFF\xFE<\0".to_vec(), "UTF-16"),
        ("a.txt", b" \n".to_vec(), "empty"),
        ("a.txt", b"a\nb\0".to_vec(), "U+0000"),
        ("a.txt", b"a\nb\xFF".to_vec(), "not valid UTF-8"),
    ] {
        let report =
            site.import(vec![InputFile::from_bytes(name, bytes)], Options::default()).await;
        assert_eq!(report.failed, 1, "{name}");
        assert!(report.skipped[0].reason.contains(reason), "{name}: {:?}", report.skipped);
    }
    let report = site.file(std::path::Path::new("/nowhere/at/all.xml")).await;
    assert_eq!(report.failed, 1);
}

#[tokio::test]
async fn scripts_in_posts_and_comments_do_not_come_out() {
    let Some(list) = shared("hostile/xss-payload-list.txt") else { return };
    let site = Site::new().await;
    let payloads = std::fs::read_to_string(list).unwrap();
    let clean = |text: &str| text.replace("]]>", "").replace(|c: char| c.is_control(), " ");
    let all = payloads.lines().take(800).map(clean).collect::<Vec<_>>().join("<br>\n");
    let comment = format!(
        "<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_content><![CDATA[{all}]]>\
         </wp:comment_content><wp:comment_approved>1</wp:comment_approved></wp:comment>"
    );
    let fault = format!(
        "<item><wp:post_id>3</wp:post_id><title>x</title><wp:status>publish</wp:status>\
         <content:encoded><![CDATA[{all}]]></content:encoded>{comment}</item></channel></rss>"
    );
    let report =
        site.import(vec![InputFile::from_bytes("wp.xml", wxr(&fault))], Options::default()).await;
    assert_eq!((report.failed, report.created.articles), (0, 3), "{:?}", report.skipped);
    let html = site
        .column("select commentary_html from articles union all select html from comments")
        .await
        .join("")
        .to_ascii_lowercase();
    assert!(html.len() > 10_000);
    for tag in ["<script", "<iframe", "<svg", "<object", "<embed", "<form", "<style", "<link"] {
        assert!(!html.contains(tag), "{tag}");
    }
    for link in html.split("<a href=\"").skip(1) {
        let scheme = link.split(':').next().unwrap();
        assert!(["http", "https", "mailto"].contains(&scheme), "{scheme}");
    }
}
