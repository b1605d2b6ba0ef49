//! Scores candidates by their pattern: a pattern gains or loses by the other lines of the post that
//! fit it.

use crate::candidate::{Candidate, Form, Pattern};
use crate::read::Post;
use crate::text;
use std::collections::{HashMap, HashSet};

/// The maximum score that one line adds to or takes from a pattern.
const CLIP: f64 = 3.0;

/// Returns the score of a pattern before the post is considered.
fn prior(pattern: &Pattern) -> f64 {
    let mark = |mark: &str| match mark {
        "--" => 1.5,
        "|" | "::" | "//" | "｜" | "\t" => 0.8,
        "·" | "•" | "@" | "»" | ">>" => 0.5,
        "—" | "――" | "---" => 0.3,
        "–" | "-" | "~" => -0.1,
        "/" => -0.5,
        "." => -1.2,
        _ => -0.6,
    };
    match pattern.form {
        Form::Last => mark(&pattern.mark),
        Form::First => mark(&pattern.mark) - 0.9,
        Form::LastOfFirst | Form::Mid => mark(&pattern.mark) - 0.2,
        Form::FirstOfLast => mark(&pattern.mark) - 1.1,
        Form::Bracket | Form::NextBracket => 0.8,
        Form::BracketBefore
        | Form::QuoteEdge
        | Form::QuoteEdgeBefore
        | Form::Below
        | Form::BlockEnd
        | Form::Above
        | Form::By => 0.3,
        Form::BracketMid => -0.2,
        Form::Colon if pattern.mark == "“" => 0.4,
        Form::Comma if pattern.mark != "," => -0.3,
        Form::Word if pattern.mark == "via" => 1.0,
        Form::Word => -1.4,
        Form::NoMark if pattern.mark.is_empty() => -2.0,
        Form::Colon | Form::NoMark => -0.6,
        Form::Comma | Form::NoMarkBefore => -2.0,
        Form::Labelled | Form::SourceBelow => 2.0,
        Form::Dateline => 2.5,
        Form::Says => 1.0,
        Form::Head => 0.5,
        Form::BelowShape | Form::AboveShape | Form::BlockEndShape => -1.0,
        Form::Prose => -0.5,
        Form::StyleEdge(_)
        | Form::StyleEdgeBefore(_)
        | Form::QuoteProse
        | Form::Sibling
        | Form::Brief => 0.0,
    }
}

/// Returns whether a pattern needs support from other lines, because its mark is common in prose.
fn is_weak(pattern: &Pattern) -> bool {
    match pattern.form {
        Form::First | Form::FirstOfLast => !matches!(&*pattern.mark, "--" | "|" | "::" | "｜"),
        Form::Last | Form::LastOfFirst | Form::Mid => !matches!(
            &*pattern.mark,
            "--" | "|" | "::" | "//" | "·" | "•" | "—" | "–" | "-" | "｜" | "\t"
        ),
        Form::Colon => pattern.mark != "“",
        Form::NoMark => pattern.mark.is_empty(),
        Form::Word => pattern.mark != "via",
        Form::Comma
        | Form::NoMarkBefore
        | Form::By
        | Form::StyleEdge(_)
        | Form::StyleEdgeBefore(_)
        | Form::BelowShape
        | Form::AboveShape
        | Form::BlockEndShape => true,
        _ => false,
    }
}

/// Returns whether a pattern is inferred from the shape of lines alone, so that its readings are never
/// certain.
fn is_inferred(pattern: &Pattern) -> bool {
    match pattern.form {
        Form::BelowShape
        | Form::AboveShape
        | Form::BlockEndShape
        | Form::StyleEdge(_)
        | Form::StyleEdgeBefore(_) => true,
        Form::Last | Form::First | Form::LastOfFirst | Form::FirstOfLast | Form::Mid => {
            prior(&Pattern::marked(Form::Last, &pattern.mark)) <= -0.5
        }
        _ => false,
    }
}

/// The support of a pattern by the lines that fit it.
#[derive(Default)]
struct Support {
    /// The best score of each line, clamped to [`CLIP`].
    lines: HashMap<usize, f64>,
    /// The best score of any line.
    strongest: f64,
    /// The credits, in lower case.
    names: HashSet<String>,
    /// The total width of the titles.
    titles: usize,
    /// The total width of the credits.
    credits: usize,
}

/// Returns the pattern whose support a pattern shares: unknown names count with known names at the
/// same place.
fn support_key(pattern: &Pattern) -> Pattern {
    match pattern.form {
        Form::BracketMid => Pattern::marked(Form::Bracket, &pattern.mark),
        Form::BelowShape => Pattern::plain(Form::Below),
        Form::AboveShape => Pattern::plain(Form::Above),
        Form::BlockEndShape => Pattern::plain(Form::BlockEnd),
        _ => pattern.clone(),
    }
}

/// Sets the score of each candidate, and lowers its cap if it is inferred or guessed.
pub(crate) fn score(post: &Post<'_>, candidates: &mut [Candidate]) {
    let title_like = count_title_like(post);
    let mut support: HashMap<Pattern, Support> = HashMap::new();
    for candidate in candidates.iter() {
        let Some(part) = candidate.parts.first() else { continue };
        let pattern = support.entry(support_key(&candidate.pattern)).or_default();
        let value = candidate.own_score.clamp(-CLIP, CLIP);
        let best = pattern.lines.entry(part.title.line).or_insert(value);
        *best = best.max(value);
        pattern.strongest = pattern.strongest.max(candidate.own_score);
        if let Some(credit) = &part.credit {
            pattern.names.insert(post.span(credit).to_lowercase());
            pattern.credits += text::width(post.span(credit));
        }
        pattern.titles += text::width(post.span(&part.title));
    }
    // Summed once per pattern; summing for every candidate would take quadratic time.
    let sums: HashMap<&Pattern, (f64, usize)> = support
        .iter()
        .map(|(pattern, support)| {
            let good = support.lines.values().filter(|value| **value > 0.0).count();
            (pattern, (support.lines.values().sum(), good))
        })
        .collect();
    let strongest = sums
        .iter()
        .filter(|(pattern, _)| !is_weak(pattern))
        .map(|(_, (_, good))| *good)
        .max()
        .unwrap_or_default();
    for candidate in candidates.iter_mut() {
        let (Some(part), Some(support), Some((sum, good))) = (
            candidate.parts.first(),
            support.get(&support_key(&candidate.pattern)),
            sums.get(&support_key(&candidate.pattern)),
        ) else {
            continue;
        };
        let own = support.lines.get(&part.title.line).copied().unwrap_or_default();
        let lines = to_f64(support.lines.len());
        let good = to_f64(*good);
        let mut pool = (sum - own) / lines;
        if support.lines.len() >= 3 && pool > 0.0 {
            pool += 0.6 * ((good - 1.0) / 4.0).min(1.0);
        }
        let several = candidate.last > candidate.first;
        // The lines of the credit and the excerpt are no titles.
        let share = good * to_f64(1 + usize::from(several)) / to_f64(title_like.max(1));
        let cover = if support.lines.len() >= 2 { 2.0 * (share.min(0.9) - 0.3) } else { -0.4 };
        let mut score = candidate.own_score + prior(&candidate.pattern) + pool + cover;
        if is_weak(&candidate.pattern) {
            if good < 2.0 && candidate.own_score < 3.0 {
                score -= 3.0;
            } else if support.strongest < 2.5 && good / lines < 0.6 {
                score -= 2.0;
            }
        }
        // If one pattern dominates, a rare other mark is punctuation.
        if strongest >= 3 && good * 2.0 < to_f64(strongest) && !candidate.is_known() {
            score -= 1.5;
        }
        if is_inferred(&candidate.pattern) {
            // A mark outside the known list needs three lines, different names, and titles that are
            // longer than the names.
            if good < 3.0 || to_f64(support.names.len()) < good * 0.3 {
                score -= 3.0;
            }
            if support.titles * 2 < support.credits * 3 {
                score -= 2.0;
            }
            candidate.cap = candidate.cap.min(0.8);
        }
        let guessed = candidate
            .parts
            .iter()
            .any(|part| part.parsed.as_ref().is_some_and(|parsed| parsed.guessed));
        if guessed {
            candidate.cap = candidate.cap.min(if good < 2.0 { 0.9 } else { 0.97 });
        }
        // The first clause of an excerpt replaces a missing title.
        if candidate.is_clause() {
            candidate.cap = candidate.cap.min(0.9);
        }
        match candidate.pattern.form {
            Form::Says
            | Form::Prose
            | Form::Sibling
            | Form::Head
            | Form::NoMarkBefore
            | Form::QuoteProse
            | Form::BracketMid => candidate.cap = candidate.cap.min(0.9),
            Form::NoMark | Form::Comma | Form::Word if good < 3.0 => {
                candidate.cap = candidate.cap.min(0.9);
            }
            _ => {}
        }
        candidate.score = score;
    }
}

/// Returns how many lines of a post look like titles.
fn count_title_like(post: &Post<'_>) -> usize {
    (0..post.len())
        .filter(|at| {
            post.text(*at).is_some_and(|text| {
                let width = text::width(text);
                let item = post.line(*at).is_some_and(|line| line.starts_item);
                (6..=220).contains(&width)
                    && (item || text::is_one_sentence(text) && !text.ends_with('.'))
            })
        })
        .count()
}

/// Converts a count to a float.
pub(crate) fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
