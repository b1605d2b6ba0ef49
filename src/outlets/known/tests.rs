//! The table is well formed, says nothing twice, and knows the publishers of real headlines.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::{KINDS, Known, TABLE, known};

/// Harsher than any folding used on real credits (even spaces go), so that no two outlets can
/// meet under a gentler one.
fn key(name: &str) -> String {
    let name = name.to_lowercase().replace('&', " and ");
    let name = name.trim();
    let name = name.strip_prefix("the ").unwrap_or(name);
    deunicode::deunicode(name).chars().filter(char::is_ascii_alphanumeric).collect()
}

fn names(outlet: &Known) -> impl Iterator<Item = &'static str> {
    std::iter::once(outlet.name).chain(outlet.aliases.clone())
}

fn keys() -> HashMap<String, &'static str> {
    let all = known();
    all.iter().flat_map(|o| names(o).map(|name| (key(name), o.slug)).collect::<Vec<_>>()).collect()
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host.contains('.') && host.split('.').all(label) && !host.starts_with("www.")
}

#[test]
fn every_line_is_a_comment_or_eight_columns() {
    for line in TABLE.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 8, "{line}");
        assert!(columns.iter().all(|c| c.trim() == *c), "spaces around a column: {line}");
    }
    let rows = TABLE.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).count();
    assert_eq!(known().len(), rows, "a row was lost");
    assert!((350..=450).contains(&rows), "{rows} rows");
}

#[test]
fn every_row_is_well_formed() {
    for o in known() {
        assert!(o.slug.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }));
        // A reference of digits alone would be read as an id.
        assert!(o.slug.bytes().any(|b| b.is_ascii_lowercase()), "{o:?}");
        for name in names(&o) {
            assert!(!key(name).is_empty() && name.trim() == name, "{o:?}");
        }
        assert!(!o.hosts.is_empty() && o.hosts.iter().all(|host| is_host(host)), "{o:?}");
        if let Some(homepage) = o.homepage {
            let url = url::Url::parse(homepage).unwrap();
            assert_eq!((url.as_str(), url.scheme(), url.path()), (homepage, "https", "/"));
            let host = url.host_str().unwrap();
            assert!(o.hosts.contains(&host.strip_prefix("www.").unwrap_or(host)), "{o:?}");
        }
        let capitals = |c: &str| c.len() == 2 && c.bytes().all(|b| b.is_ascii_uppercase());
        assert!(o.country.is_none_or(capitals), "{o:?}");
        let language = |l: &str| l.len() == 2 && l.bytes().all(|b| b.is_ascii_lowercase());
        let tag = |l: &str| match l.split_once('-') {
            Some((l, region)) => language(l) && capitals(region),
            None => language(l),
        };
        assert!(o.lang.is_some_and(tag), "{o:?}");
        assert!(KINDS.contains(&o.kind), "{o:?}");
    }
}

#[test]
fn no_slug_name_or_host_belongs_to_two_outlets() {
    let (mut slugs, mut hosts) = (HashSet::new(), HashSet::new());
    let mut owners: HashMap<String, &str> = HashMap::new();
    for o in known() {
        assert!(slugs.insert(o.slug), "slug {} twice", o.slug);
        for host in &o.hosts {
            assert!(hosts.insert(*host), "host {host} twice");
        }
        for name in names(&o) {
            let owner = *owners.entry(key(name)).or_insert(o.slug);
            assert_eq!(owner, o.slug, "both are called {name}");
        }
        let unique: HashSet<&str> = names(&o).collect();
        assert_eq!(unique.len(), o.aliases.len() + 1, "an alias twice: {o:?}");
    }
}

#[test]
fn every_kind_is_used_and_none_is_left_over() {
    let used: HashSet<&str> = known().iter().map(|o| o.kind).collect();
    assert_eq!(used, KINDS.into_iter().collect());
}

#[test]
fn common_credits_find_the_outlet_they_mean() {
    let keys = keys();
    for (credit, slug) in [
        ("WSJ", "wsj"),
        ("Wall Street Journal", "wsj"),
        ("AFP", "afp"),
        ("AP", "ap"),
        ("The Independent", "the-independent"),
        ("National Post", "national-post"),
        ("Daily Telegraph", "the-telegraph"),
        ("Business Insider", "business-insider"),
        ("BBC News", "bbc"),
        ("IBTimes", "ibtimes"),
        ("International Business Times, India Edition", "ibtimes"),
        ("guardian", "the-guardian"),
        ("RFE/RL", "rfe-rl"),
        ("Radio Free Europe/Radio Liberty", "rfe-rl"),
        ("24/7 Wall St.", "24-7-wall-st"),
        ("Re/code", "re-code"),
        ("/FILM", "slashfilm"),
        ("New York's PIX11 / WPIX-TV", "pix11"),
        ("Emirates 24/7", "emirates-24-7"),
        ("Voice of America (VOA)", "voice-of-america"),
        ("Yahoo! News", "yahoo-news"),
        ("LA Times", "los-angeles-times"),
        ("El Pais", "el-pais"),
        ("Daily Star", "daily-star"),
        ("The Daily Star Newspaper - Lebanon", "daily-star-lebanon"),
    ] {
        assert_eq!(keys.get(&key(credit)), Some(&slug), "{credit}");
    }
}

/// The columns of one line of CSV; quotes are doubled inside quotes.
fn columns(line: &str) -> Vec<String> {
    let (mut all, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    all.push(cell);
    all
}

/// `a.b.com`, `b.com`, `com`.
fn with_parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |host| Some(host.split_once('.')?.1))
}

#[test]
fn a_good_share_of_the_publishers_of_real_headlines_is_known() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/roundups/uci-news-aggregator-6366.csv");
    let Ok(text) = std::fs::read_to_string(file) else {
        println!("skipped: the sample of real headlines is not here");
        return;
    };
    let (keys, hosts) = (keys(), known().into_iter().flat_map(|o| o.hosts).collect::<HashSet<_>>());
    let (mut rows, mut by_name, mut by_either) = (0, 0, 0);
    for row in text.lines().skip(1).map(columns).filter(|row| row.len() >= 7) {
        let credit = row[3].replace('\\', "");
        let credit = credit.split(" (").next().unwrap();
        let named = keys.contains_key(&key(credit));
        let hosted = with_parents(&row[6]).any(|host| hosts.contains(host));
        rows += 1;
        by_name += usize::from(named);
        by_either += usize::from(named || hosted);
    }
    println!("{rows} headlines: publisher known by name {by_name}, by name or host {by_either}");
    assert!(rows > 6_000, "the sample was misread");
    // Half of the sample is local papers and celebrity sites that the table leaves out.
    assert!(by_name * 100 >= rows * 43, "{by_name} of {rows} by name");
    assert!(by_either * 100 >= rows * 45, "{by_either} of {rows} by name or host");
}

#[test]
fn the_domain_of_a_known_outlet_s_site_is_one_of_its_hosts() {
    for outlet in known() {
        for host in &outlet.hosts {
            let domain = citation_key::normalise(&format!("https://www.{host}/")).unwrap().domain;
            assert!(outlet.hosts.contains(&domain.as_str()), "{host} became {domain}");
        }
    }
}
