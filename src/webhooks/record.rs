//! The statements of the deliverer: taking deliveries that are due, and recording what was answered.

use super::model::Try;
use crate::audit::{self, Actor};
use crate::error::{Error, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::json;

/// How long a delivery belongs to the instance that has taken it.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// When a delivery is tried again after each failed try.
const SCHEDULE: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// How long a webhook may fail before it is disabled.
const MAX_FAILURE: TimeDelta = TimeDelta::days(5);

/// A delivery to try, and the webhook.
#[derive(Debug, Clone, QueryableByName)]
pub(super) struct DueDelivery {
    #[diesel(sql_type = BigInt)]
    pub(super) id: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) webhook_id: i64,
    #[diesel(sql_type = Text)]
    pub(super) message_id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) event_id: Option<i64>,
    #[diesel(sql_type = Text)]
    pub(super) kind: String,
    #[diesel(sql_type = Text)]
    pub(super) object_kind: String,
    #[diesel(sql_type = BigInt)]
    pub(super) object_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) article_id: Option<i64>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub(super) version: Option<i32>,
    #[diesel(sql_type = Timestamptz)]
    pub(super) at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    pub(super) for_editors: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) body: Option<String>,
    #[diesel(sql_type = Text)]
    pub(super) url: String,
    #[diesel(sql_type = Binary)]
    pub(super) secret: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub(super) former_secret: Option<Vec<u8>>,
}

/// Takes deliveries that are due, some of each webhook that is not busy here.
const TAKE: &str = "
    with due as (
        select d.id, w.url, w.secret,
            case when w.former_secret_until > $1 then w.former_secret end as former_secret
        from webhooks w cross join lateral (
            select id from webhook_deliveries d
            where d.webhook_id = w.id and d.state = 'pending' and d.next_at <= $1
              and (w.enabled or d.event_id is null)
            order by d.next_at, d.id limit $4
            for update skip locked) d
        where w.id <> all ($3))
    update webhook_deliveries d set next_at = $2 from due where d.id = due.id
    returning d.id, d.webhook_id, d.message_id, d.event_id, d.kind, d.object_kind, d.object_id, d.article_id,
        d.version, d.at, d.for_editors, d.body, due.url, due.secret, due.former_secret";

/// Takes at most `batch` deliveries of each webhook but those in `busy`.
pub(super) async fn take_due(
    conn: &AsyncPgConnection,
    busy: &[i64],
    batch: i64,
    now: DateTime<Utc>,
) -> Result<Vec<DueDelivery>> {
    let taken = diesel::sql_query(TAKE)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now + LEASE)
        .bind::<Array<BigInt>, _>(busy)
        .bind::<BigInt, _>(batch);
    let mut taken: Vec<DueDelivery> = taken.load(&mut &*conn).await?;
    taken.sort_unstable_by_key(|one| one.id);
    Ok(taken)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Returns the number of deliveries that are due.
pub(super) async fn count_due(conn: &AsyncPgConnection, now: DateTime<Utc>) -> Result<i64> {
    let count =
        "select count(*) as n from webhook_deliveries d join webhooks w on w.id = d.webhook_id
                 where d.state = 'pending' and d.next_at <= $1 and w.enabled";
    let count = diesel::sql_query(count).bind::<Timestamptz, _>(now);
    let Count { n } = count.get_result(&mut &*conn).await?;
    Ok(n)
}

/// Stores what is sent, before the first try.
pub(super) async fn store_body(conn: &AsyncPgConnection, id: i64, body: &str) -> Result<()> {
    let store = "update webhook_deliveries set body = $2 where id = $1 and body is null";
    let store = diesel::sql_query(store).bind::<BigInt, _>(id).bind::<Text, _>(body);
    store.execute(&mut &*conn).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct TryCount {
    #[diesel(sql_type = Integer)]
    tries: i32,
}

#[derive(QueryableByName)]
struct Failing {
    #[diesel(sql_type = Timestamptz)]
    since: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    enabled: bool,
}

/// Records a try of a delivery. Returns whether it succeeded.
///
/// # Errors
/// When the database fails: the delivery is then tried again.
pub(super) async fn record(
    conn: &mut AsyncPgConnection,
    due: &DueDelivery,
    tried: &Try,
    now: DateTime<Utc>,
) -> Result<bool> {
    let entry = serde_json::to_value([tried]).map_err(Error::internal)?;
    let succeeded = tried.status.is_some_and(|status| (200..300).contains(&status));
    let append = "update webhook_deliveries set tries = tries || $2 where id = $1
                 returning jsonb_array_length(tries) as tries";
    let append = diesel::sql_query(append).bind::<BigInt, _>(due.id).bind::<Jsonb, _>(entry);
    // Without a row, the webhook was deleted meanwhile.
    let Some(TryCount { tries: count }) = append.get_result(conn).await.optional()? else {
        return Ok(succeeded);
    };
    let next = usize::try_from(count - 1).ok().and_then(|n| SCHEDULE.get(n));
    let (state, next_at) = match next {
        _ if succeeded => ("delivered", None),
        Some(wait) => ("pending", Some(now + *wait)),
        None => ("failed", None),
    };
    diesel::sql_query("update webhook_deliveries set state = $2, next_at = $3 where id = $1")
        .bind::<BigInt, _>(due.id)
        .bind::<Text, _>(state)
        .bind::<Nullable<Timestamptz>, _>(next_at)
        .execute(conn)
        .await?;
    if succeeded {
        let clear =
            "update webhooks set failing_since = null where id = $1 and failing_since is not null";
        diesel::sql_query(clear).bind::<BigInt, _>(due.webhook_id).execute(conn).await?;
        return Ok(true);
    }
    let failing = "update webhooks set failing_since = coalesce(failing_since, $2) where id = $1
                   returning failing_since as since, enabled";
    let failing: Failing = diesel::sql_query(failing)
        .bind::<BigInt, _>(due.webhook_id)
        .bind::<Timestamptz, _>(now)
        .get_result(conn)
        .await?;
    if failing.enabled && tried.status == Some(410) {
        disable(conn, due.webhook_id, "gone", now).await?;
    } else if failing.enabled && failing.since <= now - MAX_FAILURE {
        disable(conn, due.webhook_id, "failing", now).await?;
    }
    Ok(false)
}

/// Disables a webhook, with an event.
async fn disable(
    conn: &mut AsyncPgConnection,
    id: i64,
    because: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let disable =
        "update webhooks set enabled = false, disabled_because = $2, version = version + 1,
                   updated_at = $3 where id = $1";
    diesel::sql_query(disable)
        .bind::<BigInt, _>(id)
        .bind::<Text, _>(because)
        .bind::<Timestamptz, _>(now)
        .execute(conn)
        .await?;
    let change =
        "insert into changes (kind, object_id) values ('webhook', $1) on conflict do nothing";
    diesel::sql_query(change).bind::<BigInt, _>(id).execute(conn).await?;
    let detail = json!({ "because": because });
    audit::record(conn, &Actor::service(), now, "webhook.disable", ("webhook", Some(id)), detail)
        .await
}
