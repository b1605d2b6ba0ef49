//! How often somebody may do something: a number of times in each window of a minute.
//!
//! A window begins with the first request and is counted exactly. Memory is bounded: counts lie in
//! two generations, and when the younger is full the older is forgotten; who is active moves to the
//! younger with every request. `RateLimit` fields as in draft-ietf-httpapi-ratelimit-headers-10.

use crate::error::{Code, Error, Result};
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, PoisonError};

/// The length of a window.
const WINDOW: TimeDelta = TimeDelta::seconds(60);
/// How many windows a generation holds.
const GENERATION: usize = 50_000;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Counts what each key does.
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

/// How a key stands after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitStatus {
    name: &'static str,
    quota: u32,
    remaining: u32,
    reset_seconds: i64,
    /// The request is one too many.
    pub refused: bool,
}

impl<K: Hash + Eq + Copy> RateLimiter<K> {
    /// At most `quota` in a window; 0 for no limit.
    pub fn new(name: &'static str, quota: u32) -> Self {
        let windows = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { name, quota, windows: Mutex::new(windows) }
    }

    /// Counts one request; none when there is no limit.
    pub fn take(&self, key: K, now: DateTime<Utc>) -> Option<RateLimitStatus> {
        if self.quota == 0 {
            return None;
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.of(key, now);
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
    /// The window that the key is in now, among the young.
    fn of(&mut self, key: K, now: DateTime<Utc>) -> &mut Window {
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
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

/// The fields that tell how a client stands; empty where nothing is limited.
pub fn fields(standings: &[RateLimitStatus]) -> Vec<(HeaderName, HeaderValue)> {
    let list = |one: fn(&RateLimitStatus) -> String| {
        let text = standings.iter().map(one).collect::<Vec<_>>().join(", ");
        HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty())
    };
    let policy = list(|s| format!("\"{}\";q={};w={}", s.name, s.quota, WINDOW.num_seconds()));
    let state = list(|s| format!("\"{}\";r={};t={}", s.name, s.remaining, s.reset_seconds));
    [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// Refuses the request if one of the limits does.
///
/// # Errors
/// 429 with `Retry-After` and the fields.
pub fn admit(standings: &[RateLimitStatus]) -> Result<()> {
    let refusing = standings.iter().filter(|standing| standing.refused);
    let Some(worst) = refusing.max_by_key(|standing| standing.reset_seconds) else { return Ok(()) };
    let (quota, name, wait) = (worst.quota, worst.name, worst.reset_seconds);
    let detail = format!("{quota} a minute are allowed per {name}; try again in {wait} s");
    let error = Error::new(Code::RateLimited, detail).with_header(RETRY_AFTER, wait.into());
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_admits_exactly_its_quota() {
        let limiter = RateLimiter::new("client", 3);
        let mut now = DateTime::from_timestamp(1_000, 0).unwrap();
        for round in 0..3 {
            let taken = (0..10).map(|_| limiter.take(1, now).unwrap()).collect::<Vec<_>>();
            assert_eq!(taken.iter().filter(|s| !s.refused).count(), 3, "round {round}");
            assert_eq!(taken[0].remaining, 2);
            assert!(!limiter.take(100 + round, now).unwrap().refused);
            now += TimeDelta::seconds(59);
            assert!(limiter.take(1, now).unwrap().refused);
            now += TimeDelta::seconds(1);
        }
        assert_eq!(RateLimiter::new("client", 0).take(1, now), None);
    }

    #[test]
    fn memory_is_bounded_and_the_active_are_remembered() {
        let limiter = RateLimiter::new("client", 1);
        let now = DateTime::from_timestamp(1_000, 0).unwrap();
        assert!(!limiter.take(0, now).unwrap().refused);
        for key in 1..300_000 {
            limiter.take(key, now);
            if key % 10_000 == 0 {
                assert!(limiter.take(0, now).unwrap().refused, "forgotten at {key}");
            }
        }
        let windows = limiter.windows.lock().unwrap();
        assert!(windows.young.len() + windows.old.len() <= 2 * GENERATION);
    }
}
