//! Tests with the example files of the project, and with randomly damaged text.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::fs;
use std::path::Path;

use roundup_reader::{Confidence, Outlets, Role, Roundup, Source, parse_markdown, parse_text};
use safe_html::names::fold_outlet_name;

#[path = "examples/damage.rs"]
mod damage;

/// The outlets of the examples.
struct Known(Vec<String>);

impl Known {
    fn new(names: &[&str]) -> Self {
        Known(names.iter().map(|name| fold_outlet_name(name)).collect())
    }
}

impl Outlets for Known {
    fn knows(&self, name: &str) -> bool {
        self.0.contains(&fold_outlet_name(name))
    }
}

fn harbour() -> Known {
    Known::new(&[
        "Harbour Gazette",
        "Coast Radio",
        "Morning Ledger",
        "The Islander",
        "Bridge & Tunnel Review",
    ])
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(name);
    fs::read_to_string(path).expect("the example file can be read")
}

fn titles(roundup: &Roundup) -> Vec<(Role, &str, &str)> {
    let summary = |source| -> (Role, &str, &str) {
        let source: &Source = source;
        (source.role, source.title.as_str(), source.credit.as_deref().unwrap_or_default())
    };
    roundup.links.iter().map(summary).collect()
}

#[test]
fn text_and_markdown_of_the_example_are_read_alike() {
    let text = parse_text(&example("harbour-bridge.txt"), &harbour());
    let markdown = parse_markdown(&example("harbour-bridge.md"), &harbour());
    assert_eq!(text.headline.as_deref(), Some("Harbour Bridge Reopens After Two-Year Repair"));
    assert_eq!(text.dek.as_deref(), Some("Night Ferry To Keep Running Until Autumn"));
    assert_eq!(text.links.len(), 7);
    assert_eq!(text.links.iter().filter(|source| source.url.is_some()).count(), 4);
    assert_eq!(text.links[2].credits.len(), 2);
    assert_eq!(text.links[4].credits[0].bylines, ["Mara Lindqvist"]);
    assert_eq!(text.links[5].credits[0].outlet.as_deref(), Some("Morning Ledger"));
    assert_eq!(text.comments.len(), 2);
    assert!(text.report.uncertain.is_empty() && text.report.unread.is_empty(), "{:?}", text.report);

    let records = |mut roundup: Roundup| {
        for source in &mut roundup.links {
            source.line = 0;
            assert!(source.confidence.is_certain());
            source.confidence = Confidence::CERTAIN;
            source.raw = String::new();
        }
        for comment in &mut roundup.comments {
            comment.line = 0;
        }
        roundup
    };
    let (text, markdown) = (records(text), records(markdown));
    for (text, markdown) in text.links.iter().zip(&markdown.links) {
        assert_eq!(text, markdown);
    }
    assert_eq!(text, markdown);
}

#[test]
fn an_empty_table_of_outlets_only_lowers_the_confidence() {
    let input = example("harbour-bridge.txt");
    let known = parse_text(&input, &harbour());
    let unknown = parse_text(&input, &Known::new(&[]));
    assert_eq!(titles(&unknown), titles(&known));
    assert_eq!((unknown.quote, unknown.comments), (known.quote, known.comments));
    for source in &unknown.links {
        assert!(!source.confidence.is_certain(), "{source:?}");
    }
    assert_eq!(unknown.report.uncertain.len(), 7);
    for note in &unknown.report.uncertain {
        assert!(note.reason.contains('%'), "{note:?}");
    }
}
