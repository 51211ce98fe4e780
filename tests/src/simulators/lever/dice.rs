//! Ids and tokens that look random, yet come again in every run.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

#[derive(Default)]
pub(super) struct Dice {
    thrown: u64,
}

impl Dice {
    fn bytes(&mut self) -> [u8; 32] {
        self.thrown += 1;
        Sha256::digest(format!("Lever {}", self.thrown)).into()
    }

    pub(super) fn uuid(&mut self) -> String {
        let bytes = self.bytes().first_chunk::<16>().copied().unwrap_or_default();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// 48 hex digits: the form of the tokens of webhooks.
    pub(super) fn hex_token(&mut self) -> String {
        HEXLOWER.encode(&self.bytes().first_chunk::<24>().copied().unwrap_or_default())
    }
}
