//! Reading an export in XML ends, whatever the bytes are: no panic, no endless loop.

#![no_main]

use export_formats::{Format, InputFile, read};
use libfuzzer_sys::fuzz_target;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let format = match first % 4 {
        0 => Some(Format::Wordpress),
        1 => Some(Format::Blogger),
        2 => Some(Format::Disqus),
        _ => None,
    };
    let file = InputFile::from_bytes("a.xml", rest.to_vec());
    let _ = read(&file, format, &AtomicU64::new(0), &mut |_found| ControlFlow::Continue(()));
});
