//! `Idempotency-Key`: a POST that is sent twice is done once.
//!
//! The key is stored in the transaction of the write itself, with the answer: both commit or
//! neither does. A repeat gets the first answer; one that arrives while the first still runs gets
//! 409 at once; the same key for something else is 422. What failed is not kept: it may be tried
//! again under the same key.

use crate::error::{Code, Error, Result};
use crate::response::{Headers, StoredResponse};
use crate::schema::idempotency_keys as keys;
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// For how long a key is remembered.
pub const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// The header, for the document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// A word of the client's own, such as a UUID: the same request under the same key is done once
    /// within 24 hours.
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        max_length = 255,
        min_length = 1,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )]
    pub idempotency_key: Option<String>,
}

/// The request's key, not yet tied to a caller and a body.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    address: String,
}

/// A key tied to who asks and what for.
#[derive(Debug, Clone)]
pub struct IdempotentRequest {
    key: Option<String>,
    principal: String,
    fingerprint: Vec<u8>,
}

impl IdempotencyKey {
    /// Ties it to a caller and to the digest of a body.
    pub fn bind(self, principal: String, digest: &[u8]) -> IdempotentRequest {
        let mut hash = Sha256::new_with_prefix(&self.address);
        hash.update(digest);
        IdempotentRequest { key: self.key, principal, fingerprint: hash.finalize().to_vec() }
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bad = || {
            let message = "`Idempotency-Key` must be 1 to 255 visible characters, given once";
            Error::parameter("Idempotency-Key", Code::BadParameter, message)
        };
        let address = format!("{} {}\n", req.method(), req.path());
        let mut given = req.headers().get_all("idempotency-key");
        ready(match (given.next(), given.next()) {
            (None, _) => Ok(Self { key: None, address }),
            (Some(key), None) => {
                plain(key).map(|key| Self { key: Some(key), address }).ok_or_else(bad)
            }
            (Some(_), Some(_)) => Err(bad()),
        })
    }
}

/// The key itself: the draft's quoted string, or bare as most clients send it.
fn plain(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

/// What is stored with a key.
#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
struct Kept {
    fingerprint: Vec<u8>,
    status: Option<i16>,
    headers: Option<serde_json::Value>,
    body: Option<Vec<u8>>,
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

impl IdempotentRequest {
    /// The first answer, when the request was done before; otherwise the key is taken, and the
    /// answer is to be given to [`IdempotentRequest::keep`].
    pub(crate) async fn earlier(
        &self,
        conn: &mut AsyncPgConnection,
        now: DateTime<Utc>,
    ) -> Result<Option<StoredResponse>> {
        let Some(key) = &self.key else { return Ok(None) };
        let lock = "select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked";
        let Locked { locked } = diesel::sql_query(lock)
            .bind::<Text, _>(format!("{}\n{key}", self.principal))
            .get_result(conn)
            .await?;
        if !locked {
            let detail = "the first request with this key is still running";
            return Err(Error::new(Code::IdempotencyKeyInUse, detail)
                .with_header(RETRY_AFTER, HeaderValue::from_static("1")));
        }
        let own = keys::table.find((&self.principal, key));
        diesel::delete(own.filter(keys::created_at.le(now - REMEMBERED))).execute(conn).await?;
        let found = own.select(Kept::as_select()).first(conn).await.optional()?;
        let Some(Kept { fingerprint, status, headers, body }) = found else { return Ok(None) };
        if fingerprint != self.fingerprint {
            let detail = "this key was used for another request";
            return Err(Error::new(Code::IdempotencyKeyReused, detail));
        }
        let headers: Headers =
            serde_json::from_value(headers.unwrap_or_default()).unwrap_or_default();
        let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        let answer = StoredResponse { status, headers, body: body.unwrap_or_default() };
        Ok(Some(answer.with("idempotent-replayed", "true")))
    }

    /// Keeps the answer with the key.
    pub(crate) async fn keep(
        &self,
        conn: &mut AsyncPgConnection,
        answer: &StoredResponse,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        diesel::insert_into(keys::table)
            .values((
                keys::principal.eq(&self.principal),
                keys::key.eq(key),
                keys::fingerprint.eq(&self.fingerprint),
                keys::status.eq(i16::try_from(answer.status).unwrap_or(200)),
                keys::headers.eq(serde_json::to_value(&answer.headers).unwrap_or_default()),
                keys::body.eq(&answer.body),
                keys::created_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// Forgets the keys whose time is over.
///
/// # Errors
/// When the database fails.
pub async fn delete_expired(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = keys::table.filter(keys::created_at.le(now - REMEMBERED));
    Ok(diesel::delete(old).execute(conn).await?)
}
