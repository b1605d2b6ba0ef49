//! The statements that read comments for editors.

use super::model::{
    AdminComment, AdminCommentWithReports, CommentReport, CommentStatus, QueueQuery, QueueRow,
};
use crate::error::{Code, Error, Result};
use crate::extract::{Ref, comma_separated};
use crate::links::CitingArticle;
use crate::page::total;
use crate::page::{Page, Scan};
use crate::schema::{articles, comment_reports as reports, comments};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The validated filters of the list.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    statuses: Option<Vec<&'static str>>,
    article: Option<Ref>,
    pattern: Option<String>,
    reported: Option<bool>,
}

impl Filter {
    /// Validates the query parameters.
    ///
    /// # Errors
    /// 400 with the name of the parameter.
    pub(super) fn of(query: &QueueQuery) -> Result<Self> {
        let status = |name: &str| {
            let message = format!("there is no status `{name}`");
            let status = CommentStatus::named(name).map(CommentStatus::as_str);
            status.ok_or_else(|| Error::parameter("status", Code::BadParameter, message))
        };
        let article = |text: &str| {
            let message = "`article` must be an id or a slug";
            Ref::parse(text).ok_or_else(|| Error::parameter("article", Code::BadParameter, message))
        };
        let statuses = |text: &str| comma_separated(text).map(status).collect::<Result<Vec<_>>>();
        Ok(Self {
            statuses: query.status.as_deref().map(statuses).transpose()?,
            article: query.article.as_deref().map(article).transpose()?,
            pattern: query.q.as_deref().map(|text| format!("%{}%", escape(text))),
            reported: query.reported,
        })
    }
}

/// Escapes the wildcards of a `like` pattern.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Returns a page of comments in any status, newest first.
pub(super) async fn page(
    conn: &AsyncPgConnection,
    filter: &Filter,
    scan: &Scan<i64>,
) -> Result<Page<AdminComment>> {
    let all = || matching(filter);
    let query = match (scan.from, scan.backward) {
        (None, _) => all(),
        (Some((id, false)), false) => all().filter(comments::id.lt(id)),
        (Some((id, true)), false) => all().filter(comments::id.le(id)),
        (Some((id, false)), true) => all().filter(comments::id.gt(id)),
        (Some((id, true)), true) => all().filter(comments::id.ge(id)),
    };
    let query = if scan.backward {
        query.order(comments::id.asc())
    } else {
        query.order(comments::id.desc())
    };
    let rows: Vec<QueueRow> =
        query.limit(scan.rows()).select(QueueRow::as_select()).load(&mut &*conn).await?;
    let page = scan.page(rows, |row| row.id);
    let ids: Vec<i64> = page.items.iter().map(|row| row.article_id).collect();
    let citing = articles::table.filter(articles::id.eq_any(ids));
    let citing: Vec<CitingArticle> =
        citing.select(CitingArticle::as_select()).load(&mut &*conn).await?;
    let total = total(conn, scan.count, all).await?;
    let Page { items, page: info } = page;
    let on = |row: QueueRow| {
        let article = citing.iter().find(|article| article.id == row.article_id).cloned();
        article.map(|article| row.on(article))
    };
    let items = items.into_iter().filter_map(on).collect();
    Ok(Page { items, page: info }.with_total(total))
}

fn matching(filter: &Filter) -> comments::BoxedQuery<'static, Pg> {
    let mut query = comments::table.into_boxed::<Pg>();
    if let Some(statuses) = &filter.statuses {
        query = query.filter(comments::status.eq_any(statuses.clone()));
    }
    if let Some(article) = &filter.article {
        query = match article.clone() {
            Ref::Id(id) => query.filter(comments::article_id.eq(id)),
            Ref::Slug(slug) => {
                let of = articles::table.filter(articles::slug.eq(slug)).select(articles::id);
                query.filter(comments::article_id.eq_any(of))
            }
        };
    }
    if let Some(pattern) = &filter.pattern {
        let (text, name, email) = (pattern.clone(), pattern.clone(), pattern.clone());
        query = query.filter(
            comments::text
                .ilike(text)
                .or(comments::author_name.assume_not_null().ilike(name))
                .or(comments::author_email.assume_not_null().ilike(email)),
        );
    }
    match filter.reported {
        None => query,
        Some(true) => query.filter(comments::report_count.gt(0)),
        Some(false) => query.filter(comments::report_count.eq(0)),
    }
}

/// Returns a comment in any status, with its newest reports.
///
/// # Errors
/// 404 when there is none.
pub async fn find(conn: &AsyncPgConnection, id: i64) -> Result<AdminCommentWithReports> {
    let found: Option<(QueueRow, CitingArticle)> = comments::table
        .inner_join(articles::table)
        .filter(comments::id.eq(id))
        .select((QueueRow::as_select(), CitingArticle::as_select()))
        .first(&mut &*conn)
        .await
        .optional()?;
    let (row, article) = found.ok_or_else(|| Error::not_found("comment"))?;
    let reports = reports::table
        .filter(reports::comment_id.eq(id))
        .order(reports::id.desc())
        .limit(100)
        .select((reports::reason, reports::at));
    let reports: Vec<CommentReport> = reports.load(&mut &*conn).await?;
    Ok(AdminCommentWithReports { comment: row.on(article), reports })
}
