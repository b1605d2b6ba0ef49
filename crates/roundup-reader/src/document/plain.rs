//! Parses pasted plain text into a document.

use super::{Document, Kind, Line, Link, unwrap};
use crate::lexicon::{self, Kind as Words};
use crate::text::{self, part};
use std::ops::Range;

/// Characters before a list item.
const BULLETS: [char; 28] = [
    '•', '●', '·', '∙', '◦', '○', '▪', '■', '□', '▫', '►', '▶', '▸', '»', '→', '⇒', '➤', '✓', '★',
    '☆', '*', '-', '–', '—', '+', '~', '‣', '⁃',
];

/// A bare URL in a text, and its range of bytes.
pub(crate) struct BareUrl {
    pub(crate) range: Range<usize>,
    pub(crate) url: String,
}

/// Finds the bare http and https URLs in a text.
pub(crate) fn bare_urls(text: &str) -> Vec<BareUrl> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = part(text, from..text.len()).find("://") {
        let colon = from + at;
        from = colon + 3;
        let head = part(text, 0..colon);
        let scheme = if head.ends_with("https") || head.ends_with("HTTPS") {
            5
        } else if head.ends_with("http") || head.ends_with("HTTP") {
            4
        } else {
            continue;
        };
        let start = colon - scheme;
        let before = part(text, 0..start).chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
            continue;
        }
        let rest = part(text, colon + 3..text.len());
        let stop = |c: char| {
            c.is_whitespace()
                || matches!(c, '<' | '>' | '"' | '“' | '”' | '«' | '»' | '`')
                || text::is_wide(c)
                || matches!(c, '，' | '。' | '）' | '】' | '」')
        };
        let mut end = colon + 3 + rest.find(stop).unwrap_or(rest.len());
        end = start + trim_url(part(text, start..end)).len();
        if end > colon + 3 && !part(text, colon + 3..end).starts_with(['/', '.', '?', '#']) {
            found.push(BareUrl { range: start..end, url: part(text, start..end).to_owned() });
            from = end;
        }
    }
    found
}

/// Strips the punctuation after a URL. Brackets in pairs are part of the URL.
fn trim_url(url: &str) -> &str {
    let mut url = url;
    // Counted once; counting for every bracket would take quadratic time.
    let mut open = url.matches('(').count();
    let mut closed = url.matches(')').count();
    loop {
        let Some(last) = url.chars().next_back() else { return url };
        let drop = match last {
            ')' => closed > open,
            '(' => true,
            _ => matches!(
                last,
                '.' | ',' | ';' | ':' | '!' | '?' | '\'' | ']' | '}' | '*' | '’' | '…' | '|'
            ),
        };
        if !drop {
            return url;
        }
        closed -= usize::from(last == ')');
        open -= usize::from(last == '(');
        url = part(url, 0..url.len() - last.len_utf8());
    }
}

/// Reads pasted text.
pub(crate) fn read(input: &str) -> Document {
    let input = input.strip_prefix('\u{FEFF}').unwrap_or(input);
    let input = input.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let numbered = counted_lines(input.split('\n'));
    let mut lines: Vec<Line> = Vec::new();
    let mut after_blank_line = false;
    let mut in_item = false;
    for (index, written) in input.split('\n').enumerate() {
        let trimmed = written.trim();
        if trimmed.is_empty() {
            after_blank_line = true;
            continue;
        }
        let indented = written.starts_with([' ', '\t']);
        let counted = numbered.binary_search(&index).is_ok();
        let mut line = parse_line(trimmed, index + 1, counted);
        line.preceded_by_blank_line = std::mem::take(&mut after_blank_line) && !lines.is_empty();
        if line.starts_item {
            in_item = true;
        } else if in_item && indented && line.kind == Kind::Paragraph {
            // An indented line continues the item.
            line.kind = Kind::Item;
            line.depth = 1;
        } else {
            in_item = false;
        }
        lines.push(line);
    }
    Document { lines: unwrap(lines), plain: true }
}

/// Parses a line. `counted` says whether a number at its start is that of a list item.
fn parse_line(written: &str, no: usize, counted: bool) -> Line {
    let mut line = Line::new(no, Kind::Paragraph);
    written.clone_into(&mut line.raw);
    let mut body = written;
    if !written.chars().any(char::is_alphanumeric) {
        line.kind = Kind::Rule;
        written.clone_into(&mut line.text);
        return line;
    }
    if let Some(rest) = written.strip_prefix('>') {
        line.kind = Kind::Quote;
        body = rest.trim();
    } else if let Some((number, rest)) = bullet(written, counted) {
        (line.kind, line.starts_item, line.depth, line.number) = (Kind::Item, true, 1, number);
        body = rest;
    }
    link_urls(&mut line, &collapse_spaces(body));
    line
}

/// Collapses white space to single spaces. A tab, or three or more spaces, becomes one tab, because it
/// may separate columns.
fn collapse_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for character in text.trim().chars() {
        match character {
            '\t' => run += 3,
            '\u{200B}' | '\u{AD}' => {}
            c if c.is_whitespace() => run += 1,
            c => {
                match run {
                    0 => {}
                    1 | 2 => out.push(' '),
                    _ => out.push('\t'),
                }
                run = 0;
                out.push(c);
            }
        }
    }
    out
}

/// Returns whether the text before a URL only says that it is one: "Read:", "Link:", "Source:".
fn is_url_label(head: &str) -> bool {
    let Some(label) = head.trim_end().strip_suffix([':', '：', '→']) else { return false };
    let label = label.trim().to_lowercase();
    [Words::More, Words::Source, Words::Pointer].iter().any(|kind| lexicon::is(*kind, &label))
}

/// Sets the text of a line and links its URLs. The first URL at the end or the start of the line is
/// removed from the text and links the whole line; others are linked in place.
fn link_urls(line: &mut Line, text: &str) {
    let found = bare_urls(text);
    let around = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']');
    let alone = found.len() == 1
        && found.first().is_some_and(|bare| {
            let out = |range: Range<usize>| {
                part(text, range).chars().all(|c| around(c) || ".,;:-–—".contains(c))
            };
            let head = part(text, 0..bare.range.start);
            (out(0..bare.range.start) || is_url_label(head)) && out(bare.range.end..text.len())
        });
    if alone {
        line.url = found.into_iter().next().map(|bare| bare.url);
        line.text = line.url.clone().unwrap_or_default();
        line.links = vec![Link { range: 0..line.text.len(), url: line.text.clone() }];
        return;
    }
    // URLs at the end of the line.
    let mut end = text.len();
    let mut tail = 0;
    for bare in found.iter().rev() {
        let after = part(text, bare.range.end..end);
        if !after.chars().all(|c| around(c) || matches!(c, '.' | ',' | ';')) {
            break;
        }
        end = bare.range.start;
        tail += 1;
    }
    let head = part(text, 0..end);
    let opened = head.trim_end().ends_with(['(', '<', '[']);
    let mut title = head.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '('));
    if opened && !title.ends_with(')') {
        title = title.trim_end_matches('[').trim_end();
    }
    let others = found.len() - tail;
    if tail > 0 && others == 0 && text::has_letter(title) {
        title.trim_end_matches([':', '→']).trim_end().clone_into(&mut line.text);
        let mut urls = found.into_iter().map(|bare| bare.url);
        if let Some(url) = urls.next() {
            line.links.push(Link { range: 0..line.text.len(), url });
        }
        // Further URLs stay in the text, each with its own link.
        for url in urls {
            let start = line.text.len() + 1;
            line.text.push(' ');
            line.text.push_str(&url);
            line.links.push(Link { range: start..line.text.len(), url });
        }
        return;
    }
    // A URL at the start, and the title after it.
    if let [first] = found.as_slice()
        && part(text, 0..first.range.start).chars().all(around)
    {
        let title = part(text, first.range.end..text.len());
        let title = title.trim_start_matches(|c: char| around(c) || "-–—:|".contains(c));
        if text::word_count(title) >= 2 {
            title.clone_into(&mut line.text);
            line.links.push(Link { range: 0..line.text.len(), url: first.url.clone() });
            return;
        }
    }
    text.clone_into(&mut line.text);
    line.links = found.into_iter().map(|bare| Link { range: bare.range, url: bare.url }).collect();
}

/// Parses the number and the text of a list item.
pub(super) fn bullet(text: &str, counted: bool) -> Option<(Option<u32>, &str)> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if BULLETS.contains(&first) || is_pictograph(first) {
        let rest = chars.as_str().trim_start_matches(['\u{FE0F}', '\u{200D}']);
        let body = rest.trim_start();
        let spaced = rest.len() > body.len();
        let hugging = !matches!(first, '-' | '*' | '–' | '—' | '+' | '~' | '·');
        if (spaced || hugging)
            && !body.is_empty()
            && !matches!(body.chars().next(), Some(c) if c == first)
        {
            return Some((None, body));
        }
        return None;
    }
    let (number, rest) = number(text)?;
    counted.then_some((Some(number), rest))
}

/// Returns whether a character is an emoji or a dingbat.
fn is_pictograph(character: char) -> bool {
    matches!(character, '\u{1F300}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}')
}

/// Parses the number at the start of a line; returns it and the text after it.
fn number(text: &str) -> Option<(u32, &str)> {
    let body = text.strip_prefix(['(', '#', '[']).unwrap_or(text);
    let digits = body.chars().take_while(char::is_ascii_digit).count();
    if !(1..=3).contains(&digits) {
        return None;
    }
    let number = part(body, 0..digits).parse().ok()?;
    let rest = part(body, digits..body.len());
    let marked = rest.strip_prefix(['.', ')', ':', ']', '/', '、', '．', '）']).unwrap_or(rest);
    let bare = marked.strip_prefix([' ', '\u{A0}']).map(str::trim_start);
    let after = match bare {
        Some(after) => after,
        None if rest.starts_with(['、', '．', '）']) => marked,
        None => return None,
    };
    // "1 Title" counts only before a capital.
    let plain = rest.len() == marked.len();
    (text::has_letter(after) && (!plain || text::starts_high(after))).then_some((number, after))
}

/// Returns the indices of lines, in order, whose numbers are part of a sequence.
pub(super) fn counted_lines(lines: impl Iterator<Item = impl AsRef<str>>) -> Vec<usize> {
    let found: Vec<(usize, u32)> = lines
        .enumerate()
        .filter_map(|(at, line)| number(line.as_ref().trim()).map(|(number, _)| (at, number)))
        .collect();
    let near =
        |a: Option<&(usize, u32)>, b: u32| a.is_some_and(|(_, a)| (1..=2).contains(&a.abs_diff(b)));
    let counted = found.iter().enumerate().filter(|(at, (_, number))| {
        near(at.checked_sub(1).and_then(|at| found.get(at)), *number)
            || near(found.get(at + 1), *number)
    });
    counted.map(|(_, (line, _))| *line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(input: &str) -> Vec<(Kind, String)> {
        read(input).lines.into_iter().map(|line| (line.kind, line.text)).collect()
    }

    #[test]
    fn bullets_and_counted_numbers_begin_items() {
        let item = |text: &str| (Kind::Item, text.to_owned());
        let line = |text: &str| (Kind::Paragraph, text.to_owned());
        assert_eq!(texts("• A b\n► C\n👉 D\n- e"), [item("A b"), item("C"), item("D"), item("e")]);
        assert_eq!(texts("1. A\n2. B\n10 Links"), [item("A"), item("B"), line("10 Links")]);
        assert_eq!(texts("24. Dezember"), [line("24. Dezember")]);
        assert_eq!(
            texts("-dash\n--\n> q"),
            [line("-dash"), (Kind::Rule, "--".into()), (Kind::Quote, "q".into())]
        );
    }

    #[test]
    fn wrapped_lines_are_joined_and_others_are_not() {
        let long = "The harbour bridge, which has been closed to lorries since";
        assert_eq!(read(&format!("{long}\nmay, opens on Monday.\nA second.")).lines.len(), 2);
        assert_eq!(read("The bridge\nopens").lines.len(), 2);
    }

    #[test]
    fn urls_at_the_end_link_the_line() {
        let read = read(
            "T -- O https://e.example/1\nhttps://e.example/2\nT (https://e.example/3)\nsee https://e.example/4 for it\nTwo https://e.example/5 https://e.example/6\nhttps://e.example/7 A title",
        );
        let links: Vec<(&str, Vec<&str>)> = read
            .lines
            .iter()
            .map(|line| {
                (line.text.as_str(), line.links.iter().map(|link| link.url.as_str()).collect())
            })
            .collect();
        assert_eq!(
            links,
            [
                ("T -- O", vec!["https://e.example/1"]),
                ("https://e.example/2", vec!["https://e.example/2"]),
                ("T", vec!["https://e.example/3"]),
                ("see https://e.example/4 for it", vec!["https://e.example/4"]),
                ("Two https://e.example/6", vec!["https://e.example/5", "https://e.example/6"]),
                ("A title", vec!["https://e.example/7"]),
            ]
        );
        assert!(read.lines[1].is_url());
    }

    #[test]
    fn punctuation_around_a_url_is_not_part_of_it() {
        let urls: Vec<String> =
            bare_urls("(https://e.example/a_(b)). http://e.example/c, x://y https://")
                .into_iter()
                .map(|bare| bare.url)
                .collect();
        assert_eq!(urls, ["https://e.example/a_(b)", "http://e.example/c"]);
    }
}
