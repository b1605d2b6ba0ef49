//! The routes for imports and jobs.

use super::model::{ImportQuery, Job};
use super::queue::JobQueue;
use super::upload::{Upload, receive};
use super::{query, runner};
use crate::audit::Actor;
use crate::auth::{Allowed, Scope, scope};
use crate::error::{Code, Error, Result};
use crate::extract::check_media_type;
use crate::extract::{FieldsQuery, Id, Query, QueryPair};
use crate::idempotency::{IdempotencyKey, IdempotencyKeyHeader};
use crate::jobs::queue::{QueuedImport, shutting_down};
use crate::openapi::{AdminReadProblems, AdminWriteProblems};
use crate::page::{Page, PageQuery};
use crate::response::{JsonResponse, StoredResponse};
use crate::state::State;
use crate::transfer::import::{Format, Options};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Data, Payload, ServiceConfig, resource};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use utoipa::{OpenApi, ToSchema};

/// Registers the routes under `/api/v1/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/imports").post(admin_create_import))
        .service(resource("/jobs").get(admin_list_jobs))
        .service(resource("/jobs/{id}").get(admin_get_job));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(admin_create_import, admin_list_jobs, admin_get_job))]
pub struct Docs;

/// An uploaded file, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 9_007_199_254_740_991_usize, format = Binary)]
struct ImportFile(#[expect(dead_code, reason = "only its schema is used")] String);

/// The media types that a file may be sent as. Its format is found in the file itself.
const KINDS: [&str; 8] = [
    "application/octet-stream",
    "application/xml",
    "text/xml",
    "application/zip",
    "application/json",
    "application/x-ndjson",
    "text/plain",
    "text/markdown",
];

/// Import a file
///
/// The body is the file itself: an export of another system, an archive of such files, a roundup,
/// or an export of this service. Returns the job at once; the imports of a site run
/// one after the other. Importing a file again changes nothing. Comments of an export of this service are
/// marked as an editor's only with the scope `admin`.
#[utoipa::path(post, path = "/imports", tag = "moving", security(("key" = ["imports:write"])),
    params(ImportQuery, IdempotencyKeyHeader),
    request_body(content((ImportFile = "application/octet-stream"), (ImportFile = "application/xml"), (ImportFile = "text/xml"),
        (ImportFile = "application/zip"), (ImportFile = "application/json"), (ImportFile = "application/x-ndjson"),
        (ImportFile = "text/plain", example = "Bridge opens -- Harbour Gazette"), (ImportFile = "text/markdown"))),
    responses((status = 202, description = "The job", body = Job, example = json!(Job::sample())), AdminWriteProblems))]
async fn admin_create_import(
    caller: Allowed<scope::ImportsWrite>,
    state: Data<State>,
    queue: Data<JobQueue>,
    req: HttpRequest,
    Query(query): Query<ImportQuery>,
    once: IdempotencyKey,
    body: Payload,
) -> Result<StoredResponse> {
    check_media_type(req.headers(), &KINDS)?;
    if state.config().pgbouncer || state.pool().target().pgbouncer() {
        let detail = "an import needs a connection that is not pooled per transaction: run \
                      `roundup import` with the URL of the server itself";
        return Err(Error::new(Code::Conflict, detail));
    }
    let file_permit = queue.reserve_file()?;
    let upload = receive(body, content_length(req.headers()), state.config()).await?;
    let mut digest = Sha256::new_with_prefix(&upload.digest);
    digest.update(req.query_string());
    let attempt = once.bind(format!("key:{}", caller.principal.key), &digest.finalize());
    let (sender, response) = oneshot::channel();
    let import = QueuedImport {
        name: name(&query, &upload),
        options: Options {
            may_mark_editors: caller.principal.may(Scope::Admin),
            ..options(&query, req.headers())
        },
        upload,
        attempt,
        actor: Actor::of(&caller.principal),
        file_permit,
        response: sender,
    };
    queue.enqueue(import)?;
    response.await.map_err(|_closed| shutting_down())?
}

/// Returns the length of the body according to `Content-Length`.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns the name of the file. A file without one gets it from its content, so that the same content is
/// the same file.
fn name(query: &ImportQuery, upload: &Upload) -> String {
    let given = query.filename.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = given {
        return name.to_owned();
    }
    let hex = upload.digest.iter().take(8).map(|byte| format!("{byte:02x}"));
    hex.fold("upload-".to_owned(), |name, byte| name + &byte)
}

fn options(query: &ImportQuery, headers: &HeaderMap) -> Options {
    let kind = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
    let markdown = kind.is_some_and(|kind| kind.starts_with(b"text/markdown"));
    Options {
        format: query.format.or(markdown.then_some(Format::Markdown)),
        dry_run: query.dry_run.unwrap_or_default(),
        lang: query.lang.clone(),
        base_url: query.base_url.clone(),
        follow_status: query.follow_status.unwrap_or_default(),
        keep_addresses: query.keep_addresses.unwrap_or_default(),
        may_mark_editors: false,
    }
}

/// List the jobs, without their reports
///
/// Newest first, including queued and running ones.
#[utoipa::path(get, path = "/jobs", tag = "moving", params(FieldsQuery, PageQuery), security(("key" = ["imports:write"])),
    responses((status = 200, description = "A page of jobs", body = Page<Job>, example = json!(Page::sample(Job::sample()))), AdminReadProblems))]
async fn admin_list_jobs(
    _caller: Allowed<scope::ImportsWrite>,
    state: Data<State>,
    queue: Data<JobQueue>,
    QueryPair(query, page): QueryPair<FieldsQuery, PageQuery>,
) -> Result<JsonResponse> {
    let scan = page.scan(&"jobs")?;
    runner::sweep(&state, &queue).await?;
    let found = state.read(async |conn| query::page(conn, &scan).await).await?;
    JsonResponse::page(found, query.fields.as_deref(), Job::sample)
}

/// Get a job with its progress, and with its report at the end
///
/// Poll while it is `queued` or `running`.
#[utoipa::path(get, path = "/jobs/{id}", tag = "moving", security(("key" = ["imports:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), FieldsQuery),
    responses((status = 200, description = "The job", body = Job, example = json!(Job::sample())), AdminReadProblems))]
async fn admin_get_job(
    _caller: Allowed<scope::ImportsWrite>,
    state: Data<State>,
    queue: Data<JobQueue>,
    id: Id,
    Query(query): Query<FieldsQuery>,
) -> Result<JsonResponse> {
    runner::sweep(&state, &queue).await?;
    let found = state.read(async |conn| query::find(conn, id.0).await).await?;
    let job = found.ok_or_else(|| Error::not_found("job"))?;
    JsonResponse::resource(&job, query.fields.as_deref(), Job::sample)
}
