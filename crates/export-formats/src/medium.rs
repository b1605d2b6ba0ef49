//! Reads an export of Medium: a ZIP archive with one HTML page for each post in `posts/`, whose fields
//! are marked by classes (microformats).

use crate::archive::Container;
use crate::dates;
use crate::error::ReadError;
use crate::format::{Format, file_name};
use crate::output::Output;
use crate::pictures::first_picture;
use crate::read::report;
use crate::record::{Author, Body, Post, PostStatus, Record, non_blank, public_name};
use crate::source;
use crate::text::read_text;
use crate::url_path::url_path;
use regex::Regex;
use safe_html::plain_text;
use std::sync::LazyLock;

/// The path of a post: a draft, or a date, a title and an id.
static POST_PATH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|/)posts/(draft_|\d{4}-\d{2}-\d{2}_).*\.html$").ok());

/// The fields of a page that have a text.
static TITLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?s)<h1[^>]*class="p-name"[^>]*>(.*?)</h1>"#).ok());
static SUBTITLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?s)<section[^>]*data-field="subtitle"[^>]*>(.*?)</section>"#).ok()
});
static AUTHOR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?s)<a[^>]*class="p-author[^"]*"[^>]*>(.*?)</a>"#).ok());
static TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"<time[^>]*class="dt-published"[^>]*datetime="([^"]*)""#).ok());
/// The text, which has sections of its own.
static BODY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?s)<section[^>]*data-field="body"[^>]*>(.*)</section>\s*<footer"#).ok()
});
/// The link to the page, in either order of its attributes.
static CANONICAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"<a[^>]*(?:href="(?P<a>[^"]*)"[^>]*class="p-canonical"|class="p-canonical"[^>]*href="(?P<b>[^"]*)")"#,
    )
    .ok()
});
/// The title, which the text repeats.
static REPEATED_TITLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)<h[1-4][^>]*graf--title[^>]*>.*?</h[1-4]>").ok());

/// Returns whether an archive is an export of Medium, by the paths of its files.
pub(crate) fn is_medium(paths: &[String]) -> bool {
    paths.iter().any(|path| is_post(path))
}

fn is_post(path: &str) -> bool {
    POST_PATH.as_ref().is_some_and(|post| post.is_match(path))
}

/// Reads the archive.
pub(crate) fn read(container: &dyn Container, output: &mut Output<'_>) -> Result<(), ReadError> {
    output.record(0, Record::Format(Format::Medium))?;
    container.visit(&mut |path, reopen| {
        let mut output = output.for_member(path);
        if !is_post(path) {
            return output.skipped(0, "file", "the file holds no posts");
        }
        let done = reopen(&mut |input| read_post(path, &read_text(input)?, &mut output));
        report(done, &mut output)
    })
}

/// Returns what a pattern finds.
fn find<'a>(pattern: &LazyLock<Option<Regex>>, html: &'a str) -> &'a str {
    let found = pattern.as_ref().and_then(|pattern| pattern.captures(html));
    found.and_then(|found| found.iter().skip(1).flatten().next()).map_or("", |part| part.as_str())
}

fn read_post(path: &str, html: &str, output: &mut Output<'_>) -> Result<(), ReadError> {
    let name = file_name(path).trim_end_matches(".html");
    let title = non_blank(&plain_text(find(&TITLE, html)));
    let body = find(&BODY, html);
    if body.trim().is_empty() {
        return output.failed(0, "the page has no text: it has no section `data-field=\"body\"`");
    }
    if is_response(title.as_deref().unwrap_or_default(), body) {
        return output.skipped(0, "response", "a response to a post of another author");
    }
    output.record(0, Record::Counted("post"))?;
    let published_at = dates::parse_rfc3339(find(&TIME, html));
    let is_draft = name.starts_with("draft_") || published_at.is_none();
    let body = REPEATED_TITLE.as_ref().map_or(body.into(), |title| title.replace(body, ""));
    let id = name.rsplit_once(['-', '_']).map_or(name, |(_, id)| id);
    let image = first_picture(&body);
    let post = Post {
        source: source::MEDIUM,
        guid: None,
        id: id.to_owned(),
        title,
        slug: None,
        status: if is_draft { PostStatus::Draft } else { PostStatus::Published },
        dek: non_blank(&plain_text(find(&SUBTITLE, html))),
        author: Author { name: public_name(&plain_text(find(&AUTHOR, html))), url: None },
        published_at,
        date_uncertain: false,
        updated_at: None,
        tags: Vec::new(),
        paths: url_path(find(&CANONICAL, html)).into_iter().collect(),
        comments_open: true,
        body: Body::Html(body.trim().to_owned()),
        lang: None,
        image,
        image_id: None,
        base_url: non_blank(find(&CANONICAL, html)),
        status_uncertain: false,
    };
    output.record(0, Record::Post(Box::new(post)))
}

/// Returns whether a page is a response. Medium exports it like a post, but its text does not begin
/// with a title: the title is the beginning of the text.
fn is_response(title: &str, body: &str) -> bool {
    let title = title.trim_end_matches(['…', '.']).trim();
    let has_own_title = body.contains("graf--title");
    body.contains("graf--") && !has_own_title && plain_text(body).trim_start().starts_with(title)
}
