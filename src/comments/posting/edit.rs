//! Editing and deleting a comment with its edit token, of which the hash is stored.

use super::model::{OwnCommentInput, PostedComment};
use super::store::{PostingContext, ReaderIdentity};
use crate::audit;
use crate::comments::erase::erase;
use crate::comments::model::CommentRow;
use crate::comments::policy::Decision;
use crate::comments::rules::{Content, Sample};
use crate::error::{Code, Error, Result};
use crate::extract::MergePatch;
use crate::schema::{articles, comments};
use crate::validation::check_not_blank;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::{AuthorRole, Markup, render};
use serde_json::json;

/// A comment that its author may edit now.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = comments)]
pub(super) struct OwnComment {
    article_id: i64,
    status: String,
    reply_count: i32,
    author_name: Option<String>,
    author_url: Option<String>,
    author_email: Option<String>,
    author_hash: Option<Vec<u8>>,
    author_token_hash: Option<Vec<u8>>,
    text: String,
    held_because: Vec<String>,
    edit_token_hash: Option<Vec<u8>>,
    edit_until: Option<DateTime<Utc>>,
}

impl OwnComment {
    /// Locks a comment, if the token is valid for it.
    ///
    /// # Errors
    /// 404 when there is no such comment; 403 when the token is wrong or expired.
    pub(super) async fn lock(
        conn: &mut AsyncPgConnection,
        id: i64,
        token: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Self> {
        // Before the lock, which would let anybody keep the article's writers waiting.
        let article = Self::find(conn, id, token, now).await?.article_id;
        let lock = articles::table.find(article).select(articles::id).for_no_key_update();
        lock.first::<i64>(conn).await?;
        Self::find(conn, id, token, now).await
    }

    /// Returns a comment, if the token is valid for it.
    async fn find(
        conn: &mut AsyncPgConnection,
        id: i64,
        token: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let own = Self::check_token(conn, id, token).await?;
        if own.edit_until.is_none_or(|until| now >= until) {
            let detail = "a comment can be changed within 15 minutes only";
            return Err(Error::new(Code::EditTokenRefused, detail));
        }
        Ok(own)
    }

    /// Returns a comment, if the token belongs to it.
    ///
    /// # Errors
    /// 404 when there is no such comment; 403 when the token is wrong.
    pub(super) async fn check_token(
        conn: &AsyncPgConnection,
        id: i64,
        token: &[u8],
    ) -> Result<Self> {
        let none = || Error::not_found("comment");
        let own = Self::query().filter(comments::id.eq(id));
        let own: Self = own.first(&mut &*conn).await.optional()?.ok_or_else(none)?;
        if own.edit_token_hash.as_deref() != Some(token) {
            let is_public = own.status == "approved" || own.reply_count > 0;
            let detail = "the token does not belong to this comment";
            return Err(if is_public {
                Error::new(Code::EditTokenRefused, detail)
            } else {
                none()
            });
        }
        if own.status == "deleted" { Err(none()) } else { Ok(own) }
    }

    /// Returns the status after a change. The rules can hold a published comment, but a change never
    /// publishes a held one, nor undoes the decision of an editor.
    fn status_after(&self, decision: &Decision) -> String {
        let stricter = match (self.status.as_str(), decision.status) {
            ("approved", stricter) | ("pending", stricter @ Some("spam")) => stricter,
            _ => None,
        };
        stricter.unwrap_or(&self.status).to_owned()
    }
}

impl PostingContext {
    /// Edits a comment; the rules and the policy are applied again.
    ///
    /// # Errors
    /// As [`OwnComment::lock`]; 422 when the patch is invalid or a rule rejects it.
    pub(super) async fn update(
        &self,
        conn: &mut AsyncPgConnection,
        id: i64,
        token: &[u8],
        patch: MergePatch,
    ) -> Result<(PostedComment, i64)> {
        let own = OwnComment::lock(conn, id, token, self.now).await?;
        let edit: OwnCommentInput = patch.apply(json!({"text": own.text}))?;
        if let Some(error) = check_not_blank("/text", &edit.text) {
            return Err(Error::fields(Code::Invalid, vec![error]));
        }
        let html = render(&edit.text, Markup::Markdown, AuthorRole::Reader);
        let content = Content::of(&edit.text, &html);
        let decision = self.decide_on_edit(conn, id, &own, &content).await?;
        if decision.status.is_none() {
            return Err(decision.rejection());
        }
        let status = own.status_after(&decision);
        let held = status != "approved";
        let reasons = match decision.held_because.as_slice() {
            [] if held => own.held_because.clone(),
            reasons => reasons.to_vec(),
        };
        let row: CommentRow = diesel::update(comments::table.find(id))
            .set((
                comments::text.eq(&edit.text),
                comments::html.eq(html),
                comments::text_hash.eq(content.hash),
                comments::status.eq(status),
                comments::held_because.eq(&reasons),
                comments::edited_at.eq(self.now),
                comments::version.eq(comments::version + 1),
            ))
            .returning(CommentRow::as_select())
            .get_result(conn)
            .await?;
        let who = audit::Actor::reader();
        let object = ("comment", Some(id));
        audit::record(conn, &who, self.now, "comment.edit", object, decision.detail()).await?;
        let posted = PostedComment {
            comment: row.for_author(),
            held_because: reasons,
            edit_token: None,
            edit_token_expires_at: own.edit_until,
            author_token: None,
        };
        Ok((posted, own.article_id))
    }

    /// Applies the policy and the rules to the changed comment.
    async fn decide_on_edit(
        &self,
        conn: &mut AsyncPgConnection,
        id: i64,
        own: &OwnComment,
        content: &Content,
    ) -> Result<Decision> {
        let identity = ReaderIdentity {
            email: own.author_hash.clone(),
            token: own.author_token_hash.clone(),
            client: Some(self.secret.client(self.client_key)),
        };
        let history = identity.history(conn, content.hash.as_deref(), id).await?;
        let sample = Sample {
            content,
            name: own.author_name.as_deref().unwrap_or_default(),
            email: own.author_email.as_deref(),
            url: own.author_url.as_deref(),
            address: Some(self.address),
            honeypot: None,
            form_seconds: None,
            posted_before_at: history.posted_before_at,
            known: history.known,
            now: self.now,
        };
        Ok(Decision::of(self.policy, history.known, self.rules.check(&sample)))
    }
}

/// Deletes a comment by erasing it; returns the id of its article.
///
/// # Errors
/// As [`OwnComment::lock`].
pub(super) async fn withdraw(
    conn: &mut AsyncPgConnection,
    id: i64,
    token: &[u8],
    now: DateTime<Utc>,
) -> Result<i64> {
    let own = OwnComment::lock(conn, id, token, now).await?;
    erase(conn, &[id]).await?;
    let who = audit::Actor::reader();
    audit::record(conn, &who, now, "comment.withdraw", ("comment", Some(id)), json!({})).await?;
    Ok(own.article_id)
}
