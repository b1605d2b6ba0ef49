//! Assembles the [`Roundup`] from the chosen readings: headline, lead, dek, quote, sections,
//! excerpts and commentary.

mod line_use;
mod remaining_lines;
mod sources;

use crate::confidence::Confidence;
use crate::document::Kind;
use crate::labels::Label;
use crate::prose;
use crate::read::{Chosen, Post};
use crate::roundup::{Credit, Note, Role, Roundup};
use crate::text;
use line_use::{LineUse, LineUses};
use safe_html::names::fold_outlet_name;
use sources::SourceDraft;
use std::collections::HashSet;

/// Assembles the roundup of a post from the readings chosen for its lines.
pub(crate) fn assemble(post: &Post<'_>, chosen: Vec<Chosen>) -> Roundup {
    let drafts = sources::build(post, chosen);
    let mut assembler = Assembler {
        post,
        line_uses: LineUses::new(post, &drafts),
        drafts,
        roundup: Roundup::default(),
        label: None,
        comment_lines: Vec::new(),
        unplaced_lines: Vec::new(),
    };
    assembler.set_headline();
    let lead = assembler.find_lead().or_else(|| assembler.headline_as_lead());
    assembler.add_reporting_outlets();
    assembler.set_dek_without_lead(lead);
    assembler.assign_sections();
    if let Some(lead) = lead {
        assembler.place_lead_text(lead);
    }
    assembler.assign_excerpts(lead);
    assembler.place_remaining_lines();
    assembler.assign_read_more_urls();
    assembler.finish()
}

/// The state of the assembly. The lead is named by its index in `drafts`.
struct Assembler<'p, 'a> {
    post: &'p Post<'a>,
    drafts: Vec<SourceDraft>,
    line_uses: LineUses,
    roundup: Roundup,
    /// The label of the editor's comment.
    label: Option<String>,
    /// The lines of the editor's comment.
    comment_lines: Vec<usize>,
    /// The lines that belong nowhere else; they are appended to the commentary.
    unplaced_lines: Vec<usize>,
}

impl Assembler<'_, '_> {
    /// Reports a line as not understood.
    fn report_unread(&mut self, line: usize, reason: &str) {
        if let Some(line) = self.post.line(line) {
            let note = Note { line: line.no, raw: line.raw.clone(), reason: reason.to_owned() };
            self.roundup.report.unread.push(note);
        }
    }

    /// Sets the headline: the title of the source on its line, or the line's text.
    fn set_headline(&mut self) {
        let Some(at) = self.post.headline else { return };
        let own = self
            .drafts
            .iter()
            .find(|draft| draft.first_line == at && draft.source.role != Role::Inline);
        self.roundup.headline = match own {
            Some(own) => Some(own.source.title.clone()),
            None => self.post.text(at).map(|text| text.trim_end_matches(':').to_owned()),
        };
        self.line_uses.set(at, LineUse::Used);
    }

    /// Finds the source that the post is about and gives it the role of lead: the source on the
    /// headline's line, or the first source if a "Read more" comes before the second.
    fn find_lead(&mut self) -> Option<usize> {
        let sources: Vec<usize> = (0..self.drafts.len())
            .filter(|at| {
                self.drafts.get(*at).is_some_and(|draft| draft.source.role != Role::Inline)
            })
            .collect();
        let first = sources.first().copied()?;
        let second = sources
            .get(1)
            .and_then(|at| self.drafts.get(*at))
            .map_or(self.post.len(), |draft| draft.first_line);
        let draft = self.drafts.get(first)?;
        let headline = self.post.headline == Some(draft.first_line);
        let more = (draft.last_line + 1..second).any(|at| *self.post.label(at) == Label::ReadMore);
        let several =
            (second..self.post.len()).filter(|at| *self.post.label(*at) == Label::ReadMore).count()
                > 1;
        // A linked paragraph over a list of sources.
        let listed = sources.len() > 1 && sources.iter().skip(1).all(|at| self.in_list(*at));
        let over = !self.post.document.plain
            && listed
            && !self.in_list(first)
            && self.post.begins_with_link(draft.title_line);
        if !(headline && self.may_lead(first) || more && !several && !self.in_list(first) || over) {
            return None;
        }
        if let Some(draft) = self.drafts.get_mut(first) {
            draft.source.role = Role::Lead;
        }
        Some(first)
    }

    /// Makes the headline the lead if it has no source of its own and the post has exactly one
    /// "Read more" link.
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
        if self.drafts.iter().any(|draft| {
            draft.source.role != Role::Inline && draft.source.url.as_ref() != Some(&url)
        }) {
            return None;
        }
        self.drafts.retain(|draft| draft.source.url.as_ref() != Some(&url));
        let mut source = sources::inline_link(self.post, at, &self.heading_text(at), &url);
        (source.role, source.confidence) = (Role::Lead, Confidence::new(0.9));
        self.roundup.headline = Some(source.title.clone());
        self.drafts.push(SourceDraft::on_line(source, at));
        self.drafts.sort_by_key(|draft| draft.first_line);
        self.line_uses.set(more, LineUse::Used);
        self.drafts.iter().position(|draft| draft.source.role == Role::Lead)
    }

    /// Returns whether a source is an item of a list.
    fn in_list(&self, at: usize) -> bool {
        let line = self.drafts.get(at).and_then(|draft| self.post.line(draft.title_line));
        line.is_some_and(|line| line.starts_item)
    }

    /// Returns whether a source can be the lead: its title is not a URL.
    fn may_lead(&self, at: usize) -> bool {
        self.drafts.get(at).is_some_and(|draft| !draft.source.title.contains("://"))
    }

    /// Reads `O reports: “X”` right below a source as a further outlet of the source and an excerpt.
    fn add_reporting_outlets(&mut self) {
        for index in 0..self.drafts.len() {
            let Some(draft) =
                self.drafts.get(index).filter(|draft| draft.source.role != Role::Inline)
            else {
                continue;
            };
            let below = draft.last_line + 1;
            if !self.line_uses.is_free(below) {
                continue;
            }
            let Some(text) = self.post.text(below) else { continue };
            let Some((_, parsed, quotation)) = prose::says(text, &self.post.names) else {
                continue;
            };
            let known =
                |name: &str| self.post.names.outlets.by_name(name).and_then(|found| found.key);
            let excerpt = self.post.document.markdown(
                below,
                self.post.start(below) + quotation..self.post.start(below) + text.len(),
            );
            let Some(draft) = self.drafts.get_mut(index) else { continue };
            for credit in parsed.credits {
                let Some(name) = credit.outlet.clone() else { continue };
                let same =
                    draft.source.credits.iter().filter_map(|credit| credit.outlet.as_deref()).any(
                        |other| {
                            fold_outlet_name(other) == fold_outlet_name(&name)
                                || known(other).is_some() && known(other) == known(&name)
                                || fold_outlet_name(other).replace("los angeles", "la")
                                    == fold_outlet_name(&name)
                        },
                    );
                if !same {
                    draft
                        .source
                        .credits
                        .push(Credit { outlet: Some(name), bylines: credit.bylines });
                    draft.source.confidence = draft.source.confidence.min(Confidence::new(0.9));
                }
            }
            draft.excerpts.push(excerpt);
            draft.last_line = below;
            self.line_uses.set(below, LineUse::Used);
        }
    }

    /// Sets the dek of a post without a lead: the block of one line below the headline.
    fn set_dek_without_lead(&mut self, lead: Option<usize>) {
        let Some(headline) = self.post.headline.filter(|_| lead.is_none()) else { return };
        let at = headline + 1;
        let (Some(line), Some(text)) = (self.post.line(at), self.post.text(at)) else { return };
        let words = text::word_count(text);
        let own_block = line.preceded_by_blank_line
            && self.post.line(at + 1).is_some_and(|next| next.preceded_by_blank_line);
        let fits = (6..=25).contains(&words)
            && !text.ends_with(['.', '!', '?', ':', '…', ';', '。'])
            && line.links.is_empty();
        let source_follows = self.drafts.iter().any(|draft| draft.source.role == Role::More);
        if own_block
            && fits
            && !line.starts_item
            && self.line_uses.is_free(at)
            && source_follows
            && line.kind == Kind::Paragraph
        {
            self.roundup.dek = Some(text.to_owned());
            self.line_uses.set(at, LineUse::Used);
        }
    }

    /// Assigns headings to the sources below them. A single heading becomes `links_heading`; several
    /// divide the list into sections.
    fn assign_sections(&mut self) {
        let starts: HashSet<usize> = self
            .drafts
            .iter()
            .filter(|draft| draft.source.role == Role::More)
            .map(|draft| draft.first_line)
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
            let credit_head = self.line_uses.is_outlet_heading(at);
            let free = self.line_uses.is_free(at) && (self.post.text(at).is_some() || related);
            if !(free || credit_head) {
                continue;
            }
            let over = next_text(at).is_some_and(|next| {
                starts.contains(&next) || head && self.source_before_heading(next, &starts)
            });
            let short = crate::labels::may_be_section(line) && (over || related);
            if related || head && line.links.is_empty() && over || short && !self.continues_text(at)
            {
                heads.push((at, related));
            }
        }
        let only = heads.len() == 1;
        let list = heads
            .iter()
            .find(|(_, related)| *related)
            .map(|(at, _)| *at)
            .or_else(|| heads.first().filter(|_| only).map(|(at, _)| *at));
        // A heading counts only if a source comes before the next heading.
        let ends: Vec<usize> =
            heads.iter().skip(1).map(|(at, _)| *at).chain([self.post.len()]).collect();
        let mut sorted: Vec<usize> = starts.iter().copied().collect();
        sorted.sort_unstable();
        let first_from = |from: usize| sorted.get(sorted.partition_point(|at| *at < from)).copied();
        let heads = heads.iter().zip(ends).map(|((at, _), end)| (*at, end));
        let used: Vec<(usize, usize)> =
            heads.filter(|(at, end)| first_from(*at).is_some_and(|first| first < *end)).collect();
        for (head, end) in used {
            let title = self.heading_text(head);
            self.line_uses.set(head, LineUse::Used);
            if Some(head) == list {
                self.roundup.links_heading = Some(title);
                continue;
            }
            // The drafts are sorted by their first line.
            let from = self.drafts.partition_point(|draft| draft.first_line < head);
            let inside =
                self.drafts.iter_mut().skip(from).take_while(|draft| draft.first_line < end);
            for draft in inside.filter(|draft| draft.source.role == Role::More) {
                draft.source.section.get_or_insert_with(|| title.clone());
            }
        }
    }

    /// Returns whether a source begins at `from` or in the next lines, before the next heading.
    fn source_before_heading(&self, from: usize, starts: &HashSet<usize>) -> bool {
        let reach = (from..self.post.len()).take(12);
        let mut own = reach.take_while(|at| !self.post.is_heading(*at));
        own.any(|at| starts.contains(&at))
    }

    /// Returns whether a line continues the text before it or introduces the text below it, so that
    /// it is no section heading.
    fn continues_text(&self, at: usize) -> bool {
        let Some(line) = self.post.line(at) else { return true };
        let before = at.checked_sub(1).and_then(|above| self.post.line(above));
        let ended = before.is_none_or(|line| {
            text::ends_sentence(&line.text) || line.starts_item || line.kind != Kind::Paragraph
        });
        let loud = text::is_all_capitals(&line.text)
            || line.is_bold()
            || line.text.ends_with(':')
            || matches!(line.kind, Kind::Heading(_));
        // "A few links of interest:" introduces a list and is no heading.
        let introduces = line.text.ends_with(':')
            && text::word_count(&line.text) >= 6
            && !text::is_title_case(&line.text);
        introduces
            || !(line.preceded_by_blank_line
                || loud
                || ended && before.is_none_or(|line| line.text.len() < 200))
            || text::word_count(&line.text) > 7
    }

    /// Returns a heading's text without the colon and emphasis marks around it.
    fn heading_text(&self, at: usize) -> String {
        let text = self.post.line(at).map_or("", |line| line.text.as_str());
        text.trim()
            .trim_end_matches([':', '：'])
            .trim_matches(['*', '_', '=', '-'])
            .trim()
            .to_owned()
    }

    /// Sets dek and quote from the text between the lead and its "Read more" or the next source.
    fn place_lead_text(&mut self, lead: usize) {
        let Some(draft) = self.drafts.get(lead) else { return };
        let start = draft.last_line + 1;
        let others: HashSet<usize> = self
            .drafts
            .iter()
            .filter(|draft| draft.source.role == Role::More)
            .map(|draft| draft.first_line)
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
                || self.post.is_heading(end)
                || self.line_uses.is_used(end)
                    && self.post.text(end).is_some()
                    && !self.is_inline(end);
            if stop {
                break;
            }
            end += 1;
        }
        let free = |at: &usize| self.post.text(*at).is_some() && !self.line_uses.is_used(*at);
        let mut lines: Vec<usize> = (start..end).filter(free).collect();
        if !self.post.document.plain && !more {
            let marked = |at: &usize| {
                self.post.line(*at).is_some_and(|line| line.kind == Kind::Quote || line.is_italic())
            };
            lines.retain(|at| marked(at));
        }
        if let Some(dek) = self.find_dek(&lines) {
            self.roundup.dek = self.post.text(dek).map(str::to_owned);
            self.line_uses.set(dek, LineUse::Used);
            lines.retain(|at| *at != dek);
        }
        let mut quote = self
            .drafts
            .get_mut(lead)
            .map(|draft| std::mem::take(&mut draft.excerpts))
            .unwrap_or_default();
        let text = self.paragraphs(&lines, true);
        quote.extend((!text.is_empty()).then_some(text));
        for at in lines {
            self.line_uses.set(at, LineUse::Used);
        }
        if !quote.is_empty() {
            self.roundup.quote = Some(quote.join("\n\n"));
        }
    }

    /// Returns whether an inline link begins on a line.
    fn is_inline(&self, at: usize) -> bool {
        self.drafts.iter().any(|draft| draft.first_line == at && draft.source.role == Role::Inline)
    }

    /// Returns the first of the lines under the lead if it looks like a dek.
    fn find_dek(&self, lines: &[usize]) -> Option<usize> {
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
