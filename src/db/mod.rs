//! The database: where it is, how it is reached, what its failures mean, and the two shapes of
//! statement that every list needs.

mod any;
mod condition;
mod connect;
mod deadline;
mod each;
pub mod embedded;
mod fault;
mod kept;
mod keyset;
mod migrate;
mod notices;
mod params;
mod pool;
mod target;
mod tls;
mod total;

pub use any::for_any;
pub use condition::{Condition, Words};
pub use connect::{ConnectError, ConnectKind, Driver};
pub use deadline::{DbError, within};
pub use each::Each;
pub use fault::{DbFault, classify};
pub use kept::Kept;
pub(crate) use keyset::keyset;
pub use migrate::{MIGRATIONS, MigrateError, migrate, revert};
pub use notices::Messages;
pub use pool::{Conn, Pool, PoolError, PoolOptions, PoolStatus};
pub use target::{Target, TargetError};
pub use total::Explain;
pub(crate) use total::total;
