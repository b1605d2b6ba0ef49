//! The statements on rules.

use super::model::{Rule, RuleInput, RuleRow};
use crate::db::keyset;
use crate::error::{Error, Result};
use crate::page::total;
use crate::page::{Page, Scan};
use crate::response::IfMatch;
use crate::schema::comment_rules as rules;
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The maximum number of rules. Each is applied to every comment.
const MAX_RULES: i64 = 200;

/// Returns the enabled rules.
pub(crate) async fn enabled(conn: &AsyncPgConnection) -> Result<Vec<RuleRow>> {
    let rows = RuleRow::query().filter(rules::enabled).order(rules::id);
    Ok(rows.load(&mut &*conn).await?)
}

/// Returns a page of all rules, oldest first.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Page<Rule>> {
    let query = RuleRow::query().into_boxed::<Pg>();
    let query = keyset!(query, scan, false, Timestamptz, rules::created_at, rules::id);
    let rows: Vec<RuleRow> = query.load(&mut &*conn).await?;
    let page = scan.page(rows, |row| (row.created_at, row.id));
    let total = total(conn, scan.count, || rules::table.into_boxed::<Pg>()).await?;
    Ok(page.map(Rule::from).with_total(total))
}

/// Returns a rule.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn find(conn: &AsyncPgConnection, id: i64) -> Result<Rule> {
    let row = RuleRow::query().filter(rules::id.eq(id)).first(&mut &*conn).await.optional()?;
    row.map(Rule::from).ok_or_else(|| Error::not_found("rule"))
}

/// Locks a rule until the transaction ends and returns it, if `If-Match` allows its version.
///
/// # Errors
/// 404, or 412 for another version.
pub(super) async fn take(conn: &mut AsyncPgConnection, id: i64, known: &IfMatch) -> Result<Rule> {
    let row: Option<RuleRow> = rules::table
        .find(id)
        .select(RuleRow::as_select())
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let rule = row.map(Rule::from).ok_or_else(|| Error::not_found("rule"))?;
    if known.allows(rule.version) {
        return Ok(rule);
    }
    Err(Error::version_mismatch(rule.version, Vec::new()))
}

/// Stores a new rule.
///
/// # Errors
/// 409 when there are too many.
pub(super) async fn create(
    conn: &mut AsyncPgConnection,
    form: RuleInput,
    now: DateTime<Utc>,
) -> Result<Rule> {
    let count: i64 = rules::table.count().get_result(conn).await?;
    if count >= MAX_RULES {
        let detail = format!("there are {MAX_RULES} rules already; add terms to an existing one");
        return Err(Error::new(crate::error::Code::Conflict, detail));
    }
    let row: RuleRow = diesel::insert_into(rules::table)
        .values((
            rules::name.eq(form.name),
            rules::kind.eq(form.kind.as_str()),
            rules::action.eq(form.action.as_str()),
            rules::terms.eq(form.terms),
            rules::threshold.eq(form.threshold),
            rules::spare_known.eq(form.spare_known),
            rules::enabled.eq(form.enabled),
            rules::created_at.eq(now),
            rules::updated_at.eq(now),
        ))
        .returning(RuleRow::as_select())
        .get_result(conn)
        .await?;
    Ok(row.into())
}

/// Replaces a rule.
pub(super) async fn replace(
    conn: &mut AsyncPgConnection,
    id: i64,
    form: RuleInput,
    now: DateTime<Utc>,
) -> Result<Rule> {
    let row: RuleRow = diesel::update(rules::table.find(id))
        .set((
            rules::version.eq(rules::version + 1),
            rules::name.eq(form.name),
            rules::kind.eq(form.kind.as_str()),
            rules::action.eq(form.action.as_str()),
            rules::terms.eq(form.terms),
            rules::threshold.eq(form.threshold),
            rules::spare_known.eq(form.spare_known),
            rules::enabled.eq(form.enabled),
            rules::updated_at.eq(now),
        ))
        .returning(RuleRow::as_select())
        .get_result(conn)
        .await?;
    Ok(row.into())
}

/// Deletes a rule.
pub(super) async fn remove(conn: &mut AsyncPgConnection, id: i64) -> Result<()> {
    diesel::delete(rules::table.find(id)).execute(conn).await?;
    Ok(())
}
