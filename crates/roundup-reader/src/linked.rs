//! Reads links as sources: the position of a link in its line, and the credit next to it.

mod credits;

use crate::candidate::Span;
use crate::credit::{self, Parsed};
use crate::document::{Kind, Link};
use crate::lexicon::{self, Kind as Words};
use crate::one_line::groups;
use crate::outlets;
use crate::read::Post;
use crate::text::{self, part};
use std::collections::HashMap;
use std::ops::Range;

/// The position of a link in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkPosition {
    /// The line is the link.
    Whole,
    /// The line begins with it.
    Start,
    /// It follows a few words and a colon or dash.
    Colon,
    /// It is a sentence of its own within the line.
    Sentence,
    /// It is part of a sentence.
    Middle,
}

/// A link that can be a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Anchor {
    pub(crate) title: Span,
    pub(crate) url: String,
    pub(crate) position: LinkPosition,
    pub(crate) credit: Option<(Span, Parsed)>,
    /// How the credit is written, such as "(" or "by"; empty without a credit.
    form: &'static str,
    /// The score of the credit.
    pub(crate) credit_score: f64,
    /// Above 0 the link is a source, else an inline link.
    pub(crate) score: f64,
    /// The number of further links that belong to the credit.
    taken: usize,
}

/// Reads the links of a post, in order, each with its credit and its score.
pub(crate) fn anchors(post: &Post<'_>) -> Vec<Anchor> {
    let mut found: Vec<Anchor> = (0..post.len()).flat_map(|at| anchors_of_line(post, at)).collect();
    pool_credit_scores(&mut found);
    let linked_items = most_items_are_linked(post);
    for anchor in &mut found {
        score(post, anchor, linked_items);
    }
    if found.iter().all(|anchor| anchor.score <= 0.0) && is_list_of_links(post) {
        // In a list of links, each link is a source, even within a sentence.
        let single =
            |at: usize| post.line(at).is_some_and(|line| line.starts_item && line.links.len() == 1);
        for anchor in found.iter_mut().filter(|anchor| single(anchor.title.line)) {
            if !is_pointer(post.span(&anchor.title)) {
                anchor.score = 0.2;
            }
        }
    }
    found
}

/// Returns whether a post has at least four list items, most of which hold one link.
fn is_list_of_links(post: &Post<'_>) -> bool {
    let items = (0..post.len()).filter_map(|at| post.line(at)).filter(|line| line.starts_item);
    let links: Vec<usize> = items.map(|line| line.links.len()).collect();
    let single = links.iter().filter(|count| **count == 1).count();
    links.len() >= 4 && single * 10 >= links.len() * 8
}

/// The maximum number of links read per line; further links are inline links.
const MAX_LINKS: usize = 60;

/// Reads the links of a line.
fn anchors_of_line(post: &Post<'_>, at: usize) -> Vec<Anchor> {
    let (Some(line), Some(text)) = (post.line(at), post.text(at)) else { return Vec::new() };
    let offset = post.start(at);
    let mut links: Vec<(Range<usize>, &Link)> = Vec::new();
    for link in line.links.iter().take(MAX_LINKS) {
        let (Some(start), Some(end)) =
            (link.range.start.checked_sub(offset), link.range.end.checked_sub(offset))
        else {
            continue;
        };
        if end <= text.len() {
            links.push((start..end, link));
        }
    }
    let mut found: Vec<Anchor> = Vec::new();
    let mut skip = 0;
    let mut from = 0;
    for (index, (range, link)) in links.iter().enumerate() {
        if skip > 0 {
            skip -= 1;
            from = range.end;
            continue;
        }
        let reader = LinkReader { post, at, text, links: &links, index, from };
        let anchor = reader.read(range.clone(), link);
        skip = anchor.taken;
        from = anchor.credit.as_ref().map_or(range.end, |(span, _)| span.range.end.max(range.end));
        found.push(anchor);
    }
    found
}

/// Reads one link of a line.
struct LinkReader<'p, 'a> {
    post: &'p Post<'a>,
    at: usize,
    text: &'p str,
    links: &'p [(Range<usize>, &'p Link)],
    index: usize,
    /// The end of the previous link and its credit.
    from: usize,
}

impl LinkReader<'_, '_> {
    /// Reads the link with its credit.
    fn read(&self, range: Range<usize>, link: &Link) -> Anchor {
        let head = part(self.text, self.from..range.start);
        let mut title = range.clone();
        // "[video] Title", “Title”: the flag and the quotation marks belong to the title.
        let bare = head.trim_start();
        let flag = groups(bare).first().is_some_and(|group| {
            let inside = part(bare, group.start + 1..group.end.saturating_sub(1));
            let is_outlet = || {
                credit::parse(inside, &self.post.names)
                    .is_some_and(|parsed| parsed.known || parsed.score > 0.8)
            };
            group.start == 0
                && bare.len() - group.end <= 1
                && (credit::is_flag(inside) || !is_outlet())
        });
        if self.from == 0 && flag && bare.starts_with('[') {
            title.start = head.len() - bare.len();
        }
        let position = self.position(&range, title.start < range.start);
        let (form, mut credit, taken) = match self.credit(&range, position) {
            Some((form, span, parsed, taken)) => (form, Some((span, parsed)), taken),
            None => ("", None, 0),
        };
        // "-- O (subscription)": the flag is part of the credit line.
        if let Some((span, _)) = &mut credit {
            let rest = part(self.text, span.range.end..self.text.len());
            let blank = rest.len() - rest.trim_start().len();
            let group = groups(rest).into_iter().next().filter(|group| group.start == blank);
            if let Some(group) = group.filter(|group| {
                credit::is_flag(part(rest, group.start + 1..group.end.saturating_sub(1)))
            }) {
                span.range.end += group.end;
            }
        }
        let credit_score = credit.as_ref().map_or(0.0, |(_, parsed): &(Span, Parsed)| parsed.score);
        Anchor {
            title: Span { line: self.at, range: title },
            url: link.url.clone(),
            position,
            credit,
            form,
            credit_score,
            score: 0.0,
            taken,
        }
    }

    /// Returns the authors before the first link of the line: `Ann Bee, “[T](…)”`, "Ann Bee on [T](…)".
    fn author_before(&self, range: &Range<usize>) -> Option<Vec<String>> {
        let head = part(self.text, 0..range.start).trim_end();
        if self.index > 0 || head.is_empty() || head.len() > 80 {
            return None;
        }
        let bare = head.trim_end_matches(|c: char| c.is_whitespace() || text::opens_quote(c));
        let name = match bare.trim_end_matches([',', ':', '|', '–', '—']).trim_end() {
            name if name.len() < bare.len() => name,
            name => {
                let (name, word) = name.rsplit_once(' ')?;
                lexicon::is(Words::Prep, word).then_some(name)?
            }
        };
        credit::persons(name, crate::name::Person::Listed)
    }

    /// Returns the position of the link. `flagged` says whether a flag such as "[video]" precedes it.
    fn position(&self, range: &Range<usize>, flagged: bool) -> LinkPosition {
        let head = part(self.text, 0..range.start);
        let tail = part(self.text, range.end..self.text.len());
        let blank = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
        if blank(head) || flagged || self.author_before(range).is_some() {
            return if blank(tail) { LinkPosition::Whole } else { LinkPosition::Start };
        }
        if self.in_italics_or_bold(range).is_some_and(|(_, span, _)| span.range.end <= range.start)
        {
            return LinkPosition::Colon;
        }
        let near = part(self.text, self.from..range.start);
        let bare = near.trim_end_matches(|c: char| c.is_whitespace() || text::opens_quote(c));
        let separated =
            bare.ends_with([':', '：', '—', '–', '|', '-', '•', '·', '»']) || bare.ends_with("//");
        if separated && text::word_count(head) <= 6 {
            return LinkPosition::Colon;
        }
        // The next source of a line that holds several.
        let next = bare.trim_start_matches([')', ']', '.', ' ']);
        if self.from > 0
            && (next.is_empty()
                || matches!(
                    next,
                    "," | ";"
                        | "/"
                        | "|"
                        | "•"
                        | "·"
                        | "and"
                        | "&"
                        | ", and"
                        | "; see also"
                        | "; and"
                ))
        {
            return if self.index < 8 { LinkPosition::Start } else { LinkPosition::Middle };
        }
        let begins = bare.is_empty()
            || text::ends_sentence(bare)
            || bare.ends_with(['…', '•', '·', '●', '|']);
        let after = tail.trim_start_matches(text::closes_quote);
        let ends = blank(after)
            || after.starts_with(['.', '!', '?', ' ', ',', ':', ';', '('])
                && text::starts_high(part(self.text, range.clone()));
        if begins && ends { LinkPosition::Sentence } else { LinkPosition::Middle }
    }
}

/// Adjusts the score of each credit by the mean score of the other credits of its form.
fn pool_credit_scores(anchors: &mut [Anchor]) {
    let mut sums: HashMap<&'static str, (f64, usize)> = HashMap::new();
    for anchor in anchors.iter().filter(|anchor| anchor.credit.is_some()) {
        let sum = sums.entry(anchor.form).or_default();
        sum.0 += anchor.credit_score.clamp(-3.0, 3.0);
        sum.1 += 1;
    }
    for anchor in anchors.iter_mut() {
        let (Some(_), Some((sum, count))) = (&anchor.credit, sums.get(anchor.form)) else {
            continue;
        };
        let base = match anchor.form {
            "(" | "--" | "by" | "via" | ")" => 1.0,
            "|" | "::" => 0.8,
            "…" => -1.0,
            " " | "," | "/" => -0.6,
            _ => 0.0,
        };
        let others = if *count > 1 {
            (sum - anchor.credit_score.clamp(-3.0, 3.0)) / crate::patterns::to_f64(count - 1)
        } else {
            0.0
        };
        anchor.credit_score += base + others;
    }
}

/// Returns whether most list items of a post have a link.
fn most_items_are_linked(post: &Post<'_>) -> bool {
    let (mut all, mut linked) = (0, 0);
    for at in 0..post.len() {
        let Some(line) = post.line(at).filter(|line| line.starts_item) else { continue };
        all += 1;
        linked += usize::from(!line.links.is_empty());
    }
    all >= 2 && linked * 10 >= all * 6
}

/// Sets the score of a link by its position, credit and text. Drops a credit with a low score.
fn score(post: &Post<'_>, anchor: &mut Anchor, linked_items: bool) {
    let Some(line) = post.line(anchor.title.line) else { return };
    let title = post.span(&anchor.title);
    let words = text::word_count(title);
    let mut score: f64 = match anchor.position {
        LinkPosition::Whole => 3.5,
        LinkPosition::Start => 2.0,
        LinkPosition::Colon => 1.0,
        LinkPosition::Sentence => -1.5,
        LinkPosition::Middle => -2.0,
    };
    // A credit that agrees with the URL's host is more likely.
    if let Some((_, parsed)) = &mut anchor.credit {
        let host = post.names.outlets.by_url(&anchor.url).and_then(|found| found.key);
        let named = parsed.credits.iter().filter_map(|credit| credit.outlet.as_deref());
        let agrees = host.is_some()
            && named
                .clone()
                .any(|name| post.names.outlets.by_name(name).and_then(|found| found.key) == host)
            || outlets::host(&anchor.url)
                .is_some_and(|host| named.clone().any(|name| outlets::resembles(&host, name)));
        if agrees && parsed.has_outlet() {
            anchor.credit_score += 2.0;
            parsed.known |= parsed.credits.len() == 1;
            parsed.guessed &= parsed.credits.len() != 1;
        }
        if anchor.credit_score <= 0.0 {
            anchor.credit = None;
        }
    }
    if anchor.credit.is_some() {
        score += if anchor.position == LinkPosition::Middle { 1.0 } else { 1.8 };
    }
    if line.depth > 0 {
        score += 0.6;
    }
    score += if words >= 4 {
        0.6
    } else if words <= 1 {
        -0.8
    } else {
        0.0
    };
    if title.chars().next().is_some_and(char::is_lowercase)
        && words <= 3
        && anchor.position != LinkPosition::Whole
    {
        score -= 1.0;
    }
    let flowing = matches!(anchor.position, LinkPosition::Sentence | LinkPosition::Middle);
    if linked_items && line.starts_item && line.links.len() == 1 {
        score += if anchor.credit.is_some() {
            2.2
        } else if flowing {
            0.0
        } else {
            0.8
        };
    }
    // "[Haskell](…) is a language": the link is the subject of a sentence.
    let after = post
        .text(anchor.title.line)
        .map_or("", |text| part(text, anchor.title.range.end..text.len()));
    let goes_on = after.strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_lowercase));
    if goes_on && anchor.position == LinkPosition::Start && anchor.credit.is_none() {
        score -= if words >= 4 { 0.8 } else { 2.8 };
    }
    if is_pointer(title) {
        score -= 3.0;
    }
    // A heading that is the headline links to the post itself.
    if post.headline == Some(anchor.title.line)
        && matches!(line.kind, Kind::Heading(_))
        && anchor.credit.is_none()
    {
        score -= 9.0;
    }
    if crate::labels::is_read_more(title) {
        score -= 6.0;
    }
    // A further link of a few words on the line of a source.
    if words <= 2
        && anchor.position == LinkPosition::Start
        && anchor.title.range.start > 0
        && line.links.first().is_some_and(|link| link.url != anchor.url)
    {
        score -= 2.5;
    }
    let short = line
        .links
        .iter()
        .filter(|link| text::word_count(part(&line.text, link.range.clone())) <= 2)
        .count();
    if short >= 3 && words <= 2 {
        score -= 4.0;
    }
    anchor.score = score;
}

/// Returns whether the text of a link is a pointer such as "here", not a title.
pub(crate) fn is_pointer(title: &str) -> bool {
    let bare = title.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty() || lexicon::is(Words::Pointer, bare)
}
