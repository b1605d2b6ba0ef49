//! All outlets by name and by host, for imports, which look up many.

use super::change::free_slug;
use crate::error::Result;
use crate::schema::{outlet_aliases, outlet_hosts, outlet_slugs, outlets};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join4;
use safe_html::names::fold_outlet_name;
use safe_html::slug::slugify;
use std::collections::HashMap;

/// Maps names and hosts to outlets.
#[derive(Debug, Default)]
pub struct Directory {
    names: HashMap<String, i64>,
    hosts: HashMap<String, i64>,
    slugs: HashMap<String, i64>,
}

impl Directory {
    /// Loads all outlets.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(conn: &AsyncPgConnection) -> Result<Self> {
        let names = outlet_aliases::table.select((outlet_aliases::key, outlet_aliases::outlet_id));
        let hosts = outlet_hosts::table.select((outlet_hosts::host, outlet_hosts::outlet_id));
        let slugs = outlets::table.select((outlets::slug, outlets::id));
        let former = outlet_slugs::table.select((outlet_slugs::slug, outlet_slugs::outlet_id));
        let (mut a, mut b, mut c, mut d) = (conn, conn, conn, conn);
        let (names, hosts, slugs, former) = try_join4(
            names.load::<(String, i64)>(&mut a),
            hosts.load::<(String, i64)>(&mut b),
            slugs.load::<(String, i64)>(&mut c),
            former.load::<(String, i64)>(&mut d),
        )
        .await?;
        Ok(Self {
            names: names.into_iter().collect(),
            hosts: hosts.into_iter().collect(),
            slugs: former.into_iter().chain(slugs).collect(),
        })
    }

    /// Returns whether an outlet has this id.
    pub fn has(&self, id: i64) -> bool {
        self.slugs.values().any(|known| *known == id)
    }

    /// Returns the outlet that has or had this slug.
    pub fn slugged(&self, slug: &str) -> Option<i64> {
        self.slugs.get(slug).copied()
    }

    /// Returns the outlet with this name.
    pub fn named(&self, name: &str) -> Option<i64> {
        self.names.get(&fold_outlet_name(name)).copied()
    }

    /// Returns the outlet of this host or of a parent domain.
    pub fn at_host(&self, host: &str) -> Option<i64> {
        let parents = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
        std::iter::once(host).chain(parents).find_map(|host| self.hosts.get(host).copied())
    }

    /// Returns the outlet with this name; creates it if there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named_or_new(
        &mut self,
        conn: &mut AsyncPgConnection,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<(i64, bool)> {
        if let Some(id) = self.named(name) {
            return Ok((id, false));
        }
        let (id, new) = create(conn, name, now).await?;
        self.names.insert(fold_outlet_name(name), id);
        Ok((id, new))
    }
}

/// Creates an outlet with this name under a free slug, unless it was created meanwhile.
async fn create(
    conn: &mut AsyncPgConnection,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(i64, bool)> {
    lock_names(conn).await?;
    let known =
        outlet_aliases::table.find(fold_outlet_name(name)).select(outlet_aliases::outlet_id);
    if let Some(id) = known.first(conn).await.optional()? {
        return Ok((id, false));
    }
    let slug = free_slug(conn, &slugify(name)).await?;
    let id: i64 = diesel::insert_into(outlets::table)
        .values((
            outlets::slug.eq(slug),
            outlets::name.eq(name),
            outlets::created_at.eq(now),
            outlets::updated_at.eq(now),
        ))
        .returning(outlets::id)
        .get_result(conn)
        .await?;
    diesel::insert_into(outlet_aliases::table)
        .values((
            outlet_aliases::key.eq(fold_outlet_name(name)),
            outlet_aliases::outlet_id.eq(id),
            outlet_aliases::name.eq(name),
        ))
        .execute(conn)
        .await?;
    Ok((id, true))
}

/// Locks the names of outlets until the transaction ends.
///
/// # Errors
/// When the database fails.
pub(super) async fn lock_names(conn: &mut AsyncPgConnection) -> Result<()> {
    let lock = "select pg_advisory_xact_lock(hashtextextended('roundup outlet names', 0))";
    diesel::sql_query(lock).execute(conn).await?;
    Ok(())
}
