//! The state of commenting in memory: the site's secret, the compiled rules, and the
//! rate limits.

use crate::comments::rules::{RuleRow, RuleSet};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::rate_limit::RateLimiter;
use crate::schema::site;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use ring::hmac;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The row of the table `site` with the secret.
const SECRET: &str = "comment_secret";

/// The state of commenting of an instance.
#[derive(Debug)]
pub struct CommentState {
    secret: OnceCell<Secret>,
    rules: Mutex<Option<(Vec<RuleRow>, Arc<RuleSet>)>>,
    /// The limit of comments per client.
    pub comments: RateLimiter<IpAddr>,
    /// The limit of comments per article.
    pub article_comments: RateLimiter<i64>,
    /// The limit of reports per client.
    pub reports: RateLimiter<IpAddr>,
    /// The limit of reports per article.
    pub article_reports: RateLimiter<i64>,
}

impl CommentState {
    /// Creates the state with the limits of the settings.
    pub fn new(config: &Config) -> Self {
        Self {
            secret: OnceCell::new(),
            rules: Mutex::new(None),
            comments: RateLimiter::new("client", config.comment_rate),
            article_comments: RateLimiter::new("article", config.article_comment_rate),
            reports: RateLimiter::new("client", config.report_rate),
            article_reports: RateLimiter::new("article", config.article_report_rate),
        }
    }

    /// Returns the site's secret; creates it on first use. Must not be called within a transaction, whose
    /// rollback would lose a new secret.
    pub(super) async fn secret(&self, conn: &AsyncPgConnection) -> Result<&Secret> {
        self.secret.get_or_try_init(async || Secret::load(conn).await).await
    }

    /// Returns these rules compiled; compiles them again only when they changed.
    pub(super) fn rules(&self, rows: Vec<RuleRow>) -> Arc<RuleSet> {
        let mut kept = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some((known, set)) if *known == rows => Arc::clone(set),
            _ => {
                let set = Arc::new(RuleSet::of(&rows));
                *kept = Some((rows, Arc::clone(&set)));
                set
            }
        }
    }
}

/// The HMAC-SHA-256 key for the hashes of e-mail addresses and IP addresses. Without a key, a hash could be
/// reversed by trying all IP addresses.
#[derive(Clone)]
pub(super) struct Secret(hmac::Key);

impl Secret {
    async fn load(conn: &AsyncPgConnection) -> Result<Self> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        diesel::insert_into(site::table)
            .values((site::key.eq(SECRET), site::value.eq(BASE64.encode(random))))
            .on_conflict_do_nothing()
            .execute(&mut &*conn)
            .await?;
        let stored = site::table.find(SECRET).select(site::value);
        let text: String = stored.first(&mut &*conn).await?;
        let bytes = BASE64.decode(text).map_err(Error::internal)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// Returns the hash of an e-mail address, ignoring case.
    pub(super) fn email(&self, email: &str) -> Vec<u8> {
        self.hash("email", &email.trim().to_lowercase())
    }

    /// Returns the hash of a client's IP address.
    pub(super) fn client(&self, address: IpAddr) -> Vec<u8> {
        self.hash("address", &address.to_string())
    }

    fn hash(&self, kind: &str, text: &str) -> Vec<u8> {
        hmac::sign(&self.0, format!("{kind}\n{text}").as_bytes()).as_ref().to_vec()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
