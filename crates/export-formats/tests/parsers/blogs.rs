//! Blogs of Blogger and WordPress.

use crate::summary::Summary;
use export_formats::{
    Body, CommentKind, CommentStatus, CommentTarget, Format, Post, PostStatus, source,
};
use std::collections::BTreeMap;

fn counts<const N: usize>(pairs: [(&'static str, usize); N]) -> BTreeMap<&'static str, usize> {
    BTreeMap::from(pairs)
}

#[test]
fn a_classic_backup_of_blogger_gives_posts_pages_and_threads() {
    let blog = Summary::of_fixture("blogger-2009.xml");
    assert_eq!(blog.format, Some(Format::Blogger));
    assert_eq!(blog.failed, []);
    assert_eq!(blog.counted, counts([("comment", 7), ("page", 1), ("post", 4)]));
    assert_eq!(blog.skipped["template"], 1);
    assert_eq!(blog.skipped["settings"], 3);
    let post = blog.post("blog-4711.post-101");
    assert_eq!(post.title.as_deref(), Some("Ferry Changes Hands"));
    assert_eq!(post.slug.as_deref(), Some("ferry-changes-hands"));
    assert_eq!(post.paths, ["/2009/03/ferry-changes-hands.html"]);
    assert_eq!(post.tags, ["Ferry", "Harbour"]);
    assert_eq!(post.published_at.unwrap().to_rfc3339(), "2009-03-28T17:30:00+00:00");
    assert_eq!(post.author.name.as_deref(), Some("The editor"));
    assert_eq!(blog.post("blog-4711.post-102").title, None);
    assert_eq!(blog.post("blog-4711.post-103").title.as_deref(), Some("R&D at the quay"));
    assert_eq!(blog.post("blog-4711.post-104").status, PostStatus::Draft);
    assert_eq!(blog.post("blog-4711.page-105").status, PostStatus::Archived);
    let reply = blog.comment("blog-4711.post-202");
    assert_eq!(reply.parent.as_deref(), Some("blog-4711.post-201"));
    assert_eq!(reply.target, CommentTarget::Post(source::BLOGGER, "blog-4711.post-101".to_owned()));
    assert_eq!(reply.html, "It will not.<br>Not this year.");
    let removed = blog.comment("blog-4711.post-204");
    assert_eq!(removed.status, CommentStatus::Deleted);
    assert_eq!(blog.comment("blog-4711.post-205").parent.as_deref(), Some("blog-4711.post-204"));
    assert_eq!(
        blog.comment("blog-4711.post-201").author.url.as_deref(),
        Some("https://ines.example/")
    );
    assert!(blog.comments.iter().all(|comment| comment.author.email.is_none()));
}

#[test]
fn takeout_gives_the_same_posts_and_comments_as_the_classic_backup() {
    let mut classic = Summary::of_fixture("blogger-2009.xml");
    let mut takeout = Summary::of_fixture("blogger-takeout-2018.atom");
    assert_eq!(takeout.failed, []);
    assert_eq!(takeout.warnings, [""; 0]);
    for blog in [&mut classic, &mut takeout] {
        blog.posts.sort_by(|a, b| a.id.cmp(&b.id));
        blog.comments.sort_by(|a, b| a.id.cmp(&b.id));
        for post in &mut blog.posts {
            // Only the backup names the blog's language and URL.
            (post.lang, post.base_url) = (None, None);
        }
    }
    assert_eq!(classic.posts, takeout.posts);
    assert_eq!(classic.comments, takeout.comments);
    let hashes = |blog: &Summary| blog.posts.iter().map(Post::hash).collect::<Vec<_>>();
    assert_eq!(hashes(&classic), hashes(&takeout));
}

#[test]
fn a_public_feed_warns_that_it_is_only_a_part() {
    let blog = Summary::of_fixture("blogger-public-feed.xml");
    assert_eq!(blog.counted, counts([("comment", 1), ("post", 1)]));
    assert_eq!(blog.warnings, ["2 of 40"]);
    assert_eq!(blog.posts[0].title.as_deref(), Some("The lamp is lit"));
    // An e-mail address in place of a name is not shown.
    assert_eq!(blog.comments[0].author.name.as_deref(), Some("sailor"));
}

#[test]
fn a_wordpress_export_gives_posts_by_their_status() {
    let blog = Summary::of_fixture("wordpress-1.2.xml");
    assert_eq!(blog.format, Some(Format::Wordpress));
    assert_eq!(blog.failed, []);
    let expected =
        counts([("comment", 6), ("page", 1), ("pingback", 1), ("post", 8), ("trackback", 1)]);
    assert_eq!(blog.counted, expected);
    for kind in ["attachment", "nav_menu_item", "order_note"] {
        assert_eq!(blog.skipped[kind], 1, "{kind}");
    }
    assert_eq!(blog.warnings, ["limbo"]);
    let statuses: Vec<_> = blog.posts.iter().map(|post| (post.id.as_str(), post.status)).collect();
    assert_eq!(
        statuses,
        [
            ("bridge.example#11", PostStatus::Published),
            ("bridge.example#12", PostStatus::Published),
            ("bridge.example#13", PostStatus::Draft),
            ("bridge.example#14", PostStatus::Archived),
            ("bridge.example#15", PostStatus::Archived),
            ("bridge.example#16", PostStatus::Trashed),
            ("bridge.example#17", PostStatus::Scheduled),
            ("bridge.example#18", PostStatus::Draft),
            ("bridge.example#19", PostStatus::Archived),
        ]
    );
    let post = blog.post("bridge.example#11");
    assert_eq!(post.author.name.as_deref(), Some("Una Marsh"));
    assert_eq!(post.tags, ["Bridges", "Toll"]);
    assert_eq!(post.paths, ["/2020/06/the-bridge-opens/", "/?p=11"]);
    assert_eq!(post.dek.as_deref(), Some("Ten years & two mayors"));
    assert!(!post.date_uncertain && post.comments_open);
}

#[test]
fn cdata_sections_are_joined_and_local_dates_are_uncertain() {
    let blog = Summary::of_fixture("wordpress-1.2.xml");
    let post = blog.post("bridge.example#12");
    assert_eq!(post.title.as_deref(), Some("In several pieces ]]> and & whole"));
    let body = "<p>First and second.</p>\n<script>alert(\"no\")</script>";
    assert_eq!(post.body, Body::WordPressHtml(body.to_owned()));
    assert_eq!(post.paths, ["/2020/07/pieces/?a=1&b=2"]);
    assert_eq!(post.tags, [""; 0]);
    assert!(post.date_uncertain && !post.comments_open);
    assert_eq!(post.published_at.unwrap().to_rfc3339(), "2020-07-01T10:00:00+00:00");
    assert_eq!(blog.post("bridge.example#13").published_at, None);
}

#[test]
fn comments_of_wordpress_keep_thread_status_and_author() {
    let blog = Summary::of_fixture("wordpress-1.2.xml");
    let parents: Vec<_> =
        blog.comments.iter().map(|c| (c.id.as_str(), c.parent.as_deref(), c.status)).collect();
    assert_eq!(
        parents,
        [
            ("4", Some("3"), CommentStatus::Approved),
            ("3", Some("2"), CommentStatus::Approved),
            ("2", None, CommentStatus::Approved),
            ("5", None, CommentStatus::Pending),
            ("6", None, CommentStatus::Spam),
            ("8", None, CommentStatus::Deleted),
            ("9", None, CommentStatus::Approved),
            ("10", None, CommentStatus::Approved),
        ]
    );
    assert!(blog.comment("3").is_editor && !blog.comment("4").is_editor);
    assert_eq!(blog.comment("2").author.name.as_deref(), Some("carla"));
    assert_eq!(blog.comment("9").kind, CommentKind::Pingback);
    assert_eq!(blog.comment("10").kind, CommentKind::Trackback);
    assert_eq!(
        blog.comment("2").html,
        "<p>How long is it?</p>\n<p>Write to pii-12@example.invalid</p>\n"
    );
}

#[test]
fn the_first_version_of_wxr_is_read_with_its_undeclared_prefixes() {
    let blog = Summary::of_fixture("wordpress-1.0.wxr");
    assert_eq!(blog.failed, []);
    assert_eq!(blog.counted, counts([("comment", 1), ("post", 3)]));
    let post = blog.post("quay.example#3");
    assert_eq!(post.dek.as_deref(), Some("In short"));
    assert_eq!(post.tags, ["Ropes"]);
    assert_eq!(blog.post("quay.example#4").status, PostStatus::Draft);
    assert_eq!(blog.post("quay.example#4").published_at, None);
    assert_eq!(blog.post("quay.example#5").status, PostStatus::Published);
    // The comment came before the id of its post.
    let target = CommentTarget::Post(source::WORDPRESS, "quay.example#3".to_owned());
    assert_eq!(blog.comments[0].target, target);
    assert_eq!(blog.comments[0].created_at.unwrap().to_rfc3339(), "2008-04-15T12:00:00+00:00");
}

fn wxr(items: &str) -> Vec<u8> {
    format!("<rss><channel><link>https://a.example</link><wp:wxr_version/>{items}</channel></rss>")
        .into_bytes()
}

#[test]
fn names_and_titles_of_wordpress_are_html() {
    let item = "<wp:author><wp:author_login>ann</wp:author_login><wp:author_display_name>\
        <![CDATA[Ann &amp; Bo]]></wp:author_display_name></wp:author><item><title>\
        <![CDATA[Q&amp;A: who&#8217;s <em>really</em> in charge]]></title><wp:post_id>1</wp:post_id>\
        <dc:creator>ann</dc:creator><category domain='post_tag'><![CDATA[R&amp;D]]></category>\
        <category domain='category'>Arts &amp; Crafts</category></item>";
    let summary = Summary::of_bytes("wp.xml", &wxr(item));
    let post = &summary.posts[0];
    assert_eq!(post.title.as_deref(), Some("Q&A: who\u{2019}s really in charge"));
    assert_eq!(post.tags, ["R&D", "Arts & Crafts"]);
    assert_eq!(post.author.name.as_deref(), Some("Ann & Bo"));
}

#[test]
fn former_slugs_of_wordpress_are_paths() {
    let item = "<item><link>https://a.example/2012/new/</link><wp:post_id>1</wp:post_id>\
        <wp:post_name>new</wp:post_name><wp:postmeta><wp:meta_key>_wp_old_slug</wp:meta_key>\
        <wp:meta_value><![CDATA[former]]></wp:meta_value></wp:postmeta></item>";
    let summary = Summary::of_bytes("wp.xml", &wxr(item));
    assert_eq!(summary.posts[0].paths, ["/2012/new/", "/2012/former/"]);
}

#[test]
fn two_posts_of_one_number_are_both_kept() {
    let item = |link: &str, comment: u32| {
        format!(
            "<item><title>T</title><link>https://a.example/{link}/</link><wp:post_id>1</wp:post_id>\
             <wp:comment><wp:comment_id>{comment}</wp:comment_id></wp:comment></item>"
        )
    };
    let items = [item("one", 1), item("two", 2), item("one", 1)].concat();
    let summary = Summary::of_bytes("wp.xml", &wxr(&items));
    let ids: Vec<_> = summary.posts.iter().map(|post| post.id.as_str()).collect();
    assert_eq!(ids, ["a.example#1", "a.example#https://a.example/two/", "a.example#1"]);
    let target = &summary.comment("2").target;
    assert_eq!(*target, CommentTarget::Post(source::WORDPRESS, ids[1].to_owned()));
}

#[test]
fn pasted_pictures_are_left_out() {
    let picture = "A".repeat(3 << 20);
    let item = format!(
        "<item><title>T</title><wp:post_id>1</wp:post_id><wp:status>publish</wp:status>\
         <content:encoded><![CDATA[<p>a\
         <img src=\"data:image/png;base64,{picture}\">b</p>]]></content:encoded></item>"
    );
    let summary = Summary::of_bytes("wp.xml", &wxr(&item));
    assert_eq!(summary.posts[0].body.text(), "<p>ab</p>");
    assert_eq!(summary.warnings, ["T"]);
}
