//! The database rows and JSON types of the audit log.

use crate::extract::deserialize_id;
use crate::schema::audit;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

/// An event of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = audit)]
pub struct AuditEvent {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub id: i64,
    /// When it happened.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub at: DateTime<Utc>,
    /// The key that was used; null for the service itself and its command line.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub key_id: Option<i64>,
    /// The name that the key had.
    #[schema(max_length = 100, example = "the editor")]
    pub key_name: Option<String>,
    /// The action: `object.verb`.
    #[schema(max_length = 100, example = "article.update")]
    pub action: String,
    /// The kind of the object.
    #[schema(max_length = 100, example = "article")]
    pub object_kind: String,
    /// The id of the object.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub object_id: Option<i64>,
    /// The IP address of the client.
    #[schema(max_length = 100, example = "192.0.2.1")]
    pub address: Option<String>,
    /// Details of the event.
    #[schema(value_type = Object)]
    pub detail: Value,
}

impl AuditEvent {
    /// Returns an event with every field present.
    pub fn sample() -> Self {
        Self {
            id: 1,
            at: DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default(),
            key_id: Some(1),
            key_name: Some("the editor".into()),
            action: "article.update".into(),
            object_kind: "article".into(),
            object_id: Some(42),
            address: Some("192.0.2.1".into()),
            detail: json!({"version": 3, "fields": ["headline"]}),
        }
    }
}

/// The filters of the list of events.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Only events with one of these actions, comma-separated.
    #[param(max_length = 1000, example = "article.update,article.purge")]
    pub(super) action: Option<String>,
    /// Only events on objects of this kind.
    #[param(max_length = 100, example = "article")]
    pub(super) object_kind: Option<String>,
    /// Only events on the object with this id.
    #[serde(default, deserialize_with = "deserialize_id")]
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub(super) object_id: Option<i64>,
    /// Only events by this key.
    #[serde(default, deserialize_with = "deserialize_id")]
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub(super) key_id: Option<i64>,
    /// Only events at or after this time.
    #[param(max_length = 64)]
    pub(super) at_after: Option<DateTime<Utc>>,
    /// Only events before this time.
    #[param(max_length = 64)]
    pub(super) at_before: Option<DateTime<Utc>>,
    /// Only these fields of each item: `fields=at,action`.
    #[param(max_length = 1000)]
    pub(super) fields: Option<String>,
}

impl AuditQuery {
    /// Returns the filters, to which a cursor is bound.
    pub(super) fn filters(&self) -> impl Serialize + use<'_> {
        let (at_after, at_before) = (self.at_after, self.at_before);
        (&self.action, &self.object_kind, self.object_id, self.key_id, at_after, at_before)
    }
}
