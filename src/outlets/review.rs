//! The review of outlets that readings of texts created: an editor confirms, merges or drops many at once.

use super::confirmation::confirm;
use super::merge::{lock_articles, merge};
use crate::audit::{self, Actor};
use crate::derived::{refresh_articles, wait_for_article_writers};
use crate::error::{Code, Error, FieldError, Result};
use crate::outlets::directory::lock_names;
use crate::schema::{link_credits, outlets};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use utoipa::ToSchema;

/// What to do with outlets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutletAction {
    /// Confirms them.
    Confirm,
    /// Merges them into the outlet `into`.
    Merge,
    /// Deletes unconfirmed ones. Their links keep the credit as written, but credit no outlet.
    Drop,
}

/// The id of an outlet in a list, for the OpenAPI schema only.
#[derive(Debug, ToSchema)]
#[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
pub(super) struct OutletId(#[expect(dead_code, reason = "only its schema is used")] i64);

/// The outlets of a batch, and the action.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OutletBatchInput {
    /// The outlets.
    #[schema(min_items = 1, max_items = 100, value_type = Vec<OutletId>, example = json!([41, 42]))]
    pub(super) ids: Vec<i64>,
    /// The action.
    pub(super) action: OutletAction,
    /// The id of the outlet to merge into; only for `merge`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = json!(null))]
    pub(super) into: Option<i64>,
}

/// The outcome for each outlet of a batch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct OutletBatchResult {
    /// The outcomes in the order of the ids; an id sent twice occurs once.
    #[schema(max_items = 100)]
    pub(super) results: Vec<OutletOutcome>,
}

/// The outcome for an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct OutletOutcome {
    /// The id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 41)]
    pub(super) id: i64,
    /// Whether the outlet was changed; false if it was confirmed already.
    pub(super) changed: bool,
    /// Why the action failed: `not_found`, `is_confirmed`, `is_target`; null if it succeeded.
    #[schema(max_length = 60, example = "not_found")]
    pub(super) error: Option<&'static str>,
}

impl OutletBatchResult {
    /// Returns a result with every field present.
    pub(super) fn sample() -> Self {
        let done = OutletOutcome { id: 41, changed: true, error: None };
        let failed = OutletOutcome { id: 42, changed: false, error: Some("not_found") };
        Self { results: vec![done, failed] }
    }
}

impl OutletBatchInput {
    fn check(&self) -> Result<()> {
        let message = match (self.action, self.into) {
            (OutletAction::Merge, None) => "`merge` needs the outlet to merge into",
            (OutletAction::Confirm | OutletAction::Drop, Some(_)) => "is for `merge` only",
            _ => return Ok(()),
        };
        let error = FieldError::field("/into", "invalid", message);
        Err(Error::fields(Code::Invalid, vec![error]))
    }
}

/// Applies an action to many outlets; returns the outcome for each.
///
/// # Errors
/// 422 when the outlet to merge into does not exist. An outlet that the action does not apply to is
/// reported in its outcome.
pub(super) async fn review(
    conn: &mut AsyncPgConnection,
    input: &OutletBatchInput,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<OutletOutcome>> {
    input.check()?;
    wait_for_article_writers(conn).await?;
    lock_names(conn).await?;
    let wanted: Vec<i64> = input.ids.iter().copied().chain(input.into).collect();
    let stored: Vec<(i64, String, bool)> = outlets::table
        .filter(outlets::id.eq_any(&wanted))
        .select((outlets::id, outlets::name, outlets::confirmed))
        .load(conn)
        .await?;
    if input.into.is_some_and(|into| !stored.iter().any(|(id, ..)| *id == into)) {
        let error = FieldError::field("/into", "unknown_outlet", "there is no such outlet");
        return Err(Error::fields(Code::Invalid, vec![error]));
    }
    let mut results = Vec::with_capacity(input.ids.len());
    let mut seen = HashSet::new();
    for id in input.ids.iter().copied().filter(|id| seen.insert(*id)) {
        let found = stored.iter().find(|(stored, ..)| *stored == id);
        let outcome = match (found, input.action) {
            (None, _) => Err("not_found"),
            (Some((.., is_confirmed)), OutletAction::Confirm) => Ok(!is_confirmed),
            (Some((.., true)), OutletAction::Drop) => Err("is_confirmed"),
            (Some(_), OutletAction::Merge) if input.into == Some(id) => Err("is_target"),
            (Some(_), OutletAction::Drop | OutletAction::Merge) => Ok(true),
        };
        if outcome == Ok(true) {
            let action = match input.action {
                OutletAction::Confirm => {
                    confirm(conn, &[id]).await?;
                    "outlet.confirm"
                }
                OutletAction::Merge => {
                    merge(conn, id, input.into.unwrap_or(id), now).await?;
                    "outlet.merge"
                }
                OutletAction::Drop => {
                    drop_outlet(conn, id).await?;
                    "outlet.drop"
                }
            };
            let name = found.map(|(_, name, _)| name);
            let mut detail = json!({"name": name});
            if let (Some(into), Some(detail)) = (input.into, detail.as_object_mut()) {
                detail.insert("into".to_owned(), into.into());
            }
            audit::record(conn, actor, now, action, ("outlet", Some(id)), detail).await?;
        }
        let (changed, error) = (outcome == Ok(true), outcome.err());
        results.push(OutletOutcome { id, changed, error });
    }
    Ok(results)
}

/// Deletes an outlet that is none. A credit keeps its bylines; one without bylines goes too.
async fn drop_outlet(conn: &mut AsyncPgConnection, id: i64) -> Result<()> {
    let articles = lock_articles(conn, id).await?;
    let credits = link_credits::table.filter(link_credits::outlet_id.eq(id));
    let empty = credits.filter(link_credits::bylines.eq(Vec::<String>::new()));
    diesel::delete(empty).execute(conn).await?;
    diesel::update(credits).set(link_credits::outlet_id.eq(None::<i64>)).execute(conn).await?;
    refresh_articles(conn, &articles).await?;
    diesel::delete(outlets::table.find(id)).execute(conn).await?;
    Ok(())
}
