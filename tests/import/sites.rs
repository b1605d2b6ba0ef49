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

/// A post of an invented blog, as its own fields.
const POSTS: [(&str, &str, &str, &str); 2] = [
    (
        "Ferry & crew",
        "ferry-crew",
        "2024-03-05",
        "It <strong>sails</strong> at \
        <a href=\"https://tide.example/six\">six</a>.",
    ),
    ("Who pays?", "who-pays", "2024-03-06", "The town pays."),
];

#[tokio::test]
async fn one_blog_through_three_systems_gives_the_same_articles() {
    let (mut wxr, mut ghost, mut tags) = (String::new(), Vec::new(), Vec::new());
    let folder = tempfile::tempdir().unwrap();
    for (n, (title, slug, date, html)) in POSTS.into_iter().enumerate() {
        let escaped = title.replace('&', "&amp;");
        wxr += &format!(
            "<item><title>{}</title><link>https://a.example/{slug}/</link>\
             <dc:creator>ann</dc:creator><wp:post_id>{n}1</wp:post_id><wp:post_name>{slug}</wp:post_name>\
             <wp:status>publish</wp:status><wp:post_date_gmt>{date} 10:00:00</wp:post_date_gmt>\
             <category domain=\"post_tag\">Ferries</category>\
             <content:encoded><![CDATA[{html}]]></content:encoded>\
             <excerpt:encoded>In short</excerpt:encoded></item>",
            escaped.replace('&', "&amp;")
        );
        ghost.push(serde_json::json!({
            "id": format!("p{n}"), "title": title, "slug": slug, "html": format!("<p>{html}</p>"),
            "status": "published", "visibility": "public", "author_id": "1",
            "custom_excerpt": "In short", "published_at": format!("{date}T10:00:00.000Z"),
            "locale": "en", "feature_image": "https://a.example/f.jpg",
        }));
        tags.push(serde_json::json!({"post_id": format!("p{n}"), "tag_id": "1"}));
        let markdown = html.replace("<strong>", "**").replace("</strong>", "**").replace(
            "<a href=\"https://tide.example/six\">six</a>",
            "[six](https://tide.example/six)",
        );
        let text = format!(
            "---\ntitle: {title:?}\nslug: {slug}\nurl: /{slug}/\ndate: {date}T10:00:00Z\n\
             author: Ann\ntags: [Ferries]\nlang: en\ndescription: In short\n\
             image: https://a.example/f.jpg\n---\n\n{markdown}\n"
        );
        std::fs::write(folder.path().join(format!("{slug}.md")), text).unwrap();
    }
    let thumbnail = "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key>\
        <wp:meta_value>99</wp:meta_value></wp:postmeta></item>";
    let wxr = format!(
        "<rss><channel><link>https://a.example</link><language>en</language>\
         <wp:author><wp:author_login>ann</wp:author_login>\
         <wp:author_display_name>Ann</wp:author_display_name></wp:author>{}\
         <item><wp:post_id>99</wp:post_id><wp:post_type>attachment</wp:post_type>\
         <wp:attachment_url>https://a.example/f.jpg</wp:attachment_url></item></channel></rss>",
        wxr.replace("</item>", thumbnail)
    );
    let ghost = serde_json::json!({"db": [{"meta": {"exported_on": 1}, "data": {
        "posts": ghost, "tags": [{"id": "1", "name": "Ferries"}], "posts_tags": tags,
        "users": [{"id": "1", "name": "Ann"}],
    }}]});
    let sites = [Site::new().await, Site::new().await, Site::new().await];
    assert_eq!(sites[0].text("site.xml", &wxr).await.failed, 0);
    assert_eq!(sites[1].text("ghost.json", &ghost.to_string()).await.failed, 0);
    assert_eq!(sites[2].file(folder.path()).await.failed, 0);
    let articles = "select concat_ws('|', headline, slug, status, published_at, dek, lang, author_name, \
        image ->> 'url', trim(E'\\n' from commentary_html), (select string_agg(g.name, ',') from article_tags t \
        join tags g on g.id = t.tag_id where t.article_id = a.id), (select string_agg(l.url, ',') \
        from links l where l.article_id = a.id)) from articles a order by slug";
    let first = sites[0].column(articles).await;
    assert!(first[0].contains("|Ferries|https://tide.example/six"), "{first:?}");
    assert_eq!(sites[1].column(articles).await, first);
    assert_eq!(sites[2].column(articles).await, first);
}
