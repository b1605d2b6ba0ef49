//! Reports of comments by readers.

use super::events::{Event, announce};
use super::rate_limits::RateLimits;
use super::state::CommentState;
use crate::articles::published;
use crate::error::{Error, Result};
use crate::extract::{Body, Client};
use crate::extract::{EmptyQuery, Id, Query};
use crate::openapi::PostProblems;
use crate::response::StoredResponse;
use crate::schema::{articles, comment_reports as reports, comments};
use crate::state::{SharedState, State};
use actix_web::web::Data;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

/// A report of a comment, as a reader sends it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentReportInput {
    /// What is wrong with the comment.
    #[schema(min_length = 1, max_length = 500, example = "It is an advertisement.")]
    reason: String,
}

/// Report a comment to the editors
///
/// A second report of the same comment by the same client is ignored.
#[utoipa::path(post, path = "/comments/{id}/reports", tag = "comments", request_body = CommentReportInput,
    params(("id" = i64, Path, description = "Id", minimum = 1, maximum = 9_007_199_254_740_991_i64)),
    responses((status = 204, description = "The report is stored"), PostProblems))]
pub(super) async fn create_comment_report(
    state: SharedState,
    comments: Data<CommentState>,
    client: Client,
    id: Id,
    _query: Query<EmptyQuery>,
    body: Body<CommentReportInput>,
) -> Result<StoredResponse> {
    let mut limits = RateLimits::default();
    let outcome = report(&state, &comments, client, id.0, body.value.reason, &mut limits).await;
    limits.apply_headers(outcome)
}

async fn report(
    state: &SharedState,
    comments: &CommentState,
    client: Client,
    id: i64,
    reason: String,
    limits: &mut RateLimits,
) -> Result<StoredResponse> {
    let now = state.clock().now();
    limits.check(comments.reports.count(client.rate_limit_key(), now))?;
    let (article, client) = state
        .with_connection(async |conn| {
            Ok((
                article_of(conn, id).await?,
                comments.secret(conn).await?.client(client.rate_limit_key()),
            ))
        })
        .await?;
    limits.check(comments.article_reports.count(article, now))?;
    let new = State::write(state, move |conn| {
        Box::pin(async move {
            let row = (
                reports::comment_id.eq(id),
                reports::client_hash.eq(client),
                reports::reason.eq(reason),
                reports::at.eq(now),
            );
            let new = diesel::insert_into(reports::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(conn)
                .await?;
            if new > 0 {
                diesel::update(comments::table.find(id))
                    .set(comments::report_count.eq(comments::report_count + 1))
                    .execute(conn)
                    .await?;
            }
            Ok(new > 0)
        })
    })
    .await?;
    if new {
        announce(state, &[Event { article, comment: id, what: "reported" }]);
    }
    Ok(StoredResponse::no_content())
}

/// Returns the article of a published comment.
async fn article_of(conn: &AsyncPgConnection, id: i64) -> Result<i64> {
    let article = comments::table
        .inner_join(articles::table)
        .filter(comments::id.eq(id))
        .filter(comments::status.eq("approved"))
        .filter(published())
        .select(articles::id);
    let found = article.first(&mut &*conn).await.optional()?;
    found.ok_or_else(|| Error::not_found("comment"))
}
