//! The routes for moderation.

use super::model::{
    AdminComment, AdminCommentInput, AdminCommentWithReports, EditorCommentInput, EraseReaderInput,
    EraseReaderResult, ModerationBatchInput, ModerationBatchResult, QueueQuery,
};
use super::{editor_comment, moderate, query};
use crate::audit::Actor;
use crate::auth::{Allowed, Principal, scope};
use crate::comments::CommentState;
use crate::comments::events::{Event, announce};
use crate::comments::model::{Comment, EditorComment};
use crate::error::{Error, Result};
use crate::extract::{Body, MergePatch, QueryTriple};
use crate::extract::{EmptyQuery, FieldsQuery, Id, Query};
use crate::idempotency::IdempotencyKey;
use crate::openapi::{AdminReadProblems, AdminWriteProblems};
use crate::page::{Page, PageQuery};
use crate::response::{IfMatch, JsonResponse, StoredResponse, VersionHeader};
use crate::state::{FirstLock, State};
use actix_web::web::{Data, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/comments").get(admin_list_comments))
        .service(resource("/comments/batch").post(admin_moderate_comments))
        .service(resource("/comments/erase").post(admin_erase_reader))
        .service(resource("/comments/{id}").get(admin_get_comment).patch(admin_update_comment))
        .service(resource("/comments/{id}/replies").post(admin_create_reply))
        .service(resource("/articles/{id}/comments").post(admin_create_comment));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        admin_list_comments,
        admin_get_comment,
        admin_update_comment,
        admin_moderate_comments,
        admin_erase_reader,
        admin_create_reply,
        admin_create_comment
    ),
    components(schemas(AdminCommentInput))
)]
pub struct Docs;

/// List comments in any status
///
/// The latest first. `status=pending` is the queue of those that wait for a decision.
#[utoipa::path(get, path = "/comments", tag = "moderation", params(QueueQuery, FieldsQuery, PageQuery), security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "A page of comments", body = Page<AdminComment>, example = json!(Page::sample(AdminComment::sample()))), AdminReadProblems))]
async fn admin_list_comments(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    QueryTriple(queue, one, page): QueryTriple<QueueQuery, FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let filter = query::Filter::of(&queue)?;
    let scan = page.scan(&("queue", &queue))?;
    let found = state.read(async |conn| query::page(conn, &filter, &scan).await).await?;
    JsonResponse::page(found, one.fields.as_deref(), AdminComment::sample)
}

/// Get a comment in any status, with its reports
///
/// Including comments that are held, marked as spam or removed. The `ETag` is for `If-Match`.
#[utoipa::path(get, path = "/comments/{id}", tag = "moderation", security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The comment", body = AdminCommentWithReports, example = json!(AdminCommentWithReports::sample())), AdminReadProblems))]
async fn admin_get_comment(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let found = state.read(async |conn| query::find(conn, id.0).await).await?;
    Ok(StoredResponse::ok(&found)?.with_version(found.comment.version))
}

/// Update a comment: its status, text or author
///
/// A JSON merge patch (RFC 7396) of `{"status","text","author":{"name","email","url","is_editor"}}`.
#[utoipa::path(patch, path = "/comments/{id}", tag = "moderation", security(("key" = ["comments:moderate"])),
    request_body(content = AdminCommentInput, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The comment", body = AdminCommentWithReports, example = json!(AdminCommentWithReports::sample())), AdminWriteProblems))]
async fn admin_update_comment(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    comments: Data<CommentState>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let secret = state.with_connection(async |conn| comments.secret(conn).await.cloned()).await?;
    let changed = State::write(&state, move |conn| {
        Box::pin(async move {
            let who = Actor::of(&caller.principal);
            let row = moderate::lock_and_load(conn, id.0, &known).await?;
            let form = serde_json::to_value(row.form()?).map_err(Error::internal)?;
            let form: AdminCommentInput = patch.apply(form)?;
            moderate::update(conn, &secret, &row, form, &who, now).await?;
            query::find(conn, id.0).await
        })
    })
    .await?;
    let article = changed.comment.article.id;
    announce(&state, &[Event { article, comment: id.0, what: "changed by an editor" }]);
    Ok(StoredResponse::ok(&changed)?.with_version(changed.comment.version))
}

/// Moderate up to 500 comments at once
///
/// Returns the outcome for each comment; a failure does not affect the others.
#[utoipa::path(post, path = "/comments/batch", tag = "moderation", request_body = ModerationBatchInput, security(("key" = ["comments:moderate"])),
    params(crate::idempotency::IdempotencyKeyHeader),
    responses((status = 200, description = "The outcome for each comment", body = ModerationBatchResult, example = json!(ModerationBatchResult::sample())), AdminWriteProblems))]
async fn admin_moderate_comments(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<ModerationBatchInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let once = once.bind(caller.principal.owner(), &body.digest);
    let ModerationBatchInput { ids, action } = body.value;
    let (done, events) = State::write_once_with(&state, once, FirstLock::Nothing, move |conn| {
        Box::pin(async move {
            let who = Actor::of(&caller.principal);
            let outcomes = moderate::moderate_batch(conn, &ids, action, &who, now).await?;
            let event = |(outcome, article): &(super::model::ModerationOutcome, Option<i64>)| {
                let (article, comment) = ((*article)?, outcome.id);
                outcome.changed.then_some(Event { article, comment, what: action.audit_action() })
            };
            let events: Vec<Event> = outcomes.iter().filter_map(event).collect();
            let results = outcomes.into_iter().map(|(outcome, _)| outcome).collect();
            Ok((StoredResponse::ok(&ModerationBatchResult { results })?, events))
        })
    })
    .await?;
    announce(&state, &events.unwrap_or_default());
    Ok(done)
}

/// Erase a reader's comments
///
/// All comments with this e-mail address: content and author are erased permanently.
#[utoipa::path(post, path = "/comments/erase", tag = "moderation", request_body = EraseReaderInput, security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "The number of comments erased", body = EraseReaderResult, example = json!(EraseReaderResult { removed: 3, emptied: 1 })), AdminWriteProblems))]
async fn admin_erase_reader(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    comments: Data<CommentState>,
    _query: Query<EmptyQuery>,
    body: Body<EraseReaderInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let secret = state.with_connection(async |conn| comments.secret(conn).await.cloned()).await?;
    let (erased, found) = State::write(&state, move |conn| {
        Box::pin(async move {
            let who = Actor::of(&caller.principal);
            moderate::erase_reader(conn, &secret, &body.value.email, &who, now).await
        })
    })
    .await?;
    let event = |(comment, article)| Event { article, comment, what: "erased" };
    announce(&state, &found.into_iter().map(event).collect::<Vec<_>>());
    StoredResponse::ok(&EraseReaderResult { removed: erased.removed, emptied: erased.emptied })
}

/// Reply to a comment as an editor
///
/// It is published at once with `is_editor`, also where comments are closed.
#[utoipa::path(post, path = "/comments/{id}/replies", tag = "moderation", request_body = EditorCommentInput, security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "The comment to reply to", minimum = 1, maximum = 9_007_199_254_740_991_i64), crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The reply", body = EditorComment, example = json!(Comment::sample())), AdminWriteProblems))]
async fn admin_create_reply(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<EditorCommentInput>,
) -> Result<StoredResponse> {
    create_comment(&state, caller.principal, Target::Comment(id.0), once, body).await
}

/// Comment on an article as an editor
///
/// It is published at once with `is_editor`, also where comments are closed.
#[utoipa::path(post, path = "/articles/{id}/comments", tag = "moderation", request_body = EditorCommentInput, security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "The article", minimum = 1, maximum = 9_007_199_254_740_991_i64), crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The comment", body = EditorComment, example = json!(Comment::sample())), AdminWriteProblems))]
async fn admin_create_comment(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<EditorCommentInput>,
) -> Result<StoredResponse> {
    create_comment(&state, caller.principal, Target::Article(id.0), once, body).await
}

/// What an editor comments on.
#[derive(Debug, Clone, Copy)]
enum Target {
    Article(i64),
    Comment(i64),
}

/// Stores the comment of an editor.
async fn create_comment(
    state: &Data<State>,
    who: Principal,
    target: Target,
    once: IdempotencyKey,
    body: Body<EditorCommentInput>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let once = once.bind(who.owner(), &body.digest);
    let (done, event) = State::write_once_with(state, once, FirstLock::Nothing, move |conn| {
        Box::pin(async move {
            let (article, parent) = match target {
                Target::Article(id) => (id, None),
                Target::Comment(id) => (editor_comment::article_of(conn, id).await?, Some(id)),
            };
            let actor = (&Actor::of(&who), who.name.clone());
            let made =
                editor_comment::create(conn, article, parent, body.value, actor, now).await?;
            let what = "answered by an editor";
            let event = Event { article, comment: made.id, what };
            let location = format!("/api/v1/comments/{}", made.id);
            Ok((StoredResponse::created(&made, &location)?, event))
        })
    })
    .await?;
    announce(state, event.as_slice());
    Ok(done)
}
