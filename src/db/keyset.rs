//! Keyset pagination by row comparison.

/// Restricts a boxed query to the page that `scan` asks for, of a list sorted by `first` and then by
/// `id`, in descending order if `descending`.
///
/// The condition compares rows, `(first, id) < ($1, $2)`, so that PostgreSQL enters an index on both
/// columns at the key. The same condition with `or` would filter all rows before the key.
macro_rules! keyset {
    ($query:expr, $scan:expr, $descending:expr, $type:ty, $first:expr, $id:expr) => {{
        use diesel::sql_types::{BigInt, Record};
        use diesel::{ExpressionMethods as _, IntoSql as _, QueryDsl as _};
        let row = || ($first, $id).into_sql::<Record<($type, BigInt)>>();
        let down = $descending != $scan.backward;
        let query = $query;
        let query = match $scan.from.clone() {
            None => query,
            Some((key, false)) if down => query.filter(row().lt(key)),
            Some((key, true)) if down => query.filter(row().le(key)),
            Some((key, false)) => query.filter(row().gt(key)),
            Some((key, true)) => query.filter(row().ge(key)),
        };
        if down {
            query.order(($first.desc(), $id.desc())).limit($scan.rows())
        } else {
            query.order(($first.asc(), $id.asc())).limit($scan.rows())
        }
    }};
}

pub(crate) use keyset;
