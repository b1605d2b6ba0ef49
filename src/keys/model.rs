//! Keys as rows and on the wire, and the scopes that they hold.

use crate::schema::keys;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a key may do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
    clap::ValueEnum,
)]
pub enum Scope {
    /// Everything.
    #[serde(rename = "admin")]
    #[value(name = "admin")]
    Admin,
    /// Read articles in any status.
    #[serde(rename = "articles:read")]
    #[value(name = "articles:read")]
    ArticlesRead,
    /// Write articles; read them too.
    #[serde(rename = "articles:write")]
    #[value(name = "articles:write")]
    ArticlesWrite,
    /// Make and change outlets and tags. Without it, naming an unknown outlet in an article is 422.
    #[serde(rename = "outlets:write")]
    #[value(name = "outlets:write")]
    OutletsWrite,
    /// Read the queue of comments and decide on them; set the rules.
    #[serde(rename = "comments:moderate")]
    #[value(name = "comments:moderate")]
    CommentsModerate,
    /// Import archives.
    #[serde(rename = "imports:write")]
    #[value(name = "imports:write")]
    ImportsWrite,
    /// Export everything.
    #[serde(rename = "exports:read")]
    #[value(name = "exports:read")]
    ExportsRead,
    /// Make and revoke keys.
    #[serde(rename = "keys:manage")]
    #[value(name = "keys:manage")]
    KeysManage,
    /// Read who did what.
    #[serde(rename = "audit:read")]
    #[value(name = "audit:read")]
    AuditRead,
}

impl Scope {
    /// All scopes with their names.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Admin, "admin"),
        (Self::ArticlesRead, "articles:read"),
        (Self::ArticlesWrite, "articles:write"),
        (Self::OutletsWrite, "outlets:write"),
        (Self::CommentsModerate, "comments:moderate"),
        (Self::ImportsWrite, "imports:write"),
        (Self::ExportsRead, "exports:read"),
        (Self::KeysManage, "keys:manage"),
        (Self::AuditRead, "audit:read"),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }

    /// From its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(scope, _)| *scope)
    }

    /// Whether a key with this scope may do what `other` allows.
    pub fn holds(self, other: Self) -> bool {
        self == other
            || self == Self::Admin
            || (self == Self::ArticlesWrite && other == Self::ArticlesRead)
    }
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Key {
    /// Its id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub id: i64,
    /// Whose or what for.
    #[schema(max_length = 100, example = "the editor")]
    pub name: String,
    /// What it may do.
    #[schema(max_items = 20)]
    pub scopes: Vec<Scope>,
    /// The beginning of its secret, to tell keys apart.
    #[schema(max_length = 20, example = "rk_Zm9vYmF")]
    pub prefix: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, within a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A key that was just made, with the secret that is shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CreatedKey {
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// What goes behind `Authorization: Bearer`.
    #[schema(max_length = 100, example = "rk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE")]
    pub secret: String,
}

/// A key to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Whose or what for.
    #[schema(min_length = 1, max_length = 100, example = "the editor")]
    pub name: String,
    /// What it may do.
    #[schema(min_items = 1, max_items = 20, example = json!(["articles:write"]))]
    pub scopes: Vec<Scope>,
    /// When it ends; null or left out for never.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The table's columns that are shown.
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
    /// A key with its secret.
    pub fn sample() -> Self {
        Self { key: Key::sample(), secret: "rk_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE".into() }
    }
}

impl Key {
    /// Whether it is neither revoked nor over at this time.
    pub(super) fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() & self.expires_at.is_none_or(|end| end > now)
    }

    /// A key with every field filled.
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
