//! Encryption of connections with rustls: libpq's `sslmode` and the files of certificates.
//!
//! | sslmode | encrypted | certificate |
//! |---|---|---|
//! | disable | never | |
//! | allow, prefer (default) | when the server offers it | not checked, unless `sslrootcert` is given |
//! | require | always | not checked, unless `sslrootcert` is given: then as verify-ca |
//! | verify-ca | always | issued by `sslrootcert` |
//! | verify-full | always | issued by `sslrootcert` (or the system's authorities) for this host name |

use super::connection_string::Parameters;
use super::target::TargetError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::fmt;
use std::sync::Arc;
use tokio_postgres::config::SslMode as ClientMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Plain first; encrypted when the server rejects that.
    Allow,
    /// Encrypted when the server can; plain when it cannot.
    Prefer,
    /// Encrypted or not at all.
    Require,
    /// Encrypted, with a certificate of the given authority.
    VerifyCa,
    /// As `VerifyCa`, and the certificate has to name the host.
    VerifyFull,
}

impl SslMode {
    const ALL: [Self; 6] =
        [Self::Disable, Self::Allow, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// Returns the name in a URL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// The TLS settings of a target.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) mode: SslMode,
    pub(super) connector: Option<MakeRustlsConnect>,
}

impl Tls {
    /// Takes the `ssl*` parameters and reads the files that they name.
    pub(super) fn take(parameters: &mut Parameters, any_tcp: bool) -> Result<Self, TargetError> {
        let root = parameters.take("sslrootcert");
        let system = root.as_deref() == Some("system");
        let mode = match parameters.take("sslmode") {
            Some(name) => {
                SslMode::ALL.into_iter().find(|mode| mode.name() == name).ok_or_else(|| {
                    let names = SslMode::ALL.map(SslMode::name).join(", ");
                    TargetError::new("sslmode", format!("must be one of {names}"))
                })?
            }
            None if system => SslMode::VerifyFull,
            None => SslMode::Prefer,
        };
        if system && mode != SslMode::VerifyFull {
            let problem = "`system` needs sslmode=verify-full: anyone can get a certificate there";
            return Err(TargetError::new("sslrootcert", problem));
        }
        if mode == SslMode::VerifyCa && root.is_none() {
            return Err(TargetError::new("sslrootcert", "is needed with sslmode=verify-ca"));
        }
        let identity = match (parameters.take("sslcert"), parameters.take("sslkey")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(TargetError::new("sslkey", "is needed with sslcert")),
            (None, Some(_)) => return Err(TargetError::new("sslcert", "is needed with sslkey")),
        };
        if mode == SslMode::Disable || !any_tcp {
            return Ok(Self { mode, connector: None });
        }
        let config = client_config(mode, root.filter(|_| !system).as_deref(), identity)?;
        Ok(Self { mode, connector: Some(MakeRustlsConnect::new(config)) })
    }

    /// Returns the modes to try in order: the next one when the server rejects the one before.
    pub(super) fn attempts(&self) -> &'static [ClientMode] {
        match self.mode {
            SslMode::Disable => &[ClientMode::Disable],
            SslMode::Allow => &[ClientMode::Disable, ClientMode::Require],
            SslMode::Prefer => &[ClientMode::Prefer, ClientMode::Disable],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[ClientMode::Require],
        }
    }
}

fn client_config(
    mode: SslMode,
    root: Option<&str>,
    identity: Option<(String, String)>,
) -> Result<ClientConfig, TargetError> {
    let given = root.map(|path| certificates("sslrootcert", path)).transpose()?;
    let roots = match &given {
        Some(given) => Some(trusted(given)?),
        None if mode == SslMode::VerifyFull => Some(system_roots()?),
        None => None,
    };
    let provider = Arc::new(ring::default_provider());
    let check = CertificateVerifier {
        roots,
        given: given.unwrap_or_default(),
        name: mode == SslMode::VerifyFull,
        algorithms: provider.signature_verification_algorithms,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TargetError::new("sslmode", error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(check));
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let chain = certificates("sslcert", &certificate)?;
            let secret = PrivateKeyDer::from_pem_file(&key)
                .map_err(|error| unreadable("sslkey", &key, &error))?;
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|error| TargetError::new("sslkey", format!("with sslcert: {error}")))
        }
    }
}

fn certificates(name: &str, path: &str) -> Result<Vec<CertificateDer<'static>>, TargetError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(list) if list.is_empty() => {
            Err(TargetError::new(name, format!("{path} contains no certificate")))
        }
        Ok(list) => Ok(list),
        Err(error) => Err(unreadable(name, path, &error)),
    }
}

fn unreadable(name: &str, path: &str, error: &dyn fmt::Display) -> TargetError {
    TargetError::new(name, format!("cannot read {path}: {error}"))
}

fn trusted(certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, TargetError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate.clone())
            .map_err(|error| TargetError::new("sslrootcert", error.to_string()))?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore, TargetError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let problem =
            "no authorities found on this system; name a file (ca-certificates installed?)";
        return Err(TargetError::new("sslrootcert", problem));
    }
    Ok(roots)
}

/// Verifies a server's certificate as far as the mode asks for it.
#[derive(Debug)]
struct CertificateVerifier {
    roots: Option<RootCertStore>,
    given: Vec<CertificateDer<'static>>,
    name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.algorithms.all;
        match rustls::client::verify_server_cert_signed_by_trust_anchor(
            &certificate,
            roots,
            intermediates,
            now,
            algorithms,
        ) {
            // A self-signed certificate that is marked as an authority (as `openssl req -x509` makes
            // it) and is its own root: webpki rejects the mark, after it has checked the dates;
            // libpq accepts the certificate.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.given.iter().any(|given| given == end_entity) => {}
            other => other?,
        }
        if self.name {
            rustls::client::verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
