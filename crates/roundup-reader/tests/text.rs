//! Tests of the records that roundups in plain text are parsed into.

use known::Known;
use roundup_reader::{Role, Roundup, parse_text};

#[path = "support/known.rs"]
mod known;

const TABLE: Known = Known(&[
    "Harbour Gazette",
    "Reuters",
    "AFP",
    "The Guardian",
    "National Post",
    "The Telegraph",
    "WSJ",
]);

const WHOLE: &str = "\
Bridge Opens After Ten Years -- WSJ
Ferries To Run One More Summer
The bridge opened on Monday.
“It took ten years,” the mayor said.
Read more ....
More News On The Bridge
Ten years of work -- AFP
Ferries lose riders: operators -- National Post/The Telegraph
Who pays? -- Ian Black, The Guardian
My Comment: Ten years is long.
I was there.
ReplyDeleteSo was I.
And I was not.
ReplyDelete";

fn read(text: &str) -> Roundup {
    parse_text(text, &TABLE)
}

fn titles(roundup: &Roundup) -> Vec<&str> {
    roundup.links.iter().map(|source| source.title.as_str()).collect()
}

fn commentary(roundup: &Roundup) -> &str {
    roundup.commentary.as_ref().map_or("", |commentary| commentary.text.as_str())
}

#[test]
fn a_whole_roundup_is_read() {
    let roundup = read(WHOLE);
    assert_eq!(roundup.headline.as_deref(), Some("Bridge Opens After Ten Years"));
    assert_eq!(roundup.dek.as_deref(), Some("Ferries To Run One More Summer"));
    assert_eq!(
        roundup.quote.as_deref(),
        Some("The bridge opened on Monday.\n\n“It took ten years,” the mayor said.")
    );
    assert_eq!(roundup.links_heading.as_deref(), Some("More News On The Bridge"));
    assert_eq!(titles(&roundup).len(), 4);
    assert_eq!(roundup.links[0].role, Role::Lead);
    assert!(roundup.links.iter().skip(1).all(|source| source.role == Role::More));
    assert_eq!(roundup.links[2].credits.len(), 2);
    assert_eq!(roundup.links[3].credits[0].bylines, ["Ian Black"]);
    let comment = roundup.commentary.unwrap();
    assert_eq!(comment.label.as_deref(), Some("My Comment"));
    assert_eq!(comment.text, "Ten years is long.");
    let comments: Vec<_> =
        roundup.comments.iter().map(|c| (c.text.as_str(), c.uncertain)).collect();
    assert_eq!(comments, [("I was there.", false), ("So was I.\n\nAnd I was not.", true)]);
    assert_eq!(roundup.report.uncertain.len(), 1);
    assert!(roundup.report.unread.is_empty());
}

#[test]
fn line_endings_byte_order_marks_and_blank_lines_make_no_difference() {
    let plain = read(WHOLE);
    for text in [
        WHOLE.replace('\n', "\r\n"),
        WHOLE.replace('\n', "\r"),
        format!("\u{FEFF}{WHOLE}\n\n"),
        WHOLE.replace('\n', " \n"),
    ] {
        assert_eq!(read(&text), plain);
    }
    let mut spaced = read(&WHOLE.replace('\n', "\n\n"));
    assert_eq!(titles(&spaced), titles(&plain));
    for (spaced, plain) in spaced.comments.iter_mut().zip(&plain.comments) {
        spaced.line = plain.line;
    }
    assert_eq!(
        (spaced.headline, spaced.dek, spaced.quote, spaced.commentary, spaced.comments),
        (plain.headline, plain.dek, plain.quote, plain.commentary, plain.comments)
    );
}

#[test]
fn urls_are_assigned_to_the_source_next_to_them() {
    let roundup = read(
        "Bridge Opens -- WSJ\nhttps://example.com/lead\nThe bridge opened.\nRead more .... https://example.com/other\n\
         More News On The Bridge\nTen years of work -- AFP https://example.com/1\n\
         Who pays? (https://example.org/2)\nA poll -- Reuters\n<https://example.org/3>\n\
         Two places -- AFP https://example.com/4 https://example.com/5\nhttps://example.org/6",
    );
    let found: Vec<_> = roundup
        .links
        .iter()
        .map(|source| (source.role, source.title.as_str(), source.url.as_deref().unwrap_or("")))
        .collect();
    assert_eq!(
        found,
        [
            (Role::Lead, "Bridge Opens", "https://example.com/lead"),
            (Role::Inline, "https://example.com/other", "https://example.com/other"),
            (Role::More, "Ten years of work", "https://example.com/1"),
            (Role::More, "Who pays?", "https://example.org/2"),
            (Role::More, "A poll", "https://example.org/3"),
            (Role::More, "Two places", "https://example.com/4"),
            (Role::Inline, "https://example.com/5", "https://example.com/5"),
            (Role::More, "https://example.org/6", "https://example.org/6"),
        ]
    );
}

#[test]
fn a_url_may_follow_read_more_or_precede_the_title() {
    for text in [
        "Bridge Opens -- WSJ\nIt opened.\nRead more .... https://example.com/lead",
        "Bridge Opens -- WSJ\nIt opened.\nRead more ....\nhttps://example.com/lead",
        "https://example.com/lead\nBridge Opens -- WSJ\nIt opened.",
        "Bridge Opens (https://example.com/lead)\nIt opened.",
        "Bridge Opens\nIt opened.\nRead more: https://example.com/lead",
    ] {
        let roundup = read(text);
        assert_eq!(roundup.links.len(), 1, "{text}");
        assert_eq!(roundup.links[0].url.as_deref(), Some("https://example.com/lead"), "{text}");
        assert_eq!(roundup.links[0].role, Role::Lead);
        assert_eq!(roundup.headline.as_deref(), Some("Bridge Opens"));
        assert_eq!(roundup.quote.as_deref(), Some("It opened."));
    }
}

#[test]
fn a_headline_may_be_separate_from_the_lead() {
    let roundup = read("The Bridge At Last\nBridge Opens -- WSJ\nIt opened.\nRead more ....");
    assert_eq!(roundup.headline.as_deref(), Some("The Bridge At Last"));
    assert_eq!(titles(&roundup), ["Bridge Opens"]);
    assert_eq!(roundup.quote.as_deref(), Some("It opened."));
    let list = read("The Bridge At Last\nBridge Opens -- WSJ\nTen years of work -- AFP");
    assert!(list.links.iter().all(|source| source.role == Role::More));
    assert_eq!(list.links.len(), 2);
}

#[test]
fn sections_hold_headlines_without_outlets() {
    let roundup = read(
        "World News Briefs -- January 26, 2010\n\nMIDDLE EAST\nA bridge opens in the east. Ferries stop at once.\n\
         TERRORISM/THE LONG WAR\nU.S. Navy sends ships to the strait.\nTwo ships meet -- Reuters",
    );
    assert_eq!(roundup.headline.as_deref(), Some("World News Briefs -- January 26, 2010"));
    let found: Vec<_> = roundup
        .links
        .iter()
        .map(|source| {
            (
                source.section.as_deref().unwrap_or(""),
                source.title.as_str(),
                source.confidence.is_certain(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("MIDDLE EAST", "A bridge opens in the east.", false),
            ("MIDDLE EAST", "Ferries stop at once.", false),
            ("TERRORISM/THE LONG WAR", "U.S. Navy sends ships to the strait.", false),
            ("TERRORISM/THE LONG WAR", "Two ships meet", true),
        ]
    );
    assert_eq!(roundup.report.uncertain.len(), 3);
}

#[test]
fn labels_of_several_kinds_begin_the_comment() {
    for (line, label) in [
        ("WNU Editor: Well.", "WNU Editor"),
        ("Editor's Note: Well.", "Editor's Note"),
        ("Comment: Well.", "Comment"),
        ("My Comment:\nWell.", "My Comment"),
    ] {
        let roundup =
            read(&format!("A bridge -- WSJ\nMore News On It\nB opens -- AFP\n{line}\nAnd so on."));
        let comment = roundup.commentary.unwrap();
        assert_eq!(comment.label.as_deref(), Some(label));
        assert_eq!(comment.text, "Well.\n\nAnd so on.");
    }
}

#[test]
fn a_list_may_follow_the_comment() {
    let roundup =
        read("A bridge -- WSJ\nIt opened.\nMy Comment: Well.\nMore News On It\nB opens -- AFP");
    assert_eq!(commentary(&roundup), "Well.");
    assert_eq!(roundup.links_heading.as_deref(), Some("More News On It"));
    assert_eq!(titles(&roundup), ["A bridge", "B opens"]);
}

#[test]
fn lines_that_fit_nowhere_are_kept_or_reported() {
    let roundup = read(
        "A bridge -- WSJ\nPhoto: A. Bee / Reuters\nIt opened.\nRead more ....\n\
         The list below was gathered by hand over several days.\nMore News On It\nB opens -- AFP\n-----\n\
         A title without outlet\nMy Comment: Well.\nWNU Editor: And well.",
    );
    assert_eq!(
        commentary(&roundup),
        "Well.\n\nPhoto: A. Bee / Reuters\n\nThe list below was gathered by hand over several days.\n\nWNU Editor: And well."
    );
    let lines: Vec<_> = roundup.report.unread.iter().map(|note| note.line).collect();
    assert_eq!(lines, [2]);
    let lines: Vec<_> = roundup.report.uncertain.iter().map(|note| note.line).collect();
    assert_eq!(lines, [9, 11]);
    assert_eq!(titles(&roundup), ["A bridge", "B opens", "A title without outlet"]);
}

#[test]
fn ordinary_prose_is_a_headline_and_a_commentary() {
    let roundup = read(
        "A walk by the sea\n\nIt was late. We went down -- as ever -- to the sea.\nThen home.",
    );
    assert_eq!(roundup.headline.as_deref(), Some("A walk by the sea"));
    assert_eq!(
        commentary(&roundup),
        "It was late. We went down -- as ever -- to the sea.\n\nThen home."
    );
    assert!(roundup.links.is_empty());
    assert!(!roundup.has_sources());
    assert_eq!(roundup.report.uncertain.len(), 1);
    assert_eq!(read(""), Roundup::default());
    assert_eq!(read("\u{FEFF}\n \r\n"), Roundup::default());
}
