//! Import from other systems and from an export of a roundup database, and export.

pub mod export;
pub mod import;
pub mod rows;
