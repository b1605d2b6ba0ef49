//! What is left when sources, headings and the lead have their places.

use super::place::Place;
use super::{Work, sources};
use crate::document::Kind;
use crate::labels::Label;
use crate::roundup::{Commentary, Note, Role, Roundup, Source};
use crate::text::{self, part};
use std::collections::{HashMap, HashSet};

/// More "Read more" lines than an article can have sources are not looked at.
const MAX_READ_MORE: usize = 500;

impl Work<'_, '_> {
    /// Gives the lines under a source to it, where the post writes so.
    pub(super) fn excerpts(&mut self, lead: Option<usize>) {
        let tails: Vec<(usize, Vec<usize>)> = self.tails(lead);
        let all = self.built.iter().filter(|one| one.source.role == Role::More).count();
        let with: Vec<&(usize, Vec<usize>)> =
            tails.iter().filter(|(_, lines)| !lines.is_empty()).collect();
        let most = with.len() * 2 >= all
            && !with.is_empty()
            && (all >= 2 || !self.post.document.plain || lead.is_none());
        let mut lengths: Vec<usize> = with.iter().map(|(_, lines)| lines.len()).collect();
        lengths.sort_unstable();
        let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
        let close = |lines: &[usize]| {
            lines.first().and_then(|at| self.post.line(*at)).is_some_and(|line| !line.gap)
        };
        let tight = with.iter().filter(|(_, lines)| close(lines)).count() * 2 > with.len();
        let mut given: Vec<(usize, usize)> = Vec::new();
        for (index, lines) in &tails {
            let depth = self
                .built
                .get(*index)
                .and_then(|one| self.post.line(one.title))
                .map_or(0, |line| line.depth);
            let apart =
                lines.first().and_then(|at| self.post.line(*at)).is_some_and(|line| line.gap)
                    && tight;
            for (count, at) in lines.iter().enumerate() {
                let Some(line) = self.post.line(*at) else { continue };
                let inside = line.depth > depth
                    || line.depth > 0 && line.depth == depth && !line.starts_item;
                // The next item of the list is no part of this one.
                if line.starts_item && line.depth <= depth {
                    break;
                }
                let quoted = line.kind == Kind::Quote || opens_quotation(&line.text);
                if inside || quoted && count < 4 || most && !apart && count < median.max(1) {
                    given.push((*index, *at));
                }
            }
        }
        let mut by_source: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, at) in given {
            self.places.set(at, Place::Used);
            by_source.entry(index).or_default().push(at);
        }
        for (index, lines) in by_source {
            let text = self.paragraphs(&lines, true);
            if let Some(one) = self.built.get_mut(index) {
                one.quote.push(text);
                one.last = one.last.max(lines.last().copied().unwrap_or_default());
            }
        }
    }

    /// The free lines behind each source, up to the next source, heading, rule or label.
    fn tails(&self, lead: Option<usize>) -> Vec<(usize, Vec<usize>)> {
        let mut order: Vec<usize> = (0..self.built.len())
            .filter(|at| self.built.get(*at).is_some_and(|one| one.source.role != Role::Inline))
            .collect();
        order.sort_by_key(|at| self.built.get(*at).map(|one| one.first));
        let mut found = Vec::new();
        for (place, index) in order.iter().enumerate() {
            if Some(*index) == lead {
                continue;
            }
            let Some(one) = self.built.get(*index) else { continue };
            let next = order
                .get(place + 1)
                .and_then(|at| self.built.get(*at))
                .map_or(self.post.len(), |one| one.first);
            let mut lines = Vec::new();
            for at in one.last + 1..next {
                let label = self.post.label(at);
                let head =
                    matches!(self.post.line(at).map(|line| line.kind), Some(Kind::Heading(_)));
                let section = !self.places.is_free(at) && self.post.text(at).is_some();
                if head
                    || section
                    || matches!(label, Label::Rule | Label::Comment { .. } | Label::Related)
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

    /// Places what is left: the labelled comment, then lines without a place.
    pub(super) fn rest(&mut self) {
        let mut saying = false;
        for at in 0..self.post.len() {
            let label = self.post.label(at).clone();
            if !self.places.is_free(at) {
                saying &= self.places.get(at) == Place::Used && self.post.text(at).is_none();
                continue;
            }
            match label {
                Label::Comment { label, .. } => {
                    if self.label.is_none() {
                        let text = self.post.line(at).map_or("", |line| line.text.as_str());
                        self.label = Some(part(text, label).to_owned());
                        self.said.push(at);
                        saying = true;
                    } else {
                        self.roundup.report.uncertain.extend(self.post.line(at).map(|line| Note {
                            line: line.no,
                            raw: line.raw.clone(),
                            reason: "a second label of a comment; it is kept as text".to_owned(),
                        }));
                        self.kept.push(at);
                        saying = false;
                    }
                }
                Label::Caption => {
                    self.note(at, "a picture's caption or credit");
                    self.kept.push(at);
                }
                Label::Furniture => self.note(at, "part of the page around the post"),
                Label::Picture => {
                    self.kept.push(at);
                    if !self.post.titled {
                        self.note(at, "a picture");
                    }
                }
                Label::Code => {
                    self.note(at, "a block of code");
                    self.kept.push(at);
                }
                Label::ReadMore | Label::Rule | Label::Url => {}
                Label::Related => {
                    self.note(at, "a heading without sources under it");
                    self.kept.push(at);
                }
                Label::Text => {
                    let heading =
                        matches!(self.post.line(at).map(|line| line.kind), Some(Kind::Heading(_)));
                    if heading {
                        self.note(at, "a heading without sources under it");
                        saying = false;
                    }
                    if saying { self.said.push(at) } else { self.kept.push(at) }
                }
            }
        }
    }

    /// "Read more": its URL is the lead's, or that of the source before it.
    pub(super) fn read_more(&mut self, lead: Option<usize>) {
        // The links of such lines were counted as links in passing.
        let post = self.post;
        self.built.retain(|one| *post.label(one.first) != Label::ReadMore);
        let mut seen = false;
        let mut count = 0;
        for at in 0..self.post.len() {
            if *self.post.label(at) != Label::ReadMore {
                continue;
            }
            count += 1;
            if count > MAX_READ_MORE {
                self.note(at, "\"Read more\" beyond the number that is looked at");
                continue;
            }
            let Some(line) = self.post.line(at) else { continue };
            let raw = line.raw.clone();
            let no = line.no;
            // The address is on the line itself, or else on the line below.
            let own = line.links.first().map(|link| link.url.clone());
            let below = self.post.line(at + 1).filter(|line| {
                let given = self.post.urls.values().any(|(_, url)| *url == at + 1);
                own.is_none() && line.is_url() && !given
            });
            let url = own.or_else(|| below.and_then(|line| line.url.clone()));
            let before = self.built.iter().rposition(|one| {
                one.source.role != Role::Inline
                    && one.first < at
                    && !one.source.title.contains("://")
            });
            let Some(index) = before.or(lead) else {
                self.note(at, "\"Read more\" without a source");
                self.passing(at, no, url, &raw);
                continue;
            };
            let taken = url.as_ref().is_some_and(|url| {
                self.built.iter().any(|one| {
                    one.first != at && one.source.url.as_deref() == Some(url) && one.title != at + 1
                })
            });
            let mut left = url.clone();
            if let Some(one) = self.built.get_mut(index) {
                one.source.raw.push('\n');
                one.source.raw.push_str(&raw);
                if one.source.url.is_none() {
                    one.source.url = left.take();
                }
            }
            if below.is_some() {
                self.built.retain(|one| one.first != at + 1);
            }
            if taken {
                // The first "Read more" has the title's own address; another is named.
                if std::mem::replace(&mut seen, true) {
                    self.note(at, "a further \"Read more\" with the address of a source");
                }
                left = None;
            }
            self.passing(at, no, left, &raw);
        }
    }

    /// Keeps a URL that is no source's as a link in passing.
    fn passing(&mut self, at: usize, no: usize, url: Option<String>, raw: &str) {
        let Some(url) = url else { return };
        let source = Source {
            role: Role::Inline,
            title: url.clone(),
            url: Some(url),
            credit: None,
            credits: Vec::new(),
            section: None,
            quote: None,
            confidence: crate::Confidence::new(0.99),
            alternative: None,
            line: no,
            raw: raw.to_owned(),
        };
        self.built.push(sources::Built {
            source,
            first: at,
            last: at,
            title: at,
            quote: Vec::new(),
            head: None,
        });
        self.built.sort_by_key(|one| one.first);
    }

    /// Lines as Markdown: those of one block together, blocks apart.
    pub(super) fn paragraphs(&self, lines: &[usize], unquoted: bool) -> String {
        let mut out = String::new();
        let mut last: Option<usize> = None;
        for at in lines {
            let Some(line) = self.post.line(*at) else { continue };
            let range = match self.post.label(*at) {
                Label::Comment { rest, .. } if self.said.first() == Some(at) => {
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
                let joined = !self.post.document.plain && !line.gap && *at == before + 1;
                out.push_str(if joined { "\n" } else { "\n\n" });
            }
            out.push_str(text.trim_end());
            last = Some(*at);
        }
        out
    }

    pub(super) fn finish(mut self) -> Roundup {
        let said = self.paragraphs(&self.said.clone(), false);
        let kept = self.paragraphs(&self.kept.clone(), false);
        let text = [said, kept]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n");
        if self.label.is_some() || !text.is_empty() {
            self.roundup.commentary = Some(Commentary { label: self.label.take(), text });
        }
        let mut seen: HashSet<String> = self
            .built
            .iter()
            .filter(|one| one.source.role != Role::Inline)
            .filter_map(|one| one.source.url.clone())
            .collect();
        let mut owned: HashSet<String> = HashSet::new();
        for one in std::mem::take(&mut self.built) {
            let mut source = one.source;
            let quote = one.quote.join("\n\n");
            source.quote = (!quote.trim().is_empty()).then_some(quote);
            if let Some(url) = source.url.clone() {
                if source.role == Role::Inline {
                    // A link of one address twice is one.
                    if !seen.insert(url) {
                        continue;
                    }
                } else if !owned.insert(url.clone()) {
                    let reason = "its address is another source's too".to_owned();
                    self.roundup.report.uncertain.push(Note {
                        line: source.line,
                        raw: url,
                        reason,
                    });
                    source.url = None;
                }
            }
            if source.role != Role::Inline && !source.confidence.is_certain() {
                let reason = reason(&source);
                self.doubt(&source, &reason);
            }
            self.roundup.links.push(source);
        }
        if !self.roundup.has_sources()
            && let Some(line) =
                (0..self.post.len()).find_map(|at| self.post.text(at).and(self.post.line(at)))
        {
            let reason = "no source was found in this text".to_owned();
            self.roundup.report.uncertain.push(Note {
                line: line.no,
                raw: line.raw.clone(),
                reason,
            });
        }
        self.roundup
    }

    fn doubt(&mut self, source: &Source, reason: &str) {
        let note = Note { line: source.line, raw: source.raw.clone(), reason: reason.to_owned() };
        self.roundup.report.uncertain.push(note);
    }
}

/// Whether a text is a quotation, perhaps with the speaker's name before it.
fn opens_quotation(text: &str) -> bool {
    let opens = |text: &str| {
        text.chars().next().is_some_and(|c| text::opens_quote(c) && c != '\'' && c != '‘')
    };
    opens(text)
        || text
            .split_once(": ")
            .is_some_and(|(head, said)| text::word_count(head) <= 5 && opens(said))
}

/// Why a source is doubtful, for the editor.
fn reason(source: &Source) -> String {
    let percent = (source.confidence.value() * 100.0).round();
    let mut reason = if source.credit.is_none() && source.url.is_none() {
        format!(
            "neither an outlet nor an address was found; read as a title with {percent} % confidence"
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
