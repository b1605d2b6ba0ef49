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
        ("a.csv", b"a,b", "of an unknown kind"),
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
