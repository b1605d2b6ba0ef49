//! Changes of articles: each is based on the version that the editor read, is stored as a revision and
//! recorded in the audit.
//!
//! Everything runs in the caller's transaction. The article's row is locked first, so of two editors with
//! the same version the second gets 412.

use crate::articles::model::ArticleStatus;
use crate::articles::query::is_gone;
use crate::articles::store;
use crate::audit;
use crate::derived::refresh_articles;
use crate::editor::input::ArticleInput;
use crate::editor::model::{AdminArticle, RevisionWithArticle, kept, standing};
use crate::editor::prepare::{Editor, PreparedArticle, ready};
use crate::editor::query::{find, version};
use crate::error::{Code, Error, FieldError, Result};
use crate::extract::Ref;
use crate::response::IfMatch;
use crate::schema::{article_revisions as revisions, articles, purged_articles};
use crate::{links, tags};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::{Value, json};

/// Locks an article until the transaction ends and returns it, if `If-Match` allows its version.
///
/// # Errors
/// 404, 410, and 412 with the current version and the fields that differ.
pub(super) async fn locked(
    conn: &mut AsyncPgConnection,
    id: i64,
    if_match: &IfMatch,
) -> Result<AdminArticle> {
    let row = articles::table.find(id).select(articles::version).for_no_key_update();
    let Some(there) = row.first::<i32>(conn).await.optional()? else {
        let purged_once = is_gone(conn, &Ref::Id(id)).await?;
        return Err(if purged_once { Error::purged() } else { Error::not_found("article") });
    };
    let current = find(conn, id).await?;
    if if_match.allows(there) {
        return Ok(current);
    }
    let known = match if_match.base_version() {
        Some(known) => version_body(conn, id, known).await?,
        None => None,
    };
    let names = known.map(|known| ArticleInput::changed(&known, &kept(&current)));
    let differs = |name: String| {
        FieldError::field(format!("/{name}"), "changed", format!("`{name}` was changed meanwhile"))
    };
    let errors = names.unwrap_or_default().into_iter().map(differs).collect();
    Err(Error::version_mismatch(there, errors))
}

/// Locks an article for a change of its content; rejects one in the trash.
pub(super) async fn editable(
    conn: &mut AsyncPgConnection,
    id: i64,
    if_match: &IfMatch,
) -> Result<AdminArticle> {
    let current = locked(conn, id, if_match).await?;
    if current.desk.status == ArticleStatus::Trashed {
        return Err(Error::new(Code::InTrash, "the article is in the trash: restore it first"));
    }
    Ok(current)
}

async fn version_body(
    conn: &mut AsyncPgConnection,
    id: i64,
    version: i32,
) -> Result<Option<Value>> {
    let row = revisions::table.find((id, version)).select(revisions::body);
    Ok(row.first(conn).await.optional()?)
}

/// Stores a new article.
///
/// # Errors
/// 422, 409.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    mut input: ArticleInput,
) -> Result<AdminArticle> {
    // An id names a link of another article, as when one is copied.
    input.links.iter_mut().for_each(|link| link.id = None);
    let PreparedArticle { draft, slug, links, tags } = ready(conn, editor, input, None).await?;
    let id = store::insert_row(conn, &draft, slug.as_deref(), editor.now).await?;
    fill(conn, id, &links, &tags).await?;
    let made = find(conn, id).await?;
    keep(conn, editor, &made).await?;
    note(conn, editor, "article.create", &made, json!({"status": made.desk.status})).await?;
    Ok(made)
}

/// Replaces an article.
///
/// # Errors
/// 422, 409.
pub(super) async fn change(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: &AdminArticle,
    input: ArticleInput,
    action: &str,
) -> Result<AdminArticle> {
    let id = current.id();
    let before = keep_earlier(conn, current).await?;
    let PreparedArticle { draft, slug, links, tags } =
        ready(conn, editor, input, Some(current)).await?;
    let former = current.article.summary.slug.as_str();
    let slugs = (former, slug.as_deref().unwrap_or(former));
    store::update_row(conn, id, &draft, slugs, editor.now).await?;
    fill(conn, id, &links, &tags).await?;
    let made = find(conn, id).await?;
    let after = keep(conn, editor, &made).await?;
    let fields = ArticleInput::changed(&before, &after);
    note(conn, editor, action, &made, json!({"fields": fields})).await?;
    Ok(made)
}

async fn fill(
    conn: &mut AsyncPgConnection,
    id: i64,
    links: &[links::StoredLink],
    tags: &[i64],
) -> Result<()> {
    links::replace(conn, id, links).await?;
    tags::replace(conn, id, tags).await?;
    refresh_articles(conn, &[id]).await
}

/// Moves an article to the trash, if it is not there already.
///
/// # Errors
/// When the database fails.
pub(super) async fn trash(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: AdminArticle,
) -> Result<AdminArticle> {
    if current.desk.status == ArticleStatus::Trashed {
        return Ok(current);
    }
    keep_earlier(conn, &current).await?;
    stand(conn, editor, current.id(), ArticleStatus::Trashed, "article.trash").await
}

/// Restores an article to the status it had before it was deleted. If its scheduled time has
/// passed meanwhile, it becomes a draft.
///
/// # Errors
/// When the database fails.
pub(super) async fn restore(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: AdminArticle,
) -> Result<AdminArticle> {
    if current.desk.status != ArticleStatus::Trashed {
        return Ok(current);
    }
    let earlier: Option<Value> = revisions::table
        .filter(revisions::article_id.eq(current.id()))
        .filter(revisions::version.lt(current.desk.version))
        .order(revisions::version.desc())
        .select(revisions::body)
        .first(conn)
        .await
        .optional()?;
    let stood =
        earlier.as_ref().and_then(standing).map(crate::editor::input::ArticleStatusInput::status);
    let due = current.article.summary.published_at.is_some_and(|at| at <= editor.now);
    let status = match stood {
        Some(ArticleStatus::Scheduled) if due => ArticleStatus::Draft,
        Some(status) => status,
        None => ArticleStatus::Draft,
    };
    stand(conn, editor, current.id(), status, "article.restore").await
}

/// Changes the status of an article only.
pub(super) async fn stand(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    id: i64,
    status: ArticleStatus,
    action: &str,
) -> Result<AdminArticle> {
    diesel::update(articles::table.find(id))
        .set((
            articles::status.eq(status.as_str()),
            articles::version.eq(articles::version + 1),
            articles::updated_at.eq(editor.now),
        ))
        .execute(conn)
        .await?;
    refresh_articles(conn, &[id]).await?;
    let made = find(conn, id).await?;
    keep(conn, editor, &made).await?;
    note(conn, editor, action, &made, json!({"status": status})).await?;
    Ok(made)
}

/// Deletes an article for good, with its comments and versions: its address answers 410.
///
/// # Errors
/// When the database fails.
pub(super) async fn purge(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: &AdminArticle,
) -> Result<()> {
    let (id, slug) = (current.id(), current.article.summary.slug.as_str());
    diesel::delete(articles::table.find(id)).execute(conn).await?;
    diesel::insert_into(purged_articles::table)
        .values((
            purged_articles::id.eq(id),
            purged_articles::slug.eq(slug),
            purged_articles::purged_at.eq(editor.now),
        ))
        .execute(conn)
        .await?;
    let headline = &current.article.summary.headline;
    note(conn, editor, "article.purge", current, json!({"slug": slug, "headline": headline})).await
}

/// Writes what an article said in an earlier version as a new one. Where it stands, when it was
/// published and its slug stay.
///
/// # Errors
/// 404 when that version is not kept.
pub(super) async fn revert(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: &AdminArticle,
    number: i32,
) -> Result<AdminArticle> {
    let RevisionWithArticle { article: mut input, .. } =
        version(conn, current.id(), number).await?;
    let now = ArticleInput::of(current);
    let there = |id: &i64| current.article.summary.links.iter().any(|link| link.id == *id);
    for link in &mut input.links {
        link.id = link.id.filter(there);
    }
    let input = ArticleInput {
        slug: now.slug,
        status: now.status,
        published_at: now.published_at,
        ..input
    };
    change(conn, editor, current, input, "article.revert").await
}

/// Keeps a version; returns what is kept.
async fn keep(conn: &mut AsyncPgConnection, editor: &Editor, made: &AdminArticle) -> Result<Value> {
    let body = kept(made);
    insert_version(conn, made, editor.now, editor.key, &body).await?;
    Ok(body)
}

/// Keeps the version that is there, if nobody did: an import keeps none. Returns what is kept.
async fn keep_earlier(conn: &mut AsyncPgConnection, current: &AdminArticle) -> Result<Value> {
    let body = kept(current);
    let own = revisions::table.find((current.id(), current.desk.version));
    let there: bool = diesel::select(exists(own)).get_result(conn).await?;
    if !there {
        insert_version(conn, current, current.article.summary.updated_at, None, &body).await?;
    }
    Ok(body)
}

async fn insert_version(
    conn: &mut AsyncPgConnection,
    article: &AdminArticle,
    at: DateTime<Utc>,
    key: Option<i64>,
    body: &Value,
) -> Result<()> {
    diesel::insert_into(revisions::table)
        .values((
            revisions::article_id.eq(article.id()),
            revisions::version.eq(article.desk.version),
            revisions::at.eq(at),
            revisions::key_id.eq(key),
            revisions::body.eq(body),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

async fn note(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    action: &str,
    article: &AdminArticle,
    mut detail: Value,
) -> Result<()> {
    if let Some(detail) = detail.as_object_mut() {
        detail.insert("version".to_owned(), article.desk.version.into());
    }
    let object = ("article", Some(article.id()));
    audit::record(conn, &editor.who, editor.now, action, object, detail).await
}
