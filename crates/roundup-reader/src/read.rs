//! Reads a document as a roundup: labels, candidates, patterns, choice, assembly.

use crate::assemble;
use crate::candidate::{Candidate, Span};
use crate::comments::{self, Comments};
use crate::credit::Names;
use crate::document::{self, Document, Kind, Line};
use crate::labels::{self, Label};
use crate::linked::{self, Anchor};
use crate::outlets::Outlets;
use crate::patterns;
use crate::prose;
use crate::roundup::Roundup;
use crate::siblings;
use crate::text::{self, part};
use crate::{one_line, two_line};
use std::collections::HashMap;
use std::ops::Range;

/// How HTML is written, and what is wanted of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Html {
    /// Blank lines separate paragraphs and line ends break lines, as WordPress stores posts.
    pub loose: bool,
    /// The post has its title elsewhere, so that its first line is no headline of its own.
    pub titled: bool,
}

/// Reads a roundup in plain text.
pub fn parse_text(text: &str, outlets: &dyn Outlets) -> Roundup {
    read(document::read_text(text), outlets, false)
}

/// Reads a roundup in Markdown. Markdown without any markup is read as text.
pub fn parse_markdown(text: &str, outlets: &dyn Outlets) -> Roundup {
    let document = document::read_markdown(text);
    let marked = |line: &Line| {
        line.kind != Kind::Paragraph || !line.links.is_empty() || !line.styles.is_empty()
    };
    if document.lines.iter().any(marked) {
        read(document, outlets, false)
    } else {
        parse_text(text, outlets)
    }
}

/// Reads a roundup in HTML, as it is copied out of a page.
pub fn parse_html(html: &str, outlets: &dyn Outlets) -> Roundup {
    parse_html_with(html, outlets, Html::default())
}

/// Reads HTML of a certain kind, such as the body of a post in an export.
pub fn parse_html_with(html: &str, outlets: &dyn Outlets, kind: Html) -> Roundup {
    read(document::read_html(html, kind.loose), outlets, kind.titled)
}

/// What a line is, and which part of it is text to read.
#[derive(Debug, Clone)]
struct Row {
    label: Label,
    range: Range<usize>,
}

/// A document with what is known about its lines.
pub(crate) struct Post<'a> {
    pub(crate) document: Document,
    rows: Vec<Row>,
    pub(crate) names: Names<'a>,
    /// The line of the headline.
    pub(crate) headline: Option<usize>,
    /// Addresses that stand alone on a line, by the line that they belong to.
    pub(crate) urls: HashMap<usize, (String, usize)>,
    /// Whether the post has its title elsewhere.
    pub(crate) titled: bool,
}

impl Post<'_> {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn line(&self, at: usize) -> Option<&Line> {
        if at < self.rows.len() { self.document.lines.get(at) } else { None }
    }

    pub(crate) fn label(&self, at: usize) -> &Label {
        self.rows.get(at).map_or(&Label::Rule, |row| &row.label)
    }

    /// The text of a line that can be read as a source.
    pub(crate) fn text(&self, at: usize) -> Option<&str> {
        let row = self.rows.get(at).filter(|row| row.label == Label::Text)?;
        Some(part(&self.document.lines.get(at)?.text, row.range.clone()))
    }

    /// Where that text begins in the line.
    pub(crate) fn start(&self, at: usize) -> usize {
        self.rows.get(at).map_or(0, |row| row.range.start)
    }

    /// The text of a span, whose range is within the text of its line.
    pub(crate) fn span(&self, span: &Span) -> &str {
        self.text(span.line).map_or("", |text| part(text, span.range.clone()))
    }

    /// Whether a line begins with a link.
    pub(crate) fn begins_with_link(&self, at: usize) -> bool {
        self.line(at)
            .is_some_and(|line| line.links.first().is_some_and(|link| link.range.start == 0))
    }

    /// The URL over a whole line, written in it or on the line next to it.
    pub(crate) fn whole_url(&self, at: usize) -> Option<&str> {
        let line = self.line(at)?;
        let linked = line.whole_link().or_else(|| {
            // A plain line is linked by the address behind it, further addresses aside.
            let first = line.links.first()?;
            (self.document.plain && leads(line)).then_some(first.url.as_str())
        });
        linked.or_else(|| self.urls.get(&at).map(|(url, _)| url.as_str()))
    }
}

/// A reading of a place in the post.
#[derive(Debug, Clone)]
pub(crate) enum Chosen {
    /// A title with its credit, and the second-best reading.
    Credited(Candidate, Option<Candidate>),
    /// A link.
    Linked(Anchor),
}

pub(crate) fn read(document: Document, outlets: &dyn Outlets, titled: bool) -> Roundup {
    let Comments { end, replies, notes, furniture } = comments::read(&document);
    let labels = labels::labels(&document);
    let rows = document
        .lines
        .iter()
        .zip(labels)
        .take(end)
        .map(|(line, label)| Row { range: usable(line, &label), label })
        .collect();
    let mut post = Post {
        document,
        rows,
        names: Names::new(outlets),
        headline: None,
        urls: HashMap::new(),
        titled,
    };
    post.urls = urls(&post);
    count_names(&mut post);
    post.headline = headline(&post);
    let chosen = choose(&post);
    let mut roundup = assemble::assemble(&post, chosen);
    roundup.comments = replies;
    roundup.report.uncertain.extend(notes);
    roundup.report.unread.extend(furniture);
    roundup.report.uncertain.sort_by_key(|note| note.line);
    roundup.report.unread.sort_by_key(|note| note.line);
    roundup
}

/// Whether a pasted line is one link, but for the further addresses behind it.
fn leads(line: &Line) -> bool {
    let mut links = line.links.iter();
    let first = links.next().is_some_and(|link| {
        link.range.start == 0 && !part(&line.text, link.range.clone()).contains("://")
    });
    first && links.all(|link| part(&line.text, link.range.clone()) == link.url)
}

/// The part of a line that is read: without a "Read more »" behind it.
fn usable(line: &Line, label: &Label) -> Range<usize> {
    let whole = 0..line.text.len();
    if *label != Label::Text {
        return whole;
    }
    if line.links.len() > 1 && leads(line) {
        return 0..line.links.first().map_or(whole.end, |link| link.range.end);
    }
    match labels::read_more_tail(&line.text) {
        Some(at) => text::trim(&line.text, 0..at),
        None => whole,
    }
}

/// Counts the texts that stand where a credit can stand.
fn count_names(post: &mut Post<'_>) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for at in 0..post.len() {
        let Some(text) = post.text(at) else { continue };
        if text.len() > 600 {
            continue;
        }
        let mut places: Vec<&str> = Vec::new();
        for group in one_line::groups(text) {
            places
                .push(part(text, group).trim_matches(['(', ')', '[', ']', '（', '）', '【', '】']));
        }
        for mark in [" -- ", " | ", " — ", " – ", " - ", " · ", " • "] {
            places.extend(text.rsplit_once(mark).map(|(_, name)| name));
            places.extend(text.split_once(mark).map(|(name, _)| name));
        }
        places.extend(text.split_once(": ").map(|(name, _)| name));
        if text.len() <= 60 {
            places.push(text);
        }
        places.retain(|name| name.len() <= 60);
        places.dedup();
        for name in places {
            *seen.entry(name.trim().to_lowercase()).or_default() += 1;
        }
    }
    post.names.seen = seen;
}

/// Gives each address that stands alone on a line to the title above it, or below.
fn urls(post: &Post<'_>) -> HashMap<usize, (String, usize)> {
    let places: Vec<usize> = (0..post.len()).filter(|at| *post.label(*at) == Label::Url).collect();
    let free = |at: usize| {
        let bare = |line: &Line| line.links.is_empty() && !matches!(line.kind, Kind::Heading(_));
        post.text(at).is_some() && post.line(at).is_some_and(bare)
    };
    // The first address of a post that writes them above comes before any title.
    let above = places.first().is_some_and(|first| {
        let before = (0..*first).filter(|at| post.text(*at).is_some()).count();
        let next = post.line(first + 1).is_some_and(|line| !line.gap);
        let gap = post.line(*first).is_some_and(|line| line.gap);
        let last = places
            .last()
            .is_some_and(|last| (last + 1..post.len()).any(|at| post.text(at).is_some()));
        before <= 1 && next && last && (gap || before == 0)
    });
    let mut found = HashMap::new();
    for at in places {
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

/// The title that an address below it belongs to.
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
    if (prose || named) && !line.gap {
        // The first line of the group has the title.
        let mut first = above;
        while first > 0 && post.line(first).is_some_and(|line| !line.gap) && free(first - 1) {
            first -= 1;
        }
        if first < above && title(first) {
            return Some(first);
        }
    }
    title(above).then_some(above)
}

/// The line of the headline: the first `h1`, the first heading before any source, or a first line
/// that can be one.
fn headline(post: &Post<'_>) -> Option<usize> {
    let kind = |at: usize| post.line(at).map(|line| line.kind);
    let linked_heading = |at: usize| {
        matches!(kind(at), Some(Kind::Heading(_)))
            && post.line(at).is_some_and(|line| line.whole_link().is_some())
    };
    // Linked headings of one level are titles of sources, one of them alone is the post's.
    let titles = (0..post.len())
        .filter(|at| linked_heading(*at) && kind(*at) != Some(Kind::Heading(1)))
        .count();
    let heading = |at: &usize| {
        matches!(kind(*at), Some(Kind::Heading(_)))
            && post.text(*at).is_some()
            && !(titles > 1 && linked_heading(*at))
    };
    if post.titled {
        return None;
    }
    let first_level = (0..post.len())
        .find(|at| post.line(*at).is_some_and(|line| line.kind == Kind::Heading(1)) && heading(at));
    if first_level.is_some() {
        return first_level;
    }
    let texts = |at: &usize| post.text(*at).is_some();
    let first = (0..post.len()).find(texts)?;
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
    let own_block =
        post.line(first + 1).is_none_or(|next| next.gap || next.starts_item || line.is_bold());
    let stop = text::ends_sentence(text) && !text.ends_with('?');
    (line.kind == Kind::Paragraph && own_block && !stop && line.links.len() <= 1).then_some(first)
}

/// Decides how each line is read.
fn choose(post: &Post<'_>) -> Vec<Chosen> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let quoted = |at: usize| {
        post.text(at).is_some() && post.line(at).is_some_and(|line| line.kind == Kind::Quote)
    };
    let texts = (0..post.len()).filter(|at| post.text(*at).is_some()).count();
    let asides = (0..post.len()).filter(|at| quoted(*at)).count() * 2 < texts;
    for at in 0..post.len() {
        // A quotation among other lines is an excerpt, not a title.
        if asides && quoted(at) && post.line(at).is_some_and(|line| line.links.is_empty()) {
            continue;
        }
        let plain =
            post.line(at).is_some_and(|line| line.links.is_empty()) || post.whole_url(at).is_some();
        if plain {
            let said =
                post.text(at + 1).is_some_and(|text| prose::says(text, &post.names).is_some());
            if two_line::credit_line(post, at).is_none() {
                let mut found = one_line::candidates(post, at);
                for candidate in found.iter_mut().filter(|_| said) {
                    candidate.own += 1.0;
                }
                candidates.extend(found);
            }
            candidates.extend(two_line::candidates(post, at));
        }
    }
    candidates.extend(siblings::heads(post));
    patterns::score(post, &mut candidates);
    siblings::leave_briefs(post, &mut candidates);
    leave_lead(post, &mut candidates);
    orient(post, &mut candidates);
    let anchors = linked::anchors(post);
    let mut chosen = pick(post, candidates, anchors);
    siblings::add(post, &mut chosen);
    chosen
}

/// Between a lead and its "Read more" stands the excerpt, whatever it looks like.
fn leave_lead(post: &Post<'_>, candidates: &mut Vec<Candidate>) {
    let mut mores = (0..post.len()).filter(|at| *post.label(*at) == Label::ReadMore);
    let (Some(more), None) = (mores.next(), mores.next()) else { return };
    let single = |candidate: &&Candidate| {
        candidate.score > 0.0 && candidate.first == candidate.last && candidate.first < more
    };
    let linked = (0..more).find(|at| {
        post.line(*at)
            .is_some_and(|line| line.links.first().is_some_and(|link| link.range.start == 0))
            && !matches!(post.line(*at).map(|line| line.kind), Some(Kind::Heading(_)))
    });
    let first = candidates
        .iter()
        .filter(single)
        .filter(|one| one.is_known() || one.pattern.mark == "--")
        .map(|one| one.first)
        .min();
    let Some(lead) = first.into_iter().chain(linked).min() else { return };
    let prose = |at: usize| {
        post.text(at).is_some_and(|text| text::ends_sentence(text) || text::width(text) > 140)
    };
    candidates.retain(|candidate| {
        let inside = candidate.first > lead && candidate.last < more
            || candidate.first == lead && candidate.last > lead;
        !inside || candidate.first == candidate.last && !prose(candidate.first)
    });
}

/// Credits stand either above or below their titles in one post, not both.
fn orient(post: &Post<'_>, candidates: &mut [Candidate]) {
    use crate::candidate::Form;
    let is = |candidate: &Candidate, forms: [Form; 2]| {
        forms.contains(&candidate.pattern.form) && candidate.score > 0.0
    };
    let below = [Form::Below, Form::BelowShape];
    let above = [Form::Above, Form::AboveShape];
    let (mut votes, mut both) = (0.0, (false, false));
    for candidate in candidates.iter() {
        let Some(credit) = candidate.parts.first().and_then(|part| part.credit.as_ref()) else {
            continue;
        };
        let gap = |at: usize| post.line(at).is_none_or(|line| line.gap);
        let (line, vote) = (credit.line, 0.5);
        if is(candidate, above) {
            both.0 = true;
            votes += if gap(line) { vote } else { 0.0 };
            votes -= if gap(line + 1) { 2.0 * vote } else { 0.0 };
        } else if is(candidate, below) {
            both.1 = true;
            votes -= if gap(line + 1) { vote } else { 0.0 };
            votes += if gap(line) { 2.0 * vote } else { 0.0 };
            let numbered = candidate
                .parts
                .first()
                .and_then(|part| post.line(part.title.line))
                .is_some_and(|line| line.starts_item || matches!(line.kind, Kind::Heading(_)));
            votes -= if numbered { 1.0 } else { 0.0 };
        }
    }
    if !(both.0 && both.1) {
        return;
    }
    let credits: Vec<usize> = (0..post.len())
        .filter(|at| {
            two_line::credit_line(post, *at).or_else(|| two_line::short_line(post, *at)).is_some()
        })
        .collect();
    let body = post.headline.map_or(0, |at| at + 1);
    let first = (body..post.len()).find(|at| post.text(*at).is_some());
    if first.is_some_and(|at| two_line::credit_line(post, at).is_some()) {
        votes += 3.0;
    }
    let last = (0..post.len()).rev().find(|at| post.text(*at).is_some());
    if last.is_some_and(|at| credits.contains(&at)) {
        votes -= 3.0;
    }
    let loser = if votes > 0.0 { below } else { above };
    for candidate in
        candidates.iter_mut().filter(|candidate| loser.contains(&candidate.pattern.form))
    {
        candidate.score = -9.0;
    }
}

/// Takes the best reading of each line, in order.
fn pick(post: &Post<'_>, candidates: Vec<Candidate>, anchors: Vec<Anchor>) -> Vec<Chosen> {
    let mut at_line: HashMap<usize, Vec<Candidate>> = HashMap::new();
    for candidate in candidates.into_iter().filter(|candidate| candidate.score > 0.0) {
        at_line.entry(candidate.first).or_default().push(candidate);
    }
    let best_single = |at: usize| {
        let here = at_line.get(&at)?;
        let single = here.iter().filter(|candidate| candidate.last == candidate.first);
        single.map(|candidate| candidate.score).max_by(f64::total_cmp)
    };
    let mut links: HashMap<usize, Vec<Anchor>> = HashMap::new();
    for anchor in anchors {
        links.entry(anchor.title.line).or_default().push(anchor);
    }
    let mut chosen = Vec::new();
    let mut next = 0;
    for at in 0..post.len() {
        if at < next {
            continue;
        }
        let mut here: Vec<Candidate> = at_line.get(&at).cloned().unwrap_or_default();
        // What takes several lines yields to a line that is better on its own.
        here.retain(|candidate| {
            let others = candidate.first + 1..=candidate.last;
            let title = candidate.parts.first().map_or(at, |part| part.title.line);
            !others
                .into_iter()
                .filter(|line| *line != title || *line > at)
                .any(|line| best_single(line).is_some_and(|other| other > candidate.score + 1.0))
        });
        // A report of someone else's words says nothing of who wrote the title.
        if best_single(at).is_some() {
            here.retain(|candidate| candidate.pattern.form != crate::candidate::Form::Says);
        }
        if post.headline == Some(at) {
            here.retain(|candidate| may_be_lead(post, candidate));
        }
        here.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut here = here.into_iter();
        if let Some(best) = here.next() {
            let other = here.find(|other| other.parts != best.parts);
            next = best.last + 1;
            chosen.push(Chosen::Credited(best, other));
            continue;
        }
        chosen.extend(links.remove(&at).unwrap_or_default().into_iter().map(Chosen::Linked));
    }
    chosen
}

/// Whether the headline's line is a source itself: under a pattern that does not put the outlet
/// first, or with an outlet that is known.
fn may_be_lead(post: &Post<'_>, candidate: &Candidate) -> bool {
    use crate::candidate::Form;
    let heading = post
        .line(candidate.first)
        .is_some_and(|line| matches!(line.kind, Kind::Heading(_)) && line.links.is_empty());
    let outlet_first = matches!(
        candidate.pattern.form,
        Form::First
            | Form::FirstOfLast
            | Form::Colon
            | Form::NoMarkBefore
            | Form::BracketBefore
            | Form::QuoteEdgeBefore
            | Form::StyleEdgeBefore(_)
            | Form::Above
            | Form::AboveShape
    );
    let single = candidate.first == candidate.last;
    if heading && !candidate.is_known() {
        return false;
    }
    if single {
        return !outlet_first
            && (candidate.own >= 1.0 || candidate.pattern.mark == "--" && candidate.own > 0.0)
            && !matches!(
                candidate.pattern.form,
                Form::Comma
                    | Form::NoMark
                    | Form::Word
                    | Form::By
                    | Form::LastOfFirst
                    | Form::BracketMid
            );
    }
    // A headline over a title of its own is not the title.
    let next = post.text(candidate.first + 1);
    let titled = next.is_some_and(|text| {
        text::width(text) <= 140
            && text::is_one_sentence(text)
            && !text.ends_with(['.', '”', '"'])
            && text::word_count(text) >= 3
    });
    let far = candidate.last > candidate.first + 1;
    candidate.is_known()
        && !outlet_first
        && candidate.pattern.form != Form::Prose
        && !(far && titled)
}
