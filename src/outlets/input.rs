//! What an editor writes of an outlet.

use super::model::Outlet;
use crate::error::FieldError;
use crate::validation::{check_not_blank, check_web_url};
use chrono::{DateTime, Utc};
use safe_html::slug::fold;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An outlet to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutletInput {
    /// Its name. A name that it had before stays among its aliases.
    #[schema(min_length = 1, max_length = 200, example = "Harbour Gazette")]
    pub name: String,
    /// Its name in addresses; a former one answers 301. Left out, a new outlet gets one from its
    /// name and any other keeps its own.
    #[serde(default)]
    #[schema(
        max_length = 200,
        pattern = "^[a-z0-9-]*[a-z-][a-z0-9-]*$",
        example = "harbour-gazette"
    )]
    pub slug: Option<String>,
    /// Other names that it is credited by.
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["The Gazette"]))]
    pub aliases: Vec<Alias>,
    /// Hosts whose addresses are its own, their sub-domains too.
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["gazette.example"]))]
    pub hosts: Vec<Host>,
    /// Its home page.
    #[serde(default)]
    #[schema(max_length = 2000, example = "https://gazette.example/")]
    pub homepage: Option<String>,
    /// Where it is at home: ISO 3166-1, two letters.
    #[serde(default)]
    #[schema(max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// What it writes in: BCP 47.
    #[serde(default)]
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en")]
    pub lang: Option<String>,
    /// What it is.
    #[serde(default)]
    pub kind: Option<OutletKind>,
}

/// Another name of an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 200, example = "The Gazette")]
pub struct Alias(pub String);

/// A host, without `www.` and the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 255, example = "gazette.example")]
pub struct Host(pub String);

/// What an outlet may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutletKind {
    Wire,
    Newspaper,
    Broadcaster,
    Magazine,
    Web,
    Blog,
    ThinkTank,
    Government,
    Journal,
}

impl OutletKind {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Newspaper => "newspaper",
            Self::Broadcaster => "broadcaster",
            Self::Magazine => "magazine",
            Self::Web => "web",
            Self::Blog => "blog",
            Self::ThinkTank => "think_tank",
            Self::Government => "government",
            Self::Journal => "journal",
        }
    }
}

/// An outlet as its editors see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdminOutlet {
    /// What the public sees of it too.
    #[serde(flatten)]
    pub outlet: Outlet,
    /// Counts its edits; it is the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
    /// When it was stored first.
    pub created_at: DateTime<Utc>,
    /// When it was last edited.
    pub updated_at: DateTime<Utc>,
}

impl AdminOutlet {
    /// An outlet with every field filled.
    pub fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        Self { outlet: Outlet::sample(), version: 1, created_at: at, updated_at: at }
    }
}

impl OutletInput {
    /// What would be written to store this outlet again.
    pub(super) fn of(outlet: &Outlet) -> Self {
        let kind = outlet.kind.clone().map(serde_json::Value::from);
        Self {
            name: outlet.name.clone(),
            slug: Some(outlet.slug.clone()),
            aliases: outlet.aliases.iter().cloned().map(Alias).collect(),
            hosts: outlet.hosts.iter().cloned().map(Host).collect(),
            homepage: outlet.homepage.clone(),
            country: outlet.country.clone(),
            lang: outlet.lang.clone(),
            kind: kind.and_then(|kind| serde_json::from_value(kind).ok()),
        }
    }

    /// What the schema cannot say is wrong with it.
    pub(super) fn wrong(&self) -> Vec<FieldError> {
        let mut errors: Vec<FieldError> =
            check_not_blank("/name", &self.name).into_iter().collect();
        for (at, name) in self.names() {
            if fold(name).is_empty() {
                errors.push(FieldError::field(at, "no_word", "needs a letter or a digit"));
            }
        }
        for (n, host) in self.hosts.iter().enumerate() {
            if host.stored().is_none() {
                errors.push(FieldError::field(format!("/hosts/{n}"), "host", "is no host"));
            }
        }
        let home = self.homepage.as_deref();
        errors.extend(home.and_then(|url| check_web_url("/homepage", url)));
        errors
    }

    /// Every name with its pointer.
    pub(super) fn names(&self) -> Vec<(String, &str)> {
        let others = self.aliases.iter().enumerate();
        let others = others.map(|(n, alias)| (format!("/aliases/{n}"), alias.0.as_str()));
        std::iter::once(("/name".to_owned(), self.name.as_str())).chain(others).collect()
    }
}

impl Host {
    /// The host as addresses come down to it; none for what is no host.
    pub(super) fn stored(&self) -> Option<String> {
        let bare = !self.0.contains(['/', '?', '#', '@', ':', ' ']);
        let address = citation_key::normalise(&format!("https://{}/", self.0)).filter(|_| bare);
        address.map(|address| address.domain)
    }
}
