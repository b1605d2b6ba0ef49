//! The audit log: who did what to which object, and when. Events are written in the transaction of the change.

mod model;
mod query;
mod routes;

pub use model::AuditEvent;
pub use routes::{Docs, configure};

use crate::auth::Principal;
use crate::error::Result;
use crate::schema::audit;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The actor of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    key: Option<i64>,
    name: String,
    address: Option<String>,
}

impl Actor {
    /// Returns the holder of a key.
    pub fn of(principal: &Principal) -> Self {
        let (key, name) = (Some(principal.key), principal.name.clone());
        Self { key, name, address: principal.address.clone() }
    }

    /// Returns a reader, who has no account.
    pub fn reader() -> Self {
        Self { key: None, name: "a reader".to_owned(), address: None }
    }

    /// Returns the actor with access to the command line of the service, who needs no key.
    pub fn command_line() -> Self {
        Self { key: None, name: "the command line".to_owned(), address: None }
    }

    /// Returns the service itself, such as its scheduler.
    pub fn service() -> Self {
        Self { key: None, name: "roundup".to_owned(), address: None }
    }
}

/// The object of an event: its kind and id.
pub type Object<'a> = (&'a str, Option<i64>);

/// Records an event; `action` is `object.verb`.
///
/// # Errors
/// When the database fails.
pub async fn record(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    at: DateTime<Utc>,
    action: &str,
    object: Object<'_>,
    detail: serde_json::Value,
) -> Result<()> {
    record_all(conn, actor, at, action, vec![(object, detail)]).await
}

/// Erases the details of the events of these objects, which were erased themselves. Who did what and when
/// stays.
///
/// # Errors
/// When the database fails.
pub async fn erase_details(conn: &mut AsyncPgConnection, kind: &str, ids: &[i64]) -> Result<()> {
    let events =
        audit::table.filter(audit::object_kind.eq(kind)).filter(audit::object_id.eq_any(ids));
    diesel::update(events).set(audit::detail.eq(serde_json::json!({}))).execute(conn).await?;
    Ok(())
}

/// Records the same event for many objects, a row for each.
///
/// # Errors
/// When the database fails.
pub async fn record_all(
    conn: &mut AsyncPgConnection,
    actor: &Actor,
    at: DateTime<Utc>,
    action: &str,
    events: Vec<(Object<'_>, serde_json::Value)>,
) -> Result<()> {
    let row = |(object, detail): (Object<'_>, serde_json::Value)| {
        (
            audit::at.eq(at),
            audit::key_id.eq(actor.key),
            audit::key_name.eq(actor.name.clone()),
            audit::action.eq(action.to_owned()),
            audit::object_kind.eq(object.0.to_owned()),
            audit::object_id.eq(object.1),
            audit::address.eq(actor.address.clone()),
            audit::detail.eq(detail),
        )
    };
    let mut rows = events.into_iter().map(row).peekable();
    while rows.peek().is_some() {
        // A statement takes 65,535 parameters at most.
        let batch: Vec<_> = rows.by_ref().take(1000).collect();
        diesel::insert_into(audit::table).values(batch).execute(conn).await?;
    }
    Ok(())
}
