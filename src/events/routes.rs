//! The routes of the change feed.

use super::cursor::Cursor;
use super::hub::EventHub;
use super::include::include_objects;
use super::model::{Change, ChangePage, ChangesQuery, EventFilter, Include, StreamQuery};
use super::{query, stream};
use crate::auth::{Allowed, scope};
use crate::error::{Code, Error, Result};
use crate::extract::Query;
use crate::openapi::{AdminFeedProblems, FeedProblems};
use crate::state::{SharedState, State};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::{IntoParams, OpenApi, ToSchema};

/// The default and the maximum of `limit`.
const MAX_LIMIT: i64 = 100;

/// Registers the public routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/changes").get(list_changes))
        .service(resource("/changes/stream").get(get_change_stream));
}

/// Registers the routes under `/api/v1/admin`.
pub fn configure_admin(cfg: &mut ServiceConfig) {
    cfg.service(resource("/changes").get(admin_list_changes))
        .service(resource("/changes/stream").get(admin_get_change_stream));
}

/// Documents the public routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_changes, get_change_stream))]
pub struct Docs;

/// Documents the routes under `/api/v1/admin`.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_list_changes, admin_get_change_stream))]
pub struct AdminDocs;

/// Server-Sent Events: each `data` is a change as JSON in one line, each `id` its cursor.
#[derive(ToSchema)]
#[schema(max_length = 9_007_199_254_740_991_usize)]
struct EventText(#[expect(dead_code, reason = "only its schema is used")] String);

/// Where a stream continues, as browsers send it when they reconnect.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
struct LastEventIdHeader {
    /// Starts after this cursor: the last `id` of the stream.
    #[param(
        rename = "Last-Event-ID",
        nullable = false,
        max_length = 100,
        example = "0c5f8f3a-105"
    )]
    #[expect(dead_code, reason = "only its schema is used")]
    last_event_id: Option<String>,
}

/// List what changed in public
///
/// In commit order, from the oldest change that is kept; `since` continues after a cursor. Withdrawn and
/// deleted objects appear once more, without `data`. No change is missing, but of several changes of the same
/// type to one object only the last is kept after an hour.
#[utoipa::path(get, path = "/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, description = "A page of changes", body = ChangePage, example = json!(ChangePage::sample())), FeedProblems))]
async fn list_changes(
    state: Data<State>,
    Query(query): Query<ChangesQuery>,
) -> Result<HttpResponse> {
    list(&state, &query, false).await
}

/// List what changed, with what only editors see
///
/// As the public list; also drafts, scheduled articles, held and reported comments, jobs and webhooks.
#[utoipa::path(get, path = "/changes", tag = "changes", params(ChangesQuery), security(("key" = ["changes:read"])),
    responses((status = 200, description = "A page of changes", body = ChangePage, example = json!(ChangePage::sample())), AdminFeedProblems))]
async fn admin_list_changes(
    _caller: Allowed<scope::ChangesRead>,
    state: Data<State>,
    Query(query): Query<ChangesQuery>,
) -> Result<HttpResponse> {
    list(&state, &query, true).await
}

/// Stream what changes in public
///
/// Server-Sent Events on the same cursors as the list. `Last-Event-ID` resumes without a gap or a duplicate;
/// a comment line is sent every 15 seconds. The stream ends when the service stops, and clients reconnect.
#[utoipa::path(get, path = "/changes/stream", tag = "changes",
    params(StreamQuery, LastEventIdHeader),
    responses((status = 200, description = "The stream", content_type = "text/event-stream", body = EventText), FeedProblems))]
async fn get_change_stream(
    req: HttpRequest,
    state: SharedState,
    hub: Data<EventHub>,
    Query(query): Query<StreamQuery>,
) -> Result<HttpResponse> {
    open_stream(&req, state, hub, &query, false).await
}

/// Stream what changes, with what only editors see
///
/// As the public stream.
#[utoipa::path(get, path = "/changes/stream", tag = "changes", security(("key" = ["changes:read"])),
    params(StreamQuery, LastEventIdHeader),
    responses((status = 200, description = "The stream", content_type = "text/event-stream", body = EventText), AdminFeedProblems))]
async fn admin_get_change_stream(
    _caller: Allowed<scope::ChangesRead>,
    req: HttpRequest,
    state: SharedState,
    hub: Data<EventHub>,
    Query(query): Query<StreamQuery>,
) -> Result<HttpResponse> {
    open_stream(&req, state, hub, &query, true).await
}

async fn open_stream(
    req: &HttpRequest,
    state: SharedState,
    hub: Data<EventHub>,
    query: &StreamQuery,
    for_editors: bool,
) -> Result<HttpResponse> {
    let filter = EventFilter::of(query.types.as_deref(), for_editors)?;
    let last_event_id = stream::last_event_id(req)?;
    let since = last_event_id.as_deref().or(query.since.as_deref());
    stream::respond(state, hub.into_inner(), since, filter).await
}

async fn list(state: &State, query: &ChangesQuery, for_editors: bool) -> Result<HttpResponse> {
    let limit = query.limit.unwrap_or(MAX_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("`limit` must be 1 to {MAX_LIMIT}, not {limit}");
        return Err(Error::parameter("limit", Code::LimitOutOfRange, message));
    }
    let filter = EventFilter::of(query.types.as_deref(), for_editors)?;
    let page = state
        .read(async |conn| {
            let log = query::log(conn).await?;
            let after = match query.since.as_deref() {
                Some(since) => query::start(conn, &log, since).await?,
                None => log.expired_id,
            };
            let mut events = query::page(conn, after, &filter, limit + 1).await?;
            let has_more = i64::try_from(events.len()).is_ok_and(|n| n > limit);
            events.truncate(usize::try_from(limit).unwrap_or_default());
            let last = events.last().map(|event| event.id).filter(|_| has_more);
            let mut items: Vec<Change> =
                events.iter().map(|event| event.change(&log.epoch)).collect();
            if query.include == Some(Include::Object) {
                include_objects(conn, &mut items).await?;
            }
            let id = last.unwrap_or(log.last_id);
            Ok(ChangePage { items, cursor: Cursor { epoch: log.epoch, id }.to_string(), has_more })
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(page))
}
