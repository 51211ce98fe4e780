//! Where AWS is, with the one TLS provider that is compiled in.

use aws_config::{ConfigLoader, SdkConfig};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// AWS as a function's environment describes it. Installs the TLS provider for every client of the process.
pub async fn from_environment() -> SdkConfig {
    loader().load().await
}

/// The same, for a caller that says otherwise where AWS is.
#[must_use]
pub fn loader() -> ConfigLoader {
    // A second call in one process finds the same provider installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let https = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::from_env().http_client(https)
}
