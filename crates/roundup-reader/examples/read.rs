//! Parses roundups and prints them as JSON, one object per file.
//!
//! `cargo run -p roundup-reader --example read -- FILE…` reads `.txt`, `.md` and `.html` files
//! with the known outlets of `src/outlets/seed.tsv`.

use roundup_reader::{parse_html, parse_markdown, parse_text};
use std::error::Error;
use std::path::Path;
use table::Table;

#[path = "../tests/support/table.rs"]
mod table;

fn main() -> Result<(), Box<dyn Error>> {
    let table = Table::load()?;
    for name in std::env::args().skip(1) {
        let path = Path::new(&name);
        let text = std::fs::read_to_string(path)?;
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        let start = std::time::Instant::now();
        let roundup = match kind {
            "md" | "markdown" => parse_markdown(&text, &table),
            "html" | "htm" => parse_html(&text, &table),
            _ => parse_text(&text, &table),
        };
        let taken = start.elapsed();
        let mut value = serde_json::to_value(&roundup)?;
        let links = value.get_mut("links").and_then(|links| links.as_array_mut());
        for (link, source) in links.into_iter().flatten().zip(&roundup.links) {
            let host = source.url.as_deref().and_then(|url| url.split('/').nth(2));
            let outlet = host.and_then(|host| table.host(host.trim_start_matches("www.")));
            add(link, "host_outlet", outlet.map(|(_, name)| name.clone()).into());
            add(link, "certain", source.confidence.is_certain().into());
        }
        add(&mut value, "file", name.clone().into());
        add(&mut value, "milliseconds", (taken.as_secs_f64() * 1000.0).into());
        println!("{value}");
    }
    Ok(())
}

fn add(value: &mut serde_json::Value, key: &str, field: serde_json::Value) {
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), field);
    }
}
