//! Ends the reading of a packed file that unpacks to very much.

use std::io::{self, Read};

/// A reader that fails if a file unpacks to very many times its packed size: a bomb.
pub(crate) struct RatioLimit<R> {
    inner: R,
    bytes: u64,
    packed_bytes: u64,
}

/// The number of bytes that a file may unpack to whatever its packed size is.
const UNLIMITED_BYTES: u64 = 16 << 20;

/// The maximum ratio of unpacked to packed size. Exports pack to a tenth.
const MAX_RATIO: u64 = 150;

impl<R> RatioLimit<R> {
    /// Returns a reader of what `packed_bytes` unpack to.
    pub(crate) fn new(inner: R, packed_bytes: u64) -> Self {
        Self { inner, bytes: 0, packed_bytes }
    }
}

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
