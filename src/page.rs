//! Lists that page by cursor.
//!
//! A cursor holds the sort key of a row, so it needs no look-up and stays valid when the row is deleted.
//! It is bound to its list, sort order and filters, so it cannot be used with others. One row more than
//! requested is read, to know whether more follow.

mod count;

pub(crate) use count::total;

use crate::error::{Code, Error, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, Datelike as _, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

/// The default of `limit`.
pub const DEFAULT_LIMIT: i64 = 20;
/// The maximum of `limit`.
pub const MAX_LIMIT: i64 = 100;

/// The query parameters of every list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The maximum number of items on the page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// Returns the items after this cursor: `page.next` of the previous page.
    #[param(max_length = 8000)]
    after: Option<String>,
    /// Returns the items before this cursor: `page.prev` of the next page.
    #[param(max_length = 8000)]
    before: Option<String>,
    /// Whether to count all items: exactly, or by the estimate of the database's planner.
    #[param(inline)]
    count: Option<Count>,
}

/// The query parameters of a list without a total, such as a feed.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UncountedQuery {
    /// The maximum number of items on the page.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// Returns the items after this cursor, from the URL of the next page.
    #[param(max_length = 8000)]
    after: Option<String>,
    /// Returns the items before this cursor, from the URL of the previous page.
    #[param(max_length = 8000)]
    before: Option<String>,
}

impl From<UncountedQuery> for PageQuery {
    fn from(query: UncountedQuery) -> Self {
        let UncountedQuery { limit, after, before } = query;
        Self { limit, after, before, count: None }
    }
}

/// How `page.total` is determined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// All rows are counted.
    Exact,
    /// The planner's estimate.
    Estimated,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items in the order of the list.
    #[schema(max_items = 100)]
    pub items: Vec<T>,
    /// The position of the page in the list.
    pub page: PageInfo,
}

/// The position of a page in its list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageInfo {
    /// The maximum number of items on this page.
    #[schema(minimum = 1, maximum = 100, example = 20)]
    pub limit: i64,
    /// The cursor for `after=`; null on the last page.
    #[schema(max_length = 8000)]
    pub next: Option<String>,
    /// The cursor for `before=`; null on the first page.
    #[schema(max_length = 8000)]
    pub prev: Option<String>,
    /// The number of items in the list; null unless `count` is given.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub total: Option<i64>,
}

/// The rows to read for one page: a range of the list in one direction.
#[derive(Debug, Clone)]
pub struct Scan<K> {
    list_tag: String,
    limit: i64,
    /// Whether to read towards the front of the list; the rows then come in reverse order.
    pub backward: bool,
    /// The key to start from, and whether the page includes its row.
    pub from: Option<(K, bool)>,
    /// Whether the total is wanted.
    pub count: Option<Count>,
}

#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    /// The tag of the list it belongs to.
    t: String,
    k: K,
    /// Whether the page includes the row at the key: set where a page was empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    i: bool,
}

impl PageQuery {
    /// Requests the page after this cursor.
    pub fn after(cursor: String) -> Self {
        Self { after: Some(cursor), ..Self::default() }
    }

    /// Returns the range to read. `list` identifies the list: its resource, sort order and filters.
    ///
    /// # Errors
    /// 400 for a limit out of range, an invalid cursor or one of another list.
    pub fn scan<K: DeserializeOwned>(&self, list: &impl Serialize) -> Result<Scan<K>> {
        self.scan_with_default(list, DEFAULT_LIMIT)
    }

    /// Returns the range to read, with another default for `limit`.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub fn scan_with_default<K: DeserializeOwned>(
        &self,
        list: &impl Serialize,
        default: i64,
    ) -> Result<Scan<K>> {
        let limit = self.limit.unwrap_or(default);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let message = format!("`limit` must be 1 to {MAX_LIMIT}, not {limit}");
            return Err(Error::parameter("limit", Code::LimitOutOfRange, message));
        }
        let list_tag = list_tag(list)?;
        let (name, text, backward) = match (&self.after, &self.before) {
            (None, None) => {
                return Ok(Scan {
                    list_tag,
                    limit,
                    backward: false,
                    from: None,
                    count: self.count,
                });
            }
            (Some(text), None) => ("after", text, false),
            (None, Some(text)) => ("before", text, true),
            (Some(_), Some(_)) => {
                let message = "`after` and `before` cannot be combined";
                return Err(Error::parameter("before", Code::BadParameter, message));
            }
        };
        let cursor: Cursor<Value> = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .filter(|cursor: &Cursor<Value>| is_comparable(&cursor.k))
            .ok_or_else(|| bad_cursor(name))?;
        if cursor.t != list_tag {
            let message =
                format!("this `{name}` cursor belongs to another list, sort order or filter");
            return Err(Error::parameter(name, Code::CursorMismatch, message));
        }
        let key = serde_json::from_value(cursor.k).map_err(|_bad| bad_cursor(name))?;
        Ok(Scan { list_tag, limit, backward, from: Some((key, cursor.i)), count: self.count })
    }
}

/// Returns the error for a cursor that this service did not make.
fn bad_cursor(name: &str) -> Error {
    Error::parameter(name, Code::BadCursor, format!("`{name}` is not a cursor of this service"))
}

/// Returns whether PostgreSQL can compare with a key: it has no NUL and no year out of its range.
fn is_comparable(key: &Value) -> bool {
    match key {
        Value::String(text) => {
            let year = text.parse::<DateTime<Utc>>().map_or(2000, |at| at.year());
            !text.contains('\0') && (1..=9999).contains(&year)
        }
        Value::Array(keys) => keys.iter().all(is_comparable),
        _ => true,
    }
}

/// Returns a short hash of the list, its sort order and its filters.
fn list_tag(list: &impl Serialize) -> Result<String> {
    let text = serde_json::to_vec(list).map_err(Error::internal)?;
    Ok(BASE64.encode(Sha256::digest(text).get(..6).unwrap_or_default()))
}

impl<K> Scan<K> {
    /// Returns whether the page is the first of the list.
    pub fn is_first(&self) -> bool {
        self.from.is_none() && !self.backward
    }

    /// Returns the error for its cursor when the key has the wrong type.
    pub(crate) fn cursor_error(&self) -> Error {
        bad_cursor(if self.backward { "before" } else { "after" })
    }
}

impl Scan<(Value, i64)> {
    /// Converts the sort value of the key from JSON.
    ///
    /// # Errors
    /// 400 when it has another type.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<Scan<(T, i64)>> {
        let from = match self.from.clone() {
            None => None,
            Some(((value, id), whole)) => {
                let value = serde_json::from_value(value).map_err(|_bad| self.cursor_error())?;
                Some(((value, id), whole))
            }
        };
        let Self { list_tag, limit, backward, count, .. } = self.clone();
        Ok(Scan { list_tag, limit, backward, from, count })
    }
}

impl<K: Serialize + Clone> Scan<K> {
    /// Returns how many rows to read: one more than the page has, to know whether more follow.
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// Returns the maximum number of rows on the page.
    pub fn limit(&self) -> i64 {
        self.limit
    }

    /// Returns the range that begins at a row, in one direction; it includes the row if `whole`.
    #[must_use]
    pub fn starting_at(&self, key: K, whole: bool, backward: bool) -> Self {
        let (list_tag, count) = (self.list_tag.clone(), self.count);
        Self { list_tag, limit: self.limit, backward, from: Some((key, whole)), count }
    }

    /// Returns the page around a row, which is as near to its middle as the ends of the list allow.
    /// `before` are the rows before it, the nearest first; `after` are that row and those behind it. Both
    /// have up to [`Self::rows`] rows.
    pub fn page_around<R>(
        &self,
        mut before: Vec<R>,
        mut after: Vec<R>,
        key: impl Fn(&R) -> K,
    ) -> Page<R> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let wanted = (limit / 2).max(limit.saturating_sub(after.len()));
        let (has_prev, kept) = (before.len() > wanted, before.len().min(wanted));
        before.truncate(kept);
        let has_next = after.len() > limit - kept;
        after.truncate(limit - kept);
        before.reverse();
        before.append(&mut after);
        let cursor = |row: Option<&R>| row.map(|row| self.cursor(key(row), false));
        let next = cursor(before.last().filter(|_| has_next));
        let prev = cursor(before.first().filter(|_| has_prev));
        Page { items: before, page: PageInfo { limit: self.limit, next, prev, total: None } }
    }

    /// Returns the page of a list that was read whole.
    pub fn page_of_all<R>(&self, all: Vec<R>, key: impl Fn(&R) -> K) -> Page<R>
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
        self.page(rows, key).with_total(total)
    }

    /// Returns the page of the rows read, with the cursors to its neighbours.
    pub fn page<R>(&self, mut rows: Vec<R>, key: impl Fn(&R) -> K) -> Page<R> {
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
        let cursor = Cursor { t: self.list_tag.clone(), k, i };
        BASE64.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }
}

impl<T> Page<T> {
    /// Returns a page in the middle of a list, for the documentation.
    pub fn sample(item: T) -> Self {
        let cursor = |key: &str| Some(BASE64.encode(format!(r#"{{"t":"9Vd3kQ0n","k":{key}}}"#)));
        let (next, prev) =
            (cursor("[\"2014-12-04T00:00:00Z\",41]"), cursor("[\"2014-12-04T00:00:00Z\",43]"));
        Self { items: vec![item], page: PageInfo { limit: 20, next, prev, total: None } }
    }

    /// Replaces the items.
    pub fn with_items<U>(self, items: Vec<U>) -> Page<U> {
        Page { items, page: self.page }
    }

    /// Converts each item.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), page: self.page }
    }

    /// Sets the total of the list.
    #[must_use]
    pub fn with_total(mut self, total: Option<i64>) -> Self {
        self.page.total = total;
        self
    }
}
