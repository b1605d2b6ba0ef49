//! Moderating over HTTP.

use super::model::{
    Batch, BatchResult, CommentForm, EditorsAnswer, EraseReader, ErasedReader, ModeratedComment,
    QueueQuery, ReportedComment,
};
use super::{answer, decide, query};
use crate::audit::Actor;
use crate::auth::{Allowed, Principal, scope};
use crate::comments::CommentState;
use crate::comments::events::{Event, announce};
use crate::comments::model::{Comment, EditorsComment};
use crate::error::{Error, Result};
use crate::extract::{Body, MergePatch, QueryTriple};
use crate::extract::{EmptyQuery, FieldsQuery, Id, Query};
use crate::idempotency::IdempotencyKey;
use crate::openapi::{AdminReadProblems, AdminWriteProblems};
use crate::page::{Page, PageQuery};
use crate::response::{IfMatch, JsonResponse, StoredResponse, VersionHeader};
use crate::state::State;
use actix_web::web::{Data, ServiceConfig, resource};
use utoipa::OpenApi;

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/comments").get(list_queue))
        .service(resource("/comments/batch").post(decide_batch))
        .service(resource("/comments/erase").post(erase_reader))
        .service(resource("/comments/{id}").get(get_queued).patch(change_queued))
        .service(resource("/comments/{id}/replies").post(answer_comment))
        .service(resource("/articles/{id}/comments").post(comment_as_editor));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        list_queue,
        get_queued,
        change_queued,
        decide_batch,
        erase_reader,
        answer_comment,
        comment_as_editor
    ),
    components(schemas(CommentForm))
)]
pub struct Docs;

/// List comments in any status
///
/// The latest first. `status=pending` is the queue of those that wait for a decision.
#[utoipa::path(get, path = "/comments", tag = "moderation", params(QueueQuery, FieldsQuery, PageQuery), security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "A page of comments", body = Page<ModeratedComment>, example = json!(Page::sample(ModeratedComment::sample()))), AdminReadProblems))]
async fn list_queue(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    QueryTriple(queue, one, page): QueryTriple<QueueQuery, FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let filter = query::Filter::of(&queue)?;
    let scan = page.scan(&("queue", &queue))?;
    let found = state.read(async |conn| query::page(conn, &filter, &scan).await).await?;
    JsonResponse::page(found, one.fields.as_deref(), ModeratedComment::sample)
}

/// Get a comment in any status, with the reports about it
///
/// Also what is held, marked as spam or removed. `ETag` is for `If-Match`.
#[utoipa::path(get, path = "/comments/{id}", tag = "moderation", security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 200, description = "The comment", body = ReportedComment, example = json!(ReportedComment::sample())), AdminReadProblems))]
async fn get_queued(
    _caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
) -> Result<StoredResponse> {
    let found = state.read(async |conn| query::find(conn, id.0).await).await?;
    Ok(StoredResponse::ok(&found)?.with_version(found.comment.version))
}

/// Change a comment: its status, its text, its author
///
/// A JSON merge patch (RFC 7396) of `{"status","text","author":{"name","email","url","is_editor"}}`.
#[utoipa::path(patch, path = "/comments/{id}", tag = "moderation", security(("key" = ["comments:moderate"])),
    request_body(content = CommentForm, content_type = "application/merge-patch+json"),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), VersionHeader),
    responses((status = 200, description = "The comment", body = ReportedComment, example = json!(ReportedComment::sample())), AdminWriteProblems))]
async fn change_queued(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    comments: Data<CommentState>,
    id: Id,
    _query: Query<EmptyQuery>,
    known: IfMatch,
    patch: MergePatch,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let secret = state.read(async |conn| comments.secret(conn).await.cloned()).await?;
    let changed = State::write(&state, move |conn| {
        Box::pin(async move {
            let who = Actor::of(&caller.principal);
            let row = decide::take(conn, id.0, &known).await?;
            let form = serde_json::to_value(row.form()?).map_err(Error::internal)?;
            let form: CommentForm = patch.apply(form)?;
            decide::change(conn, &secret, &row, form, &who, now).await?;
            query::find(conn, id.0).await
        })
    })
    .await?;
    let article = changed.comment.article.id;
    announce(&state, &[Event { article, comment: id.0, what: "changed by an editor" }]);
    Ok(StoredResponse::ok(&changed)?.with_version(changed.comment.version))
}

/// Decide on up to 500 comments at once
///
/// Says of each what became of it; one that cannot be done hinders no other.
#[utoipa::path(post, path = "/comments/batch", tag = "moderation", request_body = Batch, security(("key" = ["comments:moderate"])),
    params(crate::idempotency::IdempotencyKeyHeader),
    responses((status = 200, description = "What became of each", body = BatchResult, example = json!(BatchResult::sample())), AdminWriteProblems))]
async fn decide_batch(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<Batch>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let once = once.bind(caller.principal.owner(), &body.digest);
    let told = state.clone();
    let Batch { ids, action } = body.value;
    let (events, noted) = events();
    let done = State::write_once(&state, once, move |conn| {
        Box::pin(async move {
            let who = Actor::of(&caller.principal);
            let decided = decide::batch(conn, &ids, action, &who, now).await?;
            let event = |(decided, article): &(super::model::Decided, Option<i64>)| {
                let (article, comment) = ((*article)?, decided.id);
                decided.changed.then_some(Event { article, comment, what: action.deed() })
            };
            noted.get_or_init(|| decided.iter().filter_map(event).collect());
            let results = decided.into_iter().map(|(decided, _)| decided).collect();
            StoredResponse::ok(&BatchResult { results })
        })
    })
    .await?;
    announce(&told, events.get().map(Vec::as_slice).unwrap_or_default());
    Ok(done)
}

type Events = std::sync::Arc<std::sync::OnceLock<Vec<Event>>>;

/// What a write did, noted inside and told outside once it is committed.
fn events() -> (Events, Events) {
    let events = Events::default();
    (events.clone(), events)
}

/// Erase a reader's comments
///
/// All that came with this e-mail address: what they said and who said it is gone for good.
#[utoipa::path(post, path = "/comments/erase", tag = "moderation", request_body = EraseReader, security(("key" = ["comments:moderate"])),
    responses((status = 200, description = "How many there were", body = ErasedReader, example = json!(ErasedReader { removed: 3, emptied: 1 })), AdminWriteProblems))]
async fn erase_reader(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    comments: Data<CommentState>,
    _query: Query<EmptyQuery>,
    body: Body<EraseReader>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let secret = state.read(async |conn| comments.secret(conn).await.cloned()).await?;
    let (erased, found) = State::write(&state, move |conn| {
        Box::pin(async move {
            let who = Actor::of(&caller.principal);
            decide::erase_reader(conn, &secret, &body.value.email, &who, now).await
        })
    })
    .await?;
    let event = |(comment, article)| Event { article, comment, what: "erased" };
    announce(&state, &found.into_iter().map(event).collect::<Vec<_>>());
    StoredResponse::ok(&ErasedReader { removed: erased.removed, emptied: erased.emptied })
}

/// Reply to a comment as an editor
///
/// It shows at once, marked `is_editor`, also where comments are closed.
#[utoipa::path(post, path = "/comments/{id}/replies", tag = "moderation", request_body = EditorsAnswer, security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "The comment to answer", minimum = 1, maximum = 9_007_199_254_740_991_i64), crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The answer", body = EditorsComment, example = json!(Comment::sample())), AdminWriteProblems))]
async fn answer_comment(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<EditorsAnswer>,
) -> Result<StoredResponse> {
    store_answer(&state, caller.principal, Target::Comment(id.0), once, body).await
}

/// Comment on an article as an editor
///
/// It shows at once, marked `is_editor`, also where comments are closed.
#[utoipa::path(post, path = "/articles/{id}/comments", tag = "moderation", request_body = EditorsAnswer, security(("key" = ["comments:moderate"])),
    params(("id" = i64, Path, description = "The article", minimum = 1, maximum = 9_007_199_254_740_991_i64), crate::idempotency::IdempotencyKeyHeader),
    responses((status = 201, description = "The comment", body = EditorsComment, example = json!(Comment::sample())), AdminWriteProblems))]
async fn comment_as_editor(
    caller: Allowed<scope::CommentsModerate>,
    state: Data<State>,
    id: Id,
    _query: Query<EmptyQuery>,
    once: IdempotencyKey,
    body: Body<EditorsAnswer>,
) -> Result<StoredResponse> {
    store_answer(&state, caller.principal, Target::Article(id.0), once, body).await
}

/// What an editor answers.
#[derive(Debug, Clone, Copy)]
enum Target {
    Article(i64),
    Comment(i64),
}

async fn store_answer(
    state: &Data<State>,
    who: Principal,
    target: Target,
    once: IdempotencyKey,
    body: Body<EditorsAnswer>,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    let once = once.bind(who.owner(), &body.digest);
    let (events, noted) = events();
    let done = State::write_once(state, once, move |conn| {
        Box::pin(async move {
            let (article, parent) = match target {
                Target::Article(id) => (id, None),
                Target::Comment(id) => (answer::article_of(conn, id).await?, Some(id)),
            };
            let actor = (&Actor::of(&who), who.name.clone());
            let made = answer::answer(conn, article, parent, body.value, actor, now).await?;
            let what = "answered by an editor";
            noted.get_or_init(|| vec![Event { article, comment: made.id, what }]);
            StoredResponse::created(&made, &format!("/api/v1/comments/{}", made.id))
        })
    })
    .await?;
    announce(state, events.get().map(Vec::as_slice).unwrap_or_default());
    Ok(done)
}
