//! Stores pingbacks and trackbacks: the notices of other sites that they link to an article. They
//! are not listed among the comments.

use crate::error::Result;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Stores the notices for these articles, each `(target, article)`. Returns how many are new, and
/// how many there are.
pub(super) async fn store(
    conn: &mut AsyncPgConnection,
    targets: &[(i32, i64)],
    dry_run: bool,
) -> Result<(usize, usize)> {
    let from = "from unnest($1, $2) as m (target, article) join pending_comments s using (target) \
                where s.kind <> 'comment'";
    let insert = format!(
        "insert into pingbacks (article_id, kind, status, title, url, text, created_at, \
             source, source_id) \
         select m.article, s.kind, s.status, s.author_name, s.author_url, s.text, s.created_at, \
             s.source, s.id {from} order by s.seq on conflict do nothing"
    );
    let columns = (
        targets.iter().map(|pair| pair.0).collect::<Vec<_>>(),
        targets.iter().map(|pair| pair.1).collect::<Vec<_>>(),
    );
    let new = format!(
        "select count(distinct (m.article, s.source, s.id)) as n {from} and not exists \
         (select from pingbacks p where p.article_id = m.article and p.source = s.source \
             and p.source_id = s.id)"
    );
    let made = if dry_run {
        count(conn, &new, &columns).await?
    } else {
        diesel::sql_query(insert)
            .bind::<Array<Integer>, _>(&columns.0)
            .bind::<Array<BigInt>, _>(&columns.1)
            .execute(conn)
            .await?
    };
    let all = count(conn, &format!("select count(*) as n {from}"), &columns).await?;
    Ok((made, all))
}

async fn count(
    conn: &mut AsyncPgConnection,
    statement: &str,
    columns: &(Vec<i32>, Vec<i64>),
) -> Result<usize> {
    let count: CountRow = diesel::sql_query(statement)
        .bind::<Array<Integer>, _>(&columns.0)
        .bind::<Array<BigInt>, _>(&columns.1)
        .get_result(conn)
        .await?;
    Ok(usize::try_from(count.n).unwrap_or_default())
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
}
