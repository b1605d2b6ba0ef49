//! Highlights the search words.
//!
//! The database marks them with two control characters, which no stored text contains. The text is then
//! escaped and the marks become tags, so a text cannot inject tags.

use crate::error::Result;
use crate::full_text::Words;
use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

const OPEN: char = '\u{2}';
const CLOSE: char = '\u{3}';

/// The maximum length of a text that is searched for words to highlight, in characters.
const MAX_TEXT: usize = 50_000;

/// A text to highlight.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    /// The language by which it was found.
    pub(super) lang: String,
    /// The text, plain.
    pub(super) text: String,
    /// Whether it is short and returned whole, not as excerpts.
    pub(super) whole: bool,
}

#[derive(QueryableByName)]
struct Marked {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Marks the words in two passes. The second marks words that begin with the prefix, which a stem may be
/// shorter than.
const STATEMENT: &str = "select case when $5 = '' then first.text else ts_headline('roundup_simple', first.text,
        to_tsquery('roundup_simple', '''' || $5 || ''':*'),
        'HighlightAll=true, StartSel=\u{2}, StopSel=\u{3}') end as text
    from unnest($1::text[], $2::text[], $3::bool[]) with ordinality p (lang, text, whole, at)
    join search_languages s on s.lang = p.lang
    cross join lateral (select coalesce(ts_headline(s.config::regconfig, p.text,
        search_query(s.config::regconfig, $4, $5), case when p.whole
            then 'HighlightAll=true, StartSel=\u{2}, StopSel=\u{3}'
            else 'MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=\" … \", StartSel=\u{2}, StopSel=\u{3}' end),
        p.text) as text offset 0) first
    order by p.at";

/// Returns the passages as HTML with the words marked; none without a match.
pub(super) async fn highlight(
    conn: &AsyncPgConnection,
    words: &Words,
    passages: &[Passage],
) -> Result<Vec<Option<String>>> {
    if passages.is_empty() {
        return Ok(Vec::new());
    }
    let langs: Vec<&str> = passages.iter().map(|passage| passage.lang.as_str()).collect();
    let texts: Vec<String> = passages.iter().map(|passage| without_marks(&passage.text)).collect();
    let whole: Vec<bool> = passages.iter().map(|passage| passage.whole).collect();
    let rows: Vec<Marked> = diesel::sql_query(STATEMENT)
        .bind::<Array<Text>, _>(langs)
        .bind::<Array<Text>, _>(texts)
        .bind::<Array<Bool>, _>(whole)
        .bind::<Text, _>(&words.head)
        .bind::<Text, _>(&words.tail)
        .load(&mut &*conn)
        .await?;
    Ok(rows.iter().map(|row| row.text.contains(OPEN).then(|| html(&row.text))).collect())
}

/// Removes the two mark characters from a text, in case it was stored by SQL.
fn without_marks(text: &str) -> String {
    text.chars().filter(|c| !matches!(*c, OPEN | CLOSE)).take(MAX_TEXT).collect()
}

/// Escapes a text and converts marks to tags; drops nested marks.
pub(super) fn html(marked: &str) -> String {
    let mut out = String::with_capacity(marked.len() + 32);
    let mut depth = 0_u32;
    for character in marked.chars() {
        match character {
            OPEN => {
                if depth == 0 {
                    out.push_str("<mark>");
                }
                depth += 1;
            }
            CLOSE if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    out.push_str("</mark>");
                }
            }
            CLOSE => {}
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    if depth > 0 {
        out.push_str("</mark>");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_marks_become_tags() {
        assert_eq!(html("a < \u{2}b\u{3} & \"c\""), "a &lt; <mark>b</mark> &amp; &quot;c&quot;");
        assert_eq!(html("\u{2}\u{2}a\u{3}\u{3} b\u{3}"), "<mark>a</mark> b");
        assert_eq!(html("<mark>x</mark>\u{2}y"), "&lt;mark&gt;x&lt;/mark&gt;<mark>y</mark>");
        assert_eq!(without_marks("a\u{2}b\u{3}"), "ab");
    }
}
