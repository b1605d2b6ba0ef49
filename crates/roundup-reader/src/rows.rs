//! The lines of a pasted roundup, each with what it can be, and where the comments begin.

use super::line::{Line, is_decoration, is_long, is_prose, is_section, take_urls, without_bullet};
use super::passage::goes_on;
use super::phrases::{is_photo_credit, is_read_more, is_related, label};
use super::replies::{self, Begin};
use super::split::{Split, split_line};
use super::{Confidence, Outlets};

/// What a line can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Blank,
    Decoration,
    /// Addresses and nothing else.
    Urls(Vec<String>),
    /// "Read more ....", perhaps with its address.
    ReadMore(Vec<String>),
    /// "My Comment: …".
    Label(&'a str, &'a str),
    /// "Photo AFP".
    Photo,
    /// "More News On …".
    Related,
    /// A heading in capitals.
    Section,
    /// A title with a credit or an address.
    Source(Split, Vec<String>),
    /// Anything else.
    Text(Split),
}

/// A line and what it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) line: Line<'a>,
    pub(super) kind: Kind<'a>,
}

impl Row<'_> {
    /// A source even where running text is expected: its outlet is known.
    pub(super) fn is_sure_source(&self) -> bool {
        matches!(&self.kind, Kind::Source(split, _)
            if split.credit.is_some() && split.confidence == Confidence::High)
    }

    /// A source, unless it reads like a sentence with a dash in it.
    pub(super) fn is_source(&self) -> bool {
        matches!(&self.kind, Kind::Source(split, _)
            if split.confidence == Confidence::High || !is_prose(self.line.text))
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Blank | Kind::Decoration)
    }
}

/// Parts a text into the rows of the article and the lines of its comments.
pub(super) fn apart<'a, 'b>(
    lines: &'b [Line<'a>],
    outlets: &dyn Outlets,
) -> (Vec<Row<'a>>, &'b [Line<'a>]) {
    let begin = replies::begin(lines);
    let limit = match begin {
        Some(Begin::Heading(at) | Begin::BeforeMark(at)) => at,
        None => lines.len(),
    };
    let mut rows: Vec<Row<'a>> = lines.iter().take(limit).map(|line| row(*line, outlets)).collect();
    let first = match begin {
        Some(Begin::Heading(at)) => at + 1,
        Some(Begin::BeforeMark(_)) => last_of_article(&rows).map_or(0, |at| at + 1),
        None => lines.len(),
    };
    rows.truncate(first);
    (rows, lines.get(first..).unwrap_or_default())
}

/// The last row that surely belongs to the article when comments follow without a heading: the
/// paragraph with the editor's label, or a source after it; without a label the last source.
fn last_of_article(rows: &[Row<'_>]) -> Option<usize> {
    let first = rows.iter().position(|row| !row.is_blank());
    match rows.iter().rposition(|row| matches!(row.kind, Kind::Label(..))) {
        Some(label) => {
            rows.iter().rposition(Row::is_sure_source).max(Some(end_of_comment(rows, label)))
        }
        None => rows
            .iter()
            .rposition(|row| {
                row.is_source()
                    || matches!(row.kind, Kind::ReadMore(_) | Kind::Urls(_) | Kind::Related)
            })
            .or(first),
    }
}

fn end_of_comment(rows: &[Row<'_>], label: usize) -> usize {
    let mut end = label;
    let mut open = matches!(rows.get(label).map(|row| &row.kind), Some(Kind::Label(_, "")));
    for (at, row) in rows.iter().enumerate().skip(label) {
        let blank = row.is_blank();
        if at > end && !open {
            break;
        }
        if !blank {
            end = at;
            open = goes_on(row.line.text) || (open && at == label);
        }
    }
    end
}

pub(super) fn row<'a>(line: Line<'a>, outlets: &dyn Outlets) -> Row<'a> {
    Row { line, kind: kind(line.text, outlets) }
}

fn kind<'a>(text: &'a str, outlets: &dyn Outlets) -> Kind<'a> {
    let (rest, urls) = take_urls(text);
    if text.is_empty() {
        return Kind::Blank;
    } else if is_decoration(text) {
        return Kind::Decoration;
    } else if rest.is_empty() {
        return Kind::Urls(urls);
    } else if is_read_more(rest) {
        return Kind::ReadMore(urls);
    } else if let Some((label, rest)) = label(text) {
        return Kind::Label(label, rest);
    }
    let split = split_line(without_bullet(rest), outlets);
    let addressed = !urls.is_empty() && !is_prose(rest) && !rest.ends_with(':');
    if (split.credit.is_some() && !is_long(rest)) || addressed {
        Kind::Source(split, urls)
    } else if is_photo_credit(text) {
        Kind::Photo
    } else if is_related(text) {
        Kind::Related
    } else if is_section(text) {
        Kind::Section
    } else {
        Kind::Text(split)
    }
}

#[cfg(test)]
mod tests {
    use super::super::credit::tests::Known;
    use super::super::line::lines;
    use super::*;

    const TABLE: Known = Known(&["Reuters", "AFP"]);

    fn parted(input: &str) -> (usize, usize) {
        let lines = lines(input);
        let (rows, rest) = apart(&lines, &TABLE);
        (rows.len(), rest.len())
    }

    #[test]
    fn without_marks_everything_is_the_article() {
        assert_eq!(parted("A -- Reuters\nB\nMy Comment: c"), (3, 0));
    }

    #[test]
    fn comments_begin_after_the_label_or_after_the_last_source() {
        assert_eq!(parted("A -- Reuters\nMy Comment: c\nd\nReplyDelete"), (2, 2));
        assert_eq!(parted("A -- Reuters\nMy Comment:\n\nc\nd\nReplyDelete"), (4, 2));
        assert_eq!(parted("A -- Reuters\nB -- AFP\nd\nReplyDelete"), (2, 2));
        assert_eq!(parted("A -- Reuters\nMy Comment: c\nB -- AFP\nd\nReplyDelete"), (3, 2));
        assert_eq!(parted("A\nd\nReplyDelete"), (1, 2));
        assert_eq!(parted("ReplyDelete"), (0, 1));
    }

    #[test]
    fn a_heading_over_the_comments_is_believed() {
        assert_eq!(
            parted("A -- Reuters\nMy Comment: c\nmore\n2 comments:\nd\nReplyDelete"),
            (3, 2)
        );
    }
}
