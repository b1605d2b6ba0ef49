//! `roundup follow`: prints the changes of a running service as lines of JSON, for scripts.

use crate::fetch::client_builder;
use anyhow::{Context as _, Result, bail};
use futures_util::StreamExt as _;
use reqwest::Client;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use url::Url;

/// The pause before a lost stream is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// The time without a line after which a stream is lost: the service sends one every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// The arguments of `roundup follow`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The URL of the service
    #[arg(value_name = "URL")]
    url: Url,
    /// Store the position after each line in this file, and continue from it
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Start after this cursor, if there is no checkpoint; without it, from now on
    #[arg(long, value_name = "CURSOR")]
    since: Option<String>,
    /// Only changes of these types, comma-separated
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// Read what only editors see too, with the key in this file
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Why a stream has ended.
enum End {
    /// It may be opened again.
    Lost(String),
    /// It may not.
    Refused(String),
}

/// Runs `roundup follow` until it is stopped.
///
/// # Errors
/// When the service refuses the request, or a line cannot be written.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let mut position = match &args.checkpoint {
        Some(path) => read_checkpoint(path)?,
        None => None,
    }
    .or_else(|| args.since.clone());
    let client = client(args)?;
    let mut reported = false;
    loop {
        match follow(args, &client, &mut position, &mut reported).await? {
            End::Refused(problem) => bail!("{problem}"),
            End::Lost(problem) if !reported => {
                reported = true;
                log::warn!("{problem}; trying again");
            }
            End::Lost(_) => {}
        }
        sleep(RECONNECT_PAUSE).await;
    }
}

fn client(args: &Args) -> Result<Client> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
    if let Some(path) = &args.key_file {
        let key = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.trim()))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(client_builder()?.default_headers(headers).connect_timeout(SILENCE).build()?)
}

/// Reads one stream to its end.
async fn follow(
    args: &Args,
    client: &Client,
    position: &mut Option<String>,
    reported: &mut bool,
) -> Result<End> {
    let mut url = args.url.clone();
    let admin = if args.key_file.is_some() { "admin/" } else { "" };
    let base = url.path().trim_end_matches('/');
    let base = base.strip_suffix("/api/v1").unwrap_or(base);
    let path = format!("{base}/api/v1/{admin}changes/stream");
    url.set_path(&path);
    url.query_pairs_mut().clear().append_pair("since", position.as_deref().unwrap_or("now"));
    if let Some(types) = &args.types {
        url.query_pairs_mut().append_pair("types", types);
    }
    let response = match client.get(url).send().await {
        Ok(response) => response,
        Err(error) => return Ok(End::Lost(format!("cannot reach the service: {error}"))),
    };
    let status = response.status();
    if !status.is_success() {
        let body = response.text().await.unwrap_or_default();
        let problem: Value = serde_json::from_str(&body).unwrap_or_default();
        let detail =
            problem.get("detail").and_then(Value::as_str).unwrap_or("no details").to_owned();
        let text = format!("the service answered {status}: {detail}");
        let is_final = status.is_client_error() && status.as_u16() != 429;
        return Ok(if is_final { End::Refused(text) } else { End::Lost(text) });
    }
    *reported = false;
    let mut chunks = response.bytes_stream();
    let mut rest = Vec::new();
    let mut data = None;
    loop {
        let chunk = match timeout(SILENCE, chunks.next()).await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(None) => return Ok(End::Lost("the stream has ended".to_owned())),
            Ok(Some(Err(error))) => return Ok(End::Lost(format!("the stream broke: {error}"))),
            Err(_silent) => return Ok(End::Lost("the stream is silent".to_owned())),
        };
        rest.extend_from_slice(&chunk);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if let Some(id) = line.strip_prefix("id: ") {
                *position = Some(id.to_owned());
            } else if let Some(text) = line.strip_prefix("data: ") {
                data = Some(text.to_owned());
            } else if line.is_empty() {
                // The end of an event: its line first, so that none is lost.
                if let Some(text) = data.take() {
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "{text}").and_then(|()| out.flush())?;
                }
                if let (Some(path), Some(position)) = (&args.checkpoint, &*position) {
                    write_checkpoint(path, position)?;
                }
            }
        }
    }
}

fn read_checkpoint(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Replaces the checkpoint at once: a process that is killed leaves the old one or the new one.
fn write_checkpoint(path: &Path, position: &str) -> Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let write = std::fs::write(&new, format!("{position}\n"));
    write
        .and_then(|()| std::fs::rename(&new, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
