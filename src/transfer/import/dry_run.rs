//! Reads a file as an import does, without a database, and counts what is in it.

use super::post_body;
use export_formats::{Format, InputFile, Record, read};
use roundup_reader::Outlets;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

/// How many records a file has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Posts.
    pub posts: usize,
    /// Links in the posts.
    pub links: usize,
    /// Comments, pingbacks and trackbacks.
    pub comments: usize,
    /// Lines of an export of a roundup database.
    pub export_lines: usize,
    /// What cannot be imported: position and reason.
    pub failed: Vec<(String, String)>,
}

/// A list of outlets that is empty.
struct NoOutlets;

impl Outlets for NoOutlets {
    fn knows(&self, _name: &str) -> bool {
        false
    }
}

/// Counts the records in a file, and parses the bodies of its posts.
pub fn count_records(file: &InputFile, format: Option<Format>) -> RecordCounts {
    let mut counts = RecordCounts::default();
    // The function below never asks the reader to stop.
    let _ = read(file, format, &AtomicU64::new(0), &mut |found| {
        match found.record {
            Record::Post(post) => {
                counts.posts += 1;
                counts.links += post_body::parse(&post.body, &NoOutlets).roundup.links.len();
            }
            Record::Comment(_) => counts.comments += 1,
            Record::ExportLine(_) => counts.export_lines += 1,
            Record::Failed { reason } => counts.failed.push((found.position.to_string(), reason)),
            Record::Skipped { .. }
            | Record::Warning { .. }
            | Record::Counted(_)
            | Record::Format(_) => {}
        }
        ControlFlow::Continue(())
    });
    counts
}
