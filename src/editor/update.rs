//! Changes of articles: each is based on the version that the editor read, is stored as a revision and
//! recorded in the audit.
//!
//! Everything runs in the caller's transaction. The article's row is locked first, so of two editors with
//! the same version the second gets 412.

use crate::articles::model::ArticleStatus;
use crate::articles::query::is_gone;
use crate::articles::store;
use crate::audit;
use crate::derived::{begin_article_write, refresh_articles};
use crate::editor::input::ArticleInput;
use crate::editor::model::{AdminArticle, RevisionWithArticle, revision_body, revision_status};
use crate::editor::prepare::{Editor, PreparedArticle, prepare};
use crate::editor::query::{find, version, with_parts};
use crate::error::{Code, Error, FieldError, Result};
use crate::extract::Ref;
use crate::response::IfMatch;
use crate::schema::{article_revisions as revisions, articles, comments, purged_articles};
use crate::{idempotency, links, outlets, tags};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
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
    begin_article_write(conn).await?;
    let row = articles::table.find(id).select(articles::version).for_no_key_update();
    let Some(current_version) = row.first::<i32>(conn).await.optional()? else {
        let is_purged = is_gone(conn, &Ref::Id(id)).await?;
        return Err(if is_purged { Error::purged() } else { Error::not_found("article") });
    };
    let current = find(conn, id).await?;
    if if_match.allows(current_version) {
        return Ok(current);
    }
    let known = match if_match.base_version() {
        Some(known) => version_body(conn, id, known).await?,
        None => None,
    };
    let names = known.map(|known| ArticleInput::changed(&known, &revision_body(&current)));
    let differs = |name: String| {
        FieldError::field(format!("/{name}"), "changed", format!("`{name}` was changed meanwhile"))
    };
    let errors = names.unwrap_or_default().into_iter().map(differs).collect();
    Err(Error::version_mismatch(current_version, errors))
}

/// Locks an article for a change of its content; rejects one in the trash.
pub(super) async fn editable(
    conn: &mut AsyncPgConnection,
    id: i64,
    if_match: &IfMatch,
) -> Result<AdminArticle> {
    let current = locked(conn, id, if_match).await?;
    if current.editor_fields.status == ArticleStatus::Trashed {
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
    begin_article_write(conn).await?;
    // The ids are those of another article's links, when the input is a copy of that article.
    input.links.iter_mut().for_each(|link| link.id = None);
    let PreparedArticle { draft, slug, links, confirmed_outlets, tags } =
        prepare(conn, editor, input, None).await?;
    let id = store::insert_row(conn, &draft, slug.as_deref(), editor.now).await?;
    let links: Vec<_> = links.into_iter().map(|stored| stored.link).collect();
    links::insert(conn, id, &links, draft.public_since()).await?;
    tags::insert(conn, id, &tags).await?;
    let made = find(conn, id).await?;
    store_revision(conn, editor, &made).await?;
    record(conn, editor, "article.create", &made, json!({"status": made.editor_fields.status}))
        .await?;
    // Last, because others wait for the counters that it updates.
    refresh_articles(conn, &[id]).await?;
    outlets::confirm(conn, &confirmed_outlets).await?;
    Ok(made)
}

/// Replaces an article. A change that changes nothing makes no version.
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
    let prepared = prepare(conn, editor, input, Some(current)).await?;
    if prepared.is_stored(conn, current).await? {
        outlets::confirm(conn, &prepared.confirmed_outlets).await?;
        return find(conn, id).await;
    }
    let PreparedArticle { draft, slug, links, confirmed_outlets, tags } = prepared;
    let before = store_missing_revision(conn, current).await?;
    let former = current.article.summary.slug.as_str();
    let slugs = (former, slug.as_deref().unwrap_or(former));
    store::update_row(conn, id, &draft, slugs, editor.now).await?;
    let summary = &current.article.summary;
    let former: Vec<i64> = summary.links.iter().map(|link| link.id).collect();
    let links_changed = links::replace(conn, id, &former, &links, draft.public_since()).await?;
    let parts_changed = tags::replace(conn, id, &tags).await? || links_changed;
    let made = if parts_changed {
        find(conn, id).await?
    } else {
        with_parts(conn, id, summary.links.clone(), summary.tags.clone()).await?
    };
    let after = store_revision(conn, editor, &made).await?;
    let fields = ArticleInput::changed(&before, &after);
    record(conn, editor, action, &made, json!({"fields": fields})).await?;
    if parts_changed || draft.public_since() != public_since(current) {
        // Last, because others wait for the counters that it updates.
        refresh_articles(conn, &[id]).await?;
    }
    outlets::confirm(conn, &confirmed_outlets).await?;
    Ok(made)
}

/// Returns the time of publication, if the article is public.
fn public_since(article: &AdminArticle) -> Option<DateTime<Utc>> {
    let is_public = article.editor_fields.status == ArticleStatus::Published;
    article.article.summary.published_at.filter(|_| is_public)
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
    if current.editor_fields.status == ArticleStatus::Trashed {
        return Ok(current);
    }
    store_missing_revision(conn, &current).await?;
    set_status(conn, editor, current.id(), ArticleStatus::Trashed, "article.trash").await
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
    if current.editor_fields.status != ArticleStatus::Trashed {
        return Ok(current);
    }
    let earlier: Option<Value> = revisions::table
        .filter(revisions::article_id.eq(current.id()))
        .filter(revisions::version.lt(current.editor_fields.version))
        .order(revisions::version.desc())
        .select(revisions::body)
        .first(conn)
        .await
        .optional()?;
    let former_status = earlier
        .as_ref()
        .and_then(revision_status)
        .map(crate::editor::input::ArticleStatusInput::status);
    let due = current.article.summary.published_at.is_some_and(|at| at <= editor.now);
    let status = match former_status {
        Some(ArticleStatus::Scheduled) if due => ArticleStatus::Draft,
        Some(status) => status,
        None => ArticleStatus::Draft,
    };
    set_status(conn, editor, current.id(), status, "article.restore").await
}

/// Changes the status of an article only.
pub(super) async fn set_status(
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
            articles::publish_error.eq(None::<&str>),
        ))
        .execute(conn)
        .await?;
    let made = find(conn, id).await?;
    store_revision(conn, editor, &made).await?;
    record(conn, editor, action, &made, json!({"status": status})).await?;
    // Last, because others wait for the counters that it updates.
    refresh_articles(conn, &[id]).await?;
    Ok(made)
}

/// Deletes an article permanently, with its comments and revisions, and with what the audit and stored
/// responses say of them. If it was public, its URLs then return 410.
///
/// # Errors
/// When the database fails.
pub(super) async fn purge(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: &AdminArticle,
) -> Result<()> {
    let (id, slug) = (current.id(), current.article.summary.slug.as_str());
    let was_public = was_public(conn, current).await?;
    let comments: Vec<i64> =
        comments::table.filter(comments::article_id.eq(id)).select(comments::id).load(conn).await?;
    // Removes the article from all counters first, which locks tags and outlets in the usual order.
    diesel::update(articles::table.find(id))
        .set(articles::status.eq(ArticleStatus::Trashed.as_str()))
        .execute(conn)
        .await?;
    refresh_articles(conn, &[id]).await?;
    diesel::delete(articles::table.find(id)).execute(conn).await?;
    if was_public {
        diesel::insert_into(purged_articles::table)
            .values((
                purged_articles::id.eq(id),
                purged_articles::slug.eq(slug),
                purged_articles::purged_at.eq(editor.now),
            ))
            .execute(conn)
            .await?;
    }
    audit::erase_details(conn, "comment", &comments).await?;
    let comments = comments.iter().map(|id| format!("/api/v1/comments/{id}"));
    let paths: Vec<String> = comments.chain([current.location()]).collect();
    idempotency::erase_responses(conn, &paths).await?;
    record(conn, editor, "article.purge", current, json!({})).await
}

/// Returns whether an article is or was public.
async fn was_public(conn: &mut AsyncPgConnection, current: &AdminArticle) -> Result<bool> {
    let is_public = |status| matches!(status, ArticleStatus::Published | ArticleStatus::Archived);
    if is_public(current.editor_fields.status) {
        return Ok(true);
    }
    let published = sql::<Bool>("body ->> 'status' in ('published', 'archived')");
    let own = revisions::table.filter(revisions::article_id.eq(current.id()));
    Ok(diesel::select(exists(own.filter(published))).get_result(conn).await?)
}

/// Stores the content of an earlier version as a new one. Status, publication time, slug and corrections
/// stay: what was corrected in public is still said.
///
/// # Errors
/// 404 when that version is not stored.
pub(super) async fn revert(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    current: &AdminArticle,
    number: i32,
) -> Result<AdminArticle> {
    let RevisionWithArticle { article: mut input, .. } =
        version(conn, current.id(), number).await?;
    let now = ArticleInput::of(current);
    let exists_now = |id: &i64| current.article.summary.links.iter().any(|link| link.id == *id);
    for link in &mut input.links {
        link.id = link.id.filter(exists_now);
    }
    let input = ArticleInput {
        slug: now.slug,
        status: now.status,
        published_at: now.published_at,
        corrections: now.corrections,
        ..input
    };
    change(conn, editor, current, input, "article.revert").await
}

/// Stores the current version as a revision; returns its body.
async fn store_revision(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    made: &AdminArticle,
) -> Result<Value> {
    let body = revision_body(made);
    insert_revision(conn, made, editor.now, editor.key, &body).await?;
    Ok(body)
}

/// Stores the current version as a revision, if that was not done: imports store none. Returns its body.
async fn store_missing_revision(
    conn: &mut AsyncPgConnection,
    current: &AdminArticle,
) -> Result<Value> {
    let body = revision_body(current);
    let own = revisions::table.find((current.id(), current.editor_fields.version));
    let is_stored: bool = diesel::select(exists(own)).get_result(conn).await?;
    if !is_stored {
        insert_revision(conn, current, current.article.summary.updated_at, None, &body).await?;
    }
    Ok(body)
}

async fn insert_revision(
    conn: &mut AsyncPgConnection,
    article: &AdminArticle,
    at: DateTime<Utc>,
    key: Option<i64>,
    body: &Value,
) -> Result<()> {
    diesel::insert_into(revisions::table)
        .values((
            revisions::article_id.eq(article.id()),
            revisions::version.eq(article.editor_fields.version),
            revisions::at.eq(at),
            revisions::key_id.eq(key),
            revisions::body.eq(body),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Records a change of an article in the audit log.
async fn record(
    conn: &mut AsyncPgConnection,
    editor: &Editor,
    action: &str,
    article: &AdminArticle,
    mut detail: Value,
) -> Result<()> {
    if let Some(detail) = detail.as_object_mut() {
        detail.insert("version".to_owned(), article.editor_fields.version.into());
    }
    let object = ("article", Some(article.id()));
    audit::record(conn, &editor.who, editor.now, action, object, detail).await
}
