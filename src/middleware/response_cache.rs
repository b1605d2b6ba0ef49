//! Public reads by way of the cache: at once when memory has the answer, else by filling it.

use crate::cache::{Begun, Fill, Held, Join, Landed, Lead, Source};
use crate::error::{Code, Error};
use crate::response::accept::{Coding, accepts_json};
use crate::response::{CachedResponse, IntoCached};
use crate::response::{RequestId, X_REQUEST_ID};
use crate::state::State;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error as ActixError, HttpResponse};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How long the database may take where memory could answer as well, and nothing is heard from it.
const PATIENCE: Duration = Duration::from_millis(500);

type Answer = Arc<Held<CachedResponse>>;

/// An answer, and whether there is anything left to do about it.
pub(super) enum Made {
    /// Whole, and counted.
    Whole(ServiceResponse),
    /// As the handlers gave it.
    Raw(ServiceResponse),
}

/// How an answer came about, as `Cache-Status` has it.
#[derive(Debug, Clone, Copy)]
struct How {
    source: Source,
    status: &'static str,
}

const HIT: How = How { source: Source::Hit, status: "roundup; hit" };
const STALE: How = How {
    source: Source::Stale,
    status: "roundup; fwd=stale; fwd-status=503; detail=stale-if-error",
};
const WAITED: How = How { source: Source::Wait, status: "roundup; fwd=miss; collapsed" };

const fn filled(again: bool, stored: bool) -> How {
    let status = match (again, stored) {
        (false, true) => "roundup; fwd=uri-miss; stored",
        (false, false) => "roundup; fwd=uri-miss",
        (true, true) => "roundup; fwd=stale; stored",
        (true, false) => "roundup; fwd=stale",
    };
    How { source: Source::Miss, status }
}

/// A request, as far as the cache must know it.
pub(super) struct Asked<'a> {
    pub(super) state: &'a State,
    pub(super) method: &'a Method,
    pub(super) id: &'a RequestId,
    pub(super) begun: Instant,
}

/// The answer that memory has for a request just come in; none if it has to go further in.
pub(super) fn from_memory(
    state: &State,
    req: &ServiceRequest,
    begun: Instant,
) -> Option<HttpResponse> {
    let method = req.method();
    let cache = state.cache();
    if (*method != Method::GET && *method != Method::HEAD) || !cache.is_enabled() {
        return None;
    }
    let key = req.uri().path_and_query()?.as_str();
    let held = cache.get(key)?;
    let current = cache.is_current(&held, cache.coherence().trust().at(begun));
    if !current || (key.starts_with("/api/") && !accepts_json(req.headers())) {
        return None;
    }
    let id = RequestId::from_headers(req.headers());
    // What it refuses is refused where every failure gets its problem.
    Asked { state, method, id: &id, begun }.answer(key, &held, req.headers(), HIT).ok()
}

impl Asked<'_> {
    /// Makes the answer of an entry, and counts it; or says why there is none.
    fn answer(
        &self,
        key: &str,
        held: &Answer,
        asked: &HeaderMap,
        how: How,
    ) -> Result<HttpResponse, Error> {
        let coding = Coding::negotiate(asked).ok_or_else(refused)?;
        let cache = self.state.cache();
        let grew = |bytes| cache.grow(key, held, bytes);
        let mut answer = held.value.answer(asked, coding, self.id.as_str(), grew)?;
        let headers = answer.headers_mut();
        headers.insert(X_REQUEST_ID, self.id.to_header_value());
        headers.insert(CACHE_STATUS, HeaderValue::from_static(how.status));
        match how.source {
            // Confirmed to be what the database has: no time has passed since.
            Source::Hit => _ = headers.insert(header::AGE, HeaderValue::from_static("0")),
            Source::Stale => {
                let age = cache.age(held, cache.coherence().trust().now());
                headers.insert(header::AGE, HeaderValue::from(age.as_secs()));
            }
            Source::Miss | Source::Wait => {}
        }
        cache.counts().answered(how.source);
        held.value.count(self.state.metrics(), self.method, answer.status(), self.begun.elapsed());
        Ok(answer)
    }

    fn whole(&self, req: ServiceRequest, key: &str, held: &Answer, how: How) -> Made {
        match self.answer(key, held, req.headers(), how) {
            Ok(answer) => Made::Whole(req.into_response(answer)),
            Err(error) => Made::Raw(req.error_response(error)),
        }
    }

    /// Answers a public read that [`from_memory`] could not: waits for the fill that is under way,
    /// or does it.
    pub(super) async fn fetch<S, B>(
        &self,
        inner: &S,
        req: ServiceRequest,
    ) -> Result<Made, ActixError>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
        B: MessageBody + 'static,
    {
        let cache = self.state.cache();
        let arrived = cache.coherence().begin();
        let key: Arc<str> = req.uri().path_and_query().map_or("/", |key| key.as_str()).into();
        loop {
            let last = cache.get(&key);
            if let Some((held, how)) = last.as_ref().and_then(|held| self.usable(held)) {
                return Ok(self.whole(req, &key, held, how));
            }
            let waiting = match cache.join(&key) {
                Join::Wait(waiting) => waiting,
                Join::Lead(lead) => {
                    // One may have landed between the look and the join.
                    let last = cache.get(&key);
                    if let Some((held, how)) = last.as_ref().and_then(|held| self.usable(held)) {
                        return Ok(self.whole(req, &key, held, how));
                    }
                    return self.fill(inner, req, lead, last).await;
                }
            };
            match waiting.landed().await {
                Landed::Entry(held) if self.may_take(&held, arrived) => {
                    return Ok(self.whole(req, &key, &held, WAITED));
                }
                Landed::Entry(_) | Landed::Abandoned => {}
                Landed::Unkept => return Ok(Made::Raw(call(inner, req).await?)),
                Landed::Failed => return Ok(self.without_database(req, &key, last)),
            }
        }
    }

    /// What is kept, if it needs no database: it is current, or that is known to be away.
    fn usable<'h>(&self, held: &'h Answer) -> Option<(&'h Answer, How)> {
        let cache = self.state.cache();
        let trust = cache.coherence().trust();
        let now = trust.now();
        if cache.is_current(held, now) {
            return Some((held, HIT));
        }
        (cache.may_serve_stale(held, now) && trust.is_away(now)).then_some((held, STALE))
    }

    /// Whether what another request has read will do for one that had arrived by then: nothing has
    /// changed since, or it began to be read after the arrival.
    fn may_take(&self, held: &Answer, arrived: Begun) -> bool {
        let cache = self.state.cache();
        cache.is_current(held, cache.coherence().trust().now())
            || (held.begun.ticket >= arrived.ticket && held.begun.moment >= arrived.moment)
    }

    fn without_database(&self, req: ServiceRequest, key: &str, last: Option<Answer>) -> Made {
        let cache = self.state.cache();
        let now = cache.coherence().trust().now();
        if let Some(held) = last.filter(|held| cache.may_serve_stale(held, now)) {
            return self.whole(req, key, &held, STALE);
        }
        let cause = anyhow::anyhow!("the request that it waited for found no database");
        Made::Raw(req.error_response(Error::unavailable(cause)))
    }

    async fn fill<S, B>(
        &self,
        inner: &S,
        req: ServiceRequest,
        lead: Lead<Held<CachedResponse>>,
        last: Option<Answer>,
    ) -> Result<Made, ActixError>
    where
        S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
        B: MessageBody + 'static,
    {
        let cache = self.state.cache();
        let trust = cache.coherence().trust();
        // Before any query: see `cache::Counters`.
        let mut begun = cache.coherence().begin();
        let confirmed = trust.confirmed();
        let spare = last.as_ref().is_some_and(|held| cache.may_serve_stale(held, begun.moment));
        let (res, replica) = Fill::run(spare.then_some(PATIENCE), call(inner, req)).await;
        let res = res?;
        cache.counts().filled(trust.now().since(begun.moment));
        if matches!(res.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) {
            return Ok(self.failed(res, lead, last));
        }
        trust.answered();
        if replica {
            // It may lag by all that nothing has been heard of.
            begun.moment = begun.moment.min(confirmed);
        }
        Ok(self.keep(res, begun, lead, last.is_some()))
    }

    /// Keeps what a fill has read, and answers all who wait for it.
    fn keep(
        &self,
        res: ServiceResponse,
        begun: Begun,
        lead: Lead<Held<CachedResponse>>,
        again: bool,
    ) -> Made {
        let (req, entry, on) = match CachedResponse::of(res, self.state.config()) {
            IntoCached::Yes(req, entry, on) => (req, *entry, on),
            IntoCached::No(res) => {
                lead.land(Landed::Unkept);
                return Made::Raw(res);
            }
        };
        let (nothing, weight) = (entry.is_nothing(), entry.weight());
        let held = Arc::new(Held { begun, on, nothing, value: entry });
        let stored = self.state.cache().keep(lead.key(), &held, weight);
        let key = Arc::clone(lead.key());
        lead.land(Landed::Entry(Arc::clone(&held)));
        match self.answer(&key, &held, req.headers(), filled(again, stored)) {
            Ok(answer) => Made::Whole(ServiceResponse::new(req, answer)),
            Err(error) => Made::Raw(ServiceResponse::from_err(error, req)),
        }
    }

    fn failed(
        &self,
        res: ServiceResponse,
        lead: Lead<Held<CachedResponse>>,
        last: Option<Answer>,
    ) -> Made {
        let cache = self.state.cache();
        let now = cache.coherence().trust().now();
        cache.coherence().trust().failed(now);
        cache.counts().failed();
        let key = Arc::clone(lead.key());
        lead.land(Landed::Failed);
        let Some(held) = last.filter(|held| cache.may_serve_stale(held, now)) else {
            return Made::Raw(res);
        };
        match self.answer(&key, &held, res.request().headers(), STALE) {
            Ok(answer) => Made::Whole(res.into_response(answer)),
            Err(_) => Made::Raw(res),
        }
    }
}

async fn call<S, B>(inner: &S, req: ServiceRequest) -> Result<ServiceResponse, ActixError>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
    B: MessageBody + 'static,
{
    Ok(inner.call(req).await?.map_into_boxed_body())
}

fn refused() -> Error {
    Error::new(Code::NotAcceptable, "no content coding is left that you accept")
}
