//! Everything that the parser of a file returns, sorted by kind.

use export_formats::{Comment, Format, InputFile, Post, Record, read};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

/// Everything that the parser of a file returns.
#[derive(Debug, Default)]
pub struct Summary {
    pub format: Option<Format>,
    pub posts: Vec<Post>,
    pub comments: Vec<Comment>,
    pub counted: BTreeMap<&'static str, usize>,
    /// The number of skipped records, by kind.
    pub skipped: BTreeMap<String, usize>,
    /// Raw texts.
    pub warnings: Vec<String>,
    /// Positions and reasons.
    pub failed: Vec<(String, String)>,
    pub export_lines: usize,
}

impl Summary {
    pub fn of(file: &InputFile, format: Option<Format>) -> Self {
        let mut summary = Self::default();
        let bytes_read = AtomicU64::new(0);
        let flow = read(file, format, &bytes_read, &mut |found| {
            match found.record {
                Record::Post(post) => summary.posts.push(*post),
                Record::Comment(comment) => summary.comments.push(*comment),
                Record::Image { .. } => {}
                Record::Skipped { kind, .. } => *summary.skipped.entry(kind).or_default() += 1,
                Record::Failed { reason } => {
                    summary.failed.push((found.position.to_string(), reason));
                }
                Record::Warning { raw, .. } => summary.warnings.push(raw),
                Record::Counted(kind) => *summary.counted.entry(kind).or_default() += 1,
                Record::Format(format) => summary.format = Some(format),
                Record::ExportLine(_) => summary.export_lines += 1,
            }
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        summary
    }

    pub fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        Self::of(&InputFile::from_bytes(name, bytes.to_vec()), None)
    }

    pub fn of_fixture(name: &str) -> Self {
        Self::of(&InputFile::from_path(&fixture(name)), None)
    }

    /// The post with this id.
    pub fn post(&self, id: &str) -> &Post {
        self.posts.iter().find(|post| post.id == id).unwrap()
    }

    /// The comment with this id.
    pub fn comment(&self, id: &str) -> &Comment {
        self.comments.iter().find(|comment| comment.id == id).unwrap()
    }
}

/// The path of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}
