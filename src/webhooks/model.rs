//! The database rows and JSON types of webhooks.

use crate::error::{Code, Error, FieldError, Result};
use crate::events::{EDITOR_TYPES, PUBLIC_TYPES};
use crate::fetch::check_url;
use crate::openapi::ShortText;
use crate::schema::{webhook_deliveries, webhooks};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

/// A webhook to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookInput {
    /// Where events are sent: an http or https URL of a public server, on the usual port.
    #[schema(
        min_length = 1,
        max_length = 2000,
        example = "https://builds.example.org/hooks/roundup"
    )]
    pub(super) url: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200, example = "Rebuilds the site")]
    pub(super) description: Option<String>,
    /// The types of events that are sent; empty for all public ones.
    #[serde(default)]
    #[schema(max_items = 50, value_type = Vec<ShortText>, example = json!(["article.published", "article.updated"]))]
    pub(super) types: Vec<String>,
    /// Whether events are sent.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(super) enabled: bool,
}

fn yes() -> bool {
    true
}

impl WebhookInput {
    /// Checks the URL and the types.
    ///
    /// # Errors
    /// 422 with all errors.
    pub(super) fn check(mut self) -> Result<Self> {
        let mut errors = Vec::new();
        match Url::parse(&self.url) {
            Ok(url) => {
                if let Err(fault) = check_url(&url) {
                    errors.push(FieldError::field("/url", "invalid", format!("`url` {fault}")));
                }
            }
            Err(_) => errors.push(FieldError::field("/url", "invalid", "`url` is not a URL")),
        }
        let known = || PUBLIC_TYPES.into_iter().chain(EDITOR_TYPES);
        for (n, name) in self.types.iter().enumerate() {
            if !known().any(|known| known == name) {
                let message = format!("there is no type `{name}`");
                let error = FieldError::field(format!("/types/{n}"), "invalid", message);
                errors.push(error.suggest(name, known()));
            }
        }
        self.types.sort_unstable();
        self.types.dedup();
        if errors.is_empty() { Ok(self) } else { Err(Error::fields(Code::Invalid, errors)) }
    }

    /// Returns whether it wants events that only editors see.
    pub(super) fn wants_editor_events(&self) -> bool {
        self.types.iter().any(|name| EDITOR_TYPES.contains(&name.as_str()))
    }
}

/// A webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = webhooks)]
pub struct Webhook {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub id: i64,
    /// The version, which counts its changes; also the number in the `ETag`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
    /// Where events are sent.
    #[schema(max_length = 2000, example = "https://builds.example.org/hooks/roundup")]
    pub url: String,
    /// What it is for.
    #[schema(max_length = 200, example = "Rebuilds the site")]
    pub description: Option<String>,
    /// The types of events that are sent; empty for all public ones.
    #[schema(max_items = 50, value_type = Vec<ShortText>, example = json!(["article.published", "article.updated"]))]
    pub types: Vec<String>,
    /// Whether events are sent.
    pub enabled: bool,
    /// Why the service disabled it: `gone` (the receiver answered 410) or `failing` (nothing was received for
    /// five days); else null.
    #[schema(max_length = 20, example = "gone")]
    pub disabled_because: Option<String>,
    /// Until when the secret before the last rotation signs too.
    pub former_secret_until: Option<DateTime<Utc>>,
    /// The first failed try since the last that succeeded.
    pub failing_since: Option<DateTime<Utc>>,
    /// The time it was created.
    pub created_at: DateTime<Utc>,
    /// The time it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Webhook {
    /// Returns its current content as an input.
    pub(super) fn form(self) -> WebhookInput {
        let Self { url, description, types, enabled, .. } = self;
        WebhookInput { url, description, types, enabled }
    }

    /// Returns a webhook with every field present.
    pub fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        Self {
            id: 1,
            version: 1,
            url: "https://builds.example.org/hooks/roundup".to_owned(),
            description: Some("Rebuilds the site".to_owned()),
            types: vec!["article.published".to_owned(), "article.updated".to_owned()],
            enabled: true,
            disabled_because: Some("gone".to_owned()),
            former_secret_until: Some(at),
            failing_since: Some(at),
            created_at: at,
            updated_at: at,
        }
    }
}

/// A webhook with its secret, which is returned only once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct WebhookWithSecret {
    /// The webhook.
    #[serde(flatten)]
    pub(super) webhook: Webhook,
    /// The secret to verify signatures with; null in a repeated response, since it is returned only once.
    #[schema(max_length = 100, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub(super) secret: Option<String>,
}

impl WebhookWithSecret {
    /// Returns a webhook with a secret, for the documentation.
    pub(super) fn sample() -> Self {
        let secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        Self { webhook: Webhook::sample(), secret }
    }
}

/// A delivery: one event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 7)]
    pub id: i64,
    /// The header `webhook-id`: the same at each try.
    #[schema(max_length = 100, example = "evt_0c5f8f3a_105")]
    pub message_id: String,
    /// The type of the event; `webhook.test` for a test.
    #[schema(max_length = 40, example = "article.published")]
    pub r#type: String,
    /// `pending`, `delivered` or `failed`.
    #[schema(max_length = 20, example = "delivered")]
    pub state: String,
    /// When it is tried next; null when it is delivered or has failed.
    pub next_at: Option<DateTime<Utc>>,
    /// The time it was created.
    pub created_at: DateTime<Utc>,
    /// The tries, the latest last.
    #[schema(max_items = 100)]
    pub tries: Vec<Try>,
}

/// A try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeliveryTry)]
pub struct Try {
    /// When it was tried: the header `webhook-timestamp`, in seconds.
    pub at: DateTime<Utc>,
    /// The time that it took in milliseconds.
    #[schema(minimum = 0, maximum = 1_000_000, example = 120)]
    pub duration_ms: u32,
    /// The status of the response; null without one.
    #[schema(minimum = 100, maximum = 999, example = 204)]
    pub status: Option<u16>,
    /// The beginning of the body of the response.
    #[schema(max_length = 2000, example = "ok")]
    pub response: Option<String>,
    /// Why there was no response.
    #[schema(max_length = 500, example = "connection refused")]
    pub error: Option<String>,
}

/// A delivery with what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct DeliveryWithBody {
    /// The delivery.
    #[serde(flatten)]
    pub(super) delivery: Delivery,
    /// The body of the request; null before the first try.
    #[schema(max_length = 262_144, example = "{\"type\":\"article.published\"}")]
    pub(super) body: Option<String>,
}

/// The columns of a delivery in lists.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = webhook_deliveries)]
pub(super) struct DeliveryRow {
    pub(super) id: i64,
    message_id: String,
    kind: String,
    state: String,
    next_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    tries: Value,
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        // One that was never tried is due since 1970.
        let is_new = |at: &DateTime<Utc>| at.timestamp() == 0;
        let next_at = row.next_at.map(|at| if is_new(&at) { row.created_at } else { at });
        Self {
            id: row.id,
            message_id: row.message_id,
            r#type: row.kind,
            state: row.state,
            next_at,
            created_at: row.created_at,
            tries: serde_json::from_value(row.tries).unwrap_or_default(),
        }
    }
}

impl Delivery {
    /// Returns a delivery with every field present.
    pub fn sample() -> Self {
        let at = DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default();
        let one = Try {
            at,
            duration_ms: 120,
            status: Some(204),
            response: Some("ok".to_owned()),
            error: Some("connection refused".to_owned()),
        };
        Self {
            id: 7,
            message_id: "evt_0c5f8f3a_105".to_owned(),
            r#type: "article.published".to_owned(),
            state: "delivered".to_owned(),
            next_at: Some(at),
            created_at: at,
            tries: vec![one],
        }
    }
}

impl DeliveryWithBody {
    /// Returns a delivery with every field present.
    pub(super) fn sample() -> Self {
        let body = Some("{\"type\":\"article.published\"}".to_owned());
        Self { delivery: Delivery::sample(), body }
    }
}
