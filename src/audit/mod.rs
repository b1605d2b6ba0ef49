//! Who did what to which object, and when. Written in the transaction of the deed itself.

mod model;
mod query;
mod routes;

pub use model::Deed;
pub use routes::{Docs, configure};

use crate::auth::Principal;
use crate::error::Result;
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

    /// A reader, who has no account.
    pub fn reader() -> Self {
        Self { key: None, name: "a reader".to_owned(), address: None }
    }

    /// The service itself, such as its scheduler.
    pub fn service() -> Self {
        Self { key: None, name: "roundup".to_owned(), address: None }
    }
}

/// What a deed was done to: the kind of object, and its id.
pub type Object<'a> = (&'a str, Option<i64>);

/// Writes down a deed: `action` is `object.verb`.
///
/// # Errors
/// When the database fails.
pub async fn record(
    conn: &mut AsyncPgConnection,
    who: &Actor,
    at: DateTime<Utc>,
    action: &str,
    object: Object<'_>,
    detail: serde_json::Value,
) -> Result<()> {
    record_all(conn, who, at, action, vec![(object, detail)]).await
}

/// Writes down the same deed done to many objects, a row for each.
///
/// # Errors
/// When the database fails.
pub async fn record_all(
    conn: &mut AsyncPgConnection,
    who: &Actor,
    at: DateTime<Utc>,
    action: &str,
    deeds: Vec<(Object<'_>, serde_json::Value)>,
) -> Result<()> {
    let row = |(object, detail): (Object<'_>, serde_json::Value)| {
        (
            audit::at.eq(at),
            audit::key_id.eq(who.key),
            audit::key_name.eq(who.name.clone()),
            audit::action.eq(action.to_owned()),
            audit::object_kind.eq(object.0.to_owned()),
            audit::object_id.eq(object.1),
            audit::address.eq(who.address.clone()),
            audit::detail.eq(detail),
        )
    };
    let mut rows = deeds.into_iter().map(row).peekable();
    while rows.peek().is_some() {
        // A statement takes 65,535 parameters at most.
        let some: Vec<_> = rows.by_ref().take(1000).collect();
        diesel::insert_into(audit::table).values(some).execute(conn).await?;
    }
    Ok(())
}
