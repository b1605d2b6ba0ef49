//! Reading with a finger on the line: how far a file has been read, in bytes and lines, and no
//! piece of it so long that it would fill the memory.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest single piece, in bytes: an entry of a feed, a comment, a line.
pub(super) const LONGEST: u64 = 32 << 20;

/// A reader that knows where it is.
pub(super) struct Tracked<R> {
    inner: BufReader<R>,
    bytes: u64,
    lines: u64,
    piece: u64,
}

impl<R: Read> Tracked<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(64 << 10, inner), bytes: 0, lines: 0, piece: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn byte(&self) -> u64 {
        self.bytes
    }

    /// The line that is being read, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.lines + 1
    }

    /// Another piece begins.
    pub(super) fn begin(&mut self) {
        self.piece = 0;
    }

    /// The next line without its end; none at the end of the file.
    pub(super) fn next_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        self.begin();
        Ok(self.read_until(b'\n', line)? > 0)
    }
}

impl<R: Read> Read for Tracked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: Read> BufRead for Tracked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > LONGEST {
            let most = LONGEST >> 20;
            return Err(io::Error::other(format!("one piece is longer than {most} MiB")));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        let read = self.inner.buffer().get(..n).unwrap_or_default();
        self.lines += read.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.bytes += n as u64;
        self.piece += n as u64;
        self.inner.consume(n);
    }
}

/// Counts what is read, for whoever shows progress.
pub(super) struct Metered<R> {
    pub(super) inner: R,
    pub(super) count: Arc<AtomicU64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: io::Seek> io::Seek for Metered<R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_bytes_are_counted() {
        let mut reader = Tracked::new("a\nbc\nd".as_bytes());
        let mut line = Vec::new();
        assert!(reader.next_line(&mut line).unwrap());
        assert!(reader.next_line(&mut line).unwrap());
        assert_eq!((line.as_slice(), reader.line(), reader.byte()), (b"bc\n".as_slice(), 3, 5));
        assert!(reader.next_line(&mut line).unwrap());
        assert!(!reader.next_line(&mut line).unwrap());
    }

    #[test]
    fn a_piece_without_an_end_is_refused() {
        let mut reader = Tracked::new(io::repeat(b'x'));
        let error = reader.next_line(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "one piece is longer than 32 MiB");
    }
}
