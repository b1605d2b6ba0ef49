//! Serves public reads from the cache, and fills it.

use crate::cache::{
    CacheEntry, CacheStatus, Fill, FillLeader, FillResult, FillRole, ReadStart, Timestamp,
};
use crate::error::{Code, Error};
use crate::response::accept::{Coding, accepts_json};
use crate::response::{Cacheability, CachedResponse, EDIT_TOKEN};
use crate::response::{RequestId, X_REQUEST_ID};
use crate::state::State;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error as ActixError, HttpResponse};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The name of the header of RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How long the database may take for a response that is in memory and may be served stale. A
/// response that took longer than half of it gets twice its last duration: otherwise one that is
/// always slow would never be read again.
const MIN_REFRESH_TIME: Duration = Duration::from_millis(500);

type Entry = Arc<CacheEntry<CachedResponse>>;

/// A response, and whether the middleware around has work left.
pub(super) enum Outcome {
    /// Made from a cache entry: complete, and counted in the metrics.
    Cached(ServiceResponse),
    /// As the handler returned it.
    Fresh(ServiceResponse),
}

/// A public read, and what its response needs.
pub(super) struct CacheLookup<'a> {
    pub(super) state: &'a State,
    /// The method of the client: `HEAD` is handled as `GET`.
    pub(super) method: &'a Method,
    pub(super) id: &'a RequestId,
    pub(super) started_at: Instant,
}

/// Returns the response to a new request if it is in memory and current.
pub(super) fn from_memory(
    state: &State,
    req: &ServiceRequest,
    started_at: Instant,
) -> Option<HttpResponse> {
    let method = req.method();
    let cache = state.cache();
    if (*method != Method::GET && *method != Method::HEAD) || !cache.is_enabled() {
        return None;
    }
    let key = req.uri().path_and_query()?.as_str();
    let entry = cache.get(key)?;
    let current = cache.is_current(&entry, cache.invalidation().freshness().timestamp(started_at));
    let may_be_private = req.headers().contains_key(EDIT_TOKEN);
    if !current || may_be_private || (key.starts_with("/api/") && !accepts_json(req.headers())) {
        return None;
    }
    let id = RequestId::from_headers(req.headers());
    let lookup = CacheLookup { state, method, id: &id, started_at };
    // An error is dropped here, because the middleware makes its problem when it finds it again.
    lookup.respond(key, &entry, req.headers(), CacheStatus::Hit).ok()
}

impl CacheLookup<'_> {
    /// Returns the response to a public read that [`from_memory`] could not serve. Waits for the
    /// fill that is in progress, or fills.
    pub(super) async fn fetch<S, B>(
        &self,
        inner: &S,
        req: ServiceRequest,
    ) -> Result<Outcome, ActixError>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
        B: MessageBody + 'static,
    {
        let cache = self.state.cache();
        let arrival = cache.invalidation().start_read();
        let key: Arc<str> = req.uri().path_and_query().map_or("/", |key| key.as_str()).into();
        loop {
            let last = cache.get(&key);
            if let Some((entry, status)) = last.as_ref().and_then(|entry| self.usable(entry)) {
                return Ok(self.outcome(req, &key, entry, status));
            }
            let follower = match cache.join_fill(&key) {
                FillRole::Follower(follower) => follower,
                FillRole::Leader(leader) => {
                    // Another fill may have ended between the two lookups.
                    let last = cache.get(&key);
                    if let Some((entry, status)) =
                        last.as_ref().and_then(|entry| self.usable(entry))
                    {
                        return Ok(self.outcome(req, &key, entry, status));
                    }
                    return self.fill(inner, req, leader, last).await;
                }
            };
            match follower.result().await {
                FillResult::Entry(entry) if self.is_usable_since(&entry, arrival) => {
                    return Ok(self.outcome(req, &key, &entry, CacheStatus::Collapsed));
                }
                FillResult::Entry(_) | FillResult::Abandoned => {}
                FillResult::Uncacheable => return Ok(Outcome::Fresh(call(inner, req).await?)),
                FillResult::Failed => return Ok(self.without_database(req, &key, last)),
            }
        }
    }

    /// Returns the entry if it needs no query: it is current, or the database is known to be down.
    fn usable<'e>(&self, entry: &'e Entry) -> Option<(&'e Entry, CacheStatus)> {
        let cache = self.state.cache();
        let now = self.now();
        if cache.is_current(entry, now) {
            return Some((entry, CacheStatus::Hit));
        }
        let stale = cache.may_serve_stale(entry, now)
            && !cache.invalidation().freshness().should_query(now);
        stale.then_some((entry, CacheStatus::Stale))
    }

    /// Returns whether the entry of another request's fill may be served to a request that arrived
    /// at `arrival`: nothing has changed since, or the fill started later.
    fn is_usable_since(&self, entry: &Entry, arrival: ReadStart) -> bool {
        self.state.cache().is_current(entry, self.now()) || entry.start.is_not_before(arrival)
    }

    async fn fill<S, B>(
        &self,
        inner: &S,
        req: ServiceRequest,
        leader: FillLeader<CacheEntry<CachedResponse>>,
        last: Option<Entry>,
    ) -> Result<Outcome, ActixError>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
        B: MessageBody + 'static,
    {
        let cache = self.state.cache();
        let invalidation = cache.invalidation();
        // Before any query: see `cache::Versions`.
        let mut start = invalidation.start_read();
        let confirmed = invalidation.freshness().last_confirmed();
        let time_limit = last
            .as_ref()
            .filter(|entry| cache.may_serve_stale(entry, start.timestamp))
            .map(|entry| MIN_REFRESH_TIME.max(entry.fill_duration * 2));
        let (res, from_replica) = Fill::run(time_limit, call(inner, req)).await;
        let res = res?;
        let fill_duration = self.now().since(start.timestamp);
        cache.metrics().record_fill(fill_duration);
        if matches!(res.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
            return Ok(self.handle_failure(res, leader, last));
        }
        invalidation.freshness().record_success();
        if from_replica {
            // It may lack every change that this instance does not know of.
            start.timestamp = start.timestamp.min(confirmed);
        }
        Ok(self.store(res, start, fill_duration, leader, last.is_some()))
    }

    /// Stores the result of a fill, passes it to the followers, and responds with it.
    fn store(
        &self,
        res: ServiceResponse,
        start: ReadStart,
        fill_duration: Duration,
        leader: FillLeader<CacheEntry<CachedResponse>>,
        refreshed: bool,
    ) -> Outcome {
        let (request, value, dependency) =
            match CachedResponse::from_response(res, self.state.config()) {
                Cacheability::Cacheable { request, response, dependency } => {
                    (request, *response, dependency)
                }
                Cacheability::Uncacheable(res) => {
                    leader.finish(FillResult::Uncacheable);
                    return Outcome::Fresh(res);
                }
            };
        let (is_negative, weight) = (value.is_negative(), value.weight());
        let entry = Arc::new(CacheEntry { start, fill_duration, dependency, is_negative, value });
        let stored = self.state.cache().insert(leader.key(), &entry, weight);
        let key = Arc::clone(leader.key());
        leader.finish(FillResult::Entry(Arc::clone(&entry)));
        let status = if refreshed {
            CacheStatus::Refreshed { stored }
        } else {
            CacheStatus::Miss { stored }
        };
        match self.respond(&key, &entry, request.headers(), status) {
            Ok(response) => Outcome::Cached(ServiceResponse::new(request, response)),
            Err(error) => Outcome::Fresh(ServiceResponse::from_err(error, request)),
        }
    }

    /// Responds to a fill that the database did not answer: with the last known response if it may
    /// be served, else with the error.
    fn handle_failure(
        &self,
        res: ServiceResponse,
        leader: FillLeader<CacheEntry<CachedResponse>>,
        last: Option<Entry>,
    ) -> Outcome {
        let cache = self.state.cache();
        let now = self.now();
        cache.invalidation().freshness().record_failure(now);
        cache.metrics().record_failed_fill();
        let key = Arc::clone(leader.key());
        leader.finish(FillResult::Failed);
        let Some(entry) = last.filter(|entry| cache.may_serve_stale(entry, now)) else {
            return Outcome::Fresh(res);
        };
        match self.respond(&key, &entry, res.request().headers(), CacheStatus::Stale) {
            Ok(response) => Outcome::Cached(res.into_response(response)),
            Err(_) => Outcome::Fresh(res),
        }
    }

    /// Responds to a follower of a fill that the database did not answer.
    fn without_database(&self, req: ServiceRequest, key: &str, last: Option<Entry>) -> Outcome {
        let cache = self.state.cache();
        let now = self.now();
        if let Some(entry) = last.filter(|entry| cache.may_serve_stale(entry, now)) {
            return self.outcome(req, key, &entry, CacheStatus::Stale);
        }
        let cause = anyhow::anyhow!("the database did not answer the request that this one joined");
        Outcome::Fresh(req.error_response(Error::unavailable(cause)))
    }

    fn outcome(
        &self,
        req: ServiceRequest,
        key: &str,
        entry: &Entry,
        status: CacheStatus,
    ) -> Outcome {
        match self.respond(key, entry, req.headers(), status) {
            Ok(response) => Outcome::Cached(req.into_response(response)),
            Err(error) => Outcome::Fresh(req.error_response(error)),
        }
    }

    /// Makes a response of an entry, and counts it.
    ///
    /// # Errors
    /// 406 if the client accepts no content coding, 412 if a precondition fails.
    fn respond(
        &self,
        key: &str,
        entry: &Entry,
        request_headers: &HeaderMap,
        status: CacheStatus,
    ) -> Result<HttpResponse, Error> {
        let coding = Coding::negotiate(request_headers).ok_or_else(|| {
            Error::new(Code::NotAcceptable, "`Accept-Encoding` excludes every content coding")
        })?;
        let cache = self.state.cache();
        let add_weight = |bytes| cache.add_weight(key, entry, bytes);
        let mut response =
            entry.value.respond(request_headers, coding, self.id.as_str(), add_weight)?;
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, self.id.to_header_value());
        headers.insert(CACHE_STATUS, HeaderValue::from_static(status.header_value()));
        match status {
            // It was just confirmed to be what the database has.
            CacheStatus::Hit => _ = headers.insert(header::AGE, HeaderValue::from_static("0")),
            CacheStatus::Stale => {
                let age = cache.age(entry, self.now());
                headers.insert(header::AGE, HeaderValue::from(age.as_secs()));
            }
            CacheStatus::Miss { .. } | CacheStatus::Refreshed { .. } | CacheStatus::Collapsed => {}
        }
        cache.metrics().record_response(status);
        let metrics = self.state.metrics();
        entry.value.record_metrics(
            metrics,
            self.method,
            response.status(),
            self.started_at.elapsed(),
        );
        Ok(response)
    }

    fn now(&self) -> Timestamp {
        self.state.cache().invalidation().freshness().now()
    }
}

async fn call<S, B>(inner: &S, req: ServiceRequest) -> Result<ServiceResponse, ActixError>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
    B: MessageBody + 'static,
{
    Ok(inner.call(req).await?.map_into_boxed_body())
}
