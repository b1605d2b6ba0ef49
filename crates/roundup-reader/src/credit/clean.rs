//! Takes off a credit line what is no name: brackets, flags, labels, dates.

use crate::lexicon::{self, Kind};
use crate::name;
use crate::text::{self, part};

/// Takes off brackets and quotation marks around the whole, a label such as "Source:" before it
/// and punctuation behind it.
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
        line = unstress(line);
        line = label_off(line);
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

fn unstress(line: &str) -> &str {
    for mark in ["**", "__", "*", "_"] {
        if let Some(inner) = line.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark))
            && !inner.is_empty()
        {
            return inner;
        }
    }
    line
}

fn label_off(line: &str) -> &str {
    let Some(length) = lexicon::prefix(Kind::Source, line) else { return line };
    let rest = part(line, length..line.len());
    let after = rest.trim_start();
    // Before a name a colon is needed, but for words such as "via".
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

/// Whether a text is a flag such as "subscription".
pub(crate) fn is_flag(text: &str) -> bool {
    let text = text.trim();
    lexicon::is(Kind::Flag, text)
        || text.split([',', ';', '/']).all(|one| lexicon::is(Kind::Flag, one.trim()))
        || is_page(text)
}

/// "p. 12", "S. 3", "page A1".
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

/// "4th Update", "January 26, 2010", "Analysis".
pub(super) fn is_remark(text: &str) -> bool {
    let words = text::words(text);
    words.is_empty()
        || words.iter().any(|word| word.starts_with("update"))
        || (words.len() == 1 && lexicon::is(Kind::Speaker, text.trim()))
        || name::is_dated(text)
}

/// Takes "(blog)", "[subscription]", ", paywall" and a paywall's "+" off the end.
pub(crate) fn flags_off(line: &str) -> &str {
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
        let plus = || line.strip_suffix(['+', '$', '€', '£', '🔒', '🎥', '🎧', '📺']);
        match bracket.or_else(comma).or_else(plus).map(str::trim_end) {
            Some(shorter) if !shorter.is_empty() => line = shorter,
            _ => return line,
        }
    }
}

/// Takes a date at the end off, behind a comma or a space, with the mark before it.
pub(super) fn date_off(line: &str) -> &str {
    let Some(first) = line.find(|c: char| c.is_ascii_digit()) else {
        return line;
    };
    // From the longest tail that can be a date to the shortest.
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

/// Whether it is a date rather than a number that belongs to a name ("Channel 4", "France 24").
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

/// Takes an article off the start: "the Tampa Bay Times".
pub(super) fn article_off(name: &str) -> &str {
    for article in
        ["the ", "der ", "dem ", "den ", "die ", "das ", "la ", "le ", "l’", "l'", "il ", "el "]
    {
        if let Some(rest) = name.strip_prefix(article) {
            return rest;
        }
    }
    name
}

/// What follows a leading "by ".
pub(super) fn after_by(text: &str) -> Option<&str> {
    let length = lexicon::prefix(Kind::By, text)?;
    let rest = part(text, length..text.len());
    let names = rest.trim_start_matches([' ', ':', '：', '\u{A0}']).trim();
    let spaced = rest.len() > names.len() || rest.chars().next().is_some_and(text::is_wide);
    // "By" vouches for a name only before something like one.
    let lettered = names.chars().next().is_some_and(|c| c.is_alphabetic() || c == '@');
    (spaced && lettered && rest.starts_with([' ', ':', '：', '\u{A0}'])).then_some(names)
}

/// Takes what an author is off a list of names: ", staff writer".
pub(super) fn role_off(list: &str) -> &str {
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
