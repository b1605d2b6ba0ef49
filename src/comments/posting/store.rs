//! Stores the comments of readers.

use super::model::{CommentInput, PostedComment};
use super::parent::{CommentParent, find_parent, open_article};
use crate::articles::CommentPeriod;
use crate::audit;
use crate::comments::model::CommentRow;
use crate::comments::policy::{Decision, Policy};
use crate::comments::rules::{Content, RuleSet, Sample};
use crate::comments::state::Secret;
use crate::comments::store::new_id;
use crate::error::{Error, Result};
use crate::schema::comments;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{exists, max};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::join4;
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

/// Stores a comment with a new id below its parent.
///
/// # Errors
/// When the database fails.
pub(in crate::comments) async fn insert(
    conn: &AsyncPgConnection,
    (id, parent): (i64, &CommentParent),
    new: NewRow,
    now: DateTime<Utc>,
) -> Result<CommentRow> {
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
        .get_result(&mut &*conn)
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

/// What the site knows of a reader and of a text.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// Whether the reader has an approved comment and none that is spam. Spam that came from elsewhere with
    /// the reader's e-mail address does not count: it may be a stranger's.
    pub(super) known: bool,
    /// Whether a comment came with the reader's token.
    has_token: bool,
    /// When the same text was last posted.
    pub(super) posted_before_at: Option<DateTime<Utc>>,
}

impl ReaderIdentity {
    /// Returns the history of this reader and of the text with this hash, apart from the comment `except`.
    pub(super) async fn history(
        &self,
        conn: &AsyncPgConnection,
        text_hash: Option<&[u8]>,
        except: i64,
    ) -> Result<History> {
        let with = |status: &'static str| {
            comments::table.filter(comments::status.eq(status)).filter(comments::id.ne(except))
        };
        let same_token = comments::author_token_hash.eq(&self.token);
        let same_email = comments::author_hash.eq(&self.email);
        let same_client = comments::client_hash.eq(&self.client);
        let same_text = comments::table
            .filter(comments::text_hash.eq(text_hash))
            .filter(comments::id.ne(except))
            .select(max(comments::listed_at));
        let query = diesel::select((
            exists(with("approved").filter(same_email.or(same_token))),
            exists(with("spam").filter(same_token.or(same_email.and(same_client)))),
            exists(comments::table.filter(same_token)),
            same_text.single_value(),
        ));
        let (approved, spam, has_token, posted_before_at): (bool, bool, bool, Option<_>) =
            query.get_result(&mut &*conn).await?;
        Ok(History { known: approved && !spam, has_token, posted_before_at })
    }
}

/// Returns when the text with this hash was last posted.
///
/// # Errors
/// When the database fails.
pub(in crate::comments) async fn same_text(
    conn: &AsyncPgConnection,
    hash: Option<&[u8]>,
) -> Result<Option<DateTime<Utc>>> {
    Ok(ReaderIdentity::default().history(conn, hash, 0).await?.posted_before_at)
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

    /// Stores a comment, published or held; returns it with its tokens. The transaction has locked the article:
    /// every write to comments does that first, because the counters are on that row anyway, and one order of
    /// locks prevents deadlocks.
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
        let mut identity = ReaderIdentity {
            email: new.author.email.as_deref().map(|email| self.secret.email(email)),
            token: new.author_token.as_deref().map(hash),
            client: Some(self.secret.client(self.client_key)),
        };
        let content = Content::of(&new.text, &html);
        let (open, parent, history, id) = join4(
            open_article(conn, article, period),
            find_parent(conn, article, new.parent_id),
            identity.history(conn, content.hash.as_deref(), 0),
            new_id(conn),
        )
        .await;
        open?;
        let (parent, history, id) = (parent?, history?, id?);
        let decision = self.decide(&new, &content, &history);
        let Some(status) = decision.status else { return Err(decision.rejection()) };
        let mut author_token = None;
        if self.policy.identifies_authors() && !history.has_token {
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
        let row = insert(conn, (id, &parent), row, self.now).await?;
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
    fn decide(&self, new: &CommentInput, content: &Content, history: &History) -> Decision {
        let sample = Sample {
            content,
            name: &new.author.name,
            email: new.author.email.as_deref(),
            url: new.author.url.as_deref(),
            address: Some(self.address),
            honeypot: new.honeypot.as_deref(),
            form_seconds: new.form_seconds,
            posted_before_at: history.posted_before_at,
            known: history.known,
            now: self.now,
        };
        Decision::of(self.policy, history.known, self.rules.check(&sample))
    }
}
