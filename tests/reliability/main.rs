//! The service as a separate process, with faulty clients, PostgreSQL and network.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, also outside of the tests themselves"
)]

mod command_line;
mod connection;
mod disconnects;
mod fault_proxy;
mod kill;
mod measurements;
mod outage;
mod paging;
mod panics;
mod postgres;
mod retried_writes;
mod service;
mod slow_clients;
mod slow_database;
mod startup;
mod unreachable_database;
mod writers;
