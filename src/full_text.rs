//! What somebody looks for, and the statement that finds it.

use crate::error::Result;
use crate::page::{Count, Scan};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::query_builder::BoxedSqlQuery;
use diesel::query_builder::SqlQuery;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

/// Words to find.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// In the way of web search engines: `"a phrase"`, `or`, `-without`.
    pub head: String,
    /// The beginning of a word; empty when all words are whole.
    pub tail: String,
}

impl Words {
    /// Reads the parameter `q`; as one types, its last word may only have begun.
    pub fn read(q: &str, prefix: bool) -> Self {
        let whole = || Self { head: q.to_owned(), tail: String::new() };
        if !prefix {
            return whole();
        }
        let (head, last) = q.rsplit_once(char::is_whitespace).unwrap_or(("", q));
        // `-word` is a word that must not occur: one would not want all that begin so gone.
        if last.starts_with('-') || !last.chars().all(|c| c.is_alphanumeric() || "'’-".contains(c))
        {
            return whole();
        }
        // Parted again by the words' own apostrophes and hyphens, which to_tsquery would stumble on.
        let cut = last.rsplit_once(|c: char| !c.is_alphanumeric());
        let (more, tail) = cut.unwrap_or(("", last));
        Self { head: format!("{head} {more}").trim().to_owned(), tail: tail.to_owned() }
    }
}

/// What to find, and where.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Wanted {
    /// The words.
    pub words: Words,
    /// `article`, `link`, `comment`.
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
    pub langs: Option<Vec<String>>,
    /// Of articles published then or later.
    pub after: Option<DateTime<Utc>>,
    /// Of articles published before.
    pub before: Option<DateTime<Utc>>,
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

/// Where a page of matches stands: best first, then latest, then the article
/// itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Key(i64, DateTime<Utc>, i32, i64);

impl Match {
    pub(crate) fn key(&self) -> Key {
        Key(self.rank, self.published_at, self.place, self.id)
    }
}

/// An article and how well it matches.
#[derive(Debug, Clone, QueryableByName)]
struct Ranked {
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

/// The parameters are always the same ones, so that the statement is prepared once.
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
            where a.id = m.article_id and a.lang = any ($8)))
      and ($9::timestamptz is null or m.published_at >= $9)
      and ($10::timestamptz is null or m.published_at < $10)";

type Bound<'q> = BoxedSqlQuery<'q, Pg, SqlQuery>;

impl Wanted {
    fn bind(&self, text: String) -> Bound<'_> {
        sql_query(text)
            .into_boxed::<Pg>()
            .bind::<Text, _>(&self.words.head)
            .bind::<Text, _>(&self.words.tail)
            .bind::<Nullable<Array<Text>>, _>(&self.kinds)
            .bind::<Nullable<Array<BigInt>>, _>(&self.outlets)
            .bind::<Nullable<Array<BigInt>>, _>(&self.tags)
            .bind::<Nullable<Array<Text>>, _>(&self.domains)
            .bind::<Nullable<Array<Text>>, _>(&self.authors)
            .bind::<Nullable<Array<Text>>, _>(&self.langs)
            .bind::<Nullable<Timestamptz>, _>(self.after)
            .bind::<Nullable<Timestamptz>, _>(self.before)
    }
}

/// The best matches, in the direction and from the place that `scan` says.
pub(crate) async fn best(
    conn: &AsyncPgConnection,
    wanted: &Wanted,
    scan: &Scan<Key>,
) -> Result<Vec<Match>> {
    let (than, order) = direction(scan);
    let from = match &scan.from {
        None => String::new(),
        Some(_) => format!(
            " and (m.rank, m.published_at, m.place, m.id) {than} ($11::bigint, $12::timestamptz, $13::integer, $14::bigint)"
        ),
    };
    let text = format!(
        "select m.kind, m.id, m.published_at, m.lang, m.rank, m.place {MATCHING}{from}
         order by m.rank {order}, m.published_at {order}, m.place {order}, m.id {order} limit {}",
        scan.rows()
    );
    let mut query = wanted.bind(text);
    if let Some((Key(rank, at, place, id), _)) = &scan.from {
        query = query
            .bind::<BigInt, _>(*rank)
            .bind::<Timestamptz, _>(*at)
            .bind::<Integer, _>(*place)
            .bind::<BigInt, _>(*id);
    }
    Ok(query.load(&mut &*conn).await?)
}

/// The articles that match best, by their own text or that of a link, as `(rank, id)`.
///
/// # Errors
/// When the database does not respond.
pub async fn articles(
    conn: &AsyncPgConnection,
    wanted: &Wanted,
    scan: &Scan<(i64, i64)>,
) -> Result<Vec<(i64, i64)>> {
    let (than, order) = direction(scan);
    let from = match &scan.from {
        None => String::new(),
        Some(_) => {
            format!(" having (max(m.rank), m.article_id) {than} ($11::bigint, $12::bigint)")
        }
    };
    let text = format!(
        "select max(m.rank) as rank, m.article_id as id {MATCHING} group by m.article_id{from}
         order by max(m.rank) {order}, m.article_id {order} limit {}",
        scan.rows()
    );
    let mut query = wanted.bind(text);
    if let Some(((rank, id), _)) = scan.from {
        query = query.bind::<BigInt, _>(rank).bind::<BigInt, _>(id);
    }
    let rows: Vec<Ranked> = query.load(&mut &*conn).await?;
    Ok(rows.into_iter().map(|row| (row.rank, row.id)).collect())
}

/// How to compare with the place where the page starts, and how to sort.
fn direction<K>(scan: &Scan<K>) -> (&'static str, &'static str) {
    let whole = scan.from.as_ref().is_some_and(|(_, whole)| *whole);
    match (scan.backward, whole) {
        (false, false) => ("<", "desc"),
        (false, true) => ("<=", "desc"),
        (true, false) => (">", "asc"),
        (true, true) => (">=", "asc"),
    }
}

/// How many documents match. They must be looked at to know, so an estimate is counted as well.
pub(crate) async fn total(
    conn: &AsyncPgConnection,
    count: Option<Count>,
    wanted: &Wanted,
) -> Result<Option<i64>> {
    if count.is_none() {
        return Ok(None);
    }
    let query = wanted.bind(format!("select count(*) as total {MATCHING}"));
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
    fn the_last_word_may_only_have_begun() {
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
