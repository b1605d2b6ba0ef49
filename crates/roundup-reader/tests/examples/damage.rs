//! Tests with randomly damaged text: the parsers do not panic, and no word is lost.

use std::collections::HashMap;

use roundup_reader::{Roundup, parse_markdown, parse_text};

use crate::{example, harbour};

/// A deterministic pseudo-random number generator (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }
}

/// Fragments with a meaning for the parsers.
const FRAGMENTS: [&str; 24] = [
    " -- ",
    "\n",
    "\r\n",
    "\n\n",
    "ReplyDelete",
    "My Comment:",
    "Read more ....",
    "- ",
    "> ",
    "# ",
    "https://example.com/x",
    "[a](http://b.example)",
    "/",
    ", ",
    "\0",
    "\u{FEFF}",
    "`",
    "**",
    "MIDDLE EAST\n",
    "日本",
    "\u{301}",
    "(",
    "<b>",
    "3 comments:\n",
];

fn seeds() -> Vec<String> {
    vec![example("harbour-bridge.txt"), example("harbour-bridge.md")]
}

/// Truncates, duplicates, removes and inserts bytes and fragments of markup.
fn damaged(seed: &str, dice: &mut Dice) -> String {
    let mut bytes = seed.as_bytes().to_vec();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len());
        let to = (at + dice.roll(80)).min(bytes.len());
        match dice.roll(5) {
            0 => bytes.truncate(at),
            1 => {
                let part = bytes[at..to].to_vec();
                bytes.splice(at..at, part);
            }
            2 => drop(bytes.drain(at..to)),
            3 => bytes.insert(at, u8::try_from(dice.roll(256)).unwrap()),
            _ => drop(bytes.splice(at..at, FRAGMENTS[dice.roll(FRAGMENTS.len())].bytes())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Moves, duplicates and removes lines.
fn shuffled(seed: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<&str> = seed.lines().collect();
    for _ in 0..=dice.roll(8) {
        let from = dice.roll(lines.len());
        let to = dice.roll(lines.len());
        match dice.roll(3) {
            0 => lines.swap(from, to),
            1 => lines.insert(to, lines[from]),
            _ => drop(lines.remove(from)),
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n")
}

#[test]
fn damaged_text_does_not_panic() {
    let known = harbour();
    let mut dice = Dice(0x2014_1204);
    for seed in seeds() {
        for _ in 0..200 {
            let text = damaged(&seed, &mut dice);
            let _ = parse_text(&text, &known);
            let _ = parse_markdown(&text, &known);
        }
    }
}

#[test]
fn a_truncated_roundup_is_read() {
    let known = harbour();
    for seed in seeds() {
        for (end, _) in seed.char_indices().step_by(7) {
            let start = seed.get(..end).unwrap();
            let roundup = parse_text(start, &known);
            let blank = !start.chars().any(char::is_alphanumeric);
            assert_eq!(roundup.headline.is_none(), blank, "{start:?}");
            let _ = parse_markdown(start, &known);
        }
    }
}

#[test]
fn no_word_of_a_pasted_roundup_is_lost() {
    let known = harbour();
    let mut dice = Dice(0x1EAF);
    for seed in seeds().iter().filter(|seed| !seed.starts_with('[')) {
        for round in 0..400 {
            let text =
                if round % 2 == 0 { shuffled(seed, &mut dice) } else { damaged(seed, &mut dice) };
            assert_nothing_is_lost(&text, &parse_text(&text, &known));
        }
    }
}

#[test]
fn no_word_of_markdown_is_lost() {
    let known = harbour();
    let mut dice = Dice(0xCAFE);
    for _ in 0..200 {
        let text = shuffled(&example("harbour-bridge.md"), &mut dice);
        assert_nothing_is_lost(&text, &parse_markdown(&text, &known));
    }
}

fn assert_nothing_is_lost(input: &str, roundup: &Roundup) {
    let all = all_text(roundup);
    let found = word_counts(&all);
    // A repeated URL is one link.
    let is_url = |word: &&str| word.contains("://");
    for url in input.split_whitespace().filter(|word| word.starts_with("http")) {
        let host: Vec<&str> =
            url.split('/').filter(|part| part.len() > 4 && !part.ends_with(':')).collect();
        assert!(
            host.iter().all(|part| part.contains(['(', '>', '<']) || all.contains(part)),
            "{url} is lost of:\n{input}\n\n{roundup:#?}"
        );
    }
    let text = input.split_whitespace().filter(|word| !is_url(word)).collect::<Vec<_>>().join(" ");
    for (word, count) in word_counts(&text) {
        let times = found.get(&word).copied().unwrap_or_default();
        assert!(
            times >= count,
            "{word:?} occurs {count} times in:\n{input}\n\nbut {times} times in {roundup:#?}"
        );
    }
}

/// Returns all text of a roundup and its report.
fn all_text(roundup: &Roundup) -> String {
    let commentary = roundup.commentary.clone().unwrap_or_default();
    let mut all: Vec<String> = [
        &roundup.headline,
        &roundup.dek,
        &roundup.quote,
        &roundup.links_heading,
        &commentary.label,
    ]
    .into_iter()
    .flatten()
    .cloned()
    .collect();
    all.push(commentary.text);
    for source in &roundup.links {
        all.push(source.title.clone());
        for part in [&source.url, &source.credit, &source.section, &source.quote] {
            all.extend(part.clone());
        }
    }
    all.extend(roundup.comments.iter().map(|comment| comment.text.clone()));
    let notes = roundup.report.uncertain.iter().chain(&roundup.report.unread);
    all.extend(notes.map(|note| note.raw.clone()));
    all.join("\n")
}

/// Counts the words of more than four letters, except those with a meaning for the parsers.
fn word_counts(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    let text = text.replace("ReplyDelete", "\n").replace("Reply Delete", "\n");
    for word in text.split(|c: char| !c.is_alphabetic()) {
        if word.chars().count() > 4 && !word.eq_ignore_ascii_case("comments") {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
    }
    counts
}
