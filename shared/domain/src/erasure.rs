//! What is left of what was erased: a digest by which it is known if it turns up again, and nothing else.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::id::{ConnectionId, OrderId, ProviderOrderId};

/// The name of an order at the provider among what is erased. An application goes by its own id.
#[must_use]
pub fn provider_order(id: &ProviderOrderId) -> String {
    format!("provider:{id}")
}

/// The name of an order of ours.
#[must_use]
pub fn order(id: &OrderId) -> String {
    format!("order:{id}")
}

/// The digest of what was erased of a connection.
#[must_use]
pub fn mark(connection: &ConnectionId, name: &str) -> String {
    let mut hash = Sha256::new();
    for part in [connection.as_str(), name] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    HEXLOWER.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_connections_and_names_apart_and_shows_neither() {
        let id = |text: &str| ConnectionId::parse(text).unwrap();
        let marked = mark(&id("icims-1"), "24680");
        assert_eq!(marked, mark(&id("icims-1"), "24680"));
        assert!(marked.len() == 64 && !marked.contains("24680"), "{marked}");
        for other in [mark(&id("icims-12"), "4680"), mark(&id("icims-1"), "24681"), mark(&id("icims-2"), "24680")] {
            assert_ne!(marked, other);
        }
        let named = "24680";
        let (at_provider, ours) = (ProviderOrderId::parse(named).unwrap(), OrderId::parse(named).unwrap());
        assert_ne!(provider_order(&at_provider), order(&ours));
    }
}
