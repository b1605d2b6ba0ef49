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
/// Ghost.
pub const GHOST: &str = "ghost";
/// Isso.
pub const ISSO: &str = "isso";
/// Medium.
pub const MEDIUM: &str = "medium";
/// Movable Type and `TypePad`.
pub const MOVABLE_TYPE: &str = "movabletype";
/// Remark42.
pub const REMARK42: &str = "remark42";
/// A single roundup in a text or Markdown file.
pub const ROUNDUP: &str = "roundup";
/// Substack.
pub const SUBSTACK: &str = "substack";
/// WordPress.
pub const WORDPRESS: &str = "wordpress";
