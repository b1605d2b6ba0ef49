//! The identifiers of the source systems. They are stored with each article and comment: do not
//! change them.

/// Blogger.
pub const BLOGGER: &str = "blogger";
/// Commento.
pub const COMMENTO: &str = "commento";
/// Disqus.
pub const DISQUS: &str = "disqus";
/// The feed of a site.
pub const FEED: &str = "feed";
/// Isso.
pub const ISSO: &str = "isso";
/// Remark42.
pub const REMARK42: &str = "remark42";
/// A single roundup in a text or Markdown file.
pub const ROUNDUP: &str = "roundup";
/// WordPress.
pub const WORDPRESS: &str = "wordpress";
