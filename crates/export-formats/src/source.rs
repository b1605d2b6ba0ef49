//! The names of the systems that records come from. They are stored beside each article and
//! comment, so they never change.

/// Blogger.
pub const BLOGGER: &str = "blogger";
/// Commento.
pub const COMMENTO: &str = "commento";
/// Disqus.
pub const DISQUS: &str = "disqus";
/// Isso.
pub const ISSO: &str = "isso";
/// Remark42.
pub const REMARK42: &str = "remark42";
/// A roundup in a file of its own, as text or Markdown.
pub const ROUNDUP: &str = "roundup";
/// WordPress.
pub const WORDPRESS: &str = "wordpress";
