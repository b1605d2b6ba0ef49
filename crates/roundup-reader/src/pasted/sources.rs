//! Sources in pasted text: titles, and the addresses that stand with or under them.

use super::super::draft::source;
use super::super::line::{Line, take_urls};
use super::super::rows::Kind;
use super::super::split::Split;
use super::super::{Confidence, Role};
use super::Reader;

impl<'a> Reader<'_, 'a> {
    pub(super) fn headlines(&mut self, line: Line<'a>, split: &Split) {
        let titles = sentences(&split.title);
        let several = titles.len() > 1;
        let mut urls = take_urls(line.text).1;
        for title in titles {
            let doubt = several.then_some("several headlines on one line, parted at the full stop");
            let doubt = doubt.or(split.doubt);
            let split = Split {
                title: title.to_owned(),
                confidence: Confidence::Low,
                doubt,
                ..split.clone()
            };
            self.push(Role::More, split, &std::mem::take(&mut urls), line);
        }
    }

    /// Adds a source with its first address; further addresses are sources in passing.
    pub(super) fn push(&mut self, role: Role, mut split: Split, urls: &[String], line: Line<'a>) {
        let next_is_url = matches!(self.next().map(|row| &row.kind), Some(Kind::Urls(_)));
        if split.credit.is_none() && urls.is_empty() && !next_is_url {
            split.confidence = Confidence::Low;
        }
        let doubt = split.doubt;
        self.draft.push(source(role, split, urls.first().cloned(), line), doubt);
        self.awaits_url = self.draft.roundup.links.len().checked_sub(1);
        for url in urls.iter().skip(1) {
            self.push_url(Role::Inline, url, line, Confidence::High);
        }
    }

    fn push_url(&mut self, role: Role, url: &str, line: Line<'a>, confidence: Confidence) {
        let split = Split { confidence, ..Split::whole(url) };
        let doubt = Some("an address without a title");
        self.draft.push(source(role, split, Some(url.to_owned()), line), doubt);
    }

    /// Gives an address on a line of its own to the source before it.
    pub(super) fn attach(&mut self, urls: &[String], line: Line<'a>) {
        let mut urls = urls.iter();
        let waiting = self.awaits_url.take();
        let waiting = waiting.and_then(|at| self.draft.roundup.links.get_mut(at));
        if let Some(source) = waiting.filter(|source| source.url.is_none()) {
            source.url = urls.next().cloned();
        }
        for url in urls {
            self.push_url(Role::More, url, line, Confidence::Low);
        }
    }

    /// "Read more" under the lead or under any source; an address on it is that source's.
    pub(super) fn read_more(&mut self, urls: &[String], line: Line<'a>) {
        if self.draft.roundup.links.is_empty()
            && let (Some(title), Some(at)) =
                (self.draft.roundup.headline.clone(), self.headline_line)
        {
            self.push(Role::Lead, Split::whole(&title), urls, at);
            return;
        }
        self.awaits_url = self.draft.roundup.links.len().checked_sub(1);
        if !urls.is_empty() {
            self.attach(urls, line);
        }
    }
}

/// Parts "One thing happens. Another thing happens." into its headlines, if each has at least
/// three words and none of the stops belongs to an abbreviation.
fn sentences(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(". ") {
        let (Some(head), Some(tail)) = (text.get(start..=at), text.get(at + 2..)) else { continue };
        let word = head.rsplit(' ').next().unwrap_or_default();
        let abbreviated = word.chars().count() <= 4 || word.trim_end_matches('.').contains('.');
        if !abbreviated && tail.starts_with(char::is_uppercase) {
            parts.push(head);
            start = at + 2;
        }
    }
    parts.extend(text.get(start..));
    if parts.iter().all(|part| part.split_whitespace().count() >= 3) { parts } else { vec![text] }
}
