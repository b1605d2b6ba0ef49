//! Middleware around the handlers.

mod charset;
mod request_pipeline;
mod response_cache;

pub use charset::name_charset;
pub use request_pipeline::{RequestPipeline, RequestPipelineService};
