//! URLs with their keys, and pairs of URLs with different keys.

use super::property_tests::assert_idempotent;
use super::*;

fn key(raw: &str) -> String {
    normalise(raw).unwrap_or_else(|| panic!("{raw} has no key")).key
}

/// URLs and their keys.
const KEYS: &[(&str, &str)] = &[
    // Scheme, user, port, host.
    ("http://a.com/x", "a.com/x"),
    ("HTTPS://A.com/x", "a.com/x"),
    ("  https://a.com/x\n", "a.com/x"),
    ("https://user:secret@a.com/x", "a.com/x"),
    ("http://a.com:80/x", "a.com/x"),
    ("http://a.com:443/x", "a.com/x"),
    ("https://a.com:8443/x", "a.com:8443/x"),
    ("https://a.com./x", "a.com/x"),
    ("https://www.a.com/x", "a.com/x"),
    ("https://m.a.com/x", "a.com/x"),
    ("https://mobile.a.com/x", "a.com/x"),
    ("https://amp.a.com/x", "a.com/x"),
    ("https://www.m.a.com/x", "a.com/x"),
    ("https://www.gov.uk/x", "gov.uk/x"),
    ("https://amp.co.uk/x", "amp.co.uk/x"),
    ("https://mobile.de/x", "mobile.de/x"),
    ("https://bücher.de/x", "xn--bcher-kva.de/x"),
    ("https://xn--bcher-kva.de/x", "xn--bcher-kva.de/x"),
    ("http://[::1]:8080/x", "[::1]:8080/x"),
    ("http://192.168.0.1/x", "192.168.0.1/x"),
    // Hosts that are one site.
    ("https://en.m.wikipedia.org/wiki/Iraq", "en.wikipedia.org/wiki/Iraq"),
    ("https://m.wikipedia.org/wiki/Iraq", "wikipedia.org/wiki/Iraq"),
    ("https://en.wikipedia.org/wiki/Foo_%28bar%29#History", "en.wikipedia.org/wiki/Foo_(bar)"),
    ("https://old.reddit.com/r/rust/", "reddit.com/r/rust"),
    ("https://www.reddit.com/r/rust?share_id=abc", "reddit.com/r/rust"),
    ("https://x.com/a/status/1?s=20&t=xyz", "twitter.com/a/status/1"),
    ("https://mobile.twitter.com/a/status/1", "twitter.com/a/status/1"),
    ("https://edition.cnn.com/2014/12/04/x/index.html", "cnn.com/2014/12/04/x/index.html"),
    ("http://www.guardian.co.uk/world/x", "theguardian.com/world/x"),
    ("http://a.blogspot.co.uk/2014/12/x.html?m=1", "a.blogspot.com/2014/12/x.html"),
    ("http://a.blogspot.de/2014/12/x.html", "a.blogspot.com/2014/12/x.html"),
    ("http://a.blogspot.com.au/x.html?showComment=1417#c99", "a.blogspot.com/x.html"),
    ("http://a.blogspot.evil.com/x", "a.blogspot.evil.com/x"),
    // Path.
    ("https://a.com", "a.com"),
    ("https://a.com/?", "a.com"),
    ("https://a.com/x/", "a.com/x"),
    ("https://a.com//x///y//", "a.com/x/y"),
    ("https://a.com/x/../y/./z", "a.com/y/z"),
    ("https://a.com/%7euser/%41", "a.com/~user/A"),
    ("https://a.com/0%2C0%2c13.story", "a.com/0,0,13.story"),
    ("https://a.com/a%2fb", "a.com/a%2Fb"),
    ("https://a.com/a b/é", "a.com/a%20b/%C3%A9"),
    ("https://a.com/100%", "a.com/100%25"),
    ("https://a.com/a|b", "a.com/a%7Cb"),
    // AMP.
    ("https://a.com/story/amp", "a.com/story"),
    ("https://a.com/story/amp/", "a.com/story"),
    ("https://a.com/amp/story", "a.com/story"),
    ("https://a.com/story.amp.html", "a.com/story.html"),
    ("https://a.com/story.html.amp", "a.com/story.html"),
    ("https://a.com/story?amp=1", "a.com/story"),
    ("https://a.com/story?amp", "a.com/story"),
    ("https://a.com/story?outputType=amp", "a.com/story"),
    ("https://a.com/amp", "a.com/amp"),
    ("https://a.com/amplifier", "a.com/amplifier"),
    ("https://www.google.com/amp/s/www.a.com/story/amp/", "a.com/story"),
    ("https://www.google.co.uk/amp/a.com/story", "a.com/story"),
    ("https://www.google.com/amp/help", "google.com/amp/help"),
    ("https://www-a-com.cdn.ampproject.org/c/s/www.a.com/story?id=1", "a.com/story?id=1"),
    ("https://cdn.ampproject.org/v/a.com/story.amp.html?usqp=x", "a.com/story.html"),
    ("https://www.google.com/url?sa=t&q=https%3A%2F%2Fa.com%2Fx%3Fid%3D1", "a.com/x?id=1"),
    ("https://www.google.com/url?q=javascript:x", "google.com/url?q=javascript:x"),
    // Query and fragment.
    ("https://a.com/x?utm_source=a&utm_medium=b&UTM_Campaign=c", "a.com/x"),
    ("https://a.com/x?fbclid=1&gclid=2&dclid=3&msclkid=4&mc_cid=5&mc_eid=6", "a.com/x"),
    ("https://a.com/x?igshid=1&_hsenc=2&_hsmi=3&ICID=4&ocid=5&cmpid=6", "a.com/x"),
    ("https://a.com/x?ref=home&ref_src=a&ref_url=b", "a.com/x"),
    (
        "https://www.bbc.co.uk/news/1?ns_mchannel=social&at_medium=RSS&at_campaign=K",
        "bbc.co.uk/news/1",
    ),
    ("https://www.nytimes.com/x.html?smid=tw&smtyp=cur&_r=0", "nytimes.com/x.html"),
    ("https://a.com/x?source=rss&id=3", "a.com/x?id=3"),
    ("https://a.com/x?source=census", "a.com/x?source=census"),
    ("https://a.com/x?b=2&a=1", "a.com/x?a=1&b=2"),
    ("https://a.com/x?a=1&amp;b=2", "a.com/x?a=1&b=2"),
    ("https://a.com/x?a=&&b", "a.com/x?a&b"),
    ("https://a.com/x?q=a+b", "a.com/x?q=a%20b"),
    ("https://a.com/x?q='a'%2fb", "a.com/x?q='a'/b"),
    ("https://a.com/x#part", "a.com/x"),
    ("https://a.com/x#:~:text=word", "a.com/x"),
    ("https://a.com/#!/page/1", "a.com#!/page/1"),
    ("https://api.github.com/x?ref=main", "api.github.com/x?ref=main"),
    // YouTube.
    ("https://youtu.be/dQw4w9WgXcQ?si=abc&t=10", "youtube.com/watch?v=dQw4w9WgXcQ"),
    (
        "http://m.youtube.com/watch?feature=x&v=dQw4w9WgXcQ&list=P",
        "youtube.com/watch?v=dQw4w9WgXcQ",
    ),
    ("https://www.youtube.com/shorts/dQw4w9WgXcQ", "youtube.com/watch?v=dQw4w9WgXcQ"),
    ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", "youtube.com/watch?v=dQw4w9WgXcQ"),
    ("https://www.youtube.com/live/dQw4w9WgXcQ?si=1", "youtube.com/watch?v=dQw4w9WgXcQ"),
    ("https://youtu.be/x", "youtube.com/watch?v=x"),
    ("https://www.youtube.com/watch?v=x&si=y", "youtube.com/watch?v=x"),
    ("https://www.youtube.com/embed/videoseries?list=P", "youtube.com/embed/videoseries?list=P"),
    ("https://www.youtube.com/@name/videos", "youtube.com/@name/videos"),
    ("https://open.spotify.com/track/1?si=2", "open.spotify.com/track/1"),
];

/// Similar URLs of different pages.
const DIFFERENT: &[(&str, &str)] = &[
    ("http://a.com/x?id=1", "http://a.com/x?id=2"),
    ("http://a.com/x?id=1", "http://a.com/x"),
    ("http://a.com/x?id=1&id=2", "http://a.com/x?id=2&id=1"),
    ("http://a.com/x", "http://a.com/X"),
    ("http://a.com/x?a=b", "http://a.com/x?a=B"),
    ("http://a.com/a", "http://a.com/a/b"),
    ("http://a.com/a", "http://a.com/a.html"),
    ("http://a.com/a/b", "http://a.com/a%2Fb"),
    ("http://a.com/a%2520b", "http://a.com/a%20b"),
    ("http://a.com/x?q=a%2Bb", "http://a.com/x?q=a+b"),
    ("http://a.com/x?q=a%26b", "http://a.com/x?q=a&b"),
    ("http://a.com/x", "http://b.a.com/x"),
    ("http://a.com/x", "http://a.com:8080/x"),
    ("http://a.com/x", "http://a.org/x"),
    ("http://en.wikipedia.org/wiki/A", "http://de.wikipedia.org/wiki/A"),
    ("http://a.blogspot.com/x", "http://b.blogspot.com/x"),
    ("http://a.com/#!/1", "http://a.com/#!/2"),
    ("http://a.com/x?si=1", "http://a.com/x?si=2"),
    ("http://a.com/x?m=1", "http://a.com/x?m=2"),
    ("http://a.com/x?t=1", "http://a.com/x?t=2"),
    ("http://a.com/x?page=1&utm_source=a", "http://a.com/x?page=2&utm_source=a"),
    ("https://github.com/a/b?ref=v1", "https://github.com/a/b?ref=v2"),
    ("https://youtu.be/aaaaaaaaaaa", "https://youtu.be/AAAAAAAAAAA"),
    ("https://www.youtube.com/playlist?list=A", "https://www.youtube.com/playlist?list=B"),
    ("https://a.com/campaign", "https://a.com/amp-campaign"),
];

#[test]
fn urls_have_the_keys_of_the_table() {
    for (raw, expected) in KEYS {
        assert_eq!(key(raw), *expected, "{raw}");
        assert_idempotent(raw);
    }
}

#[test]
fn urls_of_different_pages_have_different_keys() {
    for (one, other) in DIFFERENT {
        assert_ne!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn text_that_is_not_an_absolute_web_url_has_no_key() {
    let wrapped = format!("https://{}a.com/x", "google.com/amp/s/".repeat(9));
    for raw in [
        "",
        "a.com/x",
        "/x",
        "//a.com/x",
        "ftp://a.com/x",
        "mailto:a@a.com",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "https://a b.com/",
        "https://a..com/",
        "https://1../",
        "https://a.com:99999/",
        wrapped.as_str(),
    ] {
        assert_eq!(normalise(raw), None, "{raw}");
    }
}

#[test]
fn the_domain_has_no_device_prefix() {
    for (raw, domain) in [
        ("https://www.WSJ.com/x", "wsj.com"),
        ("https://online.wsj.com:8080/x", "online.wsj.com"),
        ("https://amp.theguardian.com/x", "theguardian.com"),
        ("https://youtu.be/x", "youtube.com"),
        ("https://www.google.com/amp/s/www.bbc.com/news/1", "bbc.com"),
        ("http://[::1]/", "[::1]"),
    ] {
        assert_eq!(normalise(raw).unwrap().domain, domain, "{raw}");
    }
}

#[test]
fn the_hash_is_the_start_of_sha_256() {
    let expected = [
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23,
    ];
    assert_eq!(hash("abc"), expected);
    assert_ne!(hash("a.com/x"), hash("a.com/y"));
}

#[test]
fn a_url_of_any_length_has_a_key() {
    let long = format!("https://a.com/{}?q={}&utm_source=x", "é/".repeat(2_000), "b".repeat(8_000));
    assert_eq!(key(&long).len(), "a.com".len() + 2_000 * 7 + "?q=".len() + 8_000);
    for piece in ["/amp", ".amp", "amp/", "google.com/amp/s/", "&amp;", "%", "www."] {
        let _ = normalise(&format!("https://a.com/{}", piece.repeat(20_000)));
        let _ = normalise(&format!("https://{}a.com/?{0}", piece.repeat(20_000)));
    }
}
