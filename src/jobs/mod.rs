//! Imports and exports over HTTP. Imports take longer than a request and run as jobs.
//!
//! An upload is written to an unlinked file, so that nothing of it is left behind. Its job is a row in the
//! database and a task of the process that has the file. The jobs of a site run one after the other, on
//! whatever instance. When a process ends, its files are gone; its jobs are then marked as
//! interrupted.

mod exports;
mod model;
mod query;
mod queue;
mod routes;
mod runner;
mod upload;

pub use exports::{ExportDocs, ExportSlots, configure_exports};
pub use model::{Job, JobProgress, JobState};
pub use query::find;
pub use queue::JobQueue;
pub use routes::{Docs, configure};
pub use runner::{run, sweep};
