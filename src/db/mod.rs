//! The database: where it is, how it is reached, and what its failures mean.

mod connect;
pub mod deadline;
pub mod fault;
mod params;
pub mod pool;
pub mod target;
pub mod tls;

pub use connect::{ConnectError, ConnectKind, Driver};
pub use deadline::{DbError, within};
pub use fault::{DbFault, classify};
pub use pool::{Conn, Pool, PoolError, PoolOptions, PoolStatus};
pub use target::{Target, TargetError};
