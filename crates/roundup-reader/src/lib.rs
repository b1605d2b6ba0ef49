//! Reads a news roundup, as an editor pastes it, as records.
//!
//! Text, Markdown and HTML become one document of lines with links and emphasis; from there on
//! nothing knows the syntax. Each line yields candidates ("title -- outlet", "outlet: title",
//! a title with its outlet below, …). How a post writes its credits is decided by the post as a
//! whole, and every source has a confidence between 0 and 1.
//!
//! Nothing is invented: what the text does not say is `None`. Nothing is dropped: a line without
//! a place is kept in the commentary or named in the report.

mod assemble;
mod candidate;
mod choose;
mod comments;
mod confidence;
mod credit;
mod document;
mod headline;
mod labels;
mod lexicon;
mod linked;
mod name;
mod one_line;
mod outlets;
mod patterns;
mod prose;
mod read;
mod roundup;
mod siblings;
mod split;
mod text;
mod two_line;
mod url_list;
mod work;

pub use confidence::{Confidence, Level};
pub use credit::parse_credit;
pub use document::escape_markdown;
pub use outlets::{Evidence, Outlets, Standing};
pub use read::{Html, parse_html, parse_html_with, parse_markdown, parse_text};
pub use roundup::{Alternative, Commentary, Credit, Note, Reply, Report, Role, Roundup, Source};
pub use split::{Split, split_line};
pub use url_list::{ListedUrl, parse_url_list};
