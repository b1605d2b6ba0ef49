//! Files that are broken or made to do harm: what comes before a fault is stored, and no script
//! reaches a page. The tests of the readers are in `crates/export-formats`.

use crate::site::{Site, fixture};
use roundup::transfer::import::{InputFile, Options};

fn item(id: u32) -> String {
    format!(
        "<item><wp:post_id>{id}</wp:post_id><title>T{id}</title>\
         <wp:status>publish</wp:status></item>\n"
    )
}

/// A WordPress export with two posts and a fault after them.
fn wxr(fault: &str) -> Vec<u8> {
    let head = "<rss><channel><link>http://a.example</link>\n";
    [head.as_bytes(), item(1).as_bytes(), item(2).as_bytes(), fault.as_bytes()].concat()
}

#[tokio::test]
async fn what_precedes_a_fault_is_stored() {
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
        let error = report.skipped.last().unwrap();
        assert!(error.reason.contains(reason), "{fault}: {error:?}");
        assert_eq!(error.position, "wp.xml:4", "{fault}");
        assert!(error.reason.contains("byte"), "{fault}: {error:?}");
    }
}

#[tokio::test]
async fn control_characters_are_left_out_of_a_post() {
    for bad in ["\u{0}", "\u{1}", "&#0;", "&#x1F;"] {
        let site = Site::new().await;
        let fault = format!(
            "<item><wp:post_id>3</wp:post_id><title>a{bad}</title></item>{}</channel></rss>",
            item(4)
        );
        let source = InputFile::from_bytes("wp.xml", wxr(&fault));
        let report = site.import(vec![source], Options::default()).await;
        assert_eq!((report.failed, report.created.articles), (0, 4), "{bad:?}: {report:?}");
        let remark = report.uncertain.iter().find(|remark| remark.raw.starts_with("U+00")).unwrap();
        assert_eq!(remark.position, "wp.xml:4", "{bad:?}");
    }
}

#[tokio::test]
async fn scripts_in_posts_and_comments_are_removed() {
    let site = Site::new().await;
    let payloads = std::fs::read_to_string(fixture("scripts.txt")).unwrap();
    assert!(payloads.lines().count() > 40);
    let clean = |text: &str| text.replace("]]>", "").replace(|c: char| c.is_control(), " ");
    let all = payloads.lines().map(clean).collect::<Vec<_>>().join("<br>\n");
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
    assert!(html.contains("https://fine.example/"), "{html}");
    for tag in ["<script", "<iframe", "<svg", "<object", "<embed", "<form", "<style", "<link"] {
        assert!(!html.contains(tag), "{tag}");
    }
    for link in html.split("<a href=\"").skip(1) {
        let scheme = link.split(':').next().unwrap();
        assert!(["http", "https", "mailto"].contains(&scheme), "{scheme}");
    }
}
