//! Sending files to be imported, and looking at what becomes of them.

use super::desk::{Ticket, ending};
use super::model::{ImportQuery, Job};
use super::upload::{Upload, receive};
use super::{query, runner};
use crate::app::State;
use crate::audit::Actor;
use crate::error::{Code, Error, Result};
use crate::extract::{Both, Id, OneQuery, Query};
use crate::http::{Answer, Once, OnceHeader, Reply, media_type};
use crate::keys::{Allowed, scope};
use crate::openapi::{AdminReadProblems, AdminWriteProblems};
use crate::page::{Page, PageQuery};
use crate::transfer::import::{Format, Options};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Data, Payload, ServiceConfig, resource};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use utoipa::{OpenApi, ToSchema};

/// The addresses of this file, under `/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/imports").post(create_import))
        .service(resource("/jobs").get(list_jobs))
        .service(resource("/jobs/{id}").get(get_job));
}

/// Their documentation.
#[derive(Debug, OpenApi)]
#[openapi(paths(create_import, list_jobs, get_job))]
pub struct Docs;

/// A file as it is: for its schema alone.
#[derive(ToSchema)]
#[schema(max_length = 9_007_199_254_740_991_usize, format = Binary)]
struct Export(#[expect(dead_code, reason = "only its schema is used")] String);

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
/// or an export of this service. The job that does it is answered at once; imports of a site are
/// done one after the other. Sending a file again is harmless: what is there already stays as it is.
#[utoipa::path(post, path = "/imports", tag = "moving", security(("key" = ["imports:write"])),
    params(ImportQuery, OnceHeader),
    request_body(content((Export = "application/octet-stream"), (Export = "application/xml"), (Export = "text/xml"),
        (Export = "application/zip"), (Export = "application/json"), (Export = "application/x-ndjson"),
        (Export = "text/plain", example = "Bridge opens -- Harbour Gazette"), (Export = "text/markdown"))),
    responses((status = 202, description = "The job", body = Job, example = json!(Job::sample())), AdminWriteProblems))]
async fn create_import(
    caller: Allowed<scope::ImportsWrite>,
    state: Data<State>,
    req: HttpRequest,
    Query(query): Query<ImportQuery>,
    once: Once,
    body: Payload,
) -> Result<Answer> {
    media_type(req.headers(), &KINDS)?;
    if state.config().pgbouncer || state.pool().target().pgbouncer() {
        let detail = "an import needs a connection that is not pooled per transaction: run \
                      `roundup import` with the address of the server itself";
        return Err(Error::new(Code::Conflict, detail));
    }
    let room = state.jobs().room()?;
    let upload = receive(body, length(req.headers()), state.config()).await?;
    let mut digest = Sha256::new_with_prefix(&upload.digest);
    digest.update(req.query_string());
    let attempt = once.bound(format!("key:{}", caller.principal.key), &digest.finalize());
    let (answer, answered) = oneshot::channel();
    let ticket = Ticket {
        name: name(&query, &upload),
        options: options(&query, req.headers()),
        upload,
        attempt,
        actor: Actor::of(&caller.principal),
        room,
        answer,
    };
    state.jobs().hand_in(ticket)?;
    answered.await.map_err(|_gone| ending())?
}

/// The length that a body is said to have.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What the file is called: without a name, the same content is the same file.
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
        keep_addresses: query.keep_addresses.unwrap_or_default(),
    }
}

/// List the jobs, the latest first, without their reports
///
/// Those that wait and those that run included.
#[utoipa::path(get, path = "/jobs", tag = "moving", params(OneQuery, PageQuery), security(("key" = ["imports:write"])),
    responses((status = 200, description = "A page of jobs", body = Page<Job>, example = json!(Page::sample(Job::sample()))), AdminReadProblems))]
async fn list_jobs(
    _caller: Allowed<scope::ImportsWrite>,
    state: Data<State>,
    Query(Both(query, page)): Query<Both<OneQuery, PageQuery>>,
) -> Result<Reply> {
    let scan = page.scan(&"jobs")?;
    runner::sweep(&state).await?;
    let found = state.read(async |conn| query::page(conn, &scan).await).await?;
    Reply::page(found, query.fields.as_deref(), Job::sample)
}

/// Get a job: how far it is, and its report once it is over
///
/// Ask again while it is `queued` or `running`.
#[utoipa::path(get, path = "/jobs/{id}", tag = "moving", security(("key" = ["imports:write"])),
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64), OneQuery),
    responses((status = 200, description = "The job", body = Job, example = json!(Job::sample())), AdminReadProblems))]
async fn get_job(
    _caller: Allowed<scope::ImportsWrite>,
    state: Data<State>,
    id: Id,
    Query(query): Query<OneQuery>,
) -> Result<Reply> {
    runner::sweep(&state).await?;
    let found = state.read(async |conn| query::find(conn, id.0).await).await?;
    let job = found.ok_or_else(|| Error::not_found("job"))?;
    Reply::one(&job, query.fields.as_deref(), Job::sample)
}
