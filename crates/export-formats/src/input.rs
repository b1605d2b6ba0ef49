//! The files that are read: on disk, already open, or in memory.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path};
use std::sync::Arc;

/// A file that can be read more than once.
#[derive(Clone)]
pub struct InputFile {
    name: Arc<str>,
    open: Arc<dyn Fn() -> io::Result<Box<dyn ReadSeek>> + Send + Sync>,
    /// What a post in the file is known by.
    id_path: Arc<str>,
    size: u64,
    folder: Option<Arc<Path>>,
}

impl std::fmt::Debug for InputFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InputFile")
            .field("name", &self.name)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// A reader that can be positioned.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl InputFile {
    /// Returns a file on disk, or a folder with all files below it. Whether it exists shows when it
    /// is read. A post in a file of its own is known by the path if it is relative, otherwise by the
    /// file's name: absolute paths differ between machines.
    pub fn from_path(path: &Path) -> Self {
        let name = path.display().to_string();
        let parts = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        });
        let parts: Vec<_> = parts.collect();
        let unknown = if path.is_relative() { 0 } else { parts.len().saturating_sub(1) };
        let id_path = parts.get(unknown..).unwrap_or_default().join("/").into();
        let path = path.to_owned();
        let data = std::fs::metadata(&path).ok();
        let folder = data.as_ref().is_some_and(std::fs::Metadata::is_dir);
        let folder = folder.then(|| Arc::from(path.as_path()));
        let size = data.filter(|_| folder.is_none()).map_or(0, |data| data.len());
        let open = move || Ok(Box::new(File::open(&path)?) as Box<dyn ReadSeek>);
        Self { name: name.into(), id_path, open: Arc::new(open), size, folder }
    }

    /// Returns a file that is already open, under the name that reports show. It need not have a
    /// name on disk.
    pub fn from_open_file(name: &str, file: Arc<File>) -> Self {
        let size = file.metadata().map_or(0, |data| data.len());
        let open = move || {
            Ok(Box::new(SharedFile { file: Arc::clone(&file), offset: 0 }) as Box<dyn ReadSeek>)
        };
        Self { name: name.into(), id_path: id_path(name), open: Arc::new(open), size, folder: None }
    }

    /// Returns bytes in memory as a file of this name.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Self {
        let (size, bytes) = (bytes.len() as u64, Arc::<[u8]>::from(bytes));
        let open = move || Ok(Box::new(Cursor::new(Arc::clone(&bytes))) as Box<dyn ReadSeek>);
        Self { name: name.into(), id_path: id_path(name), open: Arc::new(open), size, folder: None }
    }

    /// Returns the name that reports show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the size in bytes; 0 if it is not known.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the path that a post in the file is known by.
    pub(crate) fn id_path(&self) -> &str {
        &self.id_path
    }

    /// Returns the path if it is a folder.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Opens the file at its beginning.
    pub(crate) fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        (self.open)()
    }
}

/// Returns what a post is known by in a file that was given a name: the whole name.
fn id_path(name: &str) -> Arc<str> {
    name.trim_start_matches('/').into()
}

/// An open file with an offset of its own, so that several readers can share it.
struct SharedFile {
    file: Arc<File>,
    offset: u64,
}

impl Read for SharedFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(out, self.offset)?;
        self.offset += n as u64;
        Ok(n)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.offset = offset.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.offset)
    }
}
