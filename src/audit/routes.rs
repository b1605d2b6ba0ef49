//! Reading the audit.

use crate::app::State;
use crate::db::{keyset, total};
use crate::error::Result;
use crate::extract::{Both, Query, alternatives};
use crate::http::Reply;
use crate::keys::{Allowed, scope};
use crate::openapi::AdminProblems;
use crate::page::{Page, PageQuery, Scan};
use crate::schema::audit;
use actix_web::web::{Data, ServiceConfig, resource};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, OpenApi, ToSchema};

/// The addresses of this file, under `/admin`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/audit").get(list_audit));
}

/// Their documentation.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_audit))]
pub struct Docs;

/// Who did what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, HasQuery)]
#[diesel(table_name = audit)]
pub struct Deed {
    /// Its id.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// The key that was used; null for the service itself.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 1)]
    pub key_id: Option<i64>,
    /// The name that the key had.
    #[schema(max_length = 100, example = "the editor")]
    pub key_name: Option<String>,
    /// What was done: `object.verb`.
    #[schema(max_length = 100, example = "article.update")]
    pub action: String,
    /// To what kind of object.
    #[schema(max_length = 100, example = "article")]
    pub object_kind: String,
    /// To which.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64, example = 42)]
    pub object_id: Option<i64>,
    /// The network address of the request.
    #[schema(max_length = 100, example = "192.0.2.1")]
    pub address: Option<String>,
    /// What else is to be said of it.
    #[schema(value_type = Object)]
    pub detail: Value,
}

impl Deed {
    /// A deed with every field filled.
    pub fn sample() -> Self {
        Self {
            id: 1,
            at: DateTime::from_timestamp(1_417_651_200, 0).unwrap_or_default(),
            key_id: Some(1),
            key_name: Some("the editor".into()),
            action: "article.update".into(),
            object_kind: "article".into(),
            object_id: Some(42),
            address: Some("192.0.2.1".into()),
            detail: json!({"version": 3, "fields": ["headline"]}),
        }
    }
}

/// Which deeds to list.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Deeds of this kind; a comma is "or".
    #[param(max_length = 1000, example = "article.update,article.purge")]
    action: Option<String>,
    /// Deeds on objects of this kind.
    #[param(max_length = 100, example = "article")]
    object_kind: Option<String>,
    /// Deeds on the object with this id.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    object_id: Option<i64>,
    /// Deeds done with this key.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    key_id: Option<i64>,
    /// Deeds at this time or later.
    at_after: Option<DateTime<Utc>>,
    /// Deeds before this time.
    at_before: Option<DateTime<Utc>>,
    /// Only these fields of each item: `fields=at,action`.
    #[serde(skip_serializing)]
    #[param(max_length = 1000)]
    fields: Option<String>,
}

/// List who did what, the latest first
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery, PageQuery), security(("key" = ["audit:read"])),
    responses((status = 200, description = "A page of deeds", body = Page<Deed>, example = json!(Page::sample(Deed::sample()))), AdminProblems))]
async fn list_audit(
    _caller: Allowed<scope::AuditRead>,
    state: Data<State>,
    Query(Both(query, page)): Query<Both<AuditQuery, PageQuery>>,
) -> Result<Reply> {
    let scan = page.scan(&("audit", &query))?;
    let found = state.read(async |conn| list(conn, &query, &scan).await).await?;
    Reply::page(found, query.fields.as_deref(), Deed::sample)
}

async fn list(
    conn: &AsyncPgConnection,
    query: &AuditQuery,
    scan: &Scan<(DateTime<Utc>, i64)>,
) -> Result<Page<Deed>> {
    let rows = matching(query).select(Deed::as_select());
    let rows = keyset!(rows, scan, true, Timestamptz, audit::at, audit::id);
    let rows: Vec<Deed> = rows.load(&mut &*conn).await?;
    let page = scan.cut(rows, |deed| (deed.at, deed.id));
    Ok(page.counted(total(conn, scan.count, || matching(query)).await?))
}

fn matching(query: &AuditQuery) -> audit::BoxedQuery<'static, Pg> {
    let mut rows = audit::table.into_boxed();
    if let Some(text) = &query.action {
        let actions: Vec<String> = alternatives(text).map(str::to_owned).collect();
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
