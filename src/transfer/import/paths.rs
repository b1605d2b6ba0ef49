//! The paths of the former URLs of articles, by which readers and comments find them.

use super::report::Remark;
use crate::articles::store::path_hash;
use crate::error::Result;
use crate::schema::article_paths;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use export_formats::Position;
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};

/// Stores the paths of an article's former URLs.
pub(super) async fn store(conn: &mut AsyncPgConnection, id: i64, of_post: &[String]) -> Result<()> {
    if of_post.is_empty() {
        return Ok(());
    }
    let mut paths: Vec<String> = Vec::new();
    for path in of_post.iter().flat_map(|path| spellings(path)) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let rows: Vec<_> = paths
        .iter()
        .map(|path| {
            let hash = article_paths::hash.eq(path_hash(path));
            (hash, article_paths::path.eq(path), article_paths::article_id.eq(id))
        })
        .collect();
    diesel::insert_into(article_paths::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// Returns a remark for each path that another article already has. `id` is the article, if it is stored.
pub(super) async fn conflicts(
    conn: &mut AsyncPgConnection,
    id: Option<i64>,
    of_post: &[String],
    position: &Position,
) -> Result<Vec<Remark>> {
    if of_post.is_empty() {
        return Ok(Vec::new());
    }
    let hashes: Vec<Vec<u8>> = of_post.iter().map(|path| path_hash(path)).collect();
    let others: Vec<String> = article_paths::table
        .filter(article_paths::hash.eq_any(hashes))
        .filter(article_paths::article_id.ne(id.unwrap_or_default()))
        .select(article_paths::path)
        .load(conn)
        .await?;
    let remark = |raw| Remark {
        position: position.to_string(),
        raw,
        reason: "another article already has this URL and keeps it".to_owned(),
    };
    Ok(others.into_iter().map(remark).collect())
}

/// Returns the spellings of a path by which it may be asked for: as it is, with its percent-encoding in
/// upper case (RFC 3986, section 6.2.2.1), in lower case as WordPress writes it, and without it.
pub(super) fn spellings(path: &str) -> Vec<String> {
    let encoded = utf8_percent_encode(path, CONTROLS).to_string();
    let mut spellings = vec![path.to_owned()];
    if !encoded.contains('%') {
        return spellings;
    }
    for case in [char::to_ascii_uppercase as fn(&char) -> char, char::to_ascii_lowercase] {
        spellings.push(map_escapes(&encoded, case));
    }
    // `%2F` is not `/`: only what is not ASCII is written without percent-encoding.
    let is_beyond_ascii =
        |escape: &str| escape.starts_with(|c: char| matches!(c, '8' | '9' | 'a'..='f' | 'A'..='F'));
    if encoded.split('%').skip(1).all(is_beyond_ascii)
        && let Ok(decoded) = percent_decode_str(&encoded).decode_utf8()
    {
        spellings.push(decoded.into_owned());
    }
    spellings
}

/// Returns a path with the digits of its percent-encoding mapped.
fn map_escapes(path: &str, map: fn(&char) -> char) -> String {
    let mut digits = 0;
    let map_digit = |c: char| {
        if c == '%' {
            digits = 2;
            c
        } else if digits > 0 {
            digits -= 1;
            map(&c)
        } else {
            c
        }
    };
    path.chars().map(map_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_in_every_spelling() {
        assert_eq!(spellings("/plain/"), ["/plain/"]);
        assert_eq!(spellings("/a%2fb"), ["/a%2fb", "/a%2Fb", "/a%2fb"]);
        assert_eq!(
            spellings("/2012/%d0%bf%D0%B8/"),
            ["/2012/%d0%bf%D0%B8/", "/2012/%D0%BF%D0%B8/", "/2012/%d0%bf%d0%b8/", "/2012/пи/"]
        );
        assert_eq!(spellings("/2012/пи/").len(), 4);
        assert_eq!(spellings("/%ff/"), ["/%ff/", "/%FF/", "/%ff/"]);
    }
}
