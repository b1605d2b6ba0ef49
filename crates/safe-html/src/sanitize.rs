//! Renders Markdown or HTML to HTML that is safe to put in a page.

use url::Url;

use crate::escape::escape_within;
use crate::markdown;
use crate::tokens::tokenize;
use crate::tree::{Limits, TreeWriter};

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// `CommonMark` with the tables and the strikethrough of GitHub. HTML within it is sanitised
    /// like any other; a tag that is no element of HTML, as in `List<String>`, is text.
    Markdown,
    /// HTML, as imports bring it. Tags that are no elements of HTML are left out.
    Html,
}

/// Who wrote a text, which decides what it may hold and how far its links are trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorRole {
    /// An editor: also headings, images and figures; links carry `rel="noopener"`.
    Editor,
    /// A reader: no headings, and images are replaced by their descriptions. Links carry
    /// `rel="nofollow ugc noopener"`. In Markdown a line break is kept, and a bare URL is a link.
    Reader,
}

/// How [`render_with`] reads a text.
#[derive(Debug, Clone, Copy)]
pub struct RenderOptions<'a> {
    /// How the text is written.
    pub markup: Markup,
    /// Who wrote it.
    pub role: AuthorRole,
    /// The URL against which relative ones are resolved. Without it a relative link is reduced to
    /// its text, and an image with a relative source to its description.
    pub base_url: Option<&'a Url>,
}

impl RenderOptions<'_> {
    /// The number of elements that may nest. Browsers give up at 512.
    fn max_depth(&self) -> usize {
        match self.role {
            AuthorRole::Editor => 256,
            AuthorRole::Reader => 32,
        }
    }
}

/// Returns the sanitised HTML of `text`, without a base for relative URLs.
///
/// See [`render_with`].
pub fn render(text: &str, markup: Markup, role: AuthorRole) -> String {
    render_with(text, &RenderOptions { markup, role, base_url: None })
}

/// Returns the sanitised HTML of `text`.
///
/// The output holds only known elements, harmless attributes and `http`, `https` and `mailto`
/// URLs. It is well nested, and rendering it again as HTML changes nothing. It takes at most
/// [`max_output`] bytes, and the time to make it is linear in the length of `text`.
///
/// A text that would take more, or that nests more than 256 elements (32 for a reader), is shown
/// as it is written, tags and all, and cut off at that length.
pub fn render_with(text: &str, options: &RenderOptions<'_>) -> String {
    let limit = max_output(text.len());
    sanitize(text, options, limit).unwrap_or_else(|| escape_within(text, limit))
}

/// Returns the largest length in bytes that HTML rendered from `length` bytes can have: four
/// times as many and 16 KiB.
pub const fn max_output(length: usize) -> usize {
    length.saturating_mul(4).saturating_add(16 * 1024)
}

fn sanitize(text: &str, options: &RenderOptions<'_>, limit: usize) -> Option<String> {
    let limits = Limits { depth: options.max_depth(), output: limit };
    let is_markdown = options.markup == Markup::Markdown;
    let link_urls = is_markdown && options.role == AuthorRole::Reader;
    let mut writer = TreeWriter::new(options, limits, link_urls);
    if is_markdown {
        tokenize(&markdown::to_html(text, options.role)?, &mut writer);
    } else {
        tokenize(text, &mut writer);
    }
    writer.finish()
}

#[cfg(test)]
#[path = "sanitize_tests.rs"]
mod tests;
