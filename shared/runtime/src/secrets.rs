//! Connection secrets, kept for five minutes.

use std::fmt;
use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use domain::connection::ConnectionSecret;
use domain::id::ConnectionId;
use domain::region::Region;
use jiff::{SignedDuration, Timestamp};

use crate::cache::Aged;

/// How long a secret is kept, and how often a refusal may force a new reading.
const KEPT: SignedDuration = SignedDuration::from_secs(300);
const FORCED: SignedDuration = SignedDuration::from_secs(30);

const NOT_OF_ITS_FORM: &str = "not of its form";
/// For how many days a deleted secret can be brought back: the least that the service takes.
const RECOVERABLE_DAYS: i64 = 7;

/// The secret could not be read or stored; `cause` is the service's error code.
#[derive(Debug, Clone)]
pub struct SecretError {
    cause: String,
}

impl SecretError {
    /// What is wrong with the secret itself, where it is not the service that cannot be used just now.
    #[must_use]
    pub fn lasting(&self) -> Option<&'static str> {
        match self.cause.as_str() {
            "ResourceNotFoundException" => Some("it is not there"),
            // So answers the service for a secret that is about to be deleted.
            "InvalidRequestException" => Some("it is scheduled to be deleted"),
            "DecryptionFailure" => Some("it cannot be decrypted with the stack's key"),
            NOT_OF_ITS_FORM => Some("it is not of the form of a connection's secret"),
            _ => None,
        }
    }

    /// Whether there is a secret of that name already.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.cause == "ResourceExistsException"
    }

    /// Whether the secret of that name is about to be deleted, or was changed by somebody else in between.
    #[must_use]
    pub fn is_out_of_turn(&self) -> bool {
        matches!(self.cause.as_str(), "InvalidRequestException" | "InvalidParameterException")
    }
}

/// A secret as it was read, to be replaced only while it is still the current one.
#[derive(Debug)]
pub struct Versioned {
    pub secret: ConnectionSecret,
    version: String,
}

/// A secret that is stored and not in use yet.
#[derive(Debug)]
pub struct Pending {
    version: String,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for SecretError {}

fn failed(error: &impl ProvideErrorMetadata) -> SecretError {
    SecretError { cause: error.code().unwrap_or("unreachable").to_owned() }
}

/// The secret store with what was read from it.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
    prefix: String,
    kms_key: Option<String>,
    cache: Aged<ConnectionId, Arc<ConnectionSecret>>,
}

impl Secrets {
    #[must_use]
    pub fn new(client: Client, region: Region, kms_key: Option<String>) -> Self {
        let prefix = format!("crosscheck/{}/connections", region.code());
        Self { client, prefix, kms_key, cache: Aged::default() }
    }

    /// Opens the connection to the service; there is no secret of that name.
    pub async fn warm_up(&self) {
        let _ = self.client.get_secret_value().secret_id(format!("{}/warm-up", self.prefix)).send().await;
    }

    /// The connection's secret.
    ///
    /// # Errors
    /// [`SecretError`] where it is neither kept nor readable.
    pub async fn get(&self, connection: &ConnectionId, now: Timestamp) -> Result<Arc<ConnectionSecret>, SecretError> {
        self.cache.get_or_fetch(connection, now, |_| KEPT, self.read(connection)).await
    }

    /// The connection's secret as it is now, after the other side refused the kept one. Nothing where it was read too
    /// short a time ago for another reading to help.
    ///
    /// # Errors
    /// [`SecretError`] where it is not readable.
    pub async fn reread(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
    ) -> Result<Option<Arc<ConnectionSecret>>, SecretError> {
        if self.cache.get(connection, now, |_| FORCED).await.is_some() {
            return Ok(None);
        }
        self.cache.get_or_fetch(connection, now, |_| FORCED, self.read(connection)).await.map(Some)
    }

    /// The connection's secret as it is stored now.
    ///
    /// # Errors
    /// [`SecretError`] where it is not readable.
    pub async fn read_anew(
        &self,
        connection: &ConnectionId,
        now: Timestamp,
    ) -> Result<Arc<ConnectionSecret>, SecretError> {
        self.cache.forget(connection).await;
        self.cache.get_or_fetch(connection, now, |_| KEPT, self.read(connection)).await
    }

    /// Forgets what is kept of the connection's secret.
    pub async fn forget(&self, connection: &ConnectionId) {
        self.cache.forget(connection).await;
    }

    /// Replaces the connection's secret.
    ///
    /// # Errors
    /// [`SecretError`] where it was not stored.
    pub async fn replace(&self, connection: &ConnectionId, secret: &ConnectionSecret) -> Result<(), SecretError> {
        let text = serde_json::to_string(secret).map_err(|_| SecretError { cause: NOT_OF_ITS_FORM.to_owned() })?;
        let put = self.client.put_secret_value().secret_id(format!("{}/{connection}", self.prefix));
        put.secret_string(text).send().await.map_err(|error| failed(&error))?;
        self.cache.forget(connection).await;
        Ok(())
    }

    /// The connection's secret as it is stored now, to be replaced by [`Self::make_current`].
    ///
    /// # Errors
    /// [`SecretError`] where it is not readable.
    pub async fn read_to_replace(&self, connection: &ConnectionId) -> Result<Versioned, SecretError> {
        let id = format!("{}/{connection}", self.prefix);
        let answer = self.client.get_secret_value().secret_id(id).send().await.map_err(|error| failed(&error))?;
        let secret = answer
            .secret_string()
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| SecretError { cause: NOT_OF_ITS_FORM.to_owned() })?;
        Ok(Versioned { secret, version: answer.version_id.unwrap_or_default() })
    }

    /// Stores a secret beside the one in use. What is left there by a probe that failed is in nobody's way.
    ///
    /// # Errors
    /// [`SecretError`] where it was not stored.
    pub async fn put_pending(
        &self,
        connection: &ConnectionId,
        secret: &ConnectionSecret,
    ) -> Result<Pending, SecretError> {
        let text = serde_json::to_string(secret).map_err(|_| SecretError { cause: NOT_OF_ITS_FORM.to_owned() })?;
        let put = self.client.put_secret_value().secret_id(format!("{}/{connection}", self.prefix));
        let put = put.secret_string(text).version_stages("AWSPENDING");
        let stored = put.send().await.map_err(|error| failed(&error))?;
        Ok(Pending { version: stored.version_id.unwrap_or_default() })
    }

    /// Puts the pending secret in the place of the one that was read, if that is still in use.
    ///
    /// # Errors
    /// [`SecretError`]: [`SecretError::is_out_of_turn`] where somebody else replaced it in between.
    pub async fn make_current(
        &self,
        connection: &ConnectionId,
        pending: Pending,
        read: &Versioned,
    ) -> Result<(), SecretError> {
        let update = self.client.update_secret_version_stage().secret_id(format!("{}/{connection}", self.prefix));
        let update = update.version_stage("AWSCURRENT").remove_from_version_id(&read.version);
        let moved = update.move_to_version_id(pending.version).send().await;
        self.cache.forget(connection).await;
        moved.map(drop).map_err(|error| failed(&error))
    }

    async fn read(&self, connection: &ConnectionId) -> Result<Arc<ConnectionSecret>, SecretError> {
        self.read_to_replace(connection).await.map(|read| Arc::new(read.secret))
    }

    /// Has the connection's secret deleted after the days in which it can still be brought back; may be repeated.
    ///
    /// # Errors
    /// [`SecretError`] where it may still be there.
    pub async fn schedule_deletion(&self, connection: &ConnectionId) -> Result<(), SecretError> {
        let delete = self.client.delete_secret().secret_id(format!("{}/{connection}", self.prefix));
        let deleted = delete.recovery_window_in_days(RECOVERABLE_DAYS).send().await;
        self.cache.forget(connection).await;
        match deleted {
            Ok(_) => Ok(()),
            // It is gone, or waits for its end already.
            Err(error) if matches!(error.code(), Some("ResourceNotFoundException" | "InvalidRequestException")) => {
                Ok(())
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// Stores a new connection's secret under the stack's key.
    ///
    /// # Errors
    /// [`SecretError`] where it was not stored.
    pub async fn create(&self, connection: &ConnectionId, secret: &ConnectionSecret) -> Result<(), SecretError> {
        let text = serde_json::to_string(secret).map_err(|_| SecretError { cause: NOT_OF_ITS_FORM.to_owned() })?;
        let create = self.client.create_secret().name(format!("{}/{connection}", self.prefix)).secret_string(text);
        create.set_kms_key_id(self.kms_key.clone()).send().await.map_err(|error| failed(&error))?;
        Ok(())
    }
}
