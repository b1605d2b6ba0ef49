//! Labels the lines of a document: captions, "Read more", the editor's comment, boilerplate of the
//! page, ….

use crate::credit;
use crate::document::{Document, Kind, Line};
use crate::lexicon::{self, Kind as Words};
use crate::name;
use crate::text::{self, part};
use std::collections::HashSet;
use std::ops::Range;

/// The purpose of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Label {
    Text,
    /// "Read more ....", alone on its line.
    ReadMore,
    /// "More News On …": a heading over further sources.
    Related,
    /// "My Comment: …": the range of the label, and the start of the comment.
    Comment {
        label: Range<usize>,
        rest: usize,
    },
    Caption,
    /// Part of the page around the post.
    Boilerplate,
    Rule,
    Picture,
    Code,
    /// A URL alone on its line.
    Url,
}

/// Labels the lines of a document.
pub(crate) fn labels(document: &Document) -> Vec<Label> {
    let lines = &document.lines;
    let mut labels: Vec<Label> = lines.iter().map(label).collect();
    // "Read: A bridge opens", below the line "A bridge opens".
    let mut seen: HashSet<&str> = HashSet::new();
    for (line, label) in lines.iter().zip(labels.iter_mut()) {
        let rest = lexicon::prefix(Words::More, &line.text)
            .map_or("", |length| part(&line.text, length..line.text.len()))
            .trim_matches(|c: char| !c.is_alphanumeric());
        if *label == Label::Text && text::width(rest) >= 8 && seen.contains(rest) {
            *label = Label::ReadMore;
        }
        seen.insert(line.text.trim_matches(|c: char| !c.is_alphanumeric()));
    }
    // A line right above a photo credit is a caption.
    for at in 1..lines.len() {
        let (Some(above), Some(line)) = (lines.get(at - 1), lines.get(at)) else { continue };
        if labels.get(at) == Some(&Label::Caption)
            && labels.get(at - 1) == Some(&Label::Text)
            && !line.preceded_by_blank_line
            && at > 1
            && above.links.is_empty()
            && above.preceded_by_blank_line
            && text::word_count(&above.text) >= 4
            && let Some(label) = labels.get_mut(at - 1)
        {
            *label = Label::Caption;
        }
    }
    labels
}

/// Labels a line, without regard to its neighbours.
fn label(line: &Line) -> Label {
    match line.kind {
        Kind::Rule => return Label::Rule,
        Kind::Picture => return Label::Picture,
        Kind::Caption => return Label::Caption,
        Kind::Code => return Label::Code,
        Kind::Boilerplate => return Label::Boilerplate,
        _ => {}
    }
    if line.is_url() {
        return Label::Url;
    }
    let text = line.text.as_str();
    if is_read_more(text) {
        return Label::ReadMore;
    }
    if text.len() <= 400 && is_boilerplate(line) {
        return Label::Boilerplate;
    }
    if text.len() <= 300 && is_photo_credit(text) && line.links.len() <= 1 {
        return Label::Caption;
    }
    if let Some((label, rest)) = comment_label(line) {
        return Label::Comment { label, rest };
    }
    if is_related(text) && line.links.is_empty() {
        return Label::Related;
    }
    Label::Text
}

/// Returns whether a text is nothing but a phrase such as "Read more ....", "Continue reading…" or
/// "Weiterlesen".
pub(crate) fn is_read_more(text: &str) -> bool {
    if text.len() > 60 {
        return false;
    }
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
    if lexicon::is(Words::More, bare)
        && !matches!(
            bare.to_lowercase().as_str(),
            "full" | "view" | "click" | "suite" | "ler" | "les" | "lire"
        )
    {
        return text::width(bare) > 4 || bare.to_lowercase() != "read";
    }
    let words = text::words(text);
    let core = words.iter().any(|word| lexicon::is(Words::More, word));
    (2..=7).contains(&words.len())
        && core
        && words
            .iter()
            .all(|word| lexicon::is(Words::MoreWord, word) || lexicon::is(Words::More, word))
}

/// Returns the start of the name in "Read it on The Harbour Post" or "Weiterlesen bei Spiegel".
pub(crate) fn read_more_at(text: &str) -> Option<usize> {
    if text.len() > 90 {
        return None;
    }
    let is_more = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        lexicon::is(Words::More, &word) || lexicon::is(Words::MoreWord, &word)
    };
    let first = text.split(' ').next()?;
    if !lexicon::is(Words::More, &first.to_lowercase()) {
        return None;
    }
    // The name begins after the last preposition of the phrase.
    let mut name = None;
    for (at, _) in text.match_indices(' ').take(6) {
        let word = part(text, at + 1..text.len()).split(' ').next().unwrap_or_default();
        let after = at + 1 + word.len() + 1;
        let preposition = lexicon::is(Words::Prep, &word.to_lowercase());
        if preposition && text::starts_high(part(text, after..text.len())) {
            name = Some(after);
        }
        if !preposition && !is_more(word) {
            break;
        }
    }
    name
}

/// Returns the start of a "Read more »" at the end of a text.
pub(crate) fn read_more_tail(text: &str) -> Option<usize> {
    // It must follow a full stop, dots, a bracket or an arrow.
    let reach = text.len().saturating_sub(60);
    let starts = text.char_indices().filter(|(at, _)| *at >= reach);
    let marked = starts.filter(|(at, c)| {
        matches!(c, '.' | '…' | '!' | '?' | '[' | '(' | '”' | '"' | '|' | '–' | '—' | '→' | '»')
            && *at > 0
    });
    for (at, character) in marked {
        let tail = part(text, at + character.len_utf8()..text.len());
        if tail.trim().chars().any(char::is_alphanumeric) && is_read_more(tail) {
            let open = matches!(character, '[' | '(' | '|' | '–' | '—' | '→');
            return Some(if open { at } else { at + character.len_utf8() });
        }
    }
    None
}

/// Returns whether a text is a heading over further sources: "More News On …", "Related Stories:".
pub(crate) fn is_related(text: &str) -> bool {
    if text.len() > 120 || text::ends_sentence(text) {
        return false;
    }
    let words = text::words(text);
    words.first().is_some_and(|word| lexicon::is(Words::Related, word))
        && words.iter().skip(1).take(3).any(|word| lexicon::is(Words::Topic, word))
        && words.len() <= 12
        && !text.contains(" -- ")
}

/// Returns whether a text is a photo credit: "Photo AFP", "U.S. Army photo by Sgt. X".
fn is_photo_credit(text: &str) -> bool {
    let words = text::words(text);
    let Some(first) = words.first() else { return false };
    if words.len() > 14 {
        return false;
    }
    let by = words.windows(2).any(|pair| matches!(pair, [a, b] if a == "photo" && b == "by"));
    let photo = lexicon::prefix(Words::Photo, text);
    let Some(length) = photo else { return by };
    let rest = part(text, length..text.len()).trim_start();
    let short = words.len() <= 4
        && first != "credit"
        && text::starts_high(rest)
        && !text::ends_sentence(text);
    by || rest.starts_with([':', '：', '/', '©', '|']) || (short && text::starts_high(text))
}

/// Returns whether a line belongs to the page around the post: "Posted by …", "Labels: …".
fn is_boilerplate(line: &Line) -> bool {
    let text = line.text.as_str();
    if let Some(length) = lexicon::prefix(Words::Boilerplate, text) {
        let words = text::word_count(text);
        let rest = part(text, length..text.len());
        let phrase = part(text, 0..length);
        if phrase.contains(' ')
            || rest.trim_start().starts_with([':', '|', '»', '←'])
            || (words <= 3 && rest.trim().chars().all(|c| !c.is_alphanumeric()))
        {
            return words <= 30 && !text.contains(" -- ") && line.links.len() <= 12;
        }
    }
    // "by Ann Bee on June 4, 2023 at 12:01 pm": an author and a clock.
    if let Some(rest) = credit::after_by(text)
        && text.len() <= 120
    {
        let clock = text.split_whitespace().any(is_clock);
        let dated = rest.find(|c: char| c.is_ascii_digit()).is_some_and(|at| {
            let head = part(rest, 0..at);
            head.split_whitespace().any(|word| lexicon::is(Words::Month, word.trim_matches(',')))
        });
        return clock && dated;
    }
    false
}

/// Returns whether a word is a time of day: "7:14", "12:01pm".
pub(crate) fn is_clock(word: &str) -> bool {
    let Some((hours, minutes)) = word.split_once(':') else { return false };
    let digits =
        |text: &str| (1..=2).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit());
    digits(hours) && digits(part(minutes, 0..2.min(minutes.len()))) && minutes.len() <= 6
}

/// Finds the label of the editor's comment ("My Comment", "WNU Editor", "Editor's Note"). Returns its
/// range and the start of the comment.
fn comment_label(line: &Line) -> Option<(Range<usize>, usize)> {
    if line.whole_link().is_some() {
        return None;
    }
    let text = line.text.as_str();
    let head: String = text.chars().take(64).collect();
    let (at, mark) = head.char_indices().find(|(_, c)| matches!(c, ':' | '：'))?;
    let head = part(text, 0..at);
    let start = head.len() - head.trim_start_matches(['*', '_', ' ']).len();
    let bare = head.trim_matches(['*', '_', ' ']);
    if !is_label(bare) {
        return None;
    }
    let after = at + mark.len_utf8();
    let rest = part(text, after..text.len());
    let stressed = start > 0;
    let bare_rest =
        if stressed { rest.trim_start_matches(['*', '_', ' ']) } else { rest.trim_start() };
    Some((start..start + bare.len(), text.len() - bare_rest.len()))
}

/// Returns whether a text is the label of an editor's comment.
pub(crate) fn is_label(text: &str) -> bool {
    let text = text.replace(['\'', '’'], "");
    if lexicon::is(Words::Label, text.trim()) {
        return true;
    }
    let words = text::words(&text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [
            ..,
            "editors" | "ed" | "authors" | "bloggers",
            "note" | "notes" | "comment" | "comments" | "take",
        ] => words.len() <= 4,
        [_, "editor" | "comment"] | [_, "editor", "comment" | "note"] => true,
        _ => false,
    }
}

/// Returns whether a line can be a heading within the list: short, without final punctuation.
pub(crate) fn may_be_section(line: &Line) -> bool {
    let text = line.text.as_str();
    let words = text::word_count(text);
    matches!(line.kind, Kind::Heading(_))
        || (line.links.is_empty()
            && text.len() <= 80
            && words <= 7
            && !line.starts_item
            && line.kind != Kind::Quote
            && !text::ends_sentence(text)
            && !text.ends_with([',', ';'])
            && !name::is_dated(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_only(is: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(is(text), "{text}");
        }
        for text in no {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn labels_are_distinguished_from_prose() {
        assert_only(
            is_read_more,
            &[
                "Read more ....",
                "READ MORE »",
                "(Read more...)",
                "Read the full story",
                "Continue reading…",
                "Weiterlesen",
                "Lire la suite",
                "Leer más →",
                "Читать далее",
                "続きを読む",
            ],
            &[
                "Read more about ships",
                "They read more ....",
                "",
                "that can go on for years .... if not decades.",
                "More",
                "Full",
            ],
        );
        assert_only(
            is_related,
            &[
                "More News On The Bridge",
                "Related Stories:",
                "More on this",
                "Other News from the coast",
            ],
            &["More boats sink", "News", "More News was not to be had that day, he said."],
        );
        assert_only(
            is_photo_credit,
            &["Photo AFP", "U.S. Army photo by Sgt. X", "Photo: A. Bee / Reuters", "Foto: dpa"],
            &[
                "Photo of the sunken ferry shows holes",
                "Photographs",
                "A photo",
                "Fotografie heute",
            ],
        );
        assert_only(
            is_label,
            &[
                "My Comment",
                "WNU Editor",
                "Editor’s Note",
                "Comment",
                "Mein Kommentar",
                "Комментарий",
            ],
            &["Islamic State", "The managing editor of the paper said", "White House"],
        );
    }

    #[test]
    fn read_more_at_the_end_of_a_text_is_found() {
        let cut = |text: &'static str| read_more_tail(text).map(|at| part(text, 0..at));
        assert_eq!(cut("It opened. Read more »"), Some("It opened."));
        assert_eq!(cut("It opened… [Continue reading]"), Some("It opened…"));
        assert_eq!(cut("They want to read more"), None);
    }
}
