//! Roundups as pasted text and as Markdown become records; no input panics, and what the grammar
//! makes of a text it makes of it again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup::transfer::import::{Format, InputFile, count_records};
use roundup_reader::{Outlets, parse_credit, parse_markdown, parse_text, split_line};

/// Knows every short name, so that both kinds of credit are met.
struct Short;

impl Outlets for Short {
    fn knows(&self, name: &str) -> bool {
        name.len() < 6
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let format = if first % 2 == 0 { Format::Text } else { Format::Markdown };
    count_records(&InputFile::from_bytes("a.txt", rest.to_vec()), Some(format));
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let read = |text: &str| match format {
        Format::Markdown => parse_markdown(text, &Short),
        _ => parse_text(text, &Short),
    };
    assert_eq!(read(text), read(text));
    for line in text.lines() {
        split_line(line, &Short);
        parse_credit(line, &Short);
    }
});
