//! Storing many posts in one transaction: which of them are known, and what is new of the others.

use super::record::{Person, Place, Post, Reply, ReplyKind, Target, path_hash};
use super::report::{Counts, Remark};
use super::roundup::{self, Article};
use crate::articles::store::{Draft, add, free_slug, rewrite};
use crate::derived::refresh_articles;
use crate::error::Result;
use crate::outlets::Directory;
use crate::schema::{article_paths, article_slugs, articles, links};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::slug::slugify;
use safe_html::{Markup, Voice, render};
use std::collections::HashMap;

/// A post that is known already.
struct Known {
    id: i64,
    hash: Option<Vec<u8>>,
    published_at: Option<DateTime<Utc>>,
    links: i64,
}

/// What a batch did, told when it is stored for good.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) created: Counts,
    pub(super) updated: Counts,
    pub(super) unchanged: Counts,
    pub(super) uncertain: Vec<Remark>,
    pub(super) unread: Vec<Remark>,
    pub(super) replies: Vec<(Place, Reply)>,
}

/// Stores a batch of posts.
pub(super) async fn batch(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    posts: &[(Place, Post)],
    now: DateTime<Utc>,
) -> Result<Batch> {
    let mut known = known(conn, posts).await?;
    let (mut batch, mut touched) = (Batch::default(), Vec::new());
    for (place, post) in posts {
        let key = (post.source.to_owned(), post.id.clone());
        let hash = post.hash();
        let before = known.get(&key);
        if let Some(same) = before.filter(|known| known.hash.as_ref() == Some(&hash)) {
            batch.unchanged.articles += 1;
            batch.unchanged.links += usize::try_from(same.links).unwrap_or_default();
            // What readers said in the body is looked at again: it may have been cut short.
            if post.source == super::SOURCE {
                let read = super::body::read(&post.body, directory).roundup.comments;
                batch.replies.extend(said(place, post, read));
            }
            continue;
        }
        let article = roundup::article(conn, directory, post, place, now).await?;
        let Article { mut draft, outlets, replies, uncertain, unread } = article;
        let id = if let Some(Known { id, published_at, .. }) = before {
            if post.published_at.is_none() && draft.published_at.is_some() {
                draft.published_at = published_at.or(draft.published_at);
            }
            rewrite(conn, *id, &draft, now).await?;
            batch.updated.articles += 1;
            batch.updated.links += draft.links.len();
            *id
        } else {
            let slug = slug(conn, post, &draft).await?;
            batch.created.articles += 1;
            batch.created.links += draft.links.len();
            add(conn, &draft, &slug, now).await?
        };
        batch.created.outlets += outlets;
        batch.uncertain.extend(uncertain);
        batch.unread.extend(unread);
        batch.uncertain.extend(paths(conn, id, post, place).await?);
        batch.replies.extend(said(place, post, replies));
        touched.push((id, post.updated_at.map_or(now, |at| at.min(now))));
        let links = i64::try_from(draft.links.len()).unwrap_or_default();
        let published_at = draft.published_at;
        known.insert(key, Known { id, hash: Some(hash), published_at, links });
    }
    let ids: Vec<i64> = touched.iter().map(|(id, _)| *id).collect();
    refresh_articles(conn, &ids).await?;
    edited(conn, &touched).await?;
    Ok(batch)
}

type Row = (Option<String>, Option<String>, i64, Option<Vec<u8>>, Option<DateTime<Utc>>);

/// Which of these posts are stored, by source and id.
async fn known(
    conn: &mut AsyncPgConnection,
    posts: &[(Place, Post)],
) -> Result<HashMap<(String, String), Known>> {
    let sources: Vec<&str> = posts.iter().map(|(_, post)| post.source).collect();
    let ids: Vec<&str> = posts.iter().map(|(_, post)| post.id.as_str()).collect();
    let columns = (
        articles::source,
        articles::source_id,
        articles::id,
        articles::source_hash,
        articles::published_at,
    );
    let rows: Vec<Row> = articles::table
        .filter(articles::source.eq_any(sources))
        .filter(articles::source_id.eq_any(ids))
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
    let known = rows.into_iter().filter_map(|(source, source_id, id, hash, published_at)| {
        let links = counts.get(&id).copied().unwrap_or_default();
        Some(((source?, source_id?), Known { id, hash, published_at, links }))
    });
    Ok(known.collect())
}

/// The name that a post had in its old address, if it can be one here; else one from its headline.
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

/// Stores the former addresses of an article; one that another article has is remarked on.
async fn paths(
    conn: &mut AsyncPgConnection,
    id: i64,
    post: &Post,
    place: &Place,
) -> Result<Vec<Remark>> {
    if post.paths.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = post
        .paths
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
        position: place.to_string(),
        raw,
        reason: "another article had this address before; it keeps it".to_owned(),
    };
    Ok(others.into_iter().map(remark).collect())
}

/// Gives articles the time of their last edit.
async fn edited(conn: &mut AsyncPgConnection, touched: &[(i64, DateTime<Utc>)]) -> Result<()> {
    let statement = "update articles a set updated_at = t.at \
         from unnest($1, $2) as t (id, at) where a.id = t.id and a.updated_at <> t.at";
    diesel::sql_query(statement)
        .bind::<Array<BigInt>, _>(touched.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(touched.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// The readers' comments that stand in a post's own text: without author and time.
fn said(place: &Place, post: &Post, replies: Vec<roundup_reader::Reply>) -> Vec<(Place, Reply)> {
    let reply = |(reply, n): (roundup_reader::Reply, u32)| {
        let own = Reply {
            source: post.source,
            of: Target::Post(post.source, post.id.clone()),
            id: if post.source == super::SOURCE { n.to_string() } else { format!("text-{n}") },
            parent: None,
            kind: ReplyKind::Comment,
            status: "approved",
            author: Person::default(),
            is_editor: false,
            html: render(&reply.text, Markup::Markdown, Voice::Reader),
            text: reply.text,
            created_at: None,
            uncertain: reply.uncertain,
        };
        let line = if place.line == 0 { reply.line as u64 } else { place.line };
        (Place { file: place.file.clone(), line }, own)
    };
    replies.into_iter().zip(1..).map(reply).collect()
}
