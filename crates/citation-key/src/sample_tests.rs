//! Real, hostile and random addresses by the thousand: none does harm, and a key is its own key.

use std::collections::HashSet;
use std::path::PathBuf;

use super::normalise;

/// Fails unless the key of an address, made an address again, is the same key.
pub(super) fn assert_idempotent(raw: &str) {
    let Some(first) = normalise(raw) else { return };
    let again = normalise(&format!("https://{}", first.key));
    assert_eq!(again.as_ref(), Some(&first), "{raw}");
}

/// Addresses put together from awkward pieces; the same ones in each run.
#[test]
fn the_key_of_a_key_is_itself() {
    const HOSTS: &[&str] = &[
        "a.com",
        "www.",
        "m.",
        "amp.",
        "google.com",
        "google.de",
        "cdn.ampproject.org",
        "youtu.be",
        "youtube.com",
        "a.blogspot.",
        "co.uk",
        "de",
        "en.m.",
        "wikipedia.org",
        "x.com",
        "old.reddit.com",
        "1",
        "..",
        ".",
        "0x7f.1",
        "é.fr",
        ":80",
        ":443",
        ":8080",
        "u@",
    ];
    const PATHS: &[&str] = &[
        "/", "amp", "/amp", ".amp", ".html", "/c/s/", "/amp/s/", "a.com", "/url", "/watch",
        "/embed/", "x", "%", "%2", "%2E", "%2e%2E", "%2F", "%41", "%61mp", "..", ".", "é", " ",
        "|", "+", ";", "\\",
    ];
    const ENDS: &[&str] = &[
        "?",
        "&",
        "amp;",
        "amp",
        "=",
        "a=1",
        "v=x",
        "q=http%3A%2F%2Fa.com",
        "url=https://b.com/amp",
        "utm_source=x",
        "ref=1",
        "ref",
        "m=1",
        "%",
        "%26",
        "'",
        "+",
        "#",
        "!",
        "#!/x",
        "é",
        " ",
    ];
    let mut state = 7_u64;
    let mut pick = |pieces: &[&'static str], most: u64| -> String {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let count = next() % (most + 1);
        (0..count).map(|_| pieces[usize::try_from(next()).unwrap() % pieces.len()]).collect()
    };
    let mut keyed = 0;
    for _ in 0..60_000 {
        let (host, path, end) = (pick(HOSTS, 3), pick(PATHS, 6), pick(ENDS, 6));
        let raw = format!("http://{host}/{path}{end}");
        keyed += u32::from(normalise(&raw).is_some());
        assert_idempotent(&raw);
    }
    assert!(keyed > 20_000, "only {keyed} of the addresses were possible");
}

fn shared(path: &str) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    let text = std::fs::read_to_string(file).ok();
    if text.is_none() {
        println!("skipped: {path} is not here");
    }
    text
}

#[test]
fn the_web_platform_s_own_url_tests_do_no_harm() {
    let Some(text) = shared("hostile/urltestdata.json") else { return };
    let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let inputs: Vec<&str> = cases.iter().filter_map(|case| case["input"].as_str()).collect();
    assert!(inputs.len() > 500, "the file was misread");
    inputs.into_iter().for_each(assert_idempotent);
}

#[test]
fn naughty_strings_do_no_harm() {
    let Some(text) = shared("hostile/blns.json") else { return };
    let strings: Vec<String> = serde_json::from_str(&text).unwrap();
    for string in strings {
        assert_idempotent(&string);
        assert_idempotent(&format!("https://a.com/{string}"));
        assert_idempotent(&format!("https://a.com/?{string}={string}"));
    }
}

#[test]
fn every_address_of_real_headlines_has_a_key_of_its_own_page() {
    let Some(text) = shared("roundups/uci-news-aggregator-6366.csv") else { return };
    let (mut raw, mut keys) = (HashSet::new(), HashSet::new());
    for line in text.lines() {
        let Some((_, rest)) = line.split_once("http") else { continue };
        let (address, _) = rest.split_once(',').unwrap_or((rest, ""));
        let escaped = format!("http{address}");
        assert_idempotent(&escaped);
        let address = escaped.replace('\\', "");
        assert_idempotent(&address);
        keys.insert(normalise(&address).unwrap_or_else(|| panic!("{address}")).key);
        raw.insert(address);
    }
    println!("{} addresses, {} keys", raw.len(), keys.len());
    assert!(raw.len() > 6_000, "the sample was misread");
    // Nearly all of these are stories of their own: rules that merged many would be too greedy.
    assert!(keys.len() * 100 >= raw.len() * 99, "{} keys of {} addresses", keys.len(), raw.len());
}
