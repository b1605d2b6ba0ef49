//! The database rows and JSON types of rules.

use crate::error::{Code, Error, FieldError, Result};
use crate::ip_ranges::parse_range;
use crate::openapi::ShortText;
use crate::schema::comment_rules;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The maximum size of a compiled regular expression of a rule, in bytes. The time to match a text grows with
/// it.
pub(super) const MAX_REGEX_BYTES: usize = 1 << 18;

/// The maximum size of the compiled words of a rule, in bytes.
pub(super) const MAX_WORDS_BYTES: usize = 1 << 20;

macro_rules! stored_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Returns the value in JSON and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Converts a stored value.
            pub(super) fn named(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

stored_enum! {
    /// The kind of a rule: what it examines.
    RuleKind {
        /// More links than `threshold`.
        MaxLinks = "max_links",
        /// One of the words or phrases in `terms`, in any case.
        Words = "words",
        /// One of the regular expressions in `terms` (RE2's syntax; linear time).
        Regex = "regex",
        /// A link to one of the hosts in `terms`, or below it.
        Hosts = "hosts",
        /// An e-mail address at one of the domains in `terms`, or below it.
        EmailDomains = "email_domains",
        /// A client IP address in one of the ranges in `terms`: `192.0.2.0/24`, `2001:db8::/32`.
        AddressRanges = "address_ranges",
        /// The same text, by any author, within `threshold` hours; texts with fewer than 20 letters are exempt.
        RepeatedText = "repeated_text",
        /// The form's hidden field is filled in.
        Honeypot = "honeypot",
        /// The form was filled in within less than `threshold` seconds.
        TooFast = "too_fast",
    }
}

stored_enum! {
    /// The action of a rule; a later value in this list overrides an earlier one.
    Action {
        /// Holds the comment for an editor.
        Hold = "hold",
        /// Marks the comment as spam.
        Spam = "spam",
        /// Rejects the comment without storing it.
        Reject = "reject",
    }
}

impl RuleKind {
    /// Returns the JSON pointer of the field of a posted comment that the rule examines.
    pub(crate) fn pointer(self) -> &'static str {
        match self {
            Self::EmailDomains => "/author/email",
            Self::AddressRanges => "",
            Self::Honeypot => "/honeypot",
            Self::TooFast => "/form_seconds",
            _ => "/text",
        }
    }

    fn takes_terms(self) -> bool {
        matches!(
            self,
            Self::Words | Self::Regex | Self::Hosts | Self::EmailDomains | Self::AddressRanges
        )
    }

    /// Returns the range of `threshold`; `None` if the kind has none.
    fn thresholds(self) -> Option<std::ops::RangeInclusive<i32>> {
        match self {
            Self::MaxLinks => Some(0..=1000),
            Self::RepeatedText => Some(1..=8760),
            Self::TooFast => Some(1..=3600),
            _ => None,
        }
    }
}

/// A rule to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleInput {
    /// The purpose of the rule, in the editor's words.
    #[serde(default)]
    #[schema(max_length = 100, example = "No pills")]
    pub(super) name: Option<String>,
    /// The kind of the rule.
    pub(super) kind: RuleKind,
    /// The action of the rule.
    pub(super) action: Action,
    /// Words, expressions, hosts, domains or ranges, depending on the kind.
    #[serde(default)]
    #[schema(max_items = 500, value_type = Vec<ShortText>, example = json!(["cheap pills"]))]
    pub(super) terms: Vec<String>,
    /// A number of links, hours or seconds, depending on the kind.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 8760)]
    pub(super) threshold: Option<i32>,
    /// Whether it skips readers with an approved comment.
    #[serde(default)]
    #[schema(default = false)]
    pub(super) spare_known: bool,
    /// Whether it is enabled.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(super) enabled: bool,
}

fn yes() -> bool {
    true
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Rule {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub(super) id: i64,
    /// The version, which counts its changes; also the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub(super) version: i32,
    /// The purpose of the rule, in the editor's words.
    #[schema(max_length = 100, example = "No pills")]
    pub(super) name: Option<String>,
    /// The kind of the rule.
    pub(super) kind: RuleKind,
    /// The action of the rule.
    pub(super) action: Action,
    /// Words, expressions, hosts, domains or ranges, depending on the kind.
    #[schema(max_items = 500, value_type = Vec<ShortText>, example = json!(["cheap pills"]))]
    pub(super) terms: Vec<String>,
    /// A number of links, hours or seconds, depending on the kind.
    #[schema(minimum = 0, maximum = 8760)]
    pub(super) threshold: Option<i32>,
    /// Whether it skips readers with an approved comment.
    pub(super) spare_known: bool,
    /// Whether it is enabled.
    pub(super) enabled: bool,
    /// The time it was created.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub(super) created_at: DateTime<Utc>,
    /// The time it was last changed.
    #[serde(serialize_with = "crate::timestamps::serialize")]
    pub(super) updated_at: DateTime<Utc>,
}

/// A rule that matches a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RuleMatch {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 3)]
    pub(crate) id: i64,
    /// The name.
    #[schema(max_length = 100, example = "No pills")]
    pub(crate) name: Option<String>,
    /// The kind of the rule.
    pub(crate) kind: RuleKind,
    /// The action of the rule.
    pub(crate) action: Action,
    /// The text that it matched.
    #[schema(max_length = 1000, example = "has 3 links, more than 2")]
    pub(crate) because: String,
}

/// The table's columns.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery)]
#[diesel(table_name = comment_rules)]
pub(crate) struct RuleRow {
    pub(super) id: i64,
    pub(super) version: i32,
    pub(super) name: Option<String>,
    pub(super) kind: String,
    pub(super) action: String,
    pub(super) terms: Vec<String>,
    pub(super) threshold: Option<i32>,
    pub(super) spare_known: bool,
    pub(super) enabled: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl From<RuleRow> for Rule {
    fn from(row: RuleRow) -> Self {
        Self {
            id: row.id,
            version: row.version,
            name: row.name,
            kind: RuleKind::named(&row.kind).unwrap_or(RuleKind::MaxLinks),
            action: Action::named(&row.action).unwrap_or(Action::Hold),
            terms: row.terms,
            threshold: row.threshold,
            spare_known: row.spare_known,
            enabled: row.enabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Rule {
    /// Returns its current content as an input.
    pub(super) fn form(self) -> RuleInput {
        let Self { name, kind, action, terms, threshold, spare_known, enabled, .. } = self;
        RuleInput { name, kind, action, terms, threshold, spare_known, enabled }
    }

    /// Returns a rule with every field present.
    pub(super) fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        Self {
            id: 3,
            version: 1,
            name: Some("No pills".into()),
            kind: RuleKind::Words,
            action: Action::Hold,
            terms: vec!["cheap pills".into()],
            threshold: None,
            spare_known: false,
            enabled: true,
            created_at: at,
            updated_at: at,
        }
    }
}

impl RuleInput {
    /// Checks that the terms are valid for the kind.
    ///
    /// # Errors
    /// 422 with all errors.
    pub(super) fn check(mut self) -> Result<Self> {
        let mut errors = Vec::new();
        if !self.kind.takes_terms() && !self.terms.is_empty() {
            let message = format!("a rule of the kind `{}` takes no terms", self.kind.as_str());
            errors.push(FieldError::field("/terms", "not_allowed", message));
        }
        if self.kind.takes_terms() && self.terms.is_empty() {
            let message = "must have at least one term".to_owned();
            errors.push(FieldError::field("/terms", "too_few", message));
        }
        match (self.kind.thresholds(), self.threshold) {
            (Some(range), Some(given)) if range.contains(&given) => {}
            (Some(range), _) => {
                let message = format!("must be {} to {}", range.start(), range.end());
                errors.push(FieldError::field("/threshold", "out_of_range", message));
            }
            (None, Some(_)) => {
                let message =
                    format!("a rule of the kind `{}` takes no threshold", self.kind.as_str());
                errors.push(FieldError::field("/threshold", "not_allowed", message));
            }
            (None, None) => {}
        }
        for (at, term) in self.terms.iter_mut().enumerate() {
            match self.kind.term(term) {
                Ok(normal) => *term = normal,
                Err(message) => {
                    errors.push(FieldError::field(format!("/terms/{at}"), "invalid", message));
                }
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(Error::fields(Code::Invalid, errors)) }
    }
}

impl RuleKind {
    /// Normalises a term for storing.
    fn term(self, term: &str) -> Result<String, String> {
        let text = term.trim();
        if text.is_empty() || text.chars().count() > 300 {
            return Err("must have 1 to 300 characters".to_owned());
        }
        match self {
            Self::Regex => match expression(text, MAX_REGEX_BYTES) {
                Ok(_) => Ok(text.to_owned()),
                Err(regex::Error::CompiledTooBig(_)) => {
                    Err("is too complex: repeat fewer characters, fewer times".to_owned())
                }
                Err(error) => Err(error.to_string()),
            },
            Self::AddressRanges => parse_range(text).map(|range| range.to_string()),
            Self::Hosts | Self::EmailDomains => {
                let host = text.trim_start_matches('@').trim_start_matches("*.");
                url::Host::parse(host)
                    .map(|host| host.to_string())
                    .map_err(|_bad| format!("`{text}` is not a host name"))
            }
            _ => Ok(text.to_owned()),
        }
    }
}

/// Compiles a regular expression of a rule: case-insensitive and of bounded size.
pub(super) fn expression(text: &str, max_bytes: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).case_insensitive(true).size_limit(max_bytes).build()
}
