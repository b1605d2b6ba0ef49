//! Everything, one row a line: `{"table":"articles","row":{…}}`, after a head that names the
//! database and before a last line that counts the rows.
//!
//! The order and the form of the lines depend on the rows alone, so that an export of an import of
//! an export is the same bytes.

use super::tables::{COLUMNS, TABLES, Table};
use super::{Pieces, Stop, failed};
use crate::import::ndjson::VERSION;
use serde_json::json;

pub(super) async fn write(pieces: &Pieces<'_>) -> Result<(), Stop> {
    let name = "select value from site where key = 'database'";
    let row = pieces.client.query_opt(name, &[]).await.map_err(failed)?;
    let database: String = match row {
        Some(row) => row.try_get(0).map_err(failed)?,
        None => String::new(),
    };
    let head = json!({ "roundup_export": VERSION, "database": database });
    pieces.send(format!("{head}\n")).await?;
    let mut rows = 0;
    for table in TABLES {
        let query = query(pieces, table).await?;
        let line = |row: &str| Ok(format!("{{\"table\":\"{}\",\"row\":{row}}}\n", table.name));
        rows += pieces.each(&query, line).await?;
    }
    pieces.send(format!("{}\n", json!({ "end": { "rows": rows } }))).await
}

async fn query(pieces: &Pieces<'_>, table: Table) -> Result<String, Stop> {
    let rows = pieces.client.query(COLUMNS, &[&table.name]).await.map_err(failed)?;
    let mut columns = Vec::new();
    for row in &rows {
        let name: &str = row.try_get(0).map_err(failed)?;
        if !table.without.contains(&name) {
            columns.push(format!("\"{name}\""));
        }
    }
    let (columns, key) = (columns.join(", "), table.key.join(", "));
    let name = table.name;
    Ok(format!("select row_to_json(r)::text from (select {columns} from {name} order by {key}) r"))
}
