//! Finds the key with the secret that a request sends.

use super::scopes::Scope;
use crate::error::Result;
use crate::schema::keys;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How often `last_used_at` of a key is updated.
const LAST_USED_PRECISION: TimeDelta = TimeDelta::seconds(60);

/// Returns the hash under which a secret is stored. A secret is 256 random bits, so a plain fast
/// hash is safe.
pub(crate) fn hash_secret(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// A key as authentication needs it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = keys)]
struct KeyRow {
    id: i64,
    name: String,
    scopes: Vec<String>,
    secret_hash: Vec<u8>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

/// A key that is valid now.
#[derive(Debug)]
pub(super) struct ValidKey {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) scopes: Vec<Scope>,
}

/// Returns the key with this secret if it is neither expired nor revoked, and records its use.
///
/// # Errors
/// When the database fails.
pub(super) async fn find_valid_key(
    conn: &AsyncPgConnection,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<ValidKey>> {
    let hash = hash_secret(secret);
    // Reads the first row at or after this hash and then compares, so that the work is the same
    // whether the key is valid, expired or unknown.
    let nearest: Option<KeyRow> = keys::table
        .filter(keys::secret_hash.ge(&hash))
        .order(keys::secret_hash)
        .select(KeyRow::as_select())
        .first(&mut &*conn)
        .await
        .optional()?;
    let found = nearest.and_then(|row| {
        let same = bool::from(row.secret_hash.ct_eq(&hash));
        let is_valid = row.revoked_at.is_none() & row.expires_at.is_none_or(|end| end > now);
        (same & is_valid).then_some(row)
    });
    let Some(row) = found else { return Ok(None) };
    if row.last_used_at.is_none_or(|at| now - at >= LAST_USED_PRECISION) {
        diesel::update(keys::table.find(row.id))
            .set(keys::last_used_at.eq(now))
            .execute(&mut &*conn)
            .await?;
    }
    let scopes = row.scopes.iter().filter_map(|name| Scope::named(name)).collect();
    Ok(Some(ValidKey { id: row.id, name: row.name, scopes }))
}
