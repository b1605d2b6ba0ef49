//! Lets costly reads wait for their turn, or rejects them (see [`crate::costly_reads`]). Responses from the
//! cache do not come here.

use crate::extract::Client;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

/// The query parameters that make a read costly.
const PARAMETERS: [&str; 4] = ["q", "count", "domain", "author"];

/// Middleware that limits costly reads.
///
/// # Errors
/// Those of the wrapped handlers.
pub async fn limit_costly_reads<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let path = percent_decode_str(req.path()).decode_utf8_lossy().into_owned();
    let state = req.app_data::<Data<State>>().cloned();
    let Some(state) = state.filter(|_| is_costly(&path, req.query_string())) else {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    };
    let peer = req.peer_addr().map(|peer| peer.ip());
    let client = Client::from_request_parts(peer, req.headers(), &state.config().trusted_proxies);
    match state.costly_reads().begin(client.rate_limit_key()).await {
        Ok(_running) => next.call(req).await.map(ServiceResponse::map_into_left_body),
        // A response, not an `Err`: the request pipeline only handles responses.
        Err(error) => Ok(req.into_response(HttpResponse::from_error(error)).map_into_right_body()),
    }
}

/// Returns whether a read is costly, by its decoded path and its query.
fn is_costly(path: &str, query: &str) -> bool {
    let costly_path =
        ["/api/v1/search", "/api/v1/links/lookup", "/api/v1/outlets/stats", "/api/v1/domains"]
            .contains(&path)
            || path.ends_with("/related")
            || path.ends_with("/partners");
    costly_path
        || form_urlencoded::parse(query.as_bytes()).any(|(name, value)| {
            PARAMETERS.contains(&&*name) || (name == "include" && value.contains("related"))
        })
}

#[cfg(test)]
mod tests {
    use super::is_costly;

    #[test]
    fn costly_reads_are_found_however_they_are_written() {
        for (path, query) in [
            ("/api/v1/search", ""),
            ("/api/v1/articles/5/related", ""),
            ("/api/v1/articles", "%71=the"),
            ("/api/v1/links", "c%6Funt=exact"),
            ("/api/v1/articles/5", "include=comments,%72elated"),
        ] {
            assert!(is_costly(path, query), "{path}?{query}");
        }
        for (path, query) in
            [("/api/v1/articles/lookup", ""), ("/api/v1/articles", "tag=unrelated&limit=5")]
        {
            assert!(!is_costly(path, query), "{path}?{query}");
        }
    }
}
