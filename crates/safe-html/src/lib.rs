//! Markdown or HTML as written becomes HTML that is safe to put in a page, or plain text; and
//! titles become slugs. No I/O.

mod depth;
mod plain_text;
mod sanitize;
pub mod slug;
pub mod xml_chars;

pub use plain_text::plain;
pub use sanitize::{Markup, Voice, render};
