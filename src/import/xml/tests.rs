//! What is accepted and what is refused.

use super::*;

fn read(text: &str) -> Result<Element, String> {
    let mut xml = Xml::new(text.as_bytes());
    let done = xml.root().and_then(|root| xml.whole(root)).and_then(|root| {
        xml.finish()?;
        Ok(root)
    });
    done.map_err(|halt| match halt {
        Halt::Broken { line, reason, .. } => format!("{line}: {reason}"),
        Halt::Gone => "gone".to_owned(),
    })
}

#[test]
fn names_are_known_by_namespace_or_else_by_prefix() {
    let text = "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:id>1</a:id>\
                <wp:id>2</wp:id><x xmlns='https://wordpress.org/export/1.2/'>3</x></a:feed>";
    let root = read(text).unwrap();
    assert!(root.is(Space::Atom, "feed"));
    assert_eq!(root.text_of(Space::Atom, "id"), "1");
    assert_eq!(root.text_of(Space::Wordpress, "id"), "2");
    assert_eq!(root.text_of(Space::Wordpress, "x"), "3");
}

#[test]
fn text_is_put_together_from_all_its_parts() {
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
fn what_is_no_document_is_refused_with_the_line() {
    for (text, wrong) in [
        ("<a>\n<b>\n</b>\n", "4: the file ends before the document does"),
        ("<a>\n<b></a></b>", "2: "),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "1: a document type"),
        ("<a/>\n<b/>", "2: something follows"),
        ("hello", "1: there is no XML"),
        ("", "1: there is no XML"),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "1: it is written in ISO-8859-1"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(wrong), "{text:?}: {error}");
    }
    let mut xml = Xml::new(b"<a>\n\xff</a>".as_slice());
    let root = xml.root().unwrap();
    assert!(
        matches!(xml.whole(root), Err(Halt::Broken { line: 2, reason, .. }) if reason == "not UTF-8")
    );
}

#[test]
fn depth_is_bounded() {
    let text = "<a>".repeat(200) + &"</a>".repeat(200);
    assert!(read(&text).unwrap_err().contains("too deep"));
}

#[test]
fn characters_that_cannot_be_stored_are_noticed() {
    for text in
        ["<a>\n\u{1}</a>", "<a>\n<b>&#1;</b></a>", "<a>\n&#0;</a>", "<a>\n<b c='\u{2}'/></a>"]
    {
        assert_eq!(read(text).unwrap().forbidden.map(|(line, _)| line), Some(2), "{text:?}");
    }
}
