//! The metrics of the service, for Prometheus.

mod duration_histogram;
mod events;
mod process;
mod text;

pub use duration_histogram::DurationHistogram;
pub use events::EventMetrics;

use crate::backlog::Backlog;
use crate::db::PoolStatus;
use crate::error::{Error, Result};
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;
use text::{Sample, prometheus};

/// The media type of `Metrics::text`.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The metrics of an instance. Labels have few values (the route's pattern, never the path), so no
/// client can add series.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, DurationHistogram>,
    connections: Family<ConnectionLabels, Gauge>,
    publish_errors: Counter,
    events: EventMetrics,
}

/// The labels of a request, named as in the semantic conventions of OpenTelemetry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "the names are those of the convention")]
struct RequestLabels {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConnectionLabels {
    state: &'static str,
}

impl Metrics {
    /// Adds the metrics of requests, connections and publishing to those in `registry`.
    pub fn new(mut registry: Registry) -> Self {
        let requests: Family<RequestLabels, DurationHistogram> = Family::default();
        let text = "The time from the arrival of a request to its response";
        registry.register_with_unit(
            "http_server_request_duration",
            text,
            Unit::Seconds,
            requests.clone(),
        );
        let connections = Family::default();
        let text = "Connections to the database, by state";
        registry.register("db_client_connections", text, connections.clone());
        let build = Family::<BuildLabels, Gauge>::default();
        build.get_or_create(&BuildLabels { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("roundup_build_info", "The version that runs", build);
        let publish_errors = Counter::default();
        let text = "Failed attempts to publish a scheduled article";
        registry.register("publish_errors", text, publish_errors.clone());
        let events = EventMetrics::register(&mut registry);
        Self { registry, requests, connections, publish_errors, events }
    }

    /// Counts a failed attempt to publish a scheduled article.
    pub fn count_publish_error(&self) {
        self.publish_errors.inc();
    }

    /// Returns the metrics of the change feed and the webhooks.
    pub fn events(&self) -> &EventMetrics {
        &self.events
    }

    /// Counts a response.
    pub fn count(&self, res: &ServiceResponse, method: &Method, took: Duration) {
        let route = res.request().match_pattern().unwrap_or_default();
        self.durations(method, route, res.status()).observe(took);
    }

    /// Counts the 500 response to a request whose handler panicked.
    pub fn count_panic(&self, method: &Method, took: Duration) {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        self.durations(method, String::new(), status).observe(took);
    }

    /// Counts the response to bytes that are not an HTTP request.
    pub fn count_unparsable(&self, status: StatusCode) {
        // TRACE is counted as `_OTHER`.
        self.durations(&Method::TRACE, String::new(), status).observe(Duration::ZERO);
    }

    /// Returns the histogram of one kind of response. `route` is a pattern, never a path.
    pub fn durations(
        &self,
        method: &Method,
        route: String,
        status: StatusCode,
    ) -> DurationHistogram {
        let labels = RequestLabels {
            http_request_method: method_label(method),
            http_route: route,
            http_response_status_code: status.as_u16().into(),
        };
        self.requests.get_or_create_owned(&labels)
    }

    /// Returns all metrics in the text format of Prometheus. What waits is left out if it is not known.
    ///
    /// # Errors
    /// None in practice: writing to a string does not fail.
    pub(crate) fn text(&self, pool: &PoolStatus, backlog: Option<Backlog>) -> Result<String> {
        let states = [
            ("idle", pool.available),
            ("used", pool.size.saturating_sub(pool.available)),
            ("waiting", pool.waiting),
            ("max", pool.max),
        ];
        for (state, n) in states {
            let gauge = self.connections.get_or_create_owned(&ConnectionLabels { state });
            gauge.set(i64::try_from(n).unwrap_or(i64::MAX));
        }
        self.events.update();
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(Error::internal)?;
        let mut samples = process::samples();
        if let Some(Backlog { held_comments, due_articles }) = backlog {
            let help = "Comments that wait for a decision, at most 10000";
            samples.push(Sample::gauge("roundup_held_comments", help, held_comments));
            let help = "Scheduled articles whose time has come";
            samples.push(Sample::gauge("roundup_due_articles", help, due_articles));
        }
        Ok(prometheus(&text, &samples))
    }
}

/// Returns the method, or `_OTHER` for one that is not in use.
fn method_label(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("_OTHER")
}
