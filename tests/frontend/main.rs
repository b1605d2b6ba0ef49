//! Tests in a browser: the example frontend, used by `drive.js` against the built program, and
//! payloads of scripts, rendered.
//!
//! Tests that need Chromium (Debian: `apt-get install chromium`) are ignored unless they are asked
//! for: `cargo test --test frontend -- --include-ignored`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, here as in the tests themselves"
)]

mod browser;
mod cross_origin;
mod scripts;
mod site;

use serde_json::{Value, json};
use site::{Files, Service};

/// Returns the notes that the script of a page left in the document. Panics if it did not come to its end.
pub(crate) fn notes(document: &str) -> Value {
    let begin = document.split_once("id=\"notes\">").expect("the page came to its end").1;
    let text = begin.split_once('<').unwrap().0;
    let text = percent_encoding::percent_decode_str(text).decode_utf8().unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
#[ignore = "needs Chromium; .ci/run runs it where that is installed"]
fn a_reader_reads_searches_and_comments() {
    let service = Service::start();
    service.import();
    let files = Files::serve(&service.address);
    let document = browser::dump_dom(&files.address, files.profile());
    let notes = notes(&document);
    assert_eq!(notes["failures"], json!([]), "{notes:#}");
    assert_eq!(notes["violations"], json!([]), "{notes:#}");

    assert_eq!(notes["front"].as_array().unwrap().len(), 10);
    assert_eq!(notes["older"].as_array().unwrap().len(), 3);
    assert_eq!(notes["lead"], "Harbour Gazette");
    reads(&notes);
    comments(&notes);

    assert_eq!(notes["typed"], "#/search?q=lindq");
    assert_eq!(notes["stays"], true, "the focus stays in the field");
    let hit = "What the cracks in the eastern pier taught engineers";
    assert_eq!(notes["hits"][0], hit);
    assert_eq!(notes["marks"][0], "Lindqvist");
    assert_eq!(notes["citations"], 13, "{notes:#}");
}

fn reads(notes: &Value) {
    assert_eq!(notes["address"], "#/a/harbour-bridge-reopens-after-two-year-repair");
    assert_eq!(notes["title"], "Harbour Bridge Reopens After Two-Year Repair – Roundup");
    assert_eq!(notes["headline"], "Harbour Bridge Reopens After Two-Year Repair");
    assert!(notes["quote"].as_str().unwrap().contains("rather explain a bill than a collapse"));
    assert_eq!(notes["leadSource"], "https://www.example.com/gazette/harbour-bridge-reopens");
    assert_eq!(notes["sources"].as_array().unwrap().len(), 6);
    assert_eq!(notes["sources"][0], "Thousands walk the bridge on its first morning");
    assert_eq!(notes["outlets"][0], "Coast Radio");
    assert!(notes["commentary"].as_str().unwrap().contains("deserves some credit"));
    assert!(notes["corrections"][0].as_str().unwrap().ends_with("The pier is the eastern one."));
    assert!(!notes["related"].as_array().unwrap().is_empty(), "the other parts of the series");
    let (first, all) =
        (notes["comments"].as_u64().unwrap(), notes["allComments"].as_u64().unwrap());
    assert!(first < all && all == 62, "{first} comments, then {all}");
}

fn comments(notes: &Value) {
    for field in ["Name", "E-mail (never shown)", "Your comment"] {
        assert!(!notes["refused"][field].as_str().unwrap().is_empty(), "{field}: {notes:#}");
    }
    assert_eq!(notes["focused"], "name", "the first field that must be mended");
    assert_eq!(notes["shown"]["status"], "201", "{notes:#}");
    let markup = notes["markup"].as_str().unwrap();
    assert!(markup.contains("<em>daily</em>") && !markup.contains("<script"), "{markup}");
    assert_eq!(notes["kept"], true, "the edit token");
    assert_eq!(notes["held"]["status"], "202", "{notes:#}");
    assert_eq!(notes["badge"], json!(["waits for an editor"]));
    assert_eq!(notes["reply"].as_str().unwrap().trim(), "So did I.");
}

#[test]
fn the_page_has_a_strict_policy_and_no_external_resources() {
    let page = include_str!("../../examples/frontend/index.html");
    let policy = page.split_once("Security-Policy\" content=\"").unwrap().1;
    let policy = policy.split_once('"').unwrap().0;
    for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    let mut setters = 0;
    for entry in std::fs::read_dir(site::FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        setters += text.matches("innerHTML").count();
        let elsewhere: Vec<&str> = text
            .match_indices("://")
            .filter_map(|(at, _)| text.get(at..)?.split(['"', '\'', '/', ':', '>', ')']).nth(3))
            .filter(|host| !["127.0.0.1", "www.w3.org"].contains(host))
            .collect();
        assert!(elsewhere.is_empty(), "{}: {elsewhere:?}", path.display());
    }
    assert_eq!(setters, 1, "HTML is set in one place");
}
