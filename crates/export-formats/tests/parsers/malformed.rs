//! Files that are broken or made to do harm: each ends in an error with its line, and what comes
//! before the fault is read.

use crate::summary::{Summary, fixture};
use export_formats::{Format, InputFile};

fn item(id: u32) -> String {
    format!(
        "<item><wp:post_id>{id}</wp:post_id><title>T{id}</title>\
         <wp:status>publish</wp:status></item>\n"
    )
}

/// A WordPress export with two posts and a fault after them.
fn wxr(fault: &str) -> Vec<u8> {
    let head = "<rss><channel><link>http://a.example</link>\n";
    [head, &item(1), &item(2), fault].concat().into_bytes()
}

#[test]
fn a_fault_has_its_line_and_what_precedes_it_is_read() {
    for (fault, reason) in [
        ("<item><title>cut", "the file is cut off"),
        ("<item><title>crossed</item></title>", "not well-formed"),
        ("<item></channel></rss>", "not well-formed"),
        ("<item><title>&bomb;</title><!DOCTYPE x []></item>", "document type"),
        ("</channel></rss><more/>", "there is more text"),
    ] {
        let summary = Summary::of_bytes("wp.xml", &wxr(fault));
        assert_eq!(summary.posts.len(), 2, "{fault}");
        let [(position, message)] = summary.failed.as_slice() else { panic!("{summary:?}") };
        assert_eq!(position, "wp.xml:4", "{fault}");
        assert!(message.contains(reason) && message.contains("byte"), "{fault}: {message}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_rejected_where_they_are() {
    let mut bytes = wxr("<item><title>");
    bytes.extend_from_slice(b"\n\xFF</title></item></channel></rss>");
    let summary = Summary::of_bytes("wp.xml", &bytes);
    assert_eq!((summary.posts.len(), summary.failed.len()), (2, 1));
    assert_eq!(summary.failed[0].0, "wp.xml:5");
    assert!(summary.failed[0].1.starts_with("the text is not valid UTF-8"));
}

#[test]
fn control_characters_are_left_out_of_a_post() {
    for bad in ["\u{0}", "\u{1}", "&#0;", "&#x1F;", "\u{FFFE}"] {
        let fault = format!(
            "<item><wp:post_id>3</wp:post_id><title>a{bad}</title></item>{}</channel></rss>",
            item(4)
        );
        let summary = Summary::of_bytes("wp.xml", &wxr(&fault));
        assert_eq!((summary.posts.len(), summary.failed.len()), (4, 0), "{bad:?}");
        assert_eq!(summary.posts[2].title.as_deref(), Some("a"), "{bad:?}");
        assert!(summary.warnings[0].starts_with("U+"), "{:?}", summary.warnings);
    }
}

#[test]
fn a_comment_with_a_control_character_fails_alone() {
    let isso = r#"[{"id":"/a/","comments":[{"id":1,"text":"x\u0001"},{"id":2,"text":"y"}]}]"#;
    let commento = r#"{"comments":[{"commentHex":"1","url":"/a","markdown":"\u0000"},
        {"commentHex":"2","url":"/a","markdown":"y"}],"commenters":[]}"#;
    let remark42 = r#"[{"id":"1","text":"x","user":{"name":"\u0008"},"locator":{"url":"/a"}},
        {"id":"2","text":"y","locator":{"url":"/a"}}]"#;
    let disqus = "<disqus><thread id='1'><dsq:link>/a</dsq:link></thread>\
        <post id='1'><dsq:message>&#8;</dsq:message><dsq:thread id='1'/></post>\
        <post id='2'><dsq:message>y</dsq:message><dsq:thread id='1'/></post></disqus>";
    for text in [isso, commento, remark42] {
        let summary = Summary::of_bytes("comments", text.as_bytes());
        assert_eq!((summary.comments.len(), summary.failed.len()), (1, 1), "{summary:?}");
        assert_eq!(summary.comments[0].id, "2");
    }
    let summary = Summary::of_bytes("comments", disqus.as_bytes());
    assert_eq!((summary.comments.len(), summary.warnings), (2, vec!["U+0008".to_owned()]));
}

#[test]
fn entity_bombs_are_rejected_before_they_grow() {
    let folder = fixture("entity-bombs");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = InputFile::from_path(&entry.unwrap().path());
        files += 1;
        for format in [None, Some(Format::Wordpress), Some(Format::Blogger), Some(Format::Disqus)] {
            let summary = Summary::of(&file, format);
            assert_eq!((summary.posts.len(), summary.failed.len()), (0, 1), "{summary:?}");
            let reason = &summary.failed[0].1;
            assert!(reason.contains("document type declaration"), "{}: {reason}", file.name());
        }
    }
    assert_eq!(files, 7);
}

#[test]
fn an_entity_without_a_declaration_stays_as_text() {
    let summary = Summary::of_bytes(
        "wp.xml",
        &wxr(
            "<item><wp:post_id>3</wp:post_id><title>R&D &nbsp; &unknown;</title></item></channel></rss>",
        ),
    );
    assert_eq!(summary.failed, []);
    assert_eq!(summary.posts[2].title.as_deref(), Some("R&D &unknown;"));
}

/// Texts that are no JSON document, or one of an unusual kind.
const ODD_JSON: [&str; 62] = [
    "",
    " ",
    "\u{FEFF}[]",
    "[",
    "]",
    "{",
    "}",
    "[}",
    "{]",
    "[[[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,,2]",
    "[\"a\"",
    "[\"a",
    "[\"\\",
    "[\"\\u",
    "[\"\\u00",
    "[\"\\uD800\"]",
    "[\"\\x\"]",
    "[\"\t\"]",
    "['a']",
    "[a]",
    "[nul]",
    "[truee]",
    "[TRUE]",
    "[NaN]",
    "[Infinity]",
    "[-]",
    "[+1]",
    "[.5]",
    "[1.]",
    "[01]",
    "[1e]",
    "[1e+]",
    "[0x1]",
    "[1_000]",
    "[1e999999]",
    "[-0]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1}}",
    "{\"a\":1}x",
    "[1]x",
    "[1]//c",
    "/*c*/[]",
    "[] []",
    "null",
    "1",
    "\"a\"",
    "true",
    "[[]]",
    "[{}]",
    "{\"comments\":{}}",
];

#[test]
fn odd_json_documents_give_no_comments_and_no_crash() {
    for format in [Format::Isso, Format::Commento, Format::Remark42, Format::Ndjson] {
        for text in ODD_JSON {
            let file = InputFile::from_bytes("odd.json", text.into());
            let summary = Summary::of(&file, Some(format));
            assert_eq!(summary.comments.len() + summary.export_lines, 0, "{format:?}: {text}");
            assert!(!summary.failed.is_empty() || summary.skipped.len() == 1, "{format:?}: {text}");
        }
    }
    let deep = [b"[".repeat(100_000), b"{\"a\":".repeat(100_000)];
    for bytes in deep {
        for format in [Format::Isso, Format::Commento, Format::Remark42, Format::Ndjson] {
            let file = InputFile::from_bytes("deep.json", bytes.clone());
            assert!(!Summary::of(&file, Some(format)).failed.is_empty(), "{format:?}");
        }
    }
}

#[test]
fn a_record_of_the_wrong_shape_fails_alone() {
    let isso = r#"[1, {"id": 7}, {"id":"/a/","comments":[{"id":1,"text":"a"}]}, "x"]"#;
    let summary = Summary::of_bytes("isso.json", isso.as_bytes());
    assert_eq!((summary.comments.len(), summary.failed.len()), (1, 3), "{summary:?}");
}

#[test]
fn lines_of_an_export_are_counted_and_checked() {
    let head = "{\"roundup_export\":1,\"database\":\"a\"}\n";
    let row = "{\"table\":\"tags\",\"row\":{\"id\":1}}\n";
    let end = "{\"end\":{\"rows\":1}}\n";
    let whole = Summary::of_bytes("a.ndjson", [head, row, end].concat().as_bytes());
    assert_eq!((whole.failed.len(), whole.export_lines), (0, 3));
    for (text, reason) in [
        ([head, row].concat(), "cut off"),
        ([head, end].concat(), "but the file has 0"),
        ([head, head].concat(), "a second time"),
        ([head, row, end, row].concat(), "after the last line"),
        ([head, "{\"table\":\"tags\",\"row\":{\"a\":\"\\u0000\"}}\n"].concat(), "U+0000"),
        ([head, "{}\n"].concat(), "no line of a roundup export"),
        (head.replace(":1,", ":2,"), "newer version"),
    ] {
        let summary = Summary::of_bytes("a.ndjson", text.as_bytes());
        assert_eq!(summary.failed.len(), 1, "{reason}");
        assert!(summary.failed[0].1.contains(reason), "{reason}: {:?}", summary.failed);
    }
}
