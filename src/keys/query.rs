//! The statements on keys.

use super::model::{CreatedKey, Key, KeyInput, KeyRow};
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

/// Creates a key; its secret is returned and not stored.
///
/// # Errors
/// When the database fails.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    new: &KeyInput,
    now: DateTime<Utc>,
) -> Result<CreatedKey> {
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
    Ok(CreatedKey { key: row.into(), secret })
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

/// Revokes a key, if it is not revoked; `None` if there is no such key.
pub(super) async fn revoke(
    conn: &mut AsyncPgConnection,
    id: i64,
    now: DateTime<Utc>,
) -> Result<Option<Key>> {
    diesel::update(keys::table.find(id).filter(keys::revoked_at.is_null()))
        .set(keys::revoked_at.eq(now))
        .execute(conn)
        .await?;
    let row: Option<KeyRow> =
        KeyRow::query().filter(keys::id.eq(id)).first(conn).await.optional()?;
    Ok(row.map(Key::from))
}
