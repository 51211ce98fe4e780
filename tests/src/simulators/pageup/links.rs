//! Which links PageUp refuses: those that show a result to whoever has them.

use url::{Host, Url};

/// Whether nobody has to log in to read what is behind a link.
pub(super) fn opens_without_login(link: &str) -> bool {
    let Ok(url) = Url::parse(link) else { return true };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    let path = url.path().to_lowercase();
    let query = url.query().unwrap_or_default().to_lowercase();
    url.scheme() != "https"
        || loopback
        || path.ends_with(".pdf")
        || path.contains("/r/")
        || path.contains("/report")
        || query.contains("x-amz-")
}

/// The links in a text, without the punctuation that follows them.
pub(super) fn links(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split_whitespace().filter(|word| word.starts_with("http://") || word.starts_with("https://"));
    links.map(|link| link.trim_end_matches(['.', ',', ';', ')']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_behind_a_login_passes() {
        assert!(!opens_without_login("https://client.vendor.example/cases/9f?tab=summary"));
        for link in [
            "http://client.vendor.example/cases/9f",
            "https://localhost/cases/9f",
            "https://127.0.0.1:8443/cases/9f",
            "https://[::1]/cases/9f",
            "https://files.example/9f.PDF",
            "https://files.example/9f?X-Amz-Signature=1",
            "https://hub.example/r/9f",
            "https://hub.example/reports/9f",
            "cases/9f",
            "",
        ] {
            assert!(opens_without_login(link), "{link}");
        }
    }
}
