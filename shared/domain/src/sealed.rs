//! What may rest in the table only so that nobody reads it there: sealed under a key of its connection, bound to its name.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::secret::Secret;

/// A sealed value as text: nonce and cipher text in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

/// It cannot be sealed or opened; nothing is said of why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealed under another key or name, or changed")
    }
}

impl std::error::Error for Broken {}

fn cipher(root: &Secret) -> Result<XChaCha20Poly1305, Broken> {
    let mac = Hmac::<Sha256>::new_from_slice(root.expose().as_bytes()).map_err(|_| Broken)?;
    let key = mac.chain_update("sealed request").finalize().into_bytes();
    XChaCha20Poly1305::new_from_slice(&key).map_err(|_| Broken)
}

impl Sealed {
    /// Seals `value` under a key derived from `root`; `nonce` is random and used once.
    ///
    /// # Errors
    /// [`Broken`] where the value is too large.
    pub fn close(root: &Secret, name: &str, nonce: [u8; 24], value: &Secret) -> Result<Self, Broken> {
        let payload = Payload { msg: value.expose().as_bytes(), aad: name.as_bytes() };
        let closed = cipher(root)?.encrypt(&XNonce::from(nonce), payload).map_err(|_| Broken)?;
        Ok(Self(STANDARD.encode([nonce.as_slice(), closed.as_slice()].concat())))
    }

    /// # Errors
    /// [`Broken`] under another root or name, or where it was changed.
    pub fn open(&self, root: &Secret, name: &str) -> Result<Secret, Broken> {
        let bytes = STANDARD.decode(&self.0).map_err(|_| Broken)?;
        let (nonce, closed) = bytes.split_first_chunk::<24>().ok_or(Broken)?;
        let payload = Payload { msg: closed, aad: name.as_bytes() };
        let open = cipher(root)?.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Broken)?;
        String::from_utf8(open).map(Secret::new).map_err(|_| Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_name_open_it_and_it_shows_nothing() {
        let (root, value) = (Secret::from("root"), Secret::from("ana@example.com"));
        let sealed = Sealed::close(&root, "row 7", [9; 24], &value).unwrap();
        assert_eq!(sealed.open(&root, "row 7").unwrap().expose(), value.expose());
        assert_eq!(sealed.open(&root, "row 8"), Err(Broken));
        assert_eq!(sealed.open(&Secret::from("other"), "row 7"), Err(Broken));
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains("ana") && !text.contains(&STANDARD.encode("ana@example.com")), "{text}");
        let last = sealed.0.len() - 6;
        let changed = Sealed(format!("{}AAAAAA", &sealed.0[..last]));
        assert_eq!(changed.open(&root, "row 7"), Err(Broken));
        assert_eq!(Sealed("AA".to_owned()).open(&root, "row 7"), Err(Broken));
    }
}
