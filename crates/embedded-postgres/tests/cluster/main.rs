//! Clusters in normal use, after crashes and in bad directories, with the PostgreSQL of this machine.

mod errors;
mod fixture;
mod lifecycle;
mod owner_process;
mod recovery;
