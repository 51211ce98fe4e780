//! Which of Lever's hosts a request was meant for.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use url::Url;

/// The host that a request names, in lower case and without its port.
pub(super) enum Host {
    /// This machine, in place of any host: a person with curl or a browser.
    Local,
    Named(String),
}

impl Host {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default().to_lowercase();
        Self::named(value.parse::<Authority>().map(|authority| authority.host().to_owned()).unwrap_or_default())
    }

    pub(super) fn of_url(url: &Url) -> Self {
        Self::named(url.host_str().unwrap_or_default().to_lowercase())
    }

    fn named(name: String) -> Self {
        if is_loopback(&name) { Self::Local } else { Self::Named(name) }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        match self {
            Self::Local => true,
            Self::Named(named) => named.eq_ignore_ascii_case(name),
        }
    }
}

fn is_loopback(name: &str) -> bool {
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// Whether Lever calls back there, or lets a browser go there: TLS everywhere but on this machine.
pub(super) fn is_safe(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme() == "https" || is_loopback(url.host_str().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_stands_for_every_host() {
        let host = |text: &str| Host::of(&HeaderMap::from_iter([(header::HOST, text.parse().unwrap())]));
        for local in ["127.0.0.1:4004", "localhost", "[::1]:80"] {
            assert!(host(local).is("api.lever.co"), "{local}");
        }
        assert!(host("API.lever.co:443").is("api.lever.co"));
        assert!(!host("auth.lever.co").is("api.lever.co") && !host("").is("api.lever.co"));
        assert!(is_safe("https://hub.example/ca/lever/t") && is_safe("http://127.0.0.1:1/t"));
        assert!(!is_safe("http://hub.example/ca/lever/t") && !is_safe("hub.example"));
    }
}
