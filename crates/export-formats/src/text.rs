//! A post in a file of its own, as text or Markdown. Markdown may have front matter.
//!
//! Only front matter says whether a post was public. Without it a Markdown file needs a date in
//! its name to be published, and what holds private values is a draft.

use crate::error::ReadError;
use crate::format::{Format, file_name};
use crate::front_matter::{self, Document};
use crate::not_a_post;
use crate::output::Output;
use crate::position::MAX_ITEM_BYTES;
use crate::record::{Author, Body, Post, PostStatus, Record};
use crate::source;
use chrono::{DateTime, NaiveDate, Utc};
use safe_html::xml_chars;
use std::io::Read;

/// Reads the file as one post. Its id is the file's path below the folder or archive that it is
/// in, without the extension.
pub(crate) fn read(
    input: &mut dyn Read,
    format: Format,
    output: &mut Output<'_>,
) -> Result<(), ReadError> {
    let text = read_text(input)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let path = output.path().replace('\\', "/");
    let path = Path::new(&path);
    let document = match format {
        Format::Markdown => front_matter::parse(text).map_err(ReadError::file)?,
        _ => None,
    };
    let post = match document {
        Some(document) => with_front_matter(&path, &document, output)?,
        None => without_front_matter(&path, text, format, output)?,
    };
    output.record(0, Record::Post(Box::new(post)))
}

/// Returns a post whose fields are in its front matter.
fn with_front_matter(
    path: &Path<'_>,
    document: &Document<'_>,
    output: &mut Output<'_>,
) -> Result<Post, ReadError> {
    let matter = &document.front_matter;
    let named = path.date.map(|date| (at_midnight(date), true));
    let date = matter.published_at().or(named);
    let stated = if path.is_draft { Some(PostStatus::Draft) } else { matter.status() };
    let status = match (stated, date) {
        (Some(status), _) => status,
        (None, Some(_)) => PostStatus::Published,
        (None, None) => {
            let reason =
                "neither the front matter nor the file's name has a date; it is kept as a draft";
            output.warning(0, path.name, reason)?;
            PostStatus::Draft
        }
    };
    let slug = matter.text(&["slug"]).map(|slug| slug.trim_matches('/').to_owned());
    let slug = slug.unwrap_or_else(|| path.slug.to_owned());
    let mut paths = matter.paths();
    if let Some(usual) = path.usual_url(&slug, &matter.categories())
        && paths.is_empty()
    {
        paths.push(usual);
    }
    // Remarks name the lines of the file, so the body keeps its place in it.
    let body = "\n".repeat(document.lines_above) + document.body;
    Ok(Post {
        title: matter.text(&["title"]),
        slug: Some(slug),
        status,
        dek: matter.text(&["description", "summary", "subtitle", "excerpt", "dek"]),
        author: matter.author(),
        published_at: date.map(|(at, _)| at),
        date_uncertain: date.is_some_and(|(_, uncertain)| uncertain),
        updated_at: matter.updated_at(),
        tags: matter.tags(path.is_jekyll),
        paths,
        comments_open: matter.comments_open(),
        body: Body::MarkdownPost(body),
        status_uncertain: stated.is_none() && date.is_none(),
        lang: matter.text(&["lang", "language", "locale"]),
        image: matter.image(),
        base_url: matter.base_url(),
        ..empty(path)
    })
}

/// Returns a post of which only the text is known.
fn without_front_matter(
    path: &Path<'_>,
    text: &str,
    format: Format,
    output: &mut Output<'_>,
) -> Result<Post, ReadError> {
    let markdown = format == Format::Markdown;
    let date = path.date.filter(|_| markdown);
    let status = if let Some((line, name)) = not_a_post::private_line(text) {
        let reason = "the text has a line with a private value; it is kept as a draft";
        output.warning(line, &name, reason)?;
        PostStatus::Draft
    } else if markdown && date.is_none() {
        let reason = "the file has no date, in front matter or in its name; it is kept as a draft";
        output.warning(0, path.name, reason)?;
        PostStatus::Draft
    } else {
        PostStatus::Published
    };
    let body = text.to_owned();
    Ok(Post {
        status,
        published_at: date.map(at_midnight),
        date_uncertain: date.is_some(),
        body: if markdown { Body::Markdown(body) } else { Body::Text(body) },
        status_uncertain: true,
        ..empty(path)
    })
}

/// Returns a post of which nothing but the id is known.
fn empty(path: &Path<'_>) -> Post {
    Post {
        source: source::ROUNDUP,
        guid: None,
        id: path.id.to_owned(),
        title: None,
        slug: None,
        status: PostStatus::Draft,
        dek: None,
        author: Author::default(),
        published_at: None,
        date_uncertain: false,
        updated_at: None,
        tags: Vec::new(),
        paths: Vec::new(),
        comments_open: true,
        body: Body::Text(String::new()),
        lang: None,
        image: None,
        image_id: None,
        base_url: None,
        status_uncertain: false,
    }
}

fn at_midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// What the path of a file says about the post in it.
struct Path<'a> {
    /// The path without the extension.
    id: &'a str,
    name: &'a str,
    /// The file's name without date and extension, or the name of its folder if it is an index.
    slug: &'a str,
    date: Option<NaiveDate>,
    /// Whether it is in Jekyll's folder of posts.
    is_jekyll: bool,
    /// Whether it is in Jekyll's folder of drafts.
    is_draft: bool,
}

impl<'a> Path<'a> {
    fn new(path: &'a str) -> Self {
        let name = file_name(path);
        let id = path.rsplit_once('.').map_or(path, |(id, _)| id);
        let mut parts = id.rsplit(['/', ':']);
        let mut stem = parts.next().unwrap_or(id);
        // A bundle of Hugo: the post is the index of a folder that also has its pictures.
        if stem == "index" || stem.starts_with("index.") {
            stem = parts.next().unwrap_or(stem);
        }
        let date = stem.get(..10).and_then(|date| NaiveDate::parse_from_str(date, "%Y-%m-%d").ok());
        let rest = date.and_then(|_| stem.get(10..)).unwrap_or(stem);
        let slug = rest.trim_start_matches(['-', '_', '.', ' ']);
        let has_folder = |name: &str| id.split('/').rev().skip(1).any(|folder| folder == name);
        Self {
            id,
            name,
            slug: if slug.is_empty() { stem } else { slug },
            date,
            is_jekyll: has_folder("_posts") || has_folder("_drafts"),
            is_draft: has_folder("_drafts"),
        }
    }

    /// Returns the path of the URL that Jekyll and Hugo give a post if nothing else is set.
    fn usual_url(&self, slug: &str, categories: &[String]) -> Option<String> {
        if self.is_jekyll {
            let date = self.date?.format("%Y/%m/%d");
            let folders = categories.iter().map(|name| name.to_lowercase());
            let folders = folders.fold(String::new(), |path, name| path + "/" + &name);
            return Some(format!("{folders}/{date}/{slug}.html").replace(' ', "%20"));
        }
        let (_, below) = self.id.split_once("content/")?;
        let below = below.strip_suffix("/index").unwrap_or(below);
        let folder = below.rsplit_once('/').map(|(folder, _)| folder)?;
        Some(format!("/{folder}/{slug}/"))
    }
}

/// Returns the text of a file.
pub(crate) fn read_text(input: &mut dyn Read) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    input.take(MAX_ITEM_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_ITEM_BYTES {
        let most = MAX_ITEM_BYTES >> 20;
        return Err(ReadError::file(format!("the file is longer than {most} MiB")));
    }
    let line = |at: usize| bytes.iter().take(at).filter(|byte| **byte == b'\n').count() as u64 + 1;
    let malformed =
        |at: usize, reason: String| ReadError::Malformed { line: line(at), byte: 0, reason };
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        malformed(error.valid_up_to(), "the text is not valid UTF-8".to_owned())
    })?;
    if let Some(found) = xml_chars::find_forbidden_char(text) {
        let at = text.char_indices().nth(found.position).map_or(0, |(at, _)| at);
        let code = u32::from(found.character);
        return Err(malformed(
            at,
            format!("the text contains the character U+{code:04X}, which cannot be stored"),
        ));
    }
    if text.trim().is_empty() {
        return Err(ReadError::file("the file is empty"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_a_post_is_called() {
        for (path, id, slug, has_date, url) in [
            (
                "_posts/2024-01-02-bridge.md",
                "_posts/2024-01-02-bridge",
                "bridge",
                true,
                Some("/city/2024/01/02/bridge.html"),
            ),
            (
                "site/content/posts/ferry/index.md",
                "site/content/posts/ferry/index",
                "ferry",
                false,
                Some("/posts/ferry/"),
            ),
            ("content/posts/a.b.md", "content/posts/a.b", "a.b", false, Some("/posts/a.b/")),
            ("2023/01.md", "2023/01", "01", false, None),
            ("2024-01-02.md", "2024-01-02", "2024-01-02", true, None),
        ] {
            let found = Path::new(path);
            assert_eq!(
                (found.id, found.slug, found.date.is_some()),
                (id, slug, has_date),
                "{path}"
            );
            let usual = found.usual_url(slug, &["City".to_owned()]);
            assert_eq!(usual.as_deref(), url, "{path}");
        }
    }
}
