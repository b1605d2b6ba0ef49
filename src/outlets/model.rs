//! The database rows and JSON types of outlets.

use crate::openapi::ShortText;
use crate::schema::{outlet_aliases, outlet_hosts, outlets};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A reference to an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = outlets)]
pub struct OutletRef {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub id: i64,
    /// The slug.
    #[schema(max_length = 200, example = "reuters")]
    pub slug: String,
    /// The name.
    #[schema(max_length = 200, example = "Reuters")]
    pub name: String,
}

/// An outlet: a publisher of sources.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Outlet {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub id: i64,
    /// The slug.
    #[schema(max_length = 200, example = "wsj")]
    pub slug: String,
    /// The name.
    #[schema(max_length = 200, example = "The Wall Street Journal")]
    pub name: String,
    /// The other names by which it is credited.
    #[schema(max_items = 200, value_type = Vec<ShortText>)]
    pub aliases: Vec<String>,
    /// The hosts of its pages.
    #[schema(max_items = 200, value_type = Vec<ShortText>)]
    pub hosts: Vec<String>,
    /// The URL of its home page.
    #[schema(max_length = 2000, example = "https://www.wsj.com/")]
    pub homepage: Option<String>,
    /// The country as a two-letter code (ISO 3166-1).
    #[schema(max_length = 2, example = "US")]
    pub country: Option<String>,
    /// The language as a BCP 47 tag.
    #[schema(max_length = 35, example = "en")]
    pub lang: Option<String>,
    /// `wire`, `newspaper`, `broadcaster`, `magazine`, `web`, `blog`, `think_tank`, `government` or `journal`.
    #[schema(max_length = 20, example = "newspaper")]
    pub kind: Option<String>,
    /// The number of links in published articles that are credited to it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub link_count: i64,
    /// The number of published articles that credit it.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub article_count: i64,
    /// The publication time of the first article that credits it.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub first_seen_at: Option<DateTime<Utc>>,
    /// The publication time of the last article that credits it.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub last_seen_at: Option<DateTime<Utc>>,
}

impl Outlet {
    /// Returns an outlet with every field present, for the documentation and for `fields`.
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

/// The columns of the table.
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

/// A name of an outlet.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = outlet_aliases)]
pub(super) struct AliasRow {
    pub(super) outlet_id: i64,
    pub(super) name: String,
}

/// A host of an outlet.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = outlet_hosts)]
pub(super) struct HostRow {
    pub(super) outlet_id: i64,
    pub(super) host: String,
}

impl OutletRow {
    /// Returns the outlet with its aliases and hosts.
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

/// The query parameters of the list of outlets.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OutletQuery {
    /// The sort order: by name, by number of credits, or by last credit.
    #[serde(default)]
    #[param(inline, required = false)]
    pub sort: OutletSort,
    /// Returns only these fields of each item: `fields=name,link_count`.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The sort orders of the list of outlets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(default = "name")]
pub enum OutletSort {
    /// By name.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// Most credited first.
    #[serde(rename = "-link_count")]
    LinkCount,
    /// Last credited first.
    #[serde(rename = "-last_seen_at")]
    LastSeenAt,
}
