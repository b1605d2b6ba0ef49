//! Roundups as text, Markdown and HTML become records. No input panics, a text is read the same
//! each time, what is read is bounded by what was given, and no word of a text is lost.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup_reader::{
    Evidence, Html, Outlets, Roundup, Standing, parse_credit, parse_html_with, parse_markdown,
    parse_text, parse_url_list, split_line,
};

/// Knows every short name, so that both kinds of credit are met.
struct Short;

impl Outlets for Short {
    fn knows(&self, name: &str) -> bool {
        name.len() < 6
    }

    fn at_host(&self, host: &str) -> Option<Evidence> {
        let standing = if host.len() % 2 == 0 { Standing::Known } else { Standing::Unconfirmed };
        (host.len() < 12).then_some(Evidence { standing, ..Evidence::KNOWN })
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let loose = first % 8 > 3;
    let read = |text: &str| match first % 4 {
        0 => parse_text(text, &Short),
        1 => parse_markdown(text, &Short),
        _ => parse_html_with(text, &Short, Html { loose, has_separate_title: first % 4 == 3 }),
    };
    let roundup = read(text);
    assert_eq!(roundup, read(text));
    let said = format!("{roundup:?}");
    // A line can stand in a field, in `raw`, in a note and its alternative; debug output escapes.
    assert!(said.len() <= 4_000 + 400 * text.len(), "{} bytes out of {}", said.len(), text.len());
    assert!(roundup.links.iter().all(|link| !link.title.is_empty()));
    if first % 4 == 0 {
        nothing_is_lost(text, &roundup);
    }
    for line in text.lines().take(20) {
        split_line(line, &Short);
        parse_credit(line, &Short);
    }
    parse_url_list(text);
});

/// Each word of plain letters stands in a field or in the report.
fn nothing_is_lost(text: &str, roundup: &Roundup) {
    let said = format!("{roundup:?}");
    for word in text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 6) {
        let marks = ["ReplyDelete", "comments", "Comments"];
        assert!(marks.iter().any(|mark| word.contains(mark)) || said.contains(word), "{word} is lost");
    }
}
