//! Markdown to HTML that is still to be sanitised.

use std::collections::VecDeque;
use std::fmt;

use pulldown_cmark::html::write_html_fmt;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::elements::is_html;
use crate::sanitize::AuthorRole;

/// The number of quotes and list items that may nest.
///
/// The parser looks through all of them in each line, so without a limit it takes time with the
/// square of the text.
const MAX_CONTAINERS: usize = 256;

/// The number of lines over which the title of a link may reach.
///
/// For each line of a title the parser looks through all parts of the paragraph.
const MAX_TITLE_LINES: usize = 256;

const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH);

/// Returns the HTML of a Markdown text, or nothing if it could take the parser too long or if the
/// HTML is much longer than any text needs.
///
/// Raw HTML is passed on as it is, apart from tags that are no elements of HTML: these are text, in
/// which Markdown is read.
pub(crate) fn to_html(text: &str, role: AuthorRole) -> Option<String> {
    if text.lines().any(|line| max_containers(line) > MAX_CONTAINERS) || has_long_title(text) {
        return None;
    }
    // Link references and the missing cells of tables can grow with the square of the text.
    let limit = text.len().saturating_mul(16).saturating_add(64 * 1024);
    let mut writer = BoundedWriter { html: String::new(), limit };
    let events = BlockReader { parser: Parser::new_ext(text, OPTIONS), block: VecDeque::new() };
    let events = events.map(escape_unknown_tags);
    let written = match role {
        AuthorRole::Editor => write_html_fmt(&mut writer, events),
        AuthorRole::Reader => write_html_fmt(&mut writer, events.map(for_reader)),
    };
    written.ok().map(|()| writer.html)
}

/// Reads the events of a text. A block that `CommonMark` takes for HTML because a tag stands alone on
/// its first line, as in `<Type>`, is read as Markdown if that tag is no element of HTML.
struct BlockReader<'a> {
    parser: Parser<'a>,
    /// The events of such a block that were not returned yet.
    block: VecDeque<Event<'static>>,
}

impl<'a> Iterator for BlockReader<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some(event) = self.block.pop_front() {
            return Some(event);
        }
        let event = self.parser.next()?;
        if event != Event::Start(Tag::HtmlBlock) {
            return Some(event);
        }
        let mut lines = Vec::new();
        for event in self.parser.by_ref() {
            match event {
                Event::End(TagEnd::HtmlBlock) => break,
                Event::Html(line) | Event::Text(line) => lines.push(line),
                _ => {}
            }
        }
        let html = lines.concat();
        let tag = html.trim_start().strip_prefix('<');
        if tag.is_none_or(|tag| tag.starts_with(['!', '?']) || begins_markup(tag)) {
            self.block.push_back(Event::Html(html.into()));
            self.block.push_back(Event::End(TagEnd::HtmlBlock));
            return Some(event);
        }
        let text = format!("\\{}", html.trim_start());
        self.block.extend(Parser::new_ext(&text, OPTIONS).map(Event::into_static));
        self.next()
    }
}

/// Collects text up to a length, beyond which writing fails.
struct BoundedWriter {
    html: String,
    limit: usize,
}

impl fmt::Write for BoundedWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.html.len() + text.len() > self.limit {
            return Err(fmt::Error);
        }
        self.html.push_str(text);
        Ok(())
    }
}

/// Returns the largest number of quotes and list items that can be open in a line: one for each
/// marker at its start, and one for each two columns of its indentation.
fn max_containers(line: &str) -> usize {
    let (mut markers, mut columns) = (0, 0);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let mut after = rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            ' ' => columns += 1,
            '\t' => columns += 4,
            '>' | '-' | '+' | '*' => {}
            '0'..='9' => {
                after = after.trim_start_matches(|c: char| c.is_ascii_digit());
                let Some(behind) = after.strip_prefix(['.', ')']) else { break };
                after = behind;
            }
            _ => break,
        }
        if matches!(first, ' ' | '\t') {
            rest = after;
            continue;
        }
        // Only a quote's marker needs no space behind it.
        if first != '>' && !after.is_empty() && !after.starts_with([' ', '\t']) {
            break;
        }
        rest = after.strip_prefix(' ').unwrap_or(after);
        markers += 1;
    }
    markers + columns / 2
}

/// Returns whether the title of a link, which begins behind the space in `[a](b "title")`, may
/// reach over too many lines.
fn has_long_title(text: &str) -> bool {
    let has_bracketed_url = text.contains("](<");
    let mut ends_url = false;
    let mut begins_url = false;
    let mut start = 0;
    for token in text.split_inclusive(|c: char| c.is_ascii_whitespace()) {
        let word = token.trim_ascii();
        if word.is_empty() {
            start += token.len();
            continue;
        }
        let close: Option<&[char]> = match word.chars().next() {
            Some('"') => Some(&['"']),
            Some('\'') => Some(&['\'']),
            Some('(') => Some(&['(', ')']),
            _ => None,
        };
        if let Some(close) = close.filter(|_| ends_url) {
            let title = text.get(start + 1..).unwrap_or_default();
            let end = title.find(close).unwrap_or(title.len());
            let lines = title.bytes().take(end).filter(|byte| matches!(byte, b'\n' | b'\r'));
            if lines.count() > MAX_TITLE_LINES {
                return true;
            }
        }
        let url = word.rsplit_once("](").map(|(_, url)| url).or(begins_url.then_some(word));
        ends_url = url.is_some_and(|url| !closes_bracket(url))
            || (has_bracketed_url && word.ends_with('>'));
        begins_url = word.ends_with("](");
        start += token.len();
    }
    false
}

/// Whether a `)` closes the bracket before this text.
fn closes_bracket(text: &str) -> bool {
    let mut depth = 1;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => _ = characters.next(),
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

/// Makes a reader's heading a paragraph, and keeps the reader's line breaks.
fn for_reader(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Heading { .. }) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::Heading(_)) => Event::End(TagEnd::Paragraph),
        Event::SoftBreak => Event::HardBreak,
        other => other,
    }
}

fn escape_unknown_tags(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(html) => Event::Html(escape_unknown(html)),
        Event::InlineHtml(html) => Event::InlineHtml(escape_unknown(html)),
        other => other,
    }
}

/// Escapes each `<` that begins no comment and no tag of an HTML element.
fn escape_unknown(html: CowStr<'_>) -> CowStr<'_> {
    if !html.split('<').skip(1).any(|tag| !begins_markup(tag)) {
        return html;
    }
    let mut escaped = String::with_capacity(html.len() + 16);
    for (n, tag) in html.split('<').enumerate() {
        if n > 0 {
            escaped.push_str(if begins_markup(tag) { "<" } else { "&lt;" });
        }
        escaped.push_str(tag);
    }
    escaped.into()
}

/// Whether a `<` before this text begins a comment or a tag of an HTML element.
fn begins_markup(tag: &str) -> bool {
    let name = tag.strip_prefix('/').unwrap_or(tag);
    let end =
        name.find(|character: char| character.is_ascii_whitespace() || "/>".contains(character));
    tag.starts_with("!--") || is_html(name.get(..end.unwrap_or(name.len())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_and_indentation_count_as_containers() {
        for (line, count) in [
            ("a > b", 0),
            ("> > a", 2),
            (">>>", 3),
            ("- + * 1. 23) a", 5),
            ("    \t- a", 5),
            ("--- ", 0),
            ("**bold**", 0),
            ("2014 was", 0),
            ("-", 1),
        ] {
            assert_eq!(max_containers(line), count, "{line:?}");
        }
    }

    #[test]
    fn a_link_title_over_many_lines_is_refused() {
        let lines = "\na".repeat(300);
        for start in
            ["[a](b \"", "[a](b\n '", "[a]( b (", "[a](<b c>  \"", "[a](b)](c \"", "[a](b\\) '"]
        {
            assert!(has_long_title(&format!("x {start}{lines}")), "{start}");
            assert!(!has_long_title(&format!("x {start}y\")') z{lines}")), "{start}");
        }
        for text in ["a \"b", "[a](b) \"c", "[a](b) c \"d", "[a](b) > \"c", "(see"] {
            assert!(!has_long_title(&format!("{text}{lines}")), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_parsed() {
        let role = AuthorRole::Editor;
        assert!(to_html(&"> ".repeat(257), role).is_none());
        assert!(to_html(&format!("a\n{}1. b", "\t".repeat(128)), role).is_none());
        assert!(to_html(&"> ".repeat(256), role).is_some());
        assert!(to_html(&"| a ".repeat(10_000), role).is_some());
    }
}
