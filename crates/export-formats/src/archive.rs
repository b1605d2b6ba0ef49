//! The files in ZIP and tar archives and in folders.
//!
//! Not every file in an archive is a post: Takeout has notes beside blogs, and the source of a
//! site has its documentation beside its posts. What is no post is left out and reported.

mod folder;
mod ratio_limit;
mod tar;
mod zip;

pub(crate) use folder::Folder;
pub(crate) use ratio_limit::RatioLimit;
pub(crate) use tar::{Tar, is_tar};
pub(crate) use zip::Zip;

use crate::error::ReadError;
use crate::format::{Format, MARKDOWN_EXTENSIONS, TEXT_EXTENSIONS, extension, file_name};
use crate::output::Output;
use crate::read::{HEAD_BYTES, Reopen, head, read_one, report};
use crate::{front_matter, medium, substack};

/// The first bytes of a ZIP archive.
pub(crate) const ZIP_SIGNATURE: &[u8; 4] = b"PK\x03\x04";

/// The first bytes of a file that gzip has packed.
pub(crate) const GZIP_SIGNATURE: &[u8; 2] = b"\x1F\x8B";

/// The extensions of exports.
const EXPORT_EXTENSIONS: [&str; 6] = ["atom", "xml", "rss", "wxr", "json", "ndjson"];

/// The maximum number of files in an archive. Pictures are among them, and the list of all files
/// is held in memory.
const MAX_FILES: usize = 100_000;

/// Returns an error for an archive of too many files.
fn check_count(count: usize) -> Result<(), ReadError> {
    if count <= MAX_FILES {
        return Ok(());
    }
    Err(ReadError::file(format!("the archive has {count} files, more than {MAX_FILES}")))
}

/// Receives each file of an archive, with its path in the archive.
type Visit<'a> = dyn FnMut(&str, &Reopen<'_>) -> Result<(), ReadError> + 'a;

/// An archive or a folder.
pub(crate) trait Container {
    /// Passes every file on, each time in the same order.
    fn visit(&self, visit: &mut Visit<'_>) -> Result<(), ReadError>;
}

/// What to do with a file of an archive.
#[derive(Debug)]
enum Plan {
    /// It is an export or a post.
    Read(Format),
    /// It is a post: its front matter says so.
    ReadPost,
    /// It is no post.
    LeaveOut(String),
    /// It should be read and cannot be.
    Fail(String),
}

/// Reads the files of an archive that are exports or posts.
pub(crate) fn read(
    container: &dyn Container,
    format: Option<Format>,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let (mut plans, mut paths) = (Vec::new(), Vec::new());
    container.visit(&mut |path, reopen| {
        plans.push(plan(path, reopen, format));
        paths.push(path.to_owned());
        Ok(())
    })?;
    match format {
        Some(Format::Substack) => return substack::read(container, output),
        Some(Format::Medium) => return medium::read(container, output),
        None if substack::is_substack(&paths) => return substack::read(container, output),
        None if medium::is_medium(&paths) => return medium::read(container, output),
        _ => drop(paths),
    }
    leave_out_unrelated(&mut plans, format);
    let mut plans = plans.into_iter();
    container.visit(&mut |path, reopen| {
        let mut output = output.for_member(path);
        let format = match plans.next() {
            Some(Plan::Read(format)) => format,
            Some(Plan::ReadPost) => Format::Markdown,
            Some(Plan::LeaveOut(reason)) => return output.skipped(0, "file", &reason),
            Some(Plan::Fail(reason)) => return output.failed(0, reason),
            None => return output.failed(0, "the archive was changed while it was read"),
        };
        let done = read_one(reopen, Some(format), &mut output);
        report(done, &mut output)
    })
}

/// Returns what to do with a file by its name and its beginning.
fn plan(path: &str, reopen: &Reopen<'_>, format: Option<Format>) -> Plan {
    let lower = path.to_ascii_lowercase();
    let extension = extension(file_name(&lower)).to_owned();
    let leave_out = |reason: &str| Plan::LeaveOut(reason.to_owned());
    if path.split(['/', '\\']).any(|part| part == "..") || path.starts_with('/') {
        return Plan::Fail("its path leads out of the archive".to_owned());
    }
    let markdown = MARKDOWN_EXTENSIONS.contains(&extension.as_str());
    let plain = markdown || TEXT_EXTENSIONS.contains(&extension.as_str());
    // macOS puts a second file with its own data beside each file.
    let is_metadata = lower.starts_with("__macosx/") || lower.contains("/._");
    if is_metadata || !(plain || EXPORT_EXTENSIONS.contains(&extension.as_str())) {
        return leave_out("the file holds no posts or comments");
    }
    if markdown && let Some(reason) = part_of_a_site(&lower) {
        return leave_out(reason);
    }
    let head = match head(reopen, HEAD_BYTES) {
        Ok(head) => head,
        Err(ReadError::Malformed { reason, .. }) => return Plan::Fail(reason),
        Err(ReadError::Stopped) => return leave_out("the import was stopped"),
    };
    if markdown && front_matter::is_present(&head) && format.is_none_or(Format::is_plain) {
        return Plan::ReadPost;
    }
    match (Format::detect(path, &head), format) {
        (Ok(found), None) => Plan::Read(found),
        (Ok(_), Some(named)) if named.is_plain() && plain => Plan::Read(named),
        (Ok(found), Some(named)) if found == named => Plan::Read(named),
        (Ok(found), Some(named)) => {
            let (found, named) = (found.name(), named.name());
            Plan::LeaveOut(format!("the file is in the format {found}, not {named}"))
        }
        (Err(_), Some(named)) if plain == named.is_plain() => Plan::Read(named),
        (Err(reason), _) => Plan::LeaveOut(reason),
    }
}

/// Returns why a Markdown file is not a post, by its lower-case path: it is part of the source of
/// a site.
fn part_of_a_site(path: &str) -> Option<&'static str> {
    let name = file_name(path);
    let stem = name.split('.').next().unwrap_or(name);
    if matches!(
        stem,
        "readme" | "license" | "licence" | "changelog" | "contributing" | "code_of_conduct"
    ) {
        return Some("the file describes the archive");
    }
    if stem == "_index" {
        return Some("the file describes a section of the site");
    }
    let is_template = |folder: &str| {
        folder.starts_with('.')
            || matches!(
                folder,
                "archetypes" | "layouts" | "_layouts" | "_includes" | "themes" | "node_modules"
            )
    };
    let (folders, _) = path.rsplit_once('/')?;
    folders.split('/').any(is_template).then_some("the file is a template of the site")
}

/// Leaves out files that are in no relation to the others: notes beside an export, and the feed of
/// a site beside the posts that it is made from.
fn leave_out_unrelated(plans: &mut [Plan], format: Option<Format>) {
    if format.is_some() {
        return;
    }
    let has_posts = plans.iter().any(|plan| matches!(plan, Plan::ReadPost));
    let has_export = plans.iter().any(|plan| match plan {
        Plan::Read(Format::Feed) => !has_posts,
        Plan::Read(format) => !format.is_plain(),
        _ => false,
    });
    for plan in plans {
        let reason = match plan {
            Plan::Read(Format::Feed) if has_posts => {
                "the file is a feed beside the posts that it is made from"
            }
            Plan::Read(format) if has_export && format.is_plain() => {
                "the file is a text beside an export; name its format with `format` to import it"
            }
            _ => continue,
        };
        *plan = Plan::LeaveOut(reason.to_owned());
    }
}
