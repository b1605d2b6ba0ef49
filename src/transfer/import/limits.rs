//! Limits the values of imported comments to what the database can store and index, so that one odd comment
//! does not prevent the others from being stored.

use chrono::Datelike as _;
use export_formats::Comment;
use sha2::{Digest as _, Sha256};

/// The maximum length of an id in bytes: an index entry holds 2,704 bytes, and it holds other columns too.
const MAX_ID_BYTES: usize = 1000;

/// The maximum length of an e-mail address in bytes (RFC 5321, section 4.5.3.1.3, without the brackets).
const MAX_EMAIL_BYTES: usize = 254;

/// The maximum length of a name in characters, as for comments that are posted here.
const MAX_NAME_CHARS: usize = 100;

/// The maximum length of a URL in bytes, as for comments that are posted here.
const MAX_URL_BYTES: usize = 2000;

/// Shortens or removes values that are too long; returns what was done.
pub(super) fn limit_comment(comment: &mut Comment) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let author = &mut comment.author;
    if author.email.take_if(|email| email.len() > MAX_EMAIL_BYTES).is_some() {
        reasons.push("the e-mail address is too long; it is left out");
    }
    if author.url.take_if(|url| url.len() > MAX_URL_BYTES).is_some() {
        reasons.push("the author's URL is too long; it is left out");
    }
    if let Some(name) = &mut author.name
        && let Some((end, _)) = name.char_indices().nth(MAX_NAME_CHARS)
    {
        name.truncate(end);
        reasons.push("the author's name is too long; it is cut");
    }
    if comment.created_at.take_if(|at| !(1900..=9999).contains(&at.year())).is_some() {
        reasons.push("the time is not plausible; it is left out");
    }
    let ids = [Some(&mut comment.id), comment.parent.as_mut()];
    for id in ids.into_iter().flatten().filter(|id| id.len() > MAX_ID_BYTES) {
        // A hash, so that replies still find it and another import recognises it.
        let hash = Sha256::digest(id.as_bytes());
        *id = format!("sha256:{hash:x}");
    }
    reasons
}
