//! `roundup keys`: creates the first key, which the API cannot, and serves scripts.

use super::model::KeyInput;
use super::query;
use crate::audit;
use crate::auth::Scope;
use crate::clock::Clock;
use crate::config::Config;
use crate::database::Database;
use crate::error::Error;
use crate::page::PageQuery;
use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use serde_json::json;
use std::fmt::Write as _;

/// The subcommands of `roundup keys`.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Create a key and print its secret, alone on the last line
    Create {
        /// The owner or purpose of the key
        #[arg(long)]
        name: String,
        /// The scopes of the key
        #[arg(long = "scope", value_enum, value_delimiter = ',', required = true)]
        scopes: Vec<Scope>,
        /// The number of days until it expires; without it, the key does not expire
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u16>,
    },
    /// List the keys, without their secrets
    List,
    /// Revoke a key
    Revoke {
        /// The id of the key, from `list`
        id: i64,
    },
}

/// Runs `roundup keys`; returns what to print.
///
/// # Errors
/// When the database cannot be opened or there is no such key.
pub async fn run(config: &Config, command: &Command) -> Result<String> {
    let clock = Clock::System;
    let database = Database::open_existing(config, &clock).await?;
    let result = execute(&database, command, clock.now()).await;
    database.close().await?;
    result
}

async fn execute(database: &Database, command: &Command, now: DateTime<Utc>) -> Result<String> {
    let mut conn = database.target.establish().await?;
    match command {
        Command::Create { name, scopes, expires_in_days } => {
            if name.is_empty() || name.chars().count() > 100 {
                bail!("--name must have 1 to 100 characters");
            }
            let expires_at = expires_in_days.map(|days| now + TimeDelta::days(days.into()));
            let new = KeyInput { name: name.clone(), scopes: scopes.clone(), expires_at };
            let created = conn.transaction(async |conn| {
                let created = query::create(conn, &new, now).await?;
                record(conn, "key.create", created.0.id, now).await?;
                Ok::<_, Error>(created)
            });
            let (key, secret) = created.await?;
            let id = key.id;
            Ok(format!("created key {id} ({name}); its secret, shown only now:\n{secret}\n"))
        }
        Command::List => list(&conn).await,
        Command::Revoke { id } => {
            let revoked = conn.transaction(async |conn| {
                let key = query::revoke(conn, *id, now).await?;
                record(conn, "key.revoke", *id, now).await?;
                Ok::<_, Error>(key)
            });
            let key = revoked.await.with_context(|| format!("cannot revoke key {id}"))?;
            Ok(format!("revoked key {id} ({})\n", key.name))
        }
    }
}

/// Records a change of a key in the audit.
async fn record(
    conn: &mut AsyncPgConnection,
    action: &str,
    id: i64,
    now: DateTime<Utc>,
) -> crate::error::Result<()> {
    let (actor, object) = (audit::Actor::command_line(), ("key", Some(id)));
    audit::record(conn, &actor, now, action, object, json!({})).await
}

async fn list(conn: &AsyncPgConnection) -> Result<String> {
    let mut text = String::new();
    let mut page = PageQuery::default();
    loop {
        let found = query::page(conn, &page.scan(&"keys")?).await?;
        for key in found.items {
            let state = match (key.revoked_at, key.expires_at) {
                (Some(at), _) => format!("revoked {at}"),
                (None, Some(at)) => format!("expires {at}"),
                (None, None) => "never expires".to_owned(),
            };
            let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
            let used = key.last_used_at.map_or("never".to_owned(), |at| at.to_string());
            let (id, prefix, name) = (key.id, key.prefix, key.name);
            writeln!(text, "{id}\t{prefix}…\t{name}\t{}\t{state}\tused {used}", scopes.join(","))?;
        }
        match found.page.next {
            Some(next) => page = PageQuery::after(next),
            None => return Ok(text),
        }
    }
}
