//! Moderation of single comments, of batches, and of all comments of a reader.

use super::model::{
    AdminCommentInput, ModerationAction, ModerationOutcome, QueueRow, check_author, is_erased,
};
use crate::audit::{self, Actor};
use crate::comments::erase::{Erased, erase};
use crate::comments::rules::Content;
use crate::comments::state::Secret;
use crate::error::{Code, Error, Result};
use crate::response::IfMatch;
use crate::schema::{articles, comments};
use crate::validation::check_not_blank;
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::{AuthorRole, Markup, render};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Locks the articles of these comments in the order of their ids, as every writer does. Returns the
/// ids of the articles.
async fn lock_articles(conn: &mut AsyncPgConnection, comment_ids: &[i64]) -> Result<Vec<i64>> {
    let article_ids =
        comments::table.filter(comments::id.eq_any(comment_ids)).select(comments::article_id);
    let locked = articles::table
        .filter(articles::id.eq_any(article_ids))
        .order(articles::id)
        .select(articles::id)
        .for_no_key_update()
        .load(conn)
        .await?;
    Ok(locked)
}

/// Locks the article of a comment and returns the comment, if `If-Match` allows its version.
///
/// # Errors
/// 404, or 412 for another version.
pub(super) async fn lock_and_load(
    conn: &mut AsyncPgConnection,
    id: i64,
    if_match: &IfMatch,
) -> Result<QueueRow> {
    lock_articles(conn, &[id]).await?;
    let row: Option<QueueRow> =
        QueueRow::query().filter(comments::id.eq(id)).first(conn).await.optional()?;
    let row = row.ok_or_else(|| Error::not_found("comment"))?;
    if if_match.allows(row.version) {
        return Ok(row);
    }
    Err(Error::version_mismatch(row.version, Vec::new()))
}

/// Updates a comment; does nothing if nothing changes.
///
/// # Errors
/// 409 when it was erased; 422 for an invalid URL.
pub(super) async fn update(
    conn: &mut AsyncPgConnection,
    secret: &Secret,
    row: &QueueRow,
    form: AdminCommentInput,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<()> {
    let before = row.form()?;
    if form == before {
        return Ok(());
    }
    if row.is_erased() {
        return Err(Error::new(Code::Conflict, "the comment was erased and cannot be restored"));
    }
    if let Some(error) = check_not_blank("/text", &form.text) {
        return Err(Error::fields(Code::Invalid, vec![error]));
    }
    let (name, url) = (form.author.name.as_deref(), form.author.url.as_deref());
    check_author(("/author/name", name), ("/author/url", url))?;
    if form.status != before.status {
        set_status(conn, &[row.id], form.status.as_str()).await?;
    }
    // The HTML also depends on whether the author is an editor.
    let text_changed = form.text != before.text || form.author.is_editor != before.author.is_editor;
    if text_changed {
        let role = if form.author.is_editor { AuthorRole::Editor } else { AuthorRole::Reader };
        let html = render(&form.text, Markup::Markdown, role);
        let hash = Content::of(&form.text, &html).hash;
        diesel::update(comments::table.find(row.id))
            .set((
                comments::text.eq(&form.text),
                comments::html.eq(html),
                comments::text_hash.eq(hash),
            ))
            .execute(conn)
            .await?;
    }
    let email = form.author.email.as_deref();
    diesel::update(comments::table.find(row.id))
        .set((
            comments::author_name.eq(&form.author.name),
            comments::author_url.eq(&form.author.url),
            comments::author_email.eq(email),
            comments::author_hash.eq(email.map(|email| secret.email(email))),
            comments::is_editor.eq(form.author.is_editor),
            // The same value that `set_status` wrote.
            comments::version.eq(row.version + 1),
        ))
        .execute(conn)
        .await?;
    // Contains neither text nor author, because the audit record is kept after the comment is erased.
    let detail = json!({
        "status": {"from": before.status, "to": form.status},
        "text_changed": text_changed,
        "author_changed": form.author != before.author,
    });
    audit::record(conn, actor, now, "comment.change", ("comment", Some(row.id)), detail).await
}

/// Sets the status of comments.
async fn set_status(conn: &mut AsyncPgConnection, ids: &[i64], status: &str) -> Result<()> {
    let selected = || comments::table.filter(comments::id.eq_any(ids));
    // A comment that is removed twice keeps the status from before the first removal.
    let former = if matches!(status, "rejected" | "spam" | "deleted") {
        "case when comments.status in ('approved', 'pending') then comments.status \
         else coalesce(comments.former_status, 'pending') end"
    } else {
        "null::text"
    };
    diesel::update(selected())
        .set((
            comments::former_status.eq(sql::<Nullable<Text>>(former)),
            comments::status.eq(status),
            comments::version.eq(comments::version + 1),
        ))
        .execute(conn)
        .await?;
    if status == "approved" {
        let reported = selected().filter(comments::report_count.gt(0));
        diesel::update(reported).set(comments::report_count.eq(0)).execute(conn).await?;
    }
    Ok(())
}

/// The state of a comment before moderation.
struct PreviousState {
    article: i64,
    status: String,
    former_status: Option<String>,
}

/// What an action does to a comment.
enum Effect {
    Nothing,
    SetStatus(String),
    Erase,
    Fail(&'static str),
}

impl PreviousState {
    fn effect(&self, action: ModerationAction) -> Effect {
        let erased = is_erased(&self.status, self.former_status.as_deref());
        let status = match action {
            ModerationAction::Purge => return Effect::Erase,
            ModerationAction::Delete if erased => return Effect::Nothing,
            _ if erased => return Effect::Fail("erased"),
            ModerationAction::Approve => "approved",
            ModerationAction::Reject => "rejected",
            ModerationAction::Spam => "spam",
            ModerationAction::Delete => "deleted",
            ModerationAction::Restore => match self.status.as_str() {
                "approved" | "pending" => return Effect::Fail("nothing_to_restore"),
                _ => self.former_status.as_deref().unwrap_or("pending"),
            },
        };
        if status == self.status { Effect::Nothing } else { Effect::SetStatus(status.to_owned()) }
    }
}

/// Applies an action to many comments; returns the outcome and the article of each.
///
/// # Errors
/// When the database fails. A comment that the action does not apply to is reported in its outcome.
pub(super) async fn moderate_batch(
    conn: &mut AsyncPgConnection,
    ids: &[i64],
    action: ModerationAction,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<(ModerationOutcome, Option<i64>)>> {
    lock_articles(conn, ids).await?;
    let rows: Vec<(i64, i64, String, Option<String>)> = comments::table
        .filter(comments::id.eq_any(ids))
        .select((comments::id, comments::article_id, comments::status, comments::former_status))
        .load(conn)
        .await?;
    let before: HashMap<i64, PreviousState> = rows
        .into_iter()
        .map(|(id, article, status, former_status)| {
            (id, PreviousState { article, status, former_status })
        })
        .collect();
    let (mut by_status, mut to_erase) = (BTreeMap::<String, Vec<i64>>::new(), Vec::new());
    let mut results = Vec::with_capacity(ids.len());
    let mut seen = HashSet::new();
    for id in ids.iter().copied().filter(|id| seen.insert(*id)) {
        let Some(comment) = before.get(&id) else {
            let error = Some("not_found");
            results.push((ModerationOutcome { id, status: None, changed: false, error }, None));
            continue;
        };
        let current = Some(comment.status.clone());
        let outcome = match comment.effect(action) {
            Effect::Nothing => {
                ModerationOutcome { id, status: current, changed: false, error: None }
            }
            Effect::Fail(error) => {
                ModerationOutcome { id, status: current, changed: false, error: Some(error) }
            }
            Effect::SetStatus(status) => {
                by_status.entry(status.clone()).or_default().push(id);
                ModerationOutcome { id, status: Some(status), changed: true, error: None }
            }
            Effect::Erase => {
                to_erase.push(id);
                ModerationOutcome { id, status: None, changed: true, error: None }
            }
        };
        results.push((outcome, Some(comment.article)));
    }
    for (status, ids) in &by_status {
        set_status(conn, ids, status).await?;
    }
    erase(conn, &to_erase).await?;
    record_audit_events(conn, &results, &before, action, actor, now).await?;
    Ok(results)
}

/// Records an audit event for each changed comment.
async fn record_audit_events(
    conn: &mut AsyncPgConnection,
    results: &[(ModerationOutcome, Option<i64>)],
    before: &HashMap<i64, PreviousState>,
    action: ModerationAction,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<()> {
    let events = results.iter().filter(|(outcome, _)| outcome.changed).map(|(outcome, _)| {
        let from = before.get(&outcome.id).map(|before| &before.status);
        let detail = json!({"status": {"from": from, "to": outcome.status}});
        (("comment", Some(outcome.id)), detail)
    });
    audit::record_all(conn, actor, now, action.audit_action(), events.collect()).await
}

/// Erases all comments by the reader with this e-mail address. Returns the counts and the (comment,
/// article) ids.
///
/// # Errors
/// When the database fails.
pub(super) async fn erase_reader(
    conn: &mut AsyncPgConnection,
    secret: &Secret,
    email: &str,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(Erased, Vec<(i64, i64)>)> {
    let hash = secret.email(email);
    let lower = email.trim().to_lowercase();
    let by_reader = || {
        comments::table.filter(
            comments::author_hash
                .assume_not_null()
                .eq(hash.clone())
                .or(sql::<Bool>("lower(comments.author_email) = ").bind::<Text, _>(lower.clone())),
        )
    };
    let ids: Vec<i64> = by_reader().select(comments::id).load(conn).await?;
    let locked = lock_articles(conn, &ids).await?;
    // Comments may have been added or deleted before the articles were locked.
    let found: Vec<(i64, i64)> = by_reader()
        .filter(comments::article_id.eq_any(locked))
        .select((comments::id, comments::article_id))
        .load(conn)
        .await?;
    let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
    let erased = erase(conn, &ids).await?;
    let events = ids.iter().map(|id| (("comment", Some(*id)), json!({})));
    audit::record_all(conn, actor, now, "comment.erase", events.collect()).await?;
    Ok((erased, found))
}
