//! Exports in XML, whatever is in them, are read to an end or refused; no input panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup::import::{Format, Source, scan};

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let format = match first % 4 {
        0 => Some(Format::Wordpress),
        1 => Some(Format::Blogger),
        2 => Some(Format::Disqus),
        _ => None,
    };
    scan(Source::bytes("a.xml", rest.to_vec()), format);
});
