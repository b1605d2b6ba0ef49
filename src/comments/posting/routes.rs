//! The routes by which readers post, edit and delete comments.

use super::edit::{OwnComment, withdraw};
use super::model::{CommentInput, OwnCommentInput, PostedComment};
use super::store::{PostingContext, hash};
use crate::articles::{self, CommentPeriod};
use crate::audit;
use crate::comments::CommentState;
use crate::comments::events::{Event, announce};
use crate::comments::rate_limits::RateLimits;
use crate::comments::rules::enabled;
use crate::error::{Code, Error, Result};
use crate::extract::{Body, Client, MergePatch};
use crate::extract::{EmptyQuery, Id, Lookup, Query, Ref};
use crate::idempotency::IdempotencyKey;
use crate::openapi::{PostProblems, WithdrawProblems};
use crate::response::{EDIT_TOKEN, StoredResponse};
use crate::state::{FirstLock, State};
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use diesel_async::AsyncPgConnection;
use futures_util::future::join;
use safe_html::{AuthorRole, Markup, render};
use serde_json::json;
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// The hash of the token in `Roundup-Edit-Token`.
#[derive(Debug, Clone)]
pub(in crate::comments) struct EditToken(Vec<u8>);

impl EditToken {
    /// Checks that this is the token of a comment. It identifies the author even when the comment can no
    /// longer be edited.
    ///
    /// # Errors
    /// 404 when there is no such comment; 403 when the token is not its.
    pub(in crate::comments) async fn check(&self, conn: &AsyncPgConnection, id: i64) -> Result<()> {
        OwnComment::check_token(conn, id, &self.0).await.map(|_own| ())
    }
}

impl FromRequest for EditToken {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = req.headers().get(EDIT_TOKEN).and_then(|token| token.to_str().ok());
        ready(given.map(|token| Self(hash(token))).ok_or_else(|| {
            let detail =
                "`Roundup-Edit-Token` must have the token that was returned with the comment";
            Error::new(Code::EditTokenRefused, detail)
        }))
    }
}

/// Documents the header of a read by the author.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::comments) struct OptionalEditTokenHeader {
    /// The comment's `edit_token`.
    #[param(rename = "Roundup-Edit-Token", nullable = false, max_length = 200)]
    #[expect(dead_code, reason = "only its schema is used")]
    token: Option<String>,
}

/// Post a comment
///
/// No account is needed. `author.email` is never public. The site's policy and rules decide whether
/// the comment is published at once or held for an editor. The tokens in the response are returned only once.
#[utoipa::path(post, path = "/articles/{ref}/comments", tag = "comments", request_body = CommentInput,
    params(("ref" = String, Path, description = "Id or slug", max_length = 200, example = "1"), crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "It is published", body = PostedComment, example = json!(PostedComment::sample(false))),
        (status = 202, description = "It is held; `held_because` says why", body = PostedComment, example = json!(PostedComment::sample(true))), PostProblems))]
pub(in crate::comments) async fn create_comment(
    state: Data<State>,
    comments: Data<CommentState>,
    client: Client,
    which: Ref,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<CommentInput>,
) -> Result<StoredResponse> {
    let mut limits = RateLimits::default();
    let outcome = post(&state, &comments, client, &which, once, body, &mut limits).await;
    limits.apply_headers(outcome)
}

async fn post(
    state: &Data<State>,
    comments: &CommentState,
    client: Client,
    which: &Ref,
    once: IdempotencyKey,
    body: Body<CommentInput>,
    limits: &mut RateLimits,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    limits.check(comments.comments.count(client.rate_limit_key(), now))?;
    let digest = body.digest;
    let new = body.value.check()?;
    let (article, context) = state
        .with_connection(async |conn| {
            // Both end, also after a 404: a connection with a running query could not be used again.
            let context = posting_context(state, comments, conn, client);
            let (article, context) = join(article(conn, which), context).await;
            Ok((article?, context?))
        })
        .await?;
    limits.check(comments.article_comments.count(article, now))?;
    let attempt = once.bind(context.idempotency_owner(new.author_token.as_deref()), &digest);
    let html = render(&new.text, Markup::Markdown, AuthorRole::Reader);
    let period = CommentPeriod::of(state);
    let lock = FirstLock::Article(article);
    let done = State::write_once_with(state, attempt, lock, move |conn| {
        Box::pin(async move {
            let posted = context.post(conn, article, period, new, html).await?;
            let id = posted.comment.id;
            let location = format!("/api/v1/comments/{id}");
            let response = match posted.comment.status {
                "approved" => StoredResponse::created(&posted, &location)?,
                _ => StoredResponse::accepted(&posted, &location)?,
            };
            let response = response.replayed_as(&posted.without_tokens())?;
            Ok((response.with_header("cache-control", "no-store"), id))
        })
    })
    .await;
    match done {
        Ok((response, new)) => {
            if let Some(comment) = new {
                announce(state, &[Event { article, comment, what: "posted" }]);
            }
            Ok(response)
        }
        Err(error) => {
            record_rejection(state, article, &error).await?;
            Err(error)
        }
    }
}

/// Resolves a reference to an article. A former slug works too, because clients do not repeat a POST
/// after a redirect.
async fn article(conn: &AsyncPgConnection, which: &Ref) -> Result<i64> {
    let found = match articles::resolve(conn, which).await? {
        Lookup::Moved(slug) => articles::resolve(conn, &Ref::Slug(slug)).await?,
        found => found,
    };
    match found {
        Lookup::Found(id) => Ok(id),
        _ => Err(Error::purged()),
    }
}

async fn posting_context(
    state: &State,
    comments: &CommentState,
    conn: &AsyncPgConnection,
    client: Client,
) -> Result<PostingContext> {
    Ok(PostingContext {
        secret: comments.secret(conn).await?.clone(),
        rules: comments.rules(enabled(conn).await?),
        policy: state.config().comment_policy,
        address: client.address(),
        client_key: client.rate_limit_key(),
        now: state.clock().now(),
    })
}

/// Records in the audit that a rule rejected a comment. The comment itself is not stored.
async fn record_rejection(state: &Data<State>, article: i64, error: &Error) -> Result<()> {
    if error.code() != Code::CommentRefused {
        return Ok(());
    }
    let now = state.clock().now();
    let rules: Vec<String> =
        error.field_errors().iter().map(|field| field.code.to_string()).collect();
    State::write(state, move |conn| {
        Box::pin(async move {
            let (who, object) = (audit::Actor::reader(), ("article", Some(article)));
            let detail = json!({"held_because": rules});
            audit::record(conn, &who, now, "comment.refuse", object, detail).await
        })
    })
    .await
}

/// Update one's own comment
///
/// A JSON merge patch (RFC 7396) of `{"text"}`, within 15 minutes, with the token that came with
/// the comment. The policy and the rules are applied again.
#[utoipa::path(patch, path = "/comments/{id}", tag = "comments",
    request_body(content = OwnCommentInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("Roundup-Edit-Token" = String, Header, description = "The comment's `edit_token`", max_length = 200)),
    responses((status = 200, description = "It is changed", body = PostedComment, example = json!(PostedComment::sample(false))),
        (status = 202, description = "It is changed and held", body = PostedComment, example = json!(PostedComment::sample(true))), PostProblems))]
pub(in crate::comments) async fn update_comment(
    state: Data<State>,
    comments: Data<CommentState>,
    client: Client,
    id: Id,
    _query: Query<EmptyQuery>,
    token: EditToken,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let mut limits = RateLimits::default();
    let outcome = change(&state, &comments, client, id.0, token, patch, &mut limits).await;
    limits.apply_headers(outcome)
}

async fn change(
    state: &Data<State>,
    comments: &CommentState,
    client: Client,
    id: i64,
    token: EditToken,
    patch: MergePatch,
    limits: &mut RateLimits,
) -> Result<StoredResponse> {
    limits.check(comments.comments.count(client.rate_limit_key(), state.clock().now()))?;
    let context = state
        .with_connection(async |conn| posting_context(state, comments, conn, client).await)
        .await?;
    let (posted, article) = State::write(state, move |conn| {
        Box::pin(async move { context.update(conn, id, &token.0, patch).await })
    })
    .await?;
    announce(state, &[Event { article, comment: id, what: "changed by its author" }]);
    let response = match posted.comment.status {
        "approved" => StoredResponse::ok(&posted)?,
        _ => StoredResponse::accepted(&posted, &format!("/api/v1/comments/{id}"))?,
    };
    Ok(response.with_header("cache-control", "no-store"))
}

/// Delete one's own comment
///
/// Within 15 minutes, with the token that came with the comment. Its content is erased; a comment
/// with replies leaves a tombstone.
#[utoipa::path(delete, path = "/comments/{id}", tag = "comments",
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64),
        ("Roundup-Edit-Token" = String, Header, description = "The comment's `edit_token`", max_length = 200)),
    responses((status = 204, description = "It is deleted"), WithdrawProblems))]
pub(in crate::comments) async fn delete_comment(
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    token: EditToken,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let article = State::write(&state, move |conn| {
        Box::pin(async move { withdraw(conn, id.0, &token.0, now).await })
    })
    .await?;
    announce(&state, &[Event { article, comment: id.0, what: "withdrawn by its author" }]);
    Ok(StoredResponse::no_content())
}
