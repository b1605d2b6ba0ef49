//! Lines whose only link is the name of the outlet: "The bridge opens ([Reuters](https://…))".

use crate::name;
use crate::outlets;
use crate::read::Post;
use crate::text::{self, part};
use std::collections::HashMap;
use std::ops::Range;

/// The maximum number of words of a linked name.
const MAX_WORDS: usize = 6;

/// A link with an outlet's name.
#[derive(Debug, Clone)]
pub(crate) struct OutletLink {
    /// The range of the name within the text of the line.
    pub(crate) range: Range<usize>,
    pub(crate) url: String,
    /// Whether the host of the URL is that of the outlet, or spells its name.
    pub(crate) agrees: bool,
}

/// Finds the lines whose only link is the name of an outlet next to a title that is no link. An unknown
/// name counts if most such lines of the post have a known one.
pub(crate) fn find(post: &Post<'_>) -> HashMap<usize, OutletLink> {
    let mut found: Vec<(usize, OutletLink, bool)> = Vec::new();
    let mut single = 0_usize;
    for at in 0..post.len() {
        let (Some(line), Some(text)) = (post.line(at), post.text(at)) else { continue };
        let [only] = line.links.as_slice() else { continue };
        if post.whole_url(at).is_some() {
            continue;
        }
        let start = post.start(at);
        let (Some(from), Some(to)) =
            (only.range.start.checked_sub(start), only.range.end.checked_sub(start))
        else {
            continue;
        };
        single += 1;
        let name = part(text, from..to).trim();
        let others = text::word_count(text).saturating_sub(text::word_count(name));
        if name.is_empty() || text::word_count(name) > MAX_WORDS || others < 2 {
            continue;
        }
        let named = post.names.outlets.by_name(name);
        let host = post.names.outlets.by_url(&only.url).and_then(|found| found.key);
        let agrees = host.is_some() && named.and_then(|found| found.key) == host
            || outlets::host(&only.url).is_some_and(|host| outlets::resembles(&host, name));
        let known = agrees || named.is_some_and(|found| !found.ambiguous);
        if known || name::score_outlet(name, &post.names.outlets).score > 0.0 {
            let outlet = OutletLink { range: from..to, url: only.url.clone(), agrees };
            found.push((at, outlet, known));
        }
    }
    let known = found.iter().filter(|(_, _, known)| *known).count();
    let most = known >= 2 && known * 10 >= single * 4;
    found
        .into_iter()
        .filter(|(_, _, known)| *known || most)
        .map(|(at, link, _)| (at, link))
        .collect()
}
