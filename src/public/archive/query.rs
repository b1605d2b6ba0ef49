//! The statements of the archive, and the parsing of old URLs.

use crate::articles::store::path_hash;
use crate::articles::{self, published};
use crate::error::Result;
use crate::extract::{Lookup, Ref};
use crate::public::archive::model::{Matched, midnight};
use crate::schema::{article_months, article_paths, articles as table};
use chrono::{Months, NaiveDate};
use chrono_tz::Tz;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Bool, Date, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use safe_html::slug::slugify;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

/// Returns the months of a time zone that have articles, the latest first.
///
/// The database counts them in UTC. A month elsewhere begins up to 14 hours earlier or later, so the
/// articles of these hours are counted and move to the neighbouring month.
pub(super) async fn months(conn: &AsyncPgConnection, zone: Tz) -> Result<Vec<(NaiveDate, i64)>> {
    let utc = months_in_utc(conn).await?;
    if zone == Tz::UTC {
        return Ok(utc);
    }
    let mut counts: BTreeMap<NaiveDate, i64> = utc.into_iter().collect();
    let starts: BTreeSet<NaiveDate> = counts
        .keys()
        .flat_map(|month| [Some(*month), month.checked_add_months(Months::new(1))])
        .flatten()
        .collect();
    let starts: Vec<NaiveDate> = starts.into_iter().collect();
    let local = starts.iter().map(|month| midnight(*month, zone)).collect::<Vec<_>>();
    let moved: Vec<MovedRow> = sql_query(MOVED)
        .bind::<Array<Date>, _>(&starts)
        .bind::<Array<Timestamptz>, _>(&local)
        .load(&mut &*conn)
        .await?;
    for MovedRow { month, articles } in moved {
        *counts.entry(month).or_default() += articles;
        if let Some(before) = month.checked_sub_months(Months::new(1)) {
            *counts.entry(before).or_default() -= articles;
        }
    }
    Ok(counts.into_iter().rev().filter(|(_, articles)| *articles > 0).collect())
}

/// How many articles move to a month from the one before it; negative if they move the other way.
#[derive(QueryableByName)]
struct MovedRow {
    #[diesel(sql_type = Date)]
    month: NaiveDate,
    #[diesel(sql_type = BigInt)]
    articles: i64,
}

/// Counts the articles between the beginning of each month in UTC and elsewhere.
const MOVED: &str = "
    select b.month, sign(extract(epoch from b.utc - b.local))::bigint * (
        select count(*) from articles
        where status = 'published' and published_at >= least(b.utc, b.local)
            and published_at < greatest(b.utc, b.local)) as articles
    from (select month, month::timestamp at time zone 'UTC' as utc, local
          from unnest($1::date[], $2::timestamptz[]) u (month, local)) b";

async fn months_in_utc(conn: &AsyncPgConnection) -> Result<Vec<(NaiveDate, i64)>> {
    let count = sql::<BigInt>("sum(article_count)::bigint");
    let query = article_months::table
        .group_by(article_months::month)
        .having(sql::<Bool>("sum(article_count) > 0"))
        .order(article_months::month.desc())
        .select((article_months::month, count));
    Ok(query.load(&mut &*conn).await?)
}

/// Returns the published article that has or had this URL or path, and how it was found.
///
/// # Errors
/// When the database does not respond.
pub async fn resolve(conn: &AsyncPgConnection, path: &str) -> Result<Option<(i64, Matched)>> {
    let spellings = spellings(path);
    let hashes: Vec<Vec<u8>> = spellings.iter().map(|path| path_hash(path)).collect();
    let known: Vec<(Vec<u8>, i64)> = article_paths::table
        .inner_join(table::table)
        .filter(article_paths::hash.eq_any(&hashes))
        .filter(published())
        .select((article_paths::hash, article_paths::article_id))
        .load(&mut &*conn)
        .await?;
    let article_of =
        |hash: &Vec<u8>| known.iter().find(|(known, _)| known == hash).map(|(_, id)| *id);
    if let Some(id) = hashes.iter().find_map(article_of) {
        return Ok(Some((id, Matched::Path)));
    }
    let Some((which, by_id)) = reference(path) else { return Ok(None) };
    let found = articles::resolve(conn, &which).await;
    match found {
        Ok(Lookup::Found(id)) => Ok(Some((id, if by_id { Matched::Id } else { Matched::Slug }))),
        Ok(Lookup::Moved(slug)) => match articles::resolve(conn, &Ref::Slug(slug)).await? {
            Lookup::Found(id) => Ok(Some((id, Matched::FormerSlug))),
            _ => Ok(None),
        },
        Ok(Lookup::Gone) => Ok(None),
        Err(error) if error.code() == crate::error::Code::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Splits a URL into path and query. A text without a scheme is taken as a path.
fn path_of(url: &str) -> (String, Option<String>) {
    let path = match Url::parse(url) {
        Ok(parsed) if parsed.has_host() => match parsed.query() {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        },
        _ => url.split('#').next().unwrap_or_default().to_owned(),
    };
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    match path.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (path, None),
    }
}

/// The maximum number of parameters of a query that are looked up one by one.
const MAX_PARAMETERS: usize = 20;

/// The bytes that a path contains as they are (RFC 3986, section 3.3).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Returns the spellings under which an import may have stored this path, the exact one first. Escapes are
/// equal in upper and lower case, and to the character itself (RFC 3986, section 6.2.2).
fn spellings(url: &str) -> Vec<String> {
    let (path, query) = path_of(url);
    let decoded = percent_decode_str(&path).decode_utf8_lossy().into_owned();
    let upper = utf8_percent_encode(&decoded, PATH).to_string();
    let lower = lower_case_escapes(&upper);
    let mut spellings = Vec::new();
    let mut add = |spelling: String| {
        if !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    };
    for path in [path, decoded, upper, lower] {
        let bare = path.trim_end_matches('/').to_owned();
        if let Some(query) = &query {
            add(format!("{path}?{query}"));
            // Sharing adds parameters, such as `fbclid`, to the one that names the article.
            for parameter in query.split('&').take(MAX_PARAMETERS) {
                add(format!("{path}?{parameter}"));
            }
            // With a path the query can be dropped: `?m=1` is Blogger's mobile page. Without one it names the
            // article, as in WordPress's `?p=17`.
            if bare.is_empty() {
                continue;
            }
        }
        add(path.clone());
        add(format!("{bare}/"));
        add(if bare.is_empty() { "/".to_owned() } else { bare });
    }
    spellings
}

/// Writes the hexadecimal digits of percent escapes in lower case, as WordPress does.
fn lower_case_escapes(path: &str) -> String {
    let mut digits = 0;
    let lower = |character: char| {
        if character == '%' {
            digits = 2;
        } else if digits > 0 {
            digits -= 1;
            return character.to_ascii_lowercase();
        }
        character
    };
    path.chars().map(lower).collect()
}

/// Returns the slug or id at the end of a path, and whether it is an id. A name in another script gives the
/// slug that is made from it.
fn reference(url: &str) -> Option<(Ref, bool)> {
    let (path, _) = path_of(url);
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = segments.last()?;
    let name = [".html", ".htm", ".php"].iter().find_map(|end| last.strip_suffix(end));
    let name = percent_decode_str(name.unwrap_or(last)).decode_utf8_lossy();
    let which = if name.is_ascii() {
        Ref::parse(&name.to_ascii_lowercase())?
    } else {
        Ref::Slug(slugify(&name))
    };
    // A number is an article id only after `articles/`; elsewhere it may be a page number or a year.
    let by_id = matches!(which, Ref::Id(_));
    let is_article_path = matches!(segments.as_slice(), [.., "articles", _]);
    (!by_id || is_article_path).then_some((which, by_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_looked_up_in_every_spelling_that_may_be_stored() {
        let first = |url| spellings(url).remove(0);
        assert_eq!(first("/2014/12/a.html"), "/2014/12/a.html");
        assert_eq!(first("http://old.example/2014/12/a.html#c1"), "/2014/12/a.html");
        assert_eq!(first("2014/12/a.html"), "/2014/12/a.html");
        assert_eq!(spellings("/?p=17"), ["/?p=17"]);
        assert_eq!(spellings("/a?m=1"), ["/a?m=1", "/a", "/a/"]);
        assert!(spellings("/?p=9001&fbclid=x").contains(&"/?p=9001".to_owned()));
        let cyrillic = ["/мост/", "/%D0%BC%D0%BE%D1%81%D1%82/", "/%d0%bc%d0%be%d1%81%d1%82/"];
        for (given, stored) in cyrillic.iter().flat_map(|a| cyrillic.iter().map(move |b| (a, b))) {
            assert!(spellings(given).contains(&(*stored).to_owned()), "{given}, {stored}");
        }
        assert!(spellings("/caf%C3%A9/").contains(&"/café".to_owned()));
    }

    #[test]
    fn the_end_of_a_path_may_be_a_slug() {
        let slug = |text: &str| Some((Ref::Slug(text.to_owned()), false));
        assert_eq!(reference("/2014/12/A-story.html"), slug("a-story"));
        assert_eq!(reference("/a-story/"), slug("a-story"));
        assert_eq!(reference("https://e.org/a-story?x=1#y"), slug("a-story"));
        assert_eq!(reference("/2019/05/%d8%a7%db%8c%d8%b1%d8%a7%d9%86/"), slug("iran"));
        assert_eq!(reference("/2014/12/"), None);
        assert_eq!(reference("/api/v1/articles/42"), Some((Ref::Id(42), true)));
        assert_eq!(reference("/"), None);
    }
}
