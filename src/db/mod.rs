//! The database: how it is reached, what its errors mean, and SQL that diesel cannot express.
//!
//! It depends on no other module of this crate than `schema`.

mod connect;
mod connection_string;
mod count;
mod embedded;
mod error;
mod keyset;
mod messages;
mod migrate;
mod pool;
mod replaceable_sql;
mod sql_ext;
mod target;
mod tls;

pub use connect::{ConnectError, ConnectErrorKind, ConnectionFuture};
pub use count::{estimated_count, exact_count};
pub use embedded::{EmbeddedError, embedded_data_dir, start_embedded};
pub use error::{DbErrorKind, DeadlineExceeded};
pub(crate) use keyset::keyset;
pub use migrate::{MIGRATIONS, MigrateError, has_schema, migrate};
pub use pool::{Pool, PoolError, PoolOptions, PoolStatus, PooledConnection};
pub use replaceable_sql::{ReplaceableSql, Replaced, apply_replaceable_sql};
pub use sql_ext::{AnyArray, CachedSql, Explain, Lateral, SqlText, StaticSql, any_array, lateral};
pub use target::{Target, TargetError};
