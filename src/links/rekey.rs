//! `roundup rekey`: recomputes URL keys that older normalisation rules made.
//!
//! It can be stopped and run again, also while the service runs: each batch is a transaction, and
//! finished batches are not repeated.

use crate::clock::Clock;
use crate::config::Config;
use crate::database::Database;
use crate::schema::links;
use anyhow::Result;
use citation_key::RULES_VERSION;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, SmallInt, Text};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};

/// The number of links in a transaction.
const BATCH: i64 = 1000;

/// Runs `roundup rekey`; returns what to print.
///
/// # Errors
/// When the database cannot be opened or fails.
pub async fn run(config: &Config) -> Result<String> {
    let database = Database::open_existing(config, &Clock::System).await?;
    let done = async {
        let mut conn = database.target.establish().await?;
        Ok::<_, anyhow::Error>(rekey(&mut conn).await?)
    };
    let done = done.await;
    database.close().await?;
    let (seen, changed) = done?;
    Ok(format!("rules {RULES_VERSION}: {seen} links checked, {changed} keys changed\n"))
}

/// Recomputes the keys of older rules; returns how many links were checked and how
/// many changed.
///
/// # Errors
/// When the database fails. Earlier batches stay stored.
pub async fn rekey(conn: &mut AsyncPgConnection) -> Result<(usize, usize), diesel::result::Error> {
    let (mut seen, mut changed) = (0, 0);
    loop {
        let (rows, changed_rows) = conn.transaction(async |conn| batch(conn).await).await?;
        if rows == 0 {
            return Ok((seen, changed));
        }
        seen += rows;
        changed += changed_rows;
        log::info!("rekey: {seen} links checked, {changed} keys changed");
    }
}

type Row = (i64, String, Option<Vec<u8>>);

async fn batch(conn: &mut AsyncPgConnection) -> Result<(usize, usize), diesel::result::Error> {
    let rows: Vec<Row> = links::table
        .filter(links::url.is_not_null())
        .filter(links::url_rules.lt(RULES_VERSION))
        .order((links::url_rules, links::id))
        .limit(BATCH)
        .select((links::id, links::url.assume_not_null(), links::url_hash))
        .for_update()
        .load(conn)
        .await?;
    let (mut ids, mut hashes, mut domains, mut changed) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (id, url, before) in &rows {
        let normalised = citation_key::normalise(url);
        let hash = normalised.as_ref().map(|url| citation_key::hash(&url.key));
        changed += usize::from(hash != *before);
        ids.push(*id);
        hashes.push(hash);
        domains.push(normalised.map(|url| url.domain));
    }
    diesel::sql_query(
        "update links l set url_hash = n.hash, domain = n.domain, url_rules = $4
         from unnest($1::bigint[], $2::bytea[], $3::text[]) n (id, hash, domain) where l.id = n.id",
    )
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Nullable<Binary>>, _>(hashes)
    .bind::<Array<Nullable<Text>>, _>(domains)
    .bind::<SmallInt, _>(RULES_VERSION)
    .execute(conn)
    .await?;
    Ok((rows.len(), changed))
}
