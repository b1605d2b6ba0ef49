//! Outlets by name and by host: all of them for an import, which looks up many, or those that an article asks
//! for.

use super::change::free_slug;
use super::seed::is_ambiguous;
use crate::error::Result;
use crate::schema::{outlet_aliases, outlet_hosts, outlet_slugs, outlets};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join4;
use roundup_reader::{Evidence, Outlets, Standing};
use safe_html::names::fold_outlet_name;
use safe_html::slug::slugify;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Maps names and hosts to outlets.
#[derive(Debug, Default)]
pub struct Directory {
    names: HashMap<String, i64>,
    hosts: HashMap<String, i64>,
    slugs: HashMap<String, i64>,
    ids: HashSet<i64>,
    /// The outlets that no editor confirmed.
    unconfirmed: HashSet<i64>,
}

/// What to look up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookups {
    /// Folded names.
    names: BTreeSet<String>,
    hosts: BTreeSet<String>,
    slugs: BTreeSet<String>,
    ids: BTreeSet<i64>,
}

impl Lookups {
    /// Adds a name.
    pub fn name(&mut self, name: &str) {
        self.names.insert(fold_outlet_name(name));
    }

    /// Adds a host with its parent domains.
    pub fn host(&mut self, host: &str) {
        self.hosts.extend(with_parents(host).map(str::to_owned));
    }

    /// Adds a current or former slug.
    pub fn slug(&mut self, slug: &str) {
        self.slugs.insert(slug.to_owned());
    }

    /// Adds an id.
    pub fn id(&mut self, id: i64) {
        self.ids.insert(id);
    }

    /// Removes what the other has.
    fn remove(&mut self, other: &Self) {
        self.names.retain(|name| !other.names.contains(name));
        self.hosts.retain(|host| !other.hosts.contains(host));
        self.slugs.retain(|slug| !other.slugs.contains(slug));
        self.ids.retain(|id| !other.ids.contains(id));
    }

    fn append(&mut self, mut other: Self) {
        self.names.append(&mut other.names);
        self.hosts.append(&mut other.hosts);
        self.slugs.append(&mut other.slugs);
        self.ids.append(&mut other.ids);
    }
}

/// Returns a host and its parent domains.
fn with_parents(host: &str) -> impl Iterator<Item = &str> {
    let parents = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
    std::iter::once(host).chain(parents)
}

/// A directory that notes what it is asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    directory: &'a Directory,
    lookups: RefCell<Lookups>,
}

impl Outlets for Asked<'_> {
    fn knows(&self, name: &str) -> bool {
        self.lookups.borrow_mut().name(name);
        self.directory.knows(name)
    }

    fn lookup(&self, name: &str) -> Option<Evidence> {
        self.lookups.borrow_mut().name(name);
        self.directory.lookup(name)
    }

    fn at_host(&self, host: &str) -> Option<Evidence> {
        self.lookups.borrow_mut().host(host);
        Outlets::at_host(self.directory, host)
    }
}

impl Outlets for Directory {
    fn knows(&self, name: &str) -> bool {
        self.named(name).is_some()
    }

    fn lookup(&self, name: &str) -> Option<Evidence> {
        let key = self.named(name)?;
        Some(Evidence { ambiguous: is_ambiguous(name), ..self.evidence(key) })
    }

    fn at_host(&self, host: &str) -> Option<Evidence> {
        Self::at_host(self, host).map(|key| self.evidence(key))
    }
}

/// A row of [`LOOK_UP`].
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Bool)]
    confirmed: bool,
}

/// Finds outlets by folded names, hosts, slugs and ids. A current slug comes after a former one.
const LOOK_UP: &str = "
    select found.kind, found.text, found.id, o.confirmed
    from (
        select 'name' as kind, key as text, outlet_id as id, 1 as rank
        from outlet_aliases where key = any ($1)
        union all select 'host', host, outlet_id, 1 from outlet_hosts where host = any ($2)
        union all select 'slug', slug, outlet_id, 1 from outlet_slugs where slug = any ($3)
        union all select 'slug', slug, id, 2 from outlets where slug = any ($3)
        union all select 'id', '', id, 1 from outlets where id = any ($4)
    ) found
    join outlets o on o.id = found.id
    order by found.rank";

/// How often a text is read again with the outlets that it asked for. Each time it may ask for others.
const MAX_READS: usize = 5;

impl Directory {
    /// Loads all outlets.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(conn: &AsyncPgConnection) -> Result<Self> {
        let names = outlet_aliases::table.select((outlet_aliases::key, outlet_aliases::outlet_id));
        let hosts = outlet_hosts::table.select((outlet_hosts::host, outlet_hosts::outlet_id));
        let slugs = outlets::table.select((outlets::slug, outlets::id, outlets::confirmed));
        let former = outlet_slugs::table.select((outlet_slugs::slug, outlet_slugs::outlet_id));
        let (mut a, mut b, mut c, mut d) = (conn, conn, conn, conn);
        let (names, hosts, slugs, former) = try_join4(
            names.load::<(String, i64)>(&mut a),
            hosts.load::<(String, i64)>(&mut b),
            slugs.load::<(String, i64, bool)>(&mut c),
            former.load::<(String, i64)>(&mut d),
        )
        .await?;
        Ok(Self {
            ids: slugs.iter().map(|(_, id, _)| *id).collect(),
            unconfirmed: slugs.iter().filter(|row| !row.2).map(|(_, id, _)| *id).collect(),
            names: names.into_iter().collect(),
            hosts: hosts.into_iter().collect(),
            slugs: former.into_iter().chain(slugs.into_iter().map(|row| (row.0, row.1))).collect(),
        })
    }

    /// Adds the outlets that `lookups` finds.
    async fn add(&mut self, conn: &AsyncPgConnection, lookups: &Lookups) -> Result<()> {
        let query = diesel::sql_query(LOOK_UP)
            .bind::<Array<Text>, _>(Vec::from_iter(&lookups.names))
            .bind::<Array<Text>, _>(Vec::from_iter(&lookups.hosts))
            .bind::<Array<Text>, _>(Vec::from_iter(&lookups.slugs))
            .bind::<Array<BigInt>, _>(Vec::from_iter(&lookups.ids));
        for Found { kind, text, id, confirmed } in query.load(&mut &*conn).await? {
            if !confirmed {
                self.unconfirmed.insert(id);
            }
            match kind.as_str() {
                "name" => _ = self.names.insert(text, id),
                "host" => _ = self.hosts.insert(text, id),
                "slug" => _ = self.slugs.insert(text, id),
                _ => _ = self.ids.insert(id),
            }
        }
        Ok(())
    }

    /// Loads the outlets that `lookups` finds and those that `read` asks for, and returns what `read`
    /// returns last. It is called again whenever it has asked for outlets that were not looked up yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_for<T>(
        conn: &AsyncPgConnection,
        lookups: Lookups,
        mut read: impl FnMut(&Asked<'_>) -> T,
    ) -> Result<(Self, T)> {
        let mut directory = Self::default();
        let (mut known, mut next) = (Lookups::default(), lookups);
        let mut reads = 0;
        loop {
            if next != Lookups::default() {
                directory.add(conn, &next).await?;
            }
            known.append(next);
            let asked = Asked { directory: &directory, lookups: RefCell::default() };
            let result = read(&asked);
            next = asked.lookups.into_inner();
            next.remove(&known);
            reads += 1;
            if next == Lookups::default() || reads == MAX_READS {
                return Ok((directory, result));
            }
        }
    }

    /// Returns the outlets among those loaded that no editor confirmed.
    pub fn unconfirmed(&self) -> &HashSet<i64> {
        &self.unconfirmed
    }

    fn evidence(&self, id: i64) -> Evidence {
        let is_unconfirmed = self.unconfirmed.contains(&id);
        let standing = if is_unconfirmed { Standing::Unconfirmed } else { Standing::Confirmed };
        Evidence { standing, ambiguous: false, key: Some(id) }
    }

    /// Returns whether an outlet has this id.
    pub fn has(&self, id: i64) -> bool {
        self.ids.contains(&id)
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
        with_parents(host).find_map(|host| self.hosts.get(host).copied())
    }

    /// Returns the outlet with this name; creates it, unconfirmed, if there is none.
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
        if new {
            self.unconfirmed.insert(id);
        }
        Ok((id, new))
    }

    /// Returns the outlet with this name, or an id of its own for one that would be created, and
    /// whether it would be.
    pub fn named_or_planned(&mut self, name: &str) -> (i64, bool) {
        if let Some(id) = self.named(name) {
            return (id, false);
        }
        let id = planned_id(self.names.len());
        self.names.insert(fold_outlet_name(name), id);
        (id, true)
    }
}

/// Returns the id of a planned outlet: no stored one is negative.
const fn planned_id(count: usize) -> i64 {
    -1 - count.cast_signed() as i64
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
            outlets::confirmed.eq(false),
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
