//! The statements of the archive, and the parsing of old URLs.

use crate::articles::store::path_hash;
use crate::articles::{self, published};
use crate::error::Result;
use crate::extract::{Lookup, Ref};
use crate::public::archive::model::Matched;
use crate::schema::{article_months, article_paths, articles as table};
use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use percent_encoding::percent_decode_str;
use url::Url;

/// Returns the months that have articles, the latest first.
pub(super) async fn months(conn: &AsyncPgConnection) -> Result<Vec<(NaiveDate, i64)>> {
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

/// Returns the spellings under which an import may have stored this path, the exact one first.
fn spellings(url: &str) -> Vec<String> {
    let (path, query) = path_of(url);
    let decoded = percent_decode_str(&path).decode_utf8_lossy().into_owned();
    let mut spellings = Vec::new();
    let mut add = |spelling: String| {
        if !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    };
    for path in [path, decoded] {
        let bare = path.trim_end_matches('/').to_owned();
        if let Some(query) = &query {
            add(format!("{path}?{query}"));
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

/// Returns the slug or id at the end of a path, and whether it is an id.
fn reference(url: &str) -> Option<(Ref, bool)> {
    let (path, _) = path_of(url);
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = segments.last()?;
    let name = [".html", ".htm", ".php"].iter().find_map(|end| last.strip_suffix(end));
    let which = Ref::parse(&name.unwrap_or(last).to_ascii_lowercase())?;
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
        assert!(spellings("/caf%C3%A9/").contains(&"/café".to_owned()));
    }

    #[test]
    fn the_end_of_a_path_may_be_a_slug() {
        let slug = |text: &str| Some((Ref::Slug(text.to_owned()), false));
        assert_eq!(reference("/2014/12/A-story.html"), slug("a-story"));
        assert_eq!(reference("/a-story/"), slug("a-story"));
        assert_eq!(reference("https://e.org/a-story?x=1#y"), slug("a-story"));
        assert_eq!(reference("/2014/12/"), None);
        assert_eq!(reference("/api/v1/articles/42"), Some((Ref::Id(42), true)));
        assert_eq!(reference("/"), None);
    }
}
