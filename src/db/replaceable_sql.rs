//! Functions and triggers that are replaced when their definition changes: the files in `sql/` are
//! compared with the hashes in the table `replaceable_sql`.

use super::error::DbErrorKind;
use super::migrate::MigrateError;
use crate::schema::replaceable_sql;
use diesel::{ExpressionMethods as _, Insertable, QueryDsl as _, Queryable};
use diesel_async::{
    AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The files of `sql/`, in the order in which they are applied: a function written in SQL can only
/// call functions that exist.
const FILES: [(&str, &str); 7] = [
    ("sql/derived_columns.sql", include_str!("../../sql/derived_columns.sql")),
    ("sql/counters.sql", include_str!("../../sql/counters.sql")),
    ("sql/changes.sql", include_str!("../../sql/changes.sql")),
    ("sql/change_triggers.sql", include_str!("../../sql/change_triggers.sql")),
    ("sql/events.sql", include_str!("../../sql/events.sql")),
    ("sql/search_query.sql", include_str!("../../sql/search_query.sql")),
    ("sql/search_documents.sql", include_str!("../../sql/search_documents.sql")),
];

/// The revision of `sql/`. Raise it in each release that changes a definition there.
///
/// An instance never replaces definitions of a higher revision. Otherwise, an older instance that
/// restarts during a rolling upgrade would restore old definitions. If the revisions are equal, the
/// instance that starts last wins.
const REVISION: i32 = 1;

/// Limits how long a statement waits for the lock on a table.
///
/// Replacing a trigger waits for all writers of its table, and dropping one also for all readers.
/// Later statements on the table wait behind the waiting one, so a single long transaction, such as
/// an import or a backup, would block them all.
const SET_LOCK_TIMEOUT: &str = "set local lock_timeout = '200ms'";

/// How long to wait before the next attempt when a table was locked.
const RETRY_WAIT: Duration = Duration::from_millis(500);

/// The statement that creates a function or a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Definition {
    object: Object,
    text: String,
}

/// The kind of a function, as stored in `replaceable_sql.kind`.
const FUNCTION: &str = "function";

/// The kind of a trigger, as stored in `replaceable_sql.kind`.
const TRIGGER: &str = "trigger";

/// The name of a function or a trigger.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
struct Object {
    kind: String,
    /// Empty for a function.
    table_name: String,
    name: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// A row of `replaceable_sql`.
#[derive(Debug, Queryable)]
struct AppliedRow {
    object: Object,
    hash: Vec<u8>,
    revision: i32,
}

#[derive(Insertable)]
#[diesel(table_name = replaceable_sql)]
struct NewAppliedRow<'a> {
    kind: &'a str,
    table_name: &'a str,
    name: &'a str,
    hash: &'a [u8],
    revision: i32,
}

/// What [`apply_replaceable_sql`] changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replaced {
    /// The functions and triggers that were created or replaced.
    pub created: Vec<String>,
    /// Those that were dropped.
    pub dropped: Vec<String>,
}

impl Replaced {
    /// Returns whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.created.is_empty() && self.dropped.is_empty()
    }
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |objects: &[String]| {
            let functions = objects.iter().filter(|object| object.starts_with(FUNCTION)).count();
            format!("{functions} functions and {} triggers", objects.len() - functions)
        };
        write!(f, "created or replaced {}", count(&self.created))?;
        if self.dropped.is_empty() {
            Ok(())
        } else {
            write!(f, ", dropped {}", count(&self.dropped))
        }
    }
}

/// A set of functions and triggers.
#[derive(Clone, Debug)]
pub struct ReplaceableSql {
    revision: i32,
    definitions: Vec<Definition>,
}

impl ReplaceableSql {
    /// Returns the functions and triggers of `sql/`.
    ///
    /// # Errors
    /// When a file is not written as `sql/README.md` says.
    pub fn embedded() -> Result<Self, MigrateError> {
        Self::parse(REVISION, &FILES)
    }

    /// Parses files, given as name and text.
    ///
    /// Each statement begins on a line of its own with `create or replace function NAME(` or
    /// `create or replace trigger NAME after EVENT on TABLE`, and ends with `;` at the end of a line,
    /// outside `$$`. Between statements there are only blank lines and comments.
    ///
    /// # Errors
    /// When a file is written in another way.
    pub fn parse(revision: i32, files: &[(&str, &str)]) -> Result<Self, MigrateError> {
        let mut definitions = Vec::new();
        for (file, text) in files {
            parse_file(file, text, &mut definitions)?;
        }
        Ok(Self { revision, definitions })
    }

    fn contains(&self, object: &Object) -> bool {
        self.definitions.iter().any(|definition| definition.object == *object)
    }
}

fn parse_file(file: &str, text: &str, into: &mut Vec<Definition>) -> Result<(), MigrateError> {
    let mut statement: Option<Definition> = None;
    let mut in_body = false;
    for (index, line) in text.lines().enumerate() {
        let mut definition = match statement.take() {
            Some(definition) => definition,
            None if line.is_empty() || line.starts_with("--") => continue,
            None => {
                let object = parse_head(line).ok_or_else(|| {
                    MigrateError::Definition(format!(
                        "{file} line {}: expected `create or replace function NAME(` or `create or \
                         replace trigger NAME after EVENT on TABLE`",
                        index + 1
                    ))
                })?;
                Definition { object, text: String::new() }
            }
        };
        definition.text.push_str(line);
        definition.text.push('\n');
        in_body ^= line.matches("$$").count() % 2 == 1;
        if !in_body && line.ends_with(';') {
            into.push(definition);
        } else {
            statement = Some(definition);
        }
    }
    statement.map_or(Ok(()), |definition| {
        let message = format!("{file}: {} has no end: expected `;`", definition.object);
        Err(MigrateError::Definition(message))
    })
}

fn parse_head(line: &str) -> Option<Object> {
    let object = |kind: &str, table: &str, name: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let valid = !name.is_empty() && name.chars().chain(table.chars()).all(plain);
        valid.then(|| Object { kind: kind.into(), table_name: table.into(), name: name.into() })
    };
    let head = line.strip_prefix("create or replace ")?;
    if let Some(function) = head.strip_prefix("function ") {
        return object(FUNCTION, "", function.split_once('(')?.0);
    }
    let (name, event) = head.strip_prefix("trigger ")?.split_once(" after ")?;
    object(TRIGGER, event.split_once(" on ")?.1, name)
}

/// Updates the functions and triggers in the database: replaces changed ones, creates new ones and
/// drops removed ones.
///
/// Functions are replaced first and dropped last. The triggers of each table are replaced in one
/// transaction in between, so no counter misses a write and only one table is locked at a time. A
/// locked table is retried until it is free.
///
/// If nothing changed, or if a higher revision was applied, only `replaceable_sql` is read.
///
/// # Errors
/// When a statement fails for another reason than a lock.
pub async fn apply_replaceable_sql(
    conn: &mut AsyncPgConnection,
    sql: &ReplaceableSql,
) -> Result<Replaced, MigrateError> {
    let applied: Vec<AppliedRow> = replaceable_sql::table
        .select((
            (replaceable_sql::kind, replaceable_sql::table_name, replaceable_sql::name),
            replaceable_sql::hash,
            replaceable_sql::revision,
        ))
        .order((replaceable_sql::table_name, replaceable_sql::name))
        .load(conn)
        .await?;
    let mut replaced = Replaced::default();
    if applied.iter().any(|row| row.revision > sql.revision) {
        return Ok(replaced);
    }
    for step in steps(&applied, sql) {
        apply_when_unlocked(conn, &step, sql.revision).await?;
        replaced.dropped.extend(step.removed.iter().map(ToString::to_string));
        replaced.created.extend(step.changed.iter().map(|(new, _)| new.object.to_string()));
    }
    if applied.iter().any(|row| row.revision < sql.revision) {
        diesel::update(replaceable_sql::table)
            .set(replaceable_sql::revision.eq(sql.revision))
            .execute(conn)
            .await?;
    }
    Ok(replaced)
}

/// The changes of one transaction.
#[derive(Default)]
struct Step<'a> {
    removed: Vec<&'a Object>,
    /// The definitions to create or replace, each with the hash of its text.
    changed: Vec<(&'a Definition, Vec<u8>)>,
}

impl Step<'_> {
    fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Returns the transactions to run, in order: changed functions, the triggers of each table, removed
/// functions (a trigger may call them until then).
fn steps<'a>(applied: &'a [AppliedRow], sql: &'a ReplaceableSql) -> impl Iterator<Item = Step<'a>> {
    // A function has the empty table name, which sorts first.
    let mut by_table: BTreeMap<&str, Step<'_>> = BTreeMap::new();
    let mut last = Step::default();
    for object in applied.iter().map(|row| &row.object).filter(|object| !sql.contains(object)) {
        let step = match object.kind.as_str() {
            TRIGGER => by_table.entry(&object.table_name).or_default(),
            _ => &mut last,
        };
        step.removed.push(object);
    }
    for definition in &sql.definitions {
        let hash = Sha256::digest(&definition.text).to_vec();
        if !applied.iter().any(|row| row.object == definition.object && row.hash == hash) {
            let step = by_table.entry(&definition.object.table_name).or_default();
            step.changed.push((definition, hash));
        }
    }
    by_table.into_values().chain([last]).filter(|step| !step.is_empty())
}

async fn apply_when_unlocked(
    conn: &mut AsyncPgConnection,
    step: &Step<'_>,
    revision: i32,
) -> Result<(), MigrateError> {
    let mut waiting = false;
    loop {
        match conn.transaction(async |conn| apply(conn, step, revision).await).await {
            Err(error) if is_lock_conflict(&error) => {
                if !waiting {
                    log::warn!("{error}; trying again until the lock is free");
                    waiting = true;
                }
                tokio::time::sleep(RETRY_WAIT).await;
            }
            result => return result,
        }
    }
}

async fn apply(
    conn: &mut AsyncPgConnection,
    step: &Step<'_>,
    revision: i32,
) -> Result<(), MigrateError> {
    conn.batch_execute(SET_LOCK_TIMEOUT).await?;
    for object in &step.removed {
        drop_object(conn, object).await?;
    }
    for (definition, hash) in &step.changed {
        create(conn, definition, hash, revision).await?;
    }
    Ok(())
}

async fn drop_object(conn: &mut AsyncPgConnection, object: &Object) -> Result<(), MigrateError> {
    let Object { kind, table_name, name } = object;
    // The names are those that `parse_head` admits, or those of a migration.
    let statement = if kind == TRIGGER {
        format!("drop trigger if exists {name} on {table_name}")
    } else {
        format!("drop function if exists {name}")
    };
    conn.batch_execute(&statement).await.map_err(|source| failed("drop", object, source))?;
    diesel::delete(replaceable_sql::table.find((kind, table_name, name))).execute(conn).await?;
    Ok(())
}

async fn create(
    conn: &mut AsyncPgConnection,
    definition: &Definition,
    hash: &[u8],
    revision: i32,
) -> Result<(), MigrateError> {
    let Definition { object, text } = definition;
    conn.batch_execute(text).await.map_err(|source| failed("replace", object, source))?;
    let Object { kind, table_name, name } = object;
    let row = NewAppliedRow { kind, table_name, name, hash, revision };
    diesel::insert_into(replaceable_sql::table)
        .values(row)
        .on_conflict((replaceable_sql::kind, replaceable_sql::table_name, replaceable_sql::name))
        .do_update()
        .set((replaceable_sql::hash.eq(hash), replaceable_sql::revision.eq(revision)))
        .execute(conn)
        .await?;
    Ok(())
}

fn failed(action: &'static str, object: &Object, source: diesel::result::Error) -> MigrateError {
    MigrateError::Replace { action, object: object.to_string(), source }
}

/// Returns whether a statement failed because another transaction holds a lock. A statement that
/// exceeded `statement_timeout` did not: it may fail again each time.
fn is_lock_conflict(error: &MigrateError) -> bool {
    let MigrateError::Replace { source, .. } = error else { return false };
    let is_lock_timeout = |message: &str| {
        message.contains("due to lock timeout") || message.contains("could not obtain lock")
    };
    match source {
        diesel::result::Error::DatabaseError(_, information)
            if is_lock_timeout(information.message()) =>
        {
            true
        }
        _ => DbErrorKind::of(source) == DbErrorKind::SerializationFailure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object_names(sql: &ReplaceableSql) -> Vec<String> {
        sql.definitions.iter().map(|definition| definition.object.to_string()).collect()
    }

    fn parse(text: &str) -> Result<Vec<String>, String> {
        let sql = ReplaceableSql::parse(1, &[("a.sql", text)]);
        sql.map(|sql| object_names(&sql)).map_err(|error| error.to_string())
    }

    #[test]
    fn statements_are_separated_outside_of_bodies() {
        let text = "-- A comment; with a semicolon\n\n\
            create or replace function f() returns void language sql as $$\n    select 1;\n$$;\n\
            create or replace function g() returns int language sql as $$ select 1; $$;\n\
            create or replace trigger t after insert on x\n    for each row execute function h();\n";
        assert_eq!(parse(text).unwrap(), ["function f", "function g", "trigger t"]);
    }

    #[test]
    fn an_unexpected_statement_is_an_error() {
        let error = parse("\ndrop table articles;\n").unwrap_err();
        assert!(error.contains("a.sql line 2: expected `create or replace function"), "{error}");
        assert!(parse("create or replace function F() returns void\n;").is_err());
        assert!(parse("create or replace trigger t before insert on x\n;").is_err());
        let error = parse("create or replace function f() as $$\n select 1;").unwrap_err();
        assert!(error.contains("a.sql: function f has no end"), "{error}");
    }

    #[test]
    fn all_sql_files_are_listed_and_object_names_are_unique() {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
        let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        let mut found: Vec<String> = names
            .map(|name| format!("sql/{}", name.to_str().unwrap()))
            .filter(|name| {
                std::path::Path::new(name).extension().is_some_and(|extension| extension == "sql")
            })
            .collect();
        found.sort();
        let mut listed = FILES.map(|(name, _)| name);
        listed.sort_unstable();
        assert_eq!(found, listed);
        let names = object_names(&ReplaceableSql::embedded().unwrap());
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "an object name is used twice");
    }

    #[test]
    fn only_lock_conflicts_are_retried() {
        let is_lock_conflict = |message: &str| {
            let kind = diesel::result::DatabaseErrorKind::Unknown;
            let source = diesel::result::Error::DatabaseError(kind, Box::new(message.to_owned()));
            let (action, object) = ("replace", "trigger t".to_owned());
            is_lock_conflict(&MigrateError::Replace { action, object, source })
        };
        assert!(is_lock_conflict("canceling statement due to lock timeout"));
        assert!(is_lock_conflict("deadlock detected"));
        assert!(!is_lock_conflict("canceling statement due to statement timeout"));
    }

    /// Fails after a change of a definition, as a reminder to raise [`REVISION`].
    #[test]
    fn the_revision_matches_the_hash_of_the_definitions() {
        let mut hash = Sha256::new();
        for definition in ReplaceableSql::embedded().unwrap().definitions {
            hash.update(definition.text);
        }
        assert_eq!(
            (REVISION, format!("{:x}", hash.finalize()).as_str()),
            (1, "ec34f65be8f9bc525039152a424b3c3b90bc0a47b80a382d25955710178757f5"),
            "sql/ changed: raise REVISION if a release has this one, and write both values here"
        );
    }
}
