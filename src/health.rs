//! Is it alive, is it ready, and how is it doing: `/livez`, `/readyz`, `/metrics`.

use crate::app::State;
use crate::cache::Cache;
use crate::db::PoolStatus;
use crate::error::{Code, Error, Result};
use crate::http::{Client, Timing};
use crate::openapi::ShortText;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode, header};
use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse, Responder};
use diesel_async::RunQueryDsl;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;
use utoipa::{OpenApi, ToSchema};

/// Counts of what the service does. Labels come from closed lists (the route's template, never the
/// path), so the number of series is bounded whatever is asked.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Timing>,
    connections: Family<Connections, Gauge>,
}

/// Named as OpenTelemetry's semantic conventions name them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "the names are those of the convention")]
struct Request {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    state: &'static str,
}

impl Metrics {
    /// The metrics of an instance with this cache.
    pub fn new<V>(cache: &Cache<V>) -> Self {
        let mut registry = Registry::default();
        cache.register(&mut registry);
        let requests: Family<Request, Timing> = Family::default();
        let text = "How long requests took";
        registry.register_with_unit(
            "http_server_request_duration",
            text,
            Unit::Seconds,
            requests.clone(),
        );
        let connections = Family::default();
        let text = "Connections to the database, by state";
        registry.register("db_client_connection_count", text, connections.clone());
        Self { registry, requests, connections }
    }

    /// Counts one answer.
    pub fn count(&self, res: &ServiceResponse, method: &Method, took: Duration) {
        let route = res.request().match_pattern().unwrap_or_default();
        self.timing(method, route, res.status()).observe(took);
    }

    /// Counts the answer to a request whose handler broke.
    pub fn count_broken(&self, method: &Method, took: Duration) {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        self.timing(method, String::new(), status).observe(took);
    }

    /// Counts the answer to what could not be read as a request.
    pub fn count_unread(&self, status: StatusCode) {
        // TRACE is one of the methods that are counted as others.
        self.timing(&Method::TRACE, String::new(), status).observe(Duration::ZERO);
    }

    /// The times of one kind of answer. The route is a template, never a path.
    pub fn timing(&self, method: &Method, route: String, status: StatusCode) -> Timing {
        let labels = Request {
            http_request_method: known(method),
            http_route: route,
            http_response_status_code: status.as_u16().into(),
        };
        self.requests.get_or_create_owned(&labels)
    }

    fn text(&self, pool: &PoolStatus) -> Result<String> {
        let states = [
            ("idle", pool.available),
            ("used", pool.size.saturating_sub(pool.available)),
            ("waiting", pool.waiting),
            ("max", pool.max),
        ];
        for (state, n) in states {
            let gauge = self.connections.get_or_create_owned(&Connections { state });
            gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(Error::internal)?;
        Ok(text)
    }
}

fn known(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("_OTHER")
}

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
