//! Who is asking, and may they.
//!
//! [`require_key`] stands in front of everything under `/api/v1/admin`: without a good key nothing
//! there answers but 401. What a handler allows is said by the type in its signature:
//! `Allowed<scope::ArticlesWrite>`.

mod lookup;
mod scopes;

pub(crate) use lookup::hash_secret;
pub use scopes::Scope;

use crate::error::{Code, Error, Result};
use crate::extract::Client;
use crate::state::State;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use lookup::{ValidKey, find_valid_key};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// Who is asking: the holder of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The key's id.
    pub key: i64,
    /// The key's name.
    pub name: String,
    /// The network address of the request.
    pub address: Option<String>,
    scopes: Vec<Scope>,
}

impl Principal {
    /// Returns the owner of this caller's idempotency keys.
    pub fn owner(&self) -> String {
        format!("key:{}", self.key)
    }

    /// Returns whether the caller may do what this scope allows.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|held| held.holds(scope))
    }
}

/// Lets only the holder of a good key pass: a missing, wrong, expired or revoked one is answered
/// with 401, never taken for an anonymous caller.
///
/// # Errors
/// Those of the handlers behind it.
pub async fn require_key<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let key = match good_key(&req).await {
        Ok(key) => key,
        // As an answer, not as an error: only so does the front door see it.
        Err(error) => {
            return Ok(req.into_response(HttpResponse::from_error(error)).map_into_right_body());
        }
    };
    let address = address(&req);
    let principal = Principal { key: key.id, name: key.name, address, scopes: key.scopes };
    req.extensions_mut().insert(principal);
    next.call(req).await.map(ServiceResponse::map_into_left_body)
}

/// Whence the request comes: of one by way of a trusted proxy, from where that has it.
fn address(req: &ServiceRequest) -> Option<String> {
    let peer = req.peer_addr()?.ip();
    let trusted = &req.app_data::<Data<State>>()?.config().trusted_proxies;
    Some(Client::from_request_parts(Some(peer), req.headers(), trusted).address().to_string())
}

async fn good_key(req: &ServiceRequest) -> Result<ValidKey> {
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
        return Err(unauthenticated("give a key: `Authorization: Bearer rk_…`"));
    };
    let now = state.clock().now();
    let found = state.read(async |conn| find_valid_key(conn, secret, now).await).await?;
    found.ok_or_else(|| unauthenticated("the key is wrong, expired or revoked"))
}

fn unauthenticated(detail: &'static str) -> Error {
    let challenge = HeaderValue::from_static("Bearer realm=\"roundup\"");
    Error::new(Code::Unauthenticated, detail).with_header(WWW_AUTHENTICATE, challenge)
}

/// The scopes as types.
pub mod scope {
    use crate::auth::Scope;

    /// A scope that stands in a handler's signature.
    pub trait Needs {
        /// The scope.
        const SCOPE: Scope;
    }

    macro_rules! scopes {
        ($($name:ident)*) => {$(
            #[doc = concat!("[`Scope::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl Needs for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )*};
    }

    scopes!(ArticlesRead ArticlesWrite OutletsWrite CommentsModerate ImportsWrite ExportsRead KeysManage AuditRead);
}

/// The caller, who may do what `S` allows. It must be the handler's first parameter, so that a
/// caller who may not learns nothing of what else is wrong.
#[derive(Debug, Clone)]
pub struct Allowed<S> {
    /// Who it is.
    pub principal: Principal,
    scope: PhantomData<S>,
}

impl<S: scope::Needs> FromRequest for Allowed<S> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let principal = req.extensions().get::<Principal>().cloned();
        ready(match principal {
            None => Err(unauthenticated("give a key: `Authorization: Bearer rk_…`")),
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

/// Whether everything at this path needs a key.
pub(crate) fn is_private(path: &str) -> bool {
    path.strip_prefix("/api/v1/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_key_is_told_by_its_path() {
        for path in ["/api/v1/admin", "/api/v1/admin/", "/api/v1/admin/keys"] {
            assert!(is_private(path), "{path}");
        }
        for path in ["/api/v1/administration", "/api/v1/articles", "/", "/feeds/articles.atom"] {
            assert!(!is_private(path), "{path}");
        }
    }
}
