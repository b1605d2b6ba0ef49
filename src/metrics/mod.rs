//! What the service counts, for Prometheus.

mod duration_histogram;

pub use duration_histogram::DurationHistogram;

use crate::db::PoolStatus;
use crate::error::{Error, Result};
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Counts of what the service does. Labels come from closed lists (the route's template, never the
/// path), so the number of series is bounded whatever is asked.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, DurationHistogram>,
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
    /// Adds the metrics of requests and connections to those in `registry`.
    pub fn new(mut registry: Registry) -> Self {
        let requests: Family<Request, DurationHistogram> = Family::default();
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
    pub fn timing(&self, method: &Method, route: String, status: StatusCode) -> DurationHistogram {
        let labels = Request {
            http_request_method: known(method),
            http_route: route,
            http_response_status_code: status.as_u16().into(),
        };
        self.requests.get_or_create_owned(&labels)
    }

    /// Returns all metrics in the text format of `OpenMetrics`.
    ///
    /// # Errors
    /// None in practice: writing to a string does not fail.
    pub fn text(&self, pool: &PoolStatus) -> Result<String> {
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
