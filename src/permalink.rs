//! Where readers find things: the address of this service, and that of an article's page on the
//! site that shows it.

use crate::config::Config;
use chrono::{DateTime, Utc};
use url::Url;

/// Makes addresses that hold outside this service.
#[derive(Debug, Clone)]
pub struct Permalinks {
    base: String,
    template: Option<String>,
}

impl Permalinks {
    /// As the settings say.
    pub fn of(config: &Config) -> Self {
        let base = match &config.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", config.listen),
        };
        Self { base, template: config.permalink.clone() }
    }

    /// The whole address of a path of this service.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The address of an article's page.
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

    /// The front page of the site, or of this service where no site is set.
    pub fn home(&self) -> String {
        let site = self.template.as_deref().and_then(|template| template.split_once("://"));
        match site {
            None => self.absolute("/"),
            Some((scheme, rest)) => {
                format!("{scheme}://{}/", rest.split('/').next().unwrap_or_default())
            }
        }
    }

    /// The path of an address that is on the site or on this service; none for any other.
    pub fn path_of(&self, address: &str) -> Option<String> {
        let url = Url::parse(address).ok()?;
        let own = |home: &str| {
            let home = Url::parse(home).ok()?;
            let same = home.host_str() == url.host_str()
                && home.port_or_known_default() == url.port_or_known_default();
            same.then(|| home.path().trim_end_matches('/').to_owned())
        };
        let prefix = own(&self.home()).or_else(|| own(&self.base))?;
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
    fn an_article_has_the_address_that_the_template_gives() {
        let mut config = Config::defaults().unwrap();
        let at = Some("2014-12-04T00:00:00Z".parse().unwrap());
        let links = Permalinks::of(&config);
        assert_eq!(links.article(42, "a", at), "http://127.0.0.1:8080/api/v1/articles/42");
        config.permalink = Some("https://example.org/{year}/{month}/{slug}.html".into());
        let links = Permalinks::of(&config);
        assert_eq!(links.article(42, "a", at), "https://example.org/2014/12/a.html");
        assert_eq!(links.home(), "https://example.org/");
        let path = |address| links.path_of(address);
        assert_eq!(path("http://example.org/2014/12/a.html").as_deref(), None);
        assert_eq!(path("https://example.org/?p=17").as_deref(), Some("/?p=17"));
        assert_eq!(path("https://elsewhere.example/a"), None);
    }
}
