//! Assigns the remaining lines to excerpts, the commentary and "Read more" links, and builds the
//! roundup.

use super::line_use::LineUse;
use super::{Assembler, sources};
use crate::document::Kind;
use crate::labels::Label;
use crate::roundup::{Commentary, Note, Role, Roundup, Source};
use crate::text::{self, part};
use std::collections::{HashMap, HashSet};

/// The maximum number of "Read more" lines that are read. No article can have more sources.
const MAX_READ_MORE: usize = 500;

/// The maximum number of quoted lines below a source that are part of its excerpt.
const MAX_QUOTED_LINES: usize = 4;

impl Assembler<'_, '_> {
    /// Assigns indented or quoted lines below a source as its excerpt, and other lines if at least
    /// half of the sources have lines below them.
    pub(super) fn assign_excerpts(&mut self, lead: Option<usize>) {
        let lines_below: Vec<(usize, Vec<usize>)> = self.lines_below_sources(lead);
        let source_count =
            self.drafts.iter().filter(|draft| draft.source.role == Role::More).count();
        let sources_with_lines: Vec<&(usize, Vec<usize>)> =
            lines_below.iter().filter(|(_, lines)| !lines.is_empty()).collect();
        let at_least_half_have_lines = sources_with_lines.len() * 2 >= source_count
            && !sources_with_lines.is_empty()
            && (source_count >= 2 || !self.post.document.plain || lead.is_none());
        let mut lengths: Vec<usize> =
            sources_with_lines.iter().map(|(_, lines)| lines.len()).collect();
        lengths.sort_unstable();
        let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
        let first_line = |lines: &[usize]| lines.first().and_then(|at| self.post.line(*at));
        let follows_directly =
            |lines: &[usize]| first_line(lines).is_some_and(|line| !line.preceded_by_blank_line);
        let most_follow_directly =
            sources_with_lines.iter().filter(|(_, lines)| follows_directly(lines)).count() * 2
                > sources_with_lines.len();
        let mut assigned: Vec<(usize, usize)> = Vec::new();
        for (index, lines) in &lines_below {
            let depth = self
                .drafts
                .get(*index)
                .and_then(|draft| self.post.line(draft.title_line))
                .map_or(0, |line| line.depth);
            let is_separated = most_follow_directly
                && first_line(lines).is_some_and(|line| line.preceded_by_blank_line);
            for (position, at) in lines.iter().enumerate() {
                let Some(line) = self.post.line(*at) else { continue };
                let is_indented = line.depth > depth
                    || line.depth > 0 && line.depth == depth && !line.starts_item;
                // The next item of the list is no part of this one.
                if line.starts_item && line.depth <= depth {
                    break;
                }
                let is_quoted = line.kind == Kind::Quote || opens_quotation(&line.text);
                if is_indented
                    || is_quoted && position < MAX_QUOTED_LINES
                    || at_least_half_have_lines && !is_separated && position < median.max(1)
                {
                    assigned.push((*index, *at));
                }
            }
        }
        let mut by_source: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, at) in assigned {
            self.line_uses.set(at, LineUse::Used);
            by_source.entry(index).or_default().push(at);
        }
        for (index, lines) in by_source {
            let text = self.paragraphs(&lines, true);
            if let Some(draft) = self.drafts.get_mut(index) {
                draft.excerpts.push(text);
                draft.last_line = draft.last_line.max(lines.last().copied().unwrap_or_default());
            }
        }
    }

    /// Returns the unused lines below each source, up to the next source, heading, rule or label.
    fn lines_below_sources(&self, lead: Option<usize>) -> Vec<(usize, Vec<usize>)> {
        let mut order: Vec<usize> = (0..self.drafts.len())
            .filter(|at| {
                self.drafts.get(*at).is_some_and(|draft| draft.source.role != Role::Inline)
            })
            .collect();
        order.sort_by_key(|at| self.drafts.get(*at).map(|draft| draft.first_line));
        let mut found = Vec::new();
        for (rank, index) in order.iter().enumerate() {
            if Some(*index) == lead {
                continue;
            }
            let Some(draft) = self.drafts.get(*index) else { continue };
            let next = order
                .get(rank + 1)
                .and_then(|at| self.drafts.get(*at))
                .map_or(self.post.len(), |draft| draft.first_line);
            let mut lines = Vec::new();
            for at in draft.last_line + 1..next {
                let is_used_text = self.line_uses.is_used(at) && self.post.text(at).is_some();
                if self.post.is_heading(at)
                    || is_used_text
                    || matches!(
                        self.post.label(at),
                        Label::Rule | Label::Comment { .. } | Label::Related
                    )
                {
                    break;
                }
                if self.post.text(at).is_some() {
                    lines.push(at);
                }
            }
            found.push((*index, lines));
        }
        found
    }

    /// Assigns every unused line to the editor's comment or to the unplaced lines, or reports it.
    /// "Read more" lines, rules and URLs are skipped.
    pub(super) fn place_remaining_lines(&mut self) {
        let mut in_comment = false;
        for at in 0..self.post.len() {
            let label = self.post.label(at).clone();
            if !self.line_uses.is_free(at) {
                in_comment &=
                    self.line_uses.get(at) == LineUse::Used && self.post.text(at).is_none();
                continue;
            }
            match label {
                Label::Comment { label, .. } => {
                    if self.label.is_none() {
                        let text = self.post.line(at).map_or("", |line| line.text.as_str());
                        self.label = Some(part(text, label).to_owned());
                        self.comment_lines.push(at);
                        in_comment = true;
                    } else {
                        self.report_uncertain_line(
                            at,
                            "a second comment label; it was kept as text",
                        );
                        self.unplaced_lines.push(at);
                        in_comment = false;
                    }
                }
                Label::Caption => {
                    self.report_unread(at, "a picture's caption or credit");
                    self.unplaced_lines.push(at);
                }
                Label::Boilerplate => self.report_unread(at, "part of the page around the post"),
                Label::Picture => {
                    self.unplaced_lines.push(at);
                    if !self.post.has_separate_title {
                        self.report_unread(at, "a picture");
                    }
                }
                Label::Code => {
                    self.report_unread(at, "a block of code");
                    self.unplaced_lines.push(at);
                }
                Label::ReadMore | Label::Rule | Label::Url => {}
                Label::Related => {
                    self.report_unread(at, "a heading without sources under it");
                    self.unplaced_lines.push(at);
                }
                Label::Text => {
                    if self.post.is_heading(at) {
                        self.report_unread(at, "a heading without sources under it");
                        in_comment = false;
                    }
                    if in_comment {
                        self.comment_lines.push(at);
                    } else {
                        self.unplaced_lines.push(at);
                    }
                }
            }
        }
    }

    /// Assigns the URL of each "Read more" to the source before it, or else to the lead. A URL that
    /// the source does not need becomes an inline link.
    pub(super) fn assign_read_more_urls(&mut self) {
        let mut repeated_url_seen = false;
        let mut count = 0;
        for at in 0..self.post.len() {
            if *self.post.label(at) != Label::ReadMore {
                continue;
            }
            count += 1;
            if count > MAX_READ_MORE {
                self.report_unread(at, "too many \"Read more\" lines");
                continue;
            }
            let Some(line) = self.post.line(at) else { continue };
            // The URL is on the line itself, or else on the line below.
            let own = line.links.first().map(|link| link.url.clone());
            let below = self.post.line(at + 1).filter(|line| {
                let belongs_to_title = self.post.urls.values().any(|(_, url)| *url == at + 1);
                own.is_none() && line.is_url() && !belongs_to_title
            });
            let url = own.or_else(|| below.and_then(|line| line.url.clone()));
            let before = self.drafts.iter().rposition(|draft| {
                draft.source.role != Role::Inline
                    && draft.first_line < at
                    && !draft.source.title.contains("://")
            });
            let lead = || self.drafts.iter().position(|draft| draft.source.role == Role::Lead);
            let Some(index) = before.or_else(lead) else {
                self.report_unread(at, "\"Read more\" without a source");
                self.add_inline_link(at, url);
                continue;
            };
            let url_belongs_to_other_source = url.as_ref().is_some_and(|url| {
                self.drafts.iter().any(|draft| {
                    draft.first_line != at
                        && draft.source.url.as_deref() == Some(url)
                        && draft.title_line != at + 1
                })
            });
            let mut unassigned_url = url;
            if let Some(draft) = self.drafts.get_mut(index) {
                draft.source.raw.push('\n');
                draft.source.raw.push_str(&line.raw);
                if draft.source.url.is_none() {
                    draft.source.url = unassigned_url.take();
                }
            }
            if below.is_some() {
                self.drafts.retain(|draft| draft.first_line != at + 1);
            }
            if url_belongs_to_other_source {
                // The first "Read more" that repeats a source's URL is normal; later ones are
                // reported.
                if std::mem::replace(&mut repeated_url_seen, true) {
                    self.report_unread(at, "a further \"Read more\" with the URL of a source");
                }
                unassigned_url = None;
            }
            self.add_inline_link(at, unassigned_url);
        }
    }

    /// Adds an inline link for a URL that belongs to no source.
    fn add_inline_link(&mut self, at: usize, url: Option<String>) {
        let Some(url) = url else { return };
        let source = sources::inline_link(self.post, at, &url, &url);
        self.drafts.push(sources::SourceDraft::on_line(source, at));
        self.drafts.sort_by_key(|draft| draft.first_line);
    }

    /// Renders lines as Markdown. Blank lines separate blocks. With `unquoted`, the `>` of quotes is
    /// left out.
    pub(super) fn paragraphs(&self, lines: &[usize], unquoted: bool) -> String {
        let mut out = String::new();
        let mut last: Option<usize> = None;
        for at in lines {
            let Some(line) = self.post.line(*at) else { continue };
            let range = match self.post.label(*at) {
                Label::Comment { rest, .. } if self.comment_lines.first() == Some(at) => {
                    *rest..line.text.len()
                }
                _ => 0..line.text.len(),
            };
            let whole = range.start == 0;
            let mut text = if whole && !unquoted {
                self.post.document.markdown_line(*at)
            } else {
                self.post.document.markdown(*at, range)
            };
            if whole && unquoted && line.starts_item && !self.post.document.plain {
                text.insert_str(0, "- ");
            }
            if text.trim().is_empty() {
                continue;
            }
            if let Some(before) = last {
                let joined =
                    !self.post.document.plain && !line.preceded_by_blank_line && *at == before + 1;
                out.push_str(if joined { "\n" } else { "\n\n" });
            }
            out.push_str(text.trim_end());
            last = Some(*at);
        }
        out
    }

    /// Builds the roundup: commentary, links without duplicate URLs, and the report.
    pub(super) fn finish(mut self) -> Roundup {
        let comment = self.paragraphs(&self.comment_lines, false);
        let unplaced = self.paragraphs(&self.unplaced_lines, false);
        let text = [comment, unplaced]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n");
        if self.label.is_some() || !text.is_empty() {
            self.roundup.commentary = Some(Commentary { label: self.label.take(), text });
        }
        let mut listed_urls: HashSet<String> = self
            .drafts
            .iter()
            .filter(|draft| draft.source.role != Role::Inline)
            .filter_map(|draft| draft.source.url.clone())
            .collect();
        let mut source_urls: HashSet<String> = HashSet::new();
        for draft in std::mem::take(&mut self.drafts) {
            let mut source = draft.source;
            let quote = draft.excerpts.join("\n\n");
            source.quote = (!quote.trim().is_empty()).then_some(quote);
            if let Some(url) = source.url.clone() {
                if source.role == Role::Inline {
                    // An inline link is listed once per URL, and not if a source has the URL.
                    if !listed_urls.insert(url) {
                        continue;
                    }
                } else if !source_urls.insert(url.clone()) {
                    let reason = "another source has the same URL";
                    self.report_uncertain(source.line, &url, reason);
                    source.url = None;
                }
            }
            if source.role != Role::Inline && !source.confidence.is_certain() {
                self.report_uncertain(source.line, &source.raw, &uncertainty_reason(&source));
            }
            self.roundup.links.push(source);
        }
        if !self.roundup.has_sources()
            && let Some(first) = (0..self.post.len()).find(|at| self.post.text(*at).is_some())
        {
            self.report_uncertain_line(first, "no source was found in this text");
        }
        self.roundup
    }

    /// Reports a line as uncertain.
    fn report_uncertain_line(&mut self, at: usize, reason: &str) {
        if let Some(line) = self.post.line(at) {
            self.report_uncertain(line.no, &line.raw, reason);
        }
    }

    /// Reports text of the source as uncertain; `line` is its first line, counted from 1.
    fn report_uncertain(&mut self, line: usize, raw: &str, reason: &str) {
        let note = Note { line, raw: raw.to_owned(), reason: reason.to_owned() };
        self.roundup.report.uncertain.push(note);
    }
}

/// Returns whether a text begins with a quotation, perhaps after the speaker's name.
fn opens_quotation(text: &str) -> bool {
    let opens = |text: &str| {
        text.chars().next().is_some_and(|c| text::opens_quote(c) && c != '\'' && c != '‘')
    };
    opens(text)
        || text
            .split_once(": ")
            .is_some_and(|(head, rest)| text::word_count(head) <= 5 && opens(rest))
}

/// Returns why a source is uncertain, as a text for the editor.
fn uncertainty_reason(source: &Source) -> String {
    let percent = (source.confidence.value() * 100.0).round();
    let mut reason = if source.credit.is_none() && source.url.is_none() {
        format!(
            "neither an outlet nor a URL was found; read as a title with {percent} % confidence"
        )
    } else {
        format!("read with {percent} % confidence")
    };
    if let Some(other) = &source.alternative {
        let cut = |text: &str| text.chars().take(120).collect::<String>();
        match &other.credit {
            Some(credit) => reason.push_str(&format!(
                "; it can also be read as “{}”, credited to “{}”",
                cut(&other.title),
                cut(credit)
            )),
            None => reason.push_str(&format!("; it can also be read as “{}”", cut(&other.title))),
        }
    }
    reason
}
