//! Asserts how well the labelled posts of `tests/posts` and `tests/posts_unseen` are parsed, and how
//! reliable confidences are.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use roundup_reader::Role;
use score::{Count, Post, posts, read, score};
use std::fs;
use std::path::Path;
use table::Table;

#[path = "support/score.rs"]
mod score;
#[path = "support/table.rs"]
mod table;

/// The posts in the shapes of other sites, with words of their own. Their first readings are in
/// `docs/reading.md`.
const UNSEEN: &str = "tests/posts_unseen";

fn labelled_in(folder: &str) -> Vec<Post> {
    posts(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap()
}

fn labelled() -> Vec<Post> {
    let mut all = labelled_in("tests/posts");
    all.extend(labelled_in(UNSEEN));
    all
}

fn count(posts: Vec<Post>) -> Count {
    let table = Table::load().unwrap();
    let mut count = Count::default();
    for (path, expected) in posts {
        let roundup = read(&path, &table).unwrap();
        for fault in score(&mut count, &expected, &roundup, &table) {
            println!("{}: {fault}", path.file_name().unwrap().display());
        }
    }
    count
}

/// Returns whether `part` is at least `percent` of `all`.
fn at_least(percent: usize, part: usize, all: usize) -> bool {
    part * 100 >= all * percent
}

#[test]
fn labelled_posts_are_parsed_with_few_faults() {
    let count = count(labelled_in("tests/posts"));
    assert!(at_least(97, count.found, count.sources), "{count:?}");
    assert!(at_least(95, count.titles, count.sources), "{count:?}");
    assert!(at_least(93, count.outlets_right, count.outlets), "{count:?}");
    assert!(at_least(90, count.bylines_right, count.bylines), "{count:?}");
    assert!(at_least(90, count.excerpts_kept, count.excerpts), "{count:?}");
    assert!(at_least(97, count.headlines_right, count.headlines), "{count:?}");
    assert!(count.outlets_wrong * 100 <= count.outlets * 2, "{count:?}");
    assert!(count.invented * 100 <= count.found * 2, "{count:?}");
}

#[test]
fn posts_of_other_sites_are_parsed() {
    let count = count(labelled_in(UNSEEN));
    assert!(at_least(97, count.found, count.sources), "{count:?}");
    assert!(at_least(93, count.titles, count.sources), "{count:?}");
    assert!(at_least(90, count.outlets_right, count.outlets), "{count:?}");
    assert!(at_least(85, count.bylines_right, count.bylines), "{count:?}");
    assert!(at_least(95, count.excerpts_kept, count.excerpts), "{count:?}");
    assert!(count.outlets_wrong * 100 <= count.outlets * 2, "{count:?}");
    assert!(count.invented * 100 <= count.found * 2, "{count:?}");
}

#[test]
fn certain_sources_are_right() {
    let count = count(labelled());
    assert!(count.certain.0 >= 100, "{count:?}");
    assert!(at_least(98, count.certain.1, count.certain.0), "{count:?}");
}

#[test]
fn confidences_are_no_higher_than_what_is_right() {
    // Of the sources in each tenth, at least as many are right as the tenth says. Small tenths prove
    // nothing.
    let count = count(labelled());
    for (tenth, (all, right)) in count.tenths.iter().enumerate() {
        assert!(*all < 10 || at_least(tenth * 10, *right, *all), "0.{tenth}: {right} of {all}");
    }
}

#[test]
fn no_word_of_a_post_is_lost() {
    let table = Table::load().unwrap();
    for (path, _) in labelled() {
        let text = fs::read_to_string(&path).unwrap();
        let roundup = read(&path, &table).unwrap();
        let json = serde_json::to_string(&roundup).unwrap().replace("\\n", " ").replace("\\t", " ");
        let found = letters(&json.replace("\\\"", "\""));
        let html = path.extension().is_some_and(|kind| kind == "html");
        let text = if html { without_tags(&text) } else { text };
        for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 5)
        {
            assert!(found.contains(&letters(word)), "{word:?} of {} is lost", path.display());
        }
    }
}

fn without_tags(html: &str) -> String {
    html.split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .collect::<Vec<_>>()
        .join(" ")
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

#[test]
fn posts_that_are_no_roundup_have_no_sources() {
    let table = Table::load().unwrap();
    for (path, expected) in labelled() {
        if expected["links"].as_array().unwrap().iter().any(|link| link["role"] != "inline") {
            continue;
        }
        let roundup = read(&path, &table).unwrap();
        assert!(!roundup.has_sources(), "{}: {:?}", path.display(), roundup.links);
        assert!(roundup.links.iter().all(|source| source.role == Role::Inline));
    }
}
