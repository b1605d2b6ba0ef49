//! Measures the time to parse texts of 250 kB, 500 kB and 1 MB.
//!
//! `cargo run --release -p roundup-reader --example speed`

use roundup_reader::{Roundup, parse_html, parse_markdown, parse_text};
use std::error::Error;
use std::time::Instant;
use table::Table;

#[path = "../tests/support/table.rs"]
mod table;

/// A parser of one kind of text.
type Reader = fn(&str, &Table) -> Roundup;

fn main() -> Result<(), Box<dyn Error>> {
    let table = Table::load()?;
    let text: Reader = |text, table| parse_text(text, table);
    let markdown: Reader = |text, table| parse_markdown(text, table);
    let html: Reader = |text, table| parse_html(text, table);
    for (name, unit, reader) in [
        ("text, dashes", "The bridge opens on the first day of the month -- Reuters\n", text),
        ("text, brackets", "• A bridge of its own, and what came of it (Harbour Gazette)\n", text),
        (
            "text, prose",
            "The bridge opened on Monday, and Ann Bee of The Guardian, who was there, says so. Nobody asked her.\n\n",
            text,
        ),
        ("text, colons", "Coast Radio: The bridge opens on the first day of the month\n", text),
        ("text, one line", "word -- word | word: ", text),
        ("text, URLs", "https://example.com/a/b/c\n", text),
        ("text, open brackets", "((((((((", text),
        ("text, quotes", "“A ‘b’ \"c\" d", text),
        ("markdown, list", "- [The bridge opens](https://example.com/a) (Reuters)\n", markdown),
        ("markdown, brackets", "[a](", markdown),
        ("markdown, stars", "*a **b ", markdown),
        (
            "html, list",
            "<li><a href=\"https://example.com/a\">The bridge opens</a> -- Reuters</li>\n",
            html,
        ),
        (
            "html, prose",
            "<p>The bridge opened on <a href='https://example.com/a'>Monday</a>, she says.</p>",
            html,
        ),
        ("html, open emphasis", "<b title=\"n</b>\"><p>", html),
        ("html, attributes", "<a b=c d", html),
        ("html, lists", "<ul><li>", html),
    ] {
        let mut times = Vec::new();
        for size in [250_000, 500_000, 1_000_000] {
            let input = unit.repeat(size / unit.len() + 1);
            let start = Instant::now();
            let roundup = reader(&input, &table);
            let taken = start.elapsed().as_secs_f64() * 1000.0;
            std::hint::black_box(&roundup);
            times.push(taken);
        }
        let shown: Vec<String> = times.iter().map(|time| format!("{time:7.1} ms")).collect();
        println!("{name:24} {}", shown.join("  "));
    }
    Ok(())
}
