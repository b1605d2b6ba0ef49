//! Stores a batch of posts in one transaction. A post is stored only if it is new or has changed.

use super::article::{self, ImportedArticle};
use super::images::{self, AwaitedImage};
use super::merge::{self, FieldHashes, Merged};
use super::report::{Counts, Remark};
use super::{paths, post_body};
use crate::articles::store::{Draft, add, free_slug, rewrite};
use crate::articles::{ArticleStatus, by_ids_in_any_status};
use crate::derived::{begin_article_write, refresh_articles};
use crate::error::{Error, Result};
use crate::outlets::Directory;
use crate::schema::{article_revisions, article_slugs, articles, imported_fields, links};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use export_formats::{
    Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Image, Position, Post,
    source,
};
use safe_html::slug::slugify;
use safe_html::{AuthorRole, Markup, render};
use std::collections::{HashMap, HashSet};

/// How to store posts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storing<'a> {
    pub(super) now: DateTime<Utc>,
    /// Whether articles are withdrawn that their source has withdrawn.
    pub(super) follow_status: bool,
    /// Whether nothing is stored.
    pub(super) dry_run: bool,
    /// The pictures that were read before, by their ids.
    pub(super) images: &'a HashMap<String, Image>,
}

/// An article that an earlier import stored.
struct StoredArticle {
    id: i64,
    status: String,
    hash: Option<Vec<u8>>,
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
    /// The pictures that posts name and that may come later.
    pub(super) images: Vec<AwaitedImage>,
}

/// A post that is new or has changed.
struct ChangedPost<'a> {
    position: &'a Position,
    post: &'a Post,
    article: ImportedArticle,
}

/// Stores a batch of posts.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    directory: &mut Directory,
    posts: &[(Position, Post)],
    storing: Storing<'_>,
) -> Result<BatchOutcome> {
    if !storing.dry_run {
        begin_article_write(conn).await?;
    }
    let stored = stored_articles(conn, posts, !storing.dry_run).await?;
    let mut outcome = BatchOutcome::default();
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
            outcome.images.extend(AwaitedImage::of(post, position));
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
        let article = article::convert(conn, directory, post, position, storing).await?;
        queued.insert(key, (hash, article.draft.links.len()));
        converted.push(ChangedPost { position, post, article });
    }
    let ids = converted.iter().filter_map(|changed| Some(stored.get(&changed.key())?.id));
    let known = KnownArticles::load(conn, &ids.collect::<Vec<_>>()).await?;
    let mut changed = Vec::new();
    for mut post in converted {
        let earlier = stored.get(&post.key());
        store_one(conn, &mut post, earlier, &known, storing, &mut outcome, &mut changed).await?;
        outcome.created.outlets += post.article.new_outlets;
        outcome.uncertain.append(&mut post.article.uncertain);
        outcome.unread.append(&mut post.article.unread);
        let found = std::mem::take(&mut post.article.comments);
        outcome.comments.extend(body_comments(post.position, post.post, found));
    }
    if storing.dry_run {
        return Ok(outcome);
    }
    let ids: Vec<i64> = changed.iter().map(|(id, _)| *id).collect();
    refresh_articles(conn, &ids).await?;
    set_updated_at(conn, &changed).await?;
    Ok(outcome)
}

impl ChangedPost<'_> {
    fn key(&self) -> (String, String) {
        (self.post.source.to_owned(), self.post.id.clone())
    }
}

/// Stores one post. Adds the article to `changed`, with the time of its last change.
async fn store_one(
    conn: &mut AsyncPgConnection,
    ChangedPost { position, post, article }: &mut ChangedPost<'_>,
    earlier: Option<&StoredArticle>,
    known: &KnownArticles,
    storing: Storing<'_>,
    outcome: &mut BatchOutcome,
    changed: &mut Vec<(i64, DateTime<Utc>)>,
) -> Result<()> {
    let draft = &mut article.draft;
    let awaits_image = draft.image.is_none() && post.image_id.is_some();
    if awaits_image {
        outcome.images.extend(AwaitedImage::of(post, position));
    }
    outcome.uncertain.extend(
        paths::conflicts(conn, earlier.map(|stored| stored.id), &post.paths, position).await?,
    );
    let updated_at = post.updated_at.map_or(storing.now, |at| at.min(storing.now));
    let Some(stored) = earlier else {
        outcome.created.articles += 1;
        outcome.created.links += draft.links.len();
        if !storing.dry_run {
            let slug = slug(conn, post, draft).await?;
            let id = add(conn, draft, &slug, storing.now).await?;
            paths::store(conn, id, &post.paths).await?;
            set_imported_fields(conn, id, &merge::hashes(draft)).await?;
            changed.push((id, updated_at));
        }
        return Ok(());
    };
    let id = stored.id;
    let status = ArticleStatus::from_stored(&stored.status);
    let current = known.articles.get(&id).cloned().ok_or_else(|| Error::not_found("article"))?;
    let current = merge::draft_of(current, status);
    if article.status_uncertain {
        draft.status = status;
    }
    if post.published_at.is_none() && (draft.published_at.is_some() || article.status_uncertain) {
        draft.published_at = current.published_at.or(draft.published_at);
    }
    if draft.lang.is_none() {
        // Not every export of a system states it.
        draft.lang.clone_from(&current.lang);
    }
    let last = known.fields.get(&id);
    let mut fields = merge::hashes(draft);
    if awaits_image {
        draft.image.clone_from(&current.image);
        // The picture is read later.
        merge::keep_hash(&mut fields, merge::IMAGE, last);
    }
    let has_revisions = known.with_revisions.contains(&id);
    let origin = draft.origin.clone();
    let merged = merge::merge(draft.clone(), &current, last, has_revisions, storing.follow_status);
    let Merged { draft, is_changed, links_changed, is_withdrawal_open, remarks } = merged;
    if is_withdrawal_open {
        merge::keep_hash(&mut fields, merge::STATUS, last);
    }
    let remark = |reason| {
        let raw = draft.headline.clone();
        Remark { position: position.to_string(), raw, reason }
    };
    outcome.uncertain.extend(remarks.into_iter().map(remark));
    let counts = if is_changed { &mut outcome.updated } else { &mut outcome.unchanged };
    counts.articles += 1;
    counts.links += draft.links.len();
    if storing.dry_run {
        return Ok(());
    }
    if is_changed {
        rewrite(conn, id, &draft, links_changed, storing.now).await?;
        changed.push((id, updated_at));
    }
    // A withdrawal that was not followed is offered again by the next import.
    if let Some(origin) = origin.filter(|_| !is_withdrawal_open) {
        let own = diesel::update(articles::table.find(id));
        own.set(articles::source_hash.eq(origin.hash)).execute(conn).await?;
    }
    paths::store(conn, id, &post.paths).await?;
    set_imported_fields(conn, id, &fields).await
}

/// What is stored of articles that may be replaced.
#[derive(Default)]
struct KnownArticles {
    articles: HashMap<i64, crate::articles::Article>,
    fields: HashMap<i64, FieldHashes>,
    with_revisions: HashSet<i64>,
}

impl KnownArticles {
    async fn load(conn: &mut AsyncPgConnection, ids: &[i64]) -> Result<Self> {
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let articles = by_ids_in_any_status(conn, ids).await?;
        let fields = images::imported_fields_of(conn, ids).await?;
        let with_revisions = article_revisions::table
            .filter(article_revisions::article_id.eq_any(ids))
            .select(article_revisions::article_id)
            .distinct()
            .load::<i64>(conn)
            .await?;
        Ok(Self { articles, fields, with_revisions: with_revisions.into_iter().collect() })
    }
}

/// Stores what the source says of an article.
async fn set_imported_fields(
    conn: &mut AsyncPgConnection,
    id: i64,
    fields: &FieldHashes,
) -> Result<()> {
    let fields = serde_json::to_value(fields).map_err(Error::internal)?;
    diesel::insert_into(imported_fields::table)
        .values((imported_fields::article_id.eq(id), imported_fields::fields.eq(&fields)))
        .on_conflict(imported_fields::article_id)
        .do_update()
        .set(imported_fields::fields.eq(&fields))
        .execute(conn)
        .await?;
    Ok(())
}

type Row = (Option<String>, Option<String>, i64, String, Option<Vec<u8>>);

/// Returns the articles of those posts that are stored, by source and id, and locks them if the
/// caller will write.
async fn stored_articles(
    conn: &mut AsyncPgConnection,
    posts: &[(Position, Post)],
    lock: bool,
) -> Result<HashMap<(String, String), StoredArticle>> {
    let sources: Vec<&str> = posts.iter().map(|(_, post)| post.source).collect();
    let ids: Vec<&str> = posts.iter().map(|(_, post)| post.id.as_str()).collect();
    let columns = (
        articles::source,
        articles::source_id,
        articles::id,
        articles::status,
        articles::source_hash,
    );
    let query = articles::table
        .filter(articles::source.eq_any(sources))
        .filter(articles::source_id.eq_any(ids))
        .order(articles::id)
        .select(columns);
    let rows: Vec<Row> =
        if lock { query.for_update().load(conn).await? } else { query.load(conn).await? };
    let counts: HashMap<i64, i64> = links::table
        .filter(links::article_id.eq_any(rows.iter().map(|row| row.2).collect::<Vec<_>>()))
        .group_by(links::article_id)
        .select((links::article_id, diesel::dsl::count_star()))
        .load::<(i64, i64)>(conn)
        .await?
        .into_iter()
        .collect();
    let stored = rows.into_iter().filter_map(|(source, source_id, id, status, hash)| {
        let link_count = counts.get(&id).copied().unwrap_or_default();
        Some(((source?, source_id?), StoredArticle { id, status, hash, link_count }))
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
            parent_source: None,
            is_copy: false,
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
