//! Connections to a real PostgreSQL: how they are opened, pooled and lost, and what errors mean.

// Marked as tests so that what they share may unwrap.
#[cfg(test)]
mod errors;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sslmode;
