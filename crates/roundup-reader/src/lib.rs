//! Parses a news roundup, as an editor pastes it, into records.
//!
//! Text, Markdown and HTML are parsed into one document model: lines with links and styles. All later
//! steps are independent of the syntax. Each line has candidate readings ("title -- outlet", "outlet:
//! title", a title with its outlet below, …). The candidates are scored by how well all lines of the
//! post support their pattern, and every source has a confidence between 0 and 1.
//!
//! Nothing is invented: fields that the text does not give are `None`. Nothing is dropped: a line that
//! fits nowhere is in the commentary or in the report.

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
mod outlet_headings;
mod outlet_links;
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
pub use read::{Html, parse_html, parse_html_with};
pub use read::{parse_markdown, parse_markdown_with, parse_text, parse_text_with};
pub use roundup::{Alternative, Commentary, Credit, Note, Reply, Report, Role, Roundup, Source};
pub use split::{Split, split_line};
pub use url_list::{ListedUrl, parse_url_list};
