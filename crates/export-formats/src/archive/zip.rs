//! ZIP archives, such as Google Takeout makes them.

use super::{Container, RatioLimit, Visit, check_count};
use crate::error::ReadError;
use crate::input::ReadSeek;
use crate::position::CountingReader;
use crate::read::Pass;
use std::cell::RefCell;
use std::io;
use zip::ZipArchive;

/// Opens the archive.
type Open<'a> = dyn Fn() -> io::Result<CountingReader<'a, Box<dyn ReadSeek>>> + 'a;

/// A ZIP archive.
pub(crate) struct Zip<'a> {
    pub(crate) open: &'a Open<'a>,
}

impl Container for Zip<'_> {
    fn visit(&self, visit: &mut Visit<'_>) -> Result<(), ReadError> {
        let broken = |error: &dyn std::fmt::Display| {
            ReadError::file(format!("the archive is broken: {error}"))
        };
        let zip = RefCell::new(ZipArchive::new((self.open)()?).map_err(|error| broken(&error))?);
        let count = zip.borrow().len();
        check_count(count)?;
        for index in 0..count {
            let (mut name, is_dir, is_enclosed) = {
                let mut zip = zip.borrow_mut();
                let entry = zip.by_index_raw(index).map_err(|error| broken(&error))?;
                let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
                (name, entry.is_dir(), entry.enclosed_name().is_some())
            };
            if is_dir {
                // The files in it are entries of their own.
                continue;
            }
            if !is_enclosed {
                name = format!("../{name}");
            }
            let reopen = |pass: &mut Pass<'_>| {
                let mut zip = zip.borrow_mut();
                let entry = zip.by_index(index).map_err(|error| broken(&error))?;
                let packed_bytes = entry.compressed_size();
                pass(&mut RatioLimit::new(entry, packed_bytes))
            };
            visit(&name, &reopen)?;
        }
        Ok(())
    }
}
