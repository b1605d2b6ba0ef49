//! Storing the rows of an export, batch by batch, each under its own id.

use super::ndjson::Row;
use super::report::Counts;
use crate::derived::refresh_articles;
use crate::error::{Error, Result};
use crate::export::tables::{COLUMNS, Table, named};
use crate::schema::{articles, outlets, site, tags};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// How many rows, or bytes, are stored at once.
const ROWS: usize = 1000;
const BYTES: usize = 4 << 20;

/// Rows of one table that wait to be stored.
#[derive(Debug, Default)]
pub(super) struct Restore {
    table: Option<Table>,
    columns: Vec<String>,
    rows: Vec<Box<RawValue>>,
    bytes: usize,
    /// Rows have come, and not the last line.
    open: bool,
    /// The export does not belong here: none of its rows is taken.
    refused: bool,
}

/// What became of a line.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) created: Counts,
    pub(super) updated: Counts,
    pub(super) unchanged: Counts,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = Bool)]
    made: bool,
}

impl Restore {
    /// Takes a line.
    ///
    /// # Errors
    /// When the database fails, or refuses the rows; or with a sentence about the line.
    pub(super) async fn take(
        &mut self,
        conn: &mut AsyncPgConnection,
        line: Row,
        done: &mut Done,
    ) -> Result<std::result::Result<(), String>> {
        match line {
            Row::Head { database } => {
                let taken = head(conn, &database).await?;
                self.refused = taken.is_err();
                Ok(taken)
            }
            _ if self.refused => Ok(Ok(())),
            Row::Of { table, row } => {
                if self.table.is_none_or(|current| current.name != table) {
                    self.flush(conn, done).await?;
                    let Some(table) = named(&table) else {
                        return Ok(Err(format!("this version has no table {table}")));
                    };
                    self.table = Some(table);
                    self.columns = columns(conn, table).await?;
                }
                if let Err(reason) = self.check(&row) {
                    return Ok(Err(reason));
                }
                self.open = true;
                self.bytes += row.get().len();
                self.rows.push(row);
                if self.rows.len() >= ROWS || self.bytes >= BYTES {
                    self.flush(conn, done).await?;
                }
                Ok(Ok(()))
            }
            Row::End => self.close(conn, done).await.map(Ok),
        }
    }

    /// Stores what waits, and what follows from all that came: also after a file that was cut.
    ///
    /// # Errors
    /// When the database fails or refuses a row.
    pub(super) async fn close(
        &mut self,
        conn: &mut AsyncPgConnection,
        done: &mut Done,
    ) -> Result<()> {
        if std::mem::take(&mut self.open) {
            self.flush(conn, done).await?;
            finish(conn).await?;
        }
        Ok(())
    }

    /// Every column of the row must be one of the table's.
    fn check(&self, row: &RawValue) -> std::result::Result<(), String> {
        let row: Keys = serde_json::from_str(row.get()).map_err(|error| error.to_string())?;
        let known = |name: &String| self.columns.contains(name);
        match (row.0.iter().find(|name| !known(name)), row.0.len() == self.columns.len()) {
            (Some(name), _) => Err(format!("this version has no column {name}")),
            (None, false) => Err("a column is missing".to_owned()),
            (None, true) => Ok(()),
        }
    }

    /// Stores what waits.
    ///
    /// # Errors
    /// When the database fails or refuses a row.
    pub(super) async fn flush(
        &mut self,
        conn: &mut AsyncPgConnection,
        done: &mut Done,
    ) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let Some(table) = self.table.filter(|_| !rows.is_empty()) else { return Ok(()) };
        let json = serde_json::to_string(&rows).map_err(Error::internal)?;
        let statement = statement(table, &self.columns);
        let made: Vec<Made> = conn
            .transaction(async |conn| {
                diesel::sql_query(&statement).bind::<Text, _>(&json).load(conn).await
            })
            .await?;
        let new = made.iter().filter(|row| row.made).count();
        for (counts, n) in [
            (&mut done.created, new),
            (&mut done.updated, made.len() - new),
            (&mut done.unchanged, rows.len() - made.len()),
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

/// The keys of an object, each once.
struct Keys(BTreeSet<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_map(Self(BTreeSet::new()))
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<Self, A::Error> {
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            self.0.insert(key);
        }
        Ok(self)
    }
}

/// Inserts rows given as JSON; one that is there and differs is brought up to date.
fn statement(table: Table, columns: &[String]) -> String {
    let list = |prefix: &str| {
        let quoted = columns.iter().map(|name| format!("{prefix}\"{name}\""));
        quoted.collect::<Vec<_>>().join(", ")
    };
    let sets = columns.iter().map(|name| format!("\"{name}\" = excluded.\"{name}\""));
    format!(
        "insert into {name} as t ({plain}) overriding system value \
         select {plain} from json_populate_recordset(null::{name}, $1::text::json) \
         on conflict ({key}) do update set {sets} \
         where row({own}) is distinct from row({excluded}) returning (xmax = 0) as made",
        name = table.name,
        plain = list(""),
        key = table.key.join(", "),
        sets = sets.collect::<Vec<_>>().join(", "),
        own = list("t."),
        excluded = list("excluded."),
    )
}

async fn columns(conn: &mut AsyncPgConnection, table: Table) -> Result<Vec<String>> {
    let all: Vec<Column> =
        diesel::sql_query(COLUMNS).bind::<Text, _>(table.name).load(conn).await?;
    let names = all.into_iter().map(|column| column.name);
    Ok(names.filter(|name| !table.without.contains(&name.as_str())).collect())
}

/// Makes ready for an export: a database without articles takes its name, and gives up the outlets
/// that it was born with; one of the same name takes what is new; any other is left alone.
async fn head(
    conn: &mut AsyncPgConnection,
    database: &str,
) -> Result<std::result::Result<(), String>> {
    let any: Option<i64> = articles::table.select(articles::id).first(conn).await.optional()?;
    if any.is_some() {
        let own: Option<String> =
            site::table.find("database").select(site::value).first(conn).await.optional()?;
        let reason = "this database has articles of its own, and the export is of another one: \
                      it goes into a database without articles";
        return Ok(if own.as_deref() == Some(database) { Ok(()) } else { Err(reason.to_owned()) });
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

/// What follows from the rows: derived columns, and ids that are free.
async fn finish(conn: &mut AsyncPgConnection) -> Result<()> {
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
        refresh_articles(conn, &ids).await?;
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
