//! Imports of files that are sent over HTTP, which take longer than a request, and exports over HTTP.
//!
//! An upload goes to a file that has no name, so that nothing of it can stay behind. Its job is a
//! row that anybody may look at, and a task of the process that has the file. The jobs of a site
//! are done one after the other, whichever of its instances took them in. When a process ends, its
//! files end with it; its jobs are then shown as interrupted.

mod desk;
mod exports;
mod model;
mod query;
mod routes;
mod runner;
mod upload;

pub use desk::Desk;
pub use exports::{ExportDocs, configure_exports};
pub use model::{Job, JobProgress, JobState};
pub use routes::{Docs, configure};
pub use runner::{run, sweep};
