//! The credit line: one or more outlets, each perhaps with its bylines.
//!
//! "/" and "," stand inside many outlets' names, so they part only what is known: "A/B" is two
//! outlets when both are known, "NAME, OUTLET" is a byline when the outlet is known and the
//! name looks like a person's.

use super::names::{authors, is_remark, persons};
use super::{Confidence, Credit, Outlets};
use safe_html::slug::fold;

/// What is longer than this, in bytes, is no credit that could be known.
const LONGEST: usize = 240;

/// More outlets than this in one credit are not looked for.
const MOST_OUTLETS: usize = 6;

/// What some sites put behind an outlet's name in brackets.
const FLAGS: [&str; 10] = [
    "blog",
    "free",
    "paywall",
    "press release",
    "registration",
    "registration required",
    "satire",
    "subscription",
    "subscription required",
    "video",
];

/// Reads a credit line. Without a known outlet and without a "by", the whole line is taken for
/// one unknown outlet, with low confidence. A date or a remark such as "4th Update" gives none.
pub fn parse_credit(line: &str, outlets: &dyn Outlets) -> (Vec<Credit>, Confidence) {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(credits) = sure(&line, outlets) {
        return (credits, Confidence::High);
    }
    let name = without_flags(&line);
    if is_remark(name) {
        return (Vec::new(), Confidence::Low);
    }
    (vec![Credit { outlet: Some(name.to_owned()), bylines: Vec::new() }], Confidence::Low)
}

/// The credits of a line that leaves no doubt.
pub(super) fn sure(line: &str, outlets: &dyn Outlets) -> Option<Vec<Credit>> {
    let line = line.trim();
    if line.is_empty() || line.len() > LONGEST {
        return None;
    }
    one(line, outlets)
        .map(|credit| vec![credit])
        .or_else(|| shared(line, outlets, MOST_OUTLETS))
        .or_else(|| only_authors(line))
}

/// The name under which an outlet is known, if it is.
pub(super) fn known(name: &str, outlets: &dyn Outlets) -> Option<String> {
    let name = name.trim();
    let knows = |name: &str| !fold(name).is_empty() && outlets.knows(name);
    if name.ends_with('+') || !knows(name) {
        let bare = without_flags(name);
        return knows(bare).then(|| bare.to_owned());
    }
    Some(name.to_owned())
}

/// Takes "(blog)", "(subscription)" and a paywall's "+" off the end.
fn without_flags(name: &str) -> &str {
    let mut name = name.trim();
    loop {
        let shorter = name.strip_suffix('+').or_else(|| {
            let (before, flag) = name.strip_suffix(')')?.rsplit_once('(')?;
            FLAGS.contains(&flag.trim().to_lowercase().as_str()).then_some(before)
        });
        match shorter.map(str::trim_end) {
            Some(shorter) if !shorter.is_empty() => name = shorter,
            _ => return name,
        }
    }
}

/// An outlet, or bylines and an outlet.
fn one(line: &str, outlets: &dyn Outlets) -> Option<Credit> {
    if let Some(outlet) = known(line, outlets) {
        return Some(Credit { outlet: Some(outlet), bylines: Vec::new() });
    }
    [", ", " | "].iter().find_map(|separator| {
        line.match_indices(separator).find_map(|(at, found)| {
            let left = line.get(..at)?;
            let right = line.get(at + found.len()..)?;
            // A bar parts too much else: before it only "by" makes a name an author's.
            let sure = *separator == ", " || after_by(left).is_some() || after_by(right).is_some();
            if sure { byline(left, right, outlets) } else { None }
        })
    })
}

fn byline(left: &str, right: &str, outlets: &dyn Outlets) -> Option<Credit> {
    if let Some(outlet) = known(right, outlets) {
        let bylines = match after_by(left) {
            Some(names) => authors(names),
            None if known(left, outlets).is_none() => persons(left)?,
            None => return None,
        };
        return Some(Credit { outlet: Some(outlet), bylines });
    }
    let names = after_by(right)?;
    let outlet = known(left, outlets)?;
    Some(Credit { outlet: Some(outlet), bylines: authors(names) })
}

/// "A/B", with every part a credit on its own.
fn shared(line: &str, outlets: &dyn Outlets, most: usize) -> Option<Vec<Credit>> {
    if most < 2 || line.matches('/').count() > 2 * MOST_OUTLETS {
        return None;
    }
    line.match_indices('/').find_map(|(at, found)| {
        let left = one(line.get(..at)?.trim(), outlets)?;
        let right = line.get(at + found.len()..)?.trim();
        let mut credits = vec![left];
        match one(right, outlets) {
            Some(right) => credits.push(right),
            None => credits.extend(shared(right, outlets, most - 1)?),
        }
        Some(credits)
    })
}

fn only_authors(line: &str) -> Option<Vec<Credit>> {
    let names = after_by(line)?;
    Some(vec![Credit { outlet: None, bylines: authors(names) }])
}

/// What follows a leading "by ".
pub(super) fn after_by(text: &str) -> Option<&str> {
    let text = text.trim();
    let (by, names) = text.split_once(char::is_whitespace)?;
    let names = names.trim();
    (by.eq_ignore_ascii_case("by") && !names.is_empty()).then_some(names)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A small table of outlets.
    pub(crate) struct Known(pub(crate) &'static [&'static str]);

    impl Outlets for Known {
        fn knows(&self, name: &str) -> bool {
            self.0.iter().any(|known| fold(known) == fold(name))
        }
    }

    const TABLE: Known = Known(&[
        "The Guardian",
        "National Post",
        "The Telegraph",
        "Reuters",
        "AFP",
        "WSJ",
        "RFE/RL",
        "PIX11 / WPIX-TV",
        "International Business Times, India Edition",
        "WTVY, Dothan",
        "Haaretz",
        "Yahoo News",
        "Pacific Business News (Honolulu)",
    ]);

    fn credit(outlet: &str, bylines: &[&str]) -> Credit {
        Credit {
            outlet: (!outlet.is_empty()).then(|| outlet.to_owned()),
            bylines: bylines.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn sure_credits_are_read() {
        for (line, credits) in [
            ("WSJ", vec![credit("WSJ", &[])]),
            ("wall", vec![]),
            ("Ian Black, The Guardian", vec![credit("The Guardian", &["Ian Black"])]),
            ("By Ian Black, Guardian", vec![credit("Guardian", &["Ian Black"])]),
            (
                "Ian Black and Jane Roe, The Guardian",
                vec![credit("The Guardian", &["Ian Black", "Jane Roe"])],
            ),
            (
                "Ian Black, Jane Roe, The Guardian",
                vec![credit("The Guardian", &["Ian Black", "Jane Roe"])],
            ),
            ("Reuters, by Ian Black", vec![credit("Reuters", &["Ian Black"])]),
            ("By A. Bee & C. Dee | Reuters (free)", vec![credit("Reuters", &["A. Bee", "C. Dee"])]),
            (
                "National Post/The Telegraph",
                vec![credit("National Post", &[]), credit("The Telegraph", &[])],
            ),
            (
                "Yahoo News / AFP / Reuters",
                vec![credit("Yahoo News", &[]), credit("AFP", &[]), credit("Reuters", &[])],
            ),
            (
                "Ian Black, The Guardian/AFP",
                vec![credit("The Guardian", &["Ian Black"]), credit("AFP", &[])],
            ),
            ("RFE/RL", vec![credit("RFE/RL", &[])]),
            ("RFE/RL/AFP", vec![credit("RFE/RL", &[]), credit("AFP", &[])]),
            ("PIX11 / WPIX-TV", vec![credit("PIX11 / WPIX-TV", &[])]),
            ("WTVY, Dothan", vec![credit("WTVY, Dothan", &[])]),
            (
                "Ann Bee, International Business Times, India Edition",
                vec![credit("International Business Times, India Edition", &["Ann Bee"])],
            ),
            ("Reuters (blog)", vec![credit("Reuters", &[])]),
            ("Reuters (subscription) (blog)", vec![credit("Reuters", &[])]),
            ("Haaretz+", vec![credit("Haaretz", &[])]),
            (
                "Pacific Business News (Honolulu) (blog)",
                vec![credit("Pacific Business News (Honolulu)", &[])],
            ),
            ("by Ann Bee and effectfully", vec![credit("", &["Ann Bee", "effectfully"])]),
        ] {
            let found = sure(line, &TABLE).unwrap_or_default();
            assert_eq!(found, credits, "{line}");
        }
    }

    #[test]
    fn an_unknown_credit_is_one_outlet_with_low_confidence() {
        for (line, outlet) in [
            ("Harbour Gazette", "Harbour Gazette"),
            ("Denver/Boulder", "Denver/Boulder"),
            ("Reuters/Harbour Gazette", "Reuters/Harbour Gazette"),
            ("Ian Black, Harbour Gazette", "Ian Black, Harbour Gazette"),
            ("Harbour Gazette (press release)", "Harbour Gazette"),
            ("AFP, Reuters", "AFP, Reuters"),
        ] {
            assert_eq!(parse_credit(line, &TABLE), (vec![credit(outlet, &[])], Confidence::Low));
        }
        for line in ["", "  ", "4th Update", "January 26, 2010"] {
            assert_eq!(parse_credit(line, &TABLE), (Vec::new(), Confidence::Low), "{line}");
        }
    }
}
