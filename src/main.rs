//! The command line of roundup: reads the command and runs it. The only place that prints, logs
//! to the terminal and decides how the process ends.

use anyhow::{Context as _, Result};
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use roundup::cache::follow;
use roundup::clock::Clock;
use roundup::config::Config;
use roundup::database::Database;
use roundup::router::Application;
use roundup::server::HttpListener;
use roundup::state::State;
use roundup::transfer::{export, import};
use roundup::{follow as follow_changes, keys, links, logging};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

// Measured against glibc's and jemalloc: see docs/benchmarks.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A headless news-roundup backend: articles, source links, outlets and comments as data.
#[derive(Debug, Parser)]
#[command(name = "roundup", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (the default)
    Serve,
    /// Import a blog, its comments, or roundups, from files
    Import(import::Args),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Export everything, for `import` or for other programs
    Export(export::Args),
    /// Print what changes in a running service, as lines of JSON
    Follow(follow_changes::Args),
    /// Recompute the keys of link URLs after the normalisation rules have changed
    Rekey,
    /// Bring the database schema up to date
    Migrate,
    /// Print the OpenAPI document
    Openapi,
    /// Print every setting with its value and source
    Config,
    /// Check whether a running service is ready, for container health checks
    Health,
}

/// The settings with which a command opens the database.
const DATABASE: &[&str] =
    &["database_url", "data_dir", "pg_bin", "require_database_url", "log", "log_format"];

/// Those settings, and what the URLs in an export are made from.
const EXPORT: &[&str] = &[
    "database_url",
    "data_dir",
    "pg_bin",
    "require_database_url",
    "log",
    "log_format",
    "listen",
    "public_url",
    "permalink",
    "site_name",
];

/// Returns the ids of the settings that a command uses; `None` for all.
fn used_settings(command: &str) -> Option<&'static [&'static str]> {
    match command {
        "import" | "keys" | "rekey" | "migrate" => Some(DATABASE),
        "export" => Some(EXPORT),
        "health" => Some(&["listen"]),
        "openapi" => Some(&[]),
        _ => None,
    }
}

/// The exit status for an invalid command line or setting, the same as clap's.
const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    if let Err(line) = Config::check_environment(names) {
        return fail(USAGE_ERROR, &line);
    }
    let command = Config::hide_unused(Cli::command(), used_settings);
    let matches = match command.try_get_matches() {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => return fail(USAGE_ERROR, &one_line(&error)),
        // `--help` or `--version`.
        Err(error) => {
            return if error.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return fail(USAGE_ERROR, &one_line(&error)),
    };
    logging::init(&cli.config);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(1, &format!("cannot start: {error}")),
    };
    let result = runtime.block_on(async {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => serve(cli.config).await,
            Command::Import(args) => import::run(&cli.config, &args).await,
            Command::Keys(command) => print(&keys::run(&cli.config, &command).await?),
            Command::Export(args) => export::run(&cli.config, &args).await,
            Command::Follow(args) => follow_changes::run(&args).await,
            Command::Rekey => print(&links::run_rekey(&cli.config).await?),
            Command::Migrate => migrate(&cli.config).await,
            Command::Openapi => print(&roundup::openapi_document::json()?),
            Command::Config => print(&settings(&matches)),
            Command::Health => health(cli.config.listen),
        }
    });
    match result {
        Ok(code) => code,
        Err(error) => fail(1, &format!("{error:#}")),
    }
}

/// Returns an error of clap in one line, with the nearest command or flag. If it is about a setting, the line
/// ends with its environment variable, from which the value may come.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().take_while(|line| !line.trim().is_empty());
    let line = first.map(str::trim).collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    let suggested = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg];
    let near = suggested.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(near) => Some(near.as_str()),
        // The nearest comes last.
        ContextValue::Strings(near) => near.last().map(String::as_str),
        _ => None,
    });
    if let Some(near) = near {
        return format!("{line}; did you mean `{near}`?");
    }
    let Some(ContextValue::String(invalid)) = error.get(ContextKind::InvalidArg) else {
        return line.to_owned();
    };
    let mut command = Cli::command();
    command.build();
    let variable = command.get_arguments().find(|arg| arg.to_string() == *invalid);
    match variable.and_then(clap::Arg::get_env) {
        Some(variable) => format!("{line} ({})", variable.display()),
        None => line.to_owned(),
    }
}

/// Prints an error and returns the exit status.
#[expect(clippy::print_stderr, reason = "the command line may print")]
fn fail(code: u8, line: &str) -> ExitCode {
    eprintln!("roundup: {line}");
    ExitCode::from(code)
}

fn print(text: &str) -> Result<ExitCode> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config) -> Result<ExitCode> {
    let listener = HttpListener::bind(config.listen)?;
    let address = listener.local_addr()?;
    let replicas = Database::replicas(&config)?;
    let (database, pool) = Database::open_or_wait(&config).await?;
    let mut state = State::new(pool, Clock::System, config);
    if let Some(replicas) = replicas {
        state = state.with_replica(replicas);
    }
    let application = Application::new(state);
    let state = &application.state;
    let invalidation = Arc::clone(state.cache().invalidation());
    let following = tokio::spawn(follow(invalidation, database.target.clone()));
    // A database that cannot be reached yet is not known to be empty.
    let empty = roundup::articles::none(state).await.unwrap_or(false);
    print(&startup_message(address, &database, empty))?;
    let result = listener.serve(application).await;
    following.abort();
    database.close().await?;
    result.map(|()| ExitCode::SUCCESS)
}

/// Returns what is printed once the service is up.
fn startup_message(address: SocketAddr, database: &Database, empty: bool) -> String {
    let mut text =
        format!("roundup serves http://{address}/api/v1 (documentation: http://{address}/docs/)\n");
    if let Some(cluster) = &database.cluster {
        text += &format!("data: {}\n", cluster.data_dir().display());
        text += &format!("psql: {}\n", cluster.url("roundup"));
    }
    if empty {
        let program = program();
        let examples = ["examples", "/usr/share/roundup/examples"];
        let example = examples.map(|dir| Path::new(dir).join("harbour-bridge.txt"));
        let example = example.iter().find(|example| example.exists());
        let (what, file) = match example {
            Some(example) => ("an example", example.display().to_string()),
            None => ("files", "FILE".to_owned()),
        };
        text += &format!("the database is empty; import {what} in another terminal:\n");
        text += &format!("    {program} import {file}\n");
        text += "and create an API key with\n";
        text += &format!("    {program} keys create --name editor --scope admin\n");
    }
    text
}

/// Returns how the user calls this program: through cargo, or by its name or path.
fn program() -> String {
    #[expect(clippy::disallowed_methods, reason = "not a setting: cargo sets it for what it runs")]
    let package = std::env::var("CARGO_PKG_NAME");
    if package.is_ok_and(|name| name == env!("CARGO_PKG_NAME")) {
        return "cargo run --".to_owned();
    }
    std::env::args().next().unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned())
}

async fn migrate(config: &Config) -> Result<ExitCode> {
    let database = Database::open(config, &Clock::System).await?;
    let mut text = String::new();
    for line in &database.applied {
        text += &format!("applied {line}\n");
    }
    text += "the schema is up to date\n";
    database.close().await?;
    print(&text)
}

/// Returns what `roundup config` prints.
fn settings(matches: &clap::ArgMatches) -> String {
    let line = |s: roundup::config::Setting| {
        format!("{} ({})\n    {} [{}]\n    {}\n", s.variable, s.flag, s.value, s.source, s.help)
    };
    Config::settings(matches).into_iter().map(line).collect()
}

/// Requests `/readyz` over plain HTTP.
fn health(address: SocketAddr) -> Result<ExitCode> {
    let time_limit = Duration::from_secs(3);
    let mut stream = TcpStream::connect_timeout(&address, time_limit)
        .with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(time_limit))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let status = response.split(' ').nth(1).unwrap_or("no status");
    print(&format!("{status}\n"))?;
    Ok(if status == "200" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
