//! Writes the whole database, one row a line: `{"table":"articles","row":{…}}`. The first line
//! names the version and the database, the last line holds the number of rows.
//!
//! The lines depend on the rows alone: an export that is imported into an empty database and
//! exported again gives the same bytes.

use super::{ExportError, ExportStream, internal_error};
use crate::transfer::rows::{SELECT_COLUMNS, TABLES, Table};
use export_formats::ndjson::VERSION;
use serde_json::json;

/// Sends the export.
pub(super) async fn write(stream: &ExportStream<'_>) -> Result<(), ExportError> {
    let database = stream.database_id().await?;
    let head = json!({ "roundup_export": VERSION, "database": database });
    stream.send(format!("{head}\n")).await?;
    let mut rows = 0;
    for table in TABLES {
        let query = rows_query(stream, table).await?;
        let line = |row: &str| Ok(format!("{{\"table\":\"{}\",\"row\":{row}}}\n", table.name));
        rows += stream.send_rows(&query, line).await?;
    }
    stream.send(format!("{}\n", json!({ "end": { "rows": rows } }))).await
}

/// Returns the query for the rows of a table as JSON.
async fn rows_query(stream: &ExportStream<'_>, table: Table) -> Result<String, ExportError> {
    let rows = stream.client.query(SELECT_COLUMNS, &[&table.name]).await.map_err(internal_error)?;
    let mut columns = Vec::new();
    for row in &rows {
        let name: &str = row.try_get(0).map_err(internal_error)?;
        if !table.excluded.contains(&name) {
            columns.push(format!("\"{name}\""));
        }
    }
    let (columns, key) = (columns.join(", "), table.key.join(", "));
    let name = table.name;
    Ok(format!("select row_to_json(r)::text from (select {columns} from {name} order by {key}) r"))
}
