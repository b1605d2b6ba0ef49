//! Stores the comments of an import, after its posts.

use super::pending_comments::comments_on;
use super::report::{Counts, Remark};
use super::writer::Writer;
use super::{pingbacks, threads};
use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::HashMap;

/// The number of comments at which a group of them is stored.
const GROUP_COMMENTS: i64 = 5000;

impl Writer {
    /// Stores the comments, article by article: a thread is stored as a whole.
    pub(super) async fn store_comments(&mut self, conn: &mut AsyncPgConnection) -> Result<()> {
        let resolved = self.comments.resolve(conn, &self.planned).await?;
        let mut pairs: Vec<(i32, i64)> =
            resolved.articles.iter().map(|(target, article)| (*target, *article)).collect();
        pairs.sort_unstable_by_key(|(target, article)| (*article, *target));
        let (mut group, mut size) = (Vec::new(), 0);
        let mut rest = pairs.into_iter().peekable();
        while let Some((target, article)) = rest.next() {
            group.push((target, article));
            size += resolved.sizes.get(&target).copied().unwrap_or_default();
            let article_ends = rest.peek().is_none_or(|(_, next)| *next != article);
            if article_ends && (size >= GROUP_COMMENTS || rest.peek().is_none()) {
                self.store_comment_group(conn, &group).await?;
                group.clear();
                size = 0;
            }
        }
        self.report_orphans(conn, &resolved.articles).await
    }

    /// Stores the comments and notices for some articles, each `(target, article)`.
    async fn store_comment_group(
        &mut self,
        conn: &mut AsyncPgConnection,
        group: &[(i32, i64)],
    ) -> Result<()> {
        let comments = comments_on(conn, group).await?;
        let outcome =
            threads::store(conn, comments, &self.options, self.now, &mut self.statistics).await?;
        self.report.created.comments += outcome.created;
        self.report.updated.comments += outcome.updated;
        self.report.unchanged.comments += outcome.unchanged;
        for (position, id, reason) in outcome.remarks {
            let raw = format!("comment {id}");
            self.report.add_uncertain(Remark { position, raw, reason: reason.to_owned() });
        }
        let (created, all) = pingbacks::store(conn, group, self.options.dry_run).await?;
        self.report.created.pingbacks += created;
        self.report.unchanged.pingbacks += all - created;
        Ok(())
    }

    /// Reports comments that belong to no article.
    async fn report_orphans(
        &mut self,
        conn: &mut AsyncPgConnection,
        articles: &HashMap<i32, i64>,
    ) -> Result<()> {
        let resolved: Vec<i32> = articles.keys().copied().collect();
        let statement =
            "select position, id from pending_comments where target <> all ($1) order by seq";
        let orphans: Vec<OrphanComment> =
            diesel::sql_query(statement).bind::<Array<Integer>, _>(&resolved).load(conn).await?;
        for OrphanComment { position, id } in &orphans {
            let reason = format!("no article has the page of comment {id}");
            self.report.skip("orphan", position.clone(), reason);
        }
        if articles.is_empty() && self.report.created == Counts::default() {
            let reason = format!(
                "none of {} comments belongs to an article; import the articles first",
                orphans.len()
            );
            self.report.fail(self.report.source.clone(), reason);
        }
        Ok(())
    }
}

/// A comment that belongs to no article.
#[derive(QueryableByName)]
struct OrphanComment {
    #[diesel(sql_type = Text)]
    position: String,
    #[diesel(sql_type = Text)]
    id: String,
}
