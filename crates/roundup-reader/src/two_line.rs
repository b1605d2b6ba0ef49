//! Reads sources of two or more lines: the credit is above or below the title.

mod block_end;

use crate::candidate::{Candidate, Form, Part, Pattern, Span, title_score};
use crate::credit::{self, MAX_CREDIT, Parsed};
use crate::document::Kind;
use crate::labels::{self, Label};
use crate::lexicon::{self, Kind as Words};
use crate::name;
use crate::one_line::groups;
use crate::prose;
use crate::read::Post;
use crate::text::{self, part, trim};
use std::ops::Range;

/// The maximum number of lines between a title and its "Source: O".
const MAX_BELOW: usize = 6;

/// Returns the readings of a line as a title whose credit is on another line.
pub(crate) fn candidates(post: &Post<'_>, at: usize) -> Vec<Candidate> {
    let mut found = Vec::new();
    let Some(text) = post.text(at) else { return found };
    if text.len() > 440 {
        return found;
    }
    let reader = TitleReader { post, at, text };
    let any = |forms: &[Form]| forms.iter().any(|form| post.allows(*form, ""));
    let below =
        [Form::NextBracket, Form::Below, Form::BelowShape, Form::Dateline, Form::Says, Form::Prose];
    if any(&below) {
        reader.below(&mut found);
    }
    if any(&[Form::Above, Form::AboveShape]) {
        reader.above(&mut found);
    }
    reader.source_below(&mut found);
    if any(&[Form::BlockEnd, Form::BlockEndShape]) {
        reader.block_end(&mut found);
    }
    found
}

/// Reads a line as the title of a source.
struct TitleReader<'p, 'a> {
    post: &'p Post<'a>,
    at: usize,
    text: &'p str,
}

impl TitleReader<'_, '_> {
    /// Returns the span of the line.
    fn whole(&self) -> Span {
        Span { line: self.at, range: trim(self.text, 0..self.text.len()) }
    }

    /// Returns the line as a title with a credit.
    fn part(&self, credit: Option<Span>, parsed: Parsed) -> Part {
        Part { title: self.whole(), credit, parsed: Some(parsed), url: None }
    }

    /// Returns how much the line looks like a title.
    fn title_score(&self) -> f64 {
        let width = text::width(self.text);
        if (6..=220).contains(&width) { title_score(self.text) } else { -9.0 }
    }

    /// Returns how much less the line looks like a title because it is a sentence.
    fn sentence_penalty(&self) -> f64 {
        let sentence = text::ends_sentence(self.text)
            && text::word_count(self.text) >= 8
            && !self.text.ends_with('?');
        if sentence { 2.0 } else { 0.0 }
    }

    /// Reads a credit on the next line.
    fn below(&self, found: &mut Vec<Candidate>) {
        let fits = self.title_score();
        let next = self.at + 1;
        let Some(line) = self.post.text(next) else { return };
        if fits <= -3.0
            || matches!(self.post.line(next).map(|line| line.kind), Some(Kind::Heading(_)))
        {
            return;
        }
        let names = &self.post.names;
        let mut add = |form: Form,
                       mark: &str,
                       credit: Range<usize>,
                       parsed: Parsed,
                       excerpt: Option<Range<usize>>,
                       more: f64| {
            let own = parsed.score + fits + more;
            let credit = Span { line: next, range: credit };
            let mut candidate =
                Candidate::new(Pattern::marked(form, mark), self.part(Some(credit), parsed), own);
            let excerpt = excerpt.map(|range| trim(line, range)).filter(|range| !range.is_empty());
            candidate.excerpt.extend(excerpt.map(|range| Span { line: next, range }));
            candidate.last = next;
            found.push(candidate);
        };
        let unlinked = self.post.document.plain
            || self.post.line(next).is_some_and(|line| {
                line.links
                    .iter()
                    .all(|link| link.range.end <= line.text.find([')', ']']).unwrap_or(0))
            });
        if let Some(group) =
            groups(line).first().filter(|group| group.start == 0 && unlinked).cloned()
            && groups(self.text).first().is_none_or(|group| group.start != 0)
            && let Some(parsed) = credit::parse(part(line, group.clone()), names)
            && parsed.score > 0.0
        {
            add(Form::NextBracket, "", group.clone(), parsed, Some(group.end..line.len()), 0.3);
        }
        // A sentence is rarely a title. A line with a blank line above it but none below belongs to the
        // text below it.
        let is_separated =
            |at: usize| self.post.line(at).is_none_or(|line| line.preceded_by_blank_line);
        let belongs_below =
            is_separated(next) && !is_separated(next + 1) && self.post.text(next + 1).is_some();
        let less = self.sentence_penalty() + f64::from(u8::from(belongs_below)) * 2.0;
        if let Some(parsed) = credit_line(self.post, next) {
            // "T" / "By P" / "O"
            let outlet = Some(next + 1)
                .filter(|at| parsed.has_byline() && !parsed.has_outlet() && !is_separated(*at))
                .and_then(|at| {
                    let short = || short_line(self.post, at).filter(|_| is_separated(at + 1));
                    credit_line(self.post, at).or_else(short)
                })
                .filter(|outlet| outlet.has_outlet() && !outlet.has_byline());
            if let Some(outlet) = outlet {
                let authors = parsed.credits.iter().flat_map(|credit| credit.bylines.clone());
                let merged = outlet.with_bylines(authors.collect());
                add(Form::Below, "", 0..line.len(), merged, None, 0.5 - less);
                if let Some(added) = found.last_mut() {
                    added.last = next + 1;
                }
                return;
            }
            add(Form::Below, "", 0..line.len(), parsed, None, -less);
        } else if let Some(parsed) = short_line(self.post, next) {
            add(Form::BelowShape, "", 0..line.len(), parsed, None, -0.8 - less);
        }
        if self
            .post
            .line(next)
            .is_some_and(|line| line.links.iter().any(|link| link.range.start == 0))
            && !self.post.document.plain
        {
            return;
        }
        if let Some((credit, parsed, rest)) = dateline(line, names) {
            add(Form::Dateline, "", credit, parsed, Some(rest..line.len()), 0.5);
        }
        if let Some((credit, parsed, quotation)) = prose::says(line, names) {
            add(Form::Says, "", credit, parsed, Some(quotation..line.len()), 0.0);
        } else if text::word_count(line) >= 7
            && text::is_one_sentence(self.text)
            && !self.text.ends_with(['.', '…', '”', '"'])
            && (text::ends_sentence(line) || !text::is_title_case(line))
            && prose::named(self.text, names).is_none_or(|named| named.range.start > 40)
            && let Some(named) = prose::named(line, names)
        {
            let more = if named.placed { 0.5 } else { -0.5 };
            let less = if is_separated(next) && !is_separated(self.at) { 1.0 } else { 0.0 };
            add(Form::Prose, "", named.range, named.parsed, Some(0..line.len()), more - less);
        }
    }

    /// Reads a credit on the line above.
    fn above(&self, found: &mut Vec<Candidate>) {
        let Some(above) = self.at.checked_sub(1) else { return };
        let Some(line) = self.post.text(above) else { return };
        let (parsed, form) = match credit_line(self.post, above) {
            Some(parsed) => (parsed, Form::Above),
            None => match short_line(self.post, above) {
                Some(parsed) => (parsed, Form::AboveShape),
                None => return,
            },
        };
        let mut title = self.whole();
        let mut excerpt = None;
        let mut fits = self.title_score();
        let by = credit::after_by(line).is_some();
        if by
            && parsed.has_outlet()
            && (text::width(self.text) > 160 || !text::is_one_sentence(self.text))
        {
            // A byline above a paragraph has no title but the first clause of the paragraph.
            let clause = crate::one_line::first_clause(self.text);
            title.range = trim(self.text, 0..clause);
            excerpt = Some(Span { line: self.at, range: trim(self.text, 0..self.text.len()) });
            fits = -0.5;
        }
        if fits <= -3.0 {
            return;
        }
        // A line outside the list is rarely the credit of the first item.
        let item = |at: usize| self.post.line(at).is_some_and(|line| line.starts_item);
        let less = if form == Form::Above { 0.0 } else { 0.8 }
            + if item(self.at) && !item(above) { 2.0 } else { 0.0 };
        let own = parsed.score + fits - less;
        let credit = Span { line: above, range: 0..line.len() };
        let part = Part { title, credit: Some(credit), parsed: Some(parsed), url: None };
        let mut candidate = Candidate::new(Pattern::plain(form), part, own);
        candidate.excerpt.extend(excerpt);
        found.push(candidate);
    }

    /// Reads "Source: O" below the title and its excerpt.
    fn source_below(&self, found: &mut Vec<Candidate>) {
        let fits = self.title_score();
        if fits <= -3.0 {
            return;
        }
        for below in self.at + 1..=self.at + MAX_BELOW {
            let Some(line) = self.post.line(below) else { return };
            if matches!(line.kind, Kind::Heading(_)) || self.post.label(below) == &Label::Rule {
                return;
            }
            let Some(text) = self.post.text(below) else { continue };
            let Some((mark, credit)) = labelled(text) else { continue };
            let Some(parsed) = credit::parse(part(text, credit.clone()), &self.post.names) else {
                return;
            };
            let own = parsed.score + fits + 1.0 - self.sentence_penalty();
            let span = Span { line: below, range: credit };
            let mut candidate = Candidate::new(
                Pattern::marked(Form::SourceBelow, &mark),
                self.part(Some(span), parsed),
                own,
            );
            for between in self.at + 1..below {
                if let Some(text) = self.post.text(between) {
                    candidate.excerpt.push(Span { line: between, range: 0..text.len() });
                }
            }
            candidate.last = below;
            found.push(candidate);
            return;
        }
    }
}

/// Parses "Source: O". Returns the label in lower case, and the range of the credit.
pub(crate) fn labelled(text: &str) -> Option<(String, Range<usize>)> {
    let bare = text.trim_start_matches(['(', '[', '*', '_', ' ', '–', '—', '-', '→', '（', '【']);
    let at = text.len() - bare.len();
    if let Some(name) = labels::read_more_at(bare) {
        let credit = trim(text, at + name..text.len());
        return (at <= 8 && !credit.is_empty()).then(|| ("read".to_owned(), credit));
    }
    let length = lexicon::prefix(Words::Source, bare)?;
    let rest = part(bare, length..bare.len());
    let after = rest.trim_start_matches([' ', '*', '_']);
    let plain =
        matches!(part(bare, 0..length).to_lowercase().as_str(), "via" | "h/t" | "vía" | "hat tip");
    let name = after.strip_prefix([':', '：']).or_else(|| plain.then_some(after))?;
    let credit = trim(text, text.len() - name.len()..text.len());
    (!credit.is_empty() && credit.len() <= MAX_CREDIT && at <= 8)
        .then(|| (part(bare, 0..length).to_lowercase(), credit))
}

/// Parses a line that is a credit and nothing else.
pub(crate) fn credit_line(post: &Post<'_>, at: usize) -> Option<Parsed> {
    let line = post.line(at)?;
    let text = post.text(at)?;
    if text.len() > 140 || line.links.len() > 1 || matches!(line.kind, Kind::Heading(1)) {
        return None;
    }
    let bare = text.trim_start_matches(['–', '—', '-', '~', '(', '*', '→', ' ']);
    let parsed = credit::parse(text, &post.names)?;
    if parsed.score <= 0.0 || text::ends_sentence(text) && !text.ends_with('.') {
        return None;
    }
    let known = parsed.known || parsed.score >= 2.0 && parsed.has_outlet();
    let has_bars =
        text.contains([' ']) && [" | ", " • ", " · "].iter().any(|bar| text.contains(bar));
    // "A bridge opens at last | Ann Bee | O" is a title with its credit.
    let head = [" | ", " • ", " · "].iter().find_map(|bar| Some(text.split_once(bar)?.0));
    if head.is_some_and(|head| {
        text::word_count(head) >= 4
            && credit::after_by(head).is_none()
            && credit::persons(head, name::Person::Shape).is_none()
            && credit::parse(head, &post.names).is_none_or(|parsed| !parsed.known)
    }) {
        return None;
    }
    let dated = has_bars
        && text
            .split(['|', '•', '·'])
            .any(|item| name::is_dated(item.trim()) || name::is_host(item.trim()));
    // The text before a mark can be a title: "Title -- By Ann Bee, O".
    let has_mark = [" -- ", " — ", " – ", " - ", ": ", " ("].iter().any(|mark| text.contains(mark));
    let tail = text.rsplit([',', '(']).next().unwrap_or_default();
    let ends_dated = tail.len() < text.len()
        && name::is_dated(tail.trim_end_matches(')').trim())
        && text::word_count(text) <= 9;
    let by = credit::after_by(bare).is_some();
    let listed = parsed.has_byline() && parsed.has_outlet();
    let whole = parsed.credits.len() == 1 && !parsed.guessed;
    let dashed = [" -- ", " — ", " – ", " - "].iter().any(|mark| text.contains(mark));
    if dashed && !by {
        // The text before a dash is more often a title than an author.
        let (head, tail) = [" -- ", " — ", " – ", " - "]
            .iter()
            .find_map(|mark| text.split_once(mark))
            .unwrap_or_default();
        let listed = |name: &str| credit::persons(name, name::Person::Listed).is_some();
        let authored = parsed.known && listed(head)
            || line.is_italic() && parsed.has_outlet() && (listed(head) || listed(tail));
        if !authored {
            return None;
        }
    }
    let good = known
        && (whole
            || has_bars
            || listed
            || !text::is_title_case(text)
            || text::word_count(text) <= 6)
        || dated
        || ends_dated && parsed.has_outlet() && parsed.score > 0.5
        || by && parsed.score > 0.0 && text::word_count(text) <= 10
        || listed && !has_mark && (has_bars || text.contains(", ")) && text::word_count(text) <= 8
        || name::is_host(bare);
    good.then_some(parsed)
}

/// Parses a short line with the shape of a name.
pub(crate) fn short_line(post: &Post<'_>, at: usize) -> Option<Parsed> {
    let line = post.line(at)?;
    let text = post.text(at)?;
    if text::width(text) > 50
        || text::word_count(text) > 6
        || line.links.len() > 1
        || matches!(line.kind, Kind::Heading(_))
        || text::ends_sentence(text)
        || text.ends_with(':')
    {
        return None;
    }
    let parsed = credit::parse(text, &post.names)?;
    (parsed.score > 0.0).then_some(parsed)
}

/// Parses `[By P] PLACE (O) — X`. Returns the range of the credit, the credit, and the start of `X`.
fn dateline(text: &str, names: &credit::Names<'_>) -> Option<(Range<usize>, Parsed, usize)> {
    let group =
        groups(text).into_iter().next().filter(|group| group.start <= 90 && group.start > 0)?;
    let head = part(text, 0..group.start).trim();
    let rest = part(text, group.end..text.len());
    let body = rest.trim_start_matches([' ', '-', '–', '—', ':', '.']);
    if body.len() == rest.len() || text::word_count(body) < 4 {
        return None;
    }
    let credit = trim(text, group.start + 1..group.end.saturating_sub(1));
    let mut parsed = credit::parse(part(text, credit.clone()), names)?;
    let (person, place) = match credit::after_by(head) {
        Some(names) => {
            // The name ends where the capitals of the place begin.
            let words: Vec<&str> = names.split_whitespace().collect();
            let place = words
                .iter()
                .position(|word| text::is_all_capitals(word) && word.chars().count() > 2);
            let split = place.unwrap_or(words.len());
            (
                words.get(..split).unwrap_or_default().join(" "),
                words.get(split..).unwrap_or_default().join(" "),
            )
        }
        None => (String::new(), head.to_owned()),
    };
    let capitals = place
        .split([',', ' '])
        .filter(|word| text::has_letter(word))
        .take(1)
        .all(text::is_all_capitals);
    if parsed.score <= 0.0 || !capitals || text::word_count(&place) > 6 {
        return None;
    }
    if !person.is_empty()
        && let Some(first) = parsed.credits.first_mut()
    {
        first.bylines = credit::authors(&person);
    }
    Some((credit, parsed, text.len() - body.len()))
}
