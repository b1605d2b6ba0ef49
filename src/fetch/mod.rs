//! Requests of the service to other servers.
//!
//! URLs come from editors and must not reach what only this machine or its network can reach. So the name is
//! resolved here, every address that is not public is refused, and the connection goes to the addresses that
//! were checked: a name that resolves differently the second time gains nothing.

mod public_address;

use public_address::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use url::{Host, Url};

/// The maximum time of a request, from the resolution of the name to the last byte of the response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The authorities that the system trusts.
static SYSTEM_ROOTS: LazyLock<Arc<RootCertStore>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
});

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL cannot be fetched.
    #[error("{0}")]
    Url(&'static str),
    /// The request failed.
    #[error("{0}")]
    Request(String),
}

/// A response, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedResponse {
    /// The status.
    pub status: u16,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

/// Sends requests to public servers.
#[derive(Debug)]
pub struct Fetcher {
    client: Result<reqwest::Client, String>,
}

impl Fetcher {
    /// Creates a fetcher that says where it comes from: the URL of the site, if that is known.
    pub fn new(site: Option<&Url>) -> Self {
        Self::with(site, Arc::new(PublicResolver), Arc::clone(&SYSTEM_ROOTS))
    }

    /// Creates a fetcher for tests: these names have these addresses, which need not be public, and these
    /// authorities are trusted. Other names do not exist.
    pub fn for_tests(names: HashMap<String, SocketAddr>, roots: RootCertStore) -> Self {
        Self::with(None, Arc::new(FixedResolver(names)), Arc::new(roots))
    }

    fn with<R: Resolve + 'static>(
        site: Option<&Url>,
        resolver: Arc<R>,
        roots: Arc<RootCertStore>,
    ) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let site = site.map(|url| format!(" (+{url})")).unwrap_or_default();
        let client = tls(roots).map_err(|error| error.to_string()).and_then(|tls| {
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls)
                .dns_resolver(resolver)
                .redirect(Policy::none())
                .no_proxy()
                .timeout(TIMEOUT)
                .pool_idle_timeout(Duration::from_secs(30))
                .user_agent(format!("roundup/{version}{site}"));
            builder.build().map_err(|error| error.to_string())
        });
        Self { client }
    }

    /// Sends a POST request; returns the status and at most `max` bytes of the body. Redirects are not
    /// followed.
    ///
    /// # Errors
    /// When the URL is not allowed, or the server does not answer.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: String,
        max: usize,
    ) -> Result<FetchedResponse, FetchError> {
        check_url(url).map_err(FetchError::Url)?;
        let client = self.client.as_ref().map_err(|error| FetchError::Request(error.clone()))?;
        let request = client.post(url.clone()).headers(headers).body(body);
        let mut response = request.send().await.map_err(|error| describe(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < max
            && let Some(chunk) = response.chunk().await.map_err(|error| describe(&error))?
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(max);
        Ok(FetchedResponse { status, body })
    }
}

/// Returns a client for URLs that the person at the command line gives: any server may be meant.
///
/// # Errors
/// None in practice: the versions of TLS are known.
pub(crate) fn client_builder() -> Result<reqwest::ClientBuilder, rustls::Error> {
    let tls = tls(Arc::clone(&SYSTEM_ROOTS))?;
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls))
}

fn tls(roots: Arc<RootCertStore>) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Returns an error with its causes, without the URL.
fn describe(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::Request(format!("no answer within {} seconds", TIMEOUT.as_secs()));
    }
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if !text.is_empty() {
            text += ": ";
        }
        text += &error.to_string();
        cause = error.source();
    }
    if text.is_empty() {
        FetchError::Request("the request failed".to_owned())
    } else {
        FetchError::Request(text)
    }
}

/// Checks that a URL may be fetched; what its name resolves to is checked with each request.
///
/// # Errors
/// What is wrong with it.
pub fn check_url(url: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must be an http or https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password");
    }
    if url.port().is_some() {
        return Err("must use the usual port, 80 or 443");
    }
    let is_allowed = match url.host() {
        Some(Host::Ipv4(address)) => is_public(address.into()),
        Some(Host::Ipv6(address)) => is_public(address.into()),
        Some(Host::Domain(name)) => name.trim_end_matches('.').contains('.'),
        None => false,
    };
    if is_allowed { Ok(()) } else { Err("must name a public server") }
}

/// Resolves names by the system and refuses addresses that are not public.
#[derive(Debug)]
struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Resolves the names of a test.
struct FixedResolver(HashMap<String, SocketAddr>);

impl Resolve for FixedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.get(name.as_str()).copied();
        Box::pin(async move {
            let found = found.ok_or("the name does not exist")?;
            Ok(Box::new(std::iter::once(found)) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_servers_on_usual_ports_are_fetched() {
        for good in ["https://example.org/hook", "http://example.org:80/", "https://192.0.1.1/"] {
            assert_eq!(check_url(&Url::parse(good).unwrap()), Ok(()), "{good}");
        }
        for bad in [
            "ftp://example.org/",
            "https://example.org:8443/",
            "http://example.org:22/",
            "https://user@example.org/",
            "https://user:secret@example.org/",
            "http://localhost/",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://10.1.2.3/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[64:ff9b::a00:1]/",
            "http://[2002:a00:1::]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
        ] {
            assert!(check_url(&Url::parse(bad).unwrap()).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_resolved() {
        let fetcher = Fetcher::new(None);
        // It resolves to a loopback address, by the hosts file or by RFC 6761.
        let url = Url::parse("http://roundup.localhost/").unwrap();
        let error = fetcher.post(&url, HeaderMap::new(), String::new(), 0).await.unwrap_err();
        assert!(matches!(error, FetchError::Request(_)), "{error}");
    }
}
