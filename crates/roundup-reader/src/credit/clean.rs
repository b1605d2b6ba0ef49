//! Strips brackets, flags, labels and dates from a credit line.

use crate::lexicon::{self, Kind};
use crate::name;
use crate::text::{self, part};

/// Strips brackets and quotation marks around the line, a label such as "Source:" before it and
/// punctuation after it.
pub(super) fn tidy(line: &str) -> &str {
    let mut line = line.trim();
    for _ in 0..4 {
        let before = line.len();
        line = line.trim().trim_end_matches([',', ';', ':', '|', '·', '•']).trim_end();
        // A full stop at the end, but not that of "U.S." or "Inc."
        if let Some(bare) = line.strip_suffix('.')
            && !bare.ends_with('.')
            && !bare.rsplit(' ').next().unwrap_or_default().contains('.')
            && bare.rsplit(' ').next().unwrap_or_default().chars().count() > 3
        {
            line = bare;
        }
        line = line
            .trim_start_matches([',', ';', '|', '·', '•', '–', '—', '-', '~', '→'])
            .trim_start();
        line = unbracket(line);
        line = text::unquote(line);
        line = strip_emphasis(line);
        line = strip_label(line);
        if line.len() == before {
            break;
        }
    }
    if name::person(line) == name::Person::Listed {
        line
    } else {
        line.strip_prefix('@').unwrap_or(line)
    }
}

/// Strips brackets around the line.
fn unbracket(line: &str) -> &str {
    for (open, close) in
        [('(', ')'), ('[', ']'), ('（', '）'), ('【', '】'), ('{', '}'), ('〔', '〕'), ('［', '］')]
    {
        if let Some(inner) = line.strip_prefix(open).and_then(|rest| rest.strip_suffix(close))
            && !inner.contains(open)
            && !inner.contains(close)
        {
            return inner.trim();
        }
    }
    line
}

/// Strips Markdown emphasis around the line.
fn strip_emphasis(line: &str) -> &str {
    for mark in ["**", "__", "*", "_"] {
        if let Some(inner) = line.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark))
            && !inner.is_empty()
        {
            return inner;
        }
    }
    line
}

/// Strips a label such as "Source:" at the start.
fn strip_label(line: &str) -> &str {
    let Some(length) = lexicon::prefix(Kind::Source, line) else { return line };
    let rest = part(line, length..line.len());
    let after = rest.trim_start();
    // A label needs a colon, except for words such as "via".
    if let Some(name) = after.strip_prefix([':', '：', '–', '—', '-', '/']) {
        return name.trim_start();
    }
    let word = part(line, 0..length).to_lowercase();
    let plain = [
        "via",
        "h/t",
        "hat tip",
        "hattip",
        "courtesy of",
        "vía",
        "published in",
        "vu sur",
        "lu dans",
    ];
    if plain.contains(&word.as_str()) && !after.is_empty() && rest.starts_with(' ') {
        return after;
    }
    line
}

/// Returns whether a text is a flag such as "subscription".
pub(crate) fn is_flag(text: &str) -> bool {
    let text = text.trim();
    lexicon::is(Kind::Flag, text)
        || text.split([',', ';', '/']).all(|flag| lexicon::is(Kind::Flag, flag.trim()))
        || is_page(text)
}

/// Returns whether a text is a page number: "p. 12", "S. 3", "page A1".
fn is_page(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(first), Some(second), None) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let head = first.trim_end_matches('.').to_lowercase();
    ["p", "pp", "s", "page", "seite", "pág", "pag"].contains(&head.as_str())
        && second.chars().any(|c| c.is_ascii_digit())
        && second.len() <= 8
}

/// Returns whether a text is a remark or a date: "4th Update", "January 26, 2010", "Analysis".
pub(super) fn is_remark(text: &str) -> bool {
    let words = text::words(text);
    words.is_empty()
        || words.iter().any(|word| word.starts_with("update"))
        || (words.len() == 1 && lexicon::is(Kind::Speaker, text.trim()))
        || name::is_dated(text)
}

/// Strips "(blog)", "[subscription]", ", paywall" and the "+" of a paywall at the end.
pub(crate) fn strip_flags(line: &str) -> &str {
    let mut line = line.trim_end();
    loop {
        let bracket = [('(', ')'), ('[', ']'), ('（', '）'), ('【', '】'), ('［', '］')]
            .iter()
            .find_map(|(open, close)| {
                let (before, flag) = line.strip_suffix(*close)?.rsplit_once(*open)?;
                (is_flag(flag) || name::is_dated(flag)).then_some(before)
            });
        let comma = || {
            let (before, flag) = line.rsplit_once([',', '|', '·'])?;
            is_flag(flag).then_some(before)
        };
        let more = || {
            let cuts = line.match_indices(' ').map(|(at, _)| at).rev().take(4);
            cuts.map(|at| (part(line, 0..at), part(line, at + 1..line.len()))).find_map(
                |(before, tail)| {
                    (text::starts_high(tail) && crate::labels::is_read_more(tail)).then_some(before)
                },
            )
        };
        let plus = || line.strip_suffix(['+', '$', '€', '£', '🔒', '🎥', '🎧', '📺']);
        match bracket.or_else(comma).or_else(plus).or_else(more).map(str::trim_end) {
            Some(shorter) if !shorter.is_empty() => line = shorter,
            _ => return line,
        }
    }
}

/// Strips a date at the end, after a comma or a space, with the separator before it.
pub(super) fn strip_date(line: &str) -> &str {
    let Some(first) = line.find(|c: char| c.is_ascii_digit()) else {
        return line;
    };
    // Tries the longest possible date first.
    let head = part(line, 0..first);
    let marks = head.match_indices([',', '|', ';', '(', '–', '—', '-', '·', '•']).map(|(at, _)| at);
    let mut cuts: Vec<usize> = marks.rev().take(3).collect();
    cuts.extend(head.match_indices(' ').map(|(at, _)| at).rev().take(3));
    cuts.sort_unstable();
    for at in cuts {
        let tail = part(line, at..line.len());
        let tail = tail.trim_matches(|c: char| !c.is_alphanumeric());
        let before = part(line, 0..at)
            .trim_end_matches(|c: char| c.is_whitespace() || ",|;(–—-·•".contains(c));
        if name::is_dated(tail) && !before.is_empty() && looks_like_date(tail) {
            return before;
        }
    }
    line
}

/// Returns whether a text is a date rather than a number that belongs to a name ("Channel 4", "France 24").
fn looks_like_date(text: &str) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count();
    let words = text.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        lexicon::is(Kind::Month, word)
            || lexicon::is(Kind::Day, word)
            || lexicon::is(Kind::Time, word)
    });
    numbers >= 2 || words || text.len() == 4 && (text.starts_with("19") || text.starts_with("20"))
}

/// Strips an article at the start: "the Tampa Bay Times".
pub(super) fn strip_article(name: &str) -> &str {
    for article in
        ["the ", "der ", "dem ", "den ", "die ", "das ", "la ", "le ", "l’", "l'", "il ", "el "]
    {
        if let Some(rest) = name.strip_prefix(article) {
            return rest;
        }
    }
    name
}

/// Returns the text after a leading "by ".
pub(super) fn after_by(text: &str) -> Option<&str> {
    let length = lexicon::prefix(Kind::By, text)?;
    let rest = part(text, length..text.len());
    let names = rest.trim_start_matches([' ', ':', '：', '\u{A0}']).trim();
    let spaced = rest.len() > names.len() || rest.chars().next().is_some_and(text::is_wide);
    // After "by" comes a letter or a handle.
    let lettered = names.chars().next().is_some_and(|c| c.is_alphabetic() || c == '@');
    (spaced && lettered && rest.starts_with([' ', ':', '：', '\u{A0}'])).then_some(names)
}

/// Strips roles at the end of a list of names: ", staff writer".
pub(super) fn strip_role(list: &str) -> &str {
    let mut list = list;
    while let Some((before, role)) = list.rsplit_once(',') {
        let words: Vec<&str> = role.split_whitespace().collect();
        let is_role = words.iter().any(|word| lexicon::is(Kind::Role, word));
        if !is_role || words.len() > 5 {
            break;
        }
        list = before.trim_end();
    }
    list
}
