//! Sites made from files, and feeds of any site.

use crate::site::{Site, trusted};
use roundup::transfer::import::{Counts, InputFile};

#[tokio::test]
async fn a_folder_of_markdown_is_a_site() {
    let folder = tempfile::tempdir().unwrap();
    for (name, matter) in [
        ("_posts/2023-05-01-ferry.md", "title: Ferry\ntags: boats harbour"),
        ("content/2023/01.md", "title: One\ndate: 2023-01-01T10:00:00Z\nlang: en_GB"),
        ("content/2024/01.md", "title: Two\ndate: 2024-01-01T10:00:00Z\nslug: two"),
        ("content/later/index.md", "title: Later\ndate: 2999-01-01"),
        ("content/secret.md", "title: Secret\ndate: 2024-01-01\ndraft: true"),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = format!("---\n{matter}\n---\n\n## Heading\n\nIt [sails](https://a.example/).\n");
        std::fs::write(path, text).unwrap();
    }
    let site = Site::new().await;
    let report = site.file(folder.path()).await;
    assert_eq!((report.failed, report.created.articles), (0, 5), "{report:?}");
    let stored = site
        .column("select concat_ws(' ', source_id, status, slug, lang) from articles order by 1")
        .await;
    assert_eq!(
        stored,
        [
            "_posts/2023-05-01-ferry published ferry",
            "content/2023/01 published one en-GB",
            "content/2024/01 published two",
            "content/later/index scheduled later",
            "content/secret draft secret",
        ]
    );
    let article = site.app.get("/api/v1/articles/two").await.ok();
    assert_eq!(article["headline"], "Two");
    assert_eq!(article["published_at"], "2024-01-01T10:00:00Z");
    let html = article["commentary"]["html"].as_str().unwrap();
    assert!(html.contains("Heading") && html.contains("https://a.example/"), "{html}");
    assert_eq!(article["links"][0]["role"], "inline");
    let paths = site.column("select path from article_paths order by path").await;
    assert_eq!(paths[2], "/2024/two/", "{paths:?}");
    let again = site.file(folder.path()).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));
}

#[tokio::test]
async fn the_feed_of_any_site_is_imported() {
    let rss = "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' \
        xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/'>\
        <channel><title>Harbour</title><link>https://h.example/</link><language>en</language>\
        <item><media:title>not this</media:title><title>Ferry &amp;amp; crew</title>\
        <link>https://h.example/2024/ferry.html</link><guid isPermaLink='false'>17</guid>\
        <pubDate>Tue, 02 Jan 2024 08:00:00 GMT</pubDate><category>Boats</category>\
        <dc:creator>Ann</dc:creator><description>Short.</description>\
        <content:encoded><![CDATA[<p>It <a href='https://a.example/'>sails</a>.</p>]]></content:encoded>\
        </item></channel></rss>";
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de'><title>Hafen</title>\
        <link href='https://i.example/'/><author><name>Bo</name></author>\
        <entry><title>Kran</title><id>urn:1</id><link href='https://i.example/2024/kran'/>\
        <updated>2024-01-03T08:00:00Z</updated><content type='xhtml'>\
        <div xmlns='http://www.w3.org/1999/xhtml'><p>Er<br/>steht <b>hier</b> &amp; dort.</p></div>\
        </content></entry>\
        <entry><title>5 &lt; 6</title><id>urn:2</id><updated>2024-01-04T08:00:00Z</updated>\
        <summary>Nur &lt;b&gt;kurz&lt;/b&gt;.</summary></entry></feed>";
    let site = Site::new().await;
    let files = [("rss.xml", rss), ("atom.xml", atom)];
    let files = files.map(|(name, text)| InputFile::from_bytes(name, text.as_bytes().to_vec()));
    let report = site.import(files.to_vec(), trusted()).await;
    assert_eq!((report.failed, report.created.articles), (0, 3), "{report:?}");
    assert_eq!(report.format, "feed");
    let rows = site
        .column(
            "select concat_ws('|', source_id, status, headline, slug, author_name, lang, \
             commentary_html) from articles order by source_id",
        )
        .await;
    assert_eq!(
        rows[0].split('|').take(6).collect::<Vec<_>>(),
        ["h.example/#17", "published", "Ferry & crew", "ferry", "Ann", "en",]
    );
    assert!(rows[0].contains("https://a.example/"), "{rows:?}");
    assert!(rows[1].starts_with("urn:1|published|Kran|kran|Bo|de|"), "{rows:?}");
    assert!(rows[1].contains("Er<br>steht <b>hier</b> &amp; dort."), "{rows:?}");
    assert!(rows[2].contains("5 < 6") && rows[2].contains("&lt;b&gt;kurz"), "{rows:?}");
    let again = site.import(files.to_vec(), trusted()).await;
    assert_eq!((again.created, again.updated), (Counts::default(), Counts::default()));
}
