//! The service as a process of its own, and what it does when clients, PostgreSQL and the wire
//! between treat it badly.

mod service;
mod slow;
mod wire;
