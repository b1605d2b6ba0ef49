//! Reads a file with the parser of its format.

use crate::archive::{self, Folder, RatioLimit, Tar, Zip};
use crate::error::ReadError;
use crate::format::Format;
use crate::input::{InputFile, ReadSeek};
use crate::output::Output;
use crate::position::CountingReader;
use crate::record::{PositionedRecord, Record};
use crate::{
    blogger, commento, disqus, feed, ghost, isso, movable_type, ndjson, remark42, text, wordpress,
};
use flate2::read::MultiGzDecoder;
use std::cell::Cell;
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

/// The number of bytes at the beginning of a file by which its format is recognised.
pub(crate) const HEAD_BYTES: u64 = 64 << 10;

/// Reads a file, or the files in an archive or folder, and passes each record to `sink`.
///
/// The format is recognised if none is given. What is wrong with the file is passed on too, as
/// [`Record::Failed`], and so is that nothing was found. `bytes_read` counts the bytes of the file
/// that were read; what is read twice counts twice.
///
/// Returns `Break` if `sink` did.
pub fn read(
    file: &InputFile,
    format: Option<Format>,
    bytes_read: &AtomicU64,
    sink: &mut dyn FnMut(PositionedRecord) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let found = Cell::new(Found::default());
    let mut counting = |record: PositionedRecord| {
        let mut sum = found.get();
        sum.add(&record.record);
        found.set(sum);
        sink(record)
    };
    let mut output = Output::new(file.name().into(), file.id_path().into(), &mut counting);
    let done = read_file(file, format, bytes_read, &mut output);
    let done = report(done, &mut output).and_then(|()| match found.get().nothing() {
        Some(reason) => output.failed(0, reason),
        None => Ok(()),
    });
    match done {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// What was found in a file.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    format: Option<Format>,
    /// Whether anything was found that an import stores, leaves out as intended, or reports.
    something: bool,
}

impl Found {
    fn add(&mut self, record: &Record) {
        match record {
            Record::Format(format) => self.format = Some(*format),
            // A file of an archive that is no export.
            Record::Skipped { kind, .. } if kind == "file" => {}
            Record::Warning { .. } | Record::Counted(_) => {}
            _ => self.something = true,
        }
    }

    /// Returns an error if there was nothing.
    fn nothing(self) -> Option<String> {
        if self.something {
            return None;
        }
        Some(match self.format {
            Some(format) => {
                format!("no posts and no comments were found; it was read as {}", format.name())
            }
            None => "none of the files holds posts or comments in a known format".to_owned(),
        })
    }
}

fn read_file(
    file: &InputFile,
    format: Option<Format>,
    bytes_read: &AtomicU64,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    if let Some(path) = file.folder() {
        return archive::read(&Folder { path, bytes_read }, format, output);
    }
    let open = || -> io::Result<CountingReader<'_, Box<dyn ReadSeek>>> {
        Ok(CountingReader { inner: file.open()?, bytes_read })
    };
    let reopen = |pass: &mut Pass<'_>| pass(&mut open()?);
    let start = head(&reopen, TAR_HEAD_BYTES)?;
    if start.starts_with(archive::ZIP_SIGNATURE) {
        return archive::read(&Zip { open: &open }, format, output);
    }
    if !start.starts_with(archive::GZIP_SIGNATURE) {
        return read_unpacked(&reopen, &start, format, output);
    }
    let unpack =
        |pass: &mut Pass<'_>| pass(&mut RatioLimit::new(MultiGzDecoder::new(open()?), file.size()));
    let start = head(&unpack, TAR_HEAD_BYTES)?;
    read_unpacked(&unpack, &start, format, &mut output.for_unpacked())
}

/// Reads a file that is not packed: a tar archive or an export.
fn read_unpacked(
    reopen: &Reopen<'_>,
    start: &[u8],
    format: Option<Format>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    if archive::is_tar(start) {
        archive::read(&Tar { reopen }, format, output)
    } else {
        read_one(reopen, format, output)
    }
}

/// The number of bytes by which a tar archive is recognised.
const TAR_HEAD_BYTES: u64 = 512;

/// Returns the beginning of a file.
pub(crate) fn head(reopen: &Reopen<'_>, bytes: u64) -> Result<Vec<u8>, ReadError> {
    let mut head = Vec::new();
    reopen(&mut |input| {
        head.clear();
        input.take(bytes).read_to_end(&mut head)?;
        Ok(())
    })?;
    Ok(head)
}

/// One reading of a file from its beginning to its end.
pub(crate) type Pass<'a> = dyn FnMut(&mut dyn io::Read) -> Result<(), ReadError> + 'a;

/// Opens a file and makes one pass over it.
pub(crate) type Reopen<'a> = dyn Fn(&mut Pass<'_>) -> Result<(), ReadError> + 'a;

/// Reports why a file was not read to its end. Returns an error only if the caller wants no more.
pub(crate) fn report(
    done: Result<(), ReadError>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    match done {
        Err(ReadError::Malformed { line, byte, reason }) => {
            let reason = match byte {
                0 => reason,
                _ => format!("{reason} (at byte {byte}; nothing after it was read)"),
            };
            output.failed(line, reason)
        }
        done => done,
    }
}

/// Reads a file that is no archive.
pub(crate) fn read_one(
    reopen: &Reopen<'_>,
    format: Option<Format>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let head = head(reopen, HEAD_BYTES)?;
    let format = match format {
        Some(format) => format,
        None => Format::detect(output.path(), &head).map_err(ReadError::file)?,
    };
    output.record(0, Record::Format(format))?;
    if head.trim_ascii() == b"[]" {
        return output.skipped(0, "empty", "the list in the file is empty: nothing to import");
    }
    match format {
        Format::Text | Format::Markdown => reopen(&mut |input| text::read(input, format, output)),
        Format::Ghost => reopen(&mut |input| ghost::read(input, output)),
        Format::Movabletype => reopen(&mut |input| movable_type::read(input, output)),
        Format::Substack | Format::Medium => {
            let name = format.name();
            Err(ReadError::file(format!("an export of {name} is the whole ZIP archive or folder")))
        }
        Format::Feed => reopen(&mut |input| feed::read(input, output)),
        Format::Blogger => reopen(&mut |input| blogger::read(input, output)),
        Format::Wordpress => reopen(&mut |input| wordpress::read(input, output)),
        Format::Disqus => reopen(&mut |input| disqus::read(input, output)),
        Format::Remark42 if remark42::is_backup(&head) => {
            reopen(&mut |input| remark42::read_backup(input, output))
        }
        Format::Remark42 => reopen(&mut |input| remark42::read(input, output)),
        Format::Isso => reopen(&mut |input| isso::read(input, output)),
        Format::Commento => {
            let mut references = commento::References::default();
            reopen(&mut |input| {
                references = commento::read_references(input)?;
                Ok(())
            })?;
            reopen(&mut |input| commento::read(input, &references, output))
        }
        Format::Ndjson => reopen(&mut |input| ndjson::read(input, output)),
    }
}
