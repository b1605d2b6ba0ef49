//! Tests of what is accepted and what is rejected.

use super::*;

fn read(text: &str) -> Result<Element, String> {
    let mut xml = Xml::new(text.as_bytes());
    let done = xml.open_root().and_then(|root| xml.read_element(root)).and_then(|root| {
        xml.expect_end()?;
        Ok(root)
    });
    done.map_err(|error| match error {
        ReadError::Malformed { line, reason, .. } => format!("{line}: {reason}"),
        ReadError::Stopped => "stopped".to_owned(),
    })
}

#[test]
fn names_are_resolved_by_namespace_or_else_by_prefix() {
    let text = "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:id>1</a:id>\
                <wp:id>2</wp:id><x xmlns='https://wordpress.org/export/1.2/'>3</x></a:feed>";
    let root = read(text).unwrap();
    assert!(root.is(Namespace::Atom, "feed"));
    assert_eq!(root.text_of(Namespace::Atom, "id"), "1");
    assert_eq!(root.text_of(Namespace::Wordpress, "id"), "2");
    assert_eq!(root.text_of(Namespace::Wordpress, "x"), "3");
}

#[test]
fn text_is_joined_from_all_its_parts() {
    let root = read("<r>a&amp;b<![CDATA[<c>]]]]><![CDATA[>]]>&#8217; R&D &nbsp;x]]></r>").unwrap();
    assert_eq!(root.text, "a&b<c>]]>\u{2019} R&D &nbsp;x]]>");
}

#[test]
fn attributes_lose_their_prefix_and_their_entities() {
    let root = read("<t dsq:id='7' href='a?b=1&amp;c=2' bad='a?b=1&c=2'/>").unwrap();
    assert_eq!(root.attribute("id"), Some("7"));
    assert_eq!(root.attribute("href"), Some("a?b=1&c=2"));
    assert_eq!(root.attribute("bad"), Some("a?b=1&c=2"));
}

#[test]
fn malformed_documents_are_rejected_with_their_line() {
    for (text, wrong) in [
        ("<a>\n<b>\n</b>\n", "4: the file is cut off"),
        ("<a>\n<b></a></b>", "2: "),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "1: the file has a document type"),
        ("<a/>\n<b/>", "2: there is more text"),
        ("hello", "1: the file contains no XML"),
        ("", "1: the file contains no XML"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "1: the file is encoded in ISO-8859-1"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(wrong), "{text:?}: {error}");
    }
    let mut xml = Xml::new(b"<a>\n\xff</a>".as_slice());
    let root = xml.open_root().unwrap();
    assert!(
        matches!(xml.read_element(root), Err(ReadError::Malformed { line: 2, reason, .. }) if reason == "the text is not valid UTF-8")
    );
}

#[test]
fn depth_is_limited() {
    let text = "<a>".repeat(200) + &"</a>".repeat(200);
    assert!(read(&text).unwrap_err().contains("levels deep"));
}

#[test]
fn control_characters_are_found() {
    for text in
        ["<a>\n\u{1}</a>", "<a>\n<b>&#1;</b></a>", "<a>\n&#0;</a>", "<a>\n<b c='\u{2}'/></a>"]
    {
        assert_eq!(read(text).unwrap().forbidden.map(|(line, _)| line), Some(2), "{text:?}");
    }
}
