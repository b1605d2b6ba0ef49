//! Is it alive, is it ready, and how is it doing: `/livez`, `/readyz`, `/metrics`.

use crate::error::{Code, Error, Result};
use crate::extract::Client;
use crate::openapi::ShortText;
use crate::state::State;
use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder};
use diesel_async::RunQueryDsl;
use utoipa::{OpenApi, ToSchema};

/// The addresses of this file.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/livez").get(livez))
        .service(resource("/readyz").get(readyz))
        .service(resource("/metrics").get(metrics));
}

/// Their documentation.
#[derive(Debug, OpenApi)]
#[openapi(paths(livez, readyz, metrics))]
pub struct Docs;

/// Whether the process lives
///
/// Never touches the database: an orchestrator that restarts on a failure of this must not restart
/// the service because its database is away.
#[utoipa::path(get, path = "/livez", tag = "service",
    responses((status = 200, description = "It lives", body = ShortText, content_type = "text/plain", example = "ok\n"),
        crate::openapi::Problems))]
async fn livez() -> impl Responder {
    plain("ok\n".to_owned())
}

/// Whether requests can be answered
///
/// 503 while the database does not answer, and once the service is about to stop.
#[utoipa::path(get, path = "/readyz", tag = "service",
    responses((status = 200, description = "It is ready", body = ShortText, content_type = "text/plain", example = "ready\n"),
        crate::openapi::Problems))]
async fn readyz(state: Data<State>) -> Result<HttpResponse> {
    if state.is_stopping() {
        return Err(Error::new(Code::Unavailable, "the service is about to stop"));
    }
    state
        .read(async |conn| {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
                .get_result::<i32>(&mut &*conn)
                .await?;
            Ok(())
        })
        .await?;
    Ok(plain("ready\n".to_owned()))
}

/// Metrics: for their schema alone.
#[derive(ToSchema)]
#[schema(max_length = 10_000_000)]
struct MetricsText(#[expect(dead_code, reason = "only its schema is used")] String);

/// Counts and times, for Prometheus
///
/// The text of `OpenMetrics`: requests by route and status, connections to the database, the cache.
/// 404 for whoever does not come from where `ROUNDUP_METRICS_FROM` says, if it is set.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, description = "OpenMetrics text", body = MetricsText, content_type = "text/plain"),
        crate::openapi::Problems))]
async fn metrics(state: Data<State>, req: HttpRequest) -> Result<HttpResponse> {
    let config = state.config();
    if let Some(ranges) = &config.metrics_from
        && !Client::is_within(&req, &config.trusted_proxies, ranges)
    {
        return Err(Error::new(Code::NotFound, "nothing is at this address"));
    }
    state.cache().refresh_counts();
    Ok(plain(state.metrics().text(&state.pool().status())?))
}

fn plain(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text)
}
