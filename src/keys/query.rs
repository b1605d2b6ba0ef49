//! The statements on keys.

use super::model::{Key, KeyInput, KeyRow};
use crate::auth::hash_secret;
use crate::db::keyset;
use crate::error::{Error, Result};
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::keys;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Creates a key; returns it with its secret, which is not stored.
///
/// # Errors
/// When the database fails.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    new: &KeyInput,
    now: DateTime<Utc>,
) -> Result<(Key, String)> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let secret = format!("rk_{}", BASE64.encode(random));
    let prefix: String = secret.chars().take(10).collect();
    let mut scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let row: KeyRow = diesel::insert_into(keys::table)
        .values((
            keys::name.eq(&new.name),
            keys::prefix.eq(prefix),
            keys::secret_hash.eq(hash_secret(&secret)),
            keys::scopes.eq(scopes),
            keys::created_at.eq(now),
            keys::expires_at.eq(new.expires_at),
        ))
        .returning(KeyRow::as_select())
        .get_result(conn)
        .await?;
    Ok((row.into(), secret))
}

/// Returns a page of all keys, newest first.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Page<Key>> {
    let query = KeyRow::query().into_boxed::<Pg>();
    let query = keyset!(query, scan, true, Timestamptz, keys::created_at, keys::id);
    let rows: Vec<KeyRow> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |row| (Key::from(row.clone()).created_at, row.id));
    let total = total(conn, scan.count, || keys::table.into_boxed::<Pg>()).await?;
    Ok(page.map(Key::from).with_total(total))
}

/// Locks a key until the transaction ends and returns it.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn locked(conn: &mut AsyncPgConnection, id: i64) -> Result<Key> {
    let row = KeyRow::query().filter(keys::id.eq(id)).for_no_key_update().first(conn).await;
    row.optional()?.map(Key::from).ok_or_else(|| Error::not_found("key"))
}

/// Revokes a key, if it is not revoked.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn revoke(
    conn: &mut AsyncPgConnection,
    id: i64,
    now: DateTime<Utc>,
) -> Result<Key> {
    diesel::update(keys::table.find(id).filter(keys::revoked_at.is_null()))
        .set(keys::revoked_at.eq(now))
        .execute(conn)
        .await?;
    locked(conn, id).await
}
