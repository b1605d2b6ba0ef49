//! Streams an uploaded file to disk.
//!
//! The file is unlinked as soon as it is open. So no other process can open it, and the system removes
//! it with its last handle, however the process ends.

use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::extract::payload_error;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::web::Payload;
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

/// The prefix of the temporary names of uploaded files.
const PREFIX: &str = "roundup-upload-";

/// An uploaded file.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    /// The unlinked file.
    pub(super) file: Arc<File>,
    /// The size in bytes.
    pub(super) size: u64,
    /// The SHA-256 of its bytes.
    pub(super) digest: Vec<u8>,
}

/// Returns the folder for uploads.
fn folder(config: &Config) -> PathBuf {
    config.upload_dir.clone().unwrap_or_else(std::env::temp_dir)
}

/// Writes a request body to a file, up to the limit of the settings.
///
/// # Errors
/// 413 for a larger one; 400 for one that is cut off; 503 when it
/// cannot be stored.
pub(super) async fn receive(
    mut body: Payload,
    length: Option<u64>,
    config: &Config,
) -> Result<Upload> {
    let limit = config.import_bytes;
    let too_large = || Error::new(Code::TooLarge, format!("a file may have at most {limit} bytes"));
    if length.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let folder = folder(config);
    let created = tokio::task::spawn_blocking(move || create_unlinked(&folder)).await;
    let file = created.map_err(Error::internal)?.map_err(storage_error)?;
    let mut file = tokio::fs::File::from_std(file);
    let (mut size, mut hash) = (0, Sha256::new());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(payload_error)?;
        size += chunk.len() as u64;
        if size > limit {
            return Err(too_large());
        }
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(storage_error)?;
    }
    file.flush().await.map_err(storage_error)?;
    let file = Arc::new(file.into_std().await);
    Ok(Upload { file, size, digest: hash.finalize().to_vec() })
}

fn storage_error(cause: io::Error) -> Error {
    Error::new(Code::Unavailable, "the file cannot be stored here; the log says why")
        .caused_by(cause)
        .with_header(RETRY_AFTER, HeaderValue::from_static("60"))
}

/// Creates a file for this account only and unlinks it at once.
fn create_unlinked(folder: &Path) -> io::Result<File> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    let path = folder.join(format!("{PREFIX}{random:016x}"));
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(file),
    }
}

/// Removes the files of processes that ended between creating and unlinking a file in
/// [`create_unlinked`].
pub(super) fn sweep(config: &Config) {
    let Ok(entries) = std::fs::read_dir(folder(config)) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            // In a shared folder the file may belong to another account; then it stays.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
