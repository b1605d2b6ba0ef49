#![doc = include_str!("../README.md")]

mod elements;
mod escape;
mod markdown;
pub mod names;
mod plain_text;
mod sanitize;
pub mod slug;
mod tokens;
mod transliterate;
mod tree;
mod urls;
mod words;
pub mod xml_chars;

pub use plain_text::plain_text;
pub use sanitize::{AuthorRole, Markup, RenderOptions, max_output, render, render_with};
