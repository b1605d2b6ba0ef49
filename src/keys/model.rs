//! The database rows and JSON types of keys.

use crate::auth::Scope;
use crate::schema::keys;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Key {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub id: i64,
    /// The owner or purpose.
    #[schema(max_length = 100, example = "the editor")]
    pub name: String,
    /// The scopes.
    #[schema(max_items = 20)]
    pub scopes: Vec<Scope>,
    /// The beginning of its secret, to tell keys apart.
    #[schema(max_length = 20, example = "rk_Zm9vYmF")]
    pub prefix: String,
    /// The time it was created.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub created_at: DateTime<Utc>,
    /// The time it expires; null for never.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The time it was last used, accurate to a minute.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub last_used_at: Option<DateTime<Utc>>,
    /// The time it was revoked.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A new key with its secret, which is returned only once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// The secret for `Authorization: Bearer`; null in a repeated response, since it is returned only once.
    #[schema(max_length = 100, example = "rk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE")]
    pub secret: Option<String>,
}

/// A key to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyInput {
    /// The owner or purpose.
    #[schema(min_length = 1, max_length = 100, example = "the editor")]
    pub name: String,
    /// The scopes.
    #[schema(min_items = 1, max_items = 20, example = json!(["articles:write"]))]
    pub scopes: Vec<Scope>,
    /// The time it expires; null or left out for never.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The columns that are returned.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = keys)]
pub(super) struct KeyRow {
    pub(super) id: i64,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            scopes: row.scopes.iter().filter_map(|name| Scope::named(name)).collect(),
            prefix: row.prefix,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl CreatedKey {
    /// Returns a key with a secret, for the documentation.
    pub fn sample() -> Self {
        let secret = "rk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE".to_owned();
        Self { key: Key::sample(), secret: Some(secret) }
    }
}

impl Key {
    /// Returns a key with every field present.
    pub fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        Self {
            id: 1,
            name: "the editor".into(),
            scopes: vec![Scope::ArticlesWrite],
            prefix: "rk_Zm9vYmF".into(),
            created_at: at,
            expires_at: Some(at),
            last_used_at: Some(at),
            revoked_at: Some(at),
        }
    }
}
