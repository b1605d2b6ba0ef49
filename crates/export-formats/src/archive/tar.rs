//! Tar archives, packed or not.

use super::{Container, EXPORT_EXTENSIONS, Visit, check_count};
use crate::error::ReadError;
use crate::format::{MARKDOWN_EXTENSIONS, TEXT_EXTENSIONS, extension, file_name};
use crate::read::{Pass, Reopen};
use std::io::{self, Seek as _};
use tar::Archive;

/// A tar archive.
pub(crate) struct Tar<'a> {
    pub(crate) reopen: &'a Reopen<'a>,
}

/// Returns whether a file is a tar archive by its first 512 bytes.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

impl Container for Tar<'_> {
    fn visit(&self, visit: &mut Visit<'_>) -> Result<(), ReadError> {
        let broken = |error: &io::Error| ReadError::file(format!("the archive is broken: {error}"));
        (self.reopen)(&mut |input| {
            let mut archive = Archive::new(input);
            let mut count = 0;
            for entry in archive.entries().map_err(|error| broken(&error))? {
                let mut entry = entry.map_err(|error| broken(&error))?;
                count += 1;
                check_count(count)?;
                // Links are left out: they may lead out of the archive.
                if !entry.header().entry_type().is_file() {
                    continue;
                }
                let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
                let path = path.trim_start_matches("./");
                // A parser may read a file twice, but a packed archive only goes forward.
                let mut copy = tempfile::tempfile()?;
                if may_be_read(path) {
                    io::copy(&mut entry, &mut copy).map_err(|error| broken(&error))?;
                }
                let copy = &copy;
                visit(path, &|pass: &mut Pass<'_>| {
                    let mut reader = copy;
                    reader.rewind()?;
                    pass(&mut reader)
                })?;
            }
            Ok(())
        })
    }
}

/// Returns whether a file of this name may hold posts or comments.
fn may_be_read(path: &str) -> bool {
    let lower = file_name(path).to_ascii_lowercase();
    let extension = extension(&lower);
    EXPORT_EXTENSIONS.contains(&extension)
        || MARKDOWN_EXTENSIONS.contains(&extension)
        || TEXT_EXTENSIONS.contains(&extension)
        || matches!(extension, "html" | "csv")
}
