//! HTML of posts: reading it panics on no input, and what the sanitiser lets through it lets
//! through again unchanged, without a script in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup::transfer::import::{Format, InputFile, count_records};
use safe_html::{Markup, Voice, plain, render};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for voice in [Voice::Editor, Voice::Reader] {
        let once = render(text, Markup::Html, voice);
        assert_eq!(render(&once, Markup::Html, voice), once);
        render(text, Markup::Markdown, voice);
        let lower = once.to_ascii_lowercase();
        for harm in ["<script", "<iframe", "<svg", "<style", "<object"] {
            assert!(!lower.contains(harm), "{harm} in {once}");
        }
    }
    plain(text);
    let body = text.replace("]]>", "");
    let wxr = format!(
        "<rss><channel><item><wp:post_id>1</wp:post_id><title>A</title>\
         <wp:status>publish</wp:status><content:encoded><![CDATA[{body}]]></content:encoded>\
         </item></channel></rss>"
    );
    count_records(&InputFile::from_bytes("a.xml", wxr.into_bytes()), Some(Format::Wordpress));
});
