//! The statements on webhooks and their deliveries.

use super::model::{Delivery, DeliveryRow, DeliveryWithBody, Webhook, WebhookInput};
use crate::db::keyset;
use crate::error::{Code, Error, Result};
use crate::page::{Page, Scan, total};
use crate::response::IfMatch;
use crate::schema::{webhook_deliveries as deliveries, webhooks};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The maximum number of webhooks. Each event is compared with all.
const MAX_WEBHOOKS: i64 = 100;

/// How long the former secret signs too after a rotation.
const ROTATION: TimeDelta = TimeDelta::hours(24);

/// Returns a page of all webhooks, oldest first.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Page<Webhook>> {
    let query = Webhook::query().into_boxed::<Pg>();
    let query = keyset!(query, scan, false, Timestamptz, webhooks::created_at, webhooks::id);
    let rows: Vec<Webhook> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |row| (row.created_at, row.id));
    let total = total(conn, scan.count, || webhooks::table.into_boxed::<Pg>()).await?;
    Ok(page.with_total(total))
}

/// Returns a webhook.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn find(conn: &AsyncPgConnection, id: i64) -> Result<Webhook> {
    let row = Webhook::query().filter(webhooks::id.eq(id)).first(&mut &*conn).await.optional()?;
    row.ok_or_else(|| Error::not_found("webhook"))
}

/// Locks a webhook until the transaction ends and returns it, if `If-Match` allows its version.
///
/// # Errors
/// 404, or 412 for another version.
pub(super) async fn take(
    conn: &mut AsyncPgConnection,
    id: i64,
    known: &IfMatch,
) -> Result<Webhook> {
    let row: Option<Webhook> = webhooks::table
        .find(id)
        .select(Webhook::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let webhook = row.ok_or_else(|| Error::not_found("webhook"))?;
    if known.allows(webhook.version) {
        return Ok(webhook);
    }
    Err(Error::version_mismatch(webhook.version, Vec::new()))
}

/// Stores a new webhook.
///
/// # Errors
/// 409 when there are too many.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    form: WebhookInput,
    secret: &[u8],
    now: DateTime<Utc>,
) -> Result<Webhook> {
    let count: i64 = webhooks::table.count().get_result(conn).await?;
    if count >= MAX_WEBHOOKS {
        let detail = format!("there are {MAX_WEBHOOKS} webhooks already; delete one");
        return Err(Error::new(Code::Conflict, detail));
    }
    let row = diesel::insert_into(webhooks::table)
        .values((
            webhooks::url.eq(form.url),
            webhooks::description.eq(form.description),
            webhooks::types.eq(form.types),
            webhooks::enabled.eq(form.enabled),
            webhooks::secret.eq(secret),
            webhooks::created_at.eq(now),
            webhooks::updated_at.eq(now),
        ))
        .returning(Webhook::as_select());
    Ok(row.get_result(conn).await?)
}

/// Replaces a webhook. One that is enabled has not failed yet.
pub(super) async fn replace(
    conn: &mut AsyncPgConnection,
    before: &Webhook,
    form: WebhookInput,
    now: DateTime<Utc>,
) -> Result<Webhook> {
    let keeps_state = form.enabled == before.enabled && form.url == before.url;
    let disabled_because = before.disabled_because.clone().filter(|_| keeps_state);
    let row = diesel::update(webhooks::table.find(before.id))
        .set((
            webhooks::version.eq(webhooks::version + 1),
            webhooks::url.eq(form.url),
            webhooks::description.eq(form.description),
            webhooks::types.eq(form.types),
            webhooks::enabled.eq(form.enabled),
            webhooks::disabled_because.eq(disabled_because),
            webhooks::failing_since.eq(before.failing_since.filter(|_| keeps_state)),
            webhooks::updated_at.eq(now),
        ))
        .returning(Webhook::as_select());
    Ok(row.get_result(conn).await?)
}

/// Gives a webhook another secret; the present one signs too for a day.
pub(super) async fn rotate(
    conn: &mut AsyncPgConnection,
    id: i64,
    secret: &[u8],
    now: DateTime<Utc>,
) -> Result<Webhook> {
    let row = diesel::update(webhooks::table.find(id))
        .set((
            webhooks::version.eq(webhooks::version + 1),
            webhooks::former_secret.eq(webhooks::secret.nullable()),
            webhooks::former_secret_until.eq(now + ROTATION),
            webhooks::secret.eq(secret),
            webhooks::updated_at.eq(now),
        ))
        .returning(Webhook::as_select());
    Ok(row.get_result(conn).await?)
}

/// Deletes a webhook with its deliveries.
pub(super) async fn remove(conn: &mut AsyncPgConnection, id: i64) -> Result<()> {
    diesel::delete(webhooks::table.find(id)).execute(conn).await?;
    Ok(())
}

/// Stores the delivery of a test.
pub(super) async fn create_test(
    conn: &mut AsyncPgConnection,
    webhook: &Webhook,
    message_id: &str,
    now: DateTime<Utc>,
) -> Result<Delivery> {
    let row = diesel::insert_into(deliveries::table)
        .values((
            deliveries::webhook_id.eq(webhook.id),
            deliveries::message_id.eq(message_id),
            deliveries::kind.eq("webhook.test"),
            deliveries::object_kind.eq("webhook"),
            deliveries::object_id.eq(webhook.id),
            deliveries::version.eq(webhook.version),
            deliveries::at.eq(now),
            deliveries::for_editors.eq(true),
            deliveries::next_at.eq(now),
            deliveries::created_at.eq(now),
        ))
        .returning(DeliveryRow::as_select());
    let row: DeliveryRow = row.get_result(conn).await?;
    Ok(row.into())
}

/// Returns a page of the deliveries of a webhook, newest first.
pub(super) async fn deliveries(
    conn: &AsyncPgConnection,
    webhook: i64,
    state: Option<&str>,
    scan: &Scan<i64>,
) -> Result<Page<Delivery>> {
    let all = || {
        let of = deliveries::table.filter(deliveries::webhook_id.eq(webhook)).into_boxed::<Pg>();
        match state {
            Some(state) => of.filter(deliveries::state.eq(state.to_owned())),
            None => of,
        }
    };
    let query = match (scan.from, scan.backward) {
        (None, _) => all(),
        (Some((id, false)), false) => all().filter(deliveries::id.lt(id)),
        (Some((id, true)), false) => all().filter(deliveries::id.le(id)),
        (Some((id, false)), true) => all().filter(deliveries::id.gt(id)),
        (Some((id, true)), true) => all().filter(deliveries::id.ge(id)),
    };
    let query = if scan.backward {
        query.order(deliveries::id.asc())
    } else {
        query.order(deliveries::id.desc())
    };
    let query = query.limit(scan.rows()).select(DeliveryRow::as_select());
    let rows: Vec<DeliveryRow> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |row| row.id);
    let total = total(conn, scan.count, all).await?;
    Ok(page.map(Delivery::from).with_total(total))
}

/// Returns a delivery with what is sent.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn delivery(
    conn: &AsyncPgConnection,
    webhook: i64,
    id: i64,
) -> Result<DeliveryWithBody> {
    let row: Option<(DeliveryRow, Option<String>)> = deliveries::table
        .find(id)
        .filter(deliveries::webhook_id.eq(webhook))
        .select((DeliveryRow::as_select(), deliveries::body))
        .first(&mut &*conn)
        .await
        .optional()?;
    let (row, body) = row.ok_or_else(|| Error::not_found("delivery"))?;
    Ok(DeliveryWithBody { delivery: row.into(), body })
}

/// Makes a delivery due now.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn retry(
    conn: &mut AsyncPgConnection,
    webhook: i64,
    id: i64,
    now: DateTime<Utc>,
) -> Result<DeliveryWithBody> {
    let one = deliveries::table.find(id).filter(deliveries::webhook_id.eq(webhook));
    diesel::update(one)
        .set((deliveries::state.eq("pending"), deliveries::next_at.eq(now)))
        .execute(conn)
        .await?;
    delivery(conn, webhook, id).await
}

/// How long deliveries are kept.
const RETENTION: TimeDelta = TimeDelta::days(30);

/// Deletes a batch of deliveries that are too old; returns how many. Must be called until it returns 0.
///
/// # Errors
/// When the database fails.
pub async fn delete_old_deliveries(conn: &AsyncPgConnection, now: DateTime<Utc>) -> Result<usize> {
    let delete = "delete from webhook_deliveries where id in (
        select id from webhook_deliveries where created_at < $1 limit 1000)";
    let delete = diesel::sql_query(delete).bind::<Timestamptz, _>(now - RETENTION);
    Ok(delete.execute(&mut &*conn).await?)
}
