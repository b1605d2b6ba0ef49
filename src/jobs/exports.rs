//! Exports over HTTP, sent as they are read from the database.

use crate::audit::{self, Actor};
use crate::auth::{Allowed, scope};
use crate::error::{Code, Error, Result};
use crate::extract::Query;
use crate::openapi::AdminReadProblems;
use crate::state::State;
use crate::transfer::export::{self, Format};
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::web::{Data, ServiceConfig, resource};
use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt as _, once, unfold};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, Receiver};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use utoipa::{IntoParams, OpenApi, ToSchema};

/// The time in which a client must receive each chunk. An export holds a snapshot, and PostgreSQL
/// cannot remove old row versions meanwhile.
const CHUNK_TIMEOUT: Duration = Duration::from_mins(1);

/// The maximum number of exports at once: each holds a connection and a snapshot.
const MAX_EXPORTS: usize = 4;

/// Limits how many exports one instance sends at once.
#[derive(Debug)]
pub struct ExportSlots(Arc<Semaphore>);

impl Default for ExportSlots {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_EXPORTS)))
    }
}

impl ExportSlots {
    /// Takes a slot, which is free again when the permit is dropped.
    ///
    /// # Errors
    /// 503 when all are taken.
    fn take(&self) -> Result<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_full| {
            let detail = "too many exports are running: try again when one is done";
            Error::new(Code::Unavailable, detail)
                .with_header(RETRY_AFTER, HeaderValue::from_static("30"))
        })
    }
}

/// Registers the routes under `/api/v1/admin`.
pub fn configure_exports(cfg: &mut ServiceConfig) {
    cfg.service(resource("/exports").get(admin_get_export));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_get_export))]
pub struct ExportDocs;

/// An export: lines of JSON, an Atom feed, or WXR.
#[derive(ToSchema)]
#[schema(max_length = 9_007_199_254_740_991_usize)]
struct Exported(#[expect(dead_code, reason = "only its schema is used")] String);

/// What to export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// `ndjson` (the default) is the whole database as lines of JSON, for `roundup import`; it holds
    /// e-mail addresses. `atom` is a feed of the published articles with their comments. `wxr` has the
    /// articles of every status with their comments, as WordPress exports them; it holds e-mail addresses.
    #[param(inline)]
    format: Option<Format>,
}

/// Export everything
///
/// Sends one snapshot of the database, the same bytes as `roundup export` writes. If the export
/// fails midway, the connection is closed without the last chunk; the last line of NDJSON has the
/// number of rows.
#[utoipa::path(get, path = "/exports", tag = "moving", security(("key" = ["exports:read"])), params(ExportQuery),
    responses((status = 200, description = "The export", content((Exported = "application/x-ndjson"), (Exported = "application/atom+xml"), (Exported = "application/rss+xml"))), AdminReadProblems))]
async fn admin_get_export(
    caller: Allowed<scope::ExportsRead>,
    state: Data<State>,
    slots: Data<ExportSlots>,
    Query(query): Query<ExportQuery>,
) -> Result<HttpResponse> {
    let slot = slots.take()?;
    let format = query.format.unwrap_or(Format::Ndjson);
    let now = state.clock().now();
    let actor = Actor::of(&caller.principal);
    let extension = format.extension();
    let media_type = match format {
        Format::Ndjson => "application/x-ndjson",
        Format::Atom => "application/atom+xml; charset=utf-8",
        Format::Wxr => "application/rss+xml; charset=utf-8",
    };
    State::write(&state, move |conn| {
        Box::pin(async move {
            let detail = json!({ "format": format.name() });
            audit::record(conn, &actor, now, "export.read", ("site", None), detail).await
        })
    })
    .await?;
    let (sender, mut receiver) = mpsc::channel(4);
    let target = state.pool().target().clone();
    let permalinks = Arc::clone(state.permalinks());
    let reading = tokio::spawn(async move {
        let timeout = Some(CHUNK_TIMEOUT);
        let read = export::send(&target, format, &permalinks, &sender, timeout).await;
        drop(slot);
        read
    });
    // A failure before the first chunk can still be reported as a problem.
    let Some(first) = receiver.recv().await else {
        reading.await.map_err(Error::internal)??;
        return Err(Error::internal(anyhow::anyhow!("an export without a chunk")));
    };
    let file = format!("attachment; filename=\"roundup-{}.{extension}\"", now.format("%Y-%m-%d"));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, file))
        .streaming(once(async { Ok(first) }).chain(remaining_chunks(receiver, reading))))
}

/// Streams the remaining chunks, and then the failure if there was one: actix closes the connection
/// for it.
fn remaining_chunks(
    receiver: Receiver<Bytes>,
    reading: JoinHandle<Result<()>>,
) -> impl Stream<Item = Result<Bytes>> {
    unfold(Some((receiver, reading)), |state| async {
        let (mut receiver, reading) = state?;
        if let Some(chunk) = receiver.recv().await {
            return Some((Ok(chunk), Some((receiver, reading))));
        }
        match reading.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                log::error!("an export failed: {error:?}");
                Some((Err(error), None))
            }
            Err(panic) => Some((Err(Error::internal(panic)), None)),
        }
    })
}
