//! Links as sources: where a link stands, and the credit beside it.

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

/// Where a link stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The line is the link.
    Whole,
    /// The line begins with it.
    Start,
    /// It stands behind a few words and a colon.
    Colon,
    /// It is a sentence of its own within the line.
    Sentence,
    Middle,
}

/// A link that can be a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Anchor {
    pub(crate) title: Span,
    pub(crate) url: String,
    pub(crate) place: Place,
    pub(crate) credit: Option<(Span, Parsed)>,
    form: &'static str,
    /// How much the credit counts.
    pub(crate) credit_score: f64,
    /// Above 0 it is a source, else a link in passing.
    pub(crate) score: f64,
    /// The other links of the line that belong to the credit.
    taken: usize,
}

/// The links of a post, line by line, each with its credit and its score.
pub(crate) fn anchors(post: &Post<'_>) -> Vec<Anchor> {
    let mut found: Vec<Anchor> = (0..post.len()).flat_map(|at| of_line(post, at)).collect();
    pool(&mut found);
    let items = items(post);
    for anchor in &mut found {
        score(post, anchor, &items);
    }
    found
}

/// More links on one line are links in passing.
const MAX_LINKS: usize = 60;

fn of_line(post: &Post<'_>, at: usize) -> Vec<Anchor> {
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
        let reader = Reader { post, at, text, links: &links, index, from };
        let anchor = reader.read(range.clone(), link);
        skip = anchor.taken;
        from = anchor.credit.as_ref().map_or(range.end, |(span, _)| span.range.end.max(range.end));
        found.push(anchor);
    }
    found
}

struct Reader<'p, 'a> {
    post: &'p Post<'a>,
    at: usize,
    text: &'p str,
    links: &'p [(Range<usize>, &'p Link)],
    index: usize,
    /// Where the link before, and its credit, end.
    from: usize,
}

impl Reader<'_, '_> {
    fn read(&self, range: Range<usize>, link: &Link) -> Anchor {
        let head = part(self.text, self.from..range.start);
        let mut title = range.clone();
        // "[video] Title", “Title”: the flag and the quotation marks belong to the title.
        let bare = head.trim_start();
        let flag = groups(bare)
            .first()
            .is_some_and(|group| group.start == 0 && bare.len() - group.end <= 1);
        if self.from == 0 && flag && bare.starts_with('[') {
            title.start = head.len() - bare.len();
        }
        let place = self.place(&range, title.start < range.start);
        let (form, mut credit, taken) = match self.credit(&range, place) {
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
            place,
            credit,
            form,
            credit_score,
            score: 0.0,
            taken,
        }
    }

    fn place(&self, range: &Range<usize>, flagged: bool) -> Place {
        let head = part(self.text, 0..range.start);
        let tail = part(self.text, range.end..self.text.len());
        let blank = |text: &str| text.chars().all(|c| !c.is_alphanumeric());
        if blank(head) || flagged {
            return if blank(tail) { Place::Whole } else { Place::Start };
        }
        let near = part(self.text, self.from..range.start);
        let bare = near.trim_end_matches(|c: char| c.is_whitespace() || text::opens_quote(c));
        let parted = bare.ends_with([':', '：', '—', '–', '|', '-']) || bare.ends_with(" --");
        if parted && text::word_count(head) <= 6 {
            return Place::Colon;
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
            return if self.index < 8 { Place::Start } else { Place::Middle };
        }
        let begins = bare.is_empty()
            || text::ends_sentence(bare)
            || bare.ends_with(['…', '•', '·', '●', '|']);
        let after = tail.trim_start_matches(text::closes_quote);
        let ends = blank(after)
            || after.starts_with(['.', '!', '?', ' ', ',', ':', ';', '('])
                && text::starts_high(part(self.text, range.clone()));
        if begins && ends { Place::Sentence } else { Place::Middle }
    }
}

/// Credits of one form believe each other.
fn pool(anchors: &mut [Anchor]) {
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
            (sum - anchor.credit_score.clamp(-3.0, 3.0)) / crate::patterns::number(count - 1)
        } else {
            0.0
        };
        anchor.credit_score += base + others;
    }
}

/// How the list items of a post are linked.
struct Items {
    /// Whether most items hold a link.
    linked: bool,
}

fn items(post: &Post<'_>) -> Items {
    let (mut all, mut linked) = (0, 0);
    for at in 0..post.len() {
        let Some(line) = post.line(at).filter(|line| line.starts_item) else { continue };
        all += 1;
        linked += usize::from(!line.links.is_empty());
    }
    Items { linked: all >= 2 && linked * 10 >= all * 6 }
}

fn score(post: &Post<'_>, anchor: &mut Anchor, items: &Items) {
    let Some(line) = post.line(anchor.title.line) else { return };
    let title = post.span(&anchor.title);
    let words = text::word_count(title);
    let mut score: f64 = match anchor.place {
        Place::Whole => 3.5,
        Place::Start => 2.0,
        Place::Colon => 1.0,
        Place::Sentence => -1.5,
        Place::Middle => -2.0,
    };
    // The host and the credit are two witnesses, if they agree.
    if let Some((_, parsed)) = &mut anchor.credit {
        let host = post.names.known.at(&anchor.url).and_then(|found| found.key);
        let named = parsed.credits.iter().filter_map(|credit| credit.outlet.as_deref());
        let agrees = host.is_some()
            && named
                .clone()
                .any(|name| post.names.known.name(name).and_then(|found| found.key) == host)
            || outlets::host(&anchor.url)
                .is_some_and(|host| named.clone().any(|name| resembles(&host, name)));
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
        score += if anchor.place == Place::Middle { 1.0 } else { 1.8 };
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
        && anchor.place != Place::Whole
    {
        score -= 1.0;
    }
    let flowing = matches!(anchor.place, Place::Sentence | Place::Middle);
    if items.linked && line.starts_item && line.links.len() == 1 {
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
    if goes_on && anchor.place == Place::Start && anchor.credit.is_none() {
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
        && anchor.place == Place::Start
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

/// Whether a link's text points at something instead of naming it.
pub(crate) fn is_pointer(title: &str) -> bool {
    let bare = title.trim_matches(|c: char| !c.is_alphanumeric());
    bare.is_empty() || lexicon::is(Words::Pointer, bare)
}

/// Whether a host spells a name: "niemanlab.org" and "Nieman Lab".
fn resembles(host: &str, name: &str) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let name = letters(name.strip_prefix("The ").unwrap_or(name));
    let site = host.rsplit_once('.').map_or(host, |(site, _)| site);
    name.chars().count() >= 4
        && (site.split('.').any(|label| letters(label) == name) || letters(host) == name)
}
