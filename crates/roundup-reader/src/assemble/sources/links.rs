//! Links that are no titles: those of running text, and addresses on lines of their own.

use super::{Built, raw, title};
use crate::confidence::Confidence;
use crate::document::Kind;
use crate::labels::{self, Label};
use crate::linked;
use crate::read::Post;
use crate::roundup::{Credit, Role, Source};
use crate::text::part;
use std::collections::HashSet;

/// The links of lines that are read otherwise: each is a link in passing.
pub(super) fn further(post: &Post<'_>, built: &mut Vec<Built>) {
    let url = |one: &Built| one.source.url.clone();
    let mut read: HashSet<(usize, String)> = built
        .iter()
        .filter_map(|one| Some((one, url(one)?)))
        .flat_map(|(one, url)| (one.first..=one.last).map(move |at| (at, url.clone())))
        .collect();
    for at in 0..post.len() {
        let Some(line) = post.line(at) else { continue };
        let skipped = matches!(
            post.label(at),
            Label::ReadMore | Label::Url | Label::Furniture | Label::Picture | Label::Rule
        );
        if skipped || line.is_url() {
            continue;
        }
        for link in &line.links {
            if read.insert((at, link.url.clone())) {
                let source = passing(post, at, part(&line.text, link.range.clone()), &link.url);
                built.push(Built {
                    source,
                    first: at,
                    last: at,
                    title: at,
                    quote: Vec::new(),
                    head: None,
                });
            }
        }
    }
}

/// A link in passing.
pub(in crate::assemble) fn passing(post: &Post<'_>, at: usize, title: &str, url: &str) -> Source {
    Source {
        role: Role::Inline,
        title: if title.trim().is_empty() { url.to_owned() } else { title.to_owned() },
        url: Some(url.to_owned()),
        credit: None,
        credits: Vec::new(),
        section: None,
        quote: None,
        confidence: Confidence::new(0.99),
        alternative: None,
        line: post.line(at).map_or(0, |line| line.no),
        raw: raw(post, at, at),
    }
}

/// Addresses that stand alone and belong to no title: each is a source, titled by its address.
pub(super) fn lone(post: &Post<'_>, built: &mut Vec<Built>) {
    let taken: HashSet<usize> = post.urls.values().map(|(_, at)| *at).collect();
    for at in 0..post.len() {
        let Some(url) = post.line(at).and_then(|line| line.url.clone()) else { continue };
        if *post.label(at) != Label::Url || taken.contains(&at) {
            continue;
        }
        let source = Source {
            role: Role::More,
            title: url.clone(),
            url: Some(url),
            credit: None,
            credits: Vec::new(),
            section: None,
            quote: None,
            confidence: Confidence::new(0.9),
            alternative: None,
            line: post.line(at).map_or(0, |line| line.no),
            raw: raw(post, at, at),
        };
        built.push(Built { source, first: at, last: at, title: at, quote: Vec::new(), head: None });
    }
    // An address that was given to a line that is no source is a link in passing.
    let read: HashSet<(usize, String)> =
        built.iter().filter_map(|one| Some((one.title, one.source.url.clone()?))).collect();
    for (line, (url, at)) in &post.urls {
        if !read.contains(&(*line, url.clone())) {
            let source = plain(post, *line, *at, url);
            let role = source.role;
            let first = if role == Role::Inline { *at } else { *line };
            built.push(Built {
                source,
                first,
                last: first,
                title: *line,
                quote: Vec::new(),
                head: None,
            });
        }
    }
}

/// A title with an address below it, and no credit.
fn plain(post: &Post<'_>, line: usize, at: usize, url: &str) -> Source {
    let text = post.text(line).unwrap_or_default();
    let heading = matches!(post.line(line).map(|line| line.kind), Some(Kind::Heading(_)));
    let role = if post.headline == Some(line) && heading
        || labels::is_read_more(text)
        || linked::is_pointer(text)
    {
        Role::Inline
    } else {
        Role::More
    };
    Source {
        role,
        title: title(text),
        url: Some(url.to_owned()),
        credit: None,
        credits: Vec::<Credit>::new(),
        section: None,
        quote: None,
        confidence: Confidence::new(0.95),
        alternative: None,
        line: post.line(line).map_or(0, |line| line.no),
        raw: format!("{}\n{}", raw(post, line, line), raw(post, at, at)),
    }
}
