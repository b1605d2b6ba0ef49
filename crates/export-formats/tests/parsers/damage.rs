//! Files that were damaged: cut anywhere, with bytes changed, lost, repeated or inserted. Reading
//! one may fail but not panic, and a missing end is always reported.

use crate::summary::{Summary, fixture};
use export_formats::{Format, InputFile};

/// Small files of all formats.
fn samples() -> Vec<(Format, Vec<u8>)> {
    let wxr = "<?xml version='1.0'?><rss xmlns:wp='http://wordpress.org/export/1.2/'><channel>\
        <link>http://a.example</link><item><title>T</title><wp:post_id>1</wp:post_id>\
        <wp:status>publish</wp:status><content:encoded><![CDATA[<a href='http://b.example/'>A</a> \
        -- Reuters<br>x &amp; y]]></content:encoded><wp:comment><wp:comment_id>2</wp:comment_id>\
        <wp:comment_content>c &#8217; d</wp:comment_content></wp:comment></item></channel></rss>";
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>tag:b.post-1</id><title \
        type='text'>T</title><content type='html'>&lt;p>a&lt;/p></content></entry><entry>\
        <id>b.post-2</id><thr:in-reply-to ref='b.post-1'/><content>c</content></entry></feed>";
    let disqus = "<disqus xmlns='http://disqus.com' \
        xmlns:dsq='http://disqus.com/disqus-internals'><thread dsq:id='1'>\
        <link>http://a.example/b</link></thread><post dsq:id='2'><message>m</message>\
        <thread dsq:id='1'/></post></disqus>";
    let tree = "{\"comments\":[{\"comment\":{\"id\":\"1\",\"text\":\"a\\u00e4\",\"locator\":\
        {\"url\":\"http://a.example/b\"}},\"replies\":[]}],\"info\":{}}";
    let isso = "[{\"id\":\"/a/\",\"comments\":[{\"id\":0,\"text\":\"b\",\"created\":\
        \"2020-01-01 00:00:00\"}]}]";
    let commento = "{\"version\":1,\"comments\":[{\"commentHex\":\"1\",\"url\":\"/a\",\
        \"markdown\":\"*b*\",\"state\":\"approved\"}],\"commenters\":[]}";
    let ndjson = "{\"roundup_export\":1,\"database\":\"a\"}\n\
        {\"table\":\"tags\",\"row\":{\"id\":1}}\n{\"end\":{\"rows\":1}}\n";
    let text = "A -- Reuters http://a.example\n\nq\n\nB -- AFP\nMy Comment: c\n\nd\nReplyDelete\n";
    let all = [
        (Format::Wordpress, wxr),
        (Format::Blogger, atom),
        (Format::Disqus, disqus),
        (Format::Remark42, tree),
        (Format::Isso, isso),
        (Format::Commento, commento),
        (Format::Ndjson, ndjson),
        (Format::Text, text),
        (Format::Markdown, text),
    ];
    all.into_iter().map(|(format, text)| (format, text.as_bytes().to_vec())).collect()
}

fn read(format: Format, bytes: &[u8]) -> Summary {
    Summary::of(&InputFile::from_bytes("damaged", bytes.to_vec()), Some(format))
}

/// A generator of pseudo-random numbers (xorshift) that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % n
    }
}

#[test]
fn the_samples_are_valid() {
    for (format, bytes) in samples() {
        let summary = read(format, &bytes);
        assert_eq!(summary.failed, [], "{format:?}");
        assert!(
            summary.posts.len() + summary.comments.len() + summary.export_lines > 0,
            "{format:?}"
        );
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_reported() {
    for (format, bytes) in samples() {
        if matches!(format, Format::Text | Format::Markdown) {
            continue;
        }
        let whole = bytes.trim_ascii_end().len();
        for end in 0..whole {
            let summary = read(format, &bytes[..end]);
            assert!(!summary.failed.is_empty(), "{format:?} cut at {end} of {whole}");
        }
    }
}

#[test]
fn changed_lost_and_inserted_bytes_cause_no_panic() {
    let pieces: [&[u8]; 12] = [
        b"<",
        b">",
        b"&",
        b"\"",
        b"]]>",
        b"<![CDATA[",
        b"\xFF",
        b"\0",
        b"{",
        b"[",
        b"<!--",
        b"\\u0000",
    ];
    let mut random = Random(0x2026_1123);
    for (format, bytes) in samples() {
        for _ in 0..400 {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(damaged.len());
                match random.below(4) {
                    0 => damaged[at] = u8::try_from(random.below(256)).unwrap(),
                    1 => drop(damaged.splice(at..at, pieces[random.below(pieces.len())].to_vec())),
                    2 => drop(damaged.drain(at..(at + 1 + random.below(30)).min(damaged.len()))),
                    _ => {
                        let end = (at + 1 + random.below(60)).min(damaged.len());
                        let again = damaged[at..end].to_vec();
                        damaged.splice(at..at, again);
                    }
                }
                if damaged.is_empty() {
                    break;
                }
            }
            read(format, &damaged);
        }
    }
}

#[test]
fn the_fixtures_cut_at_many_places_are_reported() {
    for (name, format) in [
        ("wordpress-1.2.xml", Format::Wordpress),
        ("wordpress-1.0.wxr", Format::Wordpress),
        ("blogger-2009.xml", Format::Blogger),
        ("blogger-takeout-2018.atom", Format::Blogger),
        ("disqus.xml", Format::Disqus),
        ("remark42-tree.json", Format::Remark42),
        ("isso.json", Format::Isso),
        ("commento.json", Format::Commento),
    ] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        for n in 1..40 {
            let end = bytes.len() * n / 40;
            let summary = read(format, &bytes[..end]);
            let cut = |(_, reason): &(String, String)| !reason.contains("no id");
            assert!(summary.failed.iter().any(cut), "{name} cut at {end}");
        }
    }
}
