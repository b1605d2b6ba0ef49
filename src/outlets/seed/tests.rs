//! The table is well formed, names nothing twice, and finds the outlets that editors credit.

use std::collections::{HashMap, HashSet};

use super::{EDITION, KINDS, SeedOutlet, TABLE, is_ambiguous, seed_outlets};
use safe_html::names::fold_outlet_name;

/// How many rows each edition has. Rows must not be added to a published edition: databases that
/// have stored it would not get them.
const ROWS_PER_EDITION: [usize; EDITION as usize] = [444, 3759];

/// Credits as editors write them: a name, a tab, the slug of the outlet that it means.
const CREDITS: &str = include_str!("credits.tsv");

/// ISO 3166-1 alpha-2, and XK, which is in use for Kosovo.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI \
    BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY \
    CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN \
    GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH \
    KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL \
    PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN \
    VU WF WS XK YE YT ZA ZM ZW";

/// ISO 639-1, the two-letter primary subtags of BCP 47.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch \
    co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha \
    he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks \
    ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no \
    nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq \
    sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi \
    yo za zh zu";

/// Labels before a two-letter country that make a public suffix: `co.uk`, `com.au`, `or.kr`.
const SECOND_LEVEL: [&str; 13] =
    ["ac", "co", "com", "edu", "go", "gob", "gov", "info", "ne", "net", "nic", "or", "org"];

/// Hosts on which anyone can publish: only a sub-domain of one can be an outlet's host.
const SHARED_HOSTS: [&str; 9] = [
    "blogspot.com",
    "github.io",
    "livejournal.com",
    "ning.com",
    "substack.com",
    "tumblr.com",
    "typepad.com",
    "wordpress.com",
    "youtube.com",
];

/// Folds a name and removes its spaces, so that `Time Out` and `TimeOut` cannot be two outlets.
fn spaceless_key(name: &str) -> String {
    fold_outlet_name(name).replace(' ', "")
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host.contains('.') && host.split('.').all(is_label) && !host.starts_with("www.")
}

fn is_public_suffix(host: &str) -> bool {
    let second_level =
        |(label, country): (&str, &str)| country.len() == 2 && SECOND_LEVEL.contains(&label);
    host.split_once('.').is_some_and(second_level) || SHARED_HOSTS.contains(&host)
}

#[test]
fn every_line_is_a_comment_or_ten_columns() {
    let rows: Vec<&str> =
        TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for line in &rows {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 10, "{line}");
        assert!(columns.iter().all(|c| c.trim() == *c), "spaces around a column: {line}");
    }
    assert_eq!(seed_outlets().len(), rows.len(), "a row does not parse");
}

#[test]
fn rows_are_sorted_by_country_then_slug() {
    let all = seed_outlets();
    for pair in all.windows(2) {
        let order = |outlet: &SeedOutlet| (outlet.country, outlet.slug);
        assert!(order(&pair[0]) < order(&pair[1]), "{} before {}", pair[0].slug, pair[1].slug);
    }
}

#[test]
fn every_row_is_well_formed() {
    let countries: HashSet<&str> = COUNTRIES.split_whitespace().collect();
    let languages: HashSet<&str> = LANGUAGES.split_whitespace().collect();
    for outlet in seed_outlets() {
        assert!(outlet.slug.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }));
        // The API reads a reference of digits alone as an id.
        assert!(outlet.slug.bytes().any(|b| b.is_ascii_lowercase()), "{outlet:?}");
        for name in outlet.names() {
            assert!(!fold_outlet_name(name).is_empty() && name.trim() == name, "{outlet:?}");
        }
        assert!(!outlet.hosts.is_empty(), "{outlet:?}");
        for host in &outlet.hosts {
            assert!(is_host(host) && !is_public_suffix(host), "{host}: {outlet:?}");
        }
        if let Some(homepage) = outlet.homepage {
            let url = url::Url::parse(homepage).unwrap();
            assert_eq!((url.as_str(), url.scheme(), url.path()), (homepage, "https", "/"));
            let host = url.host_str().unwrap();
            let host = host.strip_prefix("www.").unwrap_or(host);
            assert!(outlet.hosts.contains(&host), "{outlet:?}");
        }
        assert!(outlet.country.is_none_or(|code| countries.contains(code)), "{outlet:?}");
        let tag = outlet.lang.unwrap();
        let (language, region) = tag.split_once('-').map_or((tag, None), |(l, r)| (l, Some(r)));
        assert!(languages.contains(language), "{outlet:?}");
        assert!(region.is_none_or(|code| countries.contains(code)), "{outlet:?}");
        assert!(KINDS.contains(&outlet.kind), "{outlet:?}");
        for name in &outlet.ambiguous {
            assert!(outlet.names().any(|own| own == *name), "{name} is no name of {outlet:?}");
        }
        assert!((1..=EDITION).contains(&outlet.edition), "{outlet:?}");
    }
}

#[test]
fn no_slug_name_or_host_belongs_to_two_outlets() {
    let (mut slugs, mut hosts) = (HashSet::new(), HashSet::new());
    let mut owners: HashMap<String, &str> = HashMap::new();
    for outlet in seed_outlets() {
        assert!(slugs.insert(outlet.slug), "slug {} twice", outlet.slug);
        for host in &outlet.hosts {
            assert!(hosts.insert(*host), "host {host} twice");
        }
        let mut keys = HashSet::new();
        for name in outlet.names() {
            assert!(keys.insert(fold_outlet_name(name)), "{name} twice in {outlet:?}");
            for key in [fold_outlet_name(name), spaceless_key(name)] {
                let owner = *owners.entry(key).or_insert(outlet.slug);
                assert_eq!(owner, outlet.slug, "both are called {name}");
            }
        }
    }
}

#[test]
fn published_editions_keep_their_rows() {
    let mut rows = [0; EDITION as usize];
    for outlet in seed_outlets() {
        rows[outlet.edition as usize - 1] += 1;
    }
    assert_eq!(rows, ROWS_PER_EDITION, "new rows need the next edition, see seed.tsv");
}

#[test]
fn every_kind_is_used() {
    let used: HashSet<&str> = seed_outlets().iter().map(|outlet| outlet.kind).collect();
    assert_eq!(used, KINDS.into_iter().collect());
}

#[test]
fn small_countries_and_languages_are_covered() {
    let all = seed_outlets();
    for country in ["NO", "DK", "CZ", "HU", "RO", "CL", "CO", "PE", "MY", "VN", "SY", "NG", "KE"] {
        let count = all.iter().filter(|outlet| outlet.country == Some(country)).count();
        assert!(count >= 8, "{country} has {count} rows");
    }
    let languages: HashSet<&str> = all.iter().filter_map(|outlet| outlet.lang).collect();
    assert!(languages.len() >= 60, "{} languages", languages.len());
}

#[test]
fn the_domain_of_a_host_s_urls_is_one_of_the_outlet_s_hosts() {
    for outlet in seed_outlets() {
        for host in &outlet.hosts {
            let domain = citation_key::normalise(&format!("https://www.{host}/")).unwrap().domain;
            assert!(outlet.hosts.contains(&domain.as_str()), "{host} became {domain}");
        }
    }
}

#[test]
fn credits_as_editors_write_them_find_their_outlet() {
    let all = seed_outlets();
    let keys: HashMap<String, &str> =
        all.iter().flat_map(|o| o.names().map(|name| (fold_outlet_name(name), o.slug))).collect();
    let mut count = 0;
    for line in CREDITS.lines().filter(|line| !line.starts_with('#')) {
        let (credit, slug) = line.split_once('\t').unwrap();
        assert_eq!(keys.get(&fold_outlet_name(credit)), Some(&slug), "{credit}");
        count += 1;
    }
    assert!(count >= 200, "{count} credits");
}

#[test]
fn subjects_of_news_are_not_outlets() {
    let keys: HashSet<String> = seed_outlets()
        .iter()
        .flat_map(|o| o.names().map(fold_outlet_name).collect::<Vec<_>>())
        .collect();
    for name in [
        "White House",
        "The Pentagon",
        "Department of Defense",
        "State Department",
        "UN",
        "United Nations",
        "NATO",
        "Kremlin",
        "U.S. Army",
        "European Commission",
        "FBI",
        "Twitter",
        "Facebook",
    ] {
        assert!(!keys.contains(&fold_outlet_name(name)), "{name}");
    }
}

#[test]
fn names_that_are_words_or_shared_are_ambiguous() {
    for name in [
        "Time",
        "TIME",
        "Science",
        "Nature",
        "The Age",
        "Bild",
        "Deadline",
        "The Nation",
        "The Herald",
        "Inquirer",
        "CNA",
        "Mirror",
        "the sun",
        "Fortune",
        "Wired",
        "Slate",
        "Salon",
        "Variety",
        "Quartz",
        "Vox",
        "Mint",
        "People",
        "Focus",
        "الأخبار",
    ] {
        assert!(is_ambiguous(name), "{name}");
    }
    for name in [
        "Time Magazine",
        "Reuters",
        "The Economist",
        "Forbes",
        "The Guardian (UK)",
        "Daily Mirror",
        "Коммерсантъ",
        "Harbour Gazette",
        "",
    ] {
        assert!(!is_ambiguous(name), "{name}");
    }
}
