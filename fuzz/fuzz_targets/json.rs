//! Reading an export in JSON ends, whatever the bytes are: no panic, no endless loop.

#![no_main]

use export_formats::{Format, InputFile, read};
use libfuzzer_sys::fuzz_target;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let format = match first % 5 {
        0 => Some(Format::Ndjson),
        1 => Some(Format::Remark42),
        2 => Some(Format::Isso),
        3 => Some(Format::Commento),
        _ => None,
    };
    let file = InputFile::from_bytes("a.json", rest.to_vec());
    let _ = read(&file, format, &AtomicU64::new(0), &mut |_found| ControlFlow::Continue(()));
});
