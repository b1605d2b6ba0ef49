//! Tests of the credits parsed from credit lines.

use super::*;
use crate::outlets::tests::Table;

fn table() -> Table {
    Table::new(&[
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
        "Time",
    ])
}

fn credit(outlet: &str, bylines: &[&str]) -> Credit {
    Credit {
        outlet: (!outlet.is_empty()).then(|| outlet.to_owned()),
        bylines: bylines.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[test]
fn credits_with_known_outlets_are_certain() {
    let table = table();
    for (line, credits) in [
        ("WSJ", vec![credit("WSJ", &[])]),
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
        ("AFP, Reuters", vec![credit("AFP", &[]), credit("Reuters", &[])]),
        (
            "Ian Black, The Guardian/AFP",
            vec![credit("The Guardian", &["Ian Black"]), credit("AFP", &[])],
        ),
        ("RFE/RL", vec![credit("RFE/RL", &[])]),
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
        ("Ann Bee in The Guardian", vec![credit("The Guardian", &["Ann Bee"])]),
        ("Source: Reuters, 08/29/2011", vec![credit("Reuters", &[])]),
        (
            "Reuters • Ann Bee, Cy Dee • March 4 • reuters.com",
            vec![credit("Reuters", &["Ann Bee", "Cy Dee"])],
        ),
        (
            "Ann Bee | Reuters | Aug. 24, 2015 | 107 minutes (26,875 words)",
            vec![credit("Reuters", &["Ann Bee"])],
        ),
        ("by Ann Bee and effectfully", vec![credit("", &["Ann Bee", "effectfully"])]),
    ] {
        let (found, confidence) = parse_credit(line, &table);
        assert_eq!(found, credits, "{line}");
        assert!(confidence.is_certain(), "{line} {confidence:?}");
    }
}

#[test]
fn unknown_names_are_read_without_certainty() {
    let table = table();
    for (line, credits) in [
        ("Harbour Gazette", vec![credit("Harbour Gazette", &[])]),
        ("Denver/Boulder", vec![credit("Denver/Boulder", &[])]),
        ("Reuters/Harbour Gazette", vec![credit("Reuters", &[]), credit("Harbour Gazette", &[])]),
        ("Ian Black, Harbour Gazette", vec![credit("Harbour Gazette", &["Ian Black"])]),
        ("By Iva Blank, Harbour Gazette", vec![credit("Harbour Gazette", &["Iva Blank"])]),
        (
            "by Ann Bee, Cy Dee, and Eve Eff for Harbour Review",
            vec![credit("Harbour Review", &["Ann Bee", "Cy Dee", "Eve Eff"])],
        ),
        ("Ada Loyd, NYTLabs", vec![credit("NYTLabs", &["Ada Loyd"])]),
        ("Harbour Gazette (press release)", vec![credit("Harbour Gazette", &[])]),
        ("Time", vec![credit("Time", &[])]),
    ] {
        let (found, confidence) = parse_credit(line, &table);
        assert_eq!(found, credits, "{line}");
        assert!(!confidence.is_certain(), "{line} {confidence:?}");
    }
    for line in ["", "  ", "4th Update", "January 26, 2010", "Analysis"] {
        assert_eq!(parse_credit(line, &table), (Vec::new(), Confidence::new(0.0)), "{line}");
    }
}
