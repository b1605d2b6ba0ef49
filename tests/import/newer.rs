//! A newer export of a site that was imported before, and edited here since.

use crate::harness::TestApp;
use crate::site::{Site, trusted};
use roundup::transfer::import::{Counts, InputFile, Options, Report};
use serde_json::{Value, json};

/// A post of an export of WordPress.
struct Post {
    title: &'static str,
    body: &'static str,
    status: &'static str,
    tag: &'static str,
    comments: &'static str,
    thumbnail: &'static str,
}

const FERRY: Post = Post {
    title: "Ferry sails",
    body: "It sails at <a href=\"https://tide.example/six\">six</a>.",
    status: "publish",
    tag: "Ferries",
    comments: "",
    thumbnail: "",
};

impl Post {
    fn export(&self, host: &str) -> String {
        let Self { title, body, status, tag, comments, thumbnail } = self;
        format!(
            "<rss><channel><link>https://{host}</link><language>en-GB</language>\
             <item><title>{title}</title><link>https://{host}/2024/ferry/</link>\
             <wp:post_id>7</wp:post_id><wp:post_name>ferry</wp:post_name>\
             <wp:status>{status}</wp:status><wp:post_date_gmt>2024-03-05 10:00:00</wp:post_date_gmt>\
             <category domain=\"post_tag\">{tag}</category>{thumbnail}\
             <content:encoded><![CDATA[{body}]]></content:encoded>{comments}</item>\
             </channel></rss>"
        )
    }
}

async fn article(app: &TestApp) -> Value {
    let editor = app.key("articles:read").await;
    let list = editor.get("/api/v1/admin/articles").await.json();
    editor.get(&format!("/api/v1/admin/articles/{}", list["items"][0]["id"])).await.ok()
}

async fn edit(app: &TestApp, patch: Value) {
    let id = article(app).await["id"].clone();
    let editor = app.key("articles:write").await.header("If-Match", "*");
    editor.patch(&format!("/api/v1/admin/articles/{id}"), &patch).await.ok();
}

async fn following(site: &Site, text: &str) -> Report {
    let file = InputFile::from_bytes("site.xml", text.as_bytes().to_vec());
    let options = Options { follow_status: true, ..trusted() };
    site.import(vec![file], options).await
}

fn reasons(report: &Report) -> String {
    let remarks = report.uncertain.iter().map(|remark| remark.reason.as_str());
    remarks.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn edits_made_here_stay_field_by_field() {
    let site = Site::new().await;
    site.text("site.xml", &FERRY.export("a.example")).await;
    edit(&site.app, json!({"headline": "Ferry sails again", "dek": "From the quay"})).await;
    let newer = Post {
        body: "It sails at <a href=\"https://tide.example/seven\">seven</a>.",
        tag: "Boats",
        ..FERRY
    };
    let report = site.text("site.xml", &newer.export("a.example")).await;
    assert_eq!((report.failed, report.updated.articles), (0, 1));
    assert_eq!(reasons(&report), "");
    let merged = article(&site.app).await;
    assert_eq!(merged["headline"], "Ferry sails again");
    assert_eq!(merged["dek"], "From the quay");
    assert_eq!(merged["tags"][0]["name"], "Boats");
    assert_eq!(merged["links"][0]["url"], "https://tide.example/seven");
    assert!(merged["commentary"]["html"].as_str().unwrap().contains("seven"), "{merged}");

    // Changed on both sides: the edit stays, and the report says so, once.
    let title = Post { title: "Ferry sails at seven", ..newer };
    let report = site.text("site.xml", &title.export("a.example")).await;
    assert_eq!(report.updated, Counts::default());
    assert!(reasons(&report).contains("`headline` was edited here and changed in the source"));
    let same = site.text("site.xml", &Post { tag: "Ships", ..title }.export("a.example")).await;
    assert_eq!((same.updated.articles, reasons(&same).as_str()), (1, ""));
    assert_eq!(article(&site.app).await["headline"], "Ferry sails again");
}

#[tokio::test]
async fn links_and_corrections_that_an_editor_wrote_stay_with_their_ids() {
    let site = Site::new().await;
    site.text("site.xml", &FERRY.export("a.example")).await;
    let link = json!({"title": "Timetable", "url": "https://ferry.example/times"});
    let correction = json!({"at": "2024-03-06T00:00:00Z", "note": "The ferry sails at six."});
    edit(&site.app, json!({"links": [link], "corrections": [correction]})).await;
    let before = article(&site.app).await;
    let newer = Post { title: "Ferry sails daily", ..FERRY };
    site.text("site.xml", &newer.export("a.example")).await;
    let after = article(&site.app).await;
    assert_eq!(after["headline"], "Ferry sails daily");
    assert_eq!(after["links"], before["links"]);
    assert_eq!(after["corrections"], json!([correction]));
}

#[tokio::test]
async fn a_withdrawal_in_the_source_is_reported_and_followed_on_demand() {
    let comment = |status: &str| {
        format!(
            "<wp:comment><wp:comment_id>1</wp:comment_id><wp:comment_content>Yes</wp:comment_content>\
             <wp:comment_approved>{status}</wp:comment_approved></wp:comment>"
        )
    };
    let (shown, spam) = (comment("1"), comment("spam"));
    let export = |status: &'static str, comment: &str| {
        let text = Post { status, ..FERRY }.export("a.example");
        text.replace("</item>", &format!("{comment}</item>"))
    };
    let site = Site::new().await;
    site.text("site.xml", &export("publish", &shown)).await;
    let report = site.text("site.xml", &export("draft", &spam)).await;
    assert_eq!((report.failed, report.updated), (0, Counts::default()));
    assert!(reasons(&report).contains("the source has changed the status to `draft`"));
    assert!(reasons(&report).contains("the source does not show it any more"));
    let statuses = "select status from articles union all select status from comments";
    assert_eq!(site.column(statuses).await, ["published", "approved"]);

    let report = following(&site, &export("draft", &spam)).await;
    assert_eq!((report.failed, report.updated.comments), (0, 1), "{}", reasons(&report));
    let report = following(&site, &export("private", &spam)).await;
    assert_eq!(report.updated.articles, 1, "{}", reasons(&report));
    assert_eq!(site.column(statuses).await, ["archived", "spam"]);
    // What the source publishes, it makes public here too.
    site.text("site.xml", &export("publish", &shown)).await;
    assert_eq!(site.column(statuses).await, ["published", "spam"]);
}

#[tokio::test]
async fn a_status_that_an_editor_set_stays() {
    let site = Site::new().await;
    site.text("site.xml", &FERRY.export("a.example")).await;
    edit(&site.app, json!({"status": "archived"})).await;
    let newer = Post { title: "Ferry sails daily", ..FERRY };
    site.text("site.xml", &newer.export("a.example")).await;
    let article = article(&site.app).await;
    assert_eq!(
        (&article["status"], &article["headline"]),
        (&json!("archived"), &json!("Ferry sails daily"))
    );
}

#[tokio::test]
async fn a_site_that_moved_to_another_spelling_of_its_host_is_the_same() {
    let site = Site::new().await;
    site.text("site.xml", &FERRY.export("www.A.example")).await;
    let report = site.text("site.xml", &FERRY.export("a.example")).await;
    assert_eq!((report.created.articles, report.unchanged.articles), (0, 1));
    assert_eq!(site.column("select source_id from articles").await, ["a.example#7"]);
    assert_eq!(site.column("select lang from articles").await, ["en-GB"]);
}

const ATTACHMENT: &str = "<item><title>Ferry</title><wp:post_id>9</wp:post_id>\
    <wp:post_type>attachment</wp:post_type><excerpt:encoded>At the quay</excerpt:encoded>\
    <wp:attachment_url>https://a.example/ferry.jpg</wp:attachment_url>\
    <wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key>\
    <wp:meta_value>A white ferry</wp:meta_value></wp:postmeta>\
    <wp:postmeta><wp:meta_key>_wp_attachment_metadata</wp:meta_key>\
    <wp:meta_value><![CDATA[a:2:{s:5:\"width\";i:1200;s:6:\"height\";i:800;}]]></wp:meta_value>\
    </wp:postmeta></item>";

const THUMBNAIL: &str = "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key>\
    <wp:meta_value>9</wp:meta_value></wp:postmeta>";

#[tokio::test]
async fn the_featured_image_is_taken_before_or_after_its_post() {
    let post = Post { thumbnail: THUMBNAIL, ..FERRY }.export("a.example");
    let expected = json!({
        "url": "https://a.example/ferry.jpg",
        "alt": "A white ferry",
        "caption": "At the quay",
        "credit": null,
        "width": 1200,
        "height": 800
    });
    for text in [
        post.replacen("<item>", &format!("{ATTACHMENT}<item>"), 1),
        post.replace("</channel>", &format!("{ATTACHMENT}</channel>")),
    ] {
        let site = Site::new().await;
        let report = site.text("site.xml", &text).await;
        assert_eq!((report.failed, reasons(&report).as_str()), (0, ""));
        assert_eq!(article(&site.app).await["image"], expected);
        let again = site.text("site.xml", &text).await;
        assert_eq!((again.updated, again.unchanged.articles), (Counts::default(), 1));
    }
}

#[tokio::test]
async fn the_featured_image_may_be_in_another_part_and_an_edit_of_it_stays() {
    let site = Site::new().await;
    let post = Post { thumbnail: THUMBNAIL, ..FERRY }.export("a.example");
    let report = site.text("a.000.xml", &post).await;
    assert!(reasons(&report).contains("the picture of the post is not in the export"));
    let part = format!("<rss><channel><link>https://a.example</link>{ATTACHMENT}</channel></rss>");
    let file = |name: &str, text: &str| InputFile::from_bytes(name, text.as_bytes().to_vec());
    let parts = vec![file("a.000.xml", &post), file("a.001.xml", &part)];
    let report = site.import(parts.clone(), trusted()).await;
    assert_eq!((report.failed, reasons(&report).as_str()), (0, ""));
    assert_eq!(article(&site.app).await["image"]["url"], "https://a.example/ferry.jpg");
    edit(&site.app, json!({"image": {"url": "https://b.example/ferry.jpg"}})).await;
    site.import(parts, trusted()).await;
    assert_eq!(article(&site.app).await["image"]["url"], "https://b.example/ferry.jpg");
}
