//! Reads a line of Markdown as a source: which part is the title, which the credit.
//!
//! A link, or strong text at the start, says where the title ends. So what stands behind it
//! may be an unknown outlet after any dash, in brackets, or an author after "by".

use super::blocks::{Inline, Link};
use super::credit::{after_by, known, parse_credit, sure};
use super::line::is_web;
use super::names::{looks_like_person, may_be_outlet};
use super::split::{Split, split_line};
use super::{Confidence, Credit, Outlets};

/// What parts a title from what stands behind or before it.
const DASHES: [&str; 6] = ["--", "—", "–", "-", "|", "·"];

/// The most words an author list after "by" may have; more is running text.
const LONGEST_BYLINE: usize = 12;

/// A line read as a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribution {
    pub(super) split: Split,
    pub(super) url: Option<String>,
    /// The links after the first.
    pub(super) others: Vec<Link>,
    /// Text around the title that is no credit.
    pub(super) left_over: Option<String>,
    /// Whether the line begins with its title: a link, or strong text with a credit behind it.
    pub(super) leads: bool,
}

/// Reads a line; without links and strong text it is parted like any other line.
pub(super) fn attribution(inline: &Inline, outlets: &dyn Outlets) -> Attribution {
    let mut links = inline.links.iter().filter(|link| is_web(&link.url));
    let first = links.next();
    let others = links.cloned().collect();
    if let Some(link) = first {
        return linked(inline, link, others, outlets);
    }
    let text = one_line(&inline.text);
    let strong = inline.strong.clone().filter(|at| at.start == 0 && at.end > 0);
    if let Some(end) = strong.map(|at| at.end)
        && let (Some(title), Some(tail)) = (inline.text.get(..end), inline.text.get(end..))
        && let Behind { credit: Some(credit), left_over: None } = behind(tail, outlets)
    {
        let split = credit.behind(one_line(title));
        return Attribution { split, url: None, others, left_over: None, leads: true };
    }
    let split = split_line(&text, outlets);
    Attribution { split, url: None, others, left_over: None, leads: false }
}

fn linked(inline: &Inline, link: &Link, others: Vec<Link>, outlets: &dyn Outlets) -> Attribution {
    let before = inline.text.get(..link.at.start).unwrap_or_default().trim();
    let tail = inline.text.get(link.at.end..).unwrap_or_default();
    let title = one_line(&link.title);
    let title = if title.is_empty() { link.url.clone() } else { title };
    let Behind { credit, mut left_over } = behind(tail, outlets);
    if left_over.as_ref().is_some_and(|text| only_names(text, &others)) {
        left_over = None;
    }
    let outlet =
        before.trim_end_matches(|c: char| c == ':' || c.is_whitespace() || "-–—|".contains(c));
    let (title, credit) = match (credit, known(outlet, outlets)) {
        (None, Some(name)) => (title, Some(Found::outlet(outlet, name))),
        (credit, _) if before.is_empty() => (title, credit),
        (credit, _) => (format!("{} {title}", one_line(before)), credit),
    };
    let mut split = match credit {
        Some(credit) => credit.behind(title),
        None => Split::whole(&title),
    };
    if left_over.is_some() {
        split.confidence = Confidence::Low;
        split.doubt = split.doubt.or(Some("text behind the title, kept as its excerpt"));
    }
    let leads = left_over.is_none() && (before.is_empty() || is_tags(before));
    Attribution { split, url: Some(link.url.clone()), others, left_over, leads }
}

/// A credit that was found, not yet joined to its title.
struct Found {
    credit: String,
    credits: Vec<Credit>,
    doubt: Option<&'static str>,
}

impl Found {
    fn outlet(written: &str, name: String) -> Self {
        let credits = vec![Credit { outlet: Some(name), bylines: Vec::new() }];
        Found { credit: written.to_owned(), credits, doubt: None }
    }

    fn behind(self, title: String) -> Split {
        let Found { credit, credits, doubt } = self;
        let confidence = if doubt.is_some() { Confidence::Low } else { Confidence::High };
        Split { title, credit: Some(credit), credits, confidence, doubt }
    }
}

/// What stands behind a title.
struct Behind {
    credit: Option<Found>,
    left_over: Option<String>,
}

fn behind(tail: &str, outlets: &dyn Outlets) -> Behind {
    let tail = one_line(tail);
    let text = tail.trim_start_matches(',').trim();
    if !text.chars().any(char::is_alphanumeric) {
        return Behind { credit: None, left_over: None };
    }
    let credit = credit_behind(text, outlets);
    let left_over = credit.is_none().then(|| text.trim_start_matches([':', '.']).trim().to_owned());
    Behind { credit, left_over }
}

fn credit_behind(text: &str, outlets: &dyn Outlets) -> Option<Found> {
    let dashed = DASHES.iter().find_map(|dash| text.strip_prefix(dash));
    let dashed = dashed.filter(|rest| rest.starts_with(char::is_whitespace));
    let bracketed = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let named = dashed.or(bracketed).map(str::trim);
    let written = named.unwrap_or(text);
    let by = after_by(written).is_some();
    if by && written.split_whitespace().count() > LONGEST_BYLINE {
        return None;
    }
    if (named.is_some() || by || known(written, outlets).is_some())
        && let Some(credits) = sure(written, outlets)
    {
        return Some(Found { credit: written.to_owned(), credits, doubt: None });
    }
    if named.is_some() && may_be_outlet(written) {
        let (credits, _) = parse_credit(written, outlets);
        let doubt = Some("the outlet is not known");
        return Some(Found { credit: written.to_owned(), credits, doubt });
    }
    looks_like_person(written).then(|| Found {
        credit: written.to_owned(),
        credits: vec![Credit { outlet: None, bylines: vec![written.to_owned()] }],
        doubt: Some("taken for the author, though no \"by\" says so"),
    })
}

/// "[video]", "[ES] [easy]".
fn is_tags(text: &str) -> bool {
    text.split_whitespace().all(|word| word.starts_with('[') && word.ends_with(']'))
}

/// Whether a text holds little but the titles of further links.
fn only_names(text: &str, links: &[Link]) -> bool {
    let mut rest = text.to_owned();
    for link in links {
        rest = rest.replacen(&one_line(&link.title), " ", 1);
    }
    rest.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .all(|word| matches!(word.to_lowercase().as_str(), "and" | "or" | "also" | "see" | "part"))
}

/// A text with its white space made single spaces.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::blocks::blocks;
    use super::super::credit::tests::Known;
    use super::*;
    use Confidence::{High, Low};

    const TABLE: Known = Known(&["Reuters", "RFE/RL", "The Guardian"]);

    fn read(source: &str) -> Attribution {
        attribution(&blocks(source)[0].inline, &TABLE)
    }

    #[test]
    fn title_and_credit_are_found_around_a_link() {
        for (source, title, credit, confidence) in [
            ("[A b](https://example.com)", "A b", "", High),
            ("[A b](https://example.com).", "A b", "", High),
            ("[A b](https://example.com) -- Reuters", "A b", "Reuters", High),
            ("[A b](https://example.com) - Harbour Gazette", "A b", "Harbour Gazette", Low),
            ("[A b](https://example.com) (Harbour Gazette)", "A b", "Harbour Gazette", Low),
            (
                "[A b](https://example.com) -- Ian Black, The Guardian",
                "A b",
                "Ian Black, The Guardian",
                High,
            ),
            ("[A b](https://example.com) by effectfully", "A b", "by effectfully", High),
            (
                "[A b](https://example.com), by A. Bee and C. Dee",
                "A b",
                "by A. Bee and C. Dee",
                High,
            ),
            ("[A b](https://example.com) Jappie J. T. Roe", "A b", "Jappie J. T. Roe", Low),
            ("[video] [A b](https://example.com) by A. Bee", "[video] A b", "by A. Bee", High),
            ("RFE/RL - [A b](https://example.com)", "A b", "RFE/RL", High),
            ("New: [A `b`](https://example.com)", "New: A b", "", High),
            ("[](https://example.com/x)", "https://example.com/x", "", High),
            ("**A b** -- Reuters", "A b", "Reuters", High),
            ("**A b** - Harbour Gazette", "A b", "Harbour Gazette", Low),
            ("A b -- Reuters", "A b", "Reuters", High),
            ("<https://example.com/x> (Reuters)", "https://example.com/x", "Reuters", High),
        ] {
            let found = read(source);
            assert_eq!(found.split.title, title, "{source}");
            assert_eq!(found.split.credit.unwrap_or_default(), credit, "{source}");
            assert_eq!(found.split.confidence, confidence, "{source}");
            assert_eq!(found.left_over, None, "{source}");
        }
    }

    #[test]
    fn further_links_and_other_text_are_not_lost() {
        let found = read(
            "[A](https://example.com/a), [B](https://example.com/b) and [C](https://example.com/c)",
        );
        assert_eq!(found.others.len(), 2);
        assert_eq!(found.left_over, None);
        let found = read(
            "[A](https://example.com/a): a library for bridges, with [docs](https://example.com/b)",
        );
        assert_eq!(found.left_over.as_deref(), Some("a library for bridges, with docs"));
        assert_eq!(found.others.len(), 1);
        assert_eq!(found.split.confidence, Low);
        assert!(!found.leads);
    }

    #[test]
    fn an_author_behind_by_is_a_byline() {
        let found = read("[A](https://example.com/a) by Ann Bee, Edsko de Vries");
        assert_eq!(found.split.credits[0].bylines, ["Ann Bee", "Edsko de Vries"]);
        assert_eq!(found.split.credits[0].outlet, None);
    }
}
