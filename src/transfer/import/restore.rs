//! Stores the rows of an export of a roundup database, each under its own id.
//!
//! An export can be imported into a database without articles, or into the one that it came from:
//! the id of the database in the first line decides.

use super::report::Counts;
use super::untrusted_row::sanitise_row;
use crate::derived::{begin_article_write, refresh_articles};
use crate::error::{Error, Result};
use crate::retry::with_retries;
use crate::schema::{articles, outlets, site, tags};
use crate::transfer::rows::{SELECT_COLUMNS, Table, table_named};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use export_formats::ndjson::ExportLine;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The maximum number of rows in a batch.
const BATCH_ROWS: usize = 1000;

/// The maximum size of a batch in bytes.
const BATCH_BYTES: usize = 4 << 20;

/// Collects rows of one table and stores them in batches.
#[derive(Debug, Default)]
pub(super) struct Restore {
    table: Option<Table>,
    columns: Vec<String>,
    rows: Vec<Box<RawValue>>,
    bytes: usize,
    /// Rows were read, and the last line was not.
    is_open: bool,
    /// The export is of another database: none of its rows is stored.
    is_rejected: bool,
    /// Whether comments may be marked as an editor's.
    may_mark_editors: bool,
    mode: Mode,
}

/// What is done with rows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They are stored.
    #[default]
    Store,
    /// They are compared with those that are stored: a dry run.
    Compare,
    /// They are counted: a dry run in a database without articles, where every row is new.
    Count,
}

/// How many records were created, updated or unchanged.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) created: Counts,
    pub(super) updated: Counts,
    pub(super) unchanged: Counts,
    /// The number of rows with HTML, URLs or marks that this service does not store.
    pub(super) sanitised: usize,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct StoredRow {
    #[diesel(sql_type = Bool)]
    is_new: bool,
}

impl Restore {
    /// Creates a restore of the rows of a file.
    pub(super) fn new(may_mark_editors: bool, dry_run: bool) -> Self {
        let mode = if dry_run { Mode::Compare } else { Mode::Store };
        Self { may_mark_editors, mode, ..Self::default() }
    }

    /// Adds a line of the export. The inner error is a sentence about the line.
    ///
    /// # Errors
    /// When the database fails or rejects the rows.
    pub(super) async fn add(
        &mut self,
        conn: &mut AsyncPgConnection,
        line: ExportLine,
        outcome: &mut Outcome,
    ) -> Result<std::result::Result<(), String>> {
        match line {
            ExportLine::Head { database } => {
                let is_empty = has_no_article(conn).await?;
                let is_dry_run = self.mode != Mode::Store;
                if is_dry_run {
                    self.mode = if is_empty { Mode::Count } else { Mode::Compare };
                }
                let prepared = prepare(conn, &database, is_empty, is_dry_run).await?;
                self.is_rejected = prepared.is_err();
                Ok(prepared)
            }
            _ if self.is_rejected => Ok(Ok(())),
            ExportLine::Row { table, row } => {
                if self.table.is_none_or(|current| current.name != table) {
                    self.flush(conn, outcome).await?;
                    let Some(table) = table_named(&table) else {
                        return Ok(Err(format!("this version has no table {table}")));
                    };
                    self.table = Some(table);
                    self.columns = columns(conn, table).await?;
                }
                let row = self.check(&row).and_then(|()| {
                    let table = self.table.map_or("", |table| table.name);
                    sanitise_row(table, row, self.may_mark_editors)
                });
                let row = match row {
                    Ok((row, changed)) => {
                        outcome.sanitised += usize::from(changed);
                        row
                    }
                    Err(reason) => return Ok(Err(reason)),
                };
                self.is_open = true;
                self.bytes += row.get().len();
                self.rows.push(row);
                if self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
                    self.flush(conn, outcome).await?;
                }
                Ok(Ok(()))
            }
            ExportLine::End => self.finish(conn, outcome).await.map(Ok),
        }
    }

    /// Stores the remaining rows and derives the columns that are not exported. Called after the
    /// last line, and after a file that was cut.
    ///
    /// # Errors
    /// When the database fails or rejects a row.
    pub(super) async fn finish(
        &mut self,
        conn: &mut AsyncPgConnection,
        outcome: &mut Outcome,
    ) -> Result<()> {
        if std::mem::take(&mut self.is_open) {
            self.flush(conn, outcome).await?;
            if self.mode == Mode::Store {
                derive(conn).await?;
            }
        }
        Ok(())
    }

    /// Checks that the row has the columns of the table. The error is a sentence about the row.
    fn check(&self, row: &RawValue) -> std::result::Result<(), String> {
        let row: Keys = serde_json::from_str(row.get()).map_err(|error| error.to_string())?;
        let known = |name: &String| self.columns.contains(name);
        match (row.0.iter().find(|name| !known(name)), row.0.len() == self.columns.len()) {
            (Some(name), _) => Err(format!("this version has no column {name}")),
            (None, false) => Err("a column is missing".to_owned()),
            (None, true) => Ok(()),
        }
    }

    /// Stores the rows that were collected.
    ///
    /// # Errors
    /// When the database fails or rejects a row.
    pub(super) async fn flush(
        &mut self,
        conn: &mut AsyncPgConnection,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let Some(table) = self.table.filter(|_| !rows.is_empty()) else { return Ok(()) };
        let json = serde_json::to_string(&rows).map_err(Error::internal)?;
        let stored: Vec<StoredRow> = if self.mode == Mode::Store {
            let statement = upsert_statement(table, &self.columns);
            with_retries!(conn.transaction(async |conn| {
                begin_article_write(conn).await?;
                let query = diesel::sql_query(&statement).bind::<Text, _>(&json);
                Ok::<_, Error>(query.load(conn).await?)
            }))?
        } else {
            let statement = compare_statement(table, &self.columns);
            diesel::sql_query(&statement).bind::<Text, _>(&json).load(conn).await?
        };
        let new = stored.iter().filter(|row| row.is_new).count();
        let (new, changed) = match self.mode {
            Mode::Count => (rows.len(), 0),
            Mode::Store | Mode::Compare => (new, stored.len() - new),
        };
        for (counts, n) in [
            (&mut outcome.created, new),
            (&mut outcome.updated, changed),
            (&mut outcome.unchanged, rows.len() - new - changed),
        ] {
            match table.name {
                "articles" => counts.articles += n,
                "links" => counts.links += n,
                "outlets" => counts.outlets += n,
                "comments" => counts.comments += n,
                "pingbacks" => counts.pingbacks += n,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The keys of a JSON object.
struct Keys(BTreeSet<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_map(Self(BTreeSet::new()))
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with the columns of a row")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<Self, A::Error> {
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            self.0.insert(key);
        }
        Ok(self)
    }
}

/// Returns a statement that inserts rows given as JSON, and updates rows that exist and differ.
fn upsert_statement(table: Table, columns: &[String]) -> String {
    let list = |prefix: &str| {
        let quoted = columns.iter().map(|name| format!("{prefix}\"{name}\""));
        quoted.collect::<Vec<_>>().join(", ")
    };
    let sets = columns.iter().map(|name| format!("\"{name}\" = excluded.\"{name}\""));
    format!(
        "insert into {name} as t ({plain}) overriding system value \
         select {plain} from json_populate_recordset(null::{name}, $1::text::json) \
         on conflict ({key}) do update set {sets} \
         where row({own}) is distinct from row({excluded}) returning (xmax = 0) as is_new",
        name = table.name,
        plain = list(""),
        key = table.key.join(", "),
        sets = sets.collect::<Vec<_>>().join(", "),
        own = list("t."),
        excluded = list("excluded."),
    )
}

/// Returns a statement that returns which rows given as JSON are new or differ from the stored ones.
fn compare_statement(table: Table, columns: &[String]) -> String {
    let list = |prefix: &str| {
        let quoted = columns.iter().map(|name| format!("{prefix}\"{name}\""));
        quoted.collect::<Vec<_>>().join(", ")
    };
    let key = |prefix: &str| {
        let names = table.key.iter().map(|name| format!("{prefix}\"{name}\""));
        names.collect::<Vec<_>>().join(", ")
    };
    format!(
        "select t.{first} is null as is_new from json_populate_recordset(null::{name}, $1::text::json) n \
         left join {name} t on row({stored}) = row({given}) \
         where row({own}) is distinct from row({new})",
        first = table.key.first().unwrap_or(&"id"),
        name = table.name,
        stored = key("t."),
        given = key("n."),
        own = list("t."),
        new = list("n."),
    )
}

/// Returns the names of the columns that an export of the table holds.
async fn columns(conn: &mut AsyncPgConnection, table: Table) -> Result<Vec<String>> {
    let all: Vec<Column> =
        diesel::sql_query(SELECT_COLUMNS).bind::<Text, _>(table.name).load(conn).await?;
    let names = all.into_iter().map(|column| column.name);
    Ok(names.filter(|name| !table.excluded.contains(&name.as_str())).collect())
}

/// Returns whether the database has no article.
async fn has_no_article(conn: &mut AsyncPgConnection) -> Result<bool> {
    let any: Option<i64> = articles::table.select(articles::id).first(conn).await.optional()?;
    Ok(any.is_none())
}

/// Prepares the database for an export. A database without articles takes the export's id, and
/// loses the outlets that it was created with. The inner error says why another database cannot
/// take the export.
async fn prepare(
    conn: &mut AsyncPgConnection,
    database: &str,
    is_empty: bool,
    dry_run: bool,
) -> Result<std::result::Result<(), String>> {
    if !is_empty {
        let own: Option<String> =
            site::table.find("database").select(site::value).first(conn).await.optional()?;
        let reason = "the export is of another database, and this one has articles of its own; \
                      import it into a database without articles";
        return Ok(if own.as_deref() == Some(database) { Ok(()) } else { Err(reason.to_owned()) });
    }
    if dry_run {
        return Ok(Ok(()));
    }
    conn.transaction(async |conn| {
        diesel::delete(outlets::table).execute(conn).await?;
        diesel::delete(tags::table).execute(conn).await?;
        diesel::insert_into(site::table)
            .values((site::key.eq("database"), site::value.eq(database)))
            .on_conflict(site::key)
            .do_update()
            .set(site::value.eq(database))
            .execute(conn)
            .await?;
        Ok::<_, Error>(())
    })
    .await?;
    Ok(Ok(()))
}

/// Computes the derived columns of all articles, and moves the sequences of ids past the ids that
/// are taken.
async fn derive(conn: &mut AsyncPgConnection) -> Result<()> {
    let mut last = 0;
    loop {
        let ids: Vec<i64> = articles::table
            .filter(articles::id.gt(last))
            .order(articles::id)
            .limit(500)
            .select(articles::id)
            .load(conn)
            .await?;
        let Some(end) = ids.last() else { break };
        last = *end;
        with_retries!(conn.transaction(async |conn| {
            begin_article_write(conn).await?;
            refresh_articles(conn, &ids).await
        }))?;
    }
    for table in ["outlets", "tags", "articles", "links", "comments", "pingbacks"] {
        let statement = format!(
            "select setval('{table}_id_seq', greatest((select max(id) from {table}), \
             (select last_value from {table}_id_seq){purged}))",
            purged = match table {
                "articles" => ", (select max(id) from purged_articles)",
                _ => "",
            }
        );
        diesel::sql_query(statement).execute(conn).await?;
    }
    Ok(())
}
