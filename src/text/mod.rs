//! Text in and out, without a database and without I/O: Markdown and HTML become safe HTML,
//! titles become slugs, outlet names become the keys by which they match, and a pasted
//! roundup becomes records.

mod depth;
mod plain;
pub mod rich;
pub mod roundup;
pub mod slug;
pub mod xml_chars;
