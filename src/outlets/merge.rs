//! Merges an outlet into another.

use super::directory::lock_names;
use super::input::AdminOutlet;
use super::query::admin_find;
use crate::derived::{refresh_articles, wait_for_article_writers};
use crate::error::{Code, Error, FieldError, Result};
use crate::schema::{link_credits, links, outlet_aliases, outlet_hosts, outlet_slugs, outlets};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Adds the bylines of the first outlet to the credits of the second, on links that credit both.
const JOIN_BYLINES: &str = "
    update link_credits k
    set bylines = k.bylines || array(select b from unnest(f.bylines) as b where b <> all (k.bylines))
    from link_credits f
    where f.link_id = k.link_id and f.outlet_id = $1 and k.outlet_id = $2";

const DROP_MERGED: &str = "
    delete from link_credits f using link_credits k
    where f.link_id = k.link_id and f.outlet_id = $1 and k.outlet_id = $2";

/// Moves the links, names, hosts and slugs of `from` to `into` and deletes
/// `from`.
///
/// # Errors
/// 404 when `from` does not exist, 422 when `into` does not exist or is the same.
pub(super) async fn merge(
    conn: &mut AsyncPgConnection,
    from: i64,
    into: i64,
    now: DateTime<Utc>,
) -> Result<AdminOutlet> {
    wait_for_article_writers(conn).await?;
    lock_names(conn).await?;
    let articles = lock_articles(conn, from).await?;
    let rows: Vec<(i64, String)> = outlets::table
        .filter(outlets::id.eq_any([from, into]))
        .order(outlets::id)
        .select((outlets::id, outlets::slug))
        .for_update()
        .load(conn)
        .await?;
    let slug = rows.iter().find(|(id, _)| *id == from).map(|(_, slug)| slug.clone());
    let slug = slug.ok_or_else(|| Error::not_found("outlet"))?;
    if from == into || !rows.iter().any(|(id, _)| *id == into) {
        let error = FieldError::field("/into", "unknown_outlet", "must be another outlet");
        return Err(Error::fields(Code::Invalid, vec![error]));
    }
    for statement in [JOIN_BYLINES, DROP_MERGED] {
        let statement = diesel::sql_query(statement);
        statement.bind::<BigInt, _>(from).bind::<BigInt, _>(into).execute(conn).await?;
    }
    diesel::update(link_credits::table.filter(link_credits::outlet_id.eq(from)))
        .set(link_credits::outlet_id.eq(into))
        .execute(conn)
        .await?;
    refresh_articles(conn, &articles).await?;
    move_names(conn, from, into, &slug).await?;
    diesel::delete(outlets::table.find(from)).execute(conn).await?;
    diesel::update(outlets::table.find(into))
        .set((
            outlets::confirmed.eq(true),
            outlets::version.eq(outlets::version + 1),
            outlets::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    admin_find(conn, into).await
}

/// Locks the articles that credit an outlet, in the order of their ids, as writers of comments do.
pub(super) async fn lock_articles(conn: &mut AsyncPgConnection, outlet: i64) -> Result<Vec<i64>> {
    use crate::schema::articles;
    let credited = links::table
        .inner_join(link_credits::table)
        .filter(link_credits::outlet_id.eq(outlet))
        .select(links::article_id);
    let rows = articles::table
        .filter(articles::id.eq_any(credited))
        .order(articles::id)
        .select(articles::id)
        .for_no_key_update();
    Ok(rows.load(conn).await?)
}

/// Moves names, hosts and slugs to the other outlet.
async fn move_names(conn: &mut AsyncPgConnection, from: i64, into: i64, slug: &str) -> Result<()> {
    diesel::update(outlet_aliases::table.filter(outlet_aliases::outlet_id.eq(from)))
        .set(outlet_aliases::outlet_id.eq(into))
        .execute(conn)
        .await?;
    diesel::update(outlet_hosts::table.filter(outlet_hosts::outlet_id.eq(from)))
        .set(outlet_hosts::outlet_id.eq(into))
        .execute(conn)
        .await?;
    diesel::update(outlet_slugs::table.filter(outlet_slugs::outlet_id.eq(from)))
        .set(outlet_slugs::outlet_id.eq(into))
        .execute(conn)
        .await?;
    diesel::insert_into(outlet_slugs::table)
        .values((outlet_slugs::slug.eq(slug), outlet_slugs::outlet_id.eq(into)))
        .on_conflict(outlet_slugs::slug)
        .do_update()
        .set(outlet_slugs::outlet_id.eq(into))
        .execute(conn)
        .await?;
    Ok(())
}
