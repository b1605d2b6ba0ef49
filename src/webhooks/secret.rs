//! Secrets and signatures (Standard Webhooks, symmetric).

use crate::error::{Error, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use standardwebhooks::Webhook;

/// The number of random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// Returns a new secret.
///
/// # Errors
/// When the system has no random numbers.
pub(super) fn generate() -> Result<Vec<u8>> {
    let mut secret = vec![0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(Error::internal)?;
    Ok(secret)
}

/// Returns a secret as receivers get it: `whsec_…`.
pub(super) fn to_text(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(secret))
}

/// Returns the header `webhook-signature`: one signature for each secret.
///
/// # Errors
/// None in practice: a secret has bytes.
pub(super) fn sign(
    secrets: &[&[u8]],
    message_id: &str,
    timestamp: i64,
    body: &str,
) -> Result<String> {
    let sign = |secret: &&[u8]| {
        let webhook = Webhook::from_bytes(secret.to_vec()).map_err(Error::internal)?;
        webhook.sign(message_id, timestamp, body.as_bytes()).map_err(Error::internal)
    };
    Ok(secrets.iter().map(sign).collect::<Result<Vec<_>>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_signature_is_as_specified() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(to_text(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = r#"{"test": 2432232314}"#;
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = sign(&[&secret], id, 1_614_265_330, body).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let two = sign(&[&secret, b"other"], id, 1_614_265_330, body).unwrap();
        assert_eq!(two.split(' ').count(), 2);
    }
}
