//! Lets costly reads wait for their turn, or rejects them (see [`crate::costly_reads`]). Responses from the
//! cache do not come here.

use crate::extract::Client;
use crate::state::State;
use actix_web::HttpResponse;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;

/// The ends of the paths of costly reads.
const PATHS: [&str; 5] = ["/search", "/related", "/stats", "/partners", "/lookup"];

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
    let state = req.app_data::<Data<State>>().cloned();
    let Some(state) = state.filter(|_| is_costly(req.path(), req.query_string())) else {
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

/// Returns whether a read is costly, by its path and query.
fn is_costly(path: &str, query: &str) -> bool {
    let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    PATHS.iter().any(|end| path.ends_with(end))
        || names.any(|name| PARAMETERS.contains(&name))
        || query.contains("related")
}
