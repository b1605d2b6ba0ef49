//! The service as a process of its own, and what it does when clients, PostgreSQL and the wire
//! between treat it badly.

mod away;
mod clients;
mod kill;
mod postgres;
mod proxy;
mod service;
mod slow;
mod wire;
mod writers;
