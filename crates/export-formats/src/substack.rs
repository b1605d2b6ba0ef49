//! Reads an export of Substack: a ZIP archive with the table `posts.csv` and the texts in `posts/`.
//!
//! The archive holds the addresses of subscribers too. They are not read.

use crate::archive::Container;
use crate::dates;
use crate::error::ReadError;
use crate::format::{Format, extension, file_name};
use crate::output::Output;
use crate::pictures::first_picture;
use crate::read::report;
use crate::record::{Author, Body, Post, PostStatus, Record, non_blank};
use crate::source;
use crate::text::read_text;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A line of the table.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct Row {
    post_id: String,
    post_date: String,
    is_published: String,
    r#type: String,
    audience: String,
    title: String,
    subtitle: String,
}

/// Returns whether an archive is an export of Substack, by the paths of its files.
pub(crate) fn is_substack(paths: &[String]) -> bool {
    paths.iter().any(|path| is_table(path)) && paths.iter().any(|path| is_text(path))
}

fn is_table(path: &str) -> bool {
    file_name(path) == "posts.csv"
}

fn is_text(path: &str) -> bool {
    extension(file_name(path)) == "html" && path.rsplit('/').nth(1) == Some("posts")
}

/// Reads the archive.
pub(crate) fn read(container: &dyn Container, output: &mut Output<'_>) -> Result<(), ReadError> {
    output.record(0, Record::Format(Format::Substack))?;
    let mut rows = BTreeMap::new();
    container.visit(&mut |path, reopen| {
        if !is_table(path) {
            return Ok(());
        }
        reopen(&mut |input| {
            for row in csv::Reader::from_reader(input).deserialize::<Row>() {
                let row = row.map_err(|error| ReadError::file(format!("{path}: {error}")))?;
                rows.insert(row.post_id.clone(), row);
            }
            Ok(())
        })
    })?;
    container.visit(&mut |path, reopen| {
        let mut output = output.for_member(path);
        if is_table(path) {
            return Ok(());
        }
        if !is_text(path) {
            return output.skipped(0, "file", "the file holds no posts");
        }
        let stem = file_name(path).trim_end_matches(".html");
        let row = rows.remove(stem);
        let done = reopen(&mut |input| {
            let html = read_text(input)?;
            read_post(stem, row.clone(), html, &mut output)
        });
        report(done, &mut output)
    })?;
    for row in rows.into_values() {
        let reason = format!("{}: the archive has no text of it", row.title);
        output.skipped(0, if row.r#type.is_empty() { "post" } else { &row.r#type }, &reason)?;
    }
    Ok(())
}

fn read_post(
    id: &str,
    row: Option<Row>,
    html: String,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    output.record(0, Record::Counted("post"))?;
    if row.is_none() {
        let reason = "posts.csv does not list the post; it is kept as a draft";
        output.warning(0, id, reason)?;
    }
    let row = row.unwrap_or_default();
    let slug = id.split_once('.').map_or(id, |(_, slug)| slug);
    let is_public = row.audience == "everyone" && row.r#type != "page";
    let image = first_picture(&html);
    let post = Post {
        source: source::SUBSTACK,
        guid: None,
        id: id.to_owned(),
        title: non_blank(&row.title),
        slug: non_blank(slug),
        status: match row.is_published.as_str() {
            "true" if is_public => PostStatus::Published,
            // Only those who pay may read it.
            "true" => PostStatus::Archived,
            _ => PostStatus::Draft,
        },
        dek: non_blank(&row.subtitle),
        author: Author::default(),
        published_at: dates::parse_rfc3339(&row.post_date),
        date_uncertain: false,
        updated_at: None,
        tags: Vec::new(),
        paths: vec![format!("/p/{slug}")],
        comments_open: true,
        body: Body::Html(html),
        lang: None,
        image,
        image_id: None,
        base_url: None,
        status_uncertain: false,
    };
    output.record(0, Record::Post(Box::new(post)))
}
