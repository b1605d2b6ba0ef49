//! Exports in JSON, and exports of our own, are read to an end or refused; no input panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundup::import::{Format, Source, scan};

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let format = match first % 5 {
        0 => Some(Format::Ndjson),
        1 => Some(Format::Remark42),
        2 => Some(Format::Isso),
        3 => Some(Format::Commento),
        _ => None,
    };
    scan(Source::bytes("a.json", rest.to_vec()), format);
});
