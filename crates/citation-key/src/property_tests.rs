//! Properties of keys over many URLs: no input panics, and the key of a key is itself.

use std::collections::HashSet;

use super::normalise;

/// Fails unless the key, read as a URL again, has the same key.
pub(super) fn assert_idempotent(raw: &str) {
    let Some(first) = normalise(raw) else { return };
    let again = normalise(&format!("https://{}", first.key));
    assert_eq!(again.as_ref(), Some(&first), "{raw}");
}

#[test]
fn the_key_of_a_key_is_itself() {
    // The generator has a fixed seed, so every run tries the same URLs.
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
    assert!(keyed > 20_000, "only {keyed} of the URLs have a key");
}

#[test]
fn urls_in_every_form_have_a_key_or_none() {
    let cases = include_str!("fixtures/urls.txt");
    let mut keyed = 0;
    for line in cases.lines().filter(|line| !line.starts_with("# ")) {
        // Characters that a text file cannot show are written as in Rust.
        let url = line.replace("\\t", "\t").replace("\\n", "\n").replace("\\0", "\0");
        assert_idempotent(&url);
        keyed += usize::from(normalise(&url).is_some());
    }
    assert!(keyed > 80, "only {keyed} of the URLs have a key");
}

#[test]
fn hostile_strings_do_not_panic() {
    for string in include_str!("fixtures/hostile.txt").lines() {
        assert_idempotent(string);
        assert_idempotent(&format!("https://a.com/{string}"));
        assert_idempotent(&format!("https://a.com/?{string}={string}"));
        assert_idempotent(&format!("https://{string}.com/#!{string}"));
    }
}

#[test]
fn different_stories_have_different_keys() {
    // Rules that merged any of these would be too greedy.
    let stories: Vec<&str> = include_str!("fixtures/stories.txt").lines().collect();
    let keys: HashSet<String> = stories
        .iter()
        .map(|url| {
            assert_idempotent(url);
            normalise(url).unwrap_or_else(|| panic!("{url} has no key")).key
        })
        .collect();
    assert_eq!(keys.len(), stories.len());
    assert!(stories.len() > 60);
}
