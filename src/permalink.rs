//! The public URLs of this service and of the site that shows its articles.

use crate::config::Config;
use chrono::{DateTime, Utc};
use url::Url;

/// Builds absolute URLs.
#[derive(Debug, Clone)]
pub struct Permalinks {
    base: String,
    template: Option<String>,
}

impl Permalinks {
    /// Reads `ROUNDUP_PUBLIC_URL` and `ROUNDUP_PERMALINK` from the settings.
    pub fn from_config(config: &Config) -> Self {
        let base = match &config.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", config.listen),
        };
        Self { base, template: config.permalink.clone() }
    }

    /// Returns the absolute URL of a path of this service.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Returns the URL of an article's page on the site, or of the article in the API.
    pub fn article(&self, id: i64, slug: &str, published_at: Option<DateTime<Utc>>) -> String {
        let Some(template) = &self.template else {
            return self.absolute(&format!("/api/v1/articles/{id}"));
        };
        let day = |format: &str| published_at.map(|at| at.format(format).to_string());
        template
            .replace("{slug}", slug)
            .replace("{id}", &id.to_string())
            .replace("{year}", &day("%Y").unwrap_or_default())
            .replace("{month}", &day("%m").unwrap_or_default())
            .replace("{day}", &day("%d").unwrap_or_default())
    }

    /// Returns the URL of a comment: of its place on the article's page, or of the page of the thread in
    /// the API.
    pub fn comment(&self, article_url: &str, article: i64, comment: i64) -> String {
        match self.template {
            Some(_) => format!("{article_url}#comment-{comment}"),
            None => self.thread_page(article, comment),
        }
    }

    /// Returns the URL of the page of a thread in the API that a comment is on.
    pub fn thread_page(&self, article: i64, comment: i64) -> String {
        self.absolute(&format!("/api/v1/articles/{article}/comments?around={comment}"))
    }

    /// Returns the URL of the front page of the site, or of this service if no site is set.
    pub fn home(&self) -> String {
        let site = self.template.as_deref().and_then(|template| template.split_once("://"));
        match site {
            None => self.absolute("/"),
            Some((scheme, rest)) => {
                format!("{scheme}://{}/", rest.split('/').next().unwrap_or_default())
            }
        }
    }

    /// Returns the path of a URL on the site or on this service; `None` for any other URL.
    pub fn path_of(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let own_prefix = |home: &str| {
            let home = Url::parse(home).ok()?;
            let is_same = home.host_str() == url.host_str()
                && home.port_or_known_default() == url.port_or_known_default();
            is_same.then(|| home.path().trim_end_matches('/').to_owned())
        };
        let prefix = own_prefix(&self.home()).or_else(|| own_prefix(&self.base))?;
        let path = url.path().strip_prefix(prefix.as_str()).unwrap_or(url.path());
        Some(match url.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_gives_the_url_of_an_article() {
        let mut config = Config::defaults().unwrap();
        let at = Some("2014-12-04T00:00:00Z".parse().unwrap());
        let links = Permalinks::from_config(&config);
        assert_eq!(links.article(42, "a", at), "http://127.0.0.1:8080/api/v1/articles/42");
        config.permalink = Some("https://example.org/{year}/{month}/{slug}.html".into());
        let links = Permalinks::from_config(&config);
        assert_eq!(links.article(42, "a", at), "https://example.org/2014/12/a.html");
        assert_eq!(links.home(), "https://example.org/");
        let path = |url| links.path_of(url);
        assert_eq!(path("http://example.org/2014/12/a.html").as_deref(), None);
        assert_eq!(path("https://example.org/?p=17").as_deref(), Some("/?p=17"));
        assert_eq!(path("https://elsewhere.example/a"), None);
    }
}
