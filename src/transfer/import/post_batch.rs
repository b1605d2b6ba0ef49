//! Stores a batch of posts in one transaction. A post is stored only if it is new or has changed.

use super::article::{self, ImportedArticle};
use super::post_body;
use super::report::{Counts, Remark};
use crate::articles::ArticleStatus;
use crate::articles::store::{Draft, add, free_slug, path_hash, rewrite};
use crate::derived::{begin_article_write, refresh_articles};
use crate::error::Result;
use crate::outlets::Directory;
use crate::schema::{article_paths, article_slugs, articles, links};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use export_formats::{
    Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Position, Post, source,
};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};
use safe_html::slug::slugify;
use safe_html::{AuthorRole, Markup, render};
use std::collections::HashMap;

/// An article that an earlier import stored.
struct StoredArticle {
    id: i64,
    status: String,
    hash: Option<Vec<u8>>,
    published_at: Option<DateTime<Utc>>,
    link_count: i64,
}

/// The result of storing a batch.
#[derive(Default)]
pub(super) struct BatchOutcome {
    pub(super) created: Counts,
    pub(super) updated: Counts,
    pub(super) unchanged: Counts,
    pub(super) uncertain: Vec<Remark>,
    pub(super) unread: Vec<Remark>,
    /// The comments in the bodies of the posts.
    pub(super) comments: Vec<(Position, Comment)>,
}

/// Stores a batch of posts.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    posts: &[(Position, Post)],
    now: DateTime<Utc>,
) -> Result<BatchOutcome> {
    begin_article_write(conn).await?;
    let mut stored = stored_articles(conn, posts).await?;
    let (mut outcome, mut changed) = (BatchOutcome::default(), Vec::new());
    // All posts are converted before one is stored, because that may create outlets: every writer locks
    // their names before the counters of months, tags and outlets.
    let mut converted = Vec::new();
    let mut queued: HashMap<_, (Vec<u8>, usize)> = HashMap::new();
    for (position, post) in posts {
        let key = (post.source.to_owned(), post.id.clone());
        let hash = post.hash();
        let earlier = stored.get(&key);
        if let Some(same) = earlier.filter(|stored| stored.hash.as_ref() == Some(&hash)) {
            outcome.unchanged.articles += 1;
            outcome.unchanged.links += usize::try_from(same.link_count).unwrap_or_default();
            // Comments in the body are read again: an earlier import may have been interrupted
            // before it stored them.
            if post.source == source::ROUNDUP {
                let found = post_body::parse(&post.body, directory).roundup.comments;
                outcome.comments.extend(body_comments(position, post, found));
            }
            continue;
        }
        if let Some((_, links)) = queued.get(&key).filter(|(same, _)| *same == hash) {
            outcome.unchanged.articles += 1;
            outcome.unchanged.links += links;
            continue;
        }
        let article = article::convert(conn, directory, post, position, now).await?;
        queued.insert(key.clone(), (hash.clone(), article.draft.links.len()));
        converted.push((position, post, key, hash, article));
    }
    for (position, post, key, hash, article) in converted {
        let ImportedArticle {
            mut draft,
            status_uncertain,
            new_outlets,
            comments,
            uncertain,
            unread,
        } = article;
        let earlier = stored.get(&key);
        let id = if let Some(StoredArticle { id, status, published_at, .. }) = earlier {
            if post.published_at.is_none() && draft.published_at.is_some() {
                draft.published_at = published_at.or(draft.published_at);
            }
            if status_uncertain {
                draft.status = ArticleStatus::from_stored(status);
                draft.published_at = published_at.or(draft.published_at);
            }
            rewrite(conn, *id, &draft, now).await?;
            outcome.updated.articles += 1;
            outcome.updated.links += draft.links.len();
            *id
        } else {
            let slug = slug(conn, post, &draft).await?;
            outcome.created.articles += 1;
            outcome.created.links += draft.links.len();
            add(conn, &draft, &slug, now).await?
        };
        outcome.created.outlets += new_outlets;
        outcome.uncertain.extend(uncertain);
        outcome.unread.extend(unread);
        outcome.uncertain.extend(store_paths(conn, id, post, position).await?);
        outcome.comments.extend(body_comments(position, post, comments));
        changed.push((id, post.updated_at.map_or(now, |at| at.min(now))));
        let link_count = i64::try_from(draft.links.len()).unwrap_or_default();
        let (status, published_at) = (draft.status.as_str().to_owned(), draft.published_at);
        let article = StoredArticle { id, status, hash: Some(hash), published_at, link_count };
        stored.insert(key, article);
    }
    let ids: Vec<i64> = changed.iter().map(|(id, _)| *id).collect();
    refresh_articles(conn, &ids).await?;
    set_updated_at(conn, &changed).await?;
    Ok(outcome)
}

type Row = (Option<String>, Option<String>, i64, String, Option<Vec<u8>>, Option<DateTime<Utc>>);

/// Returns the articles of those posts that are stored, by source and id, and locks them.
async fn stored_articles(
    conn: &mut AsyncPgConnection,
    posts: &[(Position, Post)],
) -> Result<HashMap<(String, String), StoredArticle>> {
    let sources: Vec<&str> = posts.iter().map(|(_, post)| post.source).collect();
    let ids: Vec<&str> = posts.iter().map(|(_, post)| post.id.as_str()).collect();
    let columns = (
        articles::source,
        articles::source_id,
        articles::id,
        articles::status,
        articles::source_hash,
        articles::published_at,
    );
    let rows: Vec<Row> = articles::table
        .filter(articles::source.eq_any(sources))
        .filter(articles::source_id.eq_any(ids))
        .order(articles::id)
        .select(columns)
        .for_update()
        .load(conn)
        .await?;
    let counts: HashMap<i64, i64> = links::table
        .filter(links::article_id.eq_any(rows.iter().map(|row| row.2).collect::<Vec<_>>()))
        .group_by(links::article_id)
        .select((links::article_id, diesel::dsl::count_star()))
        .load::<(i64, i64)>(conn)
        .await?
        .into_iter()
        .collect();
    let stored =
        rows.into_iter().filter_map(|(source, source_id, id, status, hash, published_at)| {
            let link_count = counts.get(&id).copied().unwrap_or_default();
            Some((
                (source?, source_id?),
                StoredArticle { id, status, hash, published_at, link_count },
            ))
        });
    Ok(stored.collect())
}

/// Returns the slug of an article: the last part of the post's former URL if it is a valid slug,
/// otherwise one made from the headline.
async fn slug(conn: &mut AsyncPgConnection, post: &Post, draft: &Draft) -> Result<String> {
    let valid = |slug: &&str| slugify(slug) == **slug;
    let own = post.slug.as_deref().filter(valid);
    let base = own.map_or_else(|| slugify(&draft.headline), str::to_owned);
    let articles = articles::table.filter(articles::slug.eq(&base));
    let former = article_slugs::table.filter(article_slugs::slug.eq(&base));
    let taken: bool = diesel::select(diesel::dsl::exists(articles).or(diesel::dsl::exists(former)))
        .get_result(conn)
        .await?;
    if taken { free_slug(conn, &base).await } else { Ok(base) }
}

/// Stores the paths of an article's former URLs. Returns a remark for each path that another
/// article already has.
async fn store_paths(
    conn: &mut AsyncPgConnection,
    id: i64,
    post: &Post,
    position: &Position,
) -> Result<Vec<Remark>> {
    if post.paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<String> = Vec::new();
    for path in post.paths.iter().flat_map(|path| spellings(path)) {
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
    let hashes: Vec<Vec<u8>> = post.paths.iter().map(|path| path_hash(path)).collect();
    let others: Vec<String> = article_paths::table
        .filter(article_paths::hash.eq_any(hashes))
        .filter(article_paths::article_id.ne(id))
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
fn spellings(path: &str) -> Vec<String> {
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

/// Sets the time of the last change of articles.
async fn set_updated_at(
    conn: &mut AsyncPgConnection,
    changed: &[(i64, DateTime<Utc>)],
) -> Result<()> {
    let statement = "update articles a set updated_at = t.at \
         from unnest($1, $2) as t (id, at) where a.id = t.id and a.updated_at <> t.at";
    diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(changed.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(changed.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// Converts the comments in a post's own text, which have no author and no time.
fn body_comments(
    position: &Position,
    post: &Post,
    found: Vec<roundup_reader::Reply>,
) -> Vec<(Position, Comment)> {
    let convert = |(reply, n): (roundup_reader::Reply, u32)| {
        let comment = Comment {
            source: post.source,
            target: CommentTarget::Post(post.source, post.id.clone()),
            id: if post.source == source::ROUNDUP { n.to_string() } else { format!("text-{n}") },
            parent: None,
            kind: CommentKind::Comment,
            status: CommentStatus::Approved,
            author: CommentAuthor::default(),
            is_editor: false,
            html: render(&reply.text, Markup::Markdown, AuthorRole::Reader),
            text: reply.text,
            created_at: None,
            boundaries_uncertain: reply.uncertain,
        };
        let line = if position.line == 0 { reply.line as u64 } else { position.line };
        (Position { file: position.file.clone(), line }, comment)
    };
    found.into_iter().zip(1..).map(convert).collect()
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
