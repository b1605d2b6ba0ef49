//! Reads a title, its excerpt and its credit, one below the other.

use super::{MAX_BELOW, TitleReader, credit_line, short_line};
use crate::candidate::{Candidate, Form, Pattern, Span};
use crate::one_line::groups;
use crate::text;

impl TitleReader<'_, '_> {
    /// Reads a block of a title, its excerpt and a last line that names the outlet.
    pub(super) fn block_end(&self, found: &mut Vec<Candidate>) {
        let is_separated =
            |at: usize| self.post.line(at).is_none_or(|line| line.preceded_by_blank_line);
        let fits = self.title_score();
        if fits <= -3.0
            || self.at > 0 && !is_separated(self.at)
            || text::ends_sentence(self.text) && !self.text.ends_with('?')
        {
            return;
        }
        let in_block =
            (self.at + 1..=self.at + MAX_BELOW).find(|at| is_separated(*at)).map(|at| at - 1);
        let Some(end) = in_block.filter(|end| *end >= self.at + 2).or_else(|| self.spaced_end())
        else {
            return;
        };
        let between: Vec<usize> = (self.at + 1..end).collect();
        let prose = between
            .iter()
            .all(|at| self.post.text(*at).is_some_and(|text| text::word_count(text) >= 5));
        let known = credit_line(self.post, end);
        let Some(parsed) = known.clone().or_else(|| short_line(self.post, end)).filter(|_| prose)
        else {
            return;
        };
        let own = parsed.score + fits - if known.is_some() { 0.3 } else { 0.8 };
        let Some(text) = self.post.text(end) else { return };
        let credit = Span { line: end, range: 0..text.len() };
        let form = if known.is_some() { Form::BlockEnd } else { Form::BlockEndShape };
        let mut candidate =
            Candidate::new(Pattern::plain(form), self.part(Some(credit), parsed), own);
        candidate.excerpt = between
            .into_iter()
            .filter_map(|at| Some(Span { line: at, range: 0..self.post.text(at)?.len() }))
            .collect();
        found.push(candidate);
    }

    /// Returns the line of the credit below the sentences below the line, all with blank lines between
    /// them. The credit is in brackets, or the post ends with one but does not begin with one.
    fn spaced_end(&self) -> Option<usize> {
        let is_separated = |at: usize| {
            self.post.line(at).is_some_and(|line| line.preceded_by_blank_line && !line.starts_item)
        };
        let is_heading = self.post.is_heading(self.at);
        let least = if is_heading { 3 } else { 8 };
        let is_prose = |at: usize| {
            self.post
                .text(at)
                .is_some_and(|text| text::ends_sentence(text) && text::word_count(text) >= least)
        };
        let end = (self.at + 1..=self.at + 3).find(|at| !is_prose(*at))?;
        if end < self.at + 2 || !(self.at + 1..=end).all(is_separated) {
            return None;
        }
        let text = self.post.text(end)?;
        let in_brackets = groups(text).first().is_some_and(|group| *group == (0..text.len()));
        let is_credit = |at: usize| credit_line(self.post, at).is_some();
        let texts = |at: &usize| self.post.text(*at).is_some();
        let body = self.post.headline.map_or(0, |at| at + 1);
        let at_ends = || {
            let first = (body..self.post.len()).find(texts);
            let final_text = (0..self.post.len()).rev().find(texts);
            final_text.is_some_and(is_credit) && !first.is_some_and(is_credit)
        };
        (in_brackets || is_credit(end) && (is_heading || at_ends())).then_some(end)
    }
}
