//! Ghost, Movable Type, Substack and Medium.

use crate::archives::archive;
use crate::summary::Summary;
use export_formats::{Body, CommentKind, CommentStatus, Format, PostStatus};

/// Ids of old exports are numbers, and so are their times.
const GHOST: &str = r#"{"db":[{"meta":{"exported_on":1704067200000,"version":"5.75.0"},"data":{
 "posts":[
  {"id":"a1","uuid":"u-1","title":"Crane","slug":"crane","html":"<p><a href=\"__GHOST_URL__/x\">x</a></p>",
   "mobiledoc":"{}","status":"published","visibility":"public","type":"post",
   "published_at":"2024-01-01T00:00:00.000Z","custom_excerpt":"It turns."},
  {"id":"a2","uuid":"u-2","title":"Members","html":"<p>m</p>","status":"published","visibility":"members"},
  {"id":"a3","uuid":"u-3","title":"Letter","html":"<p>l</p>","status":"sent","visibility":"public"},
  {"id":"a4","uuid":"u-4","title":"About","html":"<p>a</p>","status":"published","type":"page"},
  {"id":5,"title":"Old","html":"<p>o</p>","status":"draft","page":0,"published_at":1388534400000},
  {"id":"a6","uuid":"u-6","title":"Odd","html":"<p>o</p>","status":"queued"}],
 "tags":[{"id":"t1","name":"Ports"},{"id":"t2","name":"\u0023internal"}],
 "posts_tags":[{"post_id":"a1","tag_id":"t2","sort_order":0},{"post_id":"a1","tag_id":"t1","sort_order":1}],
 "users":[{"id":"1","name":"Ann","email":"ann@a.example"}],
 "posts_authors":[{"post_id":"a1","author_id":"1","sort_order":0}],
 "members":[{"id":"m1","name":"Bo","email":"bo@b.example"}],
 "comments":[
  {"id":"c1","post_id":"a1","member_id":"m1","status":"published","html":"<p>Yes</p>","created_at":"2024-01-02 00:00:00"},
  {"id":"c2","post_id":"a1","parent_id":"c1","status":"hidden","html":"<p>No</p>"},
  {"id":"c3","post_id":"gone","status":"published","html":"<p>?</p>"}]}}]}"#;

#[test]
fn only_public_posts_of_ghost_are_public() {
    let summary = Summary::of_bytes("site.ghost.json", GHOST.as_bytes());
    assert_eq!((summary.format, summary.failed.len()), (Some(Format::Ghost), 0));
    let statuses: Vec<_> =
        summary.posts.iter().map(|post| (post.id.as_str(), post.status)).collect();
    assert_eq!(
        statuses,
        [
            ("u-1", PostStatus::Published),
            ("u-2", PostStatus::Archived),
            ("u-3", PostStatus::Archived),
            ("u-4", PostStatus::Archived),
            ("5", PostStatus::Draft),
            ("u-6", PostStatus::Draft),
        ]
    );
    let post = summary.post("u-1");
    assert_eq!((post.slug.as_deref(), post.dek.as_deref()), (Some("crane"), Some("It turns.")));
    assert_eq!(
        (post.tags.as_slice(), post.paths.as_slice()),
        (&["Ports".into()][..], &["/crane/".into()][..])
    );
    assert_eq!(post.author.name.as_deref(), Some("Ann"));
    assert_eq!(post.body, Body::Html("<p><a href=\"/x\">x</a></p>".into()));
    let old = summary.post("5").published_at.unwrap();
    assert_eq!(old.to_rfc3339(), "2014-01-01T00:00:00+00:00");
    let comment = summary.comment("c1");
    assert_eq!(
        (comment.author.name.as_deref(), comment.status),
        (Some("Bo"), CommentStatus::Approved)
    );
    assert_eq!(comment.author.email.as_deref(), Some("bo@b.example"));
    let hidden = summary.comment("c2");
    assert_eq!((hidden.parent.as_deref(), hidden.status), (Some("c1"), CommentStatus::Pending));
    assert_eq!(summary.skipped["orphan"], 1);
}

#[test]
fn a_broken_export_of_ghost_is_rejected_with_its_line() {
    let cut = GHOST.split_at(700).0;
    let summary = Summary::of_bytes("site.json", cut.as_bytes());
    assert_eq!((summary.posts.len(), summary.failed.len()), (0, 1));
    assert!(summary.failed[0].1.contains("EOF"), "{:?}", summary.failed);
}

const MOVABLE_TYPE: &str = "AUTHOR: Ann\nTITLE: The Crane &amp; I\nBASENAME: the_crane\nSTATUS: Publish\n\
ALLOW COMMENTS: 0\nCONVERT BREAKS: 1\nPRIMARY CATEGORY: Harbour\nCATEGORY: Harbour\nCATEGORY: City\n\
TAGS: \"tall\",iron\nDATE: 12/30/2004 01:14:33 PM\n-----\nBODY:\nIt turns.\n\n--------------------\n\
-----\nStill the text.\n-----\nEXTENDED BODY:\nMore.\n-----\nEXCERPT:\nShort.\n-----\n\
COMMENT:\nAUTHOR: Bo\nEMAIL: bo@b.example\nIP: 198.51.100.7\nURL: https://b.example/\n\
DATE: 12/31/2004 09:00:00 AM\nNote: a line with a colon.\n-----\n\
PING:\nTITLE: Seen\nURL: https://c.example/\nIP: 198.51.100.8\nBLOG NAME: C\n\
DATE: 01/01/2005 09:00:00 AM\nthey say\n-----\n--------\n\
TITLE: Unfinished\nSTATUS: Draft\nDATE: 12/31/2004 13:14:33\n-----\nBODY:\nNot yet.\n-----\n--------\n\
TITLE: Unknown\nDATE: 01/02/2005 01:00:00 AM\n-----\nBODY:\nx\n-----\n--------\n";

#[test]
fn entries_of_movable_type_have_comments_and_pings() {
    let crlf = MOVABLE_TYPE.replace('\n', "\r\n");
    for text in [MOVABLE_TYPE, &crlf] {
        let summary = Summary::of_bytes("export.txt", text.as_bytes());
        assert_eq!((summary.format, summary.failed.len()), (Some(Format::Movabletype), 0));
        let statuses: Vec<_> = summary.posts.iter().map(|post| post.status).collect();
        assert_eq!(statuses, [PostStatus::Published, PostStatus::Draft, PostStatus::Draft]);
        let post = &summary.posts[0];
        assert_eq!(post.title.as_deref(), Some("The Crane & I"));
        assert_eq!(post.id, "2004-12-30T13:14:33#the_crane");
        assert_eq!(
            (post.slug.as_deref(), post.dek.as_deref()),
            (Some("the-crane"), Some("Short."))
        );
        assert_eq!(post.tags, ["Harbour", "City", "tall", "iron"]);
        assert_eq!(post.paths, ["/2004/12/the_crane.html"]);
        assert!(post.date_uncertain && !post.comments_open);
        let body = "It turns.\n\n--------------------\n-----\nStill the text.\n\nMore.";
        assert_eq!(post.body, Body::WordPressHtml(body.into()));
        let [comment, ping] = summary.comments.as_slice() else { panic!("{summary:?}") };
        assert_eq!(comment.text, "Note: a line with a colon.");
        assert_eq!(comment.author.email.as_deref(), Some("bo@b.example"));
        assert!(!format!("{:?}", summary.comments).contains("198.51.100"));
        assert_eq!((ping.kind, ping.author.name.as_deref()), (CommentKind::Trackback, Some("C")));
    }
}

#[test]
fn an_export_of_movable_type_may_be_latin_1() {
    let text = MOVABLE_TYPE.replace("Not yet.", "Caf\u{FFFD}.");
    let mut bytes = text.into_bytes();
    let at = bytes.windows(3).position(|three| three == "\u{FFFD}".as_bytes()).unwrap();
    bytes.splice(at..at + 3, [0xE9]);
    let summary = Summary::of_bytes("export.txt", &bytes);
    assert_eq!(summary.posts[1].body, Body::WordPressHtml("Café.".into()));
    assert_eq!(summary.failed, []);
}

#[test]
fn paid_posts_of_substack_are_private() {
    let table = "post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,podcast_url\n\
        1.crane,2022-05-01T10:00:00.000Z,true,,,newsletter,everyone,\"Crane, again\",It turns,\n\
        2.paid,2022-05-02T10:00:00.000Z,true,,,newsletter,only_paid,Paid,,\n\
        3.draft,,false,,,newsletter,everyone,Draft,,\n\
        4.talk,2022-05-03T10:00:00.000Z,true,,,thread,everyone,Talk,,\n";
    let html = b"<p>x</p>".as_slice();
    let zip = archive(&[
        ("posts/1.crane.html", html),
        ("posts/2.paid.html", html),
        ("posts/3.draft.html", html),
        ("posts/9.lost.html", html),
        ("posts/1.crane.delivers.csv", b"email\nreader@a.example\n"),
        ("posts.csv", table.as_bytes()),
        ("email_list.csv", b"email\nreader@a.example\n"),
    ]);
    let summary = Summary::of_bytes("export.zip", &zip);
    assert_eq!((summary.format, summary.failed.len()), (Some(Format::Substack), 0));
    for (id, status) in [
        ("1.crane", PostStatus::Published),
        ("2.paid", PostStatus::Archived),
        ("3.draft", PostStatus::Draft),
        ("9.lost", PostStatus::Draft),
    ] {
        assert_eq!(summary.post(id).status, status, "{id}");
    }
    let post = summary.post("1.crane");
    assert_eq!(
        (post.title.as_deref(), post.dek.as_deref()),
        (Some("Crane, again"), Some("It turns"))
    );
    assert_eq!(
        (post.slug.as_deref(), post.paths.as_slice()),
        (Some("crane"), &["/p/crane".into()][..])
    );
    assert_eq!((summary.skipped["file"], summary.skipped["thread"]), (2, 1));
}

fn page(title: &str, body: &str, footer: &str) -> String {
    format!(
        "<html><body><article class=\"h-entry\"><header><h1 class=\"p-name\">{title}</h1></header>\
         <section data-field=\"subtitle\" class=\"p-summary\">It turns</section>\
         <section data-field=\"body\" class=\"e-content\"><section class=\"section\">{body}</section>\
         </section><footer><p>By <a href=\"https://medium.com/@ann\" class=\"p-author h-card\">Ann</a>\
         {footer}</p></footer></article></body></html>"
    )
}

#[test]
fn drafts_and_responses_of_medium_are_not_public() {
    let time = " on <a href=\"https://medium.com/p/abc\"><time class=\"dt-published\" \
        datetime=\"2020-01-01T10:00:00.000Z\">x</time></a> \
        <a href=\"https://medium.com/@ann/crane-abc\" class=\"p-canonical\">Canonical link</a>";
    let body =
        "<h3 class=\"graf graf--h3 graf--title\">Crane</h3><p class=\"graf graf--p\">It turns.</p>";
    let files = [
        ("posts/2020-01-01_Crane-abc.html", page("Crane", body, time)),
        ("posts/draft_Plan-def.html", page("Plan", body, "")),
        (
            "posts/2020-01-02_I-agree-987.html",
            page("I agree", "<p class=\"graf graf--p\">I agree with this.</p>", time),
        ),
        ("posts/2020-01-03_Broken-654.html", "<html></html>".to_owned()),
        ("profile/about.html", "<p>ann@a.example</p>".to_owned()),
    ];
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let summary = Summary::of_bytes("medium-export.zip", &archive(&files));
    assert_eq!(summary.format, Some(Format::Medium));
    assert_eq!((summary.posts.len(), summary.failed.len()), (2, 1), "{:?}", summary.failed);
    assert_eq!((summary.skipped["response"], summary.skipped["file"]), (1, 1));
    let post = summary.post("abc");
    assert_eq!((post.title.as_deref(), post.status), (Some("Crane"), PostStatus::Published));
    assert_eq!((post.dek.as_deref(), post.author.name.as_deref()), (Some("It turns"), Some("Ann")));
    assert_eq!(post.paths, ["/@ann/crane-abc"]);
    let text = "<section class=\"section\"><p class=\"graf graf--p\">It turns.</p></section>";
    assert_eq!(post.body, Body::Html(text.into()));
    assert_eq!(summary.post("def").status, PostStatus::Draft);
}

#[test]
fn a_part_of_an_archive_is_not_the_export() {
    let file = export_formats::InputFile::from_bytes("a.html", b"<p>x</p>".to_vec());
    let summary = Summary::of(&file, Some(Format::Substack));
    assert!(summary.failed[0].1.contains("whole ZIP archive"), "{:?}", summary.failed);
}
