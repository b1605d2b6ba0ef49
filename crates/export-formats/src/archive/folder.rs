//! Folders on disk, such as the source of a site made with Hugo or Jekyll.

use super::{Container, Visit, check_count};
use crate::error::ReadError;
use crate::position::CountingReader;
use crate::read::Pass;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

/// A folder on disk.
pub(crate) struct Folder<'a> {
    pub(crate) path: &'a Path,
    pub(crate) bytes_read: &'a AtomicU64,
}

impl Container for Folder<'_> {
    fn visit(&self, visit: &mut Visit<'_>) -> Result<(), ReadError> {
        let mut files = Vec::new();
        list(self.path, &mut files)?;
        files.sort();
        for file in &files {
            let below = file.strip_prefix(self.path).unwrap_or(file);
            let path = below.to_string_lossy().replace('\\', "/");
            visit(&path, &|pass: &mut Pass<'_>| {
                let inner = File::open(file).map_err(|error| error_at(file, &error))?;
                pass(&mut CountingReader { inner, bytes_read: self.bytes_read })
            })?;
        }
        Ok(())
    }
}

/// Adds the files below a folder. Hidden ones and links are left out.
fn list(root: &Path, files: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| error_at(&folder, &error))? {
            let entry = entry.map_err(|error| error_at(&folder, &error))?;
            let kind = entry.file_type().map_err(|error| error_at(&entry.path(), &error))?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') || name == "node_modules" {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
                check_count(files.len())?;
            }
        }
    }
    Ok(())
}

fn error_at(path: &Path, error: &io::Error) -> ReadError {
    ReadError::file(format!("{}: {error}", path.display()))
}
