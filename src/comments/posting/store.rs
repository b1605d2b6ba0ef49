//! Stores the comments of readers.

use super::model::{CommentInput, PostedComment};
use super::parent::{CommentParent, find_parent, open_article};
use crate::articles::CommentPeriod;
use crate::audit;
use crate::comments::model::CommentRow;
use crate::comments::policy::{Decision, Policy};
use crate::comments::rules::{Content, RuleSet, Sample};
use crate::comments::state::Secret;
use crate::comments::store::new_ids;
use crate::error::{Error, Result};
use crate::schema::comments;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{exists, max};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use std::sync::Arc;

/// How long the author may edit a comment.
const EDIT_PERIOD: TimeDelta = TimeDelta::minutes(15);

/// What is needed to check and store a comment.
#[derive(Debug, Clone)]
pub(super) struct PostingContext {
    pub(super) rules: Arc<RuleSet>,
    pub(super) policy: Policy,
    pub(super) secret: Secret,
    pub(super) address: IpAddr,
    /// The client as rate limits count it: an IPv4 address, or the /64 of an IPv6 address.
    pub(super) client_key: IpAddr,
    pub(super) now: DateTime<Utc>,
}

/// What identifies a reader.
#[derive(Debug, Clone, Default)]
pub(super) struct ReaderIdentity {
    /// The hash of the e-mail address, which anybody may type.
    pub(super) email: Option<Vec<u8>>,
    /// The hash of the author token, which only the reader has.
    pub(super) token: Option<Vec<u8>>,
    /// The hash of the client's address.
    pub(super) client: Option<Vec<u8>>,
}

/// A comment to store.
#[derive(Debug, Clone, Default)]
pub(in crate::comments) struct NewRow {
    pub(in crate::comments) article: i64,
    pub(in crate::comments) status: &'static str,
    pub(in crate::comments) author_name: String,
    pub(in crate::comments) author_url: Option<String>,
    pub(in crate::comments) author_email: Option<String>,
    pub(in crate::comments) author_hash: Option<Vec<u8>>,
    pub(in crate::comments) author_token_hash: Option<Vec<u8>>,
    pub(in crate::comments) is_editor: bool,
    pub(in crate::comments) text: String,
    pub(in crate::comments) html: String,
    pub(in crate::comments) text_hash: Option<Vec<u8>>,
    pub(in crate::comments) held_because: Vec<String>,
    pub(in crate::comments) client_hash: Option<Vec<u8>>,
    pub(in crate::comments) edit_token: Option<(Vec<u8>, DateTime<Utc>)>,
}

/// Stores a comment below its parent.
///
/// # Errors
/// When the database fails.
pub(in crate::comments) async fn insert(
    conn: &mut AsyncPgConnection,
    parent: &CommentParent,
    new: NewRow,
    now: DateTime<Utc>,
) -> Result<CommentRow> {
    let id = new_ids(conn, 1).await?.into_iter().next().unwrap_or_default();
    let path = parent.path(id)?;
    let (token, until) = new.edit_token.unzip();
    Ok(diesel::insert_into(comments::table)
        .values((
            (
                comments::id.eq(id),
                comments::article_id.eq(new.article),
                comments::parent_id.eq(parent.id()),
                comments::root_id.eq(path.root()),
                comments::depth.eq(parent.depth()),
                comments::path.eq(path.to_bytes()),
                comments::status.eq(new.status),
                comments::created_at.eq(now),
                comments::listed_at.eq(now),
            ),
            (
                comments::author_name.eq(new.author_name),
                comments::author_url.eq(new.author_url),
                comments::author_email.eq(new.author_email),
                comments::author_hash.eq(new.author_hash),
                comments::author_token_hash.eq(new.author_token_hash),
                comments::is_editor.eq(new.is_editor),
                comments::text.eq(new.text),
                comments::html.eq(new.html),
                comments::text_hash.eq(new.text_hash),
                comments::held_because.eq(new.held_because),
                comments::client_hash.eq(new.client_hash),
                comments::edit_token_hash.eq(token),
                comments::edit_until.eq(until),
            ),
        ))
        .returning(CommentRow::as_select())
        .get_result(conn)
        .await?)
}

/// Returns a new token of 256 random bits, and its hash. With that much entropy a fast hash is enough.
fn token(prefix: &str) -> Result<(String, Vec<u8>)> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let token = format!("{prefix}_{}", BASE64.encode(random));
    let hash = hash(&token);
    Ok((token, hash))
}

/// Returns the hash under which a token is stored.
pub(super) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

impl ReaderIdentity {
    /// Whether the reader has an approved comment and none that is spam, `except` not counted. Spam that came
    /// from elsewhere with the reader's e-mail address does not count: it may be a stranger's.
    pub(super) async fn known(&self, conn: &mut AsyncPgConnection, except: i64) -> Result<bool> {
        if self.email.is_none() && self.token.is_none() {
            return Ok(false);
        }
        let with = |status: &'static str| {
            comments::table.filter(comments::status.eq(status)).filter(comments::id.ne(except))
        };
        let same_token = comments::author_token_hash.eq(self.token.clone());
        let same_email = comments::author_hash.eq(self.email.clone());
        let same_client = comments::client_hash.eq(self.client.clone());
        let approved = with("approved").filter(same_email.clone().or(same_token.clone()));
        let spam = with("spam").filter(same_token.or(same_email.and(same_client)));
        let approved = diesel::select(exists(approved)).get_result::<bool>(conn).await?;
        Ok(approved && !diesel::select(exists(spam)).get_result::<bool>(conn).await?)
    }

    /// Whether a comment came with this token.
    async fn has_token(&self, conn: &mut AsyncPgConnection) -> Result<bool> {
        let Some(token) = &self.token else { return Ok(false) };
        let with = comments::table.filter(comments::author_token_hash.eq(token));
        Ok(diesel::select(exists(with)).get_result(conn).await?)
    }
}

/// Returns when the same text was last posted, apart from the comment `except`.
///
/// # Errors
/// When the database fails.
pub(in crate::comments) async fn same_text(
    conn: &AsyncPgConnection,
    hash: Option<&[u8]>,
    except: Option<i64>,
) -> Result<Option<DateTime<Utc>>> {
    let Some(hash) = hash else { return Ok(None) };
    let last = comments::table
        .filter(comments::text_hash.eq(hash))
        .filter(comments::id.ne(except.unwrap_or(0)))
        .select(max(comments::listed_at));
    Ok(last.get_result(&mut &*conn).await?)
}

impl PostingContext {
    /// Returns the owner of a reader's idempotency keys: the reader that the token identifies, otherwise the
    /// client. So nobody else gets the response to this reader's comment.
    pub(super) fn idempotency_owner(&self, author_token: Option<&str>) -> String {
        match author_token {
            Some(token) => format!("reader:{}", BASE64.encode(hash(token))),
            None => format!("client:{}", BASE64.encode(self.secret.client(self.client_key))),
        }
    }

    /// Stores a comment, published or held; returns it with its tokens.
    ///
    /// # Errors
    /// As [`open_article`] and [`find_parent`]; 422 when a rule rejects it.
    pub(super) async fn post(
        &self,
        conn: &mut AsyncPgConnection,
        article: i64,
        period: CommentPeriod,
        new: CommentInput,
        html: String,
    ) -> Result<PostedComment> {
        open_article(conn, article, period).await?;
        let parent = find_parent(conn, article, new.parent_id).await?;
        let mut identity = ReaderIdentity {
            email: new.author.email.as_deref().map(|email| self.secret.email(email)),
            token: new.author_token.as_deref().map(hash),
            client: Some(self.secret.client(self.client_key)),
        };
        let known = identity.known(conn, 0).await?;
        let content = Content::of(&new.text, &html);
        let decision = self.decide(conn, &new, &content, known).await?;
        let Some(status) = decision.status else { return Err(decision.rejection()) };
        let mut author_token = None;
        if self.policy.identifies_authors() && !identity.has_token(conn).await? {
            let (token, hash) = token("at")?;
            (author_token, identity.token) = (Some(token), Some(hash));
        }
        let (edit_token, edit_hash) = token("et")?;
        let until = self.now + EDIT_PERIOD;
        let row = NewRow {
            article,
            status,
            author_name: new.author.name,
            author_url: new.author.url,
            author_email: new.author.email,
            author_hash: identity.email,
            author_token_hash: identity.token,
            is_editor: false,
            text: new.text,
            html,
            text_hash: content.hash,
            held_because: decision.held_because.clone(),
            client_hash: identity.client,
            edit_token: Some((edit_hash, until)),
        };
        let row = insert(conn, &parent, row, self.now).await?;
        if status != "approved" {
            let reader = audit::Actor::reader();
            let (action, object) = ("comment.hold", ("comment", Some(row.id)));
            audit::record(conn, &reader, self.now, action, object, decision.detail()).await?;
        }
        Ok(PostedComment {
            comment: row.for_author(),
            held_because: decision.held_because,
            edit_token: Some(edit_token),
            edit_token_expires_at: Some(until),
            author_token,
        })
    }

    /// Applies the policy and the rules to a new comment.
    async fn decide(
        &self,
        conn: &mut AsyncPgConnection,
        new: &CommentInput,
        content: &Content,
        known: bool,
    ) -> Result<Decision> {
        let sample = Sample {
            content,
            name: &new.author.name,
            email: new.author.email.as_deref(),
            url: new.author.url.as_deref(),
            address: Some(self.address),
            honeypot: new.honeypot.as_deref(),
            form_seconds: new.form_seconds,
            posted_before_at: same_text(conn, content.hash.as_deref(), None).await?,
            known,
            now: self.now,
        };
        Ok(Decision::of(self.policy, known, self.rules.check(&sample)))
    }
}
