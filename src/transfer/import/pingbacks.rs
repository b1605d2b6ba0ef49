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
    let made = diesel::sql_query(insert)
        .bind::<Array<Integer>, _>(&columns.0)
        .bind::<Array<BigInt>, _>(&columns.1)
        .execute(conn)
        .await?;
    let all: CountRow = diesel::sql_query(format!("select count(*) as n {from}"))
        .bind::<Array<Integer>, _>(&columns.0)
        .bind::<Array<BigInt>, _>(&columns.1)
        .get_result(conn)
        .await?;
    Ok((made, usize::try_from(all.n).unwrap_or_default()))
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
}
