//! Health checks and metrics: `/livez`, `/readyz`, `/metrics`.

use crate::backlog::Backlog;
use crate::error::{Code, Error, Result};
use crate::extract::Client;
use crate::metrics;
use crate::openapi::ShortText;
use crate::state::State;
use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder};
use diesel_async::RunQueryDsl;
use std::time::Duration;
use tokio::time::timeout;
use utoipa::{OpenApi, ToSchema};

/// How long the metrics wait for the database: Prometheus gives up after ten seconds.
const BACKLOG_WAIT: Duration = Duration::from_secs(1);

/// Registers the routes.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/livez").get(get_livez))
        .service(resource("/readyz").get(get_readyz))
        .service(resource("/metrics").get(get_metrics));
}

/// Documents the routes.
#[derive(Debug, OpenApi)]
#[openapi(paths(get_livez, get_readyz, get_metrics))]
pub struct Docs;

/// Check whether the process is alive
///
/// Never uses the database: an orchestrator restarts the service when this fails, and must not do so
/// because the database is unavailable.
#[utoipa::path(get, path = "/livez", tag = "service",
    responses((status = 200, description = "The process is alive", body = ShortText, content_type = "text/plain", example = "ok\n"),
        crate::openapi::Problems))]
async fn get_livez() -> impl Responder {
    text_response("ok\n".to_owned())
}

/// Check whether the service can respond to requests
///
/// 503 while the database does not respond, and when the service is about to stop.
#[utoipa::path(get, path = "/readyz", tag = "service",
    responses((status = 200, description = "The service is ready", body = ShortText, content_type = "text/plain", example = "ready\n"),
        crate::openapi::Problems))]
async fn get_readyz(state: Data<State>) -> Result<HttpResponse> {
    if state.is_stopping() {
        return Err(Error::new(Code::Unavailable, "the service is about to stop"));
    }
    state
        .with_connection(async |conn| {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
                .get_result::<i32>(&mut &**conn)
                .await?;
            Ok(())
        })
        .await?;
    Ok(text_response("ready\n".to_owned()))
}

/// Metrics, for the OpenAPI schema only.
#[derive(ToSchema)]
#[schema(max_length = 10_000_000)]
struct MetricsText(#[expect(dead_code, reason = "only its schema is used")] String);

/// Get the metrics for Prometheus
///
/// In the text format of Prometheus: requests by route and status, database connections, the cache, the process,
/// and what waits for editors. What waits is left out while the database does not respond.
/// If `ROUNDUP_METRICS_FROM` is set, clients outside these ranges get 404.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, description = "Metrics", body = MetricsText, content_type = "text/plain"),
        crate::openapi::Problems))]
async fn get_metrics(state: Data<State>, req: HttpRequest) -> Result<HttpResponse> {
    let config = state.config();
    if let Some(ranges) = &config.metrics_from
        && !Client::is_within(&req, &config.trusted_proxies, ranges)
    {
        return Err(Error::new(Code::NotFound, "nothing exists at this URL"));
    }
    state.cache().update_gauges();
    let now = state.clock().now();
    let backlog = state.with_connection(async |conn| Backlog::load(conn, now).await);
    let backlog = timeout(BACKLOG_WAIT, backlog).await.ok().and_then(Result::ok);
    let mut response = text_response(state.metrics().text(&state.pool().status(), backlog)?);
    let media_type = header::HeaderValue::from_static(metrics::MEDIA_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

fn text_response(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text)
}
