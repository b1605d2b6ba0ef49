//! The public URLs of this service and of the site that shows its articles.

use crate::config::Config;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use url::Url;

/// Builds absolute URLs.
#[derive(Debug, Clone)]
pub struct Permalinks {
    base: String,
    /// The path of the public URL, without a slash at the end: the proxy in front removes it.
    prefix: String,
    template: Option<String>,
    time_zone: Tz,
}

impl Permalinks {
    /// Reads `ROUNDUP_PUBLIC_URL` and `ROUNDUP_PERMALINK` from the settings.
    pub fn from_config(config: &Config) -> Self {
        let base = match &config.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", config.listen),
        };
        let prefix = config.path_prefix();
        let time_zone = config.time_zone;
        Self { base, prefix, template: config.permalink.clone(), time_zone }
    }

    /// Returns the absolute URL of a path of this service.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Returns a path of this service as clients see it: below the path of the public URL.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Returns the URL of an article's page on the site, or of the article in the API.
    pub fn article(&self, id: i64, slug: &str, published_at: Option<DateTime<Utc>>) -> String {
        let in_api = || self.absolute(&format!("/api/v1/articles/{id}"));
        self.page(id, slug, published_at).unwrap_or_else(in_api)
    }

    /// Returns the URL of an article's page on the site, if it is known where the site shows articles. An
    /// article without a date has none if the date is part of it.
    pub fn page(&self, id: i64, slug: &str, published_at: Option<DateTime<Utc>>) -> Option<String> {
        let template = self.template.as_deref()?;
        let is_dated = ["{year}", "{month}", "{day}"].iter().any(|part| template.contains(part));
        if is_dated && published_at.is_none() {
            return None;
        }
        let published_at = published_at.map(|at| at.with_timezone(&self.time_zone));
        let day = |format: &str| published_at.map(|at| at.format(format).to_string());
        let page = template
            .replace("{slug}", slug)
            .replace("{id}", &id.to_string())
            .replace("{year}", &day("%Y").unwrap_or_default())
            .replace("{month}", &day("%m").unwrap_or_default())
            .replace("{day}", &day("%d").unwrap_or_default());
        Some(page)
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

    /// Returns the URL of the front page, for relative URLs in texts.
    pub fn home_url(&self) -> Option<Url> {
        Url::parse(&self.home()).ok()
    }

    /// Returns the path of a URL on the site or on this service; `None` for any other URL.
    pub fn path_of(&self, url: &str) -> Option<String> {
        // Consumers send the URL as a reader pasted it, with or without a scheme.
        let url = url.trim();
        let absolute = if url.starts_with("//") { format!("https:{url}") } else { url.to_owned() };
        let url = Url::parse(&absolute)
            .ok()
            .filter(Url::has_host)
            .or_else(|| Url::parse(&format!("https://{url}")).ok())?;
        let bare = |host: Option<&str>| {
            let host = host.unwrap_or_default().trim_end_matches('.');
            host.strip_prefix("www.").unwrap_or(host).to_owned()
        };
        let own_prefix = |home: &str| {
            let home = Url::parse(home).ok()?;
            // http and https show the same page; another port is another service.
            let is_same =
                bare(home.host_str()) == bare(url.host_str()) && home.port() == url.port();
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
        assert_eq!(links.page(42, "a", None), None);
        config.time_zone = "America/Los_Angeles".parse().unwrap();
        let local = Permalinks::from_config(&config);
        assert_eq!(local.article(42, "a", at), "https://example.org/2014/12/a.html");
        let new_year = Some("2015-01-01T04:30:00Z".parse().unwrap());
        assert_eq!(local.article(42, "a", new_year), "https://example.org/2014/12/a.html");
        assert_eq!(links.home(), "https://example.org/");
        let path = |url| links.path_of(url);
        for spelling in [
            "https://example.org/2014/12/a.html",
            "http://example.org/2014/12/a.html",
            "https://www.example.org/2014/12/a.html#comment-1",
            "HTTPS://EXAMPLE.ORG/2014/12/a.html",
            "//example.org/2014/12/a.html",
            "example.org/2014/12/a.html",
            "https://example.org:443/2014/12/a.html",
        ] {
            assert_eq!(path(spelling).as_deref(), Some("/2014/12/a.html"), "{spelling}");
        }
        assert_eq!(path("https://example.org:8443/2014/12/a.html"), None);
        assert_eq!(path("https://example.org/?p=17").as_deref(), Some("/?p=17"));
        assert_eq!(path("https://elsewhere.example/a"), None);
    }
}
