//! Links that are not titles: links in running text, and URLs on lines of their own.

use super::{SourceDraft, raw, title, uncredited_source};
use crate::labels::{self, Label};
use crate::linked;
use crate::read::Post;
use crate::roundup::{Role, Source};
use crate::text::part;
use std::collections::HashSet;

/// Adds the links that no source uses yet as inline links.
pub(super) fn add_inline_links(post: &Post<'_>, drafts: &mut Vec<SourceDraft>) {
    let url = |draft: &SourceDraft| draft.source.url.clone();
    let mut used: HashSet<(usize, String)> = drafts
        .iter()
        .filter_map(|draft| Some((draft, url(draft)?)))
        .flat_map(|(draft, url)| {
            (draft.first_line..=draft.last_line).map(move |at| (at, url.clone()))
        })
        .collect();
    for at in 0..post.len() {
        let Some(line) = post.line(at) else { continue };
        let skipped = matches!(
            post.label(at),
            Label::ReadMore | Label::Url | Label::Boilerplate | Label::Picture | Label::Rule
        );
        if skipped || line.is_url() {
            continue;
        }
        for link in &line.links {
            if used.insert((at, link.url.clone())) {
                let source = inline_link(post, at, part(&line.text, link.range.clone()), &link.url);
                drafts.push(SourceDraft::on_line(source, at));
            }
        }
    }
}

/// Builds an inline link.
pub(in crate::assemble) fn inline_link(
    post: &Post<'_>,
    at: usize,
    title: &str,
    url: &str,
) -> Source {
    let title = if title.trim().is_empty() { url } else { title };
    uncredited_source(post, at, Role::Inline, title, url, 0.99)
}

/// Adds the URLs that are alone on their line: one that belongs to no title becomes a source with
/// the URL as its title; one whose title was not read as a source, a source without a credit.
pub(super) fn add_standalone_urls(post: &Post<'_>, drafts: &mut Vec<SourceDraft>) {
    let urls_of_titles: HashSet<usize> = post.urls.values().map(|(_, at)| *at).collect();
    for at in 0..post.len() {
        let Some(url) = post.line(at).and_then(|line| line.url.clone()) else { continue };
        if *post.label(at) != Label::Url || urls_of_titles.contains(&at) {
            continue;
        }
        let source = uncredited_source(post, at, Role::More, &url, &url, 0.9);
        drafts.push(SourceDraft::on_line(source, at));
    }
    // URLs of titles that were not read as sources.
    let read: HashSet<(usize, String)> = drafts
        .iter()
        .filter_map(|draft| Some((draft.title_line, draft.source.url.clone()?)))
        .collect();
    for (line, (url, at)) in &post.urls {
        if !read.contains(&(*line, url.clone())) {
            let source = title_with_url(post, *line, *at, url);
            let role = source.role;
            let first = if role == Role::Inline { *at } else { *line };
            drafts.push(SourceDraft { title_line: *line, ..SourceDraft::on_line(source, first) });
        }
    }
}

/// Builds the source of a title with a URL on the next line and no credit; an inline link if the
/// text is a pointer such as "here".
fn title_with_url(post: &Post<'_>, line: usize, at: usize, url: &str) -> Source {
    let text = post.text(line).unwrap_or_default();
    let role = if post.headline == Some(line) && post.is_heading(line)
        || labels::is_read_more(text)
        || linked::is_pointer(text)
    {
        Role::Inline
    } else {
        Role::More
    };
    Source {
        raw: format!("{}\n{}", raw(post, line, line), raw(post, at, at)),
        ..uncredited_source(post, line, role, &title(text), url, 0.95)
    }
}
