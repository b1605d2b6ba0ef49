//! The input for an outlet.

use super::model::Outlet;
use crate::error::FieldError;
use crate::validation::{check_not_blank, check_web_url};
use chrono::{DateTime, Utc};
use safe_html::names::fold_outlet_name;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An outlet to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutletInput {
    /// The name. A former name becomes an alias.
    #[schema(min_length = 1, max_length = 200, example = "Harbour Gazette")]
    pub name: String,
    /// The slug in URLs; a former slug redirects with 301. Left out, a new outlet gets one from its
    /// name and an existing one keeps its own.
    #[serde(default)]
    #[schema(
        max_length = 200,
        pattern = "^[a-z0-9-]*[a-z-][a-z0-9-]*$",
        example = "harbour-gazette"
    )]
    pub slug: Option<String>,
    /// The other names by which it is credited.
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["The Gazette"]))]
    pub aliases: Vec<OutletAlias>,
    /// The hosts of its pages, including their subdomains.
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["gazette.example"]))]
    pub hosts: Vec<OutletHost>,
    /// The URL of its home page.
    #[serde(default)]
    #[schema(max_length = 2000, example = "https://gazette.example/")]
    pub homepage: Option<String>,
    /// The country as a two-letter code (ISO 3166-1).
    #[serde(default)]
    #[schema(max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// The language as a BCP 47 tag.
    #[serde(default)]
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", example = "en")]
    pub lang: Option<String>,
    /// The kind of outlet.
    #[serde(default)]
    pub kind: Option<OutletKind>,
}

/// An alias of an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 200, example = "The Gazette")]
pub struct OutletAlias(pub String);

/// A host, without `www.` and the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(min_length = 1, max_length = 255, example = "gazette.example")]
pub struct OutletHost(pub String);

/// The kind of an outlet.
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
    /// Returns the value stored in the database.
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

/// An outlet as editors see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdminOutlet {
    /// The public fields.
    #[serde(flatten)]
    pub outlet: Outlet,
    /// Whether an editor vouches for it. A text that seemed to credit it made an unconfirmed one.
    #[schema(example = true)]
    pub confirmed: bool,
    /// Hosts that belong to no outlet, and at which at least two links credit this outlet and none another.
    #[schema(max_items = 1000)]
    pub proposed_hosts: Vec<ProposedHost>,
    /// The number of edits; also the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
    /// The time when it was first stored.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub created_at: DateTime<Utc>,
    /// The time of the last edit.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub updated_at: DateTime<Utc>,
}

/// A host that may belong to an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProposedHost {
    /// The host.
    #[schema(max_length = 255, example = "online.wsj.com")]
    pub host: String,
    /// The number of links at the host that credit the outlet, of its last thousand.
    #[schema(minimum = 2, maximum = 1000, example = 2)]
    pub link_count: i64,
}

impl AdminOutlet {
    /// Returns an outlet with every field present.
    pub fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        let proposed = ProposedHost { host: "online.wsj.com".into(), link_count: 2 };
        Self {
            outlet: Outlet::sample(),
            confirmed: true,
            proposed_hosts: vec![proposed],
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

impl OutletInput {
    /// Returns the input that would store this outlet again.
    pub(super) fn of(outlet: &Outlet) -> Self {
        let kind = outlet.kind.clone().map(serde_json::Value::from);
        Self {
            name: outlet.name.clone(),
            slug: Some(outlet.slug.clone()),
            aliases: outlet.aliases.iter().cloned().map(OutletAlias).collect(),
            hosts: outlet.hosts.iter().cloned().map(OutletHost).collect(),
            homepage: outlet.homepage.clone(),
            country: outlet.country.clone(),
            lang: outlet.lang.clone(),
            kind: kind.and_then(|kind| serde_json::from_value(kind).ok()),
        }
    }

    /// Returns the errors that the schema cannot express.
    pub(super) fn errors(&self) -> Vec<FieldError> {
        let mut errors: Vec<FieldError> =
            check_not_blank("/name", &self.name).into_iter().collect();
        for (at, name) in self.names() {
            if fold_outlet_name(name).is_empty() {
                errors.push(FieldError::field(at, "no_word", "needs a letter or a digit"));
            }
        }
        for (n, host) in self.hosts.iter().enumerate() {
            if host.stored().is_none() {
                errors.push(FieldError::field(format!("/hosts/{n}"), "host", "is not a host"));
            }
        }
        let home = self.homepage.as_deref();
        errors.extend(home.and_then(|url| check_web_url("/homepage", url)));
        errors
    }

    /// Returns every name with its JSON pointer.
    pub(super) fn names(&self) -> Vec<(String, &str)> {
        let others = self.aliases.iter().enumerate();
        let others = others.map(|(n, alias)| (format!("/aliases/{n}"), alias.0.as_str()));
        std::iter::once(("/name".to_owned(), self.name.as_str())).chain(others).collect()
    }
}

impl OutletHost {
    /// Returns the normalised host; `None` for text that is not a host.
    pub(super) fn stored(&self) -> Option<String> {
        let bare = !self.0.contains(['/', '?', '#', '@', ':', ' ']);
        let normalised = citation_key::normalise(&format!("https://{}/", self.0)).filter(|_| bare);
        normalised.map(|url| url.domain)
    }
}
