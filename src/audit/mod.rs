//! Who did what to which object, and when. Written in the transaction of the deed itself.

mod model;
mod query;
mod routes;

pub use model::Deed;
pub use routes::{Docs, configure};

use crate::error::Result;
use crate::keys::Principal;
use crate::schema::audit;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    key: Option<i64>,
    name: String,
    address: Option<String>,
}

impl Actor {
    /// The holder of a key.
    pub fn of(principal: &Principal) -> Self {
        let (key, name) = (Some(principal.key), principal.name.clone());
        Self { key, name, address: principal.address.clone() }
    }

    /// The service itself, such as its scheduler.
    pub fn service() -> Self {
        Self { key: None, name: "roundup".to_owned(), address: None }
    }
}

/// Writes down a deed: `action` is `object.verb`.
///
/// # Errors
/// When the database fails.
pub async fn record(
    conn: &mut AsyncPgConnection,
    who: &Actor,
    at: DateTime<Utc>,
    action: &str,
    object: (&str, Option<i64>),
    detail: serde_json::Value,
) -> Result<()> {
    diesel::insert_into(audit::table)
        .values((
            audit::at.eq(at),
            audit::key_id.eq(who.key),
            audit::key_name.eq(&who.name),
            audit::action.eq(action),
            audit::object_kind.eq(object.0),
            audit::object_id.eq(object.1),
            audit::address.eq(&who.address),
            audit::detail.eq(detail),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
