//! Parts a line into title and credit.
//!
//! A dash alone says little: headlines hold dashes of their own. What follows it is a credit
//! when it is a known outlet; only after " -- ", the roundup's own mark, may it be unknown.

use super::credit::{parse_credit, sure};
use super::names::{is_remark, looks_like_person, may_be_outlet};
use super::{Confidence, Credit, Outlets};

/// The marks between title and credit, each with a space on either side.
const SEPARATORS: [&str; 5] = [" -- ", " — ", " – ", " - ", " | "];

/// What is longer than this, in bytes, is not looked at as a credit.
const LONGEST: usize = 240;

/// A line parted into title and credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The title; the whole line if it carries no credit.
    pub title: String,
    /// The credit as written.
    pub credit: Option<String>,
    /// What the credit means.
    pub credits: Vec<Credit>,
    /// Low when the outlet is not known, or when a " -- " was left in the title.
    pub confidence: Confidence,
    /// Why the confidence is low.
    pub doubt: Option<&'static str>,
}

impl Split {
    /// A title without a credit.
    pub(super) fn whole(line: &str) -> Self {
        Split {
            title: line.to_owned(),
            credit: None,
            credits: Vec::new(),
            confidence: Confidence::High,
            doubt: None,
        }
    }
}

/// Parts a line such as "TITLE -- OUTLET" or "TITLE - OUTLET".
///
/// The longest ending that is sure to be a credit wins; otherwise the last " -- " counts, if
/// what follows may be an outlet; otherwise the whole line is the title.
pub fn split_line(line: &str, outlets: &dyn Outlets) -> Split {
    let line = line.trim();
    let mut places: Vec<(usize, &str)> =
        SEPARATORS.iter().flat_map(|separator| line.match_indices(separator)).collect();
    places.sort_unstable();
    let halves: Vec<(&str, &str, &str)> = places
        .into_iter()
        .filter_map(|(at, mark)| {
            let title = line.get(..at)?.trim();
            let credit = line.get(at + mark.len()..)?.trim();
            (credit.len() <= LONGEST && !title.is_empty()).then_some((title, mark, credit))
        })
        .collect();
    for (title, mark, credit) in &halves {
        if let Some(credits) = sure_after(mark, credit, outlets) {
            return found(title, credit, credits, Confidence::High);
        }
    }
    match halves.iter().rfind(|(_, mark, _)| *mark == " -- ") {
        Some((title, _, credit)) if may_be_outlet(credit) => {
            let (credits, confidence) = parse_credit(credit, outlets);
            found(title, credit, credits, confidence)
        }
        Some((_, _, credit)) if !is_remark(credit) => {
            let doubt = "what follows \" -- \" does not look like an outlet";
            Split { confidence: Confidence::Low, doubt: Some(doubt), ..Split::whole(line) }
        }
        _ => Split::whole(line),
    }
}

/// A byline without an outlet is taken only after the roundup's own mark.
fn sure_after(mark: &str, credit: &str, outlets: &dyn Outlets) -> Option<Vec<Credit>> {
    let credits = sure(credit, outlets)?;
    let named = credits.iter().all(|credit| credit.outlet.is_some());
    let persons =
        || credits.iter().flat_map(|credit| &credit.bylines).all(|n| looks_like_person(n));
    (named || (mark == " -- " && persons())).then_some(credits)
}

fn found(title: &str, credit: &str, credits: Vec<Credit>, confidence: Confidence) -> Split {
    let doubt = (confidence == Confidence::Low).then_some("the outlet is not known");
    Split { title: title.to_owned(), credit: Some(credit.to_owned()), credits, confidence, doubt }
}

#[cfg(test)]
mod tests {
    use super::super::credit::tests::Known;
    use super::*;
    use Confidence::{High, Low};

    const TABLE: Known = Known(&[
        "Reuters",
        "AFP",
        "The Guardian",
        "Harbour Times - harbour.example",
        "harbour.example",
    ]);

    #[test]
    fn lines_are_parted_where_an_outlet_follows() {
        for (line, title, credit, confidence) in [
            ("A bridge opens -- Reuters", "A bridge opens", Some("Reuters"), High),
            ("A bridge opens - Reuters", "A bridge opens", Some("Reuters"), High),
            ("A bridge opens – Reuters", "A bridge opens", Some("Reuters"), High),
            ("A bridge opens — Reuters/AFP", "A bridge opens", Some("Reuters/AFP"), High),
            (
                "A bridge opens | The Guardian (blog)",
                "A bridge opens",
                Some("The Guardian (blog)"),
                High,
            ),
            ("A -- B -- Reuters", "A -- B", Some("Reuters"), High),
            ("A -- B - Reuters", "A -- B", Some("Reuters"), High),
            ("A bridge - Ian Black | Reuters", "A bridge - Ian Black", Some("Reuters"), High),
            (
                "A - Harbour Times - harbour.example",
                "A",
                Some("Harbour Times - harbour.example"),
                High,
            ),
            ("A -- Ian Black, The Guardian", "A", Some("Ian Black, The Guardian"), High),
            ("A -- by Ian Black", "A", Some("by Ian Black"), High),
            ("Step -- by step", "Step -- by step", None, Low),
            ("A: white house -- Harbour Gazette", "A: white house", Some("Harbour Gazette"), Low),
            ("A - Harbour Gazette", "A - Harbour Gazette", None, High),
            ("A -- 4th Update", "A -- 4th Update", None, High),
            ("Briefs -- January 26, 2010", "Briefs -- January 26, 2010", None, High),
            ("A -- one two three four five six", "A -- one two three four five six", None, Low),
            (
                "Comet -- Telescope sees it come near",
                "Comet -- Telescope sees it come near",
                None,
                Low,
            ),
            ("A--Reuters", "A--Reuters", None, High),
            ("-- Reuters", "-- Reuters", None, High),
            ("Reuters", "Reuters", None, High),
            ("", "", None, High),
        ] {
            let split = split_line(line, &TABLE);
            assert_eq!(split.title, title, "{line}");
            assert_eq!(split.credit.as_deref(), credit, "{line}");
            assert_eq!(split.confidence, confidence, "{line}");
            assert_eq!(split.doubt.is_some(), confidence == Low, "{line}");
        }
    }

    #[test]
    fn a_line_of_nothing_but_separators_is_read_in_reasonable_time() {
        let line = "a -- ".repeat(50_000);
        assert_eq!(split_line(&line, &TABLE).title, line.trim());
    }
}
