//! The statements that read the audit log.

use super::model::{AuditEvent, AuditQuery};
use crate::db::keyset;
use crate::error::Result;
use crate::extract::comma_separated;
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::audit;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Returns a page of events, newest first.
pub(super) async fn list(
    conn: &AsyncPgConnection,
    query: &AuditQuery,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Page<AuditEvent>> {
    let rows = matching(query).select(AuditEvent::as_select());
    let rows = keyset!(rows, scan, true, Timestamptz, audit::at, audit::id);
    let rows: Vec<AuditEvent> = rows.load(&mut &*conn).await?;
    let page = scan.page(rows, |event| (event.at, event.id));
    Ok(page.with_total(total(conn, scan.count, || matching(query)).await?))
}

fn matching(query: &AuditQuery) -> audit::BoxedQuery<'static, Pg> {
    let mut rows = audit::table.into_boxed();
    if let Some(text) = &query.action {
        let actions: Vec<String> = comma_separated(text).map(str::to_owned).collect();
        rows = rows.filter(audit::action.eq_any(actions));
    }
    if let Some(kind) = query.object_kind.clone() {
        rows = rows.filter(audit::object_kind.eq(kind));
    }
    if let Some(id) = query.object_id {
        rows = rows.filter(audit::object_id.eq(id));
    }
    if let Some(key) = query.key_id {
        rows = rows.filter(audit::key_id.eq(key));
    }
    if let Some(at) = query.at_after {
        rows = rows.filter(audit::at.ge(at));
    }
    if let Some(at) = query.at_before {
        rows = rows.filter(audit::at.lt(at));
    }
    rows
}
