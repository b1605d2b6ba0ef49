//! The settings: read once from flags and the environment, validated, and shown by `roundup config`.

mod cache_control;
mod log_filter;
mod parse;

use crate::error::FieldError;
use crate::ip_ranges::IpRanges;
use crate::origins::Origins;
use actix_web::http::header::HeaderValue;
use cache_control::cache_control;
use chrono_tz::Tz;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _};
use log_filter::log_filter;
use parse::{header_value, hsts, language, pause_ms, permalink, public_url, time_zone, timeout_ms};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// The settings of the service. A flag overrides its variable, a variable overrides the default.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The URL of a PostgreSQL server, 14 or newer. Unset: a private server is started.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// The URL of one or more streaming replicas, which serve the reads that the cache misses.
    #[arg(
        long,
        env = "ROUNDUP_READ_DATABASE_URL",
        hide_env_values = true,
        global = true,
        value_name = "URL"
    )]
    pub read_database_url: Option<String>,

    /// The IP address and port to listen on.
    #[arg(long, env = "ROUNDUP_LISTEN", default_value = "127.0.0.1:8080", global = true)]
    pub listen: SocketAddr,

    /// The data directory of the private PostgreSQL.
    #[arg(long, env = "ROUNDUP_DATA_DIR", global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// The folder with the PostgreSQL programs, if they are not in a usual place.
    #[arg(long, env = "ROUNDUP_PG_BIN", global = true, value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,

    /// Refuse to start without DATABASE_URL, so that production never uses a private database.
    #[arg(long, env = "ROUNDUP_REQUIRE_DATABASE_URL", global = true, default_value = "false",
        action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub require_database_url: bool,

    /// The maximum number of database connections of an instance. Up to three quarters of them belong
    /// to its worker threads.
    #[arg(long, env = "ROUNDUP_POOL_SIZE", default_value = "8", global = true,
        value_parser = clap::value_parser!(u16).range(1..=500))]
    pub pool_size: u16,

    /// The maximum wait of a request for a database connection, in milliseconds.
    #[arg(long, env = "ROUNDUP_POOL_WAIT_MS", default_value = "1000", global = true, value_parser = timeout_ms)]
    pub pool_wait_ms: Duration,

    /// The maximum time of the database for a request, in milliseconds.
    #[arg(long, env = "ROUNDUP_QUERY_DEADLINE_MS", default_value = "2000", global = true, value_parser = timeout_ms)]
    pub query_deadline_ms: Duration,

    /// The database is behind PgBouncer in transaction mode: statements are not kept prepared.
    #[arg(long, env = "ROUNDUP_PGBOUNCER", global = true, default_value = "false",
        action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub pgbouncer: bool,

    /// The number of worker threads; 0 for one per processor.
    #[arg(long, env = "ROUNDUP_WORKERS", default_value = "0", global = true,
        value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub workers: u16,

    /// The size of the response cache in bytes; 0 turns it off.
    #[arg(
        long,
        env = "ROUNDUP_CACHE_BYTES",
        default_value = "134217728",
        global = true,
        value_name = "BYTES"
    )]
    pub cache_bytes: usize,

    /// The maximum size of a file that is uploaded for import, in bytes.
    #[arg(
        long,
        env = "ROUNDUP_IMPORT_BYTES",
        default_value = "4294967296",
        global = true,
        value_name = "BYTES"
    )]
    pub import_bytes: u64,

    /// The directory for uploaded files while they are imported. Unset: the directory for temporary files.
    #[arg(long, env = "ROUNDUP_UPLOAD_DIR", global = true, value_name = "DIR")]
    pub upload_dir: Option<PathBuf>,

    /// The maximum number of client connections; more wait until one of these ends.
    #[arg(long, env = "ROUNDUP_MAX_CONNECTIONS", default_value = "10000", global = true,
        value_parser = clap::value_parser!(u32).range(16..=1_000_000))]
    pub max_connections: u32,

    /// The maximum time for the head of a request to arrive, in milliseconds.
    #[arg(long, env = "ROUNDUP_HEAD_TIMEOUT_MS", default_value = "5000", global = true, value_parser = timeout_ms)]
    pub head_timeout_ms: Duration,

    /// The maximum time for the body of a request to arrive, in milliseconds; a client above
    /// `ROUNDUP_MIN_RATE` gets more.
    #[arg(long, env = "ROUNDUP_BODY_TIMEOUT_MS", default_value = "10000", global = true, value_parser = timeout_ms)]
    pub body_timeout_ms: Duration,

    /// The maximum time for a client to receive a response, in milliseconds; a client above
    /// `ROUNDUP_MIN_RATE` gets more.
    #[arg(long, env = "ROUNDUP_WRITE_TIMEOUT_MS", default_value = "8000", global = true, value_parser = timeout_ms)]
    pub write_timeout_ms: Duration,

    /// The minimum transfer rate in bytes per second; slower clients time out.
    #[arg(long, env = "ROUNDUP_MIN_RATE", default_value = "500", global = true,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub min_rate: u32,

    /// The maximum idle time of a connection, in milliseconds. Must be longer than that of a proxy in
    /// front.
    #[arg(long, env = "ROUNDUP_KEEP_ALIVE_MS", default_value = "75000", global = true, value_parser = timeout_ms)]
    pub keep_alive_ms: Duration,

    /// The time after SIGTERM during which requests are still accepted and `/readyz` returns 503, in
    /// milliseconds. Must be longer than the interval of a load balancer's health checks.
    #[arg(long, env = "ROUNDUP_DRAIN_MS", default_value = "200", global = true, value_parser = pause_ms)]
    pub drain_ms: Duration,

    /// The `Cache-Control` of public responses.
    #[arg(long, env = "ROUNDUP_CACHE_CONTROL", global = true, value_parser = cache_control,
        default_value = "public, max-age=0, s-maxage=30, stale-if-error=86400")]
    pub cache_control: HeaderValue,

    /// The `CDN-Cache-Control` of public responses, for shared caches only.
    #[arg(long, env = "ROUNDUP_CDN_CACHE_CONTROL", global = true, value_parser = header_value,
        default_value = "max-age=30, stale-while-revalidate=60, stale-if-error=86400")]
    pub cdn_cache_control: HeaderValue,

    /// The origins whose pages may use the editors' routes with a key, comma-separated:
    /// `https://editor.example.org`.
    #[arg(
        long,
        env = "ROUNDUP_ADMIN_ORIGINS",
        default_value = "",
        global = true,
        value_name = "ORIGINS"
    )]
    pub admin_origins: Origins,

    /// The `Strict-Transport-Security` of all responses, for a service that will stay behind TLS:
    /// `max-age=31536000; includeSubDomains`. Unset: not sent.
    #[arg(long, env = "ROUNDUP_HSTS", global = true, value_name = "POLICY", value_parser = hsts)]
    pub hsts: Option<HeaderValue>,

    /// Which comments are published at once: all that no rule holds (`open`), those of readers with an
    /// approved comment (`first`), or none (`hold`).
    #[arg(long, env = "ROUNDUP_COMMENT_POLICY", default_value = "first", global = true)]
    pub comment_policy: CommentPolicy,

    /// The maximum number of comments that a client may post or edit per minute; 0 for no limit.
    #[arg(long, env = "ROUNDUP_COMMENT_RATE", default_value = "10", global = true)]
    pub comment_rate: u32,

    /// The maximum number of comments on an article per minute, of all clients; 0 for no limit.
    #[arg(long, env = "ROUNDUP_ARTICLE_COMMENT_RATE", default_value = "0", global = true)]
    pub article_comment_rate: u32,

    /// The maximum number of comments that a client may report per minute; 0 for no limit.
    #[arg(long, env = "ROUNDUP_REPORT_RATE", default_value = "10", global = true)]
    pub report_rate: u32,

    /// The maximum number of reports on an article per minute, of all clients; 0 for no limit.
    #[arg(long, env = "ROUNDUP_ARTICLE_REPORT_RATE", default_value = "60", global = true)]
    pub article_report_rate: u32,

    /// The number of days after publication in which an article accepts comments; 0 for no limit.
    #[arg(long, env = "ROUNDUP_COMMENT_DAYS", default_value = "0", global = true,
        value_parser = clap::value_parser!(u32).range(0..=36_500))]
    pub comment_days: u32,

    /// The number of days for which the keyed hash of a reader's IP address is stored.
    #[arg(long, env = "ROUNDUP_ADDRESS_DAYS", default_value = "30", global = true,
        value_parser = clap::value_parser!(u32).range(0..=3_650))]
    pub address_days: u32,

    /// The number of days for which changes are kept in the change feed.
    #[arg(long, env = "ROUNDUP_CHANGE_DAYS", default_value = "90", global = true,
        value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub change_days: u32,

    /// The maximum number of streams of changes that are open at once.
    #[arg(long, env = "ROUNDUP_MAX_STREAMS", default_value = "1000", global = true,
        value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub max_streams: u32,

    /// The proxies whose `X-Forwarded-For` or `Forwarded` is trusted, as comma-separated IP ranges.
    #[arg(
        long,
        env = "ROUNDUP_TRUSTED_PROXIES",
        default_value = "",
        global = true,
        value_name = "RANGES"
    )]
    pub trusted_proxies: IpRanges,

    /// The clients that may read `/metrics`, as comma-separated IP ranges; others get 404. Unset: all.
    #[arg(long, env = "ROUNDUP_METRICS_FROM", global = true, value_name = "RANGES")]
    pub metrics_from: Option<IpRanges>,

    /// The public URL of this service, for URLs in feeds. Unset: the address it listens on.
    #[arg(long, env = "ROUNDUP_PUBLIC_URL", global = true, value_name = "URL", value_parser = public_url)]
    pub public_url: Option<Url>,

    /// The URL of an article's page on the site, with `{slug}`, `{id}`, `{year}`, `{month}`, `{day}`. Unset: its URL in
    /// the API.
    #[arg(long, env = "ROUNDUP_PERMALINK", global = true, value_name = "TEMPLATE", value_parser = permalink)]
    pub permalink: Option<String>,

    /// The time zone of the site (IANA name, such as `Asia/Tehran`), for the archive and the dates in
    /// permalinks.
    #[arg(long, env = "ROUNDUP_TIME_ZONE", global = true, default_value = "UTC", value_name = "ZONE",
        value_parser = time_zone)]
    pub time_zone: Tz,

    /// The language of the site (BCP 47 tag, such as `fa-IR`), which articles without a language have.
    #[arg(id = "site_lang", long = "site-lang", env = "ROUNDUP_LANG", global = true, value_name = "TAG",
        value_parser = language)]
    pub lang: Option<String>,

    /// The name of the site, for feeds.
    #[arg(long, env = "ROUNDUP_SITE_NAME", global = true, default_value = "Roundup")]
    pub site_name: String,

    /// What is logged, as a filter of `env_logger`: `info`, `roundup=debug,warn`, `off`.
    #[arg(long, env = "ROUNDUP_LOG", default_value = "info,roundup::access=warn", global = true,
        value_parser = log_filter)]
    pub log: String,

    /// The format of the log: `text` or `json`.
    #[arg(long, env = "ROUNDUP_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// JSON objects with `time`, `level`, `target`, `message` and the fields of the record.
    Json,
}

/// Which comments are published at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CommentPolicy {
    /// All that no rule holds.
    Open,
    /// Those of readers with an approved comment, unless a rule holds them.
    First,
    /// None: an editor approves each comment.
    Hold,
}

/// A command that has the settings and nothing else.
#[derive(clap::Parser)]
struct SettingsCommand {
    #[command(flatten)]
    config: Config,
}

/// A setting as `roundup config` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The name of the environment variable.
    pub variable: String,
    /// The flag.
    pub flag: String,
    /// The value; hidden if it is secret.
    pub value: String,
    /// Where the value comes from: `default`, `environment`, `flag` or `unset`.
    pub source: &'static str,
    /// What the setting is for.
    pub help: String,
}

impl Config {
    /// Returns the number of threads that serve requests.
    pub fn worker_threads(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n.into(),
        }
    }

    /// Returns the path of the public URL without a slash at the end; empty for a service at the root.
    pub fn path_prefix(&self) -> String {
        let url = self.public_url.as_ref();
        url.map_or(String::new(), |url| url.path().trim_end_matches('/').to_owned())
    }

    /// Returns how long a stale response may be sent while the database is unavailable:
    /// `stale-if-error` of `Cache-Control` (RFC 5861, section 4); zero if it is missing.
    pub fn stale_if_error(&self) -> Duration {
        let text = self.cache_control.to_str().unwrap_or_default();
        let mut directives =
            text.split(',').filter_map(|directive| directive.trim().split_once('='));
        let seconds = directives
            .find(|(name, _)| name.eq_ignore_ascii_case("stale-if-error"))
            .and_then(|(_, seconds)| seconds.trim_matches('"').parse().ok());
        Duration::from_secs(seconds.unwrap_or_default())
    }

    /// Returns the settings without flags and with an empty environment, for tests.
    ///
    /// # Errors
    /// None in practice: the defaults are checked by a test.
    pub fn defaults() -> Result<Self, clap::Error> {
        let command = SettingsCommand::command().mut_args(|arg| arg.env(None::<&str>));
        Ok(SettingsCommand::from_arg_matches(&command.try_get_matches_from(["roundup"])?)?.config)
    }

    /// Returns every setting with its value and source.
    pub fn settings(matches: &ArgMatches) -> Vec<Setting> {
        let command = SettingsCommand::command();
        let own = command.get_arguments().filter(|arg| arg.get_env().is_some());
        own.map(|arg| setting(arg, matches)).collect()
    }

    /// Hides from the help of each command the settings that it does not use; `used` returns the ids of those that
    /// it does, or `None` for all.
    #[must_use]
    pub fn hide_unused(
        mut cli: clap::Command,
        used: impl Fn(&str) -> Option<&'static [&'static str]>,
    ) -> clap::Command {
        let settings = SettingsCommand::command();
        for command in cli.get_subcommands_mut() {
            let Some(used) = used(command.get_name()) else { continue };
            // An argument of the command's own takes the place of the global one with its id.
            let unused =
                settings.get_arguments().filter(|arg| !used.contains(&arg.get_id().as_str()));
            let own = std::mem::take(command);
            *command = unused.fold(own, |command, arg| command.arg(arg.clone().hide(true)));
        }
        cli
    }

    /// Rejects a `ROUNDUP_…` variable that is not a setting: a mistyped one must not be ignored.
    ///
    /// # Errors
    /// One line that names the variable, and the nearest one that exists.
    pub fn check_environment(names: impl Iterator<Item = String>) -> Result<(), String> {
        let command = SettingsCommand::command();
        let known: Vec<&str> =
            command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()).collect();
        for name in names.filter(|name| name.starts_with("ROUNDUP_")) {
            if !known.contains(&name.as_str()) {
                let near = FieldError::field("", "", "").suggest(&name, known.iter().copied());
                let hint = near.did_you_mean.map(|near| format!("; did you mean {near}?"));
                return Err(format!("there is no setting {name}{}", hint.unwrap_or_default()));
            }
        }
        Ok(())
    }
}

fn setting(arg: &clap::Arg, matches: &ArgMatches) -> Setting {
    let id = arg.get_id().as_str();
    let raw = matches.get_raw(id).and_then(|mut values| values.next());
    let secret = arg.is_hide_env_values_set();
    let value = match raw.map(|value| value.to_string_lossy().into_owned()) {
        Some(_) if secret => "(hidden)".to_owned(),
        Some(value) => value,
        None => String::new(),
    };
    let source = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => "flag",
        Some(ValueSource::EnvVariable) => "environment",
        Some(_) => "default",
        None => "unset",
    };
    Setting {
        variable: arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        flag: arg.get_long().map(|long| format!("--{long}")).unwrap_or_default(),
        value,
        source,
        help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_good() {
        let config = Config::defaults().unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.pool_wait_ms, Duration::from_secs(1));
        assert_eq!(config.stale_if_error(), Duration::from_hours(24));
    }

    #[test]
    fn an_unknown_variable_is_refused_by_name() {
        let check = |name: &str| Config::check_environment([name.to_owned()].into_iter());
        assert_eq!(check("ROUNDUP_LISTEN"), Ok(()));
        assert_eq!(check("PATH"), Ok(()));
        let error = check("ROUNDUP_LISTN").unwrap_err();
        assert!(error.contains("ROUNDUP_LISTN") && error.contains("did you mean ROUNDUP_LISTEN"));
    }
}
