//! Connections to a real Postgres: how they are made, pooled, abandoned and lost.

// Marked as tests so that what they share may unwrap.
#[cfg(test)]
mod faults;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sslmode;
