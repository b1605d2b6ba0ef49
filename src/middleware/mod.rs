//! Middleware around the handlers.

mod charset;
mod limit_costly_reads;
mod request_pipeline;
mod response_cache;

pub use charset::name_charset;
pub use limit_costly_reads::limit_costly_reads;
pub use request_pipeline::{RequestPipeline, RequestPipelineService};
