//! Rate limits: a number of requests in each window of a minute.
//!
//! A window begins with the first request and is counted exactly. Memory is bounded: windows are kept
//! in two generations. When the younger one is full, the older one is dropped; a request moves its
//! window to the younger one. The header fields are those of draft-ietf-httpapi-ratelimit-headers-10.

use crate::error::{Code, Error, Result};
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, PoisonError};

/// The length of a window.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// The maximum number of windows in a generation.
const GENERATION_SIZE: usize = 50_000;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Counts the requests of each key.
#[derive(Debug)]
pub struct RateLimiter<K> {
    name: &'static str,
    quota: u32,
    windows: Mutex<Generations<K>>,
}

#[derive(Debug)]
struct Generations<K> {
    young: HashMap<K, Window>,
    old: HashMap<K, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began: DateTime<Utc>,
    used: u32,
}

/// The state of a key's window after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitStatus {
    name: &'static str,
    quota: u32,
    remaining: u32,
    reset_seconds: i64,
    /// Whether the request exceeds the quota.
    pub refused: bool,
}

impl<K: Hash + Eq + Copy> RateLimiter<K> {
    /// Allows `quota` requests in a window; 0 for no limit. `name` is for the header fields.
    pub fn new(name: &'static str, quota: u32) -> Self {
        let windows = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { name, quota, windows: Mutex::new(windows) }
    }

    /// Counts a request; returns `None` when there is no limit.
    pub fn count(&self, key: K, now: DateTime<Utc>) -> Option<RateLimitStatus> {
        if self.quota == 0 {
            return None;
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.current(key, now);
        let refused = window.used >= self.quota;
        if !refused {
            window.used += 1;
        }
        let left = (window.began + WINDOW - now).num_milliseconds();
        Some(RateLimitStatus {
            name: self.name,
            quota: self.quota,
            remaining: self.quota - window.used,
            reset_seconds: (left + 999).div_euclid(1000).max(1),
            refused,
        })
    }
}

impl<K: Hash + Eq + Copy> Generations<K> {
    /// Returns the current window of a key, moved to the younger generation.
    fn current(&mut self, key: K, now: DateTime<Utc>) -> &mut Window {
        if self.young.len() >= GENERATION_SIZE && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        let known = self.old.remove(&key);
        let fresh = Window { began: now, used: 0 };
        let window = self.young.entry(key).or_insert(known.unwrap_or(fresh));
        if now < window.began || now - window.began >= WINDOW {
            *window = fresh;
        }
        window
    }
}

/// Returns the `RateLimit` header fields; none where nothing is limited.
pub fn header_fields(statuses: &[RateLimitStatus]) -> Vec<(HeaderName, HeaderValue)> {
    let list = |one: fn(&RateLimitStatus) -> String| {
        let text = statuses.iter().map(one).collect::<Vec<_>>().join(", ");
        HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty())
    };
    let policy = list(|s| format!("\"{}\";q={};w={}", s.name, s.quota, WINDOW.num_seconds()));
    let state = list(|s| format!("\"{}\";r={};t={}", s.name, s.remaining, s.reset_seconds));
    [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// Rejects a request that exceeds one of its limits.
///
/// # Errors
/// 429 with `Retry-After`.
pub fn check(statuses: &[RateLimitStatus]) -> Result<()> {
    let refusing = statuses.iter().filter(|status| status.refused);
    let Some(worst) = refusing.max_by_key(|status| status.reset_seconds) else { return Ok(()) };
    let (quota, name, wait) = (worst.quota, worst.name, worst.reset_seconds);
    let detail = format!("{quota} a minute are allowed per {name}; try again in {wait} s");
    let error = Error::new(Code::RateLimited, detail).with_header(RETRY_AFTER, wait.into());
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_allows_exactly_its_quota() {
        let limiter = RateLimiter::new("client", 3);
        let mut now = DateTime::from_timestamp(1_000, 0).unwrap();
        for round in 0..3 {
            let taken = (0..10).map(|_| limiter.count(1, now).unwrap()).collect::<Vec<_>>();
            assert_eq!(taken.iter().filter(|s| !s.refused).count(), 3, "round {round}");
            assert_eq!(taken[0].remaining, 2);
            assert!(!limiter.count(100 + round, now).unwrap().refused);
            now += TimeDelta::seconds(59);
            assert!(limiter.count(1, now).unwrap().refused);
            now += TimeDelta::seconds(1);
        }
        assert_eq!(RateLimiter::new("client", 0).count(1, now), None);
    }

    #[test]
    fn memory_is_bounded_and_active_keys_are_kept() {
        let limiter = RateLimiter::new("client", 1);
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        assert!(!limiter.count(0, now).unwrap().refused);
        for key in 1..300_000 {
            limiter.count(key, now);
            if key % 10_000 == 0 {
                assert!(limiter.count(0, now).unwrap().refused, "forgotten at {key}");
            }
        }
        let windows = limiter.windows.lock().unwrap();
        assert!(windows.young.len() + windows.old.len() <= 2 * GENERATION_SIZE);
    }
}
