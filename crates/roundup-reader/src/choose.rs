//! Chooses a reading for each line among its candidates.

use crate::candidate::{Candidate, Form, Pattern};
use crate::document::Kind;
use crate::labels::Label;
use crate::linked::{self, Anchor};
use crate::outlet_headings;
use crate::outlet_links::OutletLink;
use crate::patterns;
use crate::prose;
use crate::read::{Chosen, Post};
use crate::siblings;
use crate::text;
use crate::{one_line, two_line};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The maximum number of lines for which all patterns are tried. In a longer post, further lines are
/// only tried with the patterns found in these. No article can have more sources than this.
pub(crate) const MAX_FULL: usize = 600;

/// Chooses the readings of a post, in order.
pub(crate) fn choose(post: &mut Post<'_>) -> Vec<Chosen> {
    let mut candidates = collect(post, 0..post.len().min(MAX_FULL));
    if post.len() > MAX_FULL {
        patterns::score(post, &mut candidates);
        post.allowed = Some(winning_patterns(&candidates));
        candidates.extend(collect(post, MAX_FULL..post.len()));
    }
    candidates.extend(outlet_headings::candidates(post));
    patterns::score(post, &mut candidates);
    siblings::drop_inside_briefs(post, &mut candidates);
    drop_inside_lead(post, &mut candidates);
    decide_credit_side(post, &mut candidates);
    keep_best_titles(post, &mut candidates);
    let anchors = linked::anchors(post);
    let mut chosen = pick_best(post, candidates, anchors);
    siblings::add_uncredited(post, &mut chosen);
    chosen
}

/// Returns the patterns that are the best reading of at least one line in fifty.
fn winning_patterns(candidates: &[Candidate]) -> HashSet<Pattern> {
    let mut best: HashMap<usize, &Candidate> = HashMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.score > 0.0) {
        let leader = best.entry(candidate.first).or_insert(candidate);
        if candidate.score > leader.score {
            *leader = candidate;
        }
    }
    let mut wins: HashMap<&Pattern, usize> = HashMap::new();
    for candidate in best.values() {
        *wins.entry(&candidate.pattern).or_default() += 1;
    }
    let often = wins.into_iter().filter(|(_, count)| count * 50 >= best.len());
    often.map(|(pattern, _)| pattern.clone()).collect()
}

/// Returns the candidates of a range of lines.
fn collect(post: &Post<'_>, range: Range<usize>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let quoted = |at: usize| {
        post.text(at).is_some() && post.line(at).is_some_and(|line| line.kind == Kind::Quote)
    };
    let texts = range.clone().filter(|at| post.text(*at).is_some()).count();
    let quotes_are_rare = range.clone().filter(|at| quoted(*at)).count() * 2 < texts;
    for at in range {
        let Some(line) = post.line(at) else { continue };
        // A quotation among other lines is an excerpt, not a title.
        if quotes_are_rare && quoted(at) && line.links.is_empty() {
            continue;
        }
        if !line.links.is_empty() && post.whole_url(at).is_none() {
            if let Some(link) = post.outlet_links.get(&at) {
                candidates.extend(with_linked_outlet(post, at, link));
            }
            continue;
        }
        let quoted_below = post.allows(Form::Says, "")
            && post.text(at + 1).is_some_and(|text| prose::says(text, &post.names).is_some());
        let credit_lines =
            [Form::Above, Form::Below, Form::BlockEnd].iter().any(|form| post.allows(*form, ""));
        if !credit_lines || two_line::credit_line(post, at).is_none() {
            let mut found = one_line::candidates(post, at);
            for candidate in found.iter_mut().filter(|_| quoted_below) {
                candidate.own_score += 1.0;
            }
            candidates.extend(found);
        }
        candidates.extend(two_line::candidates(post, at));
    }
    candidates
}

/// Returns the readings of a line whose credit is its only link.
fn with_linked_outlet(post: &Post<'_>, at: usize, link: &OutletLink) -> Vec<Candidate> {
    let mut found = one_line::candidates(post, at);
    found.retain_mut(|candidate| {
        let [read] = candidate.parts.as_mut_slice() else { return false };
        let inside = read.credit.as_ref().is_some_and(|credit| {
            credit.range.start <= link.range.start && credit.range.end >= link.range.end
        });
        read.url = Some(link.url.clone());
        if let Some(parsed) = &mut read.parsed
            && link.agrees
            && parsed.credits.len() == 1
        {
            parsed.known = true;
            parsed.guessed = false;
        }
        // The link sets the name off from the title.
        candidate.own_score += if link.agrees { 2.0 } else { 1.0 };
        inside
    });
    found
}

/// Drops the candidates between a lead and its "Read more": that text is the excerpt of the lead.
fn drop_inside_lead(post: &Post<'_>, candidates: &mut Vec<Candidate>) {
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
        .filter(|candidate| candidate.is_known() || candidate.pattern.mark == "--")
        .map(|candidate| candidate.first)
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

/// Decides whether the credit lines of the post are above or below their titles, and rules out the
/// other side.
fn decide_credit_side(post: &Post<'_>, candidates: &mut [Candidate]) {
    let is = |candidate: &Candidate, forms: [Form; 2]| {
        forms.contains(&candidate.pattern.form) && candidate.score > 0.0
    };
    let below = [Form::Below, Form::BelowShape];
    let above = [Form::Above, Form::AboveShape];
    rule_out_credits_that_are_headings(post, candidates);
    let (mut votes, mut both) = (0.0, (false, false));
    for candidate in candidates.iter() {
        let Some(credit) = candidate.parts.first().and_then(|part| part.credit.as_ref()) else {
            continue;
        };
        let is_separated = |at: usize| post.line(at).is_none_or(|line| line.preceded_by_blank_line);
        let (line, vote) = (credit.line, 0.5);
        if is(candidate, above) {
            both.0 = true;
            votes += if is_separated(line) { vote } else { 0.0 };
            votes -= if is_separated(line + 1) { 2.0 * vote } else { 0.0 };
        } else if is(candidate, below) {
            both.1 = true;
            votes -= if is_separated(line + 1) { vote } else { 0.0 };
            votes += if is_separated(line) { 2.0 * vote } else { 0.0 };
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
    let body = post.headline.map_or(0, |at| at + 1);
    let first = (body..post.len()).find(|at| post.text(*at).is_some());
    if first.is_some_and(|at| two_line::credit_line(post, at).is_some()) {
        votes += 3.0;
    }
    let last = (0..post.len()).rev().find(|at| post.text(*at).is_some());
    if last.is_some_and(|at| {
        two_line::credit_line(post, at).or_else(|| two_line::short_line(post, at)).is_some()
    }) {
        votes -= 3.0;
    }
    let loser = if votes > 0.0 { below } else { above };
    for candidate in
        candidates.iter_mut().filter(|candidate| loser.contains(&candidate.pattern.form))
    {
        candidate.score = -9.0;
    }
}

/// Rules out credits below a title that are the headings of the next items.
fn rule_out_credits_that_are_headings(post: &Post<'_>, candidates: &mut [Candidate]) {
    let credit_line =
        |candidate: &Candidate| candidate.parts.first()?.credit.as_ref().map(|credit| credit.line);
    let items: Vec<usize> = candidates
        .iter()
        .filter(|candidate| candidate.pattern.form == Form::Head && candidate.score > 0.0)
        .filter_map(credit_line)
        .collect();
    let heads: HashSet<usize> = items.iter().copied().collect();
    let last = (0..post.len()).rev().find(|at| post.text(*at).is_some());
    // A post that ends with such a line has its credits below.
    if last.is_some_and(|at| heads.contains(&at)) {
        return;
    }
    for candidate in candidates.iter_mut().filter(|candidate| {
        matches!(
            candidate.pattern.form,
            Form::Below | Form::BelowShape | Form::BlockEnd | Form::Above | Form::AboveShape
        )
    }) {
        if credit_line(candidate).is_some_and(|line| heads.contains(&line)) {
            candidate.score = -9.0;
        }
    }
}

/// Drops the readings whose credit, below a title and its excerpt, belongs to a better title.
fn keep_best_titles(post: &Post<'_>, candidates: &mut Vec<Candidate>) {
    let credit_line = |candidate: &Candidate| {
        let far = matches!(
            candidate.pattern.form,
            Form::SourceBelow | Form::BlockEnd | Form::BlockEndShape
        );
        let credit = candidate.parts.first().and_then(|part| part.credit.as_ref());
        credit.filter(|_| far && candidate.score > 0.0).map(|credit| credit.line)
    };
    // The headline of the post is a source only if no other line is.
    let fit = |candidate: &Candidate| {
        let less = if post.headline == Some(candidate.first) { 0.5 } else { 0.0 };
        candidate.own_score - less
    };
    let mut best: HashMap<usize, f64> = HashMap::new();
    for candidate in candidates.iter() {
        let Some(line) = credit_line(candidate) else { continue };
        let score = best.entry(line).or_insert(f64::MIN);
        *score = score.max(fit(candidate));
    }
    candidates.retain(|candidate| {
        credit_line(candidate)
            .and_then(|line| best.get(&line))
            .is_none_or(|best| fit(candidate) >= *best)
    });
}

/// Picks the best reading of each line, in order. Readings do not overlap.
fn pick_best(post: &Post<'_>, candidates: Vec<Candidate>, anchors: Vec<Anchor>) -> Vec<Chosen> {
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
        // A reading of several lines yields to a better reading of one of them.
        here.retain(|candidate| {
            let others = candidate.first + 1..=candidate.last;
            let title = candidate.parts.first().map_or(at, |part| part.title.line);
            !others
                .into_iter()
                .filter(|line| *line != title || *line > at)
                .any(|line| best_single(line).is_some_and(|other| other > candidate.score + 1.0))
        });
        // An outlet quoted below a title is not its publisher if the title has its own credit.
        if best_single(at).is_some() {
            here.retain(|candidate| candidate.pattern.form != Form::Says);
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

/// Returns whether a candidate on the headline's line can be the lead: its pattern does not put the
/// outlet first, and its score is high or its outlet known.
fn may_be_lead(post: &Post<'_>, candidate: &Candidate) -> bool {
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
            && (candidate.own_score >= 1.0
                || candidate.pattern.mark == "--" && candidate.own_score > 0.0)
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
    // A credit line with a blank line above it but none below belongs to the text below it.
    let is_separated = |at: usize| post.line(at).is_none_or(|line| line.preceded_by_blank_line);
    if is_separated(candidate.first + 1) && !is_separated(candidate.first + 2) {
        return false;
    }
    // A headline above a separate title is not that title.
    let next = post.text(candidate.first + 1);
    let title_follows = next.is_some_and(|text| {
        text::width(text) <= 140
            && text::is_one_sentence(text)
            && !text.ends_with(['.', '”', '"'])
            && text::word_count(text) >= 3
    });
    let far = candidate.last > candidate.first + 1;
    candidate.is_known()
        && !outlet_first
        && candidate.pattern.form != Form::Prose
        && !(far && title_follows)
}
