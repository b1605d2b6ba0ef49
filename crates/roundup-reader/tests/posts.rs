//! The labelled posts of `tests/posts`: how much of them is read, and how sure the reader is.

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

fn labelled() -> Vec<Post> {
    posts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/posts")).unwrap()
}

fn counted() -> Count {
    let table = Table::load().unwrap();
    let mut count = Count::default();
    for (path, expected) in labelled() {
        let roundup = read(&path, &table).unwrap();
        for fault in score(&mut count, &expected, &roundup, &table) {
            println!("{}: {fault}", path.file_name().unwrap().display());
        }
    }
    count
}

/// Whether at least so many percent of `all` are in `part`.
fn at_least(percent: usize, part: usize, all: usize) -> bool {
    part * 100 >= all * percent
}

#[test]
fn the_labelled_posts_are_read() {
    let count = counted();
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
fn what_is_called_certain_is_right() {
    let count = counted();
    assert!(count.certain.0 >= 30, "{count:?}");
    assert!(at_least(98, count.certain.1, count.certain.0), "{count:?}");
}

#[test]
fn no_word_of_a_post_is_lost() {
    let table = Table::load().unwrap();
    for (path, _) in labelled() {
        let text = fs::read_to_string(&path).unwrap();
        let roundup = read(&path, &table).unwrap();
        let json = serde_json::to_string(&roundup).unwrap().replace("\\n", " ").replace("\\t", " ");
        let kept = letters(&json.replace("\\\"", "\""));
        let html = path.extension().is_some_and(|kind| kind == "html");
        let text = if html { without_tags(&text) } else { text };
        for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 5)
        {
            assert!(kept.contains(&letters(word)), "{word:?} of {} is lost", path.display());
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
fn what_is_no_roundup_gives_no_certain_credit() {
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
