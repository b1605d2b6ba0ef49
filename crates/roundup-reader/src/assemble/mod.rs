//! Puts what was read together: headline, lead, dek, quote, sections, excerpts, commentary.

mod place;
mod rest;
mod sources;

use crate::confidence::Confidence;
use crate::document::Kind;
use crate::labels::Label;
use crate::prose;
use crate::read::{Chosen, Post};
use crate::roundup::{Credit, Note, Role, Roundup};
use crate::text;
use place::{Place, Places};
use safe_html::names::fold_outlet_name;
use sources::Built;
use std::collections::HashSet;

/// The roundup that a post's readings make.
pub(crate) fn assemble(post: &Post<'_>, chosen: Vec<Chosen>) -> Roundup {
    let built = sources::build(post, chosen);
    let mut work = Work {
        post,
        places: Places::new(post, &built),
        built,
        roundup: Roundup::default(),
        label: None,
        said: Vec::new(),
        kept: Vec::new(),
    };
    work.headline();
    let lead = work.lead().or_else(|| work.headline_as_lead());
    work.reports();
    work.under_headline(lead);
    work.sections();
    if let Some(lead) = lead {
        work.lead_zone(lead);
    }
    work.excerpts(lead);
    work.rest();
    work.read_more(lead);
    work.finish()
}

struct Work<'p, 'a> {
    post: &'p Post<'a>,
    built: Vec<Built>,
    places: Places,
    roundup: Roundup,
    label: Option<String>,
    /// Lines of the labelled comment.
    said: Vec<usize>,
    /// Lines that found no place.
    kept: Vec<usize>,
}

impl Work<'_, '_> {
    fn note(&mut self, line: usize, reason: &str) {
        if let Some(line) = self.post.line(line) {
            let note = Note { line: line.no, raw: line.raw.clone(), reason: reason.to_owned() };
            self.roundup.report.unread.push(note);
        }
    }

    fn headline(&mut self) {
        let Some(at) = self.post.headline else { return };
        let own = self.built.iter().find(|one| one.first == at && one.source.role != Role::Inline);
        self.roundup.headline = match own {
            Some(own) => Some(own.source.title.clone()),
            None => self.post.text(at).map(|text| text.trim_end_matches(':').to_owned()),
        };
        self.places.set(at, Place::Used);
    }

    /// The source that the post is about: the one that is the headline, or the first, where a
    /// "Read more" stands before the second.
    fn lead(&mut self) -> Option<usize> {
        let sources: Vec<usize> = (0..self.built.len())
            .filter(|at| self.built.get(*at).is_some_and(|one| one.source.role != Role::Inline))
            .collect();
        let first = sources.first().copied()?;
        let second = sources
            .get(1)
            .and_then(|at| self.built.get(*at))
            .map_or(self.post.len(), |one| one.first);
        let one = self.built.get(first)?;
        let headline = self.post.headline == Some(one.first);
        let more = (one.last + 1..second).any(|at| *self.post.label(at) == Label::ReadMore);
        let several =
            (second..self.post.len()).filter(|at| *self.post.label(*at) == Label::ReadMore).count()
                > 1;
        // A linked paragraph over a list of sources.
        let listed = sources.len() > 1 && sources.iter().skip(1).all(|at| self.in_list(*at));
        let over = !self.post.document.plain
            && listed
            && !self.in_list(first)
            && self.post.begins_with_link(one.title);
        if !(headline && self.may_lead(first) || more && !several && !self.in_list(first) || over) {
            return None;
        }
        if let Some(one) = self.built.get_mut(first) {
            one.source.role = Role::Lead;
        }
        Some(first)
    }

    /// A headline without a source whose text ends in a linked "Read more" is the lead itself.
    fn headline_as_lead(&mut self) -> Option<usize> {
        let at = self.post.headline?;
        let mut mores =
            (at + 1..self.post.len()).filter(|at| *self.post.label(*at) == Label::ReadMore);
        let (Some(more), None) = (mores.next(), mores.next()) else { return None };
        let url = |at: usize| {
            self.post.line(at).and_then(|line| {
                line.links.first().map(|link| link.url.clone()).or_else(|| line.url.clone())
            })
        };
        let url = url(more)
            .or_else(|| url(more + 1).filter(|_| *self.post.label(more + 1) == Label::Url))?;
        if self
            .built
            .iter()
            .any(|one| one.source.role != Role::Inline && one.source.url.as_ref() != Some(&url))
        {
            return None;
        }
        self.built.retain(|one| one.source.url.as_ref() != Some(&url));
        let mut source = sources::passing(self.post, at, &self.title_of(at), &url);
        (source.role, source.confidence) = (Role::Lead, Confidence::new(0.9));
        self.roundup.headline = Some(source.title.clone());
        self.built.push(Built {
            source,
            first: at,
            last: at,
            title: at,
            quote: Vec::new(),
            head: None,
        });
        self.built.sort_by_key(|one| one.first);
        self.places.set(more, Place::Used);
        self.built.iter().position(|one| one.source.role == Role::Lead)
    }

    fn in_list(&self, at: usize) -> bool {
        let line = self.built.get(at).and_then(|one| self.post.line(one.title));
        line.is_some_and(|line| line.starts_item)
    }

    /// Whether the headline's source is a lead: not a lone address.
    fn may_lead(&self, at: usize) -> bool {
        self.built.get(at).is_some_and(|one| !one.source.title.contains("://"))
    }

    /// `O reports: “X”` right below a source: one more outlet, and its excerpt.
    fn reports(&mut self) {
        for index in 0..self.built.len() {
            let Some(one) = self.built.get(index).filter(|one| one.source.role != Role::Inline)
            else {
                continue;
            };
            let below = one.last + 1;
            if !self.places.is_free(below) {
                continue;
            }
            let Some(text) = self.post.text(below) else { continue };
            let Some((_, parsed, said)) = prose::says(text, &self.post.names) else { continue };
            let known = |name: &str| self.post.names.known.name(name).and_then(|found| found.key);
            let excerpt = self.post.document.markdown(
                below,
                self.post.start(below) + said..self.post.start(below) + text.len(),
            );
            let Some(one) = self.built.get_mut(index) else { continue };
            for credit in parsed.credits {
                let Some(name) = credit.outlet.clone() else { continue };
                let same =
                    one.source.credits.iter().filter_map(|credit| credit.outlet.as_deref()).any(
                        |other| {
                            fold_outlet_name(other) == fold_outlet_name(&name)
                                || known(other).is_some() && known(other) == known(&name)
                                || fold_outlet_name(other).replace("los angeles", "la")
                                    == fold_outlet_name(&name)
                        },
                    );
                if !same {
                    one.source.credits.push(Credit { outlet: Some(name), bylines: credit.bylines });
                    one.source.confidence = one.source.confidence.min(Confidence::new(0.9));
                }
            }
            one.quote.push(excerpt);
            one.last = below;
            self.places.set(below, Place::Used);
        }
    }

    /// The dek of a post without a lead: a line of its own under the headline.
    fn under_headline(&mut self, lead: Option<usize>) {
        let Some(headline) = self.post.headline.filter(|_| lead.is_none()) else { return };
        let at = headline + 1;
        let (Some(line), Some(text)) = (self.post.line(at), self.post.text(at)) else { return };
        let words = text::word_count(text);
        let own_block = line.gap && self.post.line(at + 1).is_some_and(|next| next.gap);
        let fits = (6..=25).contains(&words)
            && !text.ends_with(['.', '!', '?', ':', '…', ';', '。'])
            && line.links.is_empty();
        let source_follows = self.built.iter().any(|one| one.source.role == Role::More);
        if own_block
            && fits
            && !line.starts_item
            && self.places.is_free(at)
            && source_follows
            && line.kind == Kind::Paragraph
        {
            self.roundup.dek = Some(text.to_owned());
            self.places.set(at, Place::Used);
        }
    }

    /// Headings over sources: the only one is the list's, several part it into sections.
    fn sections(&mut self) {
        let starts: HashSet<usize> = self
            .built
            .iter()
            .filter(|one| one.source.role == Role::More)
            .map(|one| one.first)
            .collect();
        let next_text = |at: usize| {
            (at + 1..self.post.len())
                .find(|at| self.post.text(*at).is_some() || *self.post.label(*at) == Label::Url)
        };
        let final_start = starts.iter().max().copied();
        let mut heads: Vec<(usize, bool)> = Vec::new();
        for at in 0..self.post.len() {
            let Some(line) = self.post.line(at) else { continue };
            let related =
                *self.post.label(at) == Label::Related && final_start.is_some_and(|last| last > at);
            let head = matches!(line.kind, Kind::Heading(_));
            if self.post.headline == Some(at) || starts.contains(&at) {
                continue;
            }
            let credit_head = self.places.is_head(at);
            let free = self.places.is_free(at) && (self.post.text(at).is_some() || related);
            if !(free || credit_head) {
                continue;
            }
            let over = next_text(at).is_some_and(|next| {
                starts.contains(&next) || head && self.source_before_heading(next, &starts)
            });
            let short = crate::labels::may_be_section(line) && (over || related);
            if related || head && line.links.is_empty() && over || short && !self.flows(at) {
                heads.push((at, related));
            }
        }
        let only = heads.len() == 1;
        let list = heads
            .iter()
            .find(|(_, related)| *related)
            .map(|(at, _)| *at)
            .or_else(|| heads.first().filter(|_| only).map(|(at, _)| *at));
        // A heading is one only if a source stands under it before the next.
        let ends: Vec<usize> =
            heads.iter().skip(1).map(|(at, _)| *at).chain([self.post.len()]).collect();
        let mut sorted: Vec<usize> = starts.iter().copied().collect();
        sorted.sort_unstable();
        let first_from = |from: usize| sorted.get(sorted.partition_point(|at| *at < from)).copied();
        let heads = heads.iter().zip(ends).map(|((at, _), end)| (*at, end));
        let used: Vec<(usize, usize)> =
            heads.filter(|(at, end)| first_from(*at).is_some_and(|first| first < *end)).collect();
        for (head, end) in used {
            let title = self.title_of(head);
            self.places.set(head, Place::Used);
            if Some(head) == list {
                self.roundup.links_heading = Some(title);
                continue;
            }
            // The sources are in order.
            let from = self.built.partition_point(|one| one.first < head);
            let inside = self.built.iter_mut().skip(from).take_while(|one| one.first < end);
            for one in inside.filter(|one| one.source.role == Role::More) {
                one.source.section = Some(title.clone());
            }
        }
    }

    /// Whether a heading has a source under it before the next heading.
    fn source_before_heading(&self, from: usize, starts: &HashSet<usize>) -> bool {
        let reach = (from..self.post.len()).take(12);
        let mut own = reach.take_while(|at| {
            !matches!(self.post.line(*at).map(|line| line.kind), Some(Kind::Heading(_)))
        });
        own.any(|at| starts.contains(&at))
    }

    /// Whether a line without a blank line around it goes on with the text before it.
    fn flows(&self, at: usize) -> bool {
        let Some(line) = self.post.line(at) else { return true };
        let before = at.checked_sub(1).and_then(|above| self.post.line(above));
        let ended = before.is_none_or(|line| {
            text::ends_sentence(&line.text) || line.starts_item || line.kind != Kind::Paragraph
        });
        let loud = text::is_all_capitals(&line.text)
            || line.is_bold()
            || line.text.ends_with(':')
            || matches!(line.kind, Kind::Heading(_));
        // "A few links of interest:" introduces, it does not head.
        let introduces = line.text.ends_with(':')
            && text::word_count(&line.text) >= 6
            && !text::is_title_case(&line.text);
        introduces
            || !(line.gap || loud || ended && before.is_none_or(|line| line.text.len() < 200))
            || text::word_count(&line.text) > 7
    }

    fn title_of(&self, at: usize) -> String {
        let text = self.post.line(at).map_or("", |line| line.text.as_str());
        text.trim()
            .trim_end_matches([':', '：'])
            .trim_matches(['*', '_', '=', '-'])
            .trim()
            .to_owned()
    }

    /// The text between the lead and its "Read more", or the list: dek and quote.
    fn lead_zone(&mut self, lead: usize) {
        let Some(one) = self.built.get(lead) else { return };
        let start = one.last + 1;
        let others: HashSet<usize> = self
            .built
            .iter()
            .filter(|one| one.source.role == Role::More)
            .map(|one| one.first)
            .collect();
        let mut end = start;
        let mut more = false;
        while end < self.post.len() {
            let label = self.post.label(end);
            more |= *label == Label::ReadMore;
            let stop = others.contains(&end)
                || matches!(
                    label,
                    Label::ReadMore | Label::Related | Label::Comment { .. } | Label::Rule
                )
                || matches!(self.post.line(end).map(|line| line.kind), Some(Kind::Heading(_)))
                || self.places.is_used(end)
                    && self.post.text(end).is_some()
                    && !self.is_inline(end);
            if stop {
                break;
            }
            end += 1;
        }
        let free =
            |at: &usize| self.post.text(*at).is_some() && !self.places.is_used_by_source(*at);
        let mut lines: Vec<usize> = (start..end).filter(free).collect();
        if !self.post.document.plain && !more {
            let marked = |at: &usize| {
                self.post.line(*at).is_some_and(|line| line.kind == Kind::Quote || line.is_italic())
            };
            lines.retain(|at| marked(at));
        }
        if let Some(dek) = self.dek(&lines) {
            self.roundup.dek = self.post.text(dek).map(str::to_owned);
            self.places.set(dek, Place::Used);
            lines.retain(|at| *at != dek);
        }
        let mut quote = std::mem::take(
            &mut self
                .built
                .get_mut(lead)
                .map(|one| std::mem::take(&mut one.quote))
                .unwrap_or_default(),
        );
        let text = self.paragraphs(&lines, true);
        quote.extend((!text.is_empty()).then_some(text));
        for at in lines {
            self.places.set(at, Place::Used);
        }
        if !quote.is_empty() {
            self.roundup.quote = Some(quote.join("\n\n"));
        }
    }

    fn is_inline(&self, at: usize) -> bool {
        self.built.iter().any(|one| one.first == at && one.source.role == Role::Inline)
    }

    /// The first line under the lead, if it is a dek.
    fn dek(&self, lines: &[usize]) -> Option<usize> {
        let first = lines.first().copied()?;
        let (line, text) = (self.post.line(first)?, self.post.text(first)?);
        let next = lines.get(1).and_then(|at| self.post.text(*at));
        let wrapped = next.is_some_and(|next| next.starts_with(char::is_lowercase))
            && !text::ends_sentence(text);
        if wrapped || line.kind == Kind::Quote || line.starts_item {
            return None;
        }
        let open = text::width(text) <= 140
            && !text.ends_with(['.', '!', '?', ':', '…', ';', ',', '”', '"', '。']);
        let slight = next.is_some_and(|next| {
            text::is_one_sentence(text) && text.len() < 130 && text.len() * 2 < next.len()
        });
        (line.is_italic() && (next.is_some() || text::width(text) <= 140)
            || open && (next.is_some() || text::is_title_case(text))
            || slight)
            .then_some(first)
    }
}
