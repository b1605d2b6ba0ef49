//! Reads the exports of blogs and comment systems: bytes become posts and comments.
//!
//! Each format has one parser, and all of them return the same [`Record`]s. Nothing is stored and
//! no network is used; what to do with a record is the caller's part.
//!
//! ```
//! use export_formats::{InputFile, Record, read};
//! use std::ops::ControlFlow;
//! use std::sync::atomic::AtomicU64;
//!
//! let wxr = "<rss><channel><link>https://news.example</link><item><title>Ferry sails</title>\
//!            <wp:post_id>7</wp:post_id><wp:status>publish</wp:status></item></channel></rss>";
//! let file = InputFile::from_bytes("site.xml", wxr.into());
//! let mut titles = Vec::new();
//! let _ = read(&file, None, &AtomicU64::new(0), &mut |found| {
//!     if let Record::Post(post) = found.record {
//!         titles.extend(post.title);
//!     }
//!     ControlFlow::Continue(())
//! });
//! assert_eq!(titles, ["Ferry sails"]);
//! ```

mod archive;
mod blogger;
mod commento;
mod dates;
mod disqus;
mod embedded_images;
mod error;
mod feed;
mod format;
mod front_matter;
mod ghost;
mod input;
mod isso;
mod json;
mod medium;
mod movable_type;
pub mod ndjson;
mod not_a_post;
mod output;
mod pictures;
mod position;
mod read;
mod record;
pub mod redact_email;
pub mod relative_urls;
mod remark42;
pub mod source;
mod substack;
mod text;
mod url_path;
mod wordpress;
mod wordpress_paragraphs;
mod wordpress_shortcodes;
mod xml;

pub use format::Format;
pub use input::{InputFile, ReadSeek};
pub use position::Position;
pub use read::read;
pub use record::{
    Author, Body, Comment, CommentAuthor, CommentKind, CommentStatus, CommentTarget, Image,
    PositionedRecord, Post, PostStatus, Record,
};
pub use wordpress_paragraphs::add_paragraphs;
