//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header-07): a POST that is sent twice is
//! carried out once.
//!
//! The key and the response are stored in the transaction of the write: both commit or neither does.
//! A repeated request gets the first response, with null in place of secrets, which are not stored; one
//! that arrives while the first still runs gets 409; the same key with another request is 422. A failed
//! request is not stored and may be repeated. Each caller has keys of its own.

use crate::error::{Code, Error, Result};
use crate::response::{Headers, StoredResponse};
use crate::schema::idempotency_keys as keys;
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// The stored status of a response that was erased.
const ERASED: i16 = 410;

/// How long a key is stored.
pub const RETENTION: TimeDelta = TimeDelta::hours(24);

/// Documents the header.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// A value of the client's choice, such as a UUID: within 24 hours, a request with the same key is
    /// carried out once.
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        max_length = 255,
        min_length = 1,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )]
    pub idempotency_key: Option<String>,
}

/// The idempotency key of a request, if it has one.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    target: String,
}

/// A request with its idempotency key, caller and content.
#[derive(Debug, Clone)]
pub struct IdempotentRequest {
    key: Option<String>,
    principal: String,
    fingerprint: Vec<u8>,
}

impl IdempotencyKey {
    /// Binds the key to a caller and to the digest of the request body.
    pub fn bind(self, principal: String, digest: &[u8]) -> IdempotentRequest {
        let mut hash = Sha256::new_with_prefix(&self.target);
        hash.update(digest);
        // Only a hash of the key is stored: clients may put anything into it.
        let key = self.key.map(|key| format!("{:x}", Sha256::digest(key)));
        IdempotentRequest { key, principal, fingerprint: hash.finalize().to_vec() }
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let invalid = || {
            let message = "`Idempotency-Key` must be 1 to 255 visible ASCII characters, sent once";
            Error::parameter("Idempotency-Key", Code::BadParameter, message)
        };
        let target = format!("{} {}\n", req.method(), req.path());
        let mut values = req.headers().get_all("idempotency-key");
        ready(match (values.next(), values.next()) {
            (None, _) => Ok(Self { key: None, target }),
            (Some(key), None) => {
                parse_key(key).map(|key| Self { key: Some(key), target }).ok_or_else(invalid)
            }
            (Some(_), Some(_)) => Err(invalid()),
        })
    }
}

/// Parses a key: a quoted string as in the draft, or bare as most clients send it.
fn parse_key(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let is_valid = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    is_valid.then(|| text.to_owned())
}

/// The stored response of a key.
#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
struct StoredRow {
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
    /// Returns the stored response if the request was carried out before. Otherwise reserves the key
    /// until the end of the transaction; the response is then passed to [`Self::store_response`].
    ///
    /// # Errors
    /// 409 while the first request runs, 410 when its object was erased, 422 when the key was used for another
    /// request.
    pub(crate) async fn stored_response(
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
            let detail = "the first request with this `Idempotency-Key` is still running";
            return Err(Error::new(Code::IdempotencyKeyInUse, detail)
                .with_header(RETRY_AFTER, HeaderValue::from_static("1")));
        }
        let own = keys::table.find((&self.principal, key));
        diesel::delete(own.filter(keys::created_at.le(now - RETENTION))).execute(conn).await?;
        let found = own.select(StoredRow::as_select()).first(conn).await.optional()?;
        let Some(StoredRow { fingerprint, status, headers, body }) = found else { return Ok(None) };
        if fingerprint != self.fingerprint {
            let detail = "this `Idempotency-Key` was used for another request";
            return Err(Error::new(Code::IdempotencyKeyReused, detail));
        }
        if status == Some(ERASED) {
            return Err(Error::new(Code::Gone, "what this request created was erased"));
        }
        let headers: Headers =
            serde_json::from_value(headers.unwrap_or_default()).unwrap_or_default();
        let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        let response = StoredResponse::new(status, headers, body.unwrap_or_default());
        Ok(Some(response.with_header("idempotent-replayed", "true")))
    }

    /// Stores the response with the key.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn store_response(
        &self,
        conn: &mut AsyncPgConnection,
        response: &StoredResponse,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        diesel::insert_into(keys::table)
            .values((
                keys::principal.eq(&self.principal),
                keys::key.eq(key),
                keys::fingerprint.eq(&self.fingerprint),
                keys::status.eq(i16::try_from(response.status).unwrap_or(200)),
                keys::headers.eq(serde_json::to_value(&response.headers).unwrap_or_default()),
                keys::body.eq(response.body_to_store()),
                keys::created_at.eq(now),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

/// Erases the stored responses with these paths in `Location`, because their objects were erased. A repeated
/// request then gets 410: it is not executed again.
///
/// # Errors
/// When the database fails.
pub async fn erase_responses(conn: &mut AsyncPgConnection, paths: &[String]) -> Result<()> {
    // The headers are stored as a list of pairs.
    let location = sql::<Text>(
        "(jsonb_path_query_first(headers, 'strict $[*] ? (@[0] == \"location\")') ->> 1)",
    );
    diesel::update(keys::table.filter(location.eq_any(paths)))
        .set((
            keys::status.eq(Some(ERASED)),
            keys::headers.eq(None::<serde_json::Value>),
            keys::body.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes the keys that are older than [`RETENTION`]; returns how many.
///
/// # Errors
/// When the database fails.
pub async fn delete_expired(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let old = keys::table.filter(keys::created_at.le(now - RETENTION));
    Ok(diesel::delete(old).execute(conn).await?)
}
