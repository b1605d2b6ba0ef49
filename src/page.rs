//! Lists that page by cursor.
//!
//! A cursor holds the sort key of the row it stands at, so it needs no look-up and outlives the
//! row; and it is bound to its list, sort and filters, so it cannot be used with others. A page is
//! cut from one row more than asked for: whether more follow is known, never guessed.

mod count;

use crate::error::{Code, Error, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Datelike as _, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

pub(crate) use count::total;

/// How many rows a page has when the request does not say.
pub const DEFAULT_LIMIT: i64 = 20;
/// The most rows a page can have.
pub const MAX_LIMIT: i64 = 100;

/// The parameters that every list takes.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items a page has.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The cursor after which the page begins: `page.next` of the page before.
    #[param(max_length = 8000)]
    after: Option<String>,
    /// The cursor before which the page ends: `page.prev` of the page after.
    #[param(max_length = 8000)]
    before: Option<String>,
    /// Whether to count all items, and how: exactly, or as the database's planner estimates.
    #[param(inline)]
    count: Option<Count>,
}

/// The same for a list that has no place for its total, such as a feed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UncountedQuery {
    /// How many items a page has.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// The cursor after which the page begins: it stands in the address of the next page.
    #[param(max_length = 8000)]
    after: Option<String>,
    /// The cursor before which the page ends: it stands in the address of the previous page.
    #[param(max_length = 8000)]
    before: Option<String>,
}

impl From<UncountedQuery> for PageQuery {
    fn from(query: UncountedQuery) -> Self {
        let UncountedQuery { limit, after, before } = query;
        Self { limit, after, before, count: None }
    }
}

/// How `page.total` is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Every row is counted.
    Exact,
    /// The planner's estimate, at once.
    Estimated,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows, in the order of the list.
    #[schema(max_items = 100)]
    pub items: Vec<T>,
    /// Where the page stands in the list.
    pub page: PageInfo,
}

/// Where a page stands in its list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageInfo {
    /// The most items this page could have.
    #[schema(minimum = 1, maximum = 100, example = 20)]
    pub limit: i64,
    /// The cursor for `after=`; null on the last page.
    #[schema(max_length = 8000)]
    pub next: Option<String>,
    /// The cursor for `before=`; null on the first page.
    #[schema(max_length = 8000)]
    pub prev: Option<String>,
    /// How many items the list has; null unless `count` asks.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub total: Option<i64>,
}

/// What to read from the database for one page: a stretch of the list in one direction.
#[derive(Debug, Clone)]
pub struct Scan<K> {
    tag: String,
    limit: i64,
    /// Towards the front of the list; the rows come back reversed.
    pub backward: bool,
    /// The key to start from, and whether its own row belongs to the page.
    pub from: Option<(K, bool)>,
    /// Whether the total is wanted.
    pub count: Option<Count>,
}

#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    /// Which list it belongs to.
    t: String,
    k: K,
    /// The row at the key belongs to the page: set where a page came out empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    i: bool,
}

impl PageQuery {
    /// The page behind this cursor.
    pub fn after(cursor: String) -> Self {
        Self { after: Some(cursor), ..Self::default() }
    }

    /// The page asked for, of the list that `list` names: its resource, sort and filters.
    pub fn scan<K: DeserializeOwned>(&self, list: &impl Serialize) -> Result<Scan<K>> {
        self.scan_or(list, DEFAULT_LIMIT)
    }

    /// The same, with another default for `limit`.
    pub fn scan_or<K: DeserializeOwned>(
        &self,
        list: &impl Serialize,
        default: i64,
    ) -> Result<Scan<K>> {
        let limit = self.limit.unwrap_or(default);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = format!("`limit` must be 1 to {MAX_LIMIT}, not {limit}");
            return Err(Error::parameter("limit", Code::LimitOutOfRange, message));
        }
        let tag = tag(list)?;
        let (name, text, backward) = match (&self.after, &self.before) {
            (None, None) => {
                return Ok(Scan { tag, limit, backward: false, from: None, count: self.count });
            }
            (Some(text), None) => ("after", text, false),
            (None, Some(text)) => ("before", text, true),
            (Some(_), Some(_)) => {
                let message = "give `after` or `before`, not both";
                return Err(Error::parameter("before", Code::BadParameter, message));
            }
        };
        let cursor: Cursor<Value> = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .filter(|cursor: &Cursor<Value>| plausible(&cursor.k))
            .ok_or_else(|| bad_cursor(name))?;
        if cursor.t != tag {
            let message = format!("this `{name}` cursor is of another list, sort or filter");
            return Err(Error::parameter(name, Code::CursorMismatch, message));
        }
        let key = serde_json::from_value(cursor.k).map_err(|_bad| bad_cursor(name))?;
        Ok(Scan { tag, limit, backward, from: Some((key, cursor.i)), count: self.count })
    }
}

/// The refusal of a cursor that this service did not make.
fn bad_cursor(name: &str) -> Error {
    Error::parameter(name, Code::BadCursor, format!("`{name}` is no cursor of this service"))
}

/// Whether the database can compare with a key: it holds no NUL and no time of another age.
fn plausible(key: &Value) -> bool {
    match key {
        Value::String(text) => {
            let year = text.parse::<DateTime<Utc>>().map_or(2000, |at| at.year());
            !text.contains('\0') && (1..=9999).contains(&year)
        }
        Value::Array(keys) => keys.iter().all(plausible),
        _ => true,
    }
}

/// A short name of the list, its sort and its filters.
fn tag(list: &impl Serialize) -> Result<String> {
    let text = serde_json::to_vec(list).map_err(Error::internal)?;
    Ok(BASE64.encode(Sha256::digest(text).get(..6).unwrap_or_default()))
}

impl<K> Scan<K> {
    /// Whether it begins at the front of the list.
    pub fn is_first(&self) -> bool {
        self.from.is_none() && !self.backward
    }

    /// The refusal of its cursor, where the key turns out to be none.
    pub(crate) fn refusal(&self) -> Error {
        bad_cursor(if self.backward { "before" } else { "after" })
    }
}

impl Scan<(Value, i64)> {
    /// The same scan with the sort value in its own type.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<Scan<(T, i64)>> {
        let from = match self.from.clone() {
            None => None,
            Some(((value, id), whole)) => {
                let value = serde_json::from_value(value).map_err(|_bad| self.refusal())?;
                Some(((value, id), whole))
            }
        };
        let Self { tag, limit, backward, count, .. } = self.clone();
        Ok(Scan { tag, limit, backward, from, count })
    }
}

impl<K: Serialize + Clone> Scan<K> {
    /// How many rows to read: one more than the page has.
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// How many rows the page has at the most.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// Cuts the page from a whole list that is short enough to be read at once.
    pub fn cut_all<R>(&self, all: Vec<R>, key: impl Fn(&R) -> K) -> Page<R>
    where
        K: Ord,
    {
        let total = self.count.and_then(|_| i64::try_from(all.len()).ok());
        let inside = |row: &R| match &self.from {
            None => true,
            Some((from, true)) if key(row) == *from => true,
            Some((from, _)) if self.backward => key(row) < *from,
            Some((from, _)) => key(row) > *from,
        };
        let mut rows: Vec<R> = all.into_iter().filter(inside).collect();
        if self.backward {
            rows.reverse();
        }
        self.cut(rows, key).counted(total)
    }

    /// Cuts the page from the rows read, and makes the cursors to its neighbours.
    pub fn cut<R>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> K) -> Page<R> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if self.backward {
            rows.reverse();
        }
        let from = self.from.as_ref().map(|(key, _)| self.cursor(key.clone(), true));
        let first = rows.first().map(|row| self.cursor(key(row), false)).or_else(|| from.clone());
        let last = rows.last().map(|row| self.cursor(key(row), false)).or(from);
        let (next, prev) = match (&self.from, self.backward) {
            (None, _) => (last.filter(|_| more), None),
            (Some(_), false) => (last.filter(|_| more), first),
            (Some(_), true) => (last, first.filter(|_| more)),
        };
        Page { items: rows, page: PageInfo { limit: self.limit, next, prev, total: None } }
    }

    fn cursor(&self, k: K, i: bool) -> String {
        let cursor = Cursor { t: self.tag.clone(), k, i };
        BASE64.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }
}

impl<T> Page<T> {
    /// A page in the middle of a list: for the documentation.
    pub fn sample(item: T) -> Self {
        let cursor = |key: &str| Some(BASE64.encode(format!(r#"{{"t":"9Vd3kQ0n","k":{key}}}"#)));
        let (next, prev) =
            (cursor("[\"2014-12-04T00:00:00Z\",41]"), cursor("[\"2014-12-04T00:00:00Z\",43]"));
        Self { items: vec![item], page: PageInfo { limit: 20, next, prev, total: None } }
    }

    /// The same page of other items: what the keys stood for.
    pub fn with<U>(self, items: Vec<U>) -> Page<U> {
        Page { items, page: self.page }
    }

    /// The same page, each item turned into another.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(turn).collect(), page: self.page }
    }

    /// The same page with the total of its list.
    #[must_use]
    pub fn counted(mut self, total: Option<i64>) -> Self {
        self.page.total = total;
        self
    }
}
