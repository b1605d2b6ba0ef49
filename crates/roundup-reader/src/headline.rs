//! Finds the headline of a post, and the titles that URLs on their own lines belong to.

use crate::document::{Kind, Line};
use crate::labels::Label;
use crate::read::Post;
use crate::text;
use crate::two_line;
use std::collections::HashMap;

/// Assigns each URL that is alone on a line to the title above it or, if the post writes URLs first,
/// below it. Returns the URL and its line by the line of the title.
pub(crate) fn assign_urls(post: &Post<'_>) -> HashMap<usize, (String, usize)> {
    let url_lines: Vec<usize> =
        (0..post.len()).filter(|at| *post.label(*at) == Label::Url).collect();
    let free = |at: usize| {
        let bare = |line: &Line| line.links.is_empty() && !matches!(line.kind, Kind::Heading(_));
        post.text(at).is_some() && post.line(at).is_some_and(bare)
    };
    // If the URLs are above the titles, the first one comes before any title.
    let above = url_lines.first().is_some_and(|first| {
        let before = (0..*first).filter(|at| post.text(*at).is_some()).count();
        let next = post.line(first + 1).is_some_and(|line| !line.preceded_by_blank_line);
        let separated = post.line(*first).is_some_and(|line| line.preceded_by_blank_line);
        let last = url_lines
            .last()
            .is_some_and(|last| (last + 1..post.len()).any(|at| post.text(at).is_some()));
        before <= 1 && next && last && (separated || before == 0)
    });
    let mut found = HashMap::new();
    for at in url_lines {
        let Some(url) = post.line(at).and_then(|line| line.url.clone()) else { continue };
        let title =
            if above { Some(at + 1).filter(|at| free(*at)) } else { title_above(post, at, &free) };
        if let Some(title) = title
            && !found.contains_key(&title)
        {
            found.insert(title, (url, at));
        }
    }
    found
}

/// Returns the line of the title that the URL on line `at` belongs to.
fn title_above(post: &Post<'_>, at: usize, free: &dyn Fn(usize) -> bool) -> Option<usize> {
    let above = at.checked_sub(1).filter(|above| free(*above))?;
    let line = post.line(at).filter(|line| !line.starts_item)?;
    let title = |at: usize| {
        post.text(at).is_some_and(|text| {
            text::width(text) <= 200 && text::is_one_sentence(text) && text::word_count(text) >= 2
        })
    };
    let prose = post.text(above).is_some_and(|text| {
        text::width(text) > 160 || !text::is_one_sentence(text) || text.ends_with('.')
    });
    let named = two_line::credit_line(post, above).is_some();
    if (prose || named) && !line.preceded_by_blank_line {
        // The first line of the group has the title.
        let mut first = above;
        while first > 0
            && !post.line(first).is_some_and(|line| line.starts_item)
            && post.line(first).is_some_and(|line| !line.preceded_by_blank_line)
            && free(first - 1)
        {
            first -= 1;
        }
        if first < above && title(first) {
            return Some(first);
        }
    }
    title(above).then_some(above)
}

/// Returns the line of the headline: the first `h1`, the first heading before any source, or a first
/// line that looks like one.
pub(crate) fn find_headline(post: &Post<'_>) -> Option<usize> {
    let kind = |at: usize| post.line(at).map(|line| line.kind);
    let linked_heading = |at: usize| {
        post.is_heading(at) && post.line(at).is_some_and(|line| line.whole_link().is_some())
    };
    // Several linked headings are titles of sources; a single one is the title of the post.
    let titles = (0..post.len())
        .filter(|at| linked_heading(*at) && kind(*at) != Some(Kind::Heading(1)))
        .count();
    let heading = |at: &usize| {
        post.is_heading(*at) && post.text(*at).is_some() && !(titles > 1 && linked_heading(*at))
    };
    if post.has_separate_title {
        return None;
    }
    let first_level = (0..post.len())
        .find(|at| post.line(*at).is_some_and(|line| line.kind == Kind::Heading(1)) && heading(at));
    if first_level.is_some() {
        return first_level;
    }
    let first = (0..post.len()).find(|at| post.text(*at).is_some())?;
    let linked = (0..post.len())
        .find(|at| post.line(*at).is_some_and(|line| !line.links.is_empty() && !heading(at)));
    if let Some(at) =
        (0..post.len()).find(heading).filter(|at| linked.is_none_or(|linked| *at < linked))
    {
        let only_above =
            (first..at).all(|above| post.text(above).is_none_or(|text| text::width(text) <= 200));
        let several = (at + 1..post.len()).filter(|at| heading(at)).count() > 0;
        if at == first || (only_above && !several) {
            return Some(at);
        }
        if several {
            return None;
        }
    }
    let line = post.line(first)?;
    let text = post.text(first)?;
    if text::width(text) > 180 || text::sentences(text).len() > 2 || line.kind == Kind::Quote {
        return None;
    }
    if post.document.plain {
        return (!line.starts_item
            || post.len() == 1
            || !post.line(first + 1).is_some_and(|line| line.starts_item))
        .then_some(first);
    }
    let own_block = post
        .line(first + 1)
        .is_none_or(|next| next.preceded_by_blank_line || next.starts_item || line.is_bold());
    let stop = text::ends_sentence(text) && !text.ends_with('?');
    (line.kind == Kind::Paragraph && own_block && !stop && line.links.len() <= 1).then_some(first)
}
