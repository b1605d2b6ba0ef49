//! Reading a file as an import does, and storing nothing: without a database, for those who only
//! want to know what is in it, or whether it can be read at all.

use super::body;
use super::detect::Format;
use super::files::{self, Source};
use super::record::{Found, Record};
use super::report::Skipped;
use roundup_reader::Outlets;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::mpsc;

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// How many posts.
    pub posts: usize,
    /// How many links there are in them.
    pub links: usize,
    /// How many comments, pingbacks and trackbacks.
    pub replies: usize,
    /// How many rows of an export of our own.
    pub rows: usize,
    /// What cannot be taken in.
    pub failed: Vec<Skipped>,
}

/// No outlet is known.
struct Unknown;

impl Outlets for Unknown {
    fn knows(&self, _name: &str) -> bool {
        false
    }
}

/// Reads a file. Not from within a task: it blocks.
pub fn scan(source: Source, format: Option<Format>) -> Scan {
    let (sender, mut receiver) = mpsc::channel::<Found>(256);
    let reader = std::thread::spawn(move || {
        let count = Arc::new(AtomicU64::new(0));
        files::read(&source, format, &count, &sender).is_ok()
    });
    let mut scan = Scan::default();
    while let Some(Found { place, record }) = receiver.blocking_recv() {
        match record {
            Record::Post(post) => {
                scan.posts += 1;
                scan.links += body::read(&post.body, &Unknown).roundup.links.len();
            }
            Record::Reply(_) => scan.replies += 1,
            Record::Row(_) => scan.rows += 1,
            Record::Failed { reason } => {
                let (kind, position) = ("error".to_owned(), place.to_string());
                scan.failed.push(Skipped { kind, position, reason });
            }
            Record::Left { .. } | Record::Remark { .. } | Record::Seen(_) | Record::Format(_) => {}
        }
    }
    if reader.join().is_err() {
        let reason = "the reading of the file broke off".to_owned();
        scan.failed.push(Skipped { kind: "panic".to_owned(), position: String::new(), reason });
    }
    scan
}
