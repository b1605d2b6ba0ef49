//! The post decides: a pattern is believed as far as the lines of the post support it.

use crate::candidate::{Candidate, Form, Pattern};
use crate::read::Post;
use crate::text;
use std::collections::{HashMap, HashSet};

/// How far one line counts for or against a pattern.
const CLIP: f64 = 3.0;

/// How much a pattern is believed before the post is seen.
fn base(pattern: &Pattern) -> f64 {
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

/// Whether a pattern means nothing without support: its mark stands in much else too.
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

/// Whether a pattern is read from shape alone, so that its readings are never sure.
fn is_inferred(pattern: &Pattern) -> bool {
    match pattern.form {
        Form::BelowShape
        | Form::AboveShape
        | Form::BlockEndShape
        | Form::StyleEdge(_)
        | Form::StyleEdgeBefore(_) => true,
        Form::Last | Form::First | Form::LastOfFirst | Form::FirstOfLast | Form::Mid => {
            base(&Pattern::marked(Form::Last, &pattern.mark)) <= -0.5
        }
        _ => false,
    }
}

/// What the lines of a pattern say together.
#[derive(Default)]
struct Support {
    /// The best evidence of each line, clipped.
    lines: HashMap<usize, f64>,
    strongest: f64,
    names: HashSet<String>,
    /// The widths of all titles and all credits.
    titles: usize,
    credits: usize,
}

/// A line of a known name and one of an unknown name at the same place are one pattern.
fn shared(pattern: &Pattern) -> Pattern {
    match pattern.form {
        Form::BelowShape => Pattern::plain(Form::Below),
        Form::AboveShape => Pattern::plain(Form::Above),
        Form::BlockEndShape => Pattern::plain(Form::BlockEnd),
        _ => pattern.clone(),
    }
}

/// Gives each candidate its score.
pub(crate) fn score(post: &Post<'_>, candidates: &mut [Candidate]) {
    let title_like = title_like(post);
    let mut support: HashMap<Pattern, Support> = HashMap::new();
    for candidate in candidates.iter() {
        let Some(part) = candidate.parts.first() else { continue };
        let one = support.entry(shared(&candidate.pattern)).or_default();
        let value = candidate.own.clamp(-CLIP, CLIP);
        let best = one.lines.entry(part.title.line).or_insert(value);
        *best = best.max(value);
        one.strongest = one.strongest.max(candidate.own);
        if let Some(credit) = &part.credit {
            one.names.insert(post.span(credit).to_lowercase());
            one.credits += text::width(post.span(credit));
        }
        one.titles += text::width(post.span(&part.title));
    }
    // Summed once for each pattern: over the lines of every candidate it would take quadratic time.
    let sums: HashMap<&Pattern, (f64, usize)> = support
        .iter()
        .map(|(pattern, one)| {
            let good = one.lines.values().filter(|value| **value > 0.0).count();
            (pattern, (one.lines.values().sum(), good))
        })
        .collect();
    let strongest = sums
        .iter()
        .filter(|(pattern, _)| !is_weak(pattern))
        .map(|(_, (_, good))| *good)
        .max()
        .unwrap_or_default();
    for candidate in candidates.iter_mut() {
        let (Some(part), Some(one), Some((sum, good))) = (
            candidate.parts.first(),
            support.get(&shared(&candidate.pattern)),
            sums.get(&shared(&candidate.pattern)),
        ) else {
            continue;
        };
        let own = one.lines.get(&part.title.line).copied().unwrap_or_default();
        let lines = number(one.lines.len());
        let good = number(*good);
        let mut pool = (sum - own) / lines;
        if one.lines.len() >= 3 && pool > 0.0 {
            pool += 0.6 * ((good - 1.0) / 4.0).min(1.0);
        }
        let several = candidate.last > candidate.first;
        // The lines of the credit and the excerpt are no titles.
        let share = good * number(1 + usize::from(several)) / number(title_like.max(1));
        let cover = if one.lines.len() >= 2 { 2.0 * (share.min(0.9) - 0.3) } else { -0.4 };
        let mut score = candidate.own + base(&candidate.pattern) + pool + cover;
        if is_weak(&candidate.pattern) {
            if good < 2.0 && candidate.own < 3.0 {
                score -= 3.0;
            } else if one.strongest < 2.5 && good / lines < 0.6 {
                score -= 2.0;
            }
        }
        // Where one pattern rules, another mark here and there is punctuation.
        if strongest >= 3 && good * 2.0 < number(strongest) && !candidate.is_known() {
            score -= 1.5;
        }
        if is_inferred(&candidate.pattern) {
            // A mark that nobody listed needs siblings, names that vary and titles that are longer.
            if good < 3.0 || number(one.names.len()) < good * 0.3 {
                score -= 3.0;
            }
            if one.titles * 2 < one.credits * 3 {
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
        // A first clause stands for a title that is not there.
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

/// How many lines of a post can be titles.
fn title_like(post: &Post<'_>) -> usize {
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

/// A count as a number to calculate with.
pub(crate) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
