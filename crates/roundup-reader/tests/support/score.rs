//! Compares the parsed records of labelled posts with the expected ones.
//!
//! A folder holds `NAME.txt`, `.md` or `.html` beside `NAME.expected.json`.

use super::table::Table;
use roundup_reader::{Outlets, Role, Roundup, Source, parse_html, parse_markdown, parse_text};
use safe_html::names::fold_outlet_name;
use serde_json::Value;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Counts of expected, found, right and wrong fields.
#[derive(Debug, Default, Clone)]
pub struct Count {
    pub sources: usize,
    pub found: usize,
    pub titles: usize,
    pub outlets: usize,
    pub outlets_right: usize,
    pub outlets_wrong: usize,
    pub bylines: usize,
    pub bylines_right: usize,
    pub bylines_wrong: usize,
    pub excerpts: usize,
    pub excerpts_kept: usize,
    pub invented: usize,
    pub headlines: usize,
    pub headlines_right: usize,
    pub deks: usize,
    pub deks_right: usize,
    /// The sources with a confidence in each tenth: all, and the right ones.
    pub tenths: [(usize, usize); 10],
    /// The certain sources: all, and the right ones.
    pub certain: (usize, usize),
}

/// A labelled post: its file and the expected records.
pub type Post = (PathBuf, Value);

/// Loads the labelled posts of a folder, sorted by name.
///
/// # Errors
/// When a file cannot be read.
pub fn posts(folder: &Path) -> Result<Vec<Post>, Box<dyn Error>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let expected = path.with_extension("expected.json");
        let known = path
            .extension()
            .is_some_and(|kind| ["txt", "md", "html"].iter().any(|known| kind == *known));
        if known && expected.exists() {
            found.push((path, serde_json::from_str(&fs::read_to_string(expected)?)?));
        }
    }
    found.sort_by(|a: &Post, b: &Post| a.0.cmp(&b.0));
    Ok(found)
}

/// Reads a file by its extension.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path, table: &Table) -> Result<Roundup, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    Ok(match path.extension().and_then(|kind| kind.to_str()) {
        Some("md") => parse_markdown(&text, table),
        Some("html") => parse_html(&text, table),
        _ => parse_text(&text, table),
    })
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// Removes quotation marks and a final full stop, which are not compared.
pub fn tidy(text: &str) -> String {
    text.replace(['“', '”', '„', '"', '‘', '’', '\''], "").trim_end_matches('.').trim().to_owned()
}

fn outlets(source: &Source) -> Vec<String> {
    let names = source.credits.iter().filter_map(|credit| credit.outlet.as_deref());
    let mut names: Vec<String> = names.map(fold_outlet_name).collect();
    names.sort();
    names
}

/// Returns the same text for all names of an outlet.
fn canonical(table: &Table, name: &str) -> String {
    let key = table.lookup(name).and_then(|found| found.key);
    key.map_or_else(|| fold_outlet_name(name), |key| key.to_string())
}

/// Returns whether a parsed source is the expected one, by title or URL.
fn matches(source: &Source, title: &str, url: Option<&str>) -> bool {
    let head: String = tidy(title).chars().take(40).collect();
    tidy(&source.title) == tidy(title)
        || url.is_some() && source.url.as_deref() == url
        || head.chars().count() >= 12 && tidy(&source.title).contains(&head)
}

/// Counts the fields of one post, and returns the differences as messages.
pub fn score(count: &mut Count, expected: &Value, roundup: &Roundup, table: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    let mut left: Vec<&Source> =
        roundup.links.iter().filter(|source| source.role != Role::Inline).collect();
    let links = expected.get("links").and_then(Value::as_array).into_iter().flatten();
    for link in links.filter(|link| field(link, "role") != Some("inline")) {
        let title = field(link, "title").unwrap_or_default();
        let name = |name: &String| canonical(table, name);
        let mut wanted: Vec<String> = texts(link.get("outlets")).iter().map(name).collect();
        wanted.sort();
        let bylines = texts(link.get("bylines"));
        count.sources += 1;
        count.outlets += wanted.len();
        count.bylines += bylines.len();
        count.excerpts += usize::from(field(link, "quote").is_some());
        let exact = left.iter().position(|source| tidy(&source.title) == tidy(title));
        let place = exact
            .or_else(|| left.iter().position(|source| matches(source, title, field(link, "url"))));
        let Some(place) = place else {
            faults.push(format!("missed {title:?} {wanted:?}"));
            continue;
        };
        let source = left.remove(place);
        count.found += 1;
        let exact = tidy(&source.title) == tidy(title);
        count.titles += usize::from(exact);
        let mut read: Vec<String> = outlets(source).iter().map(name).collect();
        read.sort();
        count.outlets_right += read.iter().filter(|name| wanted.contains(name)).count();
        count.outlets_wrong += read.iter().filter(|name| !wanted.contains(name)).count();
        let authors: Vec<&String> =
            source.credits.iter().flat_map(|credit| &credit.bylines).collect();
        count.bylines_right += bylines.iter().filter(|name| authors.contains(name)).count();
        count.bylines_wrong += authors.iter().filter(|name| !bylines.contains(name)).count();
        if let Some(quote) = field(link, "quote") {
            let own = source.quote.clone().unwrap_or_default();
            let lead = if source.role == Role::Lead {
                roundup.quote.clone().unwrap_or_default()
            } else {
                String::new()
            };
            let kept = tidy(&own).contains(&tidy(quote)) || tidy(&lead).contains(&tidy(quote));
            count.excerpts_kept += usize::from(kept);
            if !kept {
                faults.push(format!("the excerpt of {title:?} is not with it"));
            }
        }
        let right = exact && (read == wanted || source.credit.is_none());
        count_confidence(count, source, right);
        if !right || authors.len() != bylines.len() {
            faults.push(format!(
                "{title:?} {wanted:?} {bylines:?} read as {:?} {read:?} {authors:?}{}",
                source.title,
                certainty(source)
            ));
        }
    }
    for source in left {
        count.invented += 1;
        count_confidence(count, source, false);
        let certainty = certainty(source);
        faults.push(format!("invented {:?} {:?}{certainty}", source.title, source.credit));
    }
    if let Some(headline) = field(expected, "headline") {
        let mut good = texts(expected.get("alt_headlines"));
        good.push(headline.to_owned());
        let read = tidy(roundup.headline.as_deref().unwrap_or_default());
        let right = good.iter().any(|headline| tidy(headline) == read);
        count.headlines += 1;
        count.headlines_right += usize::from(right);
        if !right {
            faults.push(format!("headline {headline:?} read as {read:?}"));
        }
    }
    if let Some(dek) = field(expected, "dek") {
        let right = tidy(roundup.dek.as_deref().unwrap_or_default()) == tidy(dek);
        count.deks += 1;
        count.deks_right += usize::from(right);
    }
    faults
}

/// Returns a mark for a source that is called certain.
fn certainty(source: &Source) -> &'static str {
    if source.confidence.is_certain() { ", certain" } else { "" }
}

/// Counts a source by its confidence.
fn count_confidence(count: &mut Count, source: &Source, right: bool) {
    let value = source.confidence.value();
    let tenth = (1..10).take_while(|tenth| value >= f64::from(*tenth) / 10.0).count();
    if let Some(tenth) = count.tenths.get_mut(tenth) {
        tenth.0 += 1;
        tenth.1 += usize::from(right);
    }
    if source.confidence.is_certain() {
        count.certain.0 += 1;
        count.certain.1 += usize::from(right);
    }
}
