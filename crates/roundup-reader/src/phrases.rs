//! The set phrases of a roundup: "Read more ....", "More News On …", "My Comment:" and their kin.

use super::line::may_be_heading;

/// What "My …" and "Our …" begin an editor's comment with.
const REMARKS: [&str; 11] = [
    "analysis",
    "comment",
    "commentary",
    "comments",
    "note",
    "notes",
    "opinion",
    "take",
    "thoughts",
    "view",
    "views",
];

/// "Read more ....", "Read More »", "Continue reading…", "Full story".
pub(super) fn is_read_more(text: &str) -> bool {
    let words: Vec<String> = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["read", "more" | "on" | "all"]
            | ["read", "more", "here"]
            | ["read", "it", "all"]
            | ["read", "the", "rest" | "full"]
            | [
                "read",
                "the",
                "full" | "whole" | "entire",
                "story" | "article" | "report" | "piece"
            ]
            | ["read", "full", "story" | "article"]
            | ["full", "story" | "article"]
            | ["continue", "reading"]
    )
}

/// "More News On …", "Related Stories:".
pub(super) fn is_related(text: &str) -> bool {
    let words: Vec<String> = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let topic = |word: &&str| {
        matches!(
            *word,
            "news"
                | "on"
                | "stories"
                | "story"
                | "links"
                | "reading"
                | "coverage"
                | "reports"
                | "headlines"
                | "sources"
                | "articles"
                | "about"
                | "from"
        )
    };
    let first = words.first().copied().unwrap_or_default();
    matches!(first, "more" | "related" | "other" | "further" | "additional" | "previous" | "also")
        && words.iter().skip(1).take(3).any(topic)
        && may_be_heading(text)
}

/// "3 comments:", "Comments", "Reader comments".
pub(super) fn is_comments_heading(text: &str) -> bool {
    let words: Vec<String> = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["comments"] | ["reader" | "readers" | "user", "comments"] => true,
        [number, "comment" | "comments"] => number.chars().all(|c| c.is_ascii_digit()),
        _ => false,
    }
}

/// "Photo AFP", "U.S. Army photo by Sgt. X": whose picture it was.
pub(super) fn is_photo_credit(text: &str) -> bool {
    let words: Vec<String> = words(text);
    let first = words.first().map(String::as_str).unwrap_or_default();
    let by = words.windows(2).any(|pair| matches!(pair, [a, b] if a == "photo" && b == "by"));
    let colon = text.split_once(':').is_some_and(|(head, _)| head.eq_ignore_ascii_case(first));
    (by && words.len() <= 14)
        || (matches!(first, "photo" | "image") && (colon || words.len() <= 4) && words.len() <= 14)
}

fn words(text: &str) -> Vec<String> {
    // No line that is longer can be any of the phrases above.
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(16)
        .map(str::to_lowercase)
        .collect()
}

/// The label of a comment ("My Comment", "WNU Editor", "Editor's Note") and what follows its
/// colon. Emphasis around the label (`**My Comment:**`) is passed over.
pub(super) fn label(text: &str) -> Option<(&str, &str)> {
    let (head, rest) = text.split_once(':')?;
    let head = head.trim_matches(['*', '_', ' ']);
    if head.len() > 60 || !is_label(head) {
        return None;
    }
    let opened = text.starts_with(['*', '_']);
    let rest = if opened { rest.trim_start_matches(['*', '_']) } else { rest };
    Some((head, rest.trim()))
}

/// Whether a text is the label of a comment.
pub(super) fn is_label(text: &str) -> bool {
    let text = text.replace(['\'', '’'], "");
    let words: Vec<String> = words(&text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let owners = ["editors", "ed", "authors", "bloggers"];
    match words.as_slice() {
        [.., owner, "note" | "notes" | "comment" | "comments" | "take"]
            if owners.contains(owner) =>
        {
            words.len() <= 4
        }
        ["my" | "our", said] => REMARKS.contains(said),
        ["comment" | "commentary" | "editor" | "editorial"]
        | [_, "editor" | "comment"]
        | [_, "editor", "comment" | "note"] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{is_decoration, is_section};
    use super::*;

    fn none_but(is: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(is(text), "{text}");
        }
        for text in no {
            assert!(!is(text), "{text}");
        }
    }

    #[test]
    fn marks_and_headings_are_told_from_prose() {
        none_but(
            is_read_more,
            &[
                "Read more ....",
                "READ MORE »",
                "(Read more...)",
                "Read the full story",
                "Continue reading…",
            ],
            &[
                "Read more about ships",
                "They read more ....",
                "",
                "that can go on for years .... if not decades.",
            ],
        );
        none_but(
            is_related,
            &[
                "More News On The Bridge",
                "Related Stories:",
                "More on this",
                "Other News from the coast",
            ],
            &["More boats sink", "News", "More News was not to be had that day, he said."],
        );
        none_but(
            is_section,
            &["MIDDLE EAST", "TERRORISM/THE LONG WAR", "ECONOMY/FINANCE/BUSINESS", "NATO"],
            &["Middle East", "US", "THE END.", "2014", "新华社"],
        );
        none_but(
            is_comments_heading,
            &["3 comments:", "Comments", "1 comment", "Reader Comments:"],
            &["My comments:", "Comment:", "no comment"],
        );
        none_but(
            is_photo_credit,
            &["Photo AFP", "U.S. Army photo by Sgt. X", "Photo: A. Bee / Reuters"],
            &["Photo of the sunken ferry shows holes", "Photographs", "A photo"],
        );
        none_but(is_decoration, &["----", "* * *", "…", "___"], &["", ":-)", "a"]);
    }

    #[test]
    fn labels_are_found_with_or_without_emphasis() {
        for (text, found) in [
            ("My Comment: They may.", Some(("My Comment", "They may."))),
            ("WNU Editor: Yes", Some(("WNU Editor", "Yes"))),
            ("Editor’s Note:", Some(("Editor’s Note", ""))),
            ("Comment: a: b", Some(("Comment", "a: b"))),
            ("**My Comment:** a *b*", Some(("My Comment", "a *b*"))),
            ("**My Comment**: a", Some(("My Comment", "a"))),
            ("My Comment: *b* c", Some(("My Comment", "*b* c"))),
            ("Islamic State: Kerry says", None),
            ("The managing editor of the paper said: no", None),
            ("White House", None),
        ] {
            assert_eq!(label(text), found, "{text}");
        }
    }
}
