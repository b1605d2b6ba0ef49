//! What is sent to a webhook.

use super::record::DueDelivery;
use crate::error::{Error, Result};
use crate::events::{self, Change, StoredEvent};
use chrono::{DateTime, SecondsFormat, Utc};
use diesel_async::AsyncPgConnection;
use serde::Serialize;

/// The maximum size of a body in bytes. A larger one is sent without the object.
const MAX_BODY: usize = 256 << 10;

/// The body of a message (Standard Webhooks, "Payload structure").
#[derive(Debug, Serialize)]
struct Message<'a> {
    r#type: &'a str,
    timestamp: String,
    data: &'a Change,
}

/// Returns the body of the message about an event, with what its object is now.
///
/// # Errors
/// When the database does not respond.
pub(super) async fn body(conn: &AsyncPgConnection, due: &DueDelivery) -> Result<String> {
    let log = events::log(conn).await?;
    let event = StoredEvent {
        id: due.event_id.unwrap_or(log.last_id),
        kind: due.kind.clone(),
        object_kind: due.object_kind.clone(),
        object_id: due.object_id,
        article_id: due.article_id,
        version: due.version,
        at: due.at,
        for_editors: due.for_editors,
    };
    let mut changes = [event.change(&log.epoch)];
    events::include_objects(conn, &mut changes).await?;
    let [mut change] = changes;
    let text = write(&change, due.at)?;
    if text.len() <= MAX_BODY {
        return Ok(text);
    }
    change.object.data = None;
    write(&change, due.at)
}

fn write(change: &Change, at: DateTime<Utc>) -> Result<String> {
    let timestamp = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let message = Message { r#type: &change.r#type, timestamp, data: change };
    serde_json::to_string(&message).map_err(Error::internal)
}
