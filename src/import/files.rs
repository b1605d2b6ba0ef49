//! What is imported: files, archives of files, or bytes from elsewhere; and who reads which.

use super::detect::Format;
use super::place::{LONGEST, Metered};
use super::record::{Body, Found, Halt, Out, Post, Record};
use super::{blogger, commento, disqus, isso, ndjson, remark42, wxr};
use crate::articles::{ArticleAuthor, ArticleStatus};
use safe_html::xml_chars;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::mpsc::Sender;
use zip::ZipArchive;

/// A file that can be read as often as need be.
#[derive(Clone)]
pub struct Source {
    name: Arc<str>,
    open: Arc<dyn Fn() -> io::Result<Box<dyn ReadSeek>> + Send + Sync>,
    size: u64,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// What can be read from any place.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl Source {
    /// A file on disk. Whether it is there shows when it is read.
    pub fn file(path: &Path) -> Self {
        Self::named(&path.display().to_string(), path)
    }

    /// A file on disk that goes by another name, such as an upload.
    pub fn named(name: &str, path: &Path) -> Self {
        let path = path.to_owned();
        let size = std::fs::metadata(&path).map_or(0, |data| data.len());
        let open = move || Ok(Box::new(File::open(&path)?) as Box<dyn ReadSeek>);
        Self { name: name.into(), open: Arc::new(open), size }
    }

    /// A file that is open already, and need not have a name on the disk any more.
    pub fn opened(name: &str, file: Arc<File>) -> Self {
        let size = file.metadata().map_or(0, |data| data.len());
        let open =
            move || Ok(Box::new(Placed { file: Arc::clone(&file), at: 0 }) as Box<dyn ReadSeek>);
        Self { name: name.into(), open: Arc::new(open), size }
    }

    /// Bytes in memory.
    pub fn bytes(name: &str, bytes: Vec<u8>) -> Self {
        let (size, bytes) = (bytes.len() as u64, Arc::<[u8]>::from(bytes));
        let open = move || Ok(Box::new(Cursor::new(Arc::clone(&bytes))) as Box<dyn ReadSeek>);
        Self { name: name.into(), open: Arc::new(open), size }
    }

    /// What the report calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long it is, in bytes; 0 if that is not known.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// An open file read from a place of its own, so that many may read it at once.
struct Placed {
    file: Arc<File>,
    at: u64,
}

impl Read for Placed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(out, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Placed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// Gives the file to whoever reads it, from its start.
type With<'a> = dyn Fn(&mut dyn FnMut(&mut dyn Read) -> Result<(), Halt>) -> Result<(), Halt> + 'a;

/// Reads a file, or all that matters in an archive. What is wrong with it is put out too.
pub(super) fn read(
    source: &Source,
    format: Option<Format>,
    count: &Arc<AtomicU64>,
    sender: &Sender<Found>,
) -> Result<(), Halt> {
    let out = Out { sender, file: Arc::clone(&source.name) };
    let open = || -> io::Result<Metered<Box<dyn ReadSeek>>> {
        Ok(Metered { inner: (source.open)()?, count: Arc::clone(count) })
    };
    let mut start = [0; 4];
    let started = open().and_then(|mut file| file.read(&mut start));
    let done = match started {
        Err(error) => Err(Halt::whole(error.to_string())),
        Ok(_) if start == *b"PK\x03\x04" => archive(&open, format, &out),
        Ok(_) => {
            let with = |then: &mut dyn FnMut(&mut dyn Read) -> Result<(), Halt>| {
                then(&mut open().map_err(|error| Halt::whole(error.to_string()))?)
            };
            one(&with, format, &out)
        }
    };
    report(done, &out)
}

/// Puts out why a file was not read to its end, so that the next one can be.
fn report(done: Result<(), Halt>, out: &Out<'_>) -> Result<(), Halt> {
    let Err(Halt::Broken { line, byte, reason }) = done else { return done };
    let reason = match byte {
        0 => reason,
        _ => format!("{reason} (byte {byte}; nothing after it was read)"),
    };
    out.put(line, Record::Failed { reason })
}

fn one(with: &With<'_>, format: Option<Format>, out: &Out<'_>) -> Result<(), Halt> {
    let mut head = Vec::new();
    with(&mut |input| {
        head.clear();
        input.take(64 << 10).read_to_end(&mut head).map_err(|e| Halt::whole(e.to_string()))?;
        Ok(())
    })?;
    let format = match format {
        Some(format) => format,
        None => Format::detect(&out.file, &head).map_err(Halt::whole)?,
    };
    out.put(0, Record::Format(format.name()))?;
    match format {
        Format::Text | Format::Markdown => with(&mut |input| text(input, format, out)),
        Format::Blogger => with(&mut |input| blogger::read(input, out)),
        Format::Wordpress => with(&mut |input| wxr::read(input, out)),
        Format::Disqus => with(&mut |input| disqus::read(input, out)),
        Format::Remark42 if remark42::is_backup(&head) => {
            with(&mut |input| remark42::read_lines(input, out))
        }
        Format::Remark42 => with(&mut |input| remark42::read(input, out)),
        Format::Isso => with(&mut |input| isso::read(input, out)),
        Format::Commento => {
            let mut people = commento::People::default();
            with(&mut |input| {
                people = commento::people(input)?;
                Ok(())
            })?;
            with(&mut |input| commento::read(input, &people, out))
        }
        Format::Ndjson => with(&mut |input| ndjson::read(input, out)),
    }
}

/// The names of files in an archive that may hold posts or comments.
const ENDINGS: [&str; 7] = [".atom", ".xml", ".wxr", ".json", ".ndjson", ".md", ".txt"];

fn archive(
    open: &dyn Fn() -> io::Result<Metered<Box<dyn ReadSeek>>>,
    format: Option<Format>,
    out: &Out<'_>,
) -> Result<(), Halt> {
    let whole = |error: &dyn std::fmt::Display| Halt::whole(format!("the archive: {error}"));
    let file = open().map_err(|error| whole(&error))?;
    let zip = RefCell::new(ZipArchive::new(file).map_err(|error| whole(&error))?);
    let count = zip.borrow().len();
    if count > FILES {
        return Err(whole(&format!("{count} files, more than {FILES}")));
    }
    let known = |index| {
        let mut zip = zip.borrow_mut();
        let entry = zip.by_index_raw(index).map_err(|error| whole(&error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        Ok((name, entry.is_dir(), entry.enclosed_name().is_some()))
    };
    for index in 0..count {
        let (name, dir, safe) = known(index)?;
        let file: Arc<str> = format!("{}:{name}", out.file).into();
        let out = Out { sender: out.sender, file };
        let lower = name.to_ascii_lowercase();
        let junk = lower.starts_with("__macosx/") || lower.contains("/._");
        if !safe || name.split(['/', '\\']).any(|part| part == "..") {
            let reason = "a path that leads out of the archive".to_owned();
            out.put(0, Record::Failed { reason })?;
        } else if dir || junk || !ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
            if !dir {
                out.left(0, "file", "no file of posts or comments")?;
            }
        } else {
            let with = |then: &mut dyn FnMut(&mut dyn Read) -> Result<(), Halt>| {
                let mut zip = zip.borrow_mut();
                let entry = zip.by_index(index).map_err(|error| whole(&error))?;
                let packed = entry.compressed_size();
                then(&mut Guarded { inner: entry, read: 0, packed })
            };
            report(one(&with, format, &out), &out)?;
        }
    }
    Ok(())
}

/// Refuses what unpacks to so much more than it is that it can only be meant as harm.
struct Guarded<R> {
    inner: R,
    read: u64,
    packed: u64,
}

/// How many files an archive may have: pictures are among them, and the list of all is in memory.
const FILES: usize = 100_000;

/// How much may come out of an archive whatever its size.
const FREE: u64 = 16 << 20;

/// How many times as long as its packed form a file may be. Exports pack to a tenth.
const RATIO: u64 = 150;

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.read += n as u64;
        if self.read > FREE && self.read / RATIO > self.packed {
            return Err(io::Error::other("it unpacks to far more than it is: not read further"));
        }
        Ok(n)
    }
}

/// A roundup by itself: the whole file is the post.
fn text(input: &mut dyn Read, format: Format, out: &Out<'_>) -> Result<(), Halt> {
    let mut bytes = Vec::new();
    input.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|e| Halt::whole(e.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Halt::whole("longer than any roundup"));
    }
    let line = |at: usize| bytes.iter().take(at).filter(|byte| **byte == b'\n').count() as u64 + 1;
    let broken = |at: usize, reason: String| Halt::Broken { line: line(at), byte: 0, reason };
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| broken(error.valid_up_to(), "not UTF-8".to_owned()))?;
    if let Some(found) = xml_chars::first_forbidden(text) {
        let at = text.char_indices().nth(found.position).map_or(0, |(at, _)| at);
        return Err(broken(at, format!("the character U+{:04X}", u32::from(found.character))));
    }
    if text.trim().is_empty() {
        return Err(Halt::whole("the file is empty"));
    }
    let name = out.file.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let body = match format {
        Format::Markdown => Body::Markdown(text.to_owned()),
        _ => Body::Text(text.to_owned()),
    };
    let post = Post {
        source: super::SOURCE,
        id: stem.to_owned(),
        title: None,
        slug: None,
        status: ArticleStatus::Published,
        dek: None,
        author: ArticleAuthor { name: None, url: None },
        published_at: None,
        date_uncertain: false,
        updated_at: None,
        tags: Vec::new(),
        paths: Vec::new(),
        comments_open: true,
        body,
    };
    out.put(0, Record::Post(Box::new(post)))
}
