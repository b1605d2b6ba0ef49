//! Authentication and authorization.
//!
//! [`require_key`] wraps all routes under `/api/v1/admin` and rejects requests without a valid key with
//! 401. A handler declares the scope that it requires in its signature: `Allowed<scope::ArticlesWrite>`.

mod lookup;
mod scopes;

pub(crate) use lookup::hash_secret;
pub use scopes::Scope;

use crate::error::{Code, Error, Result};
use crate::extract::Client;
use crate::response::cors;
use crate::state::State;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use lookup::{ValidKey, find_valid_key};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// The authenticated caller: the holder of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The key's id.
    pub key: i64,
    /// The key's name.
    pub name: String,
    /// The IP address of the client.
    pub address: Option<String>,
    scopes: Vec<Scope>,
}

impl Principal {
    /// Returns the owner of this caller's idempotency keys.
    pub fn owner(&self) -> String {
        format!("key:{}", self.key)
    }

    /// Checks that the caller has all scopes of a key that it creates or revokes.
    ///
    /// # Errors
    /// 403 with the scopes that it lacks.
    pub fn check_may_manage(&self, scopes: &[Scope]) -> Result<()> {
        let lacking: Vec<&str> =
            scopes.iter().filter(|scope| !self.may(**scope)).map(|scope| scope.as_str()).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let detail = format!(
            "this key does not have {}, so it cannot create or revoke a key that has",
            lacking.join(", ")
        );
        Err(Error::new(Code::MissingScope, detail))
    }

    /// Returns whether the caller may do what this scope allows.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|held| held.includes(scope))
    }
}

/// Middleware that rejects requests without a valid key with 401. A wrong, expired or revoked key is never
/// treated like no key.
///
/// # Errors
/// Those of the wrapped handlers.
pub async fn require_key<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if is_preflight(&req) {
        return next.call(req).await.map(ServiceResponse::map_into_left_body);
    }
    let key = match authenticate(&req).await {
        Ok(key) => key,
        // A response, not an `Err`: the request pipeline only handles responses.
        Err(error) => {
            return Ok(req.into_response(HttpResponse::from_error(error)).map_into_right_body());
        }
    };
    let address = client_address(&req);
    let principal = Principal { key: key.id, name: key.name, address, scopes: key.scopes };
    req.extensions_mut().insert(principal);
    next.call(req).await.map(ServiceResponse::map_into_left_body)
}

/// Returns whether a browser asks what a page of an origin in `ROUNDUP_ADMIN_ORIGINS` may send. It asks
/// without the key.
fn is_preflight(req: &ServiceRequest) -> bool {
    let state = req.app_data::<Data<State>>();
    req.method() == Method::OPTIONS
        && req.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        && state.is_some_and(|state| cors::admin_origin(req.headers(), state.config()).is_some())
}

/// Returns the IP address of the client, from the forwarding header if a trusted proxy sent it.
fn client_address(req: &ServiceRequest) -> Option<String> {
    let peer = req.peer_addr()?.ip();
    let trusted = &req.app_data::<Data<State>>()?.config().trusted_proxies;
    Some(Client::from_request_parts(Some(peer), req.headers(), trusted).address().to_string())
}

/// Returns the valid key that a request sends.
async fn authenticate(req: &ServiceRequest) -> Result<ValidKey> {
    let state = req.app_data::<Data<State>>();
    let state = state.ok_or_else(|| Error::internal(anyhow::anyhow!("no state")))?;
    let secret = req
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, secret)| secret.trim());
    let Some(secret) = secret else {
        return Err(unauthenticated("send a key: `Authorization: Bearer rk_…`"));
    };
    let now = state.clock().now();
    let found = state.with_connection(async |conn| find_valid_key(conn, secret, now).await).await?;
    found.ok_or_else(|| unauthenticated("the key is wrong, expired or revoked"))
}

fn unauthenticated(detail: &'static str) -> Error {
    let challenge = HeaderValue::from_static("Bearer realm=\"roundup\"");
    Error::new(Code::Unauthenticated, detail).with_header(WWW_AUTHENTICATE, challenge)
}

/// The scopes as types.
pub mod scope {
    use crate::auth::Scope;

    /// A scope as a type parameter of [`Allowed`](super::Allowed).
    pub trait RequiredScope {
        /// The scope.
        const SCOPE: Scope;
    }

    macro_rules! scopes {
        ($($name:ident)*) => {$(
            #[doc = concat!("[`Scope::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl RequiredScope for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )*};
    }

    scopes!(ArticlesRead ArticlesWrite OutletsWrite CommentsModerate ImportsWrite ExportsRead KeysManage ChangesRead WebhooksManage AuditRead);
}

/// The caller, whose key has the scope `S`. It must be the handler's first parameter, so that a caller
/// without the scope learns nothing about the rest of the request.
#[derive(Debug, Clone)]
pub struct Allowed<S> {
    /// The caller.
    pub principal: Principal,
    scope: PhantomData<S>,
}

impl<S: scope::RequiredScope> FromRequest for Allowed<S> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let principal = req.extensions().get::<Principal>().cloned();
        ready(match principal {
            None => Err(unauthenticated("send a key: `Authorization: Bearer rk_…`")),
            Some(principal) if principal.may(S::SCOPE) => {
                Ok(Self { principal, scope: PhantomData })
            }
            Some(_) => {
                let detail = format!("the key lacks the scope `{}`", S::SCOPE.as_str());
                Err(Error::new(Code::MissingScope, detail))
            }
        })
    }
}

/// Returns whether a path needs a key.
pub(crate) fn is_private(path: &str) -> bool {
    path.strip_prefix("/api/v1/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_admin_paths_need_a_key() {
        for path in ["/api/v1/admin", "/api/v1/admin/", "/api/v1/admin/keys"] {
            assert!(is_private(path), "{path}");
        }
        for path in ["/api/v1/administration", "/api/v1/articles", "/", "/feeds/articles.atom"] {
            assert!(!is_private(path), "{path}");
        }
    }
}
