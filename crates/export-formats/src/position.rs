//! Tracks the byte offset and line number of a reader, and limits how much of a file may be in
//! memory at once.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a record is: the file, and the line, counted from 1; 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The name of the file.
    pub file: Arc<str>,
    /// The line.
    pub line: u64,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// The maximum length in bytes of what is held in memory at once: an entry of a feed, a comment,
/// a line.
pub(crate) const MAX_ITEM_BYTES: u64 = 32 << 20;

/// A buffered reader that tracks its byte offset and line number.
pub(crate) struct PositionReader<R> {
    inner: BufReader<R>,
    bytes: u64,
    lines: u64,
    item_bytes: u64,
}

impl<R: Read> PositionReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        let inner = BufReader::with_capacity(64 << 10, inner);
        Self { inner, bytes: 0, lines: 0, item_bytes: 0 }
    }

    /// Returns the number of bytes that have been read.
    pub(crate) fn byte(&self) -> u64 {
        self.bytes
    }

    /// Returns the current line, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.lines + 1
    }

    /// Starts counting the bytes of another item.
    pub(crate) fn begin_item(&mut self) {
        self.item_bytes = 0;
    }

    /// Reads the next line with its end. Returns false at the end of the file.
    pub(crate) fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        self.begin_item();
        Ok(self.read_until(b'\n', line)? > 0)
    }
}

impl<R: Read> Read for PositionReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for PositionReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.item_bytes > MAX_ITEM_BYTES {
            let most = MAX_ITEM_BYTES >> 20;
            return Err(io::Error::other(format!(
                "a single entry, comment or line is longer than {most} MiB"
            )));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        let read = self.inner.buffer().get(..n).unwrap_or_default();
        self.lines += read.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.bytes += n as u64;
        self.item_bytes += n as u64;
        self.inner.consume(n);
    }
}

/// A reader that adds the number of bytes it reads to a counter, to show progress.
pub(crate) struct CountingReader<'a, R> {
    pub(crate) inner: R,
    pub(crate) bytes_read: &'a AtomicU64,
}

impl<R: Read> Read for CountingReader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.bytes_read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: io::Seek> io::Seek for CountingReader<'_, R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_bytes_are_counted() {
        let mut reader = PositionReader::new("a\nbc\nd".as_bytes());
        let mut line = Vec::new();
        assert!(reader.next_line(&mut line).unwrap());
        assert!(reader.next_line(&mut line).unwrap());
        assert_eq!((line.as_slice(), reader.line(), reader.byte()), (b"bc\n".as_slice(), 3, 5));
        assert!(reader.next_line(&mut line).unwrap());
        assert!(!reader.next_line(&mut line).unwrap());
    }

    #[test]
    fn a_line_without_an_end_is_rejected() {
        let mut reader = PositionReader::new(io::repeat(b'x'));
        let error = reader.next_line(&mut Vec::new()).unwrap_err();
        assert!(error.to_string().ends_with("longer than 32 MiB"), "{error}");
    }
}
