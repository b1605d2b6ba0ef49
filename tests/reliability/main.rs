//! The service as a process of its own, and what it does when clients, PostgreSQL and the wire
//! between treat it badly.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also outside of the tests themselves"
)]

mod away;
mod busy;
mod clients;
mod figures;
mod kill;
mod once;
mod outage;
mod panics;
mod postgres;
mod proxy;
mod service;
mod slow;
mod start;
mod walk;
mod wire;
mod writers;
