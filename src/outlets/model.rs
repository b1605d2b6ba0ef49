//! Outlets as rows and on the wire.

use crate::openapi::ShortText;
use crate::schema::{outlet_aliases, outlet_hosts, outlets};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An outlet where it is named beside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = outlets)]
pub struct OutletRef {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub id: i64,
    /// Its name in addresses.
    #[schema(max_length = 200, example = "reuters")]
    pub slug: String,
    /// Its name.
    #[schema(max_length = 200, example = "Reuters")]
    pub name: String,
}

/// Who published a source.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Outlet {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub id: i64,
    /// Its name in addresses.
    #[schema(max_length = 200, example = "wsj")]
    pub slug: String,
    /// Its name.
    #[schema(max_length = 200, example = "The Wall Street Journal")]
    pub name: String,
    /// Other names it is credited by.
    #[schema(max_items = 200, value_type = Vec<ShortText>)]
    pub aliases: Vec<String>,
    /// Hosts whose addresses are its own.
    #[schema(max_items = 200, value_type = Vec<ShortText>)]
    pub hosts: Vec<String>,
    /// Its home page.
    #[schema(max_length = 2000, example = "https://www.wsj.com/")]
    pub homepage: Option<String>,
    /// Where it is at home: ISO 3166-1, two letters.
    #[schema(max_length = 2, example = "US")]
    pub country: Option<String>,
    /// What it writes in: BCP 47.
    #[schema(max_length = 35, example = "en")]
    pub lang: Option<String>,
    /// `wire`, `newspaper`, `broadcaster`, `magazine`, `web`, `blog`, `think_tank`, `government` or `journal`.
    #[schema(max_length = 20, example = "newspaper")]
    pub kind: Option<String>,
    /// How many links of published articles are credited to it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub link_count: i64,
    /// How many published articles credit it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub article_count: i64,
    /// When the first article that credits it was published.
    pub first_seen_at: Option<DateTime<Utc>>,
    /// When the latest article that credits it was published.
    pub last_seen_at: Option<DateTime<Utc>>,
}

impl Outlet {
    /// An outlet with every field filled: for the documentation and for `fields=`.
    pub fn sample() -> Self {
        let day = DateTime::from_timestamp(1_417_651_200, 0);
        Self {
            id: 3,
            slug: "wsj".into(),
            name: "The Wall Street Journal".into(),
            aliases: vec!["WSJ".into()],
            hosts: vec!["wsj.com".into()],
            homepage: Some("https://www.wsj.com/".into()),
            country: Some("US".into()),
            lang: Some("en".into()),
            kind: Some("newspaper".into()),
            link_count: 1,
            article_count: 1,
            first_seen_at: day,
            last_seen_at: day,
        }
    }
}

/// The table's own columns.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = outlets)]
pub(super) struct OutletRow {
    pub(super) id: i64,
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) homepage: Option<String>,
    pub(super) country: Option<String>,
    pub(super) lang: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) link_count: i64,
    pub(super) article_count: i64,
    pub(super) first_seen_at: Option<DateTime<Utc>>,
    pub(super) last_seen_at: Option<DateTime<Utc>>,
}

/// A name by which an outlet is known.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = outlet_aliases)]
pub(super) struct AliasRow {
    pub(super) outlet_id: i64,
    pub(super) name: String,
}

/// A host that is an outlet's.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = outlet_hosts)]
pub(super) struct HostRow {
    pub(super) outlet_id: i64,
    pub(super) host: String,
}

impl OutletRow {
    /// The outlet with those of the aliases and hosts that are its own.
    pub(super) fn with(self, aliases: &[AliasRow], hosts: &[HostRow]) -> Outlet {
        let own = |alias: &&AliasRow| alias.outlet_id == self.id && alias.name != self.name;
        let aliases = aliases.iter().filter(own).map(|alias| alias.name.clone()).collect();
        let own = |host: &&HostRow| host.outlet_id == self.id;
        let hosts = hosts.iter().filter(own).map(|host| host.host.clone()).collect();
        Outlet {
            id: self.id,
            slug: self.slug,
            name: self.name,
            aliases,
            hosts,
            homepage: self.homepage,
            country: self.country,
            lang: self.lang,
            kind: self.kind,
            link_count: self.link_count,
            article_count: self.article_count,
            first_seen_at: self.first_seen_at,
            last_seen_at: self.last_seen_at,
        }
    }
}

/// How the outlets are sorted and shown.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OutletQuery {
    /// By name, or those credited most or latest first.
    #[serde(default)]
    #[param(inline, required = false)]
    pub sort: OutletSort,
    /// Only these fields of each item: `fields=name,link_count`.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The orders of the list of outlets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "name")]
pub enum OutletSort {
    /// A to Z.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// Credited most often first.
    #[serde(rename = "-link_count")]
    LinkCount,
    /// Credited latest first.
    #[serde(rename = "-last_seen_at")]
    LastSeenAt,
}
