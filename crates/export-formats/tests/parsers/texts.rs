//! Roundups in files of their own, and how formats are told apart.

use crate::summary::{Summary, fixture};
use export_formats::{Body, Format, InputFile, PostStatus, source};

#[test]
fn a_file_of_text_is_one_post_with_the_name_of_the_file() {
    let file = Summary::of_fixture("roundup.txt");
    assert_eq!(file.format, Some(Format::Text));
    let [post] = file.posts.as_slice() else { panic!("{:?}", file.posts) };
    assert_eq!((post.source, post.id.as_str()), (source::ROUNDUP, "roundup"));
    assert_eq!(post.status, PostStatus::Published);
    let text = std::fs::read_to_string(fixture("roundup.txt")).unwrap();
    assert_eq!(post.body, Body::Text(text));
    let letter = Summary::of_fixture("letters/letter-1.md");
    assert_eq!(letter.format, Some(Format::Markdown));
}

#[test]
fn the_format_can_be_given() {
    let named = |format| {
        let file = InputFile::from_bytes("notes", b"# not a heading -- Reuters\n".to_vec());
        Summary::of(&file, format).format
    };
    assert_eq!(named(None), Some(Format::Markdown));
    assert_eq!(named(Some(Format::Text)), Some(Format::Text));
    let feed = InputFile::from_bytes("feed", b"<rss/>".to_vec());
    let wrong = Summary::of(&feed, Some(Format::Blogger));
    assert!(wrong.failed[0].1.contains("no Atom feed"), "{:?}", wrong.failed);
}

#[test]
fn files_of_unknown_kinds_are_rejected_with_a_reason() {
    for (name, bytes, reason) in [
        ("a.xml", b"<html></html>".as_slice(), "of an unknown kind"),
        ("a.json", b"{\"a\":1}", "of an unknown kind"),
        ("a.csv", b"a,b", "CSV"),
        ("a/.env", b"A -- B\n", "not the name of a roundup"),
        ("a.yaml", b"- a: b\n", "not the name of a roundup"),
        ("a.txt", b"TOKEN=abc\n", "settings"),
        ("a.mbox", b"From a@b.example x\nSubject: y\n", "mailbox"),
        ("a.xml", b"<rss><channel><title>x</title></channel></rss>", "read as feed"),
        ("a.md", b"---\ndraft: true\n", "no end"),
        ("a.db", b"SQLite format 3\0", "SQLite"),
        ("a.xml", b"\xFF\xFE<\0", "UTF-16"),
        ("a.txt", b" \n", "empty"),
        ("a.txt", b"a\nb\0", "U+0000"),
        ("a.txt", b"a\nb\xFF", "not valid UTF-8"),
    ] {
        let summary = Summary::of_bytes(name, bytes);
        assert_eq!((summary.posts.len(), summary.failed.len()), (0, 1), "{name}");
        assert!(summary.failed[0].1.contains(reason), "{name}: {:?}", summary.failed);
    }
    let missing = InputFile::from_path(&fixture("there/is/no/such.xml"));
    assert_eq!(Summary::of(&missing, None).failed.len(), 1);
}

#[test]
fn files_of_one_name_in_two_folders_are_two_posts() {
    let folder = tempfile::tempdir().unwrap();
    let id =
        |path: &std::path::Path| Summary::of(&InputFile::from_path(path), None).posts.remove(0).id;
    let path = folder.path().join("01.md");
    std::fs::write(&path, "# A\n").unwrap();
    assert_eq!(id(&path), "01");
    assert_eq!(
        id("tests/fixtures/letters/letter-1.md".as_ref()),
        "tests/fixtures/letters/letter-1"
    );
    assert_eq!(Summary::of_bytes("2023/01.md", b"# A\n").posts[0].id, "2023/01");
}

#[test]
fn an_empty_list_says_so_and_is_no_failure() {
    let summary = Summary::of_bytes("isso.json", b" []\n");
    assert_eq!((summary.failed.len(), summary.skipped["empty"]), (0, 1));
}

#[test]
fn a_text_with_private_lines_or_without_a_date_is_a_draft() {
    for (name, text, status) in [
        ("a.txt", "A -- Reuters\n", PostStatus::Published),
        ("a.txt", "A -- Reuters\nEMAIL: ann@a.example\n", PostStatus::Draft),
        ("a.txt", "A -- Reuters\nB -- AFP\nAPI_KEY=abc\n", PostStatus::Draft),
        ("a.md", "# A\n", PostStatus::Draft),
        ("2024-01-02-a.md", "# A\n", PostStatus::Published),
    ] {
        let summary = Summary::of_bytes(name, text.as_bytes());
        assert_eq!(summary.failed, [], "{text}");
        let [post] = summary.posts.as_slice() else { panic!("{text}: {:?}", summary.posts) };
        assert_eq!((post.status, post.status_uncertain), (status, true), "{text}");
        let is_draft = status == PostStatus::Draft;
        assert_eq!(summary.warnings.len(), usize::from(is_draft), "{text}");
        assert!(!summary.warnings.concat().contains("abc"), "{text}");
    }
}

#[test]
fn front_matter_gives_the_fields_of_a_post() {
    let text = "---\ntitle: The Ferry\ndate: 2024-01-02T08:00:00+01:00\nlastmod: 2024-01-03\n\
        tags: [boats]\nslug: ferry\naliases: [/old/ferry.html]\nauthor: Ann\ndescription: It sails.\n\
        lang: en\n---\n\nIt [sails](https://a.example/).\n";
    let summary = Summary::of_bytes("x.md", text.as_bytes());
    let [post] = summary.posts.as_slice() else { panic!("{summary:?}") };
    assert_eq!(post.title.as_deref(), Some("The Ferry"));
    assert_eq!((post.status, post.status_uncertain), (PostStatus::Published, false));
    assert_eq!(post.published_at.unwrap().to_rfc3339(), "2024-01-02T07:00:00+00:00");
    assert!(post.updated_at.is_some());
    assert_eq!((post.slug.as_deref(), post.dek.as_deref()), (Some("ferry"), Some("It sails.")));
    assert_eq!(
        (&post.tags[..], &post.paths[..]),
        (&["boats".into()][..], &["/old/ferry.html".into()][..])
    );
    assert_eq!((post.author.name.as_deref(), post.lang.as_deref()), (Some("Ann"), Some("en")));
    // The body keeps its line, which remarks name.
    let line = post.body.text().lines().position(|line| line.contains("sails"));
    assert_eq!(line, text.lines().position(|line| line.contains("[sails]")));
    let draft = text.replace("lang: en", "draft: true");
    assert_eq!(Summary::of_bytes("x.md", draft.as_bytes()).posts[0].status, PostStatus::Draft);
    let undated = text.replace("date:", "day:");
    assert_eq!(Summary::of_bytes("x.md", undated.as_bytes()).posts[0].status, PostStatus::Draft);
}

#[test]
fn a_parser_stops_when_the_caller_asks() {
    let file = InputFile::from_path(&fixture("wordpress-1.2.xml"));
    let mut records = 0;
    let flow =
        export_formats::read(&file, None, &std::sync::atomic::AtomicU64::new(0), &mut |_| {
            records += 1;
            if records < 5 {
                std::ops::ControlFlow::Continue(())
            } else {
                std::ops::ControlFlow::Break(())
            }
        });
    assert!(flow.is_break());
    assert_eq!(records, 5);
}
