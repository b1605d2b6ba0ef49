//! The grammar of a roundup against whole files: the examples this project ships, text damaged
//! on purpose, and, where they are at hand, real files kept beside the project.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use roundup_reader::{
    Confidence, Outlets, Role, Roundup, Source, parse_credit, parse_markdown, parse_text,
    split_line,
};
use safe_html::slug::fold;
use safe_html::{Markup, Voice, render};

#[path = "examples/damage.rs"]
mod damage;

/// The outlets of the examples and of the model roundup.
struct Known(Vec<String>);

impl Known {
    fn new(names: &[&str]) -> Self {
        Known(names.iter().map(|name| fold(name)).collect())
    }
}

impl Outlets for Known {
    fn knows(&self, name: &str) -> bool {
        self.0.contains(&fold(name))
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

fn war_news() -> Known {
    Known::new(&[
        "WSJ",
        "AFP",
        "The Independent",
        "National Post",
        "The Telegraph",
        "Business Insider",
        "BBC",
        "Reuters",
        "IBTimes",
        "The Guardian",
    ])
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    fs::read_to_string(path).expect("the examples are part of the project")
}

/// A file or folder of the data beside the project; says so when it is not there.
fn beside(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn titles(roundup: &Roundup) -> Vec<(Role, &str, &str)> {
    let one = |source| -> (Role, &str, &str) {
        let source: &Source = source;
        (source.role, source.title.as_str(), source.credit.as_deref().unwrap_or_default())
    };
    roundup.links.iter().map(one).collect()
}

#[test]
fn both_forms_of_the_example_say_the_same() {
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
            source.raw = String::new();
        }
        for comment in &mut roundup.comments {
            comment.line = 0;
        }
        roundup
    };
    assert_eq!(records(text), records(markdown));
}

#[test]
fn the_model_roundup_is_read_to_the_letter() {
    let Some(path) = beside("seed/iran-attacked-islamic-state.txt") else { return };
    let input = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = input.lines().collect();
    let roundup = parse_text(&input, &war_news());
    assert_eq!(roundup.headline.as_deref(), Some("Iran Attacked Islamic State Forces in Iraq"));
    assert_eq!(roundup.dek.as_deref(), Some("U.S. Not Coordinating With Tehran on Airstrikes"));
    assert_eq!(roundup.quote, Some(lines[2..5].join("\n\n")));
    assert_eq!(
        roundup.links_heading.as_deref(),
        Some("More News On U.S. And Iranian Forces Operating In Iraq")
    );
    let found = titles(&roundup);
    assert_eq!(found.len(), 9);
    assert_eq!(found[0], (Role::Lead, "Iran Attacked Islamic State Forces in Iraq", "WSJ"));
    for (line, (role, title, credit)) in lines[7..15].iter().zip(found.iter().skip(1)) {
        assert_eq!(*role, Role::More);
        assert_eq!(format!("{title} -- {credit}"), **line);
    }
    let outlets = |at: usize| -> Vec<_> {
        roundup.links[at].credits.iter().map(|credit| credit.outlet.clone().unwrap()).collect()
    };
    assert_eq!(outlets(3), ["National Post", "The Telegraph"]);
    assert_eq!(outlets(8), ["The Guardian"]);
    assert_eq!(roundup.links[8].credits[0].bylines, ["Ian Black"]);
    assert!(roundup.links.iter().all(|source| {
        source.url.is_none() && source.confidence == Confidence::High && source.section.is_none()
    }));
    let said = roundup.commentary.as_ref().unwrap();
    assert_eq!(said.label.as_deref(), Some("My Comment"));
    assert_eq!(format!("My Comment: {}", said.text), lines[15]);
    comments_of_the_model(&roundup, &lines);
}

fn comments_of_the_model(roundup: &Roundup, lines: &[&str]) {
    let unmarked = |line: usize| lines[line].strip_prefix("ReplyDelete").unwrap_or(lines[line]);
    let expected = [
        (unmarked(16).to_owned(), false, 17),
        (format!("{}\n\n{}", unmarked(17), unmarked(18)), true, 18),
        (unmarked(19).to_owned(), false, 20),
    ];
    let comments: Vec<_> =
        roundup.comments.iter().map(|c| (c.text.clone(), c.uncertain, c.line)).collect();
    assert_eq!(comments, expected);
    assert_eq!(roundup.report.uncertain.len(), 1);
    assert_eq!(roundup.report.uncertain[0].line, 18);
    assert!(roundup.report.unread.is_empty());
}

#[test]
fn an_empty_table_of_outlets_only_lowers_the_confidence() {
    let Some(path) = beside("seed/iran-attacked-islamic-state.txt") else { return };
    let input = fs::read_to_string(path).unwrap();
    let known = parse_text(&input, &war_news());
    let unknown = parse_text(&input, &Known::new(&[]));
    assert_eq!(titles(&unknown), titles(&known));
    assert_eq!((unknown.quote, unknown.comments), (known.quote, known.comments));
    assert!(unknown.links.iter().all(|source| source.confidence == Confidence::Low));
    assert_eq!(unknown.report.uncertain.len(), 10);
}

#[test]
fn every_link_of_every_weekly_is_found() {
    let Some(folder) = beside("roundups/haskellweekly") else { return };
    let (mut files, mut links) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let input = fs::read_to_string(&path).unwrap();
        let roundup = parse_markdown(&input, &Known::new(&[]));
        let name = path.display();
        let mut expected: Vec<&str> = urls(&input);
        let mut found: Vec<&str> = roundup.links.iter().filter_map(|s| s.url.as_deref()).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{name}");
        let items = input.lines().filter(|line| line.starts_with("- ")).count();
        let more = roundup.links.iter().filter(|source| source.role == Role::More).count();
        assert_eq!(more, items, "{name}");
        let excerpts = input.lines().filter(|line| line.trim_start().starts_with('>')).count();
        let quotes = roundup.links.iter().filter(|source| source.quote.is_some()).count();
        assert_eq!(quotes, excerpts, "{name}");
        assert_eq!((roundup.headline, roundup.report.unread.len()), (None, 0), "{name}");
        files += 1;
        links += found.len();
    }
    println!("{links} links in {files} files");
    assert!(files > 0);
}

/// The addresses of inline links, found without a Markdown parser.
fn urls(input: &str) -> Vec<&str> {
    input.match_indices("](http").filter_map(|(at, _)| address(input.get(at + 2..)?)).collect()
}

fn address(from: &str) -> Option<&str> {
    let mut depth = 0;
    for (at, character) in from.char_indices() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return from.get(..at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[test]
fn authors_and_sections_of_a_weekly_are_read() {
    let Some(path) = beside("roundups/haskellweekly/issue-479.markdown") else { return };
    let roundup = parse_markdown(&fs::read_to_string(path).unwrap(), &Known::new(&[]));
    let mut sections: Vec<&str> =
        roundup.links.iter().filter_map(|s| s.section.as_deref()).collect();
    sections.dedup();
    assert_eq!(sections, ["Featured", "In brief", "Show & tell", "Call for participation"]);
    let first = roundup.links.iter().find(|source| source.role == Role::More).unwrap();
    assert_eq!(first.title, "Competitive programming in Haskell: prefix sums");
    assert_eq!(first.credits[0].bylines, ["Brent Yorgey"]);
    assert_eq!(first.line, 7);
    assert!(first.quote.as_ref().unwrap().starts_with("In a previous blog post"));
}

/// Real headlines, each with its real outlet.
fn headlines() -> Option<Vec<(String, String)>> {
    let path = beside("roundups/derived-uci-roundups.jsonl")?;
    let mut pairs = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let roundup: serde_json::Value = serde_json::from_str(line).unwrap();
        let links = roundup["links"].as_array().unwrap();
        for link in links.iter().chain([&roundup["lead"]]) {
            let text = |key: &str| link[key].as_str().unwrap().replace('\\', "").trim().to_owned();
            if !fold(&text("outlet")).is_empty() {
                pairs.push((text("title"), text("outlet")));
            }
        }
    }
    Some(pairs)
}

struct Table(HashMap<String, String>);

impl Outlets for Table {
    fn knows(&self, name: &str) -> bool {
        self.0.contains_key(&fold(name))
    }
}

#[test]
fn real_headlines_are_parted_from_real_outlets() {
    let Some(pairs) = headlines() else { return };
    let table = Table(pairs.iter().map(|(_, name)| (fold(name), name.clone())).collect());
    let (mut bare, mut wrong) = (0, Vec::new());
    for (title, outlet) in &pairs {
        for separator in [" -- ", " - ", " | "] {
            let split = split_line(&format!("{title}{separator}{outlet}"), &table);
            let credit = split.credit.as_deref();
            if (split.title.as_str(), credit) != (title.as_str(), Some(outlet.as_str())) {
                wrong.push((title, outlet, split.title, split.credit));
            }
        }
        let (credits, confidence) = parse_credit(outlet, &table);
        assert_eq!((credits.len(), confidence), (1, Confidence::High), "{outlet}");
        bare += usize::from(split_line(title, &table).credit.is_some());
    }
    println!("{} headlines; {bare} seem to hold a credit; wrong: {wrong:#?}", pairs.len());
    assert!(wrong.len() * 1000 <= pairs.len() * 3, "{} of {}", wrong.len(), pairs.len());
    assert!(bare * 500 <= pairs.len(), "{bare} headlines without a credit were given one");
}

#[test]
fn hostile_markup_is_rendered_to_something_that_stays_as_it_is() {
    let Some(path) = beside("hostile/xss-payload-list.txt") else { return };
    let payloads = fs::read_to_string(path).unwrap();
    for payload in payloads.lines() {
        for voice in [Voice::Editor, Voice::Reader] {
            for markup in [Markup::Markdown, Markup::Html] {
                let html = render(payload, markup, voice);
                assert_eq!(render(&html, Markup::Html, voice), html, "{payload}");
                let lower = html.to_lowercase();
                assert!(
                    !lower.contains("<script") && !lower.contains("<a href=\"javascript"),
                    "{html}"
                );
            }
        }
    }
}
