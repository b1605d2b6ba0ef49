//! ZIP archives, such as Google Takeout makes them.

use crate::error::ReadError;
use crate::format::Format;
use crate::input::ReadSeek;
use crate::output::Output;
use crate::position::CountingReader;
use crate::read::{Pass, read_one, report};
use std::cell::RefCell;
use std::io::{self, Read};
use zip::ZipArchive;

/// The first bytes of a ZIP archive.
pub(crate) const SIGNATURE: &[u8; 4] = b"PK\x03\x04";

/// The endings of the names of files that may hold posts or comments.
const EXTENSIONS: [&str; 7] = [".atom", ".xml", ".wxr", ".json", ".ndjson", ".md", ".txt"];

/// The maximum number of files in an archive. Pictures are among them, and the list of all files
/// is held in memory.
const MAX_FILES: usize = 100_000;

/// Opens the archive.
type Open<'a> = dyn Fn() -> io::Result<CountingReader<'a, Box<dyn ReadSeek>>> + 'a;

/// Reads the files in an archive that may hold posts or comments.
pub(crate) fn read(
    open: &Open<'_>,
    format: Option<Format>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let broken =
        |error: &dyn std::fmt::Display| ReadError::file(format!("the archive is broken: {error}"));
    let zip = RefCell::new(ZipArchive::new(open()?).map_err(|error| broken(&error))?);
    let count = zip.borrow().len();
    if count > MAX_FILES {
        let reason = format!("the archive has {count} files, more than {MAX_FILES}");
        return Err(ReadError::file(reason));
    }
    for index in 0..count {
        let (name, is_dir, is_enclosed) = {
            let mut zip = zip.borrow_mut();
            let entry = zip.by_index_raw(index).map_err(|error| broken(&error))?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            (name, entry.is_dir(), entry.enclosed_name().is_some())
        };
        let mut output = output.for_member(&name);
        let lower = name.to_ascii_lowercase();
        // macOS puts a second file with its own data beside each file.
        let is_metadata = lower.starts_with("__macosx/") || lower.contains("/._");
        if !is_enclosed || name.split(['/', '\\']).any(|part| part == "..") {
            output.failed(0, "its path leads out of the archive")?;
        } else if is_dir {
            // The files in it are entries of their own.
        } else if is_metadata || !EXTENSIONS.iter().any(|extension| lower.ends_with(extension)) {
            output.skipped(0, "file", "the file holds no posts or comments")?;
        } else {
            let reopen = |pass: &mut Pass<'_>| {
                let mut zip = zip.borrow_mut();
                let entry = zip.by_index(index).map_err(|error| broken(&error))?;
                let packed_bytes = entry.compressed_size();
                pass(&mut RatioLimit { inner: entry, bytes: 0, packed_bytes })
            };
            let done = read_one(&reopen, format, &mut output);
            report(done, &mut output)?;
        }
    }
    Ok(())
}

/// A reader that fails if a file unpacks to very many times its packed size: a ZIP bomb.
struct RatioLimit<R> {
    inner: R,
    bytes: u64,
    packed_bytes: u64,
}

/// The number of bytes that a file may unpack to whatever its packed size is.
const UNLIMITED_BYTES: u64 = 16 << 20;

/// The maximum ratio of unpacked to packed size. Exports pack to a tenth.
const MAX_RATIO: u64 = 150;

impl<R: Read> Read for RatioLimit<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.bytes += n as u64;
        if self.bytes > UNLIMITED_BYTES && self.bytes / MAX_RATIO > self.packed_bytes {
            let reason = format!(
                "the file unpacks to more than {MAX_RATIO} times its size, as a ZIP bomb does"
            );
            return Err(io::Error::other(reason));
        }
        Ok(n)
    }
}
