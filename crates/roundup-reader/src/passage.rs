//! Running text: lines into paragraphs, and the part under the lead into dek and quote.

use super::line::{ends_a_sentence, is_title_case, may_be_dek};

/// A shorter line, in characters, ends its paragraph: nobody wraps text that narrow.
const NARROWEST_WRAP: usize = 50;

/// A line or a paragraph of running text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    /// The line it begins on, counted from 1.
    pub(super) no: usize,
    /// Its text; empty for a blank line.
    pub(super) text: String,
}

/// Every line is a paragraph, but a line broken off in mid-sentence goes on in the next.
pub(super) fn paragraphs(lines: &[Passage]) -> Vec<Passage> {
    let mut paragraphs: Vec<Passage> = Vec::new();
    let mut open = false;
    for line in lines {
        match paragraphs.last_mut() {
            Some(last) if open && !line.text.is_empty() => {
                last.text.push(' ');
                last.text.push_str(&line.text);
            }
            _ if !line.text.is_empty() => paragraphs.push(line.clone()),
            _ => {}
        }
        open = goes_on(&line.text);
    }
    paragraphs
}

/// Whether a line breaks off in mid-sentence, so that the next belongs to its paragraph.
pub(super) fn goes_on(line: &str) -> bool {
    line.chars().count() >= NARROWEST_WRAP && !ends_a_sentence(line) && !line.ends_with(['?', ':'])
}

/// Parts the text under the lead into a dek and the rest. The first line is the dek if it is no
/// sentence, and either looks like a title or has more text after it.
pub(super) fn dek(mut lines: Vec<Passage>) -> (Option<Passage>, Vec<Passage>) {
    lines.drain(..lines.iter().take_while(|line| line.text.is_empty()).count());
    let mut texts = lines.iter().map(|line| line.text.as_str());
    let first = texts.next().unwrap_or_default();
    let second = texts.next();
    let wrapped = second.is_some_and(|next| next.starts_with(char::is_lowercase));
    let more = lines.iter().skip(1).any(|line| !line.text.is_empty());
    if first.is_empty() || wrapped || !may_be_dek(first) || !(more || is_title_case(first)) {
        return (None, lines);
    }
    let rest = lines.split_off(1);
    (lines.pop(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages(texts: &[&str]) -> Vec<Passage> {
        texts.iter().zip(1..).map(|(text, no)| Passage { no, text: (*text).to_owned() }).collect()
    }

    #[test]
    fn wrapped_lines_are_joined_and_others_are_not() {
        let lines = passages(&[
            "The harbour bridge, which has been closed to lorries since",
            "May, opens on Monday.",
            "A second paragraph.",
            "",
            "A third",
            "A fourth",
        ]);
        let joined = paragraphs(&lines);
        let texts: Vec<_> = joined.iter().map(|p| (p.no, p.text.as_str())).collect();
        assert_eq!(
            texts,
            [
                (
                    1,
                    "The harbour bridge, which has been closed to lorries since May, opens on Monday."
                ),
                (3, "A second paragraph."),
                (5, "A third"),
                (6, "A fourth"),
            ]
        );
    }

    #[test]
    fn the_first_line_is_the_dek_if_it_is_no_sentence() {
        for (texts, expected) in [
            (vec!["Ferries To Run At Night", "They ran."], Some("Ferries To Run At Night")),
            (vec!["ferries are to run at night", "They ran."], Some("ferries are to run at night")),
            (vec!["", "Ferries To Run At Night"], Some("Ferries To Run At Night")),
            (vec!["ferries are to run at night"], None),
            (vec!["Ferries ran.", "They ran."], None),
            (vec!["Ferries are to run on Sundays and", "on holidays."], None),
            (vec![], None),
        ] {
            let (dek, rest) = dek(passages(&texts));
            assert_eq!(dek.map(|dek| dek.text).as_deref(), expected, "{texts:?}");
            assert!(rest.len() <= texts.len());
        }
    }
}
