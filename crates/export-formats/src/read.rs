//! Reads a file with the parser of its format.

use crate::error::ReadError;
use crate::format::Format;
use crate::input::{InputFile, ReadSeek};
use crate::output::Output;
use crate::position::CountingReader;
use crate::record::{PositionedRecord, Record};
use crate::{archive, blogger, commento, disqus, isso, ndjson, remark42, text, wordpress};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

/// The number of bytes at the beginning of a file by which its format is recognised.
const HEAD_BYTES: u64 = 64 << 10;

/// Reads a file, or the files in a ZIP archive, and passes each record to `sink`.
///
/// The format is recognised if none is given. What is wrong with the file is passed on too, as
/// [`Record::Failed`]. `bytes_read` counts the bytes of the file that were read; what is read
/// twice counts twice.
///
/// Returns `Break` if `sink` did.
pub fn read(
    file: &InputFile,
    format: Option<Format>,
    bytes_read: &AtomicU64,
    sink: &mut dyn FnMut(PositionedRecord) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut output = Output::new(file.name().into(), sink);
    let open = || -> io::Result<CountingReader<'_, Box<dyn ReadSeek>>> {
        Ok(CountingReader { inner: file.open()?, bytes_read })
    };
    let mut start = [0; 4];
    let started = open().and_then(|mut reader| reader.read(&mut start));
    let done = match started {
        Err(error) => Err(ReadError::from(error)),
        Ok(_) if start == *archive::SIGNATURE => archive::read(&open, format, &mut output),
        Ok(_) => {
            let reopen = |pass: &mut Pass<'_>| pass(&mut open()?);
            read_one(&reopen, format, &mut output)
        }
    };
    match report(done, &mut output) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// One reading of a file from its beginning to its end.
pub(crate) type Pass<'a> = dyn FnMut(&mut dyn Read) -> Result<(), ReadError> + 'a;

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
    let mut head = Vec::new();
    reopen(&mut |input| {
        head.clear();
        input.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(())
    })?;
    let format = match format {
        Some(format) => format,
        None => Format::detect(output.file(), &head).map_err(ReadError::file)?,
    };
    output.record(0, Record::Format(format))?;
    match format {
        Format::Text | Format::Markdown => reopen(&mut |input| text::read(input, format, output)),
        Format::Blogger => reopen(&mut |input| blogger::read(input, output)),
        Format::Wordpress => reopen(&mut |input| wordpress::read(input, output)),
        Format::Disqus => reopen(&mut |input| disqus::read(input, output)),
        Format::Remark42 if remark42::is_backup(&head) => {
            reopen(&mut |input| remark42::read_backup(input, output))
        }
        Format::Remark42 => reopen(&mut |input| remark42::read(input, output)),
        Format::Isso => reopen(&mut |input| isso::read(input, output)),
        Format::Commento => {
            let mut commenters = commento::Commenters::default();
            reopen(&mut |input| {
                commenters = commento::read_commenters(input)?;
                Ok(())
            })?;
            reopen(&mut |input| commento::read(input, &commenters, output))
        }
        Format::Ndjson => reopen(&mut |input| ndjson::read(input, output)),
    }
}
