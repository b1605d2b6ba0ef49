//! Reads a roundup that was pasted as plain text.

mod sources;

use super::draft::Draft;
use super::line::{Line, is_long, is_prose, lines, may_be_heading};
use super::passage::{Passage, dek, paragraphs};
use super::rows::{Kind, Row, apart};
use super::split::Split;
use super::{Outlets, Role, Roundup, replies};

/// Reads pasted text; see the module for the grammar. A text that shows no sign of a roundup
/// becomes a headline (its first line, unless that is too long for one) and a commentary (the
/// rest), all of it uncertain.
pub fn parse_text(input: &str, outlets: &dyn Outlets) -> Roundup {
    let lines = lines(input);
    let (rows, comments) = apart(&lines, outlets);
    let mut reader = Reader {
        draft: Draft::new(outlets),
        rows: &rows,
        at: 0,
        zone: Zone::Top,
        passages: Vec::new(),
        awaits_url: None,
        headline_line: None,
    };
    if is_roundup(&rows) {
        reader.read();
    } else {
        reader.read_prose();
    }
    let mut draft = reader.draft;
    draft.replies(replies::read(comments));
    draft.finish()
}

/// Whether any line shows the shape of a roundup.
fn is_roundup(rows: &[Row<'_>]) -> bool {
    let sections = rows.iter().filter(|row| row.kind == Kind::Section).count();
    sections >= 2
        || rows
            .iter()
            .any(|row| row.is_source() || matches!(row.kind, Kind::ReadMore(_) | Kind::Label(..)))
}

/// Where in the roundup the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zone {
    /// Under the lead: dek and quote.
    Top,
    /// The list of sources.
    Links,
    /// The editor's comment.
    Comment,
}

struct Reader<'r, 'a> {
    draft: Draft<'r>,
    rows: &'r [Row<'a>],
    at: usize,
    zone: Zone,
    /// Running text of the zone, not placed yet.
    passages: Vec<Passage>,
    /// The index of the source that an address on the next line belongs to.
    awaits_url: Option<usize>,
    headline_line: Option<Line<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn read(&mut self) {
        self.open();
        while let Some(row) = self.rows.get(self.at) {
            self.at += 1;
            match self.zone {
                Zone::Top => self.top(row),
                Zone::Links => self.links(row),
                Zone::Comment => self.comment(row),
            }
        }
        self.settle();
    }

    fn read_prose(&mut self) {
        for (at, row) in self.rows.iter().filter(|row| !row.is_blank()).enumerate() {
            let Line { no, text } = row.line;
            if at == 0 && !is_long(text) {
                self.draft.roundup.headline = Some(text.to_owned());
                self.draft.uncertain(no, text, "no roundup was recognised; taken for the headline");
            } else {
                self.draft.keep(no, text);
                self.draft.uncertain(no, text, "no roundup was recognised; kept as commentary");
            }
        }
    }

    /// The headline and, on the same line or the next, the lead.
    fn open(&mut self) {
        let opens = |row: &Row<'_>| !row.is_blank() && !matches!(row.kind, Kind::Urls(_));
        let Some(first) = self.rows.iter().position(opens) else { return };
        let Some(row) = self.rows.get(first) else { return };
        self.at = first;
        match &row.kind {
            Kind::Source(split, urls) => {
                self.at += 1;
                self.draft.roundup.headline = Some(split.title.clone());
                self.push(Role::Lead, split.clone(), urls, row.line);
            }
            Kind::Text(_) | Kind::Section | Kind::Photo if !is_long(row.line.text) => {
                self.at += 1;
                self.draft.roundup.headline = Some(row.line.text.to_owned());
                self.headline_line = Some(row.line);
                self.lead_on_second_line();
            }
            _ => {}
        }
        for row in self.rows.iter().take(first) {
            self.anywhere(row);
        }
    }

    /// Under a headline of its own, a source that is followed by text is the lead; one that is
    /// followed by another source begins the list.
    fn lead_on_second_line(&mut self) {
        let mut next =
            self.rows.iter().enumerate().skip(self.at).filter(|(_, row)| !row.is_blank());
        let Some((at, row)) = next.next() else { return };
        let listed = next.next().is_some_and(|(_, row)| row.is_source());
        if let Kind::Source(split, urls) = &row.kind
            && row.is_source()
            && !listed
        {
            self.at = at + 1;
            self.push(Role::Lead, split.clone(), urls, row.line);
        }
    }

    fn top(&mut self, row: &Row<'a>) {
        let Line { no, text } = row.line;
        match &row.kind {
            Kind::ReadMore(urls) => {
                self.read_more(urls, row.line);
                self.settle();
                self.zone = Zone::Links;
            }
            Kind::Related => self.heading(row.line),
            Kind::Section if self.ends_top() => {
                self.begin_section(row.line);
            }
            Kind::Text(_) if self.has_text() && self.stands_over_sources(text) => {
                self.heading(row.line);
            }
            Kind::Source(..) if row.is_source() => {
                self.settle();
                self.zone = Zone::Links;
                self.links(row);
            }
            Kind::Section | Kind::Text(_) | Kind::Source(..) => self.pass(row.line),
            Kind::Blank => self.passages.push(Passage { no, text: String::new() }),
            Kind::Label(..) | Kind::Photo | Kind::Urls(_) | Kind::Decoration => self.anywhere(row),
        }
    }

    fn links(&mut self, row: &Row<'a>) {
        let text = row.line.text;
        match &row.kind {
            Kind::Source(split, urls) => self.push(Role::More, split.clone(), urls, row.line),
            Kind::ReadMore(urls) => self.read_more(urls, row.line),
            Kind::Related => self.heading(row.line),
            Kind::Section => self.begin_section(row.line),
            Kind::Text(_) if !self.draft.has_more() && self.stands_over_sources(text) => {
                self.heading(row.line);
            }
            Kind::Text(_) if text.ends_with(':') && self.stands_over_sources(text) => {
                self.begin_section(row.line);
            }
            Kind::Text(split) if self.is_headline(split, text) => self.headlines(row.line, split),
            Kind::Text(_) => {
                self.awaits_url = None;
                self.draft.unread(row.line.no, text, "running text among the sources");
            }
            _ => self.anywhere(row),
        }
    }

    fn comment(&mut self, row: &Row<'a>) {
        let text = row.line.text;
        let sources_follow = self.next().is_some_and(Row::is_sure_source);
        match &row.kind {
            Kind::Source(split, urls) if row.is_sure_source() && !is_prose(text) => {
                self.settle();
                self.zone = Zone::Links;
                self.push(Role::More, split.clone(), urls, row.line);
            }
            Kind::Related | Kind::Text(_) if sources_follow && may_be_heading(text) => {
                self.heading(row.line);
            }
            Kind::Section if sources_follow => self.begin_section(row.line),
            Kind::Label(..) | Kind::Decoration => self.anywhere(row),
            _ => self.passages.push(Passage { no: row.line.no, text: text.to_owned() }),
        }
    }

    /// What means the same in every zone.
    fn anywhere(&mut self, row: &Row<'a>) {
        let Line { no, text } = row.line;
        match &row.kind {
            Kind::Label(label, rest) => {
                self.settle();
                self.zone = Zone::Comment;
                self.awaits_url = None;
                let text = if self.draft.takes_label(label) {
                    (*rest).to_owned()
                } else {
                    self.draft.uncertain(no, text, "a second comment, kept behind the first");
                    text.to_owned()
                };
                self.passages.push(Passage { no, text });
            }
            Kind::Photo => self.draft.unread(no, text, "a photo credit"),
            Kind::Urls(urls) => self.attach(urls, row.line),
            _ => {}
        }
    }

    /// Places the running text of the zone that ends.
    fn settle(&mut self) {
        let passages = std::mem::take(&mut self.passages);
        if self.zone == Zone::Comment {
            for paragraph in paragraphs(&passages) {
                self.draft.say(&paragraph.text);
            }
            return;
        }
        if passages.is_empty() {
            return;
        }
        let (dek, rest) = dek(passages);
        let rest = paragraphs(&rest);
        if let Some(dek) = dek {
            self.draft.roundup.dek = Some(dek.text);
        }
        if self.draft.lead().is_some() {
            let texts: Vec<String> = rest.into_iter().map(|paragraph| paragraph.text).collect();
            if !texts.is_empty() {
                self.draft.roundup.quote = Some(texts.join("\n\n"));
            }
            return;
        }
        for Passage { no, text } in rest {
            self.draft.unread(no, &text, "text under a headline without a source");
        }
    }

    fn pass(&mut self, line: Line<'a>) {
        self.awaits_url = None;
        self.passages.push(Passage { no: line.no, text: line.text.to_owned() });
    }

    /// Whether a line in capitals is a section's heading rather than the lead's dek.
    fn ends_top(&mut self) -> bool {
        self.has_text() || self.draft.lead().is_none() || self.next().is_some_and(Row::is_source)
    }

    fn has_text(&self) -> bool {
        self.passages.iter().any(|passage| !passage.text.is_empty())
    }

    fn next(&self) -> Option<&Row<'a>> {
        self.rows.iter().skip(self.at).find(|row| !row.is_blank())
    }

    fn stands_over_sources(&self, text: &str) -> bool {
        may_be_heading(text) && self.next().is_some_and(Row::is_source)
    }

    fn heading(&mut self, line: Line<'a>) {
        self.settle();
        self.zone = Zone::Links;
        self.awaits_url = None;
        self.draft.heading(line, line.text);
    }

    fn begin_section(&mut self, line: Line<'a>) {
        self.settle();
        self.zone = Zone::Links;
        self.awaits_url = None;
        self.draft.begin_section(line, line.text.trim_end_matches(':'));
    }

    /// A title without a credit: anything short in a list that has begun, and in a section even
    /// a sentence.
    fn is_headline(&self, split: &Split, text: &str) -> bool {
        let listed = self.draft.has_more() || split.doubt.is_some();
        !is_long(text) && (self.draft.in_section() || (listed && !is_prose(text)))
    }
}

#[cfg(test)]
mod tests;
