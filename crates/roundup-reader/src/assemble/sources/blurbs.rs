//! Splits what was read as one title into title and blurb, or title and authors.

use super::{SourceDraft, title};
use crate::confidence::Confidence;
use crate::credit;
use crate::document::Style;
use crate::name::Person;
use crate::read::Post;
use crate::roundup::Role;
use crate::text::{self, part};

/// Splits "Title: blurb" and "Title. Blurb" if most titles of the post have that form, or if a title
/// with a colon is far too long. A bold title ends with its emphasis. The blurb becomes an excerpt.
pub(super) fn split_blurbs(post: &Post<'_>, drafts: &mut [SourceDraft]) {
    let plain: Vec<&SourceDraft> = drafts
        .iter()
        .filter(|draft| draft.source.role == Role::More && draft.may_hold_blurb)
        .collect();
    let most = |cut: fn(&str) -> Option<(usize, usize)>| {
        let count = plain.iter().filter(|draft| cut(&draft.source.title).is_some()).count();
        plain.len() >= 3 && count * 10 >= plain.len() * 6
    };
    let (at_colon, at_stop) = (most(cut_at_colon), most(cut_at_stop));
    for draft in
        drafts.iter_mut().filter(|draft| draft.source.role == Role::More && draft.may_hold_blurb)
    {
        let title = draft.source.title.as_str();
        let cut = cut_at_bold(post, draft.title_line, title)
            .or_else(|| cut_at_colon(title).filter(|_| at_colon || text::width(title) > 150))
            .or_else(|| cut_at_stop(title).filter(|_| at_stop));
        let Some((end, start)) = cut else { continue };
        let blurb = part(title, start..title.len()).trim().to_owned();
        draft.source.title.truncate(end);
        draft.excerpts.insert(0, blurb);
        draft.source.confidence = draft.source.confidence.min(Confidence::new(0.97));
    }
}

/// Returns the end of a title before a colon, and the start of the blurb after it.
fn cut_at_colon(title: &str) -> Option<(usize, usize)> {
    let mut colons = title.match_indices(": ").map(|(at, _)| at);
    let at = colons.find(|at| text::word_count(part(title, 0..*at)) >= 2)?;
    let fits = text::width(part(title, at + 2..title.len())) >= 40
        && text::word_count(part(title, 0..at)) <= 14;
    fits.then_some((at, at + 2))
}

/// Returns the end of a title that is a sentence, and the start of the sentences after it.
fn cut_at_stop(title: &str) -> Option<(usize, usize)> {
    let sentences = text::sentences(title);
    let (first, second) = (sentences.first()?, sentences.get(1)?);
    let words = text::word_count(part(title, first.clone()));
    let fits = (2..=16).contains(&words)
        && text::word_count(part(title, second.start..title.len())) >= 4
        && text::ends_sentence(title);
    let end = part(title, 0..first.end).trim_end_matches('.').len();
    fits.then_some((end, second.start))
}

/// Returns the end of a title in bold at the start of its line, and the start of the text after it.
fn cut_at_bold(post: &Post<'_>, at: usize, title: &str) -> Option<(usize, usize)> {
    let line = post.line(at)?;
    let (bold, _) = line.styles.iter().find(|(_, style)| *style == Style::Strong)?;
    let written = part(&line.text, bold.clone());
    let bare = written.trim_end_matches([':', '.', ' ', '–', '—', '-', ',']);
    let rest = title.strip_prefix(bare)?;
    let blurb = rest.trim_start_matches([':', '.', ' ', '–', '—', '-', ',']);
    let fits = text::word_count(bare) >= 2 && text::word_count(blurb) >= 4;
    fits.then(|| (bare.len(), title.len() - blurb.len()))
}

/// Splits "Title – Ann Bee" and "Ann Bee | Title", with an outlet as the credit, if most titles of the
/// post have that form. The authors go to the outlet.
pub(super) fn split_authors(drafts: &mut [SourceDraft]) {
    let plain: Vec<usize> = drafts
        .iter()
        .enumerate()
        .filter(|(_, draft)| {
            let source = &draft.source;
            let named = source.credits.first().is_some_and(|credit| credit.outlet.is_some());
            let authored = source.credits.iter().any(|credit| !credit.bylines.is_empty());
            source.role == Role::More && draft.may_hold_blurb && named && !authored
        })
        .map(|(index, _)| index)
        .collect();
    let titles = plain.iter().filter_map(|index| drafts.get(*index));
    let found: Vec<AuthoredTitle> =
        titles.map(|draft| &draft.source.title).filter_map(|title| authored(title)).collect();
    let listed = found.iter().filter(|found| found.is_listed).count();
    if found.len() < 2 || found.len() * 10 < plain.len() * 6 || listed * 2 < found.len() {
        return;
    }
    for index in plain {
        let Some(draft) = drafts.get_mut(index) else { continue };
        let Some(found) = authored(&draft.source.title) else { continue };
        if let Some(credit) = draft.source.credits.first_mut() {
            credit.bylines = found.authors;
        }
        draft.source.title = found.title;
        draft.source.confidence = draft.source.confidence.min(Confidence::new(0.97));
    }
}

/// A title with its authors.
struct AuthoredTitle {
    title: String,
    authors: Vec<String>,
    /// Whether an author has a common first name.
    is_listed: bool,
}

/// Finds the authors before or after a title.
fn authored(text: &str) -> Option<AuthoredTitle> {
    let build = |name: &str, rest: &str| {
        let authors = credit::persons(name, Person::Shape)?;
        let is_listed = credit::persons(name, Person::Listed).is_some();
        (text::word_count(rest) >= 2).then(|| AuthoredTitle {
            title: title(rest),
            authors,
            is_listed,
        })
    };
    let after = [" – ", " — ", " -- ", " - ", " | ", " · ", " • "].iter().find_map(|mark| {
        let (head, name) = text.rsplit_once(mark)?;
        build(name, head)
    });
    let before = || {
        [" | ", " · ", " • "].iter().find_map(|mark| {
            let (name, rest) = text.split_once(mark)?;
            build(name, rest)
        })
    };
    // `Ann Bee, “Title”`
    let quoted = || {
        let (name, rest) = text.split_once(", ")?;
        rest.chars().next().filter(|c| text::opens_quote(*c))?;
        build(name, rest)
    };
    after.or_else(before).or_else(quoted)
}
