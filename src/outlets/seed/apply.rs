//! Stores the seed in a database, at its creation and when the table has a newer edition.
//!
//! Editors own their outlets, so a newer edition changes as little as it can:
//! - It adds the outlets that are new in it.
//! - It gives names and hosts to an outlet that no editor changed since it was stored
//!   (`version` 1), also those that an earlier edition listed under another such outlet.
//! - It gives what is free to an outlet that has an unambiguous name of a new row, for
//!   example one that an import made, and fills its empty columns.
//! - It leaves alone every outlet of an earlier edition that was renamed, edited, merged or
//!   deleted.

use super::{EDITION, SeedOutlet, is_ambiguous, seed_outlets};
use crate::error::Result;
use crate::outlets::directory::lock_names;
use crate::schema::{outlet_aliases, outlet_hosts, outlet_slugs, outlets, site};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::upsert::excluded;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use safe_html::names::fold_outlet_name;
use std::collections::{HashMap, HashSet};

/// Key in `site` of the newest edition that was stored.
const EDITION_KEY: &str = "outlet_seed";

/// Key in `site` that marks databases of the first edition, which had no number.
const FIRST_EDITION_KEY: &str = "known_outlets";

/// Rows per INSERT statement, to stay below PostgreSQL's limit of 65,535 parameters.
const CHUNK: usize = 1000;

/// Fills the empty columns of outlets and confirms them.
const FILL_COLUMNS: &str = "
    update outlets o
    set homepage = coalesce(o.homepage, s.homepage), country = coalesce(o.country, s.country),
        lang = coalesce(o.lang, s.lang), kind = coalesce(o.kind, s.kind), confirmed = true
    from unnest($1, $2, $3, $4, $5) as s (id, homepage, country, lang, kind)
    where o.id = s.id";

/// Stores the editions of the seed that the database does not have yet. Must run in a
/// transaction.
///
/// # Errors
/// When the database fails.
pub async fn seed(conn: &mut AsyncPgConnection, now: DateTime<Utc>) -> Result<()> {
    if stored_edition(conn).await? >= EDITION {
        return Ok(());
    }
    lock_names(conn).await?;
    // Another process may have stored it while this one waited for the lock.
    let edition = stored_edition(conn).await?;
    if edition >= EDITION {
        return Ok(());
    }
    let seed = seed_outlets();
    let database = Database::load(conn, &seed, edition).await?;
    let mut targets = Vec::new();
    let mut missing = Vec::new();
    for outlet in &seed {
        match database.target(outlet, edition) {
            Target::Existing(id) => targets.push((id, outlet)),
            Target::Missing => missing.push(outlet),
            Target::Skip => {}
        }
    }
    fill_columns(conn, &targets).await?;
    targets.extend(insert_outlets(conn, &missing, now).await?);
    store_names(conn, &database, &targets).await?;
    store_hosts(conn, &database, &targets).await?;
    store_edition(conn).await
}

/// What to do with a row of the seed.
enum Target {
    /// Extend the outlet with this id.
    Existing(i64),
    /// Create the outlet.
    Missing,
    /// Leave it to the editors.
    Skip,
}

/// The outlets that the database has.
struct Database {
    names: HashMap<String, i64>,
    hosts: HashMap<String, i64>,
    slugs: HashMap<String, i64>,
    former_slugs: HashSet<String>,
    /// Outlets that no editor changed.
    unedited: HashSet<i64>,
    /// Unedited outlets that an earlier edition of the seed created: their names and hosts may
    /// move to another row.
    seeded: HashSet<i64>,
}

impl Database {
    async fn load(conn: &mut AsyncPgConnection, seed: &[SeedOutlet], edition: u32) -> Result<Self> {
        let rows: Vec<(String, i64, i32)> = outlets::table
            .select((outlets::slug, outlets::id, outlets::version))
            .load(conn)
            .await?;
        let names = outlet_aliases::table.select((outlet_aliases::key, outlet_aliases::outlet_id));
        let names: Vec<(String, i64)> = names.load(conn).await?;
        let hosts = outlet_hosts::table.select((outlet_hosts::host, outlet_hosts::outlet_id));
        let hosts: Vec<(String, i64)> = hosts.load(conn).await?;
        let former: Vec<String> = outlet_slugs::table.select(outlet_slugs::slug).load(conn).await?;
        let unedited = rows.iter().filter(|(_, _, version)| *version == 1);
        let unedited: HashSet<i64> = unedited.map(|(_, id, _)| *id).collect();
        let slugs: HashMap<String, i64> =
            rows.into_iter().map(|(slug, id, _)| (slug, id)).collect();
        let earlier = seed.iter().filter(|outlet| outlet.edition <= edition);
        let seeded = earlier.filter_map(|outlet| slugs.get(outlet.slug).copied());
        Ok(Self {
            names: names.into_iter().collect(),
            hosts: hosts.into_iter().collect(),
            seeded: seeded.filter(|id| unedited.contains(id)).collect(),
            slugs,
            former_slugs: former.into_iter().collect(),
            unedited,
        })
    }

    fn target(&self, outlet: &SeedOutlet, edition: u32) -> Target {
        let is_stored = outlet.edition <= edition;
        let with_slug = self.slugs.get(outlet.slug).copied();
        // An import may have made an outlet with the slug of a new row, so the name decides.
        let mut deciding = outlet.names().filter(|name| is_stored || !is_ambiguous(name));
        if let Some(id) = with_slug
            && self.unedited.contains(&id)
            && deciding.any(|name| self.names.get(&fold_outlet_name(name)) == Some(&id))
        {
            return Target::Existing(id);
        }
        if is_stored {
            return Target::Skip;
        }
        let mut clear = outlet.names().filter(|name| !is_ambiguous(name));
        if let Some(id) = clear.find_map(|name| self.fixed_owner(name)) {
            return Target::Existing(id);
        }
        let slug_is_taken = with_slug.is_some() || self.former_slugs.contains(outlet.slug);
        if slug_is_taken || self.fixed_owner(outlet.name).is_some() {
            return Target::Skip;
        }
        Target::Missing
    }

    /// Returns the outlet that has this name and keeps it.
    fn fixed_owner(&self, name: &str) -> Option<i64> {
        self.names.get(&fold_outlet_name(name)).copied().filter(|id| !self.seeded.contains(id))
    }

    /// Returns whether a name or a host that belongs to `owner` can be given to another outlet.
    fn is_available(&self, owner: Option<&i64>) -> bool {
        owner.is_none_or(|owner| self.seeded.contains(owner))
    }
}

async fn stored_edition(conn: &mut AsyncPgConnection) -> Result<u32> {
    let edition = site::table.find(EDITION_KEY).select(site::value);
    if let Some(edition) = edition.first::<String>(conn).await.optional()? {
        return Ok(edition.parse().unwrap_or_default());
    }
    let first = site::table.find(FIRST_EDITION_KEY).select(site::value);
    Ok(u32::from(first.first::<String>(conn).await.optional()?.is_some()))
}

async fn store_edition(conn: &mut AsyncPgConnection) -> Result<()> {
    diesel::insert_into(site::table)
        .values((site::key.eq(EDITION_KEY), site::value.eq(EDITION.to_string())))
        .on_conflict(site::key)
        .do_update()
        .set(site::value.eq(excluded(site::value)))
        .execute(conn)
        .await?;
    Ok(())
}

async fn fill_columns(conn: &mut AsyncPgConnection, targets: &[(i64, &SeedOutlet)]) -> Result<()> {
    let column = |of: fn(&SeedOutlet) -> Option<&'static str>| -> Vec<_> {
        targets.iter().map(|(_, outlet)| of(outlet)).collect()
    };
    let ids: Vec<i64> = targets.iter().map(|(id, _)| *id).collect();
    diesel::sql_query(FILL_COLUMNS)
        .bind::<Array<BigInt>, _>(ids)
        .bind::<Array<Nullable<Text>>, _>(column(|outlet| outlet.homepage))
        .bind::<Array<Nullable<Text>>, _>(column(|outlet| outlet.country))
        .bind::<Array<Nullable<Text>>, _>(column(|outlet| outlet.lang))
        .bind::<Array<Nullable<Text>>, _>(column(|outlet| Some(outlet.kind)))
        .execute(conn)
        .await?;
    Ok(())
}

async fn insert_outlets<'a>(
    conn: &mut AsyncPgConnection,
    missing: &[&'a SeedOutlet],
    now: DateTime<Utc>,
) -> Result<Vec<(i64, &'a SeedOutlet)>> {
    let mut ids = HashMap::new();
    for chunk in missing.chunks(CHUNK) {
        let row = |outlet: &&SeedOutlet| {
            (
                outlets::slug.eq(outlet.slug),
                outlets::name.eq(outlet.name),
                outlets::homepage.eq(outlet.homepage),
                outlets::country.eq(outlet.country),
                outlets::lang.eq(outlet.lang),
                outlets::kind.eq(outlet.kind),
                outlets::created_at.eq(now),
                outlets::updated_at.eq(now),
            )
        };
        let inserted: Vec<(String, i64)> = diesel::insert_into(outlets::table)
            .values(chunk.iter().map(row).collect::<Vec<_>>())
            .returning((outlets::slug, outlets::id))
            .get_results(conn)
            .await?;
        ids.extend(inserted);
    }
    let with_id = |outlet: &&'a SeedOutlet| Some((*ids.get(outlet.slug)?, *outlet));
    Ok(missing.iter().filter_map(with_id).collect())
}

async fn store_names(
    conn: &mut AsyncPgConnection,
    database: &Database,
    targets: &[(i64, &SeedOutlet)],
) -> Result<()> {
    let names = targets.iter().flat_map(|(id, outlet)| outlet.names().map(|name| (*id, name)));
    let mut rows: Vec<_> = Vec::new();
    for (id, name) in names {
        let key = fold_outlet_name(name);
        let owner = database.names.get(&key);
        if owner != Some(&id) && database.is_available(owner) {
            rows.push((
                outlet_aliases::key.eq(key),
                outlet_aliases::outlet_id.eq(id),
                outlet_aliases::name.eq(name),
            ));
        }
    }
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(outlet_aliases::table)
            .values(chunk)
            .on_conflict(outlet_aliases::key)
            .do_update()
            .set(outlet_aliases::outlet_id.eq(excluded(outlet_aliases::outlet_id)))
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn store_hosts(
    conn: &mut AsyncPgConnection,
    database: &Database,
    targets: &[(i64, &SeedOutlet)],
) -> Result<()> {
    let hosts = targets.iter().flat_map(|(id, outlet)| outlet.hosts.iter().map(|h| (*id, *h)));
    let mut rows: Vec<_> = Vec::new();
    for (id, host) in hosts {
        let owner = database.hosts.get(host);
        if owner != Some(&id) && database.is_available(owner) {
            rows.push((outlet_hosts::host.eq(host), outlet_hosts::outlet_id.eq(id)));
        }
    }
    for chunk in rows.chunks(CHUNK) {
        diesel::insert_into(outlet_hosts::table)
            .values(chunk)
            .on_conflict(outlet_hosts::host)
            .do_update()
            .set(outlet_hosts::outlet_id.eq(excluded(outlet_hosts::outlet_id)))
            .execute(conn)
            .await?;
    }
    Ok(())
}
