//! What looks like a person's name, and what cannot be an outlet's.

/// Words that stand in lower case within a person's name.
const PARTICLES: [&str; 27] = [
    "af", "al", "av", "bin", "bint", "da", "das", "de", "del", "della", "den", "der", "di", "do",
    "dos", "du", "e", "el", "ibn", "la", "le", "st", "ten", "ter", "van", "von", "y",
];

/// What stands after a dash in headlines without being an outlet.
const REMARKS: [&str; 28] = [
    "analysis",
    "analyst",
    "analysts",
    "audio",
    "breaking",
    "commentary",
    "corrected",
    "correction",
    "editorial",
    "exclusive",
    "feature",
    "live",
    "official",
    "officials",
    "opinion",
    "photo",
    "photos",
    "poll",
    "report",
    "reports",
    "review",
    "source",
    "sources",
    "study",
    "survey",
    "timeline",
    "transcript",
    "video",
];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Two to six capitalised words without digits: "Ian Black", "Army Spc. Michael J. Roe".
pub(super) fn looks_like_person(name: &str) -> bool {
    let words: Vec<&str> = name.split_whitespace().collect();
    let particles = words.iter().filter(|word| PARTICLES.contains(word)).count();
    words.len() <= 6
        && words.len() - particles >= 2
        && words.first().is_some_and(|first| !first.eq_ignore_ascii_case("the"))
        && words.iter().all(|word| PARTICLES.contains(word) || is_name_word(word))
}

fn is_name_word(word: &str) -> bool {
    let carried = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.' | '‑');
    word.chars().next().is_some_and(|first| first.is_alphabetic() && !first.is_lowercase())
        && word.chars().all(carried)
}

/// The persons of a list such as "A, B and C" when every part looks like a person.
pub(super) fn persons(list: &str) -> Option<Vec<String>> {
    let names = parts(list, true);
    let all = !names.is_empty() && names.iter().all(|name| looks_like_person(name));
    all.then(|| owned(&names))
}

/// The authors after a "by". The word vouches for them, so a single word or a group's name is
/// taken too; a list is parted only where its parts look like names.
pub(super) fn authors(list: &str) -> Vec<String> {
    if let Some(persons) = persons(list) {
        return persons;
    }
    let names = parts(list, false);
    let single = |name: &str| !name.contains(char::is_whitespace);
    if names.iter().all(|name| looks_like_person(name) || single(name)) {
        return owned(&names);
    }
    vec![list.trim().to_owned()]
}

fn parts(list: &str, at_commas: bool) -> Vec<&str> {
    list.split(" and ")
        .flat_map(|part| part.split(" & "))
        .flat_map(|part| part.split(move |c| at_commas && c == ','))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether an unknown text after a dash may be an outlet: at most five words, capitalised, and
/// neither an update, a date nor a remark.
pub(super) fn may_be_outlet(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    (1..=5).contains(&words.len())
        && text.chars().any(char::is_alphabetic)
        && !text.contains("://")
        && !text.starts_with(['"', '“', '‘', '\'', '('])
        && !text.ends_with(['?', '!', ':', ';', ','])
        && (words.len() == 1 || words.iter().all(|word| is_capitalised(word) || is_short(word)))
        && words.iter().any(|word| words.len() == 1 || is_capitalised(word))
        && !is_remark(text)
}

fn is_capitalised(word: &str) -> bool {
    word.chars().find(|c| c.is_alphanumeric()).is_some_and(|first| !first.is_lowercase())
}

/// Words such as "of", "and", "the", which an outlet's name may hold in lower case.
fn is_short(word: &str) -> bool {
    word.chars().count() <= 3
}

/// "4th Update", "January 26, 2010", "Analysis".
pub(super) fn is_remark(text: &str) -> bool {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let updated = words.iter().any(|word| word.starts_with("update"));
    let remark = words.len() == 1 && words.iter().any(|word| REMARKS.contains(&word.as_str()));
    words.is_empty() || updated || remark || is_date(&words)
}

fn is_date(words: &[String]) -> bool {
    let number = |word: &str| word.chars().next().is_some_and(|first| first.is_ascii_digit());
    let month = |word: &str| MONTHS.iter().any(|month| word.starts_with(month)) && word.len() <= 9;
    let day = |word: &str| DAYS.contains(&word);
    let numbers = words.iter().filter(|word| number(word)).count();
    words.iter().all(|word| number(word) || month(word) || day(word))
        && (numbers > 0 || words.iter().all(|word| day(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_told_from_other_words() {
        for name in [
            "Ian Black",
            "Jane O’Roe-Smith",
            "BRIAN KNOWLTON",
            "Ludwig van Beethoven",
            "Army Spc. Michael J. MacLeod",
            "Laurent P. René de Cotret",
            "Анна Ахматова",
        ] {
            assert!(looks_like_person(name), "{name}");
        }
        for name in
            ["WTVY", "The Guardian", "24 Hours", "ian black", "News & Observer", "", "de la"]
        {
            assert!(!looks_like_person(name), "{name}");
        }
    }

    #[test]
    fn author_lists_are_parted_only_between_names() {
        for (list, names) in [
            ("Ian Black and Jane Roe", vec!["Ian Black", "Jane Roe"]),
            ("Ann Bee, Cy Dee, and Eve Eff", vec!["Ann Bee", "Cy Dee", "Eve Eff"]),
            ("Ann Bee & Cy Dee", vec!["Ann Bee", "Cy Dee"]),
            ("effectfully", vec!["effectfully"]),
            ("Bee, Celeste", vec!["Bee, Celeste"]),
            ("The Harbour Interlude", vec!["The Harbour Interlude"]),
            ("the department of ships and harbours", vec!["the department of ships and harbours"]),
        ] {
            assert_eq!(authors(list), names);
        }
    }

    #[test]
    fn remarks_and_dates_are_no_outlets() {
        for text in [
            "4th Update",
            "Update",
            "UPDATED",
            "January 26, 2010",
            "26 Jan. 2010",
            "Telescope sees it come near",
            "2010-01-26",
            "Sunday",
            "Analysis",
            "Sources",
            "…",
            "so it seems",
            "why?",
        ] {
            assert!(!may_be_outlet(text), "{text}");
        }
        for text in ["WSJ", "al.com", "Harbour Gazette", "Channel 4", "The May Reporter", "新华社"]
        {
            assert!(may_be_outlet(text), "{text}");
        }
    }
}
