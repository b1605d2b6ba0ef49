//! Why the reading of a file ends before the file does.

/// Why the reading of a file ends before the file does.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// The caller takes no more records.
    Stopped,
    /// The file cannot be read on from this line and byte. Both are 0 where the file as a whole
    /// is meant.
    Malformed { line: u64, byte: u64, reason: String },
}

impl ReadError {
    /// Returns an error about the file as a whole.
    pub(crate) fn file(reason: impl Into<String>) -> Self {
        Self::Malformed { line: 0, byte: 0, reason: reason.into() }
    }
}

impl From<std::io::Error> for ReadError {
    fn from(error: std::io::Error) -> Self {
        Self::file(error.to_string())
    }
}
