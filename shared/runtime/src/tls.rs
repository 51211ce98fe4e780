//! The TLS set-up of every client that is not the SDK's: the machine's root certificates are read once in a process.

use std::sync::OnceLock;

use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt;

static SHARED: OnceLock<ClientConfig> = OnceLock::new();

/// A client that asks nobody but whom it is told to, with the roots that the machine trusts.
///
/// Needs a TLS provider, which [`crate::aws::loader`] installs.
pub fn client() -> reqwest::ClientBuilder {
    let client = reqwest::Client::builder().no_proxy();
    match shared() {
        Some(config) => client.tls_backend_preconfigured(config),
        // Reading the roots once more, it says itself what is wrong with them.
        None => client,
    }
}

fn shared() -> Option<ClientConfig> {
    if SHARED.get().is_none() {
        let _ = SHARED.set(ClientConfig::with_platform_verifier().ok()?);
    }
    SHARED.get().cloned()
}
