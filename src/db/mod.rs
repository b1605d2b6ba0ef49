//! The database: where it is, how it is reached, what its failures mean, and the shapes of
//! statements that lists need.

mod any;
mod condition;
mod connect;
mod deadline;
mod each;
mod fault;
mod kept;
mod keyset;
mod migrate;
mod notices;
mod params;
mod pool;
mod replaceable_sql;
mod target;
mod tls;
mod total;

pub use any::{AnyOf, any_of};
pub use condition::{Condition, Words};
pub use connect::{ConnectError, ConnectKind, Driver};
pub use deadline::{DbError, within};
pub use each::{Each, each};
pub use fault::{DbFault, classify};
pub use kept::Kept;
pub(crate) use keyset::keyset;
pub use migrate::{MIGRATIONS, MigrateError, migrate};
pub use notices::Messages;
pub use pool::{Conn, Pool, PoolError, PoolOptions, PoolStatus};
pub use replaceable_sql::{ReplaceableSql, Replaced, apply_replaceable_sql};
pub use target::{Target, TargetError};
pub use total::Explain;
pub(crate) use total::total;
