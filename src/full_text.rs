//! Full-text search: the search words, the filters and the statements that find what matches.

use crate::error::Result;
use crate::language::LanguageRanges;
use crate::page::{Count, Scan};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::BoxedSqlQuery;
use diesel::query_builder::SqlQuery;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

/// The search words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// Whole words in the syntax of web search engines: `"a phrase"`, `or`, `-without`.
    pub head: String,
    /// A prefix of one more word; empty if there is none.
    pub tail: String,
}

impl Words {
    /// Parses the parameter `q`. If `prefix`, the last word is a prefix, as in search while typing.
    pub fn read(q: &str, prefix: bool) -> Self {
        let without_prefix = || Self { head: q.to_owned(), tail: String::new() };
        if !prefix {
            return without_prefix();
        }
        let (head, last) = q.rsplit_once(char::is_whitespace).unwrap_or(("", q));
        // `-word` excludes a word; excluding every word with this prefix would exclude too much.
        if last.starts_with('-') || !last.chars().all(|c| c.is_alphanumeric() || "'’-".contains(c))
        {
            return without_prefix();
        }
        // Split at apostrophes and hyphens, which to_tsquery does not handle in a prefix.
        let parts = last.rsplit_once(|c: char| !c.is_alphanumeric());
        let (more, tail) = parts.unwrap_or(("", last));
        Self { head: format!("{head} {more}").trim().to_owned(), tail: tail.to_owned() }
    }
}

/// The words and filters of a search. `None` does not filter.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchFilter {
    /// The search words.
    pub words: Words,
    /// The kinds of results: `article`, `link`, `comment`.
    pub kinds: Option<Vec<String>>,
    /// Links credited to any of these outlets.
    pub outlets: Option<Vec<i64>>,
    /// Any of these tags.
    pub tags: Option<Vec<i64>>,
    /// Links to any of these hosts.
    pub domains: Option<Vec<String>>,
    /// Any of these authors.
    pub authors: Option<Vec<String>>,
    /// Any of these languages.
    pub langs: Option<LanguageRanges>,
    /// Articles published at or after this time.
    pub after: Option<DateTime<Utc>>,
    /// Articles published before this time.
    pub before: Option<DateTime<Utc>>,
    /// Articles edited at or after this time.
    pub updated_after: Option<DateTime<Utc>>,
}

/// A search result.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Match {
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) id: i64,
    #[diesel(sql_type = Timestamptz)]
    published_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub(crate) lang: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) rank: i64,
    #[diesel(sql_type = Integer)]
    place: i32,
}

/// The sort key of a match: its rank, its time, its place (an article before its links and these before
/// its comments) and its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key(i64, DateTime<Utc>, i32, i64);

impl Match {
    pub(crate) fn key(&self) -> Key {
        Key(self.rank, self.published_at, self.place, self.id)
    }
}

/// An article and its rank.
#[derive(Debug, Clone, QueryableByName)]
struct RankedArticle {
    #[diesel(sql_type = BigInt)]
    rank: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

/// The matches of a [`SearchFilter`]. A filter that is not set is a null parameter, so that the text is
/// the same for each search and the statement stays prepared.
const MATCHING: &str = "from search_match($1, $2) m
    where ($3::text[] is null or m.kind = any ($3))
      and ($4::bigint[] is null
        or (m.kind <> 'link' and exists (select from article_outlets o
            where o.article_id = m.article_id and o.outlet_id = any ($4)))
        or (m.kind = 'link' and exists (select from link_credits c
            where c.link_id = m.id and c.outlet_id = any ($4))))
      and ($5::bigint[] is null or exists (select from article_tags t
            where t.article_id = m.article_id and t.tag_id = any ($5)))
      and ($6::text[] is null or exists (select from links l
            where l.article_id = m.article_id and l.domain = any ($6)))
      and ($7::text[] is null or exists (select from articles a
            where a.id = m.article_id and a.author_name = any ($7)))
      and ($8::text[] is null or exists (select from articles a
            where a.id = m.article_id and lower(coalesce(a.lang, $11)) || '-' like any ($8)))
      and ($9::timestamptz is null or m.published_at >= $9)
      and ($10::timestamptz is null or m.published_at < $10)
      and ($12::timestamptz is null or exists (select from articles a
            where a.id = m.article_id and a.updated_at >= $12))";

type BoundQuery<'q> = BoxedSqlQuery<'q, Pg, SqlQuery>;

impl SearchFilter {
    /// Binds the parameters of [`MATCHING`] to a statement.
    fn bind(&self, text: String) -> BoundQuery<'_> {
        sql_query(text)
            .into_boxed::<Pg>()
            .bind::<Text, _>(&self.words.head)
            .bind::<Text, _>(&self.words.tail)
            .bind::<Nullable<Array<Text>>, _>(&self.kinds)
            .bind::<Nullable<Array<BigInt>>, _>(&self.outlets)
            .bind::<Nullable<Array<BigInt>>, _>(&self.tags)
            .bind::<Nullable<Array<Text>>, _>(&self.domains)
            .bind::<Nullable<Array<Text>>, _>(&self.authors)
            .bind::<Nullable<Array<Text>>, _>(self.langs.as_ref().map(LanguageRanges::patterns))
            .bind::<Nullable<Timestamptz>, _>(self.after)
            .bind::<Nullable<Timestamptz>, _>(self.before)
            .bind::<Text, _>(self.langs.as_ref().map_or("", LanguageRanges::site))
            .bind::<Nullable<Timestamptz>, _>(self.updated_after)
    }
}

/// Returns the matches of a page, best first.
pub(crate) async fn best(
    conn: &AsyncPgConnection,
    filter: &SearchFilter,
    scan: &Scan<Key>,
) -> Result<Vec<Match>> {
    let (comparison, order) = comparison_and_order(scan);
    let from = match &scan.from {
        None => String::new(),
        Some(_) => format!(
            " and (m.rank, m.published_at, m.place, m.id) {comparison} ($13::bigint, $14::timestamptz, $15::integer, $16::bigint)"
        ),
    };
    let text = format!(
        "select m.kind, m.id, m.published_at, m.lang, m.rank, m.place {MATCHING}{from}
         order by m.rank {order}, m.published_at {order}, m.place {order}, m.id {order} limit {}",
        scan.rows()
    );
    let mut query = filter.bind(text);
    if let Some((Key(rank, at, place, id), _)) = &scan.from {
        query = query
            .bind::<BigInt, _>(*rank)
            .bind::<Timestamptz, _>(*at)
            .bind::<Integer, _>(*place)
            .bind::<BigInt, _>(*id);
    }
    Ok(query.load(&mut &*conn).await?)
}

/// Returns the articles of a page, best first, as `(rank, id)`. The rank is that of the best match in an
/// article.
///
/// # Errors
/// When the database does not respond.
pub async fn articles(
    conn: &AsyncPgConnection,
    filter: &SearchFilter,
    scan: &Scan<(i64, i64)>,
) -> Result<Vec<(i64, i64)>> {
    let (comparison, order) = comparison_and_order(scan);
    let from = match &scan.from {
        None => String::new(),
        Some(_) => {
            format!(" having (max(m.rank), m.article_id) {comparison} ($13::bigint, $14::bigint)")
        }
    };
    let text = format!(
        "select max(m.rank) as rank, m.article_id as id {MATCHING} group by m.article_id{from}
         order by max(m.rank) {order}, m.article_id {order} limit {}",
        scan.rows()
    );
    let mut query = filter.bind(text);
    if let Some(((rank, id), _)) = scan.from {
        query = query.bind::<BigInt, _>(rank).bind::<BigInt, _>(id);
    }
    let rows: Vec<RankedArticle> = query.load(&mut &*conn).await?;
    Ok(rows.into_iter().map(|row| (row.rank, row.id)).collect())
}

/// Returns the operator that compares with the key where the page starts, and the sort order.
fn comparison_and_order<K>(scan: &Scan<K>) -> (&'static str, &'static str) {
    let inclusive = scan.from.as_ref().is_some_and(|(_, inclusive)| *inclusive);
    match (scan.backward, inclusive) {
        (false, false) => ("<", "desc"),
        (false, true) => ("<=", "desc"),
        (true, false) => (">", "asc"),
        (true, true) => (">=", "asc"),
    }
}

/// Returns the number of matches if `count` asks for it. An estimate is an exact count too, because the
/// planner cannot estimate a search.
pub(crate) async fn total(
    conn: &AsyncPgConnection,
    count: Option<Count>,
    filter: &SearchFilter,
) -> Result<Option<i64>> {
    if count.is_none() {
        return Ok(None);
    }
    let query = filter.bind(format!("select count(*) as total {MATCHING}"));
    let row: Total = query.get_result(&mut &*conn).await?;
    Ok(Some(row.total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(q: &str) -> (String, String) {
        let words = Words::read(q, true);
        (words.head, words.tail)
    }

    #[test]
    fn the_last_word_may_be_a_prefix() {
        for (q, head, tail) in [
            ("iran", "", "iran"),
            ("iran air", "iran", "air"),
            ("iran ", "iran", ""),
            ("\"islamic st", "\"islamic", "st"),
            ("iran -air", "iran -air", ""),
            ("it's", "it", "s"),
            ("co-op", "co", "op"),
            ("a:b & c|d'", "a:b & c|d'", ""),
            ("", "", ""),
        ] {
            assert_eq!(words(q), (head.to_owned(), tail.to_owned()), "{q}");
        }
    }
}
