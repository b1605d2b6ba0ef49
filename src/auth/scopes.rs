//! The scopes of keys.

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
    /// Create and change outlets and tags. Without it, naming an unknown outlet in an article is 422.
    #[serde(rename = "outlets:write")]
    #[value(name = "outlets:write")]
    OutletsWrite,
    /// Moderate comments, and change the moderation rules.
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
    /// Create and revoke keys.
    #[serde(rename = "keys:manage")]
    #[value(name = "keys:manage")]
    KeysManage,
    /// Read what changed, with what only editors see.
    #[serde(rename = "changes:read")]
    #[value(name = "changes:read")]
    ChangesRead,
    /// Create and change webhooks.
    #[serde(rename = "webhooks:manage")]
    #[value(name = "webhooks:manage")]
    WebhooksManage,
    /// Read the audit log.
    #[serde(rename = "audit:read")]
    #[value(name = "audit:read")]
    AuditRead,
}

impl Scope {
    /// All scopes with their names.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Admin, "admin"),
        (Self::ArticlesRead, "articles:read"),
        (Self::ArticlesWrite, "articles:write"),
        (Self::OutletsWrite, "outlets:write"),
        (Self::CommentsModerate, "comments:moderate"),
        (Self::ImportsWrite, "imports:write"),
        (Self::ExportsRead, "exports:read"),
        (Self::KeysManage, "keys:manage"),
        (Self::ChangesRead, "changes:read"),
        (Self::WebhooksManage, "webhooks:manage"),
        (Self::AuditRead, "audit:read"),
    ];

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, name)| name)
    }

    /// Returns the scope with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(scope, _)| *scope)
    }

    /// Returns whether a key with this scope may do what `other` allows.
    pub fn includes(self, other: Self) -> bool {
        self == other
            || self == Self::Admin
            || (self == Self::ArticlesWrite && other == Self::ArticlesRead)
    }
}
