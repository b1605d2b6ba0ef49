//! Measures how well labelled posts are parsed.
//!
//! `cargo run -p roundup-reader --example evaluate -- [--verbose] DIR` reads the posts of a folder
//! (`NAME.txt`, `.md` or `.html` beside `NAME.expected.json`) and prints a table of rates by kind
//! of text, and how many sources are right for each tenth of confidence.

use score::{Count, posts, read, score};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use table::Table;

#[path = "../tests/support/score.rs"]
mod score;
#[path = "../tests/support/table.rs"]
mod table;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let verbose = arguments.iter().any(|argument| argument == "--verbose");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/posts");
    let chosen = arguments.iter().find(|argument| !argument.starts_with("--"));
    let folder = chosen.map_or(own.as_path(), Path::new);
    let table = Table::load()?;
    let mut kinds: BTreeMap<String, (usize, Count)> = BTreeMap::new();
    for (path, expected) in posts(folder)? {
        let roundup = read(&path, &table)?;
        let kind = path.extension().map(|kind| kind.to_string_lossy().into_owned());
        for kind in [kind.unwrap_or_default(), "all".to_owned()] {
            let (number, count) = kinds.entry(kind.clone()).or_default();
            *number += 1;
            let faults = score(count, &expected, &roundup, &table);
            if verbose && kind == "all" {
                println!("{}", path.display());
                for fault in faults {
                    println!("    {fault}");
                }
            }
        }
    }
    for (kind, (number, count)) in &kinds {
        println!("{kind}: {number} posts");
        for (name, part, all) in [
            ("sources found", count.found, count.sources),
            ("titles exact", count.titles, count.sources),
            ("outlets right", count.outlets_right, count.outlets),
            ("bylines right", count.bylines_right, count.bylines),
            ("excerpts kept", count.excerpts_kept, count.excerpts),
            ("headlines right", count.headlines_right, count.headlines),
            ("deks right", count.deks_right, count.deks),
            ("certain and right", count.certain.1, count.certain.0),
        ] {
            println!("    {name}: {part} of {all}");
        }
        let Count { invented, outlets_wrong, bylines_wrong, .. } = count;
        println!(
            "    invented {invented}, outlets wrong {outlets_wrong}, bylines wrong {bylines_wrong}"
        );
        for (tenth, (all, right)) in
            count.tenths.iter().enumerate().filter(|(_, (all, _))| *all > 0)
        {
            println!("    confidence from 0.{tenth}: {right} of {all} right");
        }
    }
    Ok(())
}
